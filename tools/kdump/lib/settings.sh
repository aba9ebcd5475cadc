# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# From the configuration to what the capture side is told.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# Read both files.
read_configuration()
{
	conf_read "$CONF_FILE"
	sys_read "$SYSCONFIG_FILE"
}

# The name in the name of the folder; no slash, no dot in front.
host_name()
{
	host=${KDUMP_HOST-}
	[ -n "$host" ] || host=$(cat /proc/sys/kernel/hostname)
	[ -n "$host" ] && [ "$host" != "(none)" ] || host=localhost
	printf %s "$host" | tr -c 'A-Za-z0-9._-' _ | sed 's/^[.-]/_/'
}

# The program that copies, as the capture side runs it.
choose_collector()
{
	format=
	if [ -n "${conf_core_collector-}" ]; then
		# There it is in /bin, and known by its name.
		collector_program=${conf_core_collector%% *}
		collector=${collector_program##*/}${conf_core_collector#"$collector_program"}
		for collector_variable in KDUMP_DUMPLEVEL KDUMP_DUMPFORMAT; do
			unused "$collector_variable" "core_collector in $CONF_FILE says it all"
		done
		return
	fi
	collector_program=vmcore-save
	collector="vmcore-save -l ${KDUMP_DUMPLEVEL-31}"
	case ${KDUMP_DUMPFORMAT-} in
	none) format=none ;;
	ELF) collector="$collector -F elf" ;;
	compressed) collector="$collector -c zlib" ;;
	lzo | zstd) collector="$collector -c $KDUMP_DUMPFORMAT" ;;
	raw) collector="vmcore-save -l 0 -F elf" ;;
	esac
}

# A key to which nothing can be encrypted, or a wrong one, is to be found before the crash.
check_recipient()
{
	[ -n "${conf_encrypt-}" ] || return 0
	if [ -n "${KDUMP_TRANSFER-}" ]; then
		problem "$SYSCONFIG_FILE" "${line_KDUMP_TRANSFER-0}" \
			"KDUMP_TRANSFER reads the crashed kernel's memory itself, so 'encrypt' cannot be kept" \
			"remove one of them"
	fi
	# These are told elsewhere.
	[ -x "$LIB/vmcore-save" ] && [ "$conf_encrypt" != refused ] || return 0
	recipient_error=$("$LIB/vmcore-save" --check-recipient "$conf_encrypt" 2>&1) ||
		problem "$CONF_FILE" "$line_encrypt" "${recipient_error#vmcore-save: }" \
			"write it as age-keygen prints it"
}

# After a dump that was saved: kdump.conf first, then SUSE's variables.
choose_actions()
{
	failure_action=${conf_failure_action-reboot}
	final_action=${conf_final_action-reboot}
	if [ "${KDUMP_IMMEDIATE_REBOOT-yes}" = no ]; then
		if [ -n "${conf_final_action-}" ]; then
			ignored "$SYSCONFIG_FILE" "$line_KDUMP_IMMEDIATE_REBOOT" KDUMP_IMMEDIATE_REBOOT \
				"final_action in $CONF_FILE says it"
		elif [ -n "${KDUMP_RUNLEVEL-}" ]; then
			final_action=boot
		else
			final_action=shell
		fi
	elif [ -n "${KDUMP_RUNLEVEL-}" ]; then
		ignored "$SYSCONFIG_FILE" "$line_KDUMP_RUNLEVEL" KDUMP_RUNLEVEL \
			"the machine reboots at once, unless KDUMP_IMMEDIATE_REBOOT is no"
	fi
}

# setting NAME VALUE: one line of the capture side's settings
setting()
{
	printf '%s=' "$1"
	printf %s "$2" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"
	[ -n "$2" ] || printf "''"
	echo
}

write_settings()
{
	echo "# Made by kdump; what is here was $CONF_FILE and $SYSCONFIG_FILE."
	setting HOST "$host"
	setting COLLECTOR "$collector"
	setting FORMAT "$format"
	setting RECIPIENT "${conf_encrypt-}"
	setting TRANSFER "${KDUMP_TRANSFER-}"
	setting FAILURE_ACTION "$failure_action"
	setting FINAL_ACTION "$final_action"
	setting RUNLEVEL "${KDUMP_RUNLEVEL-}"
	setting KEEP_OLD "${KDUMP_KEEP_OLD_DUMPS-0}"
	setting FREE_MB "${KDUMP_FREE_DISK_SIZE-0}"
	setting STEP_TIMEOUT "${KDUMP_STEP_TIMEOUT-60}"
	setting STALL_TIMEOUT "${KDUMP_STALL_TIMEOUT-60}"
	setting HOOK_TIMEOUT "${KDUMP_HOOK_TIMEOUT-300}"
	setting NET_TIMEOUT "${KDUMP_NET_TIMEOUT-60}"
	setting PROBE_ASYNC "${probe_async-yes}"
	setting FENCE_ARGS "${conf_fence_kdump_args-}"
	setting FENCE_NODES "$fence_nodes"
	setting TARGET "$target"
	setting TARGET_NAME "$target_name"
	setting DEVICE "$device"
	setting LAYERS "$layers"
	setting DEVICE_SIZE "$device_size"
	setting DEVICE_ID "$device_id"
	setting RAW_SIZE "$raw_size"
	setting RAW_ID "$raw_id"
	setting FSTYPE "$fstype"
	setting MOUNT_OPTIONS "$mount_options"
	setting MOUNT_SECONDS "${mount_seconds:-0}"
	setting SAVE_PATH "$save_path"
	setting RECORD_DEVICE "$record_device"
	setting RECORD_FSTYPE "$record_fstype"
	setting RECORD_MOUNT_OPTIONS "$record_options"
	setting RECORD_PATH "$record_path"
	write_network_settings
	setting ROOT_TARGET local
	setting ROOT_TARGET_NAME "the root file system"
	setting ROOT_DEVICE "$root_device"
	setting ROOT_LAYERS "$root_layers"
	setting ROOT_DEVICE_SIZE ""
	setting ROOT_DEVICE_ID ""
	setting ROOT_FSTYPE "$root_fstype"
	setting ROOT_MOUNT_OPTIONS "$root_options"
	setting ROOT_MOUNT_SECONDS "${root_seconds:-0}"
	setting ROOT_SAVE_PATH "$root_path"
}

write_network_settings()
{
	setting NET_MODE "$net_mode"
	setting NET_LINKS "$net_links"
	setting NET_ADDRESS "$net_address"
	setting NET_GATEWAY "$net_gateway"
	setting NFS_SOURCE "$nfs_source"
	setting NFS_ADDRESS "$server_address"
	setting NFS_VERSIONS "$nfs_versions"
	setting NFS_OPTIONS "$nfs_options"
	setting SSH_CLIENT "$ssh_client"
	setting SSH_LOGIN "$ssh_login"
	setting SSH_PORT "$ssh_port"
	setting SSH_KEY_FILE /etc/kdump/ssh_key
	setting SSH_HOSTS_FILE /root/.ssh/known_hosts
}
