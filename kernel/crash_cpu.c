// SPDX-License-Identifier: GPL-2.0
/*
 * One ELF note per CPU, for its registers when the system crashes.
 *
 * The headers of the image have the physical addresses of the notes, and user
 * space reads them from /sys/devices/system/cpu/cpuN/crash_notes: the notes
 * stay in place as long as the kernel runs.
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
 * @cpu: number of the CPU; an invalid one is ignored
 *
 * The note is NT_PRSTATUS as in the core file of a process (System V ABI,
 * struct elf_prstatus). Its pid is the thread that the CPU was running. An
 * empty note follows. A second call overwrites the first registers.
 *
 * Context: Any, NMI included; on @cpu itself. Other CPUs may do the same.
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
	 * Headers and sysfs give one physical address and a size. Per-CPU
	 * memory may be vmalloc'ed, so the note must not cross a page. An
	 * object that is aligned to a power of two of at least its size does
	 * not.
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
