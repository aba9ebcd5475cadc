# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading with kexec-tools.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

LOADED=$SYS/kernel/kexec_crash_loaded

is_loaded()
{
	[ "$(cat "$LOADED" 2>/dev/null)" = 1 ]
}

# try_load SYSCALL OPTION: what has loaded it in $RUN/loader, or a line about the failure
# in $WORK/kexec-errors
try_load()
{
	# shellcheck disable=SC2086 # a list of words
	kexec -p $2 ${KEXEC_ARGS-} --initrd="$INITRAMFS" --command-line="$cmdline" "$image" \
		>"$WORK/kexec" 2>&1 && is_loaded && echo "$1" >"$RUN/loader" && return
	echo "$1: $(tr '\n' ' ' <"$WORK/kexec")" >>"$WORK/kexec-errors"
	return 1
}

# kexec_file_load first: it is what a locked-down kernel allows, and checks
# signatures.  An administrator who says -s, -c or -a in KEXEC_ARGS has chosen.
load_image()
{
	: >"$WORK/kexec-errors"
	case " ${KEXEC_ARGS-} " in
	*" -s "* | *" -c "* | *" -a "* | *" --kexec-"*) try_load kexec "" && return ;;
	*)
		try_load kexec_file_load -s && return
		if try_load kexec_load -c; then
			warn "$(cat "$WORK/kexec-errors")so kexec_load has been taken"
			return
		fi
		;;
	esac
	echo "kdump: $image could not be loaded:" >&2
	sed 's/^/    /' "$WORK/kexec-errors" >&2
	die "the kernel's log may say why: dmesg | tail"
}

unload_image()
{
	is_loaded || return 0
	kexec -p -u >"$WORK/kexec" 2>&1 || :
	! is_loaded || die "the capture kernel could not be unloaded: $(cat "$WORK/kexec")"
}
