/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_CRASH_H
#define _ASM_X86_CRASH_H

#include <linux/sizes.h>
#include <linux/types.h>

/* What a starting kernel overwrites: conventional memory of a PC, from 0 on. */
#define CRASH_BACKUP_SIZE	(640 * SZ_1K)

struct boot_params;
struct crash_low;
struct kimage;

int crash_load_segments(struct kimage *image);
int crash_setup_memmap_entries(struct kimage *image, struct boot_params *params);

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

#endif /* _ASM_X86_CRASH_H */
