# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What a file system on a disk asks of the kernel that mounts it for writing.  Its super
# block tells.  That the running kernel has it mounted says nothing of the capture kernel.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# super_number DEVICE OFFSET BYTES: a little-endian number of a super block; super_number_be: a
# big-endian one
super_number()
{
	image_number "$@" 2>/dev/null
}

super_number_be()
{
	od -A n -t u1 -j "$2" -N "$3" "$1" 2>/dev/null |
		awk '{ for (i = 1; i <= NF; i++) n = n * 256 + $i } END { printf "%d", n }'
}

# check_features DEVICE FSTYPE MOUNT-OPTIONS: set $feature_options, the options that it must be
# mounted with, and $feature_seconds, the time that mounting takes beyond the usual
check_features()
{
	feature_options=
	feature_seconds=0
	case $2 in
	ext[234])
		[ "$(super_number "$1" 1080 2)" != $((0xef53)) ] || check_ext4 "$1"
		;;
	xfs)
		[ "$(super_number_be "$1" 0 4)" != $((0x58465342)) ] || check_xfs "$1" "$3"
		;;
	btrfs)
		[ "$(super_number "$1" 65600 4)" != $((0x5248425f)) ] || check_btrfs "$1"
		;;
	esac
}

# features_beyond BITS KNOWN: refuse bits that Linux 6.12 does not know, where the capture kernel is
# no newer, and not the one that runs, which has been seen to mount it
features_beyond()
{
	features_unknown=$(($1 & ~$2))
	[ $features_unknown -ne 0 ] && [ "$kernel_release" != "$(uname -r)" ] &&
		release_at_most 6.12 || return 0
	target_problem "$(printf '%s has features (0x%x) that the capture kernel %s does not know' \
		"$feature_device" $features_unknown "$kernel_release")" \
		"name a newer kernel (KDUMP_KERNELVER), or another target"
}

check_ext4()
{
	feature_device="the ext4 on $1"
	ext4_incompat=$(super_number "$1" 1120 4)
	ext4_ro=$(super_number "$1" 1124 4)
	if [ $((ext4_ro & 0x2100)) -ne 0 ]; then
		need_option QUOTA "support of quotas" "$feature_device has (feature quota or project)"
		need_option QFMT_V2 "format of quotas" "$feature_device has" quota_v2
	fi
	if [ $((ext4_incompat & 0x20000)) -ne 0 ]; then
		need_option UNICODE "support of Unicode" "$feature_device needs (feature casefold)" \
			unicode utf8data
	fi
	features_beyond "$ext4_incompat" 0x3e7d6
	features_beyond "$ext4_ro" 0x1b77f
	[ $((ext4_incompat & 0x100)) -eq 0 ] || measure_mmp "$1"
}

# A mount waits to see whether another machine has it mounted, too, as it has at a crash:
# twice the interval of checks and a bit, two times.
measure_mmp()
{
	mmp_interval=$(($(super_number "$1" 1382 2) * 2))
	mmp_block=$(super_number "$1" 1384 4)
	mmp_size=$((1024 << $(super_number "$1" 1048 4)))
	mmp_at=$((mmp_block * mmp_size))
	# The kernel that has it mounted has written there how slow the disk was.
	if [ "$mmp_block" -ne 0 ] && [ "$(super_number "$1" $mmp_at 4)" = $((0x4d4d50)) ]; then
		mmp_check=$(super_number "$1" $((mmp_at + 112)) 2)
		[ "$mmp_check" -le "$mmp_interval" ] || mmp_interval=$mmp_check
	fi
	[ "$mmp_interval" -ge 10 ] || mmp_interval=10
	mmp_wait=$((mmp_interval * 2 + 1))
	[ $mmp_wait -le $((mmp_interval + 60)) ] || mmp_wait=$((mmp_interval + 60))
	feature_seconds=$((mmp_wait * 2))
	say "$feature_device is protected against a second mount (feature mmp): to mount it takes the capture kernel about $feature_seconds s"
}

# Quotas are counted anew, which takes long, after a mount that does not take care of them.
check_xfs()
{
	feature_device="the xfs on $1"
	if [ $(($(super_number_be "$1" 100 2) & 15)) -lt 5 ]; then
		need_option XFS_SUPPORT_V4 "support of the old format of XFS (crc=0)" "$feature_device has"
	else
		features_beyond "$(super_number_be "$1" 212 4)" 0xf
		features_beyond "$(super_number_be "$1" 216 4)" 0xff
	fi
	[ "$(super_number_be "$1" 48 8)" != 0 ] || xfs_on_two_disks log logdev
	[ "$(super_number_be "$1" 16 8)" = 0 ] || xfs_on_two_disks "realtime part" rtdev
	xfs_flags=$(super_number_be "$1" 176 2)
	xfs_quota "$2" 1 2 usrquota uquota uqnoenforce
	xfs_quota "$2" 64 128 grpquota gquota gqnoenforce
	xfs_quota "$2" 8 512 prjquota pquota pqnoenforce
	if [ -n "$feature_options" ] && ! capture_has XFS_QUOTA; then
		warn "the capture kernel $kernel_release has no quotas of XFS (CONFIG_XFS_QUOTA): after a crash those of $feature_device will be counted anew"
		feature_options=
	fi
}

xfs_on_two_disks()
{
	target_problem "$feature_device has its $1 on another device ($2=), which the capture kernel is not told of" \
		"name a file system on one partition, nfs or ssh"
}

# xfs_quota MOUNT-OPTIONS COUNTED ENFORCED NAME OPTION OPTION-THAT-COUNTS-ONLY: one kind of
# quotas, if it is on by the super block or by the mount that is there
xfs_quota()
{
	xfs_option=
	[ $((xfs_flags & $2)) -eq 0 ] || xfs_option=$6
	[ $((xfs_flags & $3)) -eq 0 ] || xfs_option=$5
	case ,$1, in
	*",$4,"* | *",$5,"*) xfs_option=$5 ;;
	*",$6,"*) xfs_option=$6 ;;
	esac
	[ -z "$xfs_option" ] || feature_options=$feature_options${feature_options:+,}$xfs_option
}

check_btrfs()
{
	feature_device="the btrfs on $1"
	btrfs_incompat=$(super_number "$1" 65724 8)
	if [ $((btrfs_incompat & 0x1000)) -ne 0 ]; then
		need_option BLK_DEV_ZONED "support of zoned disks" "$feature_device needs"
	fi
	features_beyond "$btrfs_incompat" 0x11fff
	features_beyond "$(super_number "$1" 65716 8)" 0xf
}

# nfs_versions_of_capture: those of $nfs_versions that the capture kernel speaks
nfs_versions_of_capture()
{
	for nfs_spoken in $nfs_versions; do
		case $nfs_spoken in
		4.2) nfs_symbol=NFS_V4_2 ;;
		4.1) nfs_symbol=NFS_V4_1 ;;
		4.0) nfs_symbol=NFS_V4 ;;
		*) nfs_symbol=NFS_V3 ;;
		esac
		capture_lacks $nfs_symbol || echo "$nfs_spoken"
	done
}
