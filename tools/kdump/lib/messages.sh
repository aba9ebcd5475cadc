# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Messages, exit codes and JSON.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# Exit codes, for scripts.
EXIT_FAILED=1		# could not do it
EXIT_USAGE=2		# asked for in a wrong way
EXIT_NOT_ARMED=3	# status: no capture kernel is loaded (LSB: not running)
EXIT_UNREACHABLE=5	# not armed, since a server does not answer
EXIT_UNVERIFIED=7	# armed as it was last time, since a server does not answer
EXIT_CONFIG=6		# the configuration is wrong (LSB: not configured)

say()
{
	[ "${QUIET:-0}" = 1 ] || echo "kdump: $*"
}

warn()
{
	[ "${QUIET:-0}" = 1 ] || echo "kdump: warning: $*" >&2
}

# die TEXT: give up
die()
{
	echo "kdump: $*" >&2
	exit $EXIT_FAILED
}

problems=0

# problem FILE LINE REASON REMEDY: something in the configuration that start
# refuses.  All of them are told before it gives up.
problem()
{
	echo "kdump: $1:$2: $3: $4" >&2
	problems=$((problems + 1))
}

# ignored FILE LINE NAME WHY: an option that is known, and does nothing here
ignored()
{
	warn "$1:$2: $3 does nothing here: $4"
}

refuse_problems()
{
	[ "$problems" -gt 0 ] || return 0
	if [ "$problems" -eq "${unreachable:-0}" ]; then
		echo "kdump: what does not answer cannot be tried; nothing has been changed" >&2
		exit $EXIT_UNREACHABLE
	fi
	echo "kdump: the configuration has $problems problems; nothing has been changed" >&2
	exit $EXIT_CONFIG
}

# Words of a JSON object: json_start, then members, then json_end.
json_start()
{
	json_separator=
	printf '{'
}

json_quote()
{
	printf '"%s"' "$(printf %s "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g' |
		tr -d '\001-\010\013-\037' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }')"
}

json_string()
{
	json_value "$1" "$(json_quote "$2")"
}

# A number, or null where there is none; true and false; what has been made already.
json_value()
{
	printf '%s"%s": %s' "$json_separator" "$1" "${2:-null}"
	json_separator=', '
}

# json_number NAME TEXT: what is no number is none
json_number()
{
	case $2 in
	*[!0-9]* | ????????????????????*) json_value "$1" "" ;;
	*) json_value "$1" "$2" ;;
	esac
}

# json_object NAME, members, json_object_end: a member that has members
json_object()
{
	json_value "$1" "{"
	json_separator=
}

json_object_end()
{
	printf '}'
	json_separator=', '
}

json_end()
{
	echo '}'
}
