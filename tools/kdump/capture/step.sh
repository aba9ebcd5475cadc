# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Bounds.  Whatever may hang runs as a part (see there), is looked at several
# times a second, and is killed when its time is up; one that cannot be killed,
# because it waits in the kernel for a device that is gone, is left behind.
# Should even this loop hang, the watchdog finds the deadline past and resets.
# shellcheck disable=SC2154 # variables of common.sh

POLL=100000	# microseconds
GRACE=5		# seconds that a killed part has to end

# Tell the watchdog how long from now it is to believe that all is well.
deadline()
{
	uptime_now
	echo $((now + $1 + 30)) >"$RUN/deadline.new"
	mv "$RUN/deadline.new" "$RUN/deadline"
}

# Has this process ended?  It stays as a zombie until it is waited for.
ended()
{
	read -r ended_stat 2>/dev/null <"/proc/$1/stat" || return 0
	case ${ended_stat##*\) } in
	[ZX]*) return 0 ;;
	esac
	return 1
}

# ended_within PID SECONDS
ended_within()
{
	uptime_now
	ended_until=$((now + $2))
	until ended "$1"; do
		[ "$now" -lt "$ended_until" ] || return 1
		usleep $POLL
		uptime_now
	done
}

kill_part()
{
	for kill_signal in TERM KILL; do
		kill -"$kill_signal" -"$1" 2>/dev/null
		ended_within "$1" "$GRACE" && return
	done
	say "process $1 cannot be killed and is left behind"
}

# step WHAT SECONDS COMMAND...: the command's status, 124 when its time was up.
step()
{
	step_what=$1
	step_seconds=$2
	shift 2
	rm -f "$RUN/error"
	deadline $((step_seconds + 2 * GRACE))
	setsid /lib/kdump/part "$@" </dev/null &
	step_pid=$!
	if ended_within $step_pid "$step_seconds"; then
		wait $step_pid
		return
	fi
	echo "$step_what: not done after $step_seconds s" >"$RUN/error"
	say "$step_what: not done after $step_seconds s, killed"
	kill_part $step_pid
	return 124
}

# What changes while a copy goes on: what the saver says of itself, the size of
# what is written, and the position in the dump of each program that reads it, or
# which part of it the program has mapped, as makedumpfile does.
progress()
{
	cat "$RUN/saver" 2>/dev/null
	progress_file=$(state_get copy)
	[ -z "$progress_file" ] || stat -c '%s %b' "$progress_file" 2>/dev/null
	for progress_link in /proc/[0-9]*/fd/*; do
		case $(readlink "$progress_link") in
		"$VMCORE"*)
			progress_pid=${progress_link%/fd/*}
			sed -n 's/^pos://p' "$progress_pid/fdinfo/${progress_link##*/}"
			grep -F "$VMCORE" "$progress_pid/maps"
			;;
		esac
	done 2>/dev/null
}

# How far the copy is, for the record.
progress_bytes()
{
	progress_count=$(sed -n 's/^bytes=\([0-9][0-9]*\)$/\1/p' "$RUN/saver" 2>/dev/null)
	if [ -z "$progress_count" ]; then
		progress_file=$(state_get copy)
		progress_count=$(stat -c %s "${progress_file:-/nonexistent}" 2>/dev/null)
	fi
	[ -z "$progress_count" ] || record bytes "$progress_count"
}

# What the target's own limits say: enough room left?
room_left()
{
	[ "${FREE_MB:-0}" -gt 0 ] || return 0
	case $TARGET in
	local | nfs) ;;
	*) return 0 ;;
	esac
	room_line=$(df -m -P "$MOUNT" 2>/dev/null | tail -n 1)
	# shellcheck disable=SC2086 # the words of the line
	set -- $room_line
	[ $# -lt 4 ] || [ "$4" -ge "$FREE_MB" ]
}

# Leave in files what is to be known of a copy.  On a target that is gone this may
# never return, so it is for a part of its own.
look_at_copy()
{
	room_left || : >"$RUN/no-room"
	progress_bytes
	progress >"$RUN/progress.new"
	mv "$RUN/progress.new" "$RUN/progress"
}

watch_copy()
{
	while :; do
		look_at_copy
		sleep 1
	done
}

# follow_copy PID WHAT SECONDS: its status, 124 when nothing changed for so long, 125
# when there is too little room.
follow_copy()
{
	follow_last=
	uptime_now
	follow_since=$now
	while ! ended_within "$1" 1; do
		follow_now=$(cat "$RUN/progress" 2>/dev/null)
		if [ "$follow_now" != "$follow_last" ]; then
			follow_last=$follow_now
			follow_since=$now
			deadline $(($3 + 2 * GRACE))
		elif [ $((now - follow_since)) -ge "$3" ]; then
			echo "$2: no progress for $3 s" >"$RUN/error"
			say "$2: no progress for $3 s, killed"
			kill_part "$1"
			return 124
		fi
		if [ -e "$RUN/no-room" ]; then
			say "less than $FREE_MB MB (KDUMP_FREE_DISK_SIZE) are left, the copy ends"
			kill_part "$1"
			return 125
		fi
	done
	wait "$1"
}

# copy_step WHAT SECONDS COMMAND...: as step, but what counts is the time
# without progress.
copy_step()
{
	copy_what=$1
	copy_seconds=$2
	shift 2
	rm -f "$RUN/error" "$RUN/saver" "$RUN/progress" "$RUN/no-room"
	deadline $((copy_seconds + 2 * GRACE))
	setsid /lib/kdump/part "$@" </dev/null &
	copy_pid=$!
	setsid /lib/kdump/part watch_copy </dev/null &
	copy_watch=$!
	follow_copy $copy_pid "$copy_what" "$copy_seconds"
	copy_status=$?
	kill_part $copy_watch
	# A copy can be faster than these looks at it, whether or not it came to its end.
	setsid /lib/kdump/part look_at_copy </dev/null &
	copy_watch=$!
	ended_within $copy_watch "$GRACE" || kill_part $copy_watch
	[ $copy_status -eq 124 ] || [ ! -e "$RUN/no-room" ] || return 125
	return $copy_status
}
