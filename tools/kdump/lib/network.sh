# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Targets behind a network: the way to the server, NFS, ssh.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# address_of NAME: its IPv4 address; the capture kernel has no resolver
address_of()
{
	case $1 in
	*[!0-9.]*) ;;
	*.*.*.*)
		echo "$1"
		return
		;;
	esac
	if command -v getent >/dev/null; then
		getent ahostsv4 "$1" | awk '{ print $1; exit }'
	else
		nslookup "$1" 2>/dev/null | awk '/^Name:/ { on = 1 }
			on && /^Address/ { for (i = 2; i <= NF; i++)
				if ($i ~ /^[0-9.]+$/) { print $i; exit } }'
	fi
}

# resolve_network ADDRESS: the interface and the address that lead there now, or
# what KDUMP_NETCONFIG says: auto, DEVICE:static or DEVICE:dhcp
resolve_network()
{
	net_device='' net_mode=static
	case ${KDUMP_NETCONFIG-auto} in
	auto) ;;
	?*:static) net_device=${KDUMP_NETCONFIG%:*} ;;
	?*:dhcp) net_device=${KDUMP_NETCONFIG%:*} net_mode=dhcp ;;
	*)
		problem "$SYSCONFIG_FILE" "$line_KDUMP_NETCONFIG" \
			"KDUMP_NETCONFIG cannot be '$KDUMP_NETCONFIG'" \
			"write auto, DEVICE:static or DEVICE:dhcp"
		return 1
		;;
	esac
	net_links=''
	[ -z "$net_device" ] || take_link "$net_device" || return
	net_device=${net_device:+$(master_of "$net_device")}
	keep_trying find_route "${1:-192.0.2.1}" || :
	[ -n "$net_device" ] || net_device=$(echo "$net_route" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
	if [ -z "$net_device" ]; then
		not_reached "no network card leads to ${1:-anywhere}" \
			"name one: KDUMP_NETCONFIG=DEVICE:static or DEVICE:dhcp"
		return 1
	fi
	[ -n "$net_links" ] || take_link "$net_device" || return
	net_gateway=$(echo "$net_route" | sed -n 's/.* via \([^ ]*\).*/\1/p')
	net_source=$(echo "$net_route" | sed -n 's/.* src \([^ ]*\).*/\1/p')
	net_address=$(ip -4 addr show dev "$net_device" | awk -v source="$net_source" '
		$1 == "inet" { split($2, part, "/"); if (source == "" || part[1] == source) { print $2; exit } }')
	if [ "$net_mode" = static ] && [ -z "$net_address" ]; then
		not_reached "$net_device has no IPv4 address" "bring it up first, or write $net_device:dhcp"
		return 1
	fi
}

# fence_kdump_send needs addresses, and a network that a target on a disk does not bring.
resolve_nodes()
{
	fence_nodes=
	[ -n "${conf_fence_kdump_nodes-}" ] || return 0
	target_line=$line_fence_kdump_nodes
	for node in $conf_fence_kdump_nodes; do
		node_address=$(address_of "$node")
		if [ -z "$node_address" ]; then
			target_problem "the name $node has no IPv4 address" \
				"is the name right, does the network work?"
			return
		fi
		fence_nodes="$fence_nodes${fence_nodes:+ }$node_address"
	done
	[ -n "$net_mode" ] || resolve_network "${fence_nodes%% *}"
}

resolve_server()
{
	if ! keep_trying find_address "$1"; then
		not_reached "the name $1 has no IPv4 address" "is the name right, does the network work?"
		return 1
	fi
	resolve_network "$server_address"
}

resolve_nfs()
{
	target=nfs
	target_name="$conf_target (NFS)"
	nfs_source=$conf_target
	resolve_server "${conf_target%%:/*}" || return 0
	nfs_source=$server_address:/${conf_target#*:/}
	wanted_modules="$wanted_modules nfs nfsv4 nfsv3"
	nfs_versions="4.2 4.1 4.0 3"
	nfs_options=${conf_mount_options:+,$conf_mount_options}
	mkdir -p "$WORK/mnt"
	if keep_trying some_nfs_version; then
		check_nfs
	else
		not_reached "$conf_target cannot be mounted ($(echo "${nfs_error:-no reason given}" | printable))" \
			"is the server up, and does it export this to $net_address?"
	fi
}

# Try what the capture kernel will do, and keep the version that works.
check_nfs()
{
	nfs_spoken=$(nfs_versions_of_capture | tr '\n' ' ')
	for nfs_version in $nfs_spoken; do
		nfs_error=$(try_nfs "$nfs_version" 2>&1) || continue
		if nfs_error=$(try_folder "$WORK/mnt" "$save_path"); then
			keep_record "$WORK/mnt" "$save_path" any
			nfs_versions=$nfs_version
		else
			target_problem "$save_path on $conf_target cannot be used: $nfs_error" \
				"name the folder itself; is it exported for writing, without root_squash?"
		fi
		umount "$WORK/mnt" || umount -l "$WORK/mnt"
		return
	done
	for nfs_version in $nfs_versions; do
		! word_in "$nfs_version" "$nfs_spoken" || continue
		try_nfs "$nfs_version" >/dev/null 2>&1 || continue
		umount "$WORK/mnt"
		target_problem "$conf_target speaks NFS version $nfs_version, but none that the capture kernel $kernel_release has (${nfs_spoken:-none})" \
			"name a kernel that has it (KDUMP_KERNELVER), or have the server speak another version"
		return
	done
	target_problem "$conf_target cannot be mounted (${nfs_error:-no reason given})" \
		"is the server up, and does it export this to $net_address?"
}

try_nfs()
{
	try_bound=
	! command -v timeout >/dev/null || try_bound="timeout 30"
	# soft: a server that goes away now must not hold this command for ever.
	$try_bound mount -i -t nfs -o "rw,soft,nosuid,nodev,noexec,nolock,vers=$1,addr=$server_address,proto=tcp,timeo=50,retrans=2$nfs_options" \
		"$nfs_source" "$WORK/mnt"
}

resolve_ssh()
{
	target=ssh
	target_name="$conf_target (ssh)"
	ssh_user=${conf_target%@*}
	ssh_host=${conf_target##*@}
	ssh_port=22
	case $ssh_host in
	*:*[!0-9]* | *:) ;;
	*:*) ssh_port=${ssh_host##*:} ssh_host=${ssh_host%:*} ;;
	esac
	choose_ssh_client || return 0
	resolve_server "$ssh_host" || return 0
	ssh_login=$ssh_user@$server_address
	ssh_key=${conf_sshkey-/root/.ssh/kdump_id_rsa}
	if [ ! -f "$ssh_key" ]; then
		target_problem "there is no key $ssh_key" "run kdump propagate, or name one: sshkey FILE"
		return
	fi
	pin_host_key || return 0
	check_ssh
}

# The smaller one, if it is there.
choose_ssh_client()
{
	ssh_client=${KDUMP_SSH_CLIENT-}
	if [ -z "$ssh_client" ]; then
		ssh_client=openssh
		case ${collector%% *} in
		scp) ;;
		*) ! command -v dbclient >/dev/null || ssh_client=dropbear ;;
		esac
	fi
	ssh_program=ssh
	[ "$ssh_client" = openssh ] || ssh_program=dbclient
	if ! command -v "$ssh_program" >/dev/null; then
		target_problem "there is no program $ssh_program" \
			"install openssh-client or dropbear-bin"
		return 1
	fi
}

# The server's key, as it is known here, under the address that the capture kernel
# will use.  It is the only one that the capture kernel believes.
pin_host_key()
{
	ssh_home=$WORK/ssh
	mkdir -p "$ssh_home/.ssh"
	ssh_known=$ssh_home/.ssh/known_hosts
	known_host_keys "$ssh_host" "$ssh_port" |
		while read -r pin_type pin_key; do
			echo "$server_address $pin_type $pin_key"
			echo "[$server_address]:$ssh_port $pin_type $pin_key"
		done >"$ssh_known"
	if [ ! -s "$ssh_known" ]; then
		target_problem "the key of the server $ssh_host is not known, so it could be anybody" \
			"run kdump propagate, and compare the fingerprint"
		return 1
	fi
	cp "$ssh_key" "$ssh_home/key" && chmod 600 "$ssh_home/key"
	# dropbear has a format of its own, and reads OpenSSH's in part only.
	if [ "$ssh_client" = dropbear ] && grep -q BEGIN "$ssh_key"; then
		if ! dropbearconvert openssh dropbear "$ssh_key" "$ssh_home/key" >/dev/null 2>&1; then
			target_problem "dropbear cannot use the key $ssh_key" \
				"give it no passphrase, or write KDUMP_SSH_CLIENT=openssh"
			return 1
		fi
	fi
}

# known_host_keys HOST PORT: type and key of each, from the file that propagate
# writes or from root's own
known_host_keys()
{
	known_name=$1
	[ "$2" = 22 ] || known_name="[$1]:$2"
	for known_file in "$PINNED_HOSTS" /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts; do
		[ -f "$known_file" ] || continue
		if command -v ssh-keygen >/dev/null; then
			ssh-keygen -F "$known_name" -f "$known_file" 2>/dev/null
		else
			awk -v name="$known_name" '$1 == name' "$known_file"
		fi | awk '$1 !~ /^[#@]/ && NF >= 3 { print $2, $3 }' >"$WORK/host-keys"
		if [ -s "$WORK/host-keys" ]; then
			cat "$WORK/host-keys"
			return
		fi
	done
}

# Make the very connection that the capture kernel will make.
check_ssh()
{
	SSH_CLIENT=$ssh_client SSH_LOGIN=$ssh_login SSH_PORT=$ssh_port
	SSH_KEY_FILE=$ssh_home/key SSH_HOSTS_FILE=$ssh_known
	if ! keep_trying ssh_answers; then
		not_reached "no ssh connection to $conf_target ($(tail -n 1 "$WORK/ssh-error" | printable))" \
			"is the server up?"
		return
	fi
	ssh_path=$(quote "$save_path")
	if ! ssh_answer=$(ssh_run "mkdir -p $ssh_path && test -w $ssh_path && echo writable;
			newest=\$(ls -d $ssh_path/$(quote "$host")-$DATES $ssh_path/$(quote "$host")-$DATES$TIES \
				2>/dev/null | sort | tail -n 1);
			head -c $RECORD_LIMIT \"\$newest/kdump-status\" 2>/dev/null | tr -d '\000'; exit 0" 2>"$WORK/ssh-error" </dev/null); then
		target_problem "no ssh connection to $conf_target ($(tail -n 1 "$WORK/ssh-error" | printable))" \
			"run kdump propagate; is the server's key still the same?"
		return
	fi
	case $ssh_answer in
	writable*) ;;
	*)
		target_problem "$save_path on $conf_target cannot be written" \
			"make it on the server, for user $ssh_user"
		return
		;;
	esac
	keep_record_text "$(echo "$ssh_answer" | sed 1d)"
}

# kdump propagate: a key for this host, known to the server, and the server's own
# key pinned
propagate()
{
	read_configuration
	[ "${conf_kind-}" = ssh ] || die "the target in $CONF_FILE is not ssh, so there is nothing to propagate"
	ssh_host=${conf_target##*@}
	ssh_port=22
	case $ssh_host in
	*:*) ssh_port=${ssh_host##*:} ssh_host=${ssh_host%:*} ;;
	esac
	for propagate_program in ssh-keygen ssh-copy-id; do
		program_path $propagate_program >/dev/null ||
			die "there is no program $propagate_program: install openssh-client"
	done
	ssh_key=${conf_sshkey-/root/.ssh/kdump_id_rsa}
	if [ ! -f "$ssh_key" ]; then
		(umask 077 && mkdir -p "$(dirname "$ssh_key")")
		case ${ssh_key##*/} in
		*ed25519*) ssh_key_type="ed25519" ;;
		*) ssh_key_type="rsa -b 3072" ;;
		esac
		# shellcheck disable=SC2086 # a list of words
		ssh-keygen -q -t $ssh_key_type -N '' -f "$ssh_key" || die "cannot make the key $ssh_key"
	fi
	mkdir -p "$(dirname "$PINNED_HOSTS")"
	# The key opens a shell for the dump and nothing else.  -f, since there is no private key
	# of this name; so not once more what is there already.
	make_work
	echo "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,no-pty $(cat "$ssh_key.pub")" \
		>"$WORK/key.pub"
	ssh -i "$ssh_key" -p "$ssh_port" -o BatchMode=yes -o IdentitiesOnly=yes \
		-o UserKnownHostsFile="$PINNED_HOSTS" "${conf_target%:"$ssh_port"}" : 2>/dev/null ||
		ssh-copy-id -f -i "$WORK/key.pub" -p "$ssh_port" -o UserKnownHostsFile="$PINNED_HOSTS" \
		-o HashKnownHosts=no "${conf_target%:"$ssh_port"}" ||
		die "the key could not be given to $conf_target"
	say "the key $ssh_key is known to $conf_target, and its own key is pinned:"
	ssh-keygen -l -f "$PINNED_HOSTS"
}
