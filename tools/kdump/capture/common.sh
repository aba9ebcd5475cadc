# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What every part of the capture side uses: messages, the state of this run, the
# status record.  The parts run as processes of their own, so that a part that
# hangs can be killed; what they share lies in files under $RUN.
# shellcheck disable=SC2034 # variables that other files use

RUN=/run/kdump
MOUNT=/mnt
VMCORE=/proc/vmcore
# What is in the record, in this order.
RECORD_KEYS="stage result bytes seconds error warning target kernel host directory log format encrypted
	encrypted_log"

# shellcheck source=/dev/null
. /etc/kdump/settings

# What the names of encrypted files end in.
SUFFIX=${RECIPIENT:+.age}

# Through /dev/kmsg a line reaches every console, and the capture kernel's log.
say()
{
	echo "kdump: $*" >/dev/kmsg 2>/dev/null || echo "kdump: $*" >&2
}

# Seconds since this kernel started, into $now.
uptime_now()
{
	read -r now _ </proc/uptime
	now=${now%%.*}
}

# state_set NAME VALUE, state_get NAME: pass a word from one part to the next.
state_set()
{
	echo "$2" >"$RUN/state/$1"
}

state_get()
{
	cat "$RUN/state/$1" 2>/dev/null
}

# record KEY VALUE...: set fields of the status record.
record()
{
	while [ $# -ge 2 ]; do
		echo "$2" >"$RUN/record/$1"
		shift 2
	done
}

record_get()
{
	cat "$RUN/record/$1" 2>/dev/null
}

# lost TEXT: what a dump that has been saved lacks all the same; the record tells
lost()
{
	say "warning: $1"
	lost_before=$(record_get warning)
	record warning "$lost_before${lost_before:+; }$1"
}

record_text()
{
	uptime_now
	record seconds "$now"
	for record_key in $RECORD_KEYS; do
		[ ! -s "$RUN/record/$record_key" ] || echo "$record_key=$(record_get "$record_key")"
	done
}

# fail TEXT: say what is wrong, keep it for the record, and give up this part.
fail()
{
	say "$*"
	echo "$*" >"$RUN/error"
	exit 1
}
