# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# A kernel that is locked down loads nothing but images with a signature that it believes.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

lockdown_mode()
{
	sed -n 's/.*\[\(.*\)\].*/\1/p' "$SYS/kernel/security/lockdown" 2>/dev/null
}

is_locked_down()
{
	case $(lockdown_mode) in
	'' | none) return 1 ;;
	esac
}

# The firmware looks at signatures: the last byte of this variable is 1.
has_secure_boot()
{
	[ "$(od -A n -t u1 -j 4 -N 1 \
		"$SYS/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c" 2>/dev/null |
		tr -d ' ')" = 1 ]
}

# Of the image that find_kernel takes then, and what it costs.
tell_lockdown()
{
	[ -n "$lockdown_image" ] || return 0
	measure_need
	lockdown_need=$((need - need_image - need_runtime + $(image_memory "$OUR_IMAGE") + RUNTIME))
	say "the kernel is locked down ($(lockdown_mode)) and loads nothing that is not signed: its own image $lockdown_image is taken, not that of this package. That takes $(mib "$need") of the reservation instead of $(mib "$lockdown_need")"
}

# After an image has been refused: why, and whether another would do.
explain_lockdown()
{
	is_locked_down || return 0
	if ! has_secure_boot; then
		echo "kdump: the kernel is locked down ($(lockdown_mode)), and this machine was not booted by Secure Boot, from which a distribution's kernel takes the keys that it believes: no image can be loaded here. Boot with Secure Boot, or without lockdown=" >&2
	elif [ -n "$lockdown_image" ]; then
		echo "kdump: the kernel is locked down ($(lockdown_mode)) and does not believe the signature of its own image $image: is it the one that was booted?" >&2
	else
		echo "kdump: the kernel is locked down ($(lockdown_mode)) and $image has no signature that it believes: sign it with a key that is enrolled (mokutil), or name no kernel, and the running one's own image is taken" >&2
	fi
}
