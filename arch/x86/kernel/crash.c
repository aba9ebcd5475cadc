// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing a crashed x86 machine to rest: other CPUs stop where they are, with
 * their registers saved, and interrupt hardware returns to the state in which
 * a kernel expects it at boot.
 *
 * This runs on the panicking CPU, be it in NMI context, and on those that it
 * stops. Any lock may be held by a CPU that has been stopped.
 */
#include <linux/bits.h>
#include <linux/crash_core.h>
#include <linux/kexec.h>
#include <linux/objtool.h>
#include <linux/reboot.h>
#include <linux/smp.h>

#include <asm/apic.h>
#include <asm/crash.h>
#include <asm/hpet.h>
#include <asm/intel_pt.h>
#include <asm/io_apic.h>
#include <asm/reboot.h>
#include <asm/sev.h>
#include <asm/x86_init.h>

#ifdef CONFIG_SMP
/* On each CPU that answers the NMI; it halts when this returns. */
static void stop_crashing_cpu(int cpu, struct pt_regs *regs)
{
	crash_save_cpu(regs, cpu);
	cpu_emergency_stop_pt();
	kdump_sev_callback();
	disable_local_APIC();
}

/**
 * kdump_nmi_shootdown_cpus() - stop all other CPUs by NMI, save their registers
 *
 * The wait is bounded by nmi_shootdown_cpus(), to one second. A CPU that does
 * not answer in time leaves an empty note, or a late one.
 *
 * Context: Panic, any. Once.
 */
void kdump_nmi_shootdown_cpus(void)
{
	crash_watch_prepare();
	nmi_shootdown_cpus(stop_crashing_cpu);
	crash_watch_start();
}

/*
 * With crash_kexec_post_notifiers this comes before the stages. If a notifier
 * hangs for good, another CPU makes the dump, which then has these registers.
 */
static noinline void save_own_registers(void)
{
	struct pt_regs regs;

	if (crash_stages_begun() & BIT(CRASH_REGISTERS))
		return;
	crash_setup_regs(&regs, NULL);
	crash_save_cpu(&regs, raw_smp_processor_id());
}

/* crash_setup_regs() pushes and pops, which objtool cannot follow here. */
STACK_FRAME_NON_STANDARD(save_own_registers);

/**
 * crash_smp_send_stop() - stop all other CPUs, save their registers
 *
 * Both panic() and machine_crash_shutdown() call this, in either order; only
 * the first call does anything. If that one did not come to its end, the next
 * one tries the way of a reboot, which saves no registers.
 *
 * Context: Panic, any, on the panicking CPU.
 */
void crash_smp_send_stop(void)
{
	static enum { RUNNING, STOPPING, STOPPED } state;
	bool failed = state == STOPPING;

	if (state == STOPPED)
		return;
	save_own_registers();
	state = failed ? STOPPED : STOPPING;

	/* A hypervisor may have its own way, or none that saves registers. */
	if (smp_ops.crash_stop_other_cpus && !failed)
		smp_ops.crash_stop_other_cpus();
	else
		smp_send_stop();
	state = STOPPED;
}
#else
/**
 * crash_smp_send_stop() - there is no other CPU to stop
 */
void crash_smp_send_stop(void)
{
}
#endif

#ifdef CONFIG_X86_IO_APIC
static void quiesce_io_apic(void)
{
	/* A stopped CPU may hold the lock. */
	ioapic_zap_locks();
	clear_IO_APIC();
}
#else
static void quiesce_io_apic(void)
{
}
#endif

#ifdef CONFIG_HPET_TIMER
static void quiesce_hpet(void)
{
	hpet_disable();
}
#else
static void quiesce_hpet(void)
{
}
#endif

/**
 * native_machine_crash_shutdown() - make the machine ready for a capture kernel
 * @regs: registers of this CPU at the crash; they are saved already
 *
 * Each step is a stage of its own: after a fault in one, a second call goes on
 * behind it.
 *
 * Context: Panic, any.
 */
void native_machine_crash_shutdown(struct pt_regs *regs)
{
	local_irq_disable();
	crash_smp_send_stop();

	if (crash_begin_stage(CRASH_VIRTUALIZATION))
		cpu_emergency_disable_virtualization();
	if (crash_begin_stage(CRASH_TRACE))
		cpu_emergency_stop_pt();

	/* Before memory shared with the host becomes private, and so lost. */
	if (crash_begin_stage(CRASH_LOW_MEMORY))
		crash_backup_save(crash_image_to_start());

	if (crash_begin_stage(CRASH_IO_APIC))
		quiesce_io_apic();
	if (crash_begin_stage(CRASH_LOCAL_APIC))
		lapic_shutdown();
	if (crash_begin_stage(CRASH_IRQ_MODE))
		restore_boot_irq_mode();
	if (crash_begin_stage(CRASH_TIMER))
		quiesce_hpet();

	/* No CPU is left to finish conversions between shared and private. */
	if (crash_begin_stage(CRASH_ENCRYPTION)) {
		x86_platform.guest.enc_kexec_begin();
		x86_platform.guest.enc_kexec_finish();
	}
}

/**
 * arch_crash_shutdown_rest() - do what machine_crash_shutdown() did not come to
 * @regs: as for native_machine_crash_shutdown()
 *
 * Context: Panic, any.
 */
void arch_crash_shutdown_rest(struct pt_regs *regs)
{
	native_machine_crash_shutdown(regs);
}
