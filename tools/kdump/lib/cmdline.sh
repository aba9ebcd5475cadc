# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The words of the capture kernel's command line.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# Of the running kernel's words these stay behind.  A name stands for all of its values, a
# pair NAME=VALUE for itself, * at the end for any rest; - and _ are alike.
#
# First those that tell of the running kernel's memory: the capture kernel has another, and
# takes what it is told of for its own, with the crashed kernel in it.
CMDLINE_REMOVE="mem memmap crashkernel kernelcore movablecore movable_node elfcorehdr efi_fake_mem
	numa memblock
	BOOT_IMAGE initrd init rdinit resume resume_offset hibernate systemd.unit ignition.firstboot quiet splash
	kexec_dump
	nr_cpus maxcpus possible_cpus additional_cpus disable_cpu_apicid isolcpus nohz_full rcu_nocbs
	irqaffinity"
# Then what takes memory,
CMDLINE_REMOVE="$CMDLINE_REMOVE hugepages hugepagesz default_hugepagesz hugetlb_cma hugetlb_free_vmemmap
	cma cma_pernuma numa_cma swiotlb log_buf_len percpu_alloc ramdisk_size
	slub_debug slab_debug page_owner page_poison debug_pagealloc debug_guardpage_minorder
	debug_objects kmemleak kfence.* kasan kasan.* kmsan stack_depot_* memtest
	trace_buf_size trace_event trace_options trace_instance trace_clock ftrace* tp_printk kprobe_event
	backtrace_verbose"
# what makes a panic of an event that the capture kernel had better live through, and what
# waits for somebody.
CMDLINE_REMOVE="$CMDLINE_REMOVE panic panic_on_* panic_print oops unknown_nmi_panic nmi_watchdog
	softlockup_panic hardlockup_panic hung_task_panic rcupdate.* *_all_cpu_backtrace
	sysctl.kernel.* sysctl.vm.* kgdbwait kgdboc kgdbcon initcall_debug"

# And what it needs: devices that were left running are reset, memory is saved, and
# a capture kernel that fails itself reboots.  Not irqpoll, which calls the handlers
# of devices that nobody has set up again.  numa=off also keeps the kernel from reading
# where memory could be plugged in: for what may come above 4 GiB it would set aside up to
# 64 MiB of bounce buffers.  Not swiotlb=noforce, which would take them away where they are
# needed: with a reservation above 4 GiB, and where memory is encrypted.  Not mce=off: with
# it any machine check while the dump is saved resets the machine.
CMDLINE_APPEND="reset_devices novmcoredd cgroup_disable=memory numa=off
	transparent_hugepage=never panic=10"

# cmdline_without COMMANDLINE LIST: what is left without the words in LIST, up to --, after
# which come arguments for init
cmdline_without()
{
	# Quotes keep words together: the kernel takes only double ones.
	printf '%s\n' "$1" | awk -v list="$2" '
		function plain(text) {
			gsub(/-/, "_", text)
			return text
		}
		function is_gone(word,    name, i) {
			gsub(/"/, "", word)
			name = word; sub(/=.*/, "", name)
			if (plain(name) in gone || word in pair) return 1
			for (i = 1; i <= patterns; i++)
				if (plain(name) ~ pattern[i]) return 1
			return 0
		}
		BEGIN {
			n = split(list, names, /[ \t\n]+/)
			for (i = 1; i <= n; i++)
				if (index(names[i], "=")) pair[names[i]]
				else if (index(names[i], "*")) {
					text = plain(names[i]); gsub(/\./, "[.]", text); gsub(/\*/, ".*", text)
					pattern[++patterns] = "^" text "$"
				} else gone[plain(names[i])]
		}
		{
			word = ""; quoted = 0
			for (i = 1; i <= length($0) + 1; i++) {
				c = substr($0, i, 1)
				if (c == "\"") quoted = !quoted
				if (c == "" || (!quoted && (c == " " || c == "\t"))) {
					if (word == "--") exit
					if (word != "" && !is_gone(word)) printf "%s ", word
					word = ""
				} else word = word c
			}
		}'
}

# cmdline_has COMMANDLINE NAME...: is there a word of one of these names?
cmdline_has()
{
	has_line=$1
	shift
	[ "$(cmdline_without "$has_line" "$*")" != "$(cmdline_without "$has_line" "")" ]
}

# cmdline_own: our own words, but for those that the administrator does without or says himself
cmdline_own()
{
	own_line="${KDUMP_COMMANDLINE-} ${KDUMP_COMMANDLINE_APPEND-}"
	own_cpus=$(capture_cpus)
	if ! cmdline_has "$own_line" nr_cpus maxcpus; then
		[ "$own_cpus" = 0 ] || printf '%s ' "nr_cpus=$own_cpus"
	fi
	cmdline_has "$own_line" disable_cpu_apicid || lost_boot_cpu
	cmdline_without "$CMDLINE_APPEND" "${KDUMP_COMMANDLINE_REMOVE-}"
}

# A kernel before Linux 6.9 that starts on another CPU than the machine did would start that
# one once more, which resets the machine.
lost_boot_cpu()
{
	[ "$own_cpus" != 1 ] || cmdline_has "$own_line" nr_cpus maxcpus || return 0
	case $kernel_release in
	[0-5].* | 6.[0-8] | 6.[0-8][!0-9]* | '') ;;
	*) return ;;
	esac
	awk -F '[ \t]*:[ \t]*' '$1 == "processor" { cpu = $2 }
		$1 == "apicid" && cpu == 0 { printf "disable_cpu_apicid=%d ", $2; exit }' "$PROC/cpuinfo"
}

# warn_of_memory LINE VARIABLE WORDS
warn_of_memory()
{
	! cmdline_has "$3" mem memmap || warn "$SYSCONFIG_FILE:$1: $2 has mem= or memmap=: the capture kernel may take memory of the crashed one for its own, and the dump is wrong then"
}
