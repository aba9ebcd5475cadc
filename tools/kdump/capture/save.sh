# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The parts that read the crashed kernel: its log, its memory, what it was.
# shellcheck disable=SC2154 # variables of common.sh

SAVER=/bin/vmcore-save

old_log()
{
	if [ -x $SAVER ]; then
		$SAVER --dmesg "$VMCORE" "$1"
	elif [ -x /bin/makedumpfile ]; then
		makedumpfile --dump-dmesg "$VMCORE" "$1"
	else
		fail "nothing here can read the log: neither vmcore-save nor makedumpfile"
	fi
}

# A log of which not one line could be read is none.
some_lines()
{
	IFS= read -r first_line && printf '%s\n' "$first_line" && cat
}

# seal: from standard input to standard output, encrypted if that is wanted
seal()
{
	if [ -n "$RECIPIENT" ]; then
		$SAVER --encrypt --recipient "$RECIPIENT" -s "$RUN/sealed" -
	else
		cat
	fi
}

# record_size FIELD FILE: on a partition nothing else tells where something encrypted ends.
# FILE has the saver's state.
record_size()
{
	[ "$TARGET" = raw ] && [ -n "$RECIPIENT" ] || return 0
	record "$1" "$(sed -n 's/^encrypted=//p' "$2")"
}

# What is sealed is never empty, so the log is looked at before.
put_log()
{
	{
		old_log /dev/stdout
		echo $? >"$RUN/state/log_status"
	} | { some_lines || echo 1 >"$RUN/no-log"; } | seal | target_put "vmcore-dmesg.txt$SUFFIX" &&
		[ ! -e "$RUN/no-log" ] || return 1
	record_size encrypted_log "$RUN/sealed"
	return "$(state_get log_status)"
}

# vmcore-save returns 4 when messages are missing, where it says how many.
save_log()
{
	rm -f "$RUN/no-log"
	case $TARGET$SUFFIX in
	local | nfs)
		log_file=$MOUNT$(state_get folder)/vmcore-dmesg.txt
		old_log "$log_file"
		log_status=$?
		if ! { [ -s "$log_file" ] && sync "$log_file"; }; then
			fail "the log could not be saved"
		fi
		;;
	*)
		put_log
		log_status=$?
		;;
	esac
	case $log_status in
	0) state_set log saved ;;
	4) state_set log "saved, but for messages that cannot be read" ;;
	*) fail "the log could not be saved" ;;
	esac
}

# Which kernel it was.
identify()
{
	$SAVER --info "$VMCORE" >"$RUN"/info
	record kernel "$(sed -n 's/^release=//p' "$RUN"/info)"
}

# For the hooks, and for whoever stands before the machine, when the target is
# out of reach.  Memory is short, so only the end.
keep_log()
{
	old_log /dev/stdout | tail -c 524288 >"$RUN"/vmcore-dmesg.txt
	tail -n 25 "$RUN"/vmcore-dmesg.txt >/dev/console
}

# collect [SAVER-OPTION...]: run the core collector, as an administrator writes it, so
# that it writes $DESTINATION; with - standard output.  vmcore-save takes the options.
# "command" since a function here may have the name of a program there.
collect()
{
	collect_options="$*${RECIPIENT:+ --recipient $RECIPIENT}"
	# shellcheck disable=SC2086 # a list of words
	set -f -- $COLLECTOR
	collect_program=$1
	case $collect_program:$DESTINATION in
	*/vmcore-save:* | vmcore-save:*)
		# shellcheck disable=SC2086 # a list of words
		command "$@" $collect_options -s "$RUN"/saver "$DESTINATION"
		;;
	*/dd:- | dd:-) command "$@" if="$VMCORE" ;;
	*/dd:* | dd:*) command "$@" if="$VMCORE" of="$DESTINATION" ;;
	*/cp:- | cp:-) cat "$VMCORE" ;;
	*:-) command "$@" "$VMCORE" ;;
	*) command "$@" "$VMCORE" "$DESTINATION" ;;
	esac
}

# Memory by class, once: it takes as long as a copy.
keep_summary()
{
	[ -r /proc/vmcore-kern-summary ] || return 0
	cat /proc/vmcore-kern-summary >"$RUN/summary.new" && mv "$RUN/summary.new" "$RUN/summary"
}

# The filter knows what is what, and has found nothing of the kernel.
without_kernel()
{
	grep -q '^filter: on' "$RUN/summary" 2>/dev/null &&
		grep -q '^kernel: pages 0 ' "$RUN/summary"
}

# Why the collector failed.  The numbers are those of vmcore-save, and $RAW_FULL.
collect_failed()
{
	case $COLLECTOR:$1 in
	*vmcore-save*:3 | *:"$RAW_FULL") fail "no space is left on $TARGET_NAME" ;;
	*vmcore-save*:4) fail "not all of $VMCORE could be read: $(sed -n 's/^error=//p' "$RUN"/saver)" ;;
	esac
	if [ "$TARGET" = local ] || [ "$TARGET" = nfs ]; then
		if [ "$(df -k -P "$MOUNT" | awk 'END { print $4 }')" -lt 64 ]; then
			fail "no space is left on $TARGET_NAME"
		fi
	fi
	fail "${COLLECTOR%% *} failed with status $1 on $TARGET_NAME"
}

dump_mounted()
{
	dump_file=$MOUNT$(state_get folder)/vmcore$SUFFIX
	state_set copy "$dump_file-incomplete"
	DESTINATION=$dump_file-incomplete
	collect
	collect_status=$?
	chmod 600 "$dump_file-incomplete"	# cp gives it the mode of the source
	[ $collect_status -eq 0 ] || collect_failed $collect_status
	# An error of writing back is told of the file alone; without a name sync knows none.
	sync "$dump_file-incomplete" || fail "the dump could not be written to $TARGET_NAME"
	mv "$dump_file-incomplete" "$dump_file" || fail "cannot rename vmcore-incomplete"
	sync
}

dump_ssh()
{
	dump_file=$(state_get folder)/vmcore$SUFFIX
	case $COLLECTOR in
	scp | scp\ *) ssh_copy "$VMCORE" "$dump_file-incomplete" || collect_failed $? ;;
	*)
		DESTINATION=-
		collect | ssh_run "umask 077; cat >$(quote "$dump_file-incomplete")"
		collect_status=$?
		[ $collect_status -eq 0 ] || collect_failed $collect_status
		;;
	esac
	# scp gives it the mode of the source.
	dump_quoted=$(quote "$dump_file-incomplete")
	ssh_run "chmod 600 $dump_quoted; sync $dump_quoted &&
		mv $dump_quoted $(quote "$dump_file") && sync" ||
		fail "the dump could not be written to $TARGET_NAME"
}

# Up to where the record and the log begin, and not a byte further.
dump_raw()
{
	raw_room=$(($(state_get raw_tail) * RAW_BLOCK))
	case $COLLECTOR in
	vmcore-save*)
		DESTINATION=$(state_get device)
		collect -m "$raw_room"
		collect_status=$?
		record_size encrypted "$RUN/saver"
		[ $collect_status -eq 0 ] || collect_failed $collect_status
		;;
	*)
		DESTINATION=-
		collect | write_raw "$raw_room" || collect_failed $?
		;;
	esac
}

# write_raw BYTES: from standard input to the partition, which must have room for all
write_raw()
{
	dd of="$(state_get device)" bs=1M count=$(($1 / 1048576)) iflag=fullblock \
		conv=notrunc,fsync || return
	[ "$(head -c 1 | wc -c)" -eq 0 ] || return "$RAW_FULL"
}

# The administrator's own command: it is given the names of what there is.
dump_command()
{
	export KDUMP_SOURCE="$VMCORE" KDUMP_LOG="$RUN/out/vmcore-dmesg.txt" KDUMP_HOST="$HOST"
	sh -c "$TRANSFER" || fail "KDUMP_TRANSFER failed with status $?"
}

# What can be told without debug information.
report_text()
{
	echo "Kernel crash of $HOST, saved $(date -u '+%Y-%m-%d %H:%M:%S') UTC"
	echo
	cat "$RUN"/info
	if [ -s "$RUN/summary" ]; then
		echo
		echo "Memory by class:"
		cat "$RUN/summary"
	fi
	echo
	echo "How saving went:"
	record_text
	report_log=$MOUNT$(state_get folder)/vmcore-dmesg.txt
	[ -s "$report_log" ] || report_log=$RUN/out/vmcore-dmesg.txt
	if [ -s "$report_log" ]; then
		echo
		echo "Where it crashed:"
		grep -E 'Kernel panic|BUG:|Oops|RIP:|Call Trace|CPU: |Hardware name:' "$report_log" |
			tail -n 20
		echo
		echo "The last lines of the log:"
		tail -n 60 "$report_log"
	fi
}

save_report()
{
	# For the lines of it that are in the report: what has been saved cannot be read here.
	[ -z "$RECIPIENT" ] || old_log /dev/stdout | tail -c 524288 >"$RUN/out/vmcore-dmesg.txt"
	report_text | seal | target_put "report.txt$SUFFIX" || fail "the report could not be saved"
}

save_record()
{
	record_text | target_put kdump-status || fail "the status record could not be saved"
}

save_own_log()
{
	dmesg | target_put kexec-dmesg.log
}

# The target cannot be reached: the record goes to where kdump has its own files, which is
# the running system's disk, if that is one that can be mounted.  kdump status looks there.
save_record_elsewhere()
{
	[ -n "$RECORD_DEVICE" ] || return 0
	record_node=$(DEVICE_SIZE='' wait_device "$RECORD_DEVICE")
	mkdir -p /root/record
	mount -t "$RECORD_FSTYPE" -o "rw${RECORD_MOUNT_OPTIONS:+,$RECORD_MOUNT_OPTIONS}" \
		"$record_node" /root/record || fail "the record cannot be kept on $RECORD_DEVICE either"
	(enter_inside /root/record "$RECORD_PATH" && umask 077 &&
		record_text >./lost-record.new && sync ./lost-record.new &&
		mv ./lost-record.new ./lost-record && sync)
	record_status=$?
	umount /root/record
	return $record_status
}

# Room for the report, see there; a sync makes it really free.
release_reserve()
{
	case $TARGET in
	local | nfs) rm -f "$MOUNT$(state_get folder)/$RESERVE" && sync ;;
	esac
}

remove_dump()
{
	remove_file=$MOUNT$(state_get folder)/vmcore$SUFFIX
	rm -f "$remove_file-incomplete" "$remove_file"
	sync
}
