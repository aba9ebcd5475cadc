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
	read_quietly
	refresh_record
	rm -f "$STATE/test-before" "$STATE/test-result"
	# Whatever is there now is not of this test.
	[ ! -s "$STATE/last-record" ] || cp "$STATE/last-record" "$STATE/test-before"
	date +%s >"$STATE/test-pending"
	say "crashing now; after the reboot, kdump status tells how it went"
	sync
	crash_now
}

crash_now()
{
	echo 1 >/proc/sys/kernel/sysrq
	echo c >/proc/sysrq-trigger
}

# After the reboot: the record says how the test went.
status_of_test()
{
	test_began=$(cat "$STATE/test-pending")
	test_uptime=$(cut -d . -f 1 "$PROC/uptime")
	if [ $(($(date +%s) - test_uptime)) -lt "$test_began" ]; then
		return	# not rebooted yet
	fi
	if [ -s "$STATE/test-result" ]; then
		test_verdict=$(cat "$STATE/test-result")
	elif [ ! -s "$STATE/last-record" ] || cmp -s "$STATE/last-record" "$STATE/test-before"; then
		test_verdict="failed, no record of it was found"
	else
		test_verdict=passed
		case $(record_value result) in
		ok) ;;
		incomplete) test_verdict="passed, but $(record_value warning)" ;;
		*) test_verdict="failed, $(record_value error)" ;;
		esac
		# The record of a later crash says nothing of this one.
		(echo "$test_verdict" >"$STATE/test-result") 2>/dev/null
	fi
	echo "test of $(date -d "@$test_began"): $test_verdict"
}
