// SPDX-License-Identifier: GPL-2.0
/*
 * From a panic to the jump into the crash kernel.
 *
 * Nothing here allocates, sleeps or waits for a lock: the CPU that runs it may
 * have been interrupted anywhere, by an NMI too, and the others may be stuck.
 */

#define pr_fmt(fmt) "crash: " fmt

#include <linux/atomic.h>
#include <linux/btf.h>
#include <linux/compiler.h>
#include <linux/crash_core.h>
#include <linux/export.h>
#include <linux/kexec.h>
#include <linux/mm.h>
#include <linux/objtool.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <linux/vmcore_info.h>

#include "crash_internal.h"
#include "kexec_internal.h"

/**
 * kexec_crash_loaded - is there a crash kernel to jump into?
 *
 * Whoever asks while the system is going down wants to know whether a dump
 * will be made. For them, an image that is switched off is none.
 *
 * Context: Any, NMI included.
 * Return: 1 or 0.
 */
int kexec_crash_loaded(void)
{
	bool panicking = atomic_read(&panic_cpu) != PANIC_CPU_INVALID;

	return READ_ONCE(kexec_crash_image) &&
	       (crash_switch_is_on() || !panicking);
}
EXPORT_SYMBOL_GPL(kexec_crash_loaded);

/**
 * kexec_should_crash - will this oops end in a panic anyway?
 * @task: the task that oopsed
 *
 * If so, the dump is better made at once, with the registers of the oops.
 *
 * Context: Any.
 * Return: 1 if crash_kexec() should be called now. 0 if @task will merely be
 *	   killed, or if panic notifiers are to run before the dump.
 */
int kexec_should_crash(struct task_struct *task)
{
	bool idle = task->pid == 0;

	return !crash_kexec_post_notifiers &&
	       (panic_on_oops || in_interrupt() || idle || is_global_init(task));
}

/*
 * The printk ring takes a record without waiting for anyone; consoles have to
 * wait until the panic, which goes on if there is no jump, flushes them.
 */
static void crash_say(const char *why)
{
	printk_deferred(pr_fmt("no dump: %s\n"), why);
}

static const char crash_no_image[] = "kexec is busy and no image is in place";

static bool crash_image_wanted(void)
{
	if (!READ_ONCE(kexec_crash_image)) {
		if (atomic_read(&__kexec_lock))
			crash_say(crash_no_image);
		return false;
	}
	if (!crash_switch_is_on()) {
		crash_say("switched off in /proc/kexec-dump");
		return false;
	}
	return true;
}

/*
 * Hold kexec still. A regular kexec -l may have the lock, and for long, while
 * the crash image is in place. Whoever replaces that withdraws it before
 * touching its memory and publishes it when it is complete. So with the other
 * CPUs stopped, an image that is published can be used, lock or not.
 */
static bool crash_lock_kexec(void)
{
	if (kexec_trylock() || crash_hotplug_take_over())
		return true;
	crash_smp_send_stop();
	return false;
}

/**
 * __crash_kexec - stop the system and jump into the crash kernel
 * @regs: registers at the crash; NULL means those of this call
 *
 * Must stay a function of its own, with its own frame, for crash_setup_regs().
 * The jump leaves the stack as it is, which objtool cannot follow.
 *
 * Context: Any, NMI included; the calling CPU owns panic_cpu.
 * Return: Only if there is no image, or the switch is off, or the image is
 *	   being replaced.
 */
void __noclone __crash_kexec(struct pt_regs *regs)
{
	struct pt_regs fixed_regs;
	struct kimage *image;
	bool locked;

	if (!crash_image_wanted())
		return;

	locked = crash_lock_kexec();
	image = READ_ONCE(kexec_crash_image);
	if (image) {
		crash_setup_regs(&fixed_regs, regs);
		machine_crash_shutdown(&fixed_regs);
		crash_hotplug_finish_update();
		crash_save_vmcoreinfo();
		machine_kexec(image);
	} else {
		crash_say(crash_no_image);
	}
	if (locked)
		kexec_unlock();
}

STACK_FRAME_NON_STANDARD(__crash_kexec);

/**
 * crash_kexec - make a crash dump, if no other CPU is about to
 * @regs: registers at the crash; NULL means those of this call
 *
 * BPF programs call it, too, under this name.
 *
 * Context: Any, NMI included.
 * Return: If there will be no dump; or if a panic is under way already, which
 *	   then makes it. Where the image was withdrawn just then, other CPUs have
 *	   been stopped for good: go on only to where the system ends.
 */
__bpf_kfunc void crash_kexec(struct pt_regs *regs)
{
	int nobody = PANIC_CPU_INVALID;

	/* panic() takes the same variable, so that they do not stop each other. */
	if (!atomic_try_cmpxchg(&panic_cpu, &nobody, raw_smp_processor_id()))
		return;

	__crash_kexec(regs);
	atomic_set(&panic_cpu, PANIC_CPU_INVALID);
}

/**
 * kimage_crash_copy_vmcoreinfo - keep vmcoreinfo where a wild write cannot get
 * @image: the image being loaded, after machine_kexec_prepare()
 *
 * The copy lies in the crash kernel's memory, which the direct map protects;
 * it is written and, in a panic, read through a mapping of its own. The page
 * goes with the image, and kimage_free() undoes the mapping.
 *
 * Context: Process, under the kexec lock; may sleep.
 * Return: 0, also if @image is not for a crash; -ENOMEM.
 */
int kimage_crash_copy_vmcoreinfo(struct kimage *image)
{
	struct page *page;
	void *copy;

	if (image->type != KEXEC_TYPE_CRASH)
		return 0;

	page = kimage_alloc_control_pages(image, 0);
	copy = page ? vmap(&page, 1, VM_MAP, PAGE_KERNEL) : NULL;
	if (!copy) {
		pr_warn("no memory for a copy of vmcoreinfo\n");
		return -ENOMEM;
	}

	image->vmcoreinfo_data_copy = copy;
	crash_update_vmcoreinfo_safecopy(copy);
	return 0;
}
