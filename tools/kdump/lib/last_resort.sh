# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# A capture kernel that has gone on into the system itself: it was loaded with another
# initramfs than ours, or ours was told to.  Nothing can be armed in there.  If the dump
# has not been saved yet this is the last time that it can be.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

in_capture_kernel()
{
	[ -e "$PROC/vmcore" ]
}

# kdump start: a service is given a time for that, which a large dump may exceed.
start_last_resort()
{
	if [ -n "${INVOCATION_ID-}" ] && command -v systemd-run >/dev/null; then
		systemd-run --no-block --quiet --collect --unit kdump-save /usr/sbin/kdump save
		return
	fi
	save_last_resort
}

# kdump save.  The capture side leaves its record in $RUN when it goes on into the system.
save_last_resort()
{
	in_capture_kernel || die "there is no $PROC/vmcore: this is not a capture kernel"
	lock
	if [ "$(cat "$RUN/record/result" 2>/dev/null)" = ok ]; then
		say "this is the capture kernel, and the dump has been saved: there is nothing to arm"
		return
	fi
	say "this is the capture kernel, and the dump has not been saved yet"
	[ -x "$LIB/vmcore-save" ] || die "there is no $LIB/vmcore-save: save $PROC/vmcore by hand before you reboot"
	read_quietly
	choose_actions
	resort_status=0
	save_below_root || resort_status=1
	sync
	case $resort_status:$failure_action:$final_action in
	1:shell:* | 0:*:shell | *:boot) exit $resort_status ;;
	esac
	say "now: reboot"
	reboot_now
}

reboot_now()
{
	reboot -f
}

# The same files as the capture side writes, as far as they can be had.
save_below_root()
{
	resort_path=/var/crash
	[ -n "${line_target-}" ] || resort_path=${conf_path-/var/crash}
	resort_path=$ROOT$resort_path
	resort_name=$(host_name)-$(date +%Y-%m-%d-%H:%M:%S)
	umask 077
	if ! { mkdir -p "$resort_path" && cd -P "$resort_path"; }; then
		resort_fails "$resort_path cannot be made"
		return
	fi
	if ! mkdir "./$resort_name" 2>/dev/null; then
		resort_name=$resort_name.$(od -A n -t x4 -N 4 /dev/urandom | tr -d ' ')
		mkdir "./$resort_name" || resort_fails "no folder can be made in $resort_path" || return
	fi
	cd "./$resort_name" || return
	resort_record failed "this kernel stopped in this stage"
	resort_log || warn "the log cannot be read"
	resort_dump=vmcore${conf_encrypt:+.age}
	"$LIB/vmcore-save" -q -l "${KDUMP_DUMPLEVEL-31}" ${conf_encrypt:+--recipient} \
			${conf_encrypt:+"$conf_encrypt"} "$resort_dump-incomplete" || {
		resort_fails "vmcore-save failed with status $?, see $resort_path/$resort_name"
		return
	}
	{ sync "$resort_dump-incomplete" && mv "$resort_dump-incomplete" "$resort_dump"; } ||
		resort_fails "the dump could not be written to $resort_path" || return
	resort_record ok ""
	say "the dump has been saved to $resort_path/$resort_name"
}

resort_log()
{
	if [ -n "${conf_encrypt-}" ]; then
		"$LIB/vmcore-save" --dmesg "$PROC/vmcore" - |
			"$LIB/vmcore-save" --encrypt --recipient "$conf_encrypt" vmcore-dmesg.txt.age
	else
		"$LIB/vmcore-save" --dmesg "$PROC/vmcore" vmcore-dmesg.txt
	fi
}

resort_fails()
{
	resort_record failed "$1"
	echo "kdump: $1" >&2
	return 1
}

# resort_record RESULT ERROR
resort_record()
{
	[ "$(basename "$PWD")" = "$resort_name" ] || return 0
	cat >kdump-status <<-END
		stage=$([ "$1" = ok ] && echo "done" || echo dump)
		result=$1
		bytes=$(file_size "${resort_dump-}" 2>/dev/null || file_size "${resort_dump-}-incomplete" 2>/dev/null || echo 0)
		error=$2
		target=the running system's own disk
		kernel=$("$LIB/vmcore-save" --info "$PROC/vmcore" 2>/dev/null | sed -n 's/^release=//p')
		host=$(host_name)
		directory=$resort_path/$resort_name
	END
	sync kdump-status
}
