# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Servers that do not answer yet: after a power failure all machines start at once, and a
# switch may forward nothing for its first half minute.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# How many of the problems are of this kind; how many seconds may pass, all in all, until a
# server answers; and when they are over.
unreachable=0
reach_seconds=0
reach_end=

# not_reached REASON REMEDY: the configuration may be right, but something does not answer
not_reached()
{
	unreachable=$((unreachable + 1))
	target_problem "$1" "$2"
}

# keep_trying COMMAND...: until it succeeds, or the time is over
keep_trying()
{
	while ! "$@"; do
		reach_now=$(date +%s)
		if [ -z "$reach_end" ]; then
			reach_end=$((reach_now + reach_seconds))
			[ "$reach_seconds" -eq 0 ] || say "waiting for network and server, up to $reach_seconds s"
		fi
		[ "$reach_now" -lt "$reach_end" ] || return 1
		sleep 2
	done
}

# find_address NAME: into $server_address
find_address()
{
	server_address=$(address_of "$1")
	[ -n "$server_address" ]
}

# find_route ADDRESS: the way there now into $net_route; through $net_device, if it is set
find_route()
{
	net_route=$(ip -4 route get "$1" ${net_device:+oif "$net_device"} 2>/dev/null | head -n 1)
	case $net_route in
	*" dev "*) return 0 ;;
	esac
	return 1
}

# some_nfs_version: does the server let us mount at all?  Leaves nothing mounted.
some_nfs_version()
{
	for reach_version in $nfs_versions; do
		nfs_error=$(try_nfs "$reach_version" 2>&1) || continue
		umount "$WORK/mnt" || umount -l "$WORK/mnt"
		return
	done
	return 1
}

# ssh_answers: a refusal is an answer, too; why it is none, in $WORK/ssh-error
ssh_answers()
{
	ssh_run : >/dev/null 2>"$WORK/ssh-error" </dev/null && return
	grep -q -i -E 'permission denied|verification failed|host key|no supported' "$WORK/ssh-error"
}
