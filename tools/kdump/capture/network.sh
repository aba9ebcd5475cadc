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

network_up()
{
	uptime_now
	network_until=$((now + NET_TIMEOUT - 5))
	ip link set lo up
	until network_link=$(interface_by_address "$NET_MAC"); do
		usleep 100000
	done
	ip link set "$network_link" up || fail "cannot bring up $network_link"
	wait_carrier "$network_link"
	case $NET_MODE in
	static) network_static "$network_link" ;;
	dhcp) network_dhcp "$network_link" ;;
	esac
}
