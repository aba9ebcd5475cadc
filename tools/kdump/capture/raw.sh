# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What is where on a raw partition: the dump from its start, and in the last
# $RAW_TAIL bytes the status record, one block, and the kernel log after it.
# shellcheck disable=SC2034 # both sides use it

RAW_TAIL=4194304
RAW_BLOCK=4096
# What a copy returns that found no end before these: the number of ENOSPC.
RAW_FULL=28

# bytes FILE OFFSET COUNT: in hexadecimal, the last first; a number, if it is one
bytes()
{
	od -A n -t x1 -j "$2" -N "$3" "$1" 2>/dev/null | tr '\n' ' ' |
		awk '{ for (i = NF; i > 0; i--) printf "%s", $i }'
}

# partition_id NODE: what the partition table has to tell this partition from all
# others: its GUID, or the signature of the disk and the number.  Nothing of a whole
# disk.  Of these a kernel before 6.13 tells nothing by itself.
partition_id()
{
	id_folder=$(readlink -f "${SYS-/sys}/class/block/${1##*/}")
	id_number=$(cat "$id_folder/partition" 2>/dev/null) || return 0
	id_folder=${id_folder%/*}
	id_disk=${1%/*}/${id_folder##*/}
	id_sector=$(cat "$id_folder/queue/logical_block_size")
	if [ "$(bytes "$id_disk" "$id_sector" 8)" = 5452415020494645 ]; then	# EFI PART
		id_entries=$((0x$(bytes "$id_disk" $((id_sector + 72)) 8) * id_sector))
		id_size=$((0x$(bytes "$id_disk" $((id_sector + 84)) 4)))
		bytes "$id_disk" $((id_entries + (id_number - 1) * id_size + 16)) 16
	elif [ "$(bytes "$id_disk" 510 2)" = aa55 ]; then
		id_signature=$(bytes "$id_disk" 440 4)
		[ "$id_signature" = 00000000 ] || echo "$id_signature-$id_number"
	fi
}

# same_device NODE SIZE ID: is that the one which kdump was armed with?
same_device()
{
	[ "$(blockdev --getsize64 "$1" 2>/dev/null)" = "$2" ] && [ "$(partition_id "$1")" = "$3" ]
}

# tagged_devices TAG=VALUE: all devices that have this UUID or label now.  A busybox without blkid,
# as Debian's, knows the first of them only.
tagged_devices()
{
	if ! command -v blkid >/dev/null; then
		findfs "$1" 2>/dev/null
		return
	fi
	tagged_options=
	# Its cache need not know yet what has just come; busybox's has no options.
	case $(blkid -V 2>&1) in
	*util-linux*) tagged_options="-c /dev/null" ;;
	esac
	# shellcheck disable=SC2086 # a list of words
	blkid $tagged_options 2>/dev/null | grep -F " ${1%%=*}=\"${1#*=}\"" | sed 's/: .*//'
}

# find_raw NODE: it, or the one that has changed names with it
find_raw()
{
	for raw_node in "$1" $([ -z "$RAW_ID" ] ||
			sed -n 's|.* \([^ ]*\)$|/dev/\1|p' "${PROC-/proc}/partitions"); do
		if same_device "$raw_node" "$RAW_SIZE" "$RAW_ID"; then
			echo "$raw_node"
			return
		fi
	done
	return 1
}
