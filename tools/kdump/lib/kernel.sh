# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The capture kernel: its image, its modules, its command line.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

OUR_IMAGE=/usr/lib/kdump/kernel/vmlinuz

# Set $image, $kernel_release and $modules_folder.  A kernel of the administrator's
# first, then the one of this package, then the one that runs; this before that of the package
# where only signed ones are loaded.
find_kernel()
{
	lockdown_image=
	if [ -n "${KDUMP_KERNEL-}" ]; then
		image=$KDUMP_KERNEL
		kernel_from="KDUMP_KERNEL, line ${line_KDUMP_KERNEL-0}"
	elif ! names_boot_image && [ -f $OUR_IMAGE ] && ! is_locked_down; then
		image=$OUR_IMAGE
		kernel_from="the package"
	else
		find_boot_image
		[ -n "${KDUMP_KERNELVER-}" ] || ! is_locked_down || lockdown_image=$image
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

# names_boot_image: is any of the four words about its name there?  What is only the default,
# as Red Hat's file has it, says nothing.
names_boot_image()
{
	[ -n "${KDUMP_KERNELVER-}" ] || [ "${KDUMP_IMG-vmlinuz}" != vmlinuz ] ||
		[ -n "${KDUMP_IMG_EXT-}" ] || [ "${KDUMP_BOOTDIR-/boot}" != /boot ]
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

# Where UEFI has put the root of the ACPI tables.  kexec_file_load hands it on only in newer
# kernels, kexec-tools only with kexec_load; and a BIOS has it in a place that is searched.
acpi_root()
{
	sed -n 's/^ACPI20=/acpi_rsdp=/p; t end; s/^ACPI=/acpi_rsdp=/p; :end' \
		"$SYS/firmware/efi/systab" 2>/dev/null | head -n 1
}

# Set $cmdline.
make_cmdline()
{
	if [ -n "${KDUMP_COMMANDLINE-}" ]; then
		cmdline=$(cmdline_without "$KDUMP_COMMANDLINE" "")
		warn_of_memory "$line_KDUMP_COMMANDLINE" KDUMP_COMMANDLINE "$cmdline"
	else
		cmdline=$(cmdline_without "$(cat "$PROC/cmdline")" \
			"$CMDLINE_REMOVE ${KDUMP_COMMANDLINE_REMOVE-}")
	fi
	tables=$(acpi_root)
	[ -z "$tables" ] || cmdline="$(cmdline_without "$cmdline" acpi_rsdp) $tables"
	warn_of_memory "${line_KDUMP_COMMANDLINE_APPEND-0}" KDUMP_COMMANDLINE_APPEND \
		"${KDUMP_COMMANDLINE_APPEND-}"
	cmdline=$(printf '%s ' "$cmdline" "$(cmdline_own)" "${KDUMP_COMMANDLINE_APPEND-}" |
		tr -s ' \t\n' ' ')
	cmdline=${cmdline# } cmdline=${cmdline% }
}
