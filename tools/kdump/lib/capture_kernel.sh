# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What the capture kernel has: its configuration and its modules tell, not the kernel
# that runs now.  What this machine needs and it lacks is a problem with its name.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

capture_config=

# Set $capture_config, the file with the configuration of the capture kernel, or nothing.
find_capture_config()
{
	capture_config=
	set -- "$modules_folder/config" "${image%/*}/config-$kernel_release" \
		"/boot/config-$kernel_release" "/usr/lib/modules/$kernel_release/config" \
		"/lib/modules/$kernel_release/config"
	[ "$image" != "$OUR_IMAGE" ] || set -- "${OUR_IMAGE%/*}/config"
	[ "$kernel_release" != "$(uname -r)" ] || set -- "$@" "$PROC/config.gz"
	for capture_config; do
		[ ! -r "$capture_config" ] || return 0
	done
	capture_config=
}

# capture_option SYMBOL: what its configuration says of CONFIG_SYMBOL: y, m, n, or ? where
# there is none
capture_option()
{
	if [ -z "$capture_config" ]; then
		echo '?'
		return
	fi
	case $capture_config in
	*.gz) gzip -dc "$capture_config" ;;
	*) cat "$capture_config" ;;
	esac | sed -n "s/^CONFIG_$1=\([ym]\)\$/\1/p" | grep . || echo n
}

# capture_has SYMBOL: built in or as a module, as far as anybody knows
capture_has()
{
	case $(capture_option "$1") in
	[ym]) return 0 ;;
	esac
	return 1
}

# capture_lacks SYMBOL: is it known not to be there?
capture_lacks()
{
	[ "$(capture_option "$1")" = n ]
}

capture_problem()
{
	problem "$SYSCONFIG_FILE" "${line_KDUMP_KERNEL-${line_KDUMP_KERNELVER-0}}" "$1" "$2"
}

# need_option SYMBOL WHAT WHY [MODULE...]: refuse a capture kernel without CONFIG_SYMBOL, and take
# the modules along where it is one
need_option()
{
	need_symbol=$1 need_what=$2 need_why=$3
	shift 3
	case $(capture_option "$need_symbol") in
	y) ;;
	m) wanted_modules="$wanted_modules $*" ;;
	n)
		capture_problem "the capture kernel $kernel_release has no $need_what (CONFIG_$need_symbol), which $need_why" \
			"name a kernel that has it (KDUMP_KERNELVER), or none, which takes the one of this package"
		;;
	*)
		capture_problem "nothing tells whether the capture kernel $image has $need_what (CONFIG_$need_symbol), which $need_why" \
			"put its configuration into $modules_folder/config, or name another kernel"
		;;
	esac
}

# word_in WORD TEXT: is it one of the words?
word_in()
{
	case " $2 " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# Before the modules are looked up: what is needed here beside drivers.
check_capture_kernel()
{
	[ -f "$image" ] || return 0
	check_remapping
	check_firmware
	check_consoles
	check_low_memory
}

# iommu_symbols UNIT: the driver of an IOMMU by its name in sysfs, as SYMBOL:WORDS
iommu_driver()
{
	case $1 in
	dmar*) echo "INTEL_IOMMU:driver of Intel's IOMMU" ;;
	ivhd*) echo "AMD_IOMMU:driver of AMD's IOMMU" ;;
	smmu3*) echo "ARM_SMMU_V3:driver of the SMMU" ;;
	smmu* | arm-smmu*) echo "ARM_SMMU:driver of the SMMU" ;;
	virtio*) echo "VIRTIO_IOMMU:driver of the virtio IOMMU" ;;
	esac
}

# Print what an IOMMU translates of the devices on the way to the target.
translated_devices()
{
	for translated_path in $wanted_paths; do
		while [ -n "$translated_path" ] && [ "$translated_path" != "$SYS/devices" ]; do
			translated_type=$(cat "$translated_path/iommu_group/type" 2>/dev/null)
			case $translated_type in
			'' | identity) ;;
			*) echo "${translated_path##*/}" ;;
			esac
			translated_path=${translated_path%/*}
		done
	done | sort -u
}

# An IOMMU that the running kernel has switched on stays so in the capture kernel, with tables that
# let no device reach that kernel's memory.  A driver takes them over.
check_remapping()
{
	translated=$(translated_devices | tr '\n' ' ')
	if [ -n "$translated" ]; then
		for iommu_unit in "$SYS"/class/iommu/*; do
			iommu_found=$(iommu_driver "${iommu_unit##*/}")
			[ -n "$iommu_found" ] || continue
			need_option "${iommu_found%%:*}" "${iommu_found#*:}" \
				"translates what ${translated% } reads and writes"
			check_iommu_options "${iommu_found%%:*}"
			break
		done
	fi
	if grep -q 'IR-' "$PROC/interrupts" 2>/dev/null; then
		need_option IRQ_REMAP "interrupt remapping" "is on in this machine"
		for remap_word in intremap=off nointremap; do
			! word_in $remap_word "$cmdline" || iommu_switched_off $remap_word
		done
	fi
}

check_iommu_options()
{
	case $1 in
	INTEL_IOMMU) set -- iommu=off intel_iommu=off ;;
	AMD_IOMMU) set -- iommu=off amd_iommu=off ;;
	*) return 0 ;;
	esac
	for iommu_word; do
		! word_in "$iommu_word" "$cmdline" || iommu_switched_off "$iommu_word"
	done
	# It looks at no unit unless it is told to.
	if [ "$2" = intel_iommu=off ] && [ "$(capture_option INTEL_IOMMU_DEFAULT_OFF)" = y ]; then
		case " $cmdline" in
		*" intel_iommu="*) ;;
		*) cmdline="$cmdline intel_iommu=on" ;;
		esac
	fi
}

iommu_switched_off()
{
	capture_problem "$1 on the command line of the capture kernel keeps it from taking over what the running kernel has switched on" \
		"write it into KDUMP_COMMANDLINE_REMOVE"
}

check_firmware()
{
	if [ -d "$SYS/firmware/acpi/tables" ] && capture_lacks ACPI; then
		need_option ACPI "ACPI" "tells of the devices of this machine"
	fi
}

# console_symbols NAME: what a capture kernel must have for a console of that name, one of
# several; nothing where that is not known
console_symbols()
{
	case $1 in
	ttyS[0-9]*) echo SERIAL_8250_CONSOLE ;;
	tty[0-9]*) echo VT_CONSOLE ;;
	hvc[0-9]*) echo VIRTIO_CONSOLE HVC_XEN HVC_CONSOLE ;;
	ttyAMA[0-9]*) echo SERIAL_AMBA_PL011_CONSOLE ;;
	ttyUSB[0-9]*) echo USB_SERIAL_CONSOLE ;;
	esac
}

# A shell on a console that is not there waits for ever, for nobody.
check_consoles()
{
	consoles_missing=
	for console_word in $cmdline; do
		case $console_word in
		console=?*) ;;
		*) continue ;;
		esac
		console_name=${console_word#console=}
		console_name=${console_name%%,*}
		console_symbols=$(console_symbols "$console_name")
		[ -n "$console_symbols" ] || return 0
		for console_symbol in $console_symbols; do
			! capture_lacks "$console_symbol" && return 0
		done
		consoles_missing="$consoles_missing $console_name"
	done
	[ -n "$consoles_missing" ] || return 0
	console_reason="the capture kernel $kernel_release has none of the consoles of its command line (${consoles_missing# })"
	console_remedy="add one that it has: KDUMP_COMMANDLINE_APPEND=\"console=ttyS0\""
	if [ "$failure_action" = shell ] || [ "$final_action" = shell ]; then
		capture_problem "$console_reason, so nobody could use the shell" "$console_remedy"
	else
		warn "$console_reason, so nothing is seen of it: $console_remedy"
	fi
}

# Print the bytes that are reserved below 4 GiB, where a part lies above.
low_reservation()
{
	sed -n 's/^ *\([0-9a-f]*\)-\([0-9a-f]*\) : Crash kernel$/\1 \2/p' "$PROC/iomem" 2>/dev/null | {
		low_bytes=0 low_split=no
		while read -r low_start low_end; do
			if [ ${#low_start} -gt 8 ]; then
				low_split=yes
			else
				low_bytes=$((low_bytes + 0x$low_end - 0x$low_start + 1))
			fi
		done
		[ $low_split = no ] || echo $low_bytes
	}
}

# Print what leads to the target and reaches no more than 32 bits of addresses.
narrow_devices()
{
	for narrow_path in $wanted_paths; do
		while [ -n "$narrow_path" ] && [ "$narrow_path" != "$SYS/devices" ]; do
			narrow_bits=$(cat "$narrow_path/dma_mask_bits" 2>/dev/null)
			# A bridge has a mask, too, and no use for it.
			case $(driver_of "$narrow_path") in
			'' | pcieport) ;;
			*) [ "${narrow_bits:-64}" -gt 32 ] || echo "${narrow_path##*/}" ;;
			esac
			narrow_path=${narrow_path%/*}
		done
	done | sort -u | tr '\n' ' '
}

# A reservation above 4 GiB is out of reach of such a device: what it reads and writes goes through
# bounce buffers in the low part, for which the kernel takes 64 MiB, or less where there is less.
check_low_memory()
{
	low_reserved=$(low_reservation)
	[ -n "$low_reserved" ] && [ -z "$translated" ] || return 0
	low_devices=$(narrow_devices)
	[ -n "$low_devices" ] || return 0
	if [ "$low_reserved" -lt $((4 * 1048576)) ]; then
		capture_problem "${low_devices% } reaches addresses below 4 GiB only, and of those $((low_reserved / 1048576)) MiB are reserved for the capture kernel" \
			"boot with crashkernel=SIZE,high crashkernel=72M,low"
	elif [ "$low_reserved" -lt $((72 * 1048576)) ]; then
		warn "${low_devices% } reaches addresses below 4 GiB only: of the 72 MiB that its bounce buffers should have $((low_reserved / 1048576)) MiB are reserved (crashkernel=SIZE,high crashkernel=72M,low)"
	fi
}

# release_at_most VERSION: is the capture kernel of that version or older?
release_at_most()
{
	[ -n "$kernel_release" ] || return
	printf '%s %s\n' "$kernel_release" "$1" | awk '{
		split($1, have, /[^0-9]+/); split($2, most, /[^0-9]+/)
		if (have[1] + 0 != most[1] + 0) exit have[1] + 0 > most[1] + 0
		exit have[2] + 0 > most[2] + 0
	}'
}
