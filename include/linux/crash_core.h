/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface of the first kernel's side of crash dumps: the way from the panic
 * to the jump, and the preparations for it while the system still works.
 */
#ifndef _LINUX_CRASH_CORE_H
#define _LINUX_CRASH_CORE_H

#include <linux/atomic.h>
#include <linux/crash_ranges.h>
#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/linkage.h>

struct kexec_segment;
struct kimage;
struct pt_regs;
struct task_struct;

#ifdef CONFIG_CRASH_DUMP

/*
 * The header defines the hooks that exist. Without it, all of them would seem
 * to be missing.
 */
#include <linux/kexec.h>

/* Panic: kernel/crash_dump.c */
void __crash_kexec(struct pt_regs *regs);
void crash_kexec(struct pt_regs *regs);
int kexec_should_crash(struct task_struct *task);
int kexec_crash_loaded(void);
bool crash_panic_is_nested(void);

/**
 * enum crash_stage - the steps from a panic to the crash kernel, in order
 * @CRASH_REGISTERS: save the registers of the panicking CPU
 * @CRASH_STOP_CPUS: stop the other CPUs, and save their registers
 * @CRASH_UPDATE: complete an image, or its headers, that were being replaced
 * @CRASH_RECORD: check the protected record of the image
 * @CRASH_PLATFORM: machine_crash_shutdown(), with all of a hypervisor's part
 * @CRASH_VIRTUALIZATION: leave VMX or SVM on this CPU
 * @CRASH_TRACE: stop processor tracing on this CPU
 * @CRASH_LOW_MEMORY: copy low memory away
 * @CRASH_IO_APIC: silence the interrupt controller of devices
 * @CRASH_LOCAL_APIC: silence the interrupt controller of this CPU
 * @CRASH_IRQ_MODE: bring both controllers into the state for a boot
 * @CRASH_TIMER: stop the timer of the platform
 * @CRASH_ENCRYPTION: make memory that is shared with the host private again
 * @CRASH_VMCOREINFO: complete vmcoreinfo
 * @CRASH_JUMP: start the crash kernel
 * @CRASH_NR_STAGES: number of stages
 *
 * The architecture implements the stages from CRASH_VIRTUALIZATION to
 * CRASH_ENCRYPTION.
 */
enum crash_stage {
	CRASH_REGISTERS,
	CRASH_STOP_CPUS,
	CRASH_UPDATE,
	CRASH_RECORD,
	CRASH_PLATFORM,
	CRASH_VIRTUALIZATION,
	CRASH_TRACE,
	CRASH_LOW_MEMORY,
	CRASH_IO_APIC,
	CRASH_LOCAL_APIC,
	CRASH_IRQ_MODE,
	CRASH_TIMER,
	CRASH_ENCRYPTION,
	CRASH_VMCOREINFO,
	CRASH_JUMP,
	CRASH_NR_STAGES
};

bool crash_begin_stage(enum crash_stage stage);
unsigned long crash_stages_begun(void);
void crash_take_over(void);
const struct kimage *crash_image_to_start(void);

/* The protected record of an image, for the panic: kernel/crash_record.c */
int kimage_crash_copy_vmcoreinfo(struct kimage *image);
void crash_release_record(struct kimage *image);

/* An image replaces another: kernel/crash_update.c */
void crash_prepare_to_load(void);
unsigned long crash_skip_image(unsigned long start, unsigned long size);
int crash_load_segment(struct kimage *image, struct kexec_segment *segment);
struct kimage *crash_install_image(struct kimage **where, struct kimage *image);
void crash_drop_segments(void);
bool crash_withdraw_image(int error, bool crash);

/* One note per CPU: kernel/crash_cpu.c */
void crash_save_cpu(struct pt_regs *regs, int cpu);

/* Size of the reservation at run time: kernel/crash_reserve.c */
ssize_t crash_get_memory_size(void);
int crash_shrink_memory(unsigned long new_size);

/*
 * ELF headers of the image: kernel/crash_headers.c. Alignment of the buffer and
 * of its size.
 */
#define ELF_CORE_HEADER_ALIGN	4096
int crash_prepare_elf64_headers(struct crash_mem *mem, int need_kernel_map,
				void **addr, unsigned long *sz);

/* Values of kimage::hp_action, the event: kernel/crash_hotplug.c */
#define KEXEC_CRASH_HP_NONE		0
#define KEXEC_CRASH_HP_ADD_CPU		1
#define KEXEC_CRASH_HP_REMOVE_CPU	2
#define KEXEC_CRASH_HP_ADD_MEMORY	3
#define KEXEC_CRASH_HP_REMOVE_MEMORY	4
int crash_check_hotplug_support(void);

/*
 * Hooks. An architecture that has one defines it in asm/kexec.h, as a function
 * and as a macro of the same name.
 */

/* Call a function of the panic path on a stack with enough room. */
#ifndef arch_crash_call
static inline void arch_crash_call(void (*function)(void))
{
	function();
}
#endif

/* Do the parts of machine_crash_shutdown() that were not reached because one faulted. */
#ifndef arch_crash_shutdown_rest
static inline void arch_crash_shutdown_rest(struct pt_regs *regs) { }
#endif

/* Write protection of the loaded image. */
#ifndef arch_kexec_protect_crashkres
static inline void arch_kexec_protect_crashkres(void) { }
#endif

#ifndef arch_kexec_unprotect_crashkres
static inline void arch_kexec_unprotect_crashkres(void) { }
#endif

/* Test whether the kernel can keep the image's ELF headers up to date by itself. */
#ifndef arch_crash_hotplug_support
static inline int arch_crash_hotplug_support(struct kimage *image,
					     unsigned long kexec_flags)
{
	return 0;
}
#endif

/* Update the ELF headers after CPUs or memory were added or removed. */
#ifndef arch_crash_handle_hotplug_event
static inline void arch_crash_handle_hotplug_event(struct kimage *image,
						   void *arg) { }
#endif

/* Room for the ELF headers to grow, which a loader should leave, in bytes. */
#ifndef crash_get_elfcorehdr_size
static inline unsigned int crash_get_elfcorehdr_size(void)
{
	return 0;
}
#endif

#else /* !CONFIG_CRASH_DUMP */

static inline void __crash_kexec(struct pt_regs *regs) { }
static inline void crash_kexec(struct pt_regs *regs) { }

static inline int kexec_should_crash(struct task_struct *task)
{
	return 0;
}

static inline int kexec_crash_loaded(void)
{
	return 0;
}

static inline bool crash_panic_is_nested(void)
{
	return false;
}

static inline int kimage_crash_copy_vmcoreinfo(struct kimage *image)
{
	return 0;
}

static inline void crash_release_record(struct kimage *image) { }

static inline void crash_prepare_to_load(void) { }

#define crash_load_segment kimage_load_segment

static inline struct kimage *crash_install_image(struct kimage **where,
						 struct kimage *image)
{
	return xchg(where, image);
}

static inline void crash_drop_segments(void) { }

static inline bool crash_withdraw_image(int error, bool crash)
{
	return false;
}

static inline void crash_save_cpu(struct pt_regs *regs, int cpu) { }

#endif /* CONFIG_CRASH_DUMP */

#endif /* _LINUX_CRASH_CORE_H */
