/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PT_LOADs with the virtual addresses of the crashed CPUs' stacks.
 */
#ifndef _FS_PROC_VMCORE_STACKS_H
#define _FS_PROC_VMCORE_STACKS_H

#include <linux/types.h>

struct crash_segment;
struct vmcore_contents;

void vmcore_stacks_find(struct vmcore_contents *contents);
u32 vmcore_stacks_add(const struct vmcore_contents *contents,
		      struct crash_segment *segs, u32 nr);

#endif /* _FS_PROC_VMCORE_STACKS_H */
