// SPDX-License-Identifier: GPL-2.0
/*
 * The way from a panic to the jump into the crash kernel.
 *
 * It consists of stages (enum crash_stage). Each begins at most once. A fault
 * in a stage is an oops, which enters this code again on the same CPU, and goes
 * on behind the stage that faulted. If the jump itself faults, panic() goes on
 * to the reboot by panic=.
 *
 * Nothing here allocates, sleeps or waits for a lock: the CPU may have been
 * interrupted anywhere, also by an NMI, and the other CPUs may be stuck.
 */

#define pr_fmt(fmt) "crash: " fmt

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/btf.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/crash_core.h>
#include <linux/export.h>
#include <linux/kexec.h>
#include <linux/objtool.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/vmcore_info.h>

#include "crash_internal.h"
#include "kexec_internal.h"

#define NO_CPU	(-1)

/* The CPU that makes the dump, and its progress. Only this CPU writes them. */
static atomic_t crash_owner = ATOMIC_INIT(NO_CPU);
static unsigned long crash_begun;
static enum crash_stage crash_current_stage;

/* Results of earlier stages for later ones, which may run on another stack. */
static struct pt_regs crash_regs;
static struct kimage *crash_image;
static const char *crash_safe_text;

static const char *const crash_stage_names[CRASH_NR_STAGES] = {
	[CRASH_REGISTERS]	= "registers",
	[CRASH_STOP_CPUS]	= "stop CPUs",
	[CRASH_UPDATE]		= "finish update",
	[CRASH_RECORD]		= "check record",
	[CRASH_PLATFORM]	= "platform",
	[CRASH_VIRTUALIZATION]	= "virtualization",
	[CRASH_TRACE]		= "processor trace",
	[CRASH_LOW_MEMORY]	= "low memory",
	[CRASH_IO_APIC]		= "I/O APIC",
	[CRASH_LOCAL_APIC]	= "local APIC",
	[CRASH_IRQ_MODE]	= "interrupt mode",
	[CRASH_TIMER]		= "timer",
	[CRASH_ENCRYPTION]	= "encryption",
	[CRASH_VMCOREINFO]	= "vmcoreinfo",
	[CRASH_JUMP]		= "jump",
};

static_assert(CRASH_NR_STAGES <= BITS_PER_LONG);

static bool crash_is_owner(void)
{
	return atomic_read(&crash_owner) == raw_smp_processor_id();
}

/**
 * kexec_crash_loaded - test whether a crash kernel is loaded
 *
 * Callers during a panic need to know whether a dump will be made. For them, an
 * image that is switched off does not count.
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
 * kexec_should_crash - test whether an oops will end in a panic anyway
 * @task: the task that oopsed
 *
 * If so, the dump is made at once, with the registers of the oops. An oops on
 * the way from a panic to the dump must not end the task that panicked: the
 * dump would never be made.
 *
 * Context: Any.
 * Return: 1 if crash_kexec() should be called now. 0 if @task will merely be
 *	   killed, or if panic notifiers are to run before the dump.
 */
int kexec_should_crash(struct task_struct *task)
{
	bool idle = task->pid == 0;

	if (crash_is_owner() || (panic_on_this_cpu() && kexec_crash_loaded()))
		return 1;
	return !crash_kexec_post_notifiers &&
	       (panic_on_oops || in_interrupt() || idle || is_global_init(task));
}

/**
 * crash_panic_is_nested - test whether a panic comes from within another panic
 *
 * panic() calls this. With crash_kexec_post_notifiers, notifiers and kmsg
 * dumpers run before the dump. If one of them panics, panic() must not run them
 * again.
 *
 * Context: The CPU that owns panic_cpu; any.
 * Return: false for the first call, true for all others.
 */
bool crash_panic_is_nested(void)
{
	static bool panicking;
	bool nested = panicking;

	panicking = true;
	return nested;
}

/*
 * The printk ring takes a message without waiting. Printing on consoles has to
 * wait: if the jump fails, the panic goes on and flushes them.
 */
static void crash_say(const char *what, const char *why)
{
	printk_deferred(pr_fmt("%s: %s\n"), what, why);
}

static bool crash_image_wanted(void)
{
	if (!READ_ONCE(kexec_crash_image) && !crash_update_pending()) {
		if (crash_image_was_withdrawn())
			crash_say("no dump", "the image made room for another");
		return false;
	}
	if (!crash_switch_is_on()) {
		crash_say("no dump", "switched off in /proc/kexec-dump");
		return false;
	}
	return true;
}

static void __noreturn crash_wait_forever(void)
{
	for (;;)
		cpu_relax();
}

/**
 * crash_begin_stage - begin a stage, unless it has begun before
 * @stage: the stage
 *
 * A stage is never run twice, also if it did not end.
 *
 * Context: Panic, any. Does not return if another CPU has taken over.
 * Return: true for the first call with @stage.
 */
bool crash_begin_stage(enum crash_stage stage)
{
	if (!crash_is_owner())
		crash_wait_forever();
	if (crash_begun & BIT(stage))
		return false;

	crash_current_stage = stage;
	WRITE_ONCE(crash_begun, crash_begun | BIT(stage));
	return true;
}

/**
 * crash_stages_begun - get the stages that have begun
 *
 * Context: Any.
 * Return: A bit for each stage that has begun; grows as long as there is
 * progress.
 */
unsigned long crash_stages_begun(void)
{
	return READ_ONCE(crash_begun);
}

/**
 * crash_is_under_way - test whether a CPU is on its way into the crash kernel
 *
 * Context: Any.
 * Return: true from the first stage on.
 */
bool crash_is_under_way(void)
{
	return atomic_read(&crash_owner) != NO_CPU;
}

/**
 * crash_image_to_start - get the image that the present crash will start
 *
 * Context: Panic, in the stages after CRASH_RECORD.
 * Return: The image; NULL if there is none.
 */
const struct kimage *crash_image_to_start(void)
{
	return crash_image ?: READ_ONCE(kexec_crash_image);
}

static bool crash_enter(void)
{
	int nobody = NO_CPU;

	if (crash_is_owner()) {
		crash_say("going on behind the stage that failed",
			  crash_stage_names[crash_current_stage]);
		return true;
	}
	if (!crash_image_wanted())
		return false;
	if (!atomic_try_cmpxchg(&crash_owner, &nobody, raw_smp_processor_id()))
		crash_wait_forever();
	return true;
}

/*
 * Another CPU may be at work in kexec. A published image can be used
 * nevertheless, once that CPU is stopped: the image is complete, or
 * crash_finish_update() completes it. Take the lock if it is free, to keep out
 * a CPU that does not stop.
 */
static void crash_stop_cpus(void)
{
	(void)kexec_trylock();
	crash_smp_send_stop();
}

static void crash_jump(void)
{
	struct kimage *image = (struct kimage *)crash_image_to_start();

	if (!image) {
		crash_say("no dump", "the image has been taken out");
		return;
	}
	/* Architectures compare the image with this variable. */
	WRITE_ONCE(kexec_crash_image, image);
	machine_kexec(image);
}

/* Run the rest of the shutdown, again only if the last run has begun another stage. */
static void crash_shut_down_rest(void)
{
	static unsigned long begun_before;

	if (begun_before == crash_begun)
		return;
	begun_before = crash_begun;
	arch_crash_shutdown_rest(&crash_regs);
}

static void crash_run_stages(void)
{
	if (crash_begin_stage(CRASH_REGISTERS))
		crash_save_cpu(&crash_regs, raw_smp_processor_id());
	if (crash_begin_stage(CRASH_STOP_CPUS))
		crash_stop_cpus();
	if (crash_begin_stage(CRASH_UPDATE))
		crash_image = crash_finish_update();
	if (crash_begin_stage(CRASH_RECORD))
		crash_image = crash_use_record(crash_image, &crash_safe_text);
	if (crash_begin_stage(CRASH_PLATFORM))
		machine_crash_shutdown(&crash_regs);
	crash_shut_down_rest();
	if (crash_begin_stage(CRASH_VMCOREINFO)) {
		vmcoreinfo_restore(crash_safe_text);
		crash_save_vmcoreinfo();
	}
	if (crash_begin_stage(CRASH_JUMP))
		crash_jump();
}

/**
 * __crash_kexec - stop the system and jump into the crash kernel
 * @regs: registers at the crash; NULL: the registers of this call
 *
 * Must stay a function of its own, with its own frame, for crash_setup_regs().
 * The jump does not unwind the stack, which objtool cannot follow.
 *
 * Context: Any, NMI included; the calling CPU owns panic_cpu.
 * Return: If there is no image, or the switch is off; then nothing has been
 * done. Or if the crash kernel could not be started; then the other CPUs have
 * been stopped.
 */
void __noclone __crash_kexec(struct pt_regs *regs)
{
	if (!crash_enter())
		return;
	if (!crash_begun)
		crash_setup_regs(&crash_regs, regs);
	arch_crash_call(crash_run_stages);
}

STACK_FRAME_NON_STANDARD(__crash_kexec);

/**
 * crash_take_over - continue a crash that is stuck on another CPU
 *
 * If that CPU goes on, it stops at its next stage.
 *
 * Context: Panic, NMI included, on a CPU that has been stopped and has saved
 * its registers.
 * Return: As __crash_kexec().
 */
void crash_take_over(void)
{
	int cpu = raw_smp_processor_id();

	if (crash_begun & BIT(CRASH_JUMP) || !crash_image_wanted())
		return;
	atomic_set(&crash_owner, cpu);
	WRITE_ONCE(crash_begun, crash_begun | BIT(CRASH_REGISTERS));
	__crash_kexec(NULL);
}

/**
 * crash_kexec - make a crash dump, unless another CPU makes one
 * @regs: registers at the crash; NULL: the registers of this call
 *
 * BPF programs call it, too, by this name.
 *
 * Context: Any, NMI included.
 * Return: If nothing has been done: there is no image, or the switch is off, or
 * another CPU is in a panic and makes the dump. If other CPUs have been stopped
 * for a dump that fails, panic() follows.
 */
__bpf_kfunc void crash_kexec(struct pt_regs *regs)
{
	int panicking = PANIC_CPU_INVALID, cpu = raw_smp_processor_id();
	bool first;

	/* panic() takes the same variable: a panic and an oops do not stop each other. */
	first = atomic_try_cmpxchg(&panic_cpu, &panicking, cpu);
	if (!first && panicking != cpu && !crash_is_owner())
		return;

	__crash_kexec(regs);
	if (crash_is_owner())
		panic("the crash kernel could not be started");
	if (first)
		atomic_set(&panic_cpu, PANIC_CPU_INVALID);
}
