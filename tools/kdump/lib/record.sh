# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The record of the last crash, from the target that has it.  What it says was written by
# others, a server perhaps: so it is looked for as capture/inside.sh has it, and a copy
# that may be printed is kept.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

RECORD_LIMIT=65536	# bytes; the capture side writes a block of 4096 at most

# keep_record ROOT PATH [any]: keep a copy of the newest record under ROOT/PATH, which
# the target shows only now.  any: whoever made the folder
keep_record()
{
	record_text=$(
		enter_inside "$1" "$2" || exit
		for record_folder in $(dump_names "$host" "${3-}"); do
			[ ! -f "./$record_folder/kdump-status" ] || record_newest=$record_folder
		done
		[ -n "${record_newest-}" ] && enter_one "$record_newest" "" &&
			print_inside kdump-status "$RECORD_LIMIT" | tr -d '\000'
	) || return 0
	keep_record_text "$record_text"
}

# keep_record_text TEXT
keep_record_text()
{
	record_lines=$(printf '%s\n' "$1" | printable | grep -a -E '^[a-z_]+=')
	case $record_lines in
	result=* | *"
result="*) ;;
	*) return 0 ;;
	esac
	# A command that only looks is for everybody.
	mkdir -p "$STATE" 2>/dev/null && [ -w "$STATE" ] || return 0
	! is_older "$(record_date "$record_lines")" "$(record_date "$(cat "$STATE/last-record" 2>/dev/null)")" ||
		return 0
	printf '%s\n' "$record_lines" >"$STATE/last-record"
}

# record_date TEXT: what its folder's name ends in, as digits
record_date()
{
	printf '%s\n' "$1" | sed -n 's/^directory=.*-\([0-9][0-9][0-9][0-9]\)-\([0-9][0-9]\)-\([0-9][0-9]\)-\([0-9][0-9]\):\([0-9][0-9]\):\([0-9][0-9]\)[.0-9a-f]*$/\1\2\3\4\5\6/p'
}

# is_older DATE DATE: the first one than the second one, if there are two
is_older()
{
	[ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ] &&
		[ "$(printf '%s\n' "$1" "$2" | sort | head -n 1)" = "$1" ]
}

# resolve_record: where the capture kernel leaves the record of a crash whose target it cannot
# reach: beside our own files, if it can mount that file system.  No target, so what is
# missing is no problem.
resolve_record()
{
	mount_of "$STATE"
	case $mount_type in
	ext[234] | xfs | btrfs) ;;
	*) return 0 ;;
	esac
	record_node=$(real_device "$mount_device" "$mount_point")
	record_name=$(basename "$(readlink -f "$record_node")")
	case $(readlink -f "$SYS/class/block/$record_name") in
	*/virtual/block/* | '') return 0 ;;
	esac
	[ "$record_name" != "${device_name-}" ] || return 0
	record_device=$(device_uuid "$record_node")
	[ -n "$record_device" ] || return 0
	record_device=UUID=$record_device record_fstype=$mount_type
	record_path=${STATE#"${mount_point%/}"}
	record_options=$(subvolume_of "$mount_super")
	mount_root=${mount_root#"$record_options"}
	record_path=${mount_root%/}$record_path
	record_options=${record_options:+subvol=$record_options}
	wanted_modules="$wanted_modules $record_fstype $(device_drivers "$SYS/class/block/$record_name" |
		tr '|' ' ')"
}

# keep_raw_record DEVICE: the block of the record; see capture/target.sh
keep_raw_record()
{
	raw_blocks=$(blockdev --getsize64 "$1") || return 0
	raw_blocks=$(((raw_blocks - RAW_TAIL) / RAW_BLOCK))
	keep_record_text "$(dd if="$1" bs="$RAW_BLOCK" skip="$raw_blocks" count=1 2>/dev/null |
		tr -d '\000')"
}

record_value()
{
	sed -n "s/^$1=//p" "$STATE/last-record" 2>/dev/null | printable | tail -n 1
}

# The newest record on a target that is mounted now, without the configuration's help
# if that is wrong.
refresh_record()
{
	host=$(host_name)
	if [ -s "$STATE/lost-record" ]; then
		keep_record_text "$(head -c "$RECORD_LIMIT" "$STATE/lost-record" | tr -d '\000')"
		rm -f "$STATE/lost-record" 2>/dev/null
	fi
	if [ -d "${conf_path-/var/crash}" ] && [ -z "${line_target-}" ]; then
		keep_record "$(readlink -f "${conf_path-/var/crash}")" ""
	elif [ -n "${conf_target-}" ]; then
		refresh_node=$(device_of "$conf_target")
		refresh_point=$(unescape "$(awk -v a="$refresh_node" -v b="$(mapper_of "$refresh_node")" \
			'$1 == a || $1 == b { print $2; exit }' \
			"$PROC/mounts")")
		[ -z "$refresh_point" ] || keep_record "$refresh_point" "${conf_path-/var/crash}"
	fi
}
