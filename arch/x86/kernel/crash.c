// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing a crashed x86 machine to rest: other CPUs stop where they are, with
 * their registers saved, and interrupt hardware returns to the state in which
 * a kernel expects it at boot.
 *
 * This runs on the panicking CPU, be it in NMI context, and on those that it
 * stops. Any lock may be held by a CPU that has been stopped.
 */
#include <linux/kexec.h>
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
static void stop_cpu(int cpu, struct pt_regs *regs)
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
	nmi_shootdown_cpus(stop_cpu);
	disable_local_APIC();
}

/**
 * crash_smp_send_stop() - stop all other CPUs, save their registers
 *
 * Both panic() and machine_crash_shutdown() call this, in either order; only
 * the first call does anything.
 *
 * Context: Panic, any, on the panicking CPU.
 */
void crash_smp_send_stop(void)
{
	static bool stopped;

	if (stopped)
		return;
	stopped = true;

	/* A hypervisor may have its own way, or none that saves registers. */
	if (smp_ops.crash_stop_other_cpus)
		smp_ops.crash_stop_other_cpus();
	else
		smp_send_stop();
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
 * @regs: registers of this CPU at the crash
 *
 * Context: Panic, any, with the kexec lock held.
 */
void native_machine_crash_shutdown(struct pt_regs *regs)
{
	local_irq_disable();

	crash_save_cpu(regs, raw_smp_processor_id());
	crash_smp_send_stop();
	cpu_emergency_disable_virtualization();
	cpu_emergency_stop_pt();

	/* Before memory shared with the host becomes private, and so lost. */
	crash_backup_save(kexec_crash_image);

	quiesce_io_apic();
	lapic_shutdown();
	restore_boot_irq_mode();
	quiesce_hpet();

	/* No CPU is left to finish conversions between shared and private. */
	x86_platform.guest.enc_kexec_begin();
	x86_platform.guest.enc_kexec_finish();
}
