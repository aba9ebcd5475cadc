# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The capture kernel: its image, its modules, its command line.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# The arguments of the running kernel that a capture kernel is better without: they
# take memory, or are about the running system.
CMDLINE_REMOVE="crashkernel BOOT_IMAGE initrd hugepages hugepagesz default_hugepagesz slub_debug
	quiet splash log_buf_len swiotlb hugetlb_cma cma cma_pernuma ignition.firstboot
	panic_on_warn softlockup_panic hardlockup_panic oops panic nr_cpus maxcpus possible_cpus
	isolcpus nohz_full resume init rdinit systemd.unit kexec_dump"
# And what it needs: devices that were left running are reset, memory is saved, and
# a capture kernel that fails itself reboots.  Not irqpoll, which calls the handlers
# of devices that nobody has set up again.  numa=off also keeps the kernel from reading
# where memory could be plugged in: for what may come above 4 GiB it would set aside up to
# 64 MiB of bounce buffers.  Not swiotlb=noforce, which would take them away where they are
# needed: with a reservation above 4 GiB, and where memory is encrypted.
CMDLINE_APPEND="reset_devices novmcoredd cgroup_disable=memory mce=off numa=off
	transparent_hugepage=never panic=10"

OUR_IMAGE=/usr/lib/kdump/kernel/vmlinuz

# Set $image, $kernel_release and $modules_folder.  A kernel of the administrator's
# first, then the one of this package, then the one that runs.
find_kernel()
{
	if [ -n "${KDUMP_KERNEL-}" ]; then
		image=$KDUMP_KERNEL
		kernel_from="KDUMP_KERNEL, line ${line_KDUMP_KERNEL-0}"
	elif [ -z "${KDUMP_KERNELVER-}" ] && [ -z "${KDUMP_IMG-}" ] && [ -f $OUR_IMAGE ]; then
		image=$OUR_IMAGE
		kernel_from="the package"
	else
		find_boot_image
	fi
	if [ ! -f "$image" ]; then
		problem "$SYSCONFIG_FILE" "${line_KDUMP_KERNEL-${line_KDUMP_KERNELVER-0}}" \
			"there is no capture kernel $image" \
			"correct KDUMP_KERNEL, or KDUMP_BOOTDIR, KDUMP_IMG and KDUMP_KERNELVER"
		return 0
	fi
	kernel_release=${KDUMP_KERNELVER-}
	[ -n "$kernel_release" ] || kernel_release=$(image_release "$image")
	modules_folder=${KDUMP_MODULES-}
	if [ -z "$modules_folder" ]; then
		modules_folder=/lib/modules/$kernel_release
		[ "$image" != $OUR_IMAGE ] || modules_folder=/usr/lib/kdump/kernel/modules
	fi
}

find_boot_image()
{
	image_version=${KDUMP_KERNELVER-$(uname -r)}
	kernel_from="KDUMP_KERNELVER=$image_version"
	for image in "${KDUMP_BOOTDIR-/boot}/${KDUMP_IMG-vmlinuz}-$image_version${KDUMP_IMG_EXT-}" \
			"/usr/lib/modules/$image_version/vmlinuz"; do
		[ ! -f "$image" ] || return 0
	done
	image=${KDUMP_BOOTDIR-/boot}/${KDUMP_IMG-vmlinuz}-$image_version${KDUMP_IMG_EXT-}
}

# image_number FILE OFFSET BYTES: a little-endian number
image_number()
{
	od -A n -t u1 -j "$2" -N "$3" "$1" |
		awk '{ for (i = NF; i > 0; i--) n = n * 256 + $i } END { printf "%d", n }'
}

# image_release FILE: the version of a bzImage, as the x86 boot protocol has it:
# offset 0x20e of the header plus 0x200, up to the first blank
image_release()
{
	[ "$(dd if="$1" bs=1 skip=514 count=4 2>/dev/null)" = HdrS ] || return 0
	release_at=$(image_number "$1" 526 2)
	dd if="$1" bs=1 skip=$((release_at + 512)) count=128 2>/dev/null | tr '\000' '\n' |
		sed -n '1s/ .*//p'
}

# image_memory FILE: bytes that it needs to start, unpacking included: init_size of
# the x86 boot protocol; of anything else four times the file
image_memory()
{
	if [ "$(dd if="$1" bs=1 skip=514 count=4 2>/dev/null)" = HdrS ]; then
		image_number "$1" 608 4
	else
		echo $(($(file_size "$1") * 4))
	fi
}

file_size()
{
	stat -c %s "$1"
}

# Without the arguments named in LIST, whatever their values.
# cmdline_without COMMANDLINE LIST
cmdline_without()
{
	# Quotes keep words together: the kernel takes only double ones.
	printf '%s\n' "$1" | awk -v list="$2" '
		BEGIN { n = split(list, names, /[ \t\n]+/); for (i = 1; i <= n; i++) gone[names[i]] }
		{
			word = ""; quoted = 0
			for (i = 1; i <= length($0) + 1; i++) {
				c = substr($0, i, 1)
				if (c == "\"") quoted = !quoted
				if (c == "" || (!quoted && (c == " " || c == "\t"))) {
					name = word; sub(/=.*/, "", name)
					if (word != "" && !(name in gone)) printf "%s ", word
					word = ""
				} else word = word c
			}
		}'
}

# Two CPUs compress a dump in half the time.  More than one only in the kernel of this
# package: others may start the boot CPU once more if it was not the one that crashed,
# which resets the machine (that is so before Linux 6.9).
capture_cpus()
{
	if [ -n "${KDUMP_CPUS-}" ]; then
		echo "$KDUMP_CPUS"
	elif [ "$image" = "$OUR_IMAGE" ] && [ "$(nproc 2>/dev/null || echo 1)" -gt 1 ]; then
		echo 2
	else
		echo 1
	fi
}

# Set $cmdline.
make_cmdline()
{
	if [ -n "${KDUMP_COMMANDLINE-}" ]; then
		cmdline=$KDUMP_COMMANDLINE
	else
		cmdline=$(cmdline_without "$(cat /proc/cmdline)" \
			"$CMDLINE_REMOVE ${KDUMP_COMMANDLINE_REMOVE-}")
	fi
	cpus="nr_cpus=$(capture_cpus)"
	[ "$cpus" != nr_cpus=0 ] || cpus=
	cmdline=$(printf '%s ' "$cmdline" "$cpus" "$CMDLINE_APPEND" "${KDUMP_COMMANDLINE_APPEND-}" |
		tr -s ' \t\n' ' ')
	cmdline=${cmdline% }
}
