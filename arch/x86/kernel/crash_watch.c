// SPDX-License-Identifier: GPL-2.0
/*
 * A stopped CPU that looks after the one that panics.
 *
 * With crash_kexec_post_notifiers, code of many owners runs between the moment
 * in which the other CPUs are stopped and the dump; and the stages of the dump
 * itself touch hardware. Any of that may hang. So the first CPU that has been
 * stopped does not halt at once, but waits until the crash kernel is started. If
 * there is no progress for too long, it sends an NMI to the panicking CPU, which
 * then goes on with the next stage. If that does not help, it makes the dump
 * itself.
 *
 * Progress is a stage that begins, or a new line in the log: printing much to a
 * slow console is no hang.
 *
 * On a machine with one CPU, or with no other that answers, nobody looks; there
 * an NMI from outside does what the watching CPU's would.
 */
#define pr_fmt(fmt) "crash: " fmt

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/crash_core.h>
#include <linux/delay.h>
#include <linux/kexec.h>
#include <linux/kmsg_dump.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include <asm/apic.h>
#include <asm/crash.h>
#include <asm/irqflags.h>
#include <asm/nmi.h>
#include <asm/reboot.h>

/* Time without progress, and in all, after which something hangs. */
#define QUIET_MS	30000
#define TOTAL_MS	600000
/* Time for the panicking CPU to answer an NMI. */
#define ANSWER_MS	2000

#define NO_CPU		(-1)

static int crash_panicking_cpu = NO_CPU;
static atomic_t crash_watcher = ATOMIC_INIT(NO_CPU);
static void (*crash_stop_for_good)(void);
static u64 crash_stop_time;
static bool crash_cut_short;

/**
 * struct crash_progress - what has happened so far
 * @stages: the stages that have begun
 * @line: number of the next line of the log
 */
struct crash_progress {
	unsigned long stages;
	u64 line;
};

static struct crash_progress read_progress(void)
{
	struct kmsg_dump_iter iter;

	kmsg_dump_rewind(&iter);
	return (struct crash_progress) {
		.stages = crash_stages_begun(),
		.line = iter.next_seq,
	};
}

static bool jump_has_begun(void)
{
	return crash_stages_begun() & BIT(CRASH_JUMP);
}

/* Until the jump, or until nothing has happened for quiet_ms. */
static bool wait_for_progress(unsigned int quiet_ms, unsigned int *total_ms)
{
	struct crash_progress old = read_progress(), now;
	unsigned int ms = 0;

	while (ms < quiet_ms && *total_ms < TOTAL_MS && !jump_has_begun()) {
		mdelay(1);
		ms++;
		++*total_ms;
		now = read_progress();
		if (now.stages != old.stages || now.line != old.line)
			ms = 0;
		old = now;
	}
	return jump_has_begun();
}

/*
 * Each NMI takes the panicking CPU behind one more stage, so that their number
 * is an upper bound.
 */
static void watch_crash(void)
{
	unsigned int total_ms = 0, tries;
	unsigned long stages;

	for (tries = 0; tries < CRASH_NR_STAGES; tries++) {
		unsigned int ms;

		if (wait_for_progress(QUIET_MS, &total_ms))
			return;

		stages = crash_stages_begun();
		WRITE_ONCE(crash_cut_short, true);
		__apic_send_IPI(crash_panicking_cpu, NMI_VECTOR);
		for (ms = 0; ms < ANSWER_MS && stages == crash_stages_begun(); ms++)
			mdelay(1);
		if (stages == crash_stages_begun())
			break;
		total_ms = 0;
	}
	if (!jump_has_begun())
		crash_take_over();
}

/* In place of smp_ops.stop_this_cpu: the last that a stopped CPU does. */
static void watch_or_stop(void)
{
	int nobody = NO_CPU;

	if (kexec_crash_loaded() &&
	    atomic_try_cmpxchg(&crash_watcher, &nobody, raw_smp_processor_id()))
		watch_crash();

	if (crash_stop_for_good)
		crash_stop_for_good();
	for (;;)
		native_halt();
}

static bool is_overdue(void)
{
	return READ_ONCE(crash_cut_short) ||
	       ktime_get_mono_fast_ns() - crash_stop_time >
	       (u64)QUIET_MS * NSEC_PER_MSEC;
}

static int handle_crash_nmi(unsigned int type, struct pt_regs *regs)
{
	if (raw_smp_processor_id() != crash_panicking_cpu) {
		run_crash_ipi_callback(regs);
		return NMI_HANDLED;
	}
	if (!jump_has_begun() && is_overdue()) {
		WRITE_ONCE(crash_cut_short, false);
		printk_deferred(pr_fmt("no progress, going on with the dump\n"));
		__crash_kexec(regs);
	}
	return NMI_HANDLED;
}

/**
 * crash_watch_prepare() - have the first CPU that is stopped look after this one
 *
 * Context: Panic, any, on the panicking CPU, before it stops the others.
 */
void crash_watch_prepare(void)
{
	crash_panicking_cpu = raw_smp_processor_id();
	crash_stop_for_good = smp_ops.stop_this_cpu;
	smp_ops.stop_this_cpu = watch_or_stop;
}

/**
 * crash_watch_start() - take an NMI on this CPU as the end of what hangs
 *
 * Context: Panic, any, on the panicking CPU, when it has stopped the others.
 */
void crash_watch_start(void)
{
	crash_stop_time = ktime_get_mono_fast_ns();
	set_emergency_nmi_handler(NMI_LOCAL, handle_crash_nmi);
}
