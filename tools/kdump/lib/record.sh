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
			print_inside kdump-status "$RECORD_LIMIT"
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
	printf '%s\n' "$record_lines" >"$STATE/last-record"
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
	if [ -d "${conf_path-/var/crash}" ] && [ -z "${line_target-}" ]; then
		keep_record "$(readlink -f "${conf_path-/var/crash}")" ""
	elif [ -n "${conf_target-}" ]; then
		refresh_node=$(device_of "$conf_target")
		refresh_point=$(awk -v a="$refresh_node" '$1 == a { print $2; exit }' "$PROC/mounts")
		[ -z "$refresh_point" ] || keep_record "$refresh_point" "${conf_path-/var/crash}"
	fi
}
