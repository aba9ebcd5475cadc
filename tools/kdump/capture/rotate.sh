# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# KDUMP_KEEP_OLD_DUMPS: how many older dumps of this host stay beside the new one.

# What follows HOST- in the name of a folder: hosts may have names that begin alike.
DATES='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]-[0-9][0-9]:[0-9][0-9]:[0-9][0-9]'

# rotate_in FOLDER KEEP NEW: remove all but the last KEEP folders of this host,
# not counting NEW.  Names end in the date, so their order is that of time.
rotate_in()
{
	for old in "$1/$HOST"-$DATES; do
		if [ "$old" != "$3" ] && [ -f "$old/kdump-status" ]; then
			echo "$old"
		fi
	done | sort -r | tail -n +$(($2 + 1)) | while IFS= read -r old; do
		rm -rf "$old"
	done
}

rotate_mounted()
{
	rotate_in "$MOUNT$SAVE_PATH" "$1" "$MOUNT$(state_get folder)"
}

# The same on the server, which has a POSIX shell.
rotate_ssh()
{
	ssh_run "cd $(quote "$SAVE_PATH") 2>/dev/null || exit 0
		for old in $(quote "$HOST")-$DATES; do
			[ \"\$old\" = $(quote "$(basename "$(state_get folder)")") ] ||
				[ ! -f \"\$old/kdump-status\" ] || echo \"\$old\"
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
