# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The interface that leads to the server, with the address that it had when
# kdump was armed, or one from DHCP.
# shellcheck disable=SC2154 # variables of common.sh

# Print the name of the interface with that hardware address.
interface_by_address()
{
	for interface in /sys/class/net/*; do
		if [ "$(cat "$interface/address")" = "$1" ]; then
			echo "${interface##*/}"
			return
		fi
	done
	return 1
}

# Wait for the link.  The step around bounds the wait.
wait_carrier()
{
	until [ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]; do
		usleep 100000
	done
}

network_static()
{
	ip addr add "$NET_ADDRESS" dev "$1" || fail "cannot give $1 the address $NET_ADDRESS"
	[ -z "$NET_GATEWAY" ] || add_gateway "$NET_GATEWAY" "$1" ||
		fail "cannot route through $NET_GATEWAY"
}

# add_gateway GATEWAY DEVICE: it may lie beyond the address's own network, as it does
# in clouds that give out addresses with a prefix of 32 bits.
add_gateway()
{
	ip route add default via "$1" dev "$2" 2>/dev/null && return
	ip route add "$1" dev "$2" && ip route add default via "$1" dev "$2"
}

# A switch may forward nothing for its first 30 seconds, so that to ask three times
# is not enough; a request each 3 s, for as long as the step around has.
network_dhcp()
{
	uptime_now
	dhcp_tries=$(((network_until - now) / 3))
	[ $dhcp_tries -ge 3 ] || dhcp_tries=3
	udhcpc -i "$1" -n -q -f -t $dhcp_tries -T 3 -s /lib/kdump/udhcpc-script ||
		fail "no answer from a DHCP server on $1"
}

# insist COMMAND...: until it succeeds, for the same reason, or the time of the step
# around is almost over
insist()
{
	uptime_now
	insist_until=$((now + NET_TIMEOUT - 5))
	until "$@"; do
		uptime_now
		[ "$now" -lt $insist_until ] || return 1
		usleep 1000000
	done
}

# links_up LINES: cards, and what is made of them, the lowest first, see lib/links.sh.  Set
# $network_link, the name that the last one has here.
links_up()
{
	while read -r link_kind link_name link_more; do
		# shellcheck disable=SC2086 # its words
		"link_$link_kind" "$link_name" $link_more || return
		network_link=$(state_get "link-$link_name")
	done <<-END
	$1
	END
}

link_card()
{
	until link_found=$(interface_by_address "$2"); do
		usleep 100000
	done
	state_set "link-$1" "$link_found"
}

# A bond does without a card that does not come in half of the time.
link_port()
{
	link_until=$((network_until - NET_TIMEOUT / 2))
	until link_found=$(interface_by_address "$2"); do
		uptime_now
		[ "$now" -lt $link_until ] || break
		usleep 100000
	done
	state_set "link-$1" "$link_found"
}

# link_bond NAME ADDRESS PORT,... OPTION=VALUE...
link_bond()
{
	bond_name=$1 bond_address=$2 bond_ports=$3
	bond_folder=${SYS-/sys}/class/net/$bond_name/bonding
	[ -d "$bond_folder" ] || echo "+$bond_name" >"${SYS-/sys}/class/net/bonding_masters"
	shift 3
	for bond_option; do
		[ "${bond_option%%=*}" = primary ] || echo "${bond_option#*=}" >"$bond_folder/${bond_option%%=*}"
	done 2>/dev/null
	ip link set "$bond_name" address "$bond_address"
	bond_cards=0
	for bond_port in $(echo "$bond_ports" | tr , ' '); do
		bond_card=$(state_get "link-$bond_port")
		[ -n "$bond_card" ] || continue
		ip link set "$bond_card" down
		echo "+$bond_card" >"$bond_folder/slaves" && bond_cards=$((bond_cards + 1))
		case " $* " in
		*" primary=$bond_port "*) echo "$bond_card" >"$bond_folder/primary" ;;
		esac
	done
	[ $bond_cards -gt 0 ] || fail "no card of $bond_name is there"
	state_set "link-$bond_name" "$bond_name"
}

# link_vlan NAME LOWER ID
link_vlan()
{
	vlan_lower=$(state_get "link-$2")
	ip link set "$vlan_lower" up
	ip link add link "$vlan_lower" name "$1" type vlan id "$3" || fail "cannot make the VLAN $1"
	state_set "link-$1" "$1"
}

network_up()
{
	uptime_now
	network_until=$((now + NET_TIMEOUT - 5))
	ip link set lo up
	links_up "$NET_LINKS" || return
	ip link set "$network_link" up || fail "cannot bring up $network_link"
	wait_carrier "$network_link"
	case $NET_MODE in
	static) network_static "$network_link" ;;
	dhcp) network_dhcp "$network_link" ;;
	esac
}
