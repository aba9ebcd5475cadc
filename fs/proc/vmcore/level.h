/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The level of /proc/vmcore-kern.
 */
#ifndef _FS_PROC_VMCORE_LEVEL_H
#define _FS_PROC_VMCORE_LEVEL_H

#include <linux/types.h>

struct proc_dir_entry;

u32 vmcore_level(void);
struct proc_dir_entry *vmcore_level_create(void);

#endif /* _FS_PROC_VMCORE_LEVEL_H */
