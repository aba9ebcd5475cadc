# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What lies between a target and its disks.  slaves/ in sysfs leads from the block device
# down.  Each layer becomes a line that tells the capture kernel how to set it up again,
# see capture/layers.sh, the lowest first:
#
#     lvm DM-UUID NAME GROUP-UUID VOLUME-UUID [SYSTEM-ID]
#     md UUID NODE
#
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

layer_programs=

# layers_below FOLDER IN SYSFS: those of all devices below, then the folder itself, or of a
# partition of an array that of the array
layers_below()
(
	below=$1
	case $1 in
	*/virtual/block/md*/md*) below=${1%/*} ;;
	esac
	for below_link in "$below"/slaves/*; do
		[ ! -e "$below_link" ] || layers_below "$(readlink -f "$below_link")"
	done
	echo "$below"
)

# take_layers FOLDER IN SYSFS: have what leads to that device.  Set $layer_lines, and
# $layer_device, what find_device is given in the capture kernel; both are empty where
# the device is a disk's own.
take_layers()
{
	layer_lines=
	layer_device=
	for layer_folder in $(layers_below "$1" | awk '!seen[$0]++'); do
		case $layer_folder in
		*/virtual/block/dm-*) take_dm "$layer_folder" ;;
		*/virtual/block/md*) take_md "$layer_folder" ;;
		*)
			device_folder=$layer_folder
			device_is_plain "$layer_folder" && want_device "$device_folder"
			;;
		esac || return
	done
	case $layer_device:$1 in
	DM=LVM-*-*:*) layer_problem "which is an inner part of a volume" "name the volume itself" ;;
	*:*/virtual/block/md*/md*)
		layer_device=$layer_device${1#"$layer_folder/${layer_folder##*/}"}
		;;
	esac
}

add_layer()
{
	layer_lines=$layer_lines${layer_lines:+"
"}$*
}

layer_problem()
{
	target_problem "$device lies on $layer_name, $1" "${2-name a plain partition, nfs or ssh}"
	return 1
}

# layer_program NAME PACKAGE: what sets a layer up
layer_program()
{
	if ! program_path "$1" >/dev/null; then
		layer_problem "and there is no program $1" "install $2"
		return
	fi
	word_in "$1" "$layer_programs" || layer_programs="$layer_programs $1"
}

# take_dm FOLDER: a device of the device mapper; its UUID begins with the name of what made it
take_dm()
{
	layer_name=$(cat "$1/dm/name")
	layer_id=$(cat "$1/dm/uuid")
	case $layer_id in
	LVM-*) take_lvm ;;
	*) layer_problem "a mapped device that the capture kernel does not set up" ;;
	esac && need_dm_targets && layer_device=DM=$layer_id
}

# After LVM- come the UUIDs of group and volume, of 32 characters each, and for an inner
# part of a volume more.  A volume that lies on others of its group brings these along.
take_lvm()
{
	layer_program lvm lvm2 || return
	lvm_volume=${layer_id#LVM-????????????????????????????????}
	lvm_group=${layer_id%"$lvm_volume"}
	layer_lines=$(printf '%s\n' "$layer_lines" | grep -v "^lvm $lvm_group")
	lvm_group=$(lvm_uuid "${lvm_group#LVM-}")
	lvm_owner=$(bounded 30 lvm vgs --readonly --noheadings --separator / \
		-o vg_systemid,vg_lock_type --select "vg_uuid=$lvm_group" 2>/dev/null |
		tr -d ' ')
	case ${lvm_owner#*/} in
	'' | none) ;;
	*)
		layer_problem "in a volume group that several machines share (${lvm_owner#*/})"
		return
		;;
	esac
	lvm_owner=${lvm_owner%%/*}
	add_layer lvm "$layer_id" "$layer_name" "$lvm_group" "$(lvm_uuid "$lvm_volume")" \
		${lvm_owner:+"$lvm_owner"}
}

# lvm_uuid ID: as LVM prints it
lvm_uuid()
{
	echo "$1" | sed 's/^\(.\{6\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)/\1-\2-\3-\4-\5-\6-/'
}

# bounded SECONDS COMMAND...: where there is a timeout
bounded()
{
	bounded_seconds=$1
	shift
	if command -v timeout >/dev/null; then
		timeout "$bounded_seconds" "$@"
	else
		"$@"
	fi
}

# need_dm_targets: the capture kernel must have what the table of $layer_name is made of
need_dm_targets()
{
	dm_targets=$(dmsetup table "$layer_name" 2>/dev/null |
		awk '{ print $3 == "raid" ? "raid-" $4 : $3 }' | sort -u)
	if [ -z "$dm_targets" ]; then
		layer_problem "of which dmsetup tells nothing" "install dmsetup"
		return
	fi
	dm_why="$device lies on"
	need_option BLK_DEV_DM "device mapper" "$dm_why" dm_mod
	for dm_target in $dm_targets; do
		case $dm_target in
		linear | striped | error) ;;
		mirror) need_option DM_MIRROR "mirrors of the device mapper" "$dm_why" dm_mirror dm_log ;;
		raid-*)
			need_option DM_RAID "RAID of the device mapper" "$dm_why" dm_raid
			need_raid "${dm_target#raid-}"
			;;
		snapshot*) need_option DM_SNAPSHOT "snapshots of the device mapper" "$dm_why" dm_snapshot ;;
		thin*)
			need_option DM_THIN_PROVISIONING "thin volumes of the device mapper" "$dm_why" dm_thin_pool
			;;
		*)
			layer_problem "which has a part of a kind ($dm_target) that the capture kernel does not set up"
			return
			;;
		esac
	done
}

# need_raid LEVEL: also as the device mapper calls them
need_raid()
{
	raid_why="$device lies on"
	case $1 in
	raid0 | raid0_*) need_option MD_RAID0 "RAID 0" "$raid_why" raid0 ;;
	raid10*) need_option MD_RAID10 "RAID 10" "$raid_why" raid10 ;;
	raid1) need_option MD_RAID1 "RAID 1" "$raid_why" raid1 ;;
	raid[456]*) need_option MD_RAID456 "RAID 4 to 6" "$raid_why" raid456 ;;
	*) layer_problem "an array of a kind ($1) that the capture kernel does not set up" ;;
	esac
}

# mapper_of NODE: the name of a mapped device, as mount tables have it
mapper_of()
{
	mapper_name=$(cat "$SYS/class/block/${1##*/}/dm/name" 2>/dev/null) || return 0
	echo "/dev/mapper/$mapper_name"
}

# take_md FOLDER: an array has its UUID in a super block on each disk, but for those of a
# controller's firmware.  Its number is kept, since nobody else makes arrays there.
take_md()
{
	layer_name=${1##*/}
	layer_program mdadm mdadm || return
	md_uuid=$(bounded 30 mdadm --detail --export "/dev/$layer_name" 2>/dev/null |
		sed -n 's/^MD_UUID=//p')
	case $md_uuid:$(cat "$1/md/metadata_version") in
	:* | *:external:* | *:none)
		layer_problem "an array that has no super block of its own"
		return
		;;
	esac
	need_option BLK_DEV_MD "md arrays" "$device lies on" md_mod
	need_raid "$(cat "$1/md/level")" || return
	layer_device=/dev/$layer_name
	case $layer_name in
	md[0-9]*) ;;
	*) layer_device=/dev/md127 ;;
	esac
	add_layer md "$md_uuid" "$layer_device"
}

plan_layers()
{
	for layer_command in $layer_programs; do
		plan_command "$layer_command"
	done
}
