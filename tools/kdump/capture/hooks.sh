# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The administrator's hooks, with Red Hat's rules.  kdump_pre comes before pre.d,
# and its failure means: no dump, the final action.  post.d comes before
# kdump_post; both are given the status of the dump as first argument, and what
# kdump_post exits with is the status from then on.  Emergency hooks run after
# any failure, whether or not a target was there.

HOOKS=/etc/kdump/hooks

# run_hook FILE [ARGUMENT...]
run_hook()
{
	hook=$1
	shift
	say "hook $hook"
	step "hook ${hook##*/}" "$HOOK_TIMEOUT" "$hook" "$@"
	hook_status=$?
	[ $hook_status -eq 0 ] || say "hook ${hook##*/}: exit status $hook_status"
	return $hook_status
}

# run_hook_folder FOLDER [ARGUMENT...]: all, whatever one of them returns.
run_hook_folder()
{
	hook_folder=$1
	shift
	for hook_file in "$hook_folder"/*; do
		[ ! -x "$hook_file" ] || run_hook "$hook_file" "$@" || :
	done
}

pre_hooks()
{
	if [ -x $HOOKS/kdump_pre ]; then
		run_hook $HOOKS/kdump_pre || return
	fi
	run_hook_folder $HOOKS/pre.d
}

# post_hooks STATUS: the status that results.
post_hooks()
{
	run_hook_folder $HOOKS/post.d "$1"
	[ -x $HOOKS/kdump_post ] || return "$1"
	run_hook $HOOKS/kdump_post "$1"
}

emergency_hooks()
{
	run_hook_folder $HOOKS/emergency.d "$1"
	[ ! -x $HOOKS/kdump_emergency ] || run_hook $HOOKS/kdump_emergency "$1"
}
