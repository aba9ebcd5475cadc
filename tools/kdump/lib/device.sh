# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Block devices: which one is meant, what it will be called in the capture kernel,
# which drivers lead to it, and whether it can be a target at all.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

is_block_device()
{
	[ -b "$1" ]
}

# /dev/root is no device; the number of the file system is.
real_device()
{
	if is_block_device "$1"; then
		echo "$1"
		return
	fi
	real_number=$(stat -c %d "$2")
	real_number=$((real_number >> 8 & 4095)):$((real_number & 255 | real_number >> 12 & 1048320))
	real_name=$(readlink -f "$SYS/dev/block/$real_number")
	echo "/dev/${real_name##*/}"
}

# kernel_name NODE: what sysfs calls it.  Where there is no udev LVM makes nodes of its own, which
# are no links.
kernel_name()
{
	kernel_node=$(readlink -f "$1")
	if [ ! -e "$SYS/class/block/${kernel_node##*/}" ]; then
		kernel_number=$(stat -c '0x%t:0x%T' "$kernel_node")
		kernel_node=$(readlink -f "$SYS/dev/block/$((${kernel_number%:*})):$((${kernel_number#*:}))")
	fi
	echo "${kernel_node##*/}"
}

# Names of devices may change from boot to boot, and udev, which makes those of
# /dev/disk, does not run in the capture kernel; neither does it find PARTUUIDs of file
# systems.  What is named by LABEL or UUID stays so.
lasting_name()
{
	case $device in
	'') return ;;
	esac
	if [ -n "$layers" ]; then
		device=$layer_device
		return
	fi
	case $device in
	LABEL=* | UUID=*) ;;
	*)
		uuid=$(device_uuid "$device_node")
		if [ -n "$uuid" ]; then
			device=UUID=$uuid
		else
			node_name
		fi
		target_name="$device ($fstype)"
		;;
	esac
	refuse_copies
	device_size=$(($(cat "$SYS/class/block/$device_name/size") * 512))
	device_id=$(partition_id "$device_node")
}

# Nothing but the node is left.
node_name()
{
	device=$(readlink -f "$device_node")
	warn "$CONF_FILE:$target_line: nothing but the name $device tells the capture kernel which device it is"
}

# device_tag DEVICE TAG: what blkid tells of it.  The whole line, since busybox's blkid
# has no options.
device_tag()
{
	blkid "$1" 2>/dev/null | sed -n "s/.* $2=\"\([^\"]*\)\".*/\1/p"
}

device_uuid()
{
	uuid=$(device_tag "$1" UUID)
	if [ -n "$uuid" ]; then
		echo "$uuid"
		return
	fi
	for uuid_link in /dev/disk/by-uuid/*; do
		if [ "$(readlink -f "$uuid_link")" = "$(readlink -f "$1")" ]; then
			echo "${uuid_link##*/}"
			return
		fi
	done
}

# device_of SPEC: the device that it names now
device_of()
{
	case $1 in
	LABEL=* | UUID=* | PARTUUID=*) findfs "$1" 2>/dev/null ;;
	*) readlink -f "$1" ;;
	esac
}

# resolve_device SPEC FSTYPE
resolve_device()
{
	device=$1
	fstype=$2
	target=local
	target_name="$device ($fstype)"
	device_node=$(device_of "$device")
	if [ -z "$device_node" ] || ! is_block_device "$device_node"; then
		target_problem "there is no device $device" \
			"blkid lists what there is; correct the line"
		device=
		return 1
	fi
	device_name=$(kernel_name "$device_node")
	! is_block_device "/dev/$device_name" || device_node=/dev/$device_name
	device_folder=$(readlink -f "$SYS/class/block/$device_name")
	take_layers "$device_folder" || return
	layers=$layer_lines
}

# device_is_plain FOLDER IN SYSFS: refuse what somebody has to set up first; for an NVMe
# disk with several ways to it set $device_folder to a controller's
device_is_plain()
{
	software=
	case $1 in
	*/session[0-9]*/target*) software="an iSCSI disk" ;;
	*/virtual/nvme-subsystem/*) nvme_controller "$1" || software="an NVMe disk behind a network" ;;
	*/virtual/*) software="a device in software (loop, nbd, bcache, ...)" ;;
	esac
	[ -n "$software" ] || return 0
	software_place=is
	[ "${1##*/}" = "${device_name-}" ] || software_place="lies on ${1##*/},"
	target_problem "$device $software_place $software, which the capture kernel does not set up" \
		"name a plain partition, nfs or ssh"
	return 1
}

nvme_controller()
{
	nvme_number=${1##*/nvme-subsys}
	for nvme_link in "${1%%/nvme-subsys[0-9]*}/nvme-subsys${nvme_number%%/*}"/nvme[0-9]*; do
		nvme_folder=$(readlink -f "$nvme_link")
		case $nvme_folder in
		*/virtual/*) ;;
		*)
			device_folder=$nvme_folder
			return
			;;
		esac
	done
	return 1
}

# A file system of several devices is mounted only after they have been searched for.
refuse_several_devices()
{
	[ "$fstype" = btrfs ] || return 0
	for several_folder in "$SYS"/fs/btrfs/*/devices; do
		[ -e "$several_folder/$device_name" ] || continue
		set -- "$several_folder"/*
		[ $# -eq 1 ] ||
			target_problem "$device is one of several devices of a btrfs, which the capture kernel does not bring together" \
				"name a file system on one partition, nfs or ssh"
	done
}

# want_device FOLDER IN SYSFS: have what leads to that device
want_device()
{
	wanted_drivers="$wanted_drivers $(device_drivers "$1")"
	wanted_paths="$wanted_paths $(readlink -f "$1")"
}

# device_drivers FOLDER IN SYSFS: of each device on the way, NAME|MODALIAS: the module
# that drives it now, and what modules.alias knows it by.  Either may be missing.
device_drivers()
{
	drivers_at=$(readlink -f "$1")
	while [ "$drivers_at" != "$SYS/devices" ] && [ "$drivers_at" != / ] && [ -n "$drivers_at" ]; do
		driver_name=''
		[ ! -e "$drivers_at/driver/module" ] ||
			driver_name=$(basename "$(readlink -f "$drivers_at/driver/module")")
		echo "$driver_name|$(cat "$drivers_at/modalias" 2>/dev/null)"
		drivers_at=${drivers_at%/*}
	done
	case ${1##*/} in
	sd[a-z]*) echo "sd_mod|" ;;
	esac
}

resolve_raw()
{
	resolve_device "$conf_target" "" || return 0
	target=raw
	target_name="$device (raw)"
	raw_is_free || return 0
	raw_size=$(($(cat "$SYS/class/block/$device_name/size") * 512))
	raw_id=$(partition_id "$device_node")
	if [ -n "$layers" ]; then
		device=$layer_device
	elif [ -n "$raw_id" ]; then
		device=$device_node
	else
		node_name
	fi
	[ -n "$layers" ] || target_name="$device (raw)"
	keep_raw_record "$device_node"
}

# A dump overwrites what is there, so nothing may be.
raw_is_free()
{
	raw_use=
	for raw_user in "$SYS/class/block/$device_name"/*/partition \
			"$SYS/class/block/$device_name"/holders/*; do
		[ -e "$raw_user" ] || continue
		raw_user=${raw_user%/partition}
		raw_use="$raw_use ${raw_user##*/}"
	done
	! awk -v a="$device_node" -v b="$(mapper_of "$device_node")" '
			$1 == a || $1 == b { found = 1 } END { exit !found }' "$PROC/mounts" "$PROC/swaps" ||
		raw_use=" mounted, or swap"
	if [ -n "$raw_use" ]; then
		target_problem "$device is in use (${raw_use# }), and a dump would overwrite it" \
			"name a partition that is kept for dumps"
		return 1
	fi
	if ! command -v blkid >/dev/null; then
		target_problem "there is no program blkid to tell whether $device is empty" \
			"install util-linux"
		return 1
	fi
	raw_type=$(content_of "$device_node")
	if [ -n "$raw_type" ]; then
		target_problem "$device has something on it ($raw_type), which a dump would overwrite" \
			"name another one, or clear it: wipefs -a $device_node"
		return 1
	fi
}
