# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What lies between an address and the network cards: bonds, VLANs, bridges.  Each becomes a
# line that tells the capture kernel how to set it up again, see capture/network.sh, the
# lowest first:
#
#     card NAME ADDRESS
#     port NAME ADDRESS                     a card of a bond, which may do without it
#     bond NAME ADDRESS PORT,... OPTION=VALUE...
#     vlan NAME LOWER ID
#
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# What a bond is made of again.  The mode comes first, since others depend on it, and the links
# of cards are always watched.
BOND_OPTIONS="mode miimon lacp_rate ad_select xmit_hash_policy fail_over_mac primary"

# take_link DEVICE: append to $net_links, and set $link_top, the device that gets the address there
take_link()
{
	link_folder=$SYS/class/net/$1
	if [ -d "$link_folder/bonding" ]; then
		take_bond "$1"
	elif [ -r "$PROC/net/vlan/$1" ]; then
		take_vlan "$1"
	elif [ -d "$link_folder/bridge" ]; then
		take_bridge "$1"
	elif [ -e "$link_folder/device" ]; then
		take_card card "$1"
	else
		target_problem "no network card leads to the server, but $1, which the capture kernel does not set up" \
			"name a card, a bond, a VLAN or a bridge: KDUMP_NETCONFIG=DEVICE:static or DEVICE:dhcp"
		return 1
	fi
}

add_link()
{
	net_links=$net_links${net_links:+"
"}$*
	link_top=$2
}

# take_card KIND DEVICE
take_card()
{
	want_device "$SYS/class/net/$2/device"
	add_link "$1" "$2" "$(card_address "$2")"
}

take_bond()
{
	need_option BONDING "bonds" "$1 is" bonding
	bond_ports=$(cat "$SYS/class/net/$1/bonding/slaves")
	for bond_port in $bond_ports; do
		if [ ! -e "$SYS/class/net/$bond_port/device" ]; then
			target_problem "the bond $1 has a port that is no network card ($bond_port)" \
				"name another way to the server: KDUMP_NETCONFIG=DEVICE:static or DEVICE:dhcp"
			return 1
		fi
		take_card port "$bond_port"
	done
	bond_words=
	for bond_option in $BOND_OPTIONS; do
		read -r bond_value _ 2>/dev/null <"$SYS/class/net/$1/bonding/$bond_option" || continue
		[ "$bond_option=$bond_value" != miimon=0 ] || bond_value=100
		[ -z "$bond_value" ] || bond_words="$bond_words $bond_option=$bond_value"
	done
	# shellcheck disable=SC2086 # lists of words
	add_link bond "$1" "$(cat "$SYS/class/net/$1/address")" \
		"$(echo $bond_ports | tr ' ' ,)" $bond_words
}

take_vlan()
{
	if ip -d link show dev "$1" 2>/dev/null | grep -q 802.1ad; then
		target_problem "$1 is a VLAN of another kind (802.1ad)" "name another way to the server"
		return 1
	fi
	need_option VLAN_8021Q "VLANs" "$1 is" 8021q
	take_link "$(sed -n 's/^Device: *//p' "$PROC/net/vlan/$1")" || return
	add_link vlan "$1" "$link_top" "$(sed -n 's/.* VID: \([0-9]*\).*/\1/p' "$PROC/net/vlan/$1")"
}

# take_bridge DEVICE: the capture kernel needs no bridge, only the way out of it, which gets the
# address.  The other ports are those of virtual machines.
take_bridge()
{
	bridge_ways=
	for bridge_port in "$SYS/class/net/$1/brif"/*; do
		bridge_port=${bridge_port##*/}
		if [ -e "$SYS/class/net/$bridge_port/device" ] || [ -r "$PROC/net/vlan/$bridge_port" ] ||
				[ -d "$SYS/class/net/$bridge_port/bonding" ]; then
			bridge_ways="$bridge_ways $bridge_port"
		fi
	done
	case ${bridge_ways# } in
	'' | *' '*)
		target_problem "the bridge $1 has more than one way out, or none (${bridge_ways# })" \
			"name one: KDUMP_NETCONFIG=DEVICE:static or DEVICE:dhcp"
		return 1
		;;
	esac
	take_link "${bridge_ways# }"
}

# master_of DEVICE: the bridge or bond that it belongs to, which has the address
master_of()
{
	master_name=$1
	while [ -e "$SYS/class/net/$master_name/master" ]; do
		master_name=$(basename "$(readlink -f "$SYS/class/net/$master_name/master")")
	done
	echo "$master_name"
}
