// SPDX-License-Identifier: GPL-2.0
/*
 * One ELF note per CPU, to take its registers when the system crashes.
 *
 * The headers of the image hold the physical addresses of the notes, and so
 * does user space through /sys/devices/system/cpu/cpuN/crash_notes: they stay
 * where they are for as long as the kernel runs.
 */

#define pr_fmt(fmt) "crash: " fmt

#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/crash_core.h>
#include <linux/crash_elf.h>
#include <linux/elfcore.h>
#include <linux/init.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmcore_info.h>

note_buf_t __percpu *crash_notes __ro_after_init;

/**
 * crash_save_cpu - write a CPU's registers into its note
 * @regs: the registers
 * @cpu: number of the CPU; one that cannot be is ignored
 *
 * The note is NT_PRSTATUS as in the core file of a process (System V ABI,
 * struct elf_prstatus), with the thread that the CPU was running as its pid.
 * An empty note follows. On a second call, the second registers stay.
 *
 * Context: Any, NMI included; on @cpu itself, while the other CPUs may be doing
 *	    the same.
 */
void crash_save_cpu(struct pt_regs *regs, int cpu)
{
	struct elf_prstatus status;
	u8 *buf;
	size_t used;

	if (cpu < 0 || cpu >= nr_cpu_ids || !crash_notes)
		return;

	memset(&status, 0, sizeof(status));
	status.common.pr_pid = current->pid;
	elf_core_copy_regs(&status.pr_reg, regs);

	buf = (u8 *)per_cpu_ptr(crash_notes, cpu);
	used = crash_note_append(buf, sizeof(note_buf_t),
				 CRASH_CORE_NOTE_NAME, NT_PRSTATUS,
				 &status, sizeof(status));
	memset(buf + used, 0, sizeof(note_buf_t) - used);
}

static int __init crash_cpu_init(void)
{
	/*
	 * Headers and sysfs give the first byte's physical address and a size.
	 * Per-CPU memory may be vmalloc'ed, so the note must not cross a page;
	 * no object does that which is aligned to a power of two as large as
	 * itself.
	 */
	size_t align = roundup_pow_of_two(sizeof(note_buf_t));

	BUILD_BUG_ON(sizeof(note_buf_t) > PAGE_SIZE);

	crash_notes = __alloc_percpu(sizeof(note_buf_t), align);
	if (!crash_notes) {
		pr_warn("no memory for the CPUs' registers\n");
		return -ENOMEM;
	}
	return 0;
}
subsys_initcall(crash_cpu_init);
