# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Some cards work only after their driver has given them firmware, which it asks for by the name
# of a file.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

FIRMWARE=/lib/firmware

# plan_firmware MODULE: what a module may ask for, as far as this system has it.  That is
# what the running kernel gives the card.
plan_firmware()
{
	unpack_module "$1" 2>/dev/null | LC_ALL=C tr '\000' '\n' |
		LC_ALL=C sed -n 's/^firmware=\([A-Za-z0-9._/+-]*\)$/\1/p' | sort -u |
		while read -r firmware_name; do
			for firmware_file in "$FIRMWARE/updates/$firmware_name" "$FIRMWARE/$firmware_name"; do
				for firmware_packed in '' .xz .zst; do
					[ -f "$firmware_file$firmware_packed" ] || continue
					plan_file 600 "/lib/firmware/$firmware_name" "$firmware_file$firmware_packed"
					break 2
				done
			done
		done
}
