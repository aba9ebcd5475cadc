# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# KDUMP_EARLY=yes: what is armed goes into the system's own initramfs, too, which arms it
# before the root file system is there.  A hook of initramfs-tools puts it in.
# shellcheck disable=SC2154 # variables that other files set

check_early()
{
	[ "${KDUMP_EARLY-no}" = yes ] || return 0
	command -v update-initramfs >/dev/null || problem "$SYSCONFIG_FILE" "$line_KDUMP_EARLY" \
		"there is no update-initramfs, which KDUMP_EARLY needs" "install initramfs-tools, or write no"
}

# update_early: after a start, if the initramfs has not what has been loaded
update_early()
{
	early_wanted=
	[ "${KDUMP_EARLY-no}" != yes ] || early_wanted=$(armed_value "$STATE/armed" sums)
	[ "$early_wanted" != "$(cat "$STATE/early" 2>/dev/null)" ] || return 0
	say "making the system's initramfs, for KDUMP_EARLY"
	if ! update-initramfs -u -k "$(uname -r)" >"$WORK/update-initramfs" 2>&1; then
		tail -n 5 "$WORK/update-initramfs" | sed 's/^/    /' >&2
		warn "update-initramfs failed: before the service starts this machine is armed as it was, or not"
	elif [ "$early_wanted" != "$(cat "$STATE/early" 2>/dev/null)" ]; then
		warn "update-initramfs has not called kdump's hook: before the service starts this machine is not armed"
	fi
}
