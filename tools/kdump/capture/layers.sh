# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What lies between the target and its disks is set up here, without udev, by the tools
# of the crashed system: a line for each layer, the lowest first, see lib/layers.sh.
# shellcheck disable=SC2154 # variables of common.sh

# set_up_layers LINES: each within the bound of a step; what a tool said last is in the error
set_up_layers()
{
	[ -n "$1" ] || return 0
	while read -r layer_kind layer_id layer_name layer_more; do
		rm -f "$RUN/layer"
		# shellcheck disable=SC2086 # its words
		step "setting up $layer_name" "$STEP_TIMEOUT" \
			"layer_$layer_kind" "$layer_id" "$layer_name" $layer_more && continue
		layer_said=$(tail -n 1 "$RUN/layer" 2>/dev/null)
		layer_error=$(cat "$RUN/error" 2>/dev/null)
		echo "${layer_error:-setting up $layer_name failed}${layer_said:+ (${layer_said# })}" >"$RUN/error"
		return 1
	done <<-END
	$1
	END
}

# dm_node UUID: the node of a mapped device.  The names in /dev/mapper would be udev's.
dm_node()
{
	for dm_folder in "${SYS-/sys}"/class/block/dm-*; do
		[ "$(cat "$dm_folder/dm/uuid" 2>/dev/null)" = "$1" ] || continue
		echo "/dev/${dm_folder##*/}"
		return
	done
	return 1
}

# layer_lvm DM-UUID NAME GROUP-UUID VOLUME-UUID [SYSTEM-ID]: activate that volume and no other.
# LVM is content with disks that are not there yet, so it is asked until the volume is there.
layer_lvm()
{
	until dm_node "$1" >/dev/null; do
		LVM_SYSTEM_DIR=/lib/kdump LVM_SUPPRESS_FD_WARNINGS=1 lvm lvchange -ay -K --sysinit \
			${5:+--config "global{system_id_source=lvmlocal} local{system_id=\"$5\"}"} \
			--select "vg_uuid=$3 && lv_uuid=$4" \
			>"$RUN/layer" 2>&1
		dm_node "$1" >/dev/null || usleep 500000
	done
}

# layer_md UUID NODE: assemble that array and no other.  In the first half of the time only
# with all members that it had; what one that comes late lacks would have to be copied to it.
# No copying now, which takes memory and the disk's time: that is for the system itself.
layer_md()
{
	md_folder=${SYS-/sys}/class/block/${2##*/}/md
	mkdir -p /run/mdadm
	uptime_now
	md_until=$((now + STEP_TIMEOUT / 2))
	md_run=
	until md_runs; do
		uptime_now
		[ "$now" -lt "$md_until" ] || md_run=--run
		mdadm --assemble "$2" --config=none --uuid="$1" $md_run >"$RUN/layer" 2>&1
		md_runs && break
		mdadm --stop "$2" >/dev/null 2>&1
		usleep 500000
	done
	[ ! -w "$md_folder/sync_action" ] || echo frozen >"$md_folder/sync_action"
}

md_runs()
{
	case $(cat "$md_folder/array_state" 2>/dev/null) in
	'' | clear | inactive) return 1 ;;
	esac
}
