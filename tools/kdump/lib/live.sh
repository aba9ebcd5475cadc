# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# A dump of the kernel that runs, without a crash: its memory is in /proc/kcore.
# shellcheck disable=SC2154 # variables that other files set or use

# kdump live [FOLDER]: into a new folder, by default beside the dumps of crashes
save_live()
{
	need_root
	umask 077
	read_configuration
	choose_collector
	refuse_problems
	refuse_live
	live_folder=${1:-${conf_path-/var/crash}/live-$(host_name)-$(date -u +%Y-%m-%d-%H:%M:%S)}
	# Where everybody may make folders, it has to be the one that has been made here.
	# shellcheck disable=SC3067 # all shells here have -O
	if ! { mkdir -p "$(dirname "$live_folder")" && mkdir "$live_folder" && cd "$live_folder" &&
			[ -O . ]; }; then
		die "the folder $live_folder cannot be made: name another one"
	fi
	"$LIB/vmcore-save" --dmesg "$PROC/kcore" vmcore-dmesg.txt ||
		warn "not all of the log could be saved"
	copy_live
}

# Only the program that reads /proc/kcore can do it, whatever copies after a crash.
copy_live()
{
	case $collector in
	vmcore-save | vmcore-save\ *) live_options=${collector#vmcore-save} ;;
	*) live_options="-l ${KDUMP_DUMPLEVEL-31}" ;;
	esac
	[ "$QUIET" = 0 ] || live_options="-q $live_options"
	# shellcheck disable=SC2086 # a list of words
	"$LIB/vmcore-save" $live_options "$PROC/kcore" vmcore-incomplete
	live_status=$?
	case $live_status in
	0) ;;
	3) die "no space is left for $live_folder/vmcore-incomplete" ;;
	4) die "not all could be read: what could is in $live_folder/vmcore-incomplete" ;;
	*) die "vmcore-save failed with status $live_status" ;;
	esac
	mv vmcore-incomplete vmcore || die "vmcore-incomplete cannot be renamed"
	say "saved to $live_folder: tasks as they were then or a little later, and no registers"
}

# What can be told before anything is made.
refuse_live()
{
	[ "$(lockdown_mode)" != confidentiality ] ||
		die "the kernel is locked down (confidentiality): nobody may read its memory, root neither"
	[ -e "$PROC/kcore" ] ||
		die "there is no $PROC/kcore: the kernel was built without CONFIG_PROC_KCORE"
	[ -x "$LIB/vmcore-save" ] || die "there is no saver $LIB/vmcore-save: install it"
}
