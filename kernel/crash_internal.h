/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the first kernel's part share among themselves, and with
 * their tests.
 */
#ifndef _KERNEL_CRASH_INTERNAL_H
#define _KERNEL_CRASH_INTERNAL_H

#include <linux/stdarg.h>
#include <linux/types.h>

/* kernel/crash_hotplug.c: a panic in the middle of an update of the headers */
#ifdef CONFIG_CRASH_HOTPLUG
bool crash_hotplug_take_over(void);
void crash_hotplug_finish_update(void);
#else
static inline bool crash_hotplug_take_over(void) { return false; }
static inline void crash_hotplug_finish_update(void) { }
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
