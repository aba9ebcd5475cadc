# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The interface that leads to the server, with the address that it had when
# kdump was armed, or one from DHCP.

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
	[ -z "$NET_GATEWAY" ] || ip route add default via "$NET_GATEWAY" dev "$1" ||
		fail "cannot route through $NET_GATEWAY"
}

network_dhcp()
{
	udhcpc -i "$1" -n -q -f -s /lib/kdump/udhcpc-script ||
		fail "no answer from a DHCP server on $1"
}

network_up()
{
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
