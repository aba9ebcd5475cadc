# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Kernel modules, and block devices by name, LABEL=, UUID= or, of mapped devices, DM=.

# load_modules LIST [PARAMETER]: insert the modules that kdump put in, in an order that satisfies
# what each needs.  One that fails may not be needed after all; the next step will tell.
load_modules()
{
	while read -r module_file module_told; do
		# shellcheck disable=SC2086 # a list of words
		insmod "$module_file" $module_told ${2+"$2"} || say "cannot load $module_file"
	done <"$1"
}

# How often a device that has the name, but not the size or the place that it had, is
# passed over before it is taken.
OTHER_TRIES=50

# find_device SPEC: print the device that a specification names, once it is there.  Copies
# of a disk have the same UUID and labels, so the size and the entry in the partition
# table must be those that were there when kdump was armed.
find_device()
{
	case $1 in
	LABEL=* | UUID=*) ;;
	DM=*)
		dm_node "${1#DM=}"
		return
		;;
	*)
		[ -b "$1" ] && echo "$1"
		return
		;;
	esac
	find_all=$(tagged_devices "$1")
	[ -n "$find_all" ] || return
	find_same=
	if [ -n "$DEVICE_SIZE" ]; then
		find_same=$(for find_node in $find_all; do
			! same_device "$find_node" "$DEVICE_SIZE" "$DEVICE_ID" || echo "$find_node"
		done)
	fi
	if [ -z "$find_same" ]; then
		find_tries=$((${find_tries:-0} + 1))
		[ -z "$DEVICE_SIZE" ] || [ $find_tries -gt $OTHER_TRIES ] || return
		find_same=$find_all
	fi
	case $find_same in
	*[[:space:]]*) fail "more than one device has $1: $(echo "$find_same" | tr '\n' ' ')" ;;
	esac
	echo "$find_same"
}

# wait_device SPEC: print its device; the step around bounds the wait.
wait_device()
{
	until find_device "$1"; do
		usleep 200000
	done
}
