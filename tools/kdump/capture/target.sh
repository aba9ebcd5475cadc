# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Where the dump goes.  Each kind of target is opened, takes small files from
# standard input (target_put), and is closed:
#
#     local, nfs   a file system under $MOUNT, with a folder for this crash
#     ssh          the same on a server
#     raw          a partition, see raw.sh
#     command      nothing: the administrator's command takes it all
# shellcheck disable=SC2154 # variables of common.sh

# Room that is held until the dump is there, so that a full file system still
# takes the report and the record.
RESERVE=kdump-reserve

open_local()
{
	# A mount brings its own message; the kernel's is in the log.
	mount -t "$FSTYPE" -o "rw${MOUNT_OPTIONS:+,$MOUNT_OPTIONS}" "$(state_get device)" "$MOUNT" ||
		fail "cannot mount $DEVICE as $FSTYPE"
}

open_nfs()
{
	insist mount_nfs || fail "cannot mount $NFS_SOURCE by NFS version $NFS_VERSIONS"
}

mount_nfs()
{
	for nfs_version in $NFS_VERSIONS; do
		mount -i -t nfs -o "rw,nolock,vers=$nfs_version,addr=$NFS_ADDRESS,proto=tcp,timeo=100,retrans=3$NFS_OPTIONS" \
			"$NFS_SOURCE" "$MOUNT" && return
	done
	return 1
}

open_ssh()
{
	insist ssh_run : || fail "cannot reach $SSH_LOGIN"
}

open_raw()
{
	# The node may be another disk's now, and the one that is meant still on its way.
	raw_tries=0
	until raw_device=$(find_raw "$(state_get device)"); do
		raw_tries=$((raw_tries + 1))
		[ $raw_tries -lt 100 ] || fail "$DEVICE is not what it was when kdump was armed"
		usleep 200000
	done
	state_set device "$raw_device"
	raw_size=$(blockdev --getsize64 "$raw_device") || fail "cannot ask $DEVICE for its size"
	[ "$raw_size" -gt $((2 * RAW_TAIL)) ] || fail "$DEVICE has $raw_size bytes only"
	state_set raw_tail $(((raw_size - RAW_TAIL) / RAW_BLOCK))
}

open_command()
{
	:
}

# The folder for this crash, where there are folders.
make_folder()
{
	folder=$(state_get folder)
	case $TARGET in
	local | nfs)
		make_new_folder
		dd if=/dev/zero of="$MOUNT$folder/$RESERVE" bs=64k count=8 conv=fsync 2>/dev/null ||
			say "$TARGET_NAME is full"
		;;
	ssh)
		ssh_run "mkdir -p $(quote "$SAVE_PATH") && mkdir -m 700 $(quote "$folder")" ||
			fail "cannot make $folder on $SSH_LOGIN"
		;;
	esac
}

# The folder on a file system.  Where everybody may write, somebody may have made one of
# that name already.
make_new_folder()
{
	enter_inside "$MOUNT" "$SAVE_PATH" make || fail "$inside_error on $TARGET_NAME"
	if ! mkdir -m 700 "./${folder##*/}" 2>/dev/null; then
		folder=$folder.$(od -A n -t x4 -N 4 /dev/urandom | tr -d ' ')
		mkdir -m 700 "./${folder##*/}" 2>/dev/null || fail "cannot make $folder on $TARGET_NAME"
	fi
	state_set folder "$folder"
	record directory "$folder"
}

# target_put NAME: a small file, from standard input, safe when this returns
target_put()
{
	case $TARGET in
	local | nfs)
		put_file=$MOUNT$(state_get folder)/$1
		cat >"$put_file.new" && sync "$put_file.new" && mv "$put_file.new" "$put_file" && sync
		;;
	ssh)
		put_file=$(quote "$(state_get folder)/$1")
		ssh_run "umask 077; cat >$put_file.new && sync $put_file.new &&
			mv $put_file.new $put_file && sync"
		;;
	raw)
		put_raw "$1"
		;;
	command)
		cat >"$RUN/out/$1"
		;;
	esac
}

put_raw()
{
	put_at=$(state_get raw_tail)
	case $1 in
	kdump-status) put_size=$RAW_BLOCK ;;
	vmcore-dmesg.txt*)
		put_at=$((put_at + 1))
		put_size=$((RAW_TAIL - RAW_BLOCK))
		;;
	*)
		cat >/dev/null
		return
		;;
	esac
	# Zeros after the text end it, and what an earlier crash left.
	{
		cat
		head -c "$RAW_BLOCK" /dev/zero
	} | head -c "$put_size" |
		dd of="$(state_get device)" bs="$RAW_BLOCK" seek="$put_at" conv=notrunc,fsync 2>/dev/null
}

target_close()
{
	sync
	case $TARGET in
	local | nfs) umount "$MOUNT" ;;
	esac
}
