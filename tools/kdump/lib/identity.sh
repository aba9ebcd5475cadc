# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What is on a device, and is it the only one of its name?  A wrong answer overwrites
# somebody's data, so what cannot be told apart is refused.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# content_of DEVICE: in words, what a dump would overwrite; nothing if it is empty.  Signatures
# of more than one kind, as an old one under a new file system, make blkid say nothing of
# either; wipefs lists all, and blkid's exit status tells.
content_of()
{
	if command -v wipefs >/dev/null; then
		if content_list=$(wipefs -n "$1" 2>/dev/null); then
			echo "$content_list" | awk 'NR > 1 && NF && !seen[$3]++ {
					list = list separator $3; separator = " " }
				END { if (list) print list }'
		else
			echo "wipefs cannot read it"
		fi
		return
	fi
	content_type=$(device_tag "$1" TYPE)
	# A table without partitions is nothing that the kernel tells of.
	[ -n "$content_type" ] || content_type=$(device_tag "$1" PTTYPE)
	if [ -n "$content_type" ]; then
		echo "$content_type"
		return
	fi
	# To busybox's, which has no options, -p is one device more, and none.
	blkid -p "$1" >/dev/null 2>&1
	case $? in
	0 | 2) ;;
	8) echo "signatures of several kinds" ;;
	*) echo "blkid cannot read it" ;;
	esac
}

# mount_remedy DEVICE FSTYPE: what to do about a device that cannot be mounted.  Only for
# one without any content that is to make a file system.
mount_remedy()
{
	remedy_content=$(content_of "$1")
	case $remedy_content in
	'') echo "there is nothing on it; if that is as it should be, mkfs.$2 makes a file system" ;;
	*) echo "it has $remedy_content on it; dmesg | tail may say more, and is it the right device?" ;;
	esac
}

# A copy of a disk has the same UUID and labels, and the capture kernel, which may find
# them in another order, has nothing else to go by.
refuse_copies()
{
	case $device in
	LABEL=* | UUID=*) ;;
	*) return ;;
	esac
	for copy_node in $(tagged_devices "$device"); do
		[ "$(readlink -f "$copy_node")" != "$(readlink -f "$device_node")" ] || continue
		target_problem "$device is not the only one: $copy_node has the same name as $device_node" \
			"take the copy away, or give it another UUID and label (tune2fs -U random, xfs_admin -U generate, btrfstune -u)"
	done
}
