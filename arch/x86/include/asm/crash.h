/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_CRASH_H
#define _ASM_X86_CRASH_H

#include <linux/sizes.h>
#include <linux/types.h>

/* What a starting kernel overwrites: conventional memory of a PC, from 0 on. */
#define CRASH_BACKUP_SIZE	(640 * SZ_1K)
#define CRASH_BACKUP_RANGES	16

struct boot_params;
struct crash_low;
struct kimage;
struct pt_regs;

/**
 * struct crash_backup - how a panic saves low memory; a part of the image
 * @mem: physical address of the segment that receives it; 0: there is none
 * @copy: the segment, mapped
 * @nr_ranges: how many of @range are in use
 * @range: the RAM that is copied there: physical address, size in bytes
 */
struct crash_backup {
	unsigned long mem;
	void *copy;
	unsigned int nr_ranges;
	struct {
		u32 start;
		u32 size;
	} range[CRASH_BACKUP_RANGES];
};

int crash_load_segments(struct kimage *image);
int crash_setup_memmap_entries(struct kimage *image, struct boot_params *params);

/* Hooks of kernel/crash_dump.c: crash_stack.c, crash.c */
void arch_crash_call(void (*function)(void));
void arch_crash_shutdown_rest(struct pt_regs *regs);

/* Low memory is saved for images of kexec_file_load(): crash_backup.c */
#if defined(CONFIG_CRASH_DUMP) && defined(CONFIG_KEXEC_FILE)
int crash_backup_add_segment(struct kimage *image);
int crash_backup_describe(const struct kimage *image, struct crash_low *low);
int crash_backup_prepare(struct kimage *image);
void crash_backup_cleanup(struct kimage *image);
void crash_backup_save(const struct kimage *image);
#else
static inline int crash_backup_prepare(struct kimage *image)
{
	return 0;
}

static inline void crash_backup_cleanup(struct kimage *image)
{
}

static inline void crash_backup_save(const struct kimage *image)
{
}
#endif

/* A stopped CPU that looks after the one that panics: crash_watch.c */
#if defined(CONFIG_CRASH_DUMP) && defined(CONFIG_SMP)
void crash_watch_prepare(void);
void crash_watch_start(void);
#endif

#endif /* _ASM_X86_CRASH_H */
