# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# kdump test: without --force everything but the crash; with it the crash, too, and
# a verdict by kdump status after the reboot.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

try_it()
{
	if [ "$FORCE" != 1 ]; then
		say "dry run: nothing is loaded"
		say "kexec -p --initrd=$INITRAMFS --command-line='$cmdline' $image"
		say "all is well; kdump test --force crashes this machine to prove it"
		return
	fi
	is_loaded || die "not armed: kdump start"
	mkdir -p "$STATE"
	rm -f "$STATE/last-record" "$STATE/test-result"
	date +%s >"$STATE/test-pending"
	say "crashing now; after the reboot, kdump status tells how it went"
	sync
	echo 1 >/proc/sys/kernel/sysrq
	echo c >/proc/sysrq-trigger
}

# After the reboot: the record says how the test went.
status_of_test()
{
	test_began=$(cat "$STATE/test-pending")
	test_uptime=$(cut -d . -f 1 /proc/uptime)
	if [ $(($(date +%s) - test_uptime)) -lt "$test_began" ]; then
		return	# not rebooted yet
	fi
	if [ "$(record_value result)" = ok ]; then
		echo "test of $(date -d "@$test_began"): passed"
	else
		echo "test of $(date -d "@$test_began"): failed, $(record_value error)"
	fi
}
