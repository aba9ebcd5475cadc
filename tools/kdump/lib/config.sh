# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# /etc/kdump.conf, in Red Hat's syntax: an option and its value on a line, # begins
# a comment.  What it says becomes variables conf_OPTION, with the line that said
# so in line_OPTION.  Nothing of the file is ever evaluated.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# conf_set OPTION VALUE: no option counts twice
conf_set()
{
	eval "conf_earlier=\${line_$1-}"
	# shellcheck disable=SC2154 # set by the line above
	if [ -n "$conf_earlier" ]; then
		problem "$CONF" "$conf_number" "'$conf_name' has been given in line $conf_earlier already" \
			"keep one of them"
		return
	fi
	eval "conf_$1=\$2 line_$1=\$conf_number"
}

# conf_one_of OPTION VALUE ALLOWED...
conf_one_of()
{
	conf_option=$1
	conf_wanted=$2
	shift 2
	for conf_allowed; do
		if [ "$conf_wanted" = "$conf_allowed" ]; then
			conf_set "$conf_option" "$conf_wanted"
			return
		fi
	done
	problem "$CONF" "$conf_number" "'$conf_name' cannot be '$conf_wanted'" "write one of: $*"
}

# conf_target KIND VALUE: there is one target
conf_target()
{
	if [ -n "${line_target-}" ]; then
		problem "$CONF" "$conf_number" "a second target ('$conf_name'), after the one in line $line_target" \
			"a dump goes to one place; keep one of them"
		return
	fi
	conf_kind=$1
	conf_set target "$2"
}

# conf_path OPTION VALUE: a full path.  Quotes around it are common elsewhere, and so is a
# path of the target without its slash.
conf_path()
{
	case $2 in
	\"*\" | \'*\')
		conf_path "$1" "$(printf %s "$2" | sed 's/^.\(.*\).$/\1/')"
		return
		;;
	esac
	case $2 in
	*[[:space:]]*)
		problem "$CONF" "$conf_number" "'$2' has a blank in it" "use a path without" ;;
	*/../* | */..)
		problem "$CONF" "$conf_number" "'$2' has '..' in it" "write the path itself" ;;
	/*) conf_set "$1" "$2" ;;
	*)
		problem "$CONF" "$conf_number" "'$2' is not a full path" "write $1 /$2" ;;
	esac
}

# conf_hook OPTION VALUE: a program
conf_hook()
{
	if [ ! -f "$2" ]; then
		problem "$CONF" "$conf_number" "there is no file '$2'" "create it, or remove this line"
	elif [ ! -x "$2" ]; then
		problem "$CONF" "$conf_number" "'$2' is not executable" "chmod +x $2"
	else
		conf_set "$1" "$2"
	fi
}

# conf_device KIND VALUE: a block device by name, LABEL= or UUID=
conf_device()
{
	conf_value=$2
	case $conf_value in
	LABEL=?* | UUID=?* | PARTUUID=?*) conf_value=${conf_value%\"} ;;
	/dev/?*) ;;
	*)
		[ "$1" = virtiofs ] ||
			problem "$CONF" "$conf_number" "'$2' names no device" \
				"write /dev/..., LABEL=... or UUID=..."
		;;
	esac
	# LABEL="name" is written with quotes, too.
	case $conf_value in
	*=\"*) conf_value=${conf_value%%\"*}${conf_value#*\"} ;;
	esac
	conf_target "$1" "$conf_value"
}

conf_nfs()
{
	case $1 in
	*[[:space:]]*)
		problem "$CONF" "$conf_number" "'$1' has a blank in it" "write nfs SERVER:/EXPORT" ;;
	?*:/*) conf_target nfs "$1" ;;
	*)
		problem "$CONF" "$conf_number" "'$1' names no NFS export" "write nfs SERVER:/EXPORT" ;;
	esac
}

conf_ssh()
{
	case $1 in
	*[[:space:]]* | *[\'\"\$\`\;\&\|\<\>\\]* | -*)
		problem "$CONF" "$conf_number" "'$1' has characters that no login has" \
			"write ssh USER@SERVER" ;;
	?*@?*) conf_target ssh "$1" ;;
	*)
		problem "$CONF" "$conf_number" "'$1' names no user" "write ssh USER@SERVER" ;;
	esac
}

# net is what nfs and ssh were, long ago
conf_net()
{
	warn "$CONF:$conf_number: 'net' is an old name: write nfs or ssh"
	case $1 in
	*:/*) conf_nfs "$1" ;;
	*) conf_ssh "$1" ;;
	esac
}

# conf_option NAME VALUE
conf_option()
{
	case $1 in
	path) conf_path path "$2" ;;
	ext[234] | xfs | btrfs | minix | virtiofs) conf_device "$1" "$2" ;;
	raw) conf_device raw "$2" ;;
	nfs) conf_nfs "$2" ;;
	ssh) conf_ssh "$2" ;;
	net) conf_net "$2" ;;
	sshkey) conf_path sshkey "$2" ;;
	core_collector) conf_collector "$2" ;;
	encrypt) conf_encrypt "$2" ;;
	kdump_pre | kdump_post | kdump_emergency) conf_hook "$1" "$2" ;;
	extra_bins | extra_modules | fence_kdump_args | fence_kdump_nodes) conf_set "$1" "$2" ;;
	failure_action) conf_one_of failure_action "$2" reboot halt poweroff shell dump_to_rootfs ;;
	default)
		warn "$CONF:$conf_number: 'default' is an old name: write failure_action"
		conf_one_of failure_action "$2" reboot halt poweroff shell dump_to_rootfs
		;;
	final_action) conf_one_of final_action "$2" reboot halt poweroff ;;
	force_rebuild | force_no_rebuild) conf_one_of "$1" "$2" 0 1 ;;
	auto_reset_crashkernel)
		conf_one_of "$1" "$2" yes no
		[ "$2" != yes ] || ignored "$CONF" "$conf_number" "'$1'" \
			"kdump reset-crashkernel writes to the boot loader, when you say so"
		;;
	*) conf_without_effect "$@" ;;
	esac
}

# Options that other tools have, and those that nobody has.
conf_without_effect()
{
	case $1 in
	dracut_args)
		case $2 in
		*--mount*)
			conf_dracut_mount "$2"
			return
			;;
		esac
		conf_why="the initramfs is not made by dracut; use extra_bins and extra_modules" ;;
	override_resettable) conf_why="devices are reset by reset_devices on the command line" ;;
	options)
		conf_module_options "$2"
		return
		;;
	link_delay) conf_why="the link is waited for, up to KDUMP_NET_TIMEOUT seconds" ;;
	disk_timeout) conf_why="the device is waited for, up to KDUMP_STEP_TIMEOUT seconds" ;;
	debug_mem_level) conf_why="kexec-dmesg.log beside the dump has the capture kernel's log" ;;
	blacklist) conf_why="only modules that the target needs are loaded" ;;
	*)
		problem "$CONF" "$conf_number" "unknown option '$(printf %s "$1" | printable)'" \
			"$(conf_remedy "$1")"
		return
		;;
	esac
	ignored "$CONF" "$conf_number" "'$1'" "$conf_why"
}

# conf_remedy NAME: for what is nearly an option
conf_remedy()
{
	conf_near=$(printf %s "$1" | tr 'A-Z-' 'a-z_')
	case $1 in
	*[!\ -~]*) echo "there is a character before or in it that is not seen, as a byte-order mark or a blank that is none: write the line again" ;;
	*=*) echo "write ${1%%=*} ${1#*=}" ;;
	auto) echo "write the type of the file system: ext4, xfs or btrfs" ;;
	path | failure_action | final_action | extra_bins | extra_modules) echo "correct it" ;;
	*)
		case $conf_near in
		"$1") echo "correct it, or put # before the line" ;;
		path | ext[234] | xfs | btrfs | raw | nfs | ssh | core_collector | encrypt | extra_bins | \
		extra_modules | failure_action | final_action | kdump_pre | kdump_post)
			echo "write $conf_near"
			;;
		*) echo "correct it, or put # before the line" ;;
		esac
		;;
	esac
}

# conf_dracut_mount VALUE: --mount "SOURCE FOLDER TYPE OPTIONS" is where others' dumps go, so
# it is the target here, too, or refused.  FOLDER is of dracut's own system.
conf_dracut_mount()
{
	conf_mount=$(printf '%s\n' "$1" |
		sed -n "s/^--mount[= ][[:space:]]*\"\([^\"']*\)\"\$/\1/p; s/^--mount[= ][[:space:]]*'\([^\"']*\)'\$/\1/p")
	# shellcheck disable=SC2086 # its words
	set -f -- $conf_mount
	set +f
	if [ $# -lt 3 ] || [ $# -gt 6 ]; then
		problem "$CONF" "$conf_number" "this --mount cannot be understood, and it says where dumps go" \
			"write the target: nfs SERVER:/EXPORT, or ext4, xfs or btrfs DEVICE"
		return
	fi
	case $3 in
	nfs | nfs4) conf_nfs "$1" ;;
	ext[234] | xfs | btrfs) conf_device "$3" "$1" ;;
	*)
		problem "$CONF" "$conf_number" "--mount of type $3 is none of the targets here" \
			"write ext4, xfs, btrfs, nfs or ssh"
		return
		;;
	esac
	conf_words=$(mount_words "$3" "${4-defaults}")
	case $conf_words in
	*'?'*)
		problem "$CONF" "$conf_number" "the capture kernel cannot do ${conf_words#*'?'}" \
			"export it to this host with sec=sys over TCP, or name another target"
		;;
	esac
	conf_set mount_options "$conf_words"
}

# mount_words TYPE OPTIONS: what is left of these for a mount of our own
mount_words()
{
	printf '%s\n' "$2" | tr , '\n' | while IFS= read -r mount_word; do
		case $1:$mount_word in
		*:defaults | *:rw | *:auto | *:noauto | *:nofail | *:_netdev | *:x-* | *:user | *:nouser | \
		*:comment=* | *:vers=* | *:nfsvers=* | *:nolock | *:hard | *:soft | *:) ;;
		nfs*:sec=* | nfs*:rdma | nfs*:proto=rdma | nfs*:tls | nfs*:xprtsec=*)
			echo "?$mount_word"
			;;
		*) printf '%s,' "$mount_word" ;;
		esac
	done | sed 's/,$//'
}

# conf_module_options VALUE: NAME OPTION=VALUE...; several lines are allowed
conf_module_options()
{
	case $1 in
	*[[:space:]]*=*)
		conf_options="${conf_options-}$(printf '%s\n' "$1" | sed 's/^\([^[:space:]]*\)[[:space:]][[:space:]]*/\1 /')
"
		;;
	*)
		problem "$CONF" "$conf_number" "'options' names a module and its options" \
			"write options MODULE OPTION=VALUE"
		;;
	esac
}

# The command may stand in quotes, as Red Hat's examples have it.
conf_collector()
{
	case $1 in
	\"*\") conf_value=${1#\"} && conf_value=${conf_value%\"} ;;
	\'*\') conf_value=${1#\'} && conf_value=${conf_value%\'} ;;
	*) conf_value=$1 ;;
	esac
	case $conf_value in
	*[\;\&\|\<\>\$\`\'\"\\]*)
		problem "$CONF" "$conf_number" "'core_collector' is a program and its arguments, without a shell" \
			"put what needs a shell into a script of your own and name it here" ;;
	*) conf_set core_collector "$conf_value" ;;
	esac
}

# conf_encrypt VALUE: a public key of age.  What decrypts is not to be here, nor in a message;
# vmcore-save looks at the rest, see check_recipient.  After a problem nothing is saved in clear.
conf_encrypt()
{
	case $1 in
	[Aa][Gg][Ee]-[Ss][Ee][Cc]*)
		conf_set encrypt refused
		problem "$CONF" "$conf_number" "this is the key that decrypts, which may not be on this machine" \
			"remove it from here, and write the public one, age1..." ;;
	*[!a-z0-9]*)
		conf_set encrypt refused
		problem "$CONF" "$conf_number" "'encrypt' takes one public key of age" \
			"write encrypt age1..., as age-keygen prints it" ;;
	*) conf_set encrypt "$1" ;;
	esac
}

# Remove a comment, and blanks at both ends, from $conf_line.
conf_strip()
{
	case $conf_line in
	'#'*) conf_line= ;;
	*[[:space:]]'#'*) conf_line=${conf_line%%[[:space:]]'#'*} ;;
	esac
	conf_line=${conf_line#"${conf_line%%[![:space:]]*}"}
	case $conf_line in
	'#'*) conf_line= ;;
	esac
	conf_line=${conf_line%"${conf_line##*[![:space:]]}"}
}

# conf_text FILE: refuse what is no text, with the line
conf_text()
{
	conf_bad=$(LC_ALL=C tr '\000' '\001' <"$1" | LC_ALL=C tr -d '\011\015' |
		LC_ALL=C awk '/[\001-\010\013-\037\177]/ { print NR; exit }')
	[ -z "$conf_bad" ] || problem "$1" "$conf_bad" "there are bytes that are no text" \
		"the file is damaged; write it again"
	[ -z "$conf_bad" ]
}

# conf_read FILE
conf_read()
{
	CONF=$1
	conf_number=0
	if [ ! -e "$CONF" ]; then
		return 0	# all defaults
	fi
	if [ ! -f "$CONF" ] || [ ! -r "$CONF" ]; then
		problem "$CONF" 0 "the file cannot be read" "make it a file that root can read"
		return 0
	fi
	conf_text "$CONF" || return 0
	# shellcheck disable=SC2094 # only its name is printed
	while IFS= read -r conf_line || [ -n "$conf_line" ]; do
		conf_number=$((conf_number + 1))
		conf_line=${conf_line%"$(printf '\r')"}
		conf_strip
		[ -n "$conf_line" ] || continue
		conf_name=${conf_line%%[[:space:]]*}
		conf_rest=${conf_line#"$conf_name"}
		conf_rest=${conf_rest#"${conf_rest%%[![:space:]]*}"}
		if [ -z "$conf_rest" ]; then
			problem "$CONF" "$conf_number" "'$conf_name' has no value" \
				"write one, or put # before the line"
			continue
		fi
		conf_option "$conf_name" "$conf_rest"
	done <"$CONF"
	conf_together
}

# What does not go together.
conf_together()
{
	if [ "${conf_force_rebuild-0}" = 1 ] && [ "${conf_force_no_rebuild-0}" = 1 ]; then
		problem "$CONF" "${line_force_no_rebuild-0}" \
			"force_rebuild (line ${line_force_rebuild-0}) and force_no_rebuild exclude each other" \
			"keep one of them"
	fi
	if [ -n "${line_sshkey-}" ] && [ "${conf_kind-}" != ssh ]; then
		ignored "$CONF" "$line_sshkey" "'sshkey'" "the target is not ssh"
	fi
	conf_program=${conf_core_collector-}
	conf_program=${conf_program%% *}
	case ${conf_kind-}:${conf_program##*/} in
	ssh:scp) ;;
	*:scp)
		problem "$CONF" "$line_core_collector" "scp copies to an ssh target only" \
			"name another core_collector, or an ssh target" ;;
	esac
	case ${conf_kind-}:${conf_program##*/}:"${conf_core_collector-} " in
	*" -F "*) ;;
	ssh:makedumpfile* | raw:makedumpfile*)
		problem "$CONF" "$line_core_collector" "without -F makedumpfile writes to a file only" \
			"write core_collector makedumpfile -F ..." ;;
	esac
	case ${line_encrypt:+encrypt}:${conf_program##*/} in
	encrypt: | encrypt:vmcore-save | :*) ;;
	*)
		problem "$CONF" "$line_encrypt" "'encrypt' is something that only vmcore-save does" \
			"remove core_collector, or write core_collector vmcore-save ..." ;;
	esac
	if [ -n "${line_fence_kdump_args-}" ] && [ -z "${line_fence_kdump_nodes-}" ]; then
		problem "$CONF" "$line_fence_kdump_args" "fence_kdump_args without fence_kdump_nodes" \
			"name the nodes that are to be told"
	fi
}
