# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What kdump status and report tell: is it armed, and how did the last crash go?
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

show_status()
{
	refresh_record
	armed=false
	! is_loaded || armed=true
	switch=$(cat "$PROC/kexec-dump" 2>/dev/null || echo 1)
	if [ "$JSON" = 1 ]; then
		status_json
	else
		status_text
	fi
	[ "$armed" = true ] && [ "$switch" = 1 ] || exit "$EXIT_NOT_ARMED"
}

status_text()
{
	if [ "$armed" = true ]; then
		echo "kdump is armed, $(mib "$(reserved_bytes)") are reserved"
		[ ! -s "$RUN/armed" ] || sed -n 's/^target=/target: /p; s/^image=/capture kernel: /p' "$RUN/armed"
		[ ! -s "$RUN/loader" ] || echo "loaded with: $(cat "$RUN/loader")"
		[ "$switch" = 1 ] || echo "but switched off: echo 1 >/proc/kexec-dump switches it on"
		list_events "$armed" | sed -n 's/^yes|\(.*\)|$/saves on: \1/p'
		list_events "$armed" | sed -n 's/^no|\(.*\)|\(.*\)$/does not save on: \1 (\2)/p'
		status_warning=$(warn_of_notifiers)
		[ -z "$status_warning" ] || echo "warning: $status_warning"
	else
		echo "kdump is not armed, $(mib "$(reserved_bytes)") are reserved"
	fi
	if [ -s "$STATE/last-record" ]; then
		echo "last crash: $(record_value result), stage $(record_value stage), $(record_value bytes) bytes in $(record_value seconds) s"
		echo "    saved to $(record_value target), $(record_value directory)"
		last_error=$(record_value error)
		[ -z "$last_error" ] || echo "    error: $last_error"
		last_error=$(record_value warning)
		[ -z "$last_error" ] || echo "    warning: $last_error"
		last_size=$(record_value encrypted)
		[ -z "$last_size" ] ||
			echo "    encrypted: $last_size bytes of dump, $(record_value encrypted_log) of log"
	fi
	[ ! -s "$STATE/test-pending" ] || status_of_test
}

# json_events yes|no: those lines of list_events as members of a list
json_events()
{
	events_separator=
	while IFS='|' read -r event_kind event_name event_why; do
		[ "$event_kind" = "$1" ] || continue
		printf '%s{"event": %s' "$events_separator" "$(json_quote "$event_name")"
		[ -z "$event_why" ] || printf ', "why": %s' "$(json_quote "$event_why")"
		printf '}'
		events_separator=', '
	done
}

status_json()
{
	json_start
	json_value armed "$armed"
	json_value enabled "$([ "$switch" = 1 ] && echo true || echo false)"
	json_value reserved "$(reserved_bytes)"
	json_string image "$(sed -n 's/^image=//p' "$RUN/armed" 2>/dev/null)"
	json_string target "$(sed -n 's/^target=//p' "$RUN/armed" 2>/dev/null)"
	json_string loader "$(cat "$RUN/loader" 2>/dev/null)"
	status_events=$(list_events "$([ "$armed$switch" = true1 ] && echo true || echo false)")
	json_value saves_on "[$(printf '%s\n' "$status_events" | json_events yes)]"
	json_value does_not_save_on "[$(printf '%s\n' "$status_events" | json_events no)]"
	if [ -s "$STATE/last-record" ]; then
		json_object last_crash
		for record_name in stage result error warning target kernel host directory log; do
			json_string "$record_name" "$(record_value "$record_name")"
		done
		json_number bytes "$(record_value bytes)"
		json_number seconds "$(record_value seconds)"
		json_object_end
	fi
	json_end
}

# The newest dump of this host that is our own: a debugger opens it, and where everybody
# may write a stranger's would be opened by root.
newest_dump()
{
	(
		newest_path=$(readlink -f "${conf_path-/var/crash}")
		enter_inside "${newest_path:-/nonexistent}" "" || exit
		newest_name=$(dump_names "$(host_name)" | tail -n 1)
		[ -z "$newest_name" ] || echo "$newest_path/$newest_name"
	)
}

# kdump report [FOLDER]: the analysis host's part, on the newest dump if none is named
show_report()
{
	report_folder=${1-}
	[ -n "$report_folder" ] || report_folder=$(newest_dump)
	[ -d "$report_folder" ] || die "there is no dump in ${conf_path-/var/crash}: name its folder"
	if [ -x "$LIB/kdump-report" ] && command -v python3 >/dev/null; then
		set -- ${IDENTITY:+--identity} ${IDENTITY:+"$IDENTITY"} "$report_folder"
		if [ "$JSON" = 1 ]; then
			"$LIB/kdump-report" --json "$@"
		else
			"$LIB/kdump-report" "$@" && printable <"$report_folder/report.txt"
		fi
	elif [ "$JSON" = 1 ]; then
		report_json
	elif [ -f "$report_folder/report.txt" ]; then
		printable <"$report_folder/report.txt"
	elif [ -f "$report_folder/report.txt.age" ]; then
		die "the report is encrypted: python3 and age are needed for it, and --identity FILE"
	else
		die "there is no report in $report_folder"
	fi
}

# The members of what kdump-report --json prints that can be told without Python.
report_json()
{
	json_start
	json_string directory "$(basename "$report_folder")"
	json_object status
	while IFS='=' read -r report_name report_value; do
		[ -z "$report_name" ] || json_string "$report_name" "$report_value"
	done <<-END
		$(printable <"$report_folder/kdump-status" 2>/dev/null | grep -a -E '^[a-z_]+=')
	END
	json_object_end
	for report_name in vmcore vmcore-incomplete vmcore.age vmcore.age-incomplete; do
		[ -f "$report_folder/$report_name" ] || continue
		json_object dump
		json_string name "$report_name"
		json_value size "$(file_size "$report_folder/$report_name")"
		json_object_end
	done
	json_value problems "[$(json_quote "There is no python3, which reads the log and the dump.")]"
	json_end
}
