/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the first kernel's part share among themselves.
 */
#ifndef _KERNEL_CRASH_INTERNAL_H
#define _KERNEL_CRASH_INTERNAL_H

#include <linux/types.h>

#ifdef CONFIG_CRASH_HOTPLUG
bool crash_hotplug_take_over(void);
void crash_hotplug_finish_update(void);
#else
static inline bool crash_hotplug_take_over(void) { return false; }
static inline void crash_hotplug_finish_update(void) { }
#endif

#endif /* _KERNEL_CRASH_INTERNAL_H */
