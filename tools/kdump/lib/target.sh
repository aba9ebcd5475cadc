# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Where the dump is to go, as this system sees it now: is it there, can it be
# written, and what will the capture kernel need to reach it?  What cannot work is
# a problem with the line that asked for it.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# Set everything that write_settings writes, and what is needed to get there
# in $wanted_modules and $wanted_drivers.
resolve_target()
{
	for unset in target target_name device fstype mount_options mount_seconds raw_size raw_id \
			device_size device_id layers wanted_modules wanted_drivers wanted_paths \
			net_mode net_links net_address net_gateway server_address \
			nfs_source nfs_versions nfs_options ssh_client ssh_login ssh_port \
			record_device record_fstype record_options record_path \
			root_device root_layers root_fstype root_options root_seconds root_path; do
		eval "$unset="
	done
	save_path=${conf_path-/var/crash}
	target_line=${line_target-${line_path-0}}
	host=$(host_name)
	if [ -n "${KDUMP_TRANSFER-}" ]; then
		[ -z "${line_target-}" ] || ignored "$CONF_FILE" "$line_target" "the target" \
			"KDUMP_TRANSFER does everything"
		resolve_command
	else
		case ${conf_kind-} in
		'') resolve_path ;;
		raw) resolve_raw ;;
		nfs) resolve_nfs ;;
		ssh) resolve_ssh ;;
		*) resolve_filesystem ;;
		esac
	fi
	if [ "$final_action" = boot ] || [ "$failure_action" = dump_to_rootfs ]; then
		resolve_root
	fi
	resolve_nodes
	resolve_record
	tell_unused
	choose_probing
}

# Drivers look for all of their devices at once, so that one that does not answer keeps none of the
# others waiting; but not where a device is known by nothing but a name, which depends on the order.
choose_probing()
{
	probe_async=yes
	case $device in
	/dev/*) [ -n "$raw_id$layers" ] || probe_async=no ;;
	esac
}

# Variables that mean nothing for this target.
tell_unused()
{
	if [ "$target" = "command" ] && [ "$format" = none ]; then
		problem "$SYSCONFIG_FILE" "$line_KDUMP_DUMPFORMAT" \
			"with KDUMP_DUMPFORMAT=none KDUMP_TRANSFER is not run, and nothing is saved" \
			"keep one of them"
	fi
	[ "$target" = ssh ] || unused KDUMP_SSH_CLIENT "the target is not ssh"
	[ -n "$net_mode" ] || unused KDUMP_NETCONFIG "nothing here needs a network"
	# It takes files like a target.
	[ "$failure_action" != dump_to_rootfs ] || return 0
	case $target in
	local | nfs) ;;
	*) unused KDUMP_FREE_DISK_SIZE "there is no file system that the capture kernel sees" ;;
	esac
	case $target in
	raw) unused KDUMP_KEEP_OLD_DUMPS "there is one dump on a raw partition" ;;
	command) unused KDUMP_KEEP_OLD_DUMPS "KDUMP_TRANSFER does everything" ;;
	esac
}

# unused VARIABLE WHY
unused()
{
	eval "unused_line=\${line_$1-}"
	[ -z "$unused_line" ] || ignored "$SYSCONFIG_FILE" "$unused_line" "$1" "$2"
}

target_problem()
{
	problem "$CONF_FILE" "$target_line" "$1" "$2"
}

# unescape TEXT: blanks and the like stand as \040 in /proc/mounts
unescape()
{
	case $1 in
	*\\*) printf '%b' "$(printf %s "$1" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')" ;;
	*) printf %s "$1" ;;
	esac
}

# mount_of FOLDER: set mount_device, mount_type, mount_point; and mount_root, the folder
# of the file system that is mounted there, and mount_super, its options
mount_of()
{
	mount_device='' mount_type='' mount_point='' mount_root='' mount_super=''
	while read -r _ _ _ mounted_root mounted_at mounted_rest; do
		# After a variable number of fields comes a dash: TYPE DEVICE OPTIONS.
		mounted_rest=${mounted_rest#*- }
		case $mounted_at$mounted_root in
		*\\*) mounted_at=$(unescape "$mounted_at") mounted_root=$(unescape "$mounted_root") ;;
		esac
		# Not in the pattern, where bash makes something else of it.
		mounted_below=${mounted_at%/}
		# The longest mount point wins, of equal ones the last; not the rootfs below.
		case $1/:$mounted_rest in
		*:rootfs\ *) ;;
		"$mounted_below"/*)
			[ "${#mounted_at}" -ge "${#mount_point}" ] || continue
			mount_point=$mounted_at mount_root=$mounted_root
			mount_type=${mounted_rest%% *} mounted_rest=${mounted_rest#* }
			mount_device=${mounted_rest%% *} mount_super=${mounted_rest#* }
			;;
		esac
	done <"$PROC/self/mountinfo"
}

# subvolume_of OPTIONS: the subvolume of btrfs that they name, if it is not the top
subvolume_of()
{
	echo "$1" | tr , '\n' | sed -n 's/^subvol=//p' | grep -v -x / | tail -n 1
}

# Without a target: the file system on which path lies.
resolve_path()
{
	mkdir -p "$save_path" 2>/dev/null ||
		target_problem "the folder $save_path cannot be made" "name another path"
	# A link of this system's need not lead anywhere on the target.
	save_path=$(readlink -f "$save_path")
	mount_of "$save_path"
	case $mount_type in
	nfs | nfs4)
		conf_target=$mount_device
		save_path=${save_path#"${mount_point%/}"}
		resolve_nfs
		return
		;;
	ext[234] | xfs | btrfs | minix) ;;
	*)
		target_problem "$save_path lies on ${mount_device:-nothing} (${mount_type:-no file system}), which a capture kernel cannot mount" \
			"name a target: ext4, xfs, btrfs, raw, nfs or ssh"
		return
		;;
	esac
	[ -w "$save_path" ] || target_problem "$save_path cannot be written" "mount it writable"
	save_path=${save_path#"${mount_point%/}"}
	# What is mounted may be a subvolume, which is mounted there, too, and a folder of it.
	subvolume=$(subvolume_of "$mount_super")
	mount_options=${subvolume:+subvol=$subvolume}
	mount_root=${mount_root#"$subvolume"}
	save_path=${mount_root%/}$save_path
	resolve_device "$(real_device "$mount_device" "$mount_point")" "$mount_type" || return 0
	take_features "$mount_super"
	refuse_several_devices
	lasting_name
}

resolve_filesystem()
{
	if [ "$conf_kind" = virtiofs ]; then
		target=local device='' fstype=virtiofs target_name="$conf_target (virtiofs)"
		target_problem "virtiofs is not supported by the capture side" "name a disk, nfs or ssh"
		return
	fi
	resolve_device "$conf_target" "$conf_kind" || return 0
	mount_options=${conf_mount_options-}
	take_features "$(mounted_options "$device_node")"
	check_filesystem
	lasting_name
}

# take_features MOUNT-OPTIONS: what the file system on $device_node asks of the capture kernel
take_features()
{
	check_features "$device_node" "$fstype" "$1"
	mount_options=$mount_options${mount_options:+${feature_options:+,}}$feature_options
	mount_seconds=$feature_seconds
}

# mounted_options DEVICE: those of the file system itself, where it is mounted
mounted_options()
{
	awk -v a="$1" -v b="$(readlink -f "$1")" -v c="$(mapper_of "$1")" '{
			for (i = 7; i < NF && $i != "-"; i++);
			if ($(i + 2) == a || $(i + 2) == b || $(i + 2) == c) { print $(i + 3); exit }
		}' "$PROC/self/mountinfo"
}

# Is it that file system, and can it be written?  Where it is mounted, there;
# otherwise on a mount of our own.
check_filesystem()
{
	check_point=$(whole_mount_of "$device_node")
	check_own=
	if [ -z "$check_point" ]; then
		check_own=$WORK/mnt
		mkdir -p "$check_own"
		if ! check_error=$(mount -t "$fstype" \
				-o "nosuid,nodev,noexec${mount_options:+,$mount_options}" "$device_node" \
				"$check_own" 2>&1); then
			target_problem "$device cannot be mounted as $fstype (${check_error:-no reason given})" \
				"$(mount_remedy "$device_node" "$fstype")"
			return
		fi
		check_point=$check_own
	fi
	mount_of "$check_point$save_path"
	if [ "$mount_point" != "$check_point" ]; then
		target_problem "on $save_path of $device something else is mounted ($mount_device)" \
			"name another path, or that as the target"
	elif ! check_error=$(try_folder "$check_point" "$save_path") &&
			! check_error=$(try_read_only "$check_point" "$save_path"); then
		target_problem "$save_path on $device cannot be used: $check_error" \
			"name the folder itself; is it mounted read-only, or full?"
	else
		keep_record "$check_point" "$save_path"
	fi
	# The kernel tells of it while it is mounted.
	refuse_several_devices
	[ -z "$check_own" ] || umount "$check_own"
}

# try_read_only POINT PATH: one that is mounted read-only is made writable as long as that takes.
# The kernel refuses this where it has made it so itself, after an error.
try_read_only()
(
	grep -q " $(escape_blanks "$1") [^ ]* ro[ ,]" "$PROC/mounts" || {
		echo "$check_error"
		exit 1
	}
	# Its own name: in busybox's sh a trap does not see the function's parameters.
	read_only_point=$1
	trap 'mount -o remount,ro "$read_only_point"' EXIT
	trap 'exit 1' HUP INT TERM
	mount -o remount,rw "$1" 2>&1 && try_folder "$1" "$2"
)

# escape_blanks NAME: as it stands in /proc/mounts
escape_blanks()
{
	printf %s "$1" | sed 's/\\/\\\\134/g; s/ /\\\\040/g'
}

# Where the root of that file system is, not a folder or subvolume of it.
whole_mount_of()
{
	unescape "$(whole_mount_escaped "$1")"
}

whole_mount_escaped()
{
	awk -v a="$1" -v b="$(readlink -f "$1")" -v c="$(mapper_of "$1")" '$4 == "/" {
			for (i = 7; i < NF && $i != "-"; i++);
			if ($(i + 2) == a || $(i + 2) == b || $(i + 2) == c) { print $5; exit }
		}' "$PROC/self/mountinfo"
}

# try_folder ROOT PATH: make the folder of the dumps and a file in it, as the capture
# kernel will, by a name that nobody knows before; why it cannot be done is printed
try_folder()
(
	umask 077
	enter_inside "$1" "$2" make || {
		echo "$inside_error"
		exit 1
	}
	try_file=$(mktemp -u ./.kdump-test.XXXXXXXXXX)
	set -C
	(echo test >"$try_file") 2>/dev/null || {
		echo "it cannot be written"
		exit 1
	}
	rm -f "$try_file"
)

resolve_command()
{
	target="command"
	target_name="KDUMP_TRANSFER"
	target_line=$line_KDUMP_TRANSFER
	transfer_program=${KDUMP_TRANSFER%% *}
	program_path "$transfer_program" >/dev/null ||
		problem "$SYSCONFIG_FILE" "$target_line" "there is no program '$transfer_program'" \
			"install it, or correct KDUMP_TRANSFER"
	[ -z "${KDUMP_NETCONFIG-}" ] || resolve_network ""
}

# The root file system, for dump_to_rootfs and for going on into it.
resolve_root()
{
	mount_of /
	root_fstype=$mount_type
	root_options=$(subvolume_of "$mount_super")
	root_options=${root_options:+subvol=$root_options}
	root_node=$(real_device "$mount_device" /)
	root_path=$(readlink -f "${conf_path-/var/crash}")
	root_path=${root_path:-${conf_path-/var/crash}}
	case $root_fstype:$root_node in
	ext[234]:/dev/* | xfs:/dev/* | btrfs:/dev/*)
		take_root_device || return 0
		check_features "$root_node" "$root_fstype" "$mount_super"
		root_options=$root_options${root_options:+${feature_options:+,}}$feature_options
		root_seconds=$feature_seconds
		return
		;;
	esac
	problem "$CONF_FILE" "${line_failure_action-0}" \
		"the root file system ($root_fstype on $mount_device) cannot be mounted by the capture kernel" \
		"name another failure_action than dump_to_rootfs"
}

# take_root_device: what $root_node is in the capture kernel.  What keeps it from that is told
# with the line that wants the root file system.
take_root_device()
{
	root_name=$(kernel_name "$root_node")
	root_target_line=$target_line root_target_device=$device
	target_line=${line_failure_action-0} device="the root file system"
	take_layers "$(readlink -f "$SYS/class/block/$root_name")"
	root_status=$?
	target_line=$root_target_line device=$root_target_device
	[ $root_status -eq 0 ] || return
	root_layers=$layer_lines root_device=$layer_device
	[ -z "$root_device" ] || return 0
	root_device=$(device_uuid "$root_node")
	root_device=${root_device:+UUID=$root_device}
	root_device=${root_device:-$root_node}
}
