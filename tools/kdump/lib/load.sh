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

# refuse_switches: the kernel's own switches, which nothing but a reboot takes back, by
# their names; kexec would say "Operation not permitted"
refuse_switches()
{
	if [ "$(cat "$PROC/sys/kernel/kexec_load_disabled" 2>/dev/null)" = 1 ]; then
		die "kernel.kexec_load_disabled is 1, so nothing can be $1 before the next boot: take it out of /etc/sysctl.d, or set it after kdump start; $(loaded_now)"
	fi
	if [ "$1" = loaded ] && [ "$(cat "$PROC/sys/kernel/kexec_load_limit_panic" 2>/dev/null)" = 0 ]; then
		die "kernel.kexec_load_limit_panic is 0, so nothing can be loaded before the next boot: set it to a larger number in /etc/sysctl.d; $(loaded_now)"
	fi
}

loaded_now()
{
	if is_loaded; then
		echo "what is loaded stays so"
	else
		echo "nothing is loaded"
	fi
}

# kexec_reason: what kexec says, without the list of segments that it adds
kexec_reason()
{
	grep -v -E '^(segment\[|entry  *=|nr_segments|flags|$)' "$WORK/kexec" | head -n 3 |
		printable | tr '\n' ' ' | sed 's/ *$//'
}

# try_load SYSCALL OPTION FOLDER: what has loaded it in $RUN/loader, or a line about the
# failure in $WORK/kexec-errors
try_load()
{
	# shellcheck disable=SC2086 # a list of words
	if kexec -p $2 $load_arguments --initrd="$3/initramfs" --command-line="$load_cmdline" \
			"$3/image" >"$WORK/kexec" 2>&1 && is_loaded; then
		echo "$1" >"$RUN/loader"
		return
	fi
	echo "$1: $(kexec_reason)" >>"$WORK/kexec-errors"
	return 1
}

# load_folder FOLDER: what is in it, see armed.sh.  kexec_file_load first: it is what a
# locked-down kernel allows, and checks signatures.  But it knows nothing of the options that
# are for the code between the kernels, or for the headers.  An administrator who says -s, -c
# or -a in KEXEC_ARGS has chosen.
load_folder()
{
	load_cmdline=$(armed_value "$1" cmdline)
	load_arguments=$(armed_value "$1" arguments)
	: >"$WORK/kexec-errors"
	case " $load_arguments " in
	*" -s "* | *" -c "* | *" -a "* | *" --kexec-"*) try_load kexec "" "$1" ;;
	*" --reset-vga"* | *" --console-"* | *" --elf32-core-headers "* | *" --elf64-core-headers "* | \
	*" --no-checks "* | *" --serial"*)
		try_load kexec_load -c "$1"
		;;
	*)
		try_load kexec_file_load -s "$1" && return
		try_load kexec_load -c "$1" || return
		warn "$(cat "$WORK/kexec-errors"), so kexec_load has been taken"
		;;
	esac
}

# load_image: in place of what is loaded.  The kernel lets go of that before it looks at
# the new one, so after a refusal it is loaded again.
load_image()
{
	refuse_switches loaded
	load_before=no
	! is_loaded || load_before=yes
	keep_for_loading
	load_folder "$STATE/armed.new" && accept_loaded && return
	echo "kdump: $image could not be loaded:" >&2
	sed 's/^/    /' "$WORK/kexec-errors" >&2
	explain_lockdown
	if [ $load_before = yes ] && ! is_loaded && check_armed && load_folder "$STATE/armed"; then
		echo "kdump: what was loaded before has been loaded again" >&2
	fi
	die "the kernel's log may say why: dmesg | tail; $(loaded_now)"
}

# By the call that has loaded it: another one a locked-down kernel may not allow.
unload_image()
{
	is_loaded || return 0
	refuse_switches unloaded
	case $(cat "$RUN/loader" 2>/dev/null) in
	kexec_file_load) unload_options="-s -c" ;;
	*) unload_options="-c -s" ;;
	esac
	for unload_option in $unload_options; do
		kexec -p "$unload_option" -u >"$WORK/kexec" 2>&1 || :
		is_loaded || return 0
	done
	die "the capture kernel could not be unloaded: $(kexec_reason)"
}
