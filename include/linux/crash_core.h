/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The first kernel's side of crash dumps: from the panic to the jump, and what
 * is prepared for it while the system still works.
 */
#ifndef _LINUX_CRASH_CORE_H
#define _LINUX_CRASH_CORE_H

#include <linux/crash_ranges.h>
#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/linkage.h>

struct kimage;
struct pt_regs;
struct task_struct;

#ifdef CONFIG_CRASH_DUMP

/* Panic: kernel/crash_dump.c */
void __crash_kexec(struct pt_regs *regs);
void crash_kexec(struct pt_regs *regs);
int kexec_should_crash(struct task_struct *task);
int kexec_crash_loaded(void);
int kimage_crash_copy_vmcoreinfo(struct kimage *image);

/* One note per CPU: kernel/crash_cpu.c */
void crash_save_cpu(struct pt_regs *regs, int cpu);

/* The reservation while it runs: kernel/crash_reserve.c */
ssize_t crash_get_memory_size(void);
int crash_shrink_memory(unsigned long new_size);

/* ELF headers of the image: kernel/crash_headers.c; bytes, for the buffer too */
#define ELF_CORE_HEADER_ALIGN	4096
int crash_prepare_elf64_headers(struct crash_mem *mem, int need_kernel_map,
				void **addr, unsigned long *sz);

/* What kimage::hp_action says is happening: kernel/crash_hotplug.c */
#define KEXEC_CRASH_HP_NONE		0
#define KEXEC_CRASH_HP_ADD_CPU		1
#define KEXEC_CRASH_HP_REMOVE_CPU	2
#define KEXEC_CRASH_HP_ADD_MEMORY	3
#define KEXEC_CRASH_HP_REMOVE_MEMORY	4
#define KEXEC_CRASH_HP_INVALID_CPU	(-1U)
int crash_check_hotplug_support(void);

/*
 * Hooks, each defined in asm/kexec.h as a function and as a macro of the same
 * name where the architecture has it.
 */

/* Write protection of the loaded image. */
#ifndef arch_kexec_protect_crashkres
static inline void arch_kexec_protect_crashkres(void) { }
#endif

#ifndef arch_kexec_unprotect_crashkres
static inline void arch_kexec_unprotect_crashkres(void) { }
#endif

/* Can the kernel keep the image's ELF headers up to date by itself? */
#ifndef arch_crash_hotplug_support
static inline int arch_crash_hotplug_support(struct kimage *image,
					     unsigned long kexec_flags)
{
	return 0;
}
#endif

/* CPUs or memory have come or gone: bring the ELF headers up to date. */
#ifndef arch_crash_handle_hotplug_event
static inline void arch_crash_handle_hotplug_event(struct kimage *image,
						   void *arg) { }
#endif

/* Room that a loader should leave for the ELF headers to grow, in bytes. */
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

static inline int kimage_crash_copy_vmcoreinfo(struct kimage *image)
{
	return 0;
}

static inline void crash_save_cpu(struct pt_regs *regs, int cpu) { }

#endif /* CONFIG_CRASH_DUMP */

#endif /* _LINUX_CRASH_CORE_H */
