# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Network cards by the address that is burnt in: the one in use may be another, which the
# capture kernel does not know.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# card_address DEVICE: a card of a bond has the bond's, and NetworkManager makes some up
card_address()
{
	for card_own in "$(cat "$SYS/class/net/$1/bonding_slave/perm_hwaddr" 2>/dev/null)" \
			"$(ip -d link show dev "$1" 2>/dev/null |
				sed -n 's/.* permaddr \([0-9a-f:]*\).*/\1/p')"; do
		if [ -n "$card_own" ]; then
			echo "$card_own"
			return
		fi
	done
	cat "$SYS/class/net/$1/address"
}
