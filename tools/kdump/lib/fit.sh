# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Does it all fit into the reservation?
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

MIB=1048576
# What the capture kernel needs beside its image and the initramfs: its own tables,
# the buffers of drivers, what the programs take.  Guests of 512 MiB to 8 GiB with
# virtio disks need up to 15 MiB of it; see the manual, "How much to reserve".
RUNTIME=$((20 * MIB))
# A distribution's kernel has drivers for everything built in.
RUNTIME_OTHER=$((64 * MIB))

reserved_bytes()
{
	cat "$SYS/kernel/kexec_crash_size" 2>/dev/null || echo 0
}

# Set need_image, need_initramfs, need_unpacked, need_runtime, need and reserved.
measure_need()
{
	need_image=$(image_memory "$image")
	need_initramfs=$(file_size "$INITRAMFS")
	need_unpacked=$(cat "$INITRAMFS.unpacked" 2>/dev/null || echo $((need_initramfs * 3)))
	need_runtime=$((RUNTIME + $(need_more)))
	case ${kernel_from-} in
	KDUMP_KERNELVER=*) need_runtime=$((need_runtime + RUNTIME_OTHER - RUNTIME)) ;;
	esac
	need=$((need_image + need_initramfs + need_unpacked + need_runtime))
	# In steps of 16 MiB, the finest that everybody's firmware likes.
	recommended=$((((need - 1) / (16 * MIB) + 1) * 16))
	reserved=$(reserved_bytes)
}

mib()
{
	echo "$((($1 + MIB / 2) / MIB)) MiB"
}

need_in_words()
{
	echo "kernel $(mib "$need_image"), initramfs $(mib "$need_initramfs"), unpacked $(mib "$need_unpacked"), run time $(mib "$need_runtime")"
}

# Before anything is made: with nothing reserved nothing can be loaded.
refuse_no_memory()
{
	[ "$(reserved_bytes)" -eq 0 ] || return 0
	if grep -q crashkernel= "$PROC/cmdline"; then
		die "no memory is reserved, although crashkernel= is on the kernel's command line: dmesg | grep -i crash tells why"
	fi
	die "no memory is reserved: boot with crashkernel=96M on the kernel's command line; kdump estimate tells how much this configuration needs"
}

# Refuse to arm what would only run out of memory after a crash.
check_fit()
{
	measure_need
	if [ "$reserved" -eq 0 ]; then
		die "no memory is reserved: boot with crashkernel=${recommended}M on the kernel's command line"
	fi
	if [ "$need" -gt "$reserved" ]; then
		die "the reservation of $(mib "$reserved") is $(mib $((need - reserved))) too small ($(need_in_words)): boot with crashkernel=${recommended}M"
	fi
}

show_estimate()
{
	measure_need
	if [ "$JSON" = 1 ]; then
		json_start
		json_value reserved "$reserved"
		json_value image "$need_image"
		json_value initramfs "$need_initramfs"
		json_value unpacked "$need_unpacked"
		json_value runtime "$need_runtime"
		json_value needed "$need"
		json_string crashkernel "${recommended}M"
		json_value fits "$([ "$need" -le "$reserved" ] && echo true || echo false)"
		json_end
		return
	fi
	echo "Reserved crashkernel:    $(mib "$reserved")"
	echo "Recommended crashkernel: $recommended MiB (crashkernel=${recommended}M)"
	echo
	echo "Kernel image:            $(mib "$need_image") ($image)"
	echo "Initramfs, compressed:   $(mib "$need_initramfs") ($INITRAMFS)"
	echo "Initramfs, unpacked:     $(mib "$need_unpacked")"
	echo "Run time:                $(mib "$need_runtime")"
	if [ "$need" -gt "$reserved" ]; then
		echo
		echo "The reservation is $(mib $((need - reserved))) too small."
	fi
}
