# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# One rule for every path below a mount whose content others may have made: inside the
# mount no link is followed.  A link there may lead to any file of the system that looks.
# Both sides use this.
# shellcheck disable=SC2034 # both sides use it

# enter_inside ROOT PATH [make]: change to ROOT/PATH, one name at a time, in a subshell of
# the caller's.  What has been entered stays the same folder, whatever others put in its
# place meanwhile; so each step is looked at after it has been done.  With make, folders
# are made.  On failure $inside_error is the reason.
enter_inside()
{
	inside_error="$1 cannot be entered"
	cd -P -- "$1" 2>/dev/null || return
	inside_at=$(readlink /proc/self/cwd)
	inside_at=${inside_at%/}
	inside_rest=$2/
	while [ -n "$inside_rest" ]; do
		inside_name=${inside_rest%%/*}
		inside_rest=${inside_rest#*/}
		case $inside_name in
		'' | .) ;;
		*) enter_one "$inside_name" "${3-}" || return ;;
		esac
	done
}

# enter_one NAME [make]: the next step.  mkdir follows no link.
enter_one()
{
	[ "$2" != make ] || mkdir "./$1" 2>/dev/null
	inside_error="$inside_at/$1 cannot be entered"
	[ "$2" != make ] || inside_error="the folder $inside_at/$1 cannot be made"
	if [ -L "./$1" ]; then
		inside_error="$inside_at/$1 is a link, and inside a target none is followed"
		return 1
	fi
	cd -P -- "./$1" 2>/dev/null || return
	inside_at=$inside_at/$1
	[ "$(readlink /proc/self/cwd)" = "$inside_at" ] && return
	inside_error="$inside_at is a link, and inside a target none is followed"
	return 1
}

# print_inside NAME BYTES: so much of a file of the folder that has been entered, if it is
# a plain file and no link
print_inside()
{
	if [ ! -f "./$1" ] || [ -L "./$1" ]; then
		return 1
	fi
	{
		[ "$(readlink /proc/self/fd/0)" = "$inside_at/$1" ] && head -c "$2"
	} 2>/dev/null <"./$1"
}

# printable: what a terminal may be given of what others have written
printable()
{
	LC_ALL=C tr -d '\000-\010\013-\037\177-\377'
}
