# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Commands on the server of an ssh target.  kdump start uses this as it is to try
# the very connection that the capture kernel will make.  It needs
#
#     SSH_CLIENT       openssh or dropbear
#     SSH_LOGIN        user@host
#     SSH_PORT         port
#     SSH_KEY_FILE     private key, in the client's own format
#     SSH_HOSTS_FILE   known_hosts, with the server's key and nothing else

# quote WORD: as one word of a shell
quote()
{
	printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

# ssh_run COMMAND: run a shell command on the server, never asking anybody.
ssh_run()
{
	case $SSH_CLIENT in
	dropbear)
		# It looks for known hosts under the home folder, and nowhere else.
		ssh_home=${SSH_HOSTS_FILE%/.ssh/known_hosts}
		HOME=$ssh_home dbclient -T -K 15 -I 0 -i "$SSH_KEY_FILE" -p "$SSH_PORT" \
			"$SSH_LOGIN" "$1"
		;;
	openssh)
		ssh -T -F /dev/null -i "$SSH_KEY_FILE" -p "$SSH_PORT" \
			-o BatchMode=yes -o StrictHostKeyChecking=yes \
			-o UserKnownHostsFile="$SSH_HOSTS_FILE" -o GlobalKnownHostsFile=/dev/null \
			-o IdentitiesOnly=yes -o ConnectTimeout=15 \
			-o ServerAliveInterval=15 -o ServerAliveCountMax=3 \
			"$SSH_LOGIN" "$1"
		;;
	esac
}

# ssh_copy FILE TARGET: by scp, which only OpenSSH has
ssh_copy()
{
	scp -q -S /bin/ssh -F /dev/null -i "$SSH_KEY_FILE" -P "$SSH_PORT" \
		-o BatchMode=yes -o StrictHostKeyChecking=yes \
		-o UserKnownHostsFile="$SSH_HOSTS_FILE" -o GlobalKnownHostsFile=/dev/null \
		-o IdentitiesOnly=yes -o ConnectTimeout=15 \
		-o ServerAliveInterval=15 -o ServerAliveCountMax=3 \
		"$1" "$SSH_LOGIN:$2"
}
