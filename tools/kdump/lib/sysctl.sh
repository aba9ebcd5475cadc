# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Which events make this machine dump.  A panic does; the settings of the kernel say what
# else is one.  While kdump is armed an oops is: it is the commonest crash, and many
# distributions go on after one, without a dump.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

SYSCTL_DEFAULT="kernel.panic_on_oops=1"

# sysctl_file NAME: where a setting is, with / for the dots
sysctl_file()
{
	echo "$PROC/sys/$(echo "$1" | tr . /)"
}

# check_sysctl: is KDUMP_SYSCTL a list of settings that this kernel has?
check_sysctl()
{
	[ "${KDUMP_SYSCTL-none}" != none ] || return 0
	for sysctl_word in $KDUMP_SYSCTL; do
		case $sysctl_word in
		[a-z]*.*=[0-9]*) ;;
		*)
			problem "$SYSCONFIG_FILE" "$line_KDUMP_SYSCTL" \
				"'$sysctl_word' is no setting of the kernel" \
				"write NAME=NUMBER, as kernel.panic_on_oops=1, or none"
			continue
			;;
		esac
		[ -e "$(sysctl_file "${sysctl_word%%=*}")" ] ||
			problem "$SYSCONFIG_FILE" "$line_KDUMP_SYSCTL" \
				"this kernel has no setting ${sysctl_word%%=*}" "correct it, or remove it"
	done
}

# apply_sysctl: what is changed is noted, with what it was and what it is now; see
# restore_sysctl
apply_sysctl()
{
	[ "${KDUMP_SYSCTL-}" != none ] || return 0
	for sysctl_word in ${KDUMP_SYSCTL-$SYSCTL_DEFAULT}; do
		sysctl_name=${sysctl_word%%=*}
		sysctl_wanted=${sysctl_word#*=}
		sysctl_at=$(sysctl_file "$sysctl_name")
		sysctl_was=$(cat "$sysctl_at" 2>/dev/null)
		[ "$sysctl_was" != "$sysctl_wanted" ] || continue
		if ! { echo "$sysctl_wanted" >"$sysctl_at"; } 2>/dev/null; then
			warn "$sysctl_name cannot be set to $sysctl_wanted"
			continue
		fi
		# Of two starts the first one has found what the administrator had.
		grep -q "^$sysctl_name=" "$RUN/sysctl" 2>/dev/null ||
			echo "$sysctl_name=$sysctl_was=$sysctl_wanted" >>"$RUN/sysctl"
	done
}

# restore_sysctl: put back what apply_sysctl has changed, but not what somebody else has
# changed since
restore_sysctl()
{
	[ -f "$RUN/sysctl" ] || return 0
	while IFS='=' read -r sysctl_name sysctl_was sysctl_set; do
		sysctl_at=$(sysctl_file "$sysctl_name")
		[ "$(cat "$sysctl_at" 2>/dev/null)" != "$sysctl_set" ] ||
			{ echo "$sysctl_was" >"$sysctl_at"; } 2>/dev/null ||
			warn "$sysctl_name cannot be set back to $sysctl_was"
	done <"$RUN/sysctl"
	rm -f "$RUN/sysctl"
}

# sysctl_on NAME: is it there, and not 0?
sysctl_on()
{
	sysctl_now=$(cat "$(sysctl_file "$1")" 2>/dev/null)
	[ "${sysctl_now:-0}" != 0 ]
}

# list_event NAME... TEXT: one event, which is a panic if all of these settings are on
list_event()
{
	event_off=
	while [ $# -gt 1 ]; do
		sysctl_on "$1" || event_off="$event_off $1=1"
		shift
	done
	if [ "$events_armed" != true ]; then
		echo "no|$1|kdump is not armed"
	elif [ -n "$event_off" ]; then
		echo "no|$1|it is no panic: sysctl$event_off"
	else
		echo "yes|$1|"
	fi
}

# list_events ARMED: what this machine dumps on and what not: a line yes|EVENT| or
# no|EVENT|WHY for each
list_events()
{
	events_armed=$1
	list_event "a panic"
	list_event kernel.panic_on_oops "an oops"
	list_event kernel.unknown_nmi_panic "an NMI that nobody has asked for, as a service processor's button"
	list_event kernel.panic_on_unrecovered_nmi "an NMI for an error of memory or bus"
	list_event kernel.nmi_watchdog kernel.hardlockup_panic "a CPU that hangs with interrupts off"
	list_event kernel.soft_watchdog kernel.softlockup_panic "a CPU that hangs in the kernel"
	list_event kernel.hung_task_timeout_secs kernel.hung_task_panic "a task that waits in the kernel for minutes"
	list_event kernel.panic_on_rcu_stall "an RCU stall"
	list_event vm.panic_on_oom "no memory left"
	list_sysrq
	# What start has found that it cannot do for this machine.
	[ "$events_armed" != true ] || [ ! -f "$RUN/limits" ] || cat "$RUN/limits"
}

# Bit 3 of kernel.sysrq allows "c" on a keyboard; /proc/sysrq-trigger is always allowed.
list_sysrq()
{
	sysctl_now=$(cat "$(sysctl_file kernel.sysrq)" 2>/dev/null)
	sysctl_now=${sysctl_now:-0}
	if [ "$events_armed" != true ]; then
		echo "no|SysRq c|kdump is not armed"
	elif [ "$sysctl_now" = 1 ] || [ $((sysctl_now & 8)) -ne 0 ]; then
		echo "yes|SysRq c|"
	else
		echo "no|SysRq c on the console|it is not allowed: sysctl kernel.sysrq=$((sysctl_now | 8))"
	fi
}

# limit EVENT WHY: a case in which nothing will be saved, as start has found; it warns, and
# status repeats it as long as this image is loaded
limit()
{
	warn "nothing is saved on $1: $2"
	echo "no|$1|$2" >>"$WORK/limits"
}

# warn_of_notifiers: others may switch it on at any time, as systemd-pstore does
warn_of_notifiers()
{
	case $(cat "$SYS/module/kernel/parameters/crash_kexec_post_notifiers" 2>/dev/null) in
	Y | 1) echo "panic notifiers run before the dump (crash_kexec_post_notifiers): one that fails costs it" ;;
	esac
}
