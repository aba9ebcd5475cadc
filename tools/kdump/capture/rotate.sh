# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# KDUMP_KEEP_OLD_DUMPS: how many older dumps of this host stay beside the new one.

# What follows HOST- in the name of a folder: hosts may have names that begin alike.
DATES='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]-[0-9][0-9]:[0-9][0-9]:[0-9][0-9]'

# And what follows that where somebody had made a folder of this name before.
TIES='.[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'

# dump_names HOST [any]: the dumps of that host in this folder, the oldest first.  Names
# end in the date, so their order is that of time.  Where everybody may make folders
# only our own count, but for the target that says something else of owners (any).
dump_names()
{
	for dump_name in "$1"-$DATES "$1"-$DATES$TIES; do
		# shellcheck disable=SC3067 # all shells here have -O
		if [ -d "./$dump_name" ] && [ ! -L "./$dump_name" ] &&
				{ [ "${2-}" = any ] || [ -O "./$dump_name" ]; }; then
			echo "$dump_name"
		fi
	done | sort
}

# rotate_mounted KEEP: remove all but the last KEEP folders of this host, not counting the
# new one
rotate_mounted()
{
	rotate_owner=
	[ "$TARGET" != nfs ] || rotate_owner=any
	rotate_new=$(state_get folder)
	enter_inside "$MOUNT" "$SAVE_PATH" || return
	dump_names "$HOST" $rotate_owner | while IFS= read -r old; do
		[ "$old" = "${rotate_new##*/}" ] || [ ! -f "./$old/kdump-status" ] || echo "$old"
	done | sort -r | tail -n +$(($1 + 1)) | while IFS= read -r old; do
		rm -rf "./$old"
	done
}

# The same on the server, which has a POSIX shell.
rotate_ssh()
{
	ssh_run "cd $(quote "$SAVE_PATH") 2>/dev/null || exit 0
		for old in $(quote "$HOST")-$DATES $(quote "$HOST")-$DATES$TIES; do
			[ \"\$old\" = $(quote "$(basename "$(state_get folder)")") ] ||
				[ ! -O \"\$old\" ] || [ ! -f \"\$old/kdump-status\" ] || echo \"\$old\"
		done | sort -r | tail -n +$(($1 + 1)) | while IFS= read -r old; do
			rm -rf \"\$old\"
		done"
}

# rotate_old KEEP
rotate_old()
{
	case $TARGET in
	local | nfs) rotate_mounted "$1" ;;
	ssh) rotate_ssh "$1" ;;
	esac
}
