/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that the files of the first kernel's part share with each other and
 * with their tests.
 */
#ifndef _KERNEL_CRASH_INTERNAL_H
#define _KERNEL_CRASH_INTERNAL_H

#include <linux/stdarg.h>
#include <linux/types.h>

struct kimage;

/* kernel/crash_dump.c */
bool crash_is_under_way(void);

/* kernel/crash_record.c */
void crash_publish_record(const struct kimage *image);
struct kimage *crash_use_record(struct kimage *image, const char **text);

/* kernel/crash_update.c */
bool crash_image_was_withdrawn(void);
bool crash_update_pending(void);
struct kimage *crash_finish_update(void);

/* kernel/crash_hotplug.c */
#ifdef CONFIG_CRASH_HOTPLUG
void crash_hotplug_check_image(struct kimage *image);
#else
static inline void crash_hotplug_check_image(struct kimage *image) { }
#endif

/* kernel/crash_switch.c */
bool crash_switch_is_on(void);
int crash_switch_parse(const char *text, size_t len, bool *on);

/* kernel/vmcore_info.c */
#define VMCOREINFO_CRASHTIME_MAX	sizeof("CRASHTIME=-9223372036854775808\n")
__printf(3, 0) size_t vmcoreinfo_vline(char *buf, size_t room, const char *fmt,
				       va_list args);
size_t vmcoreinfo_crashtime(char *buf, s64 seconds);

/* kernel/vmcore_rules.c */
void vmcoreinfo_add_rules(void);

#endif /* _KERNEL_CRASH_INTERNAL_H */
