/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BOOT_COMPRESSED_CRASHKERNEL_H
#define BOOT_COMPRESSED_CRASHKERNEL_H

#include "misc.h"

/* cmdline.c */
unsigned long get_cmd_line_ptr(void);

#ifdef CONFIG_CRASH_RESERVE
void crashkernel_region(u64 mem_limit, struct mem_vector *region);
#else
static inline void crashkernel_region(u64 mem_limit, struct mem_vector *region)
{
	region->start = 0;
	region->size = 0;
}
#endif

#endif /* BOOT_COMPRESSED_CRASHKERNEL_H */
