# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Watchdogs that run now.  None of them stops at a crash, so the capture kernel has to feed them.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# The watchdogs of virtual machines and of chipsets, which bound a capture kernel that
# hangs, and one in software, which comes last.
WATCHDOGS="i6300esb iTCO_wdt softdog"

watchdog_drivers=

# Set $watchdog_drivers: what leads to those that run, as NAME|MODALIAS.
resolve_watchdogs()
{
	watchdog_drivers=
	for watchdog_folder in "$SYS"/class/watchdog/watchdog[0-9]*; do
		[ -e "$watchdog_folder" ] || continue
		watchdog_runs "$watchdog_folder" || continue
		take_watchdog "$(driver_of "$watchdog_folder/device" || cat "$watchdog_folder/identity")" \
			"$(cat "$watchdog_folder/timeout" 2>/dev/null)" "$watchdog_folder/device"
	done
	# A driver of the old kind has the device number of the first watchdog, and no class.
	[ -e "$SYS/class/misc/watchdog" ] && [ ! -e "$SYS/class/watchdog/watchdog0" ] || return 0
	old_watchdogs=$(loaded_watchdogs)
	for watchdog_name in ${old_watchdogs:-"(built in, of unknown name)"}; do
		take_watchdog "$watchdog_name" "" ""
	done
}

# watchdog_runs FOLDER: somebody has opened it; or it has been running since the firmware or
# its last user started it (bit 3 of the status), and the kernel feeds it
watchdog_runs()
{
	# That in software ends with its kernel.
	case $(cat "$1/identity" 2>/dev/null) in
	"Software Watchdog") return 1 ;;
	esac
	[ "$(cat "$1/state" 2>/dev/null)" = active ] && return
	watchdog_status=$(cat "$1/status" 2>/dev/null)
	[ $((${watchdog_status:-0} & 8)) -ne 0 ]
}

# driver_of DEVICE IN SYSFS: its module, or how the driver calls itself
driver_of()
{
	for driver_link in "$1/driver/module" "$1/driver"; do
		[ ! -e "$driver_link" ] || {
			basename "$(readlink -f "$driver_link")"
			return
		}
	done
	return 1
}

# Modules of watchdogs that are loaded, and are not known by another name already.
loaded_watchdogs()
{
	cut -d ' ' -f 1 "$PROC/modules" 2>/dev/null | while read -r loaded_name; do
		case $loaded_name in
		softdog | watchdog | pretimeout_*) continue ;;
		ipmi_watchdog) echo "$loaded_name" ;;
		*)
			loaded_pattern=/drivers/watchdog/$(echo "$loaded_name" | sed 's/_/[_-]/g')'\.ko'
			cat "${RUNNING_MODULES-/lib/modules/$(uname -r)}/modules.dep" \
				"$modules_folder/modules.dep" 2>/dev/null |
				grep -q "$loaded_pattern" && echo "$loaded_name"
			;;
		esac
	done
}

# take_watchdog NAME SECONDS DEVICE: have the capture kernel feed it, or say that it cannot
take_watchdog()
{
	watchdog_after=${2:+ $2 s after the crash}
	watchdog_after=${watchdog_after:- at a time that it tells nobody}
	if modules_for "$1" | grep -q '^?'; then
		warn "the watchdog $1 runs, the capture kernel $kernel_release has no driver for it, and so it may reset the machine$watchdog_after: a dump that takes longer is cut off. Stop it, or name a kernel with the driver (KDUMP_KERNELVER)"
		return
	fi
	say "the watchdog $1 runs${2:+ with $2 s}: the capture kernel feeds it"
	watchdog_drivers="$watchdog_drivers $1| $([ -z "$3" ] || device_drivers "$3")"
}
