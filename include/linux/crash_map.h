/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A map from physical addresses of the crashed kernel to the present addresses
 * of the same bytes.
 *
 * The functions keep no state and touch only their arguments, so the same
 * source is tested in user space.
 */
#ifndef _LINUX_CRASH_MAP_H
#define _LINUX_CRASH_MAP_H

#include <linux/types.h>

struct crash_segment;

/**
 * struct crash_run - old memory that was, and now is, in one piece
 * @paddr: physical address in the crashed kernel, bytes
 * @size: bytes, never 0
 * @where: present physical address of the bytes
 */
struct crash_run {
	u64 paddr;
	u64 size;
	u64 where;
};

u32 crash_map_build(const struct crash_segment *loads, u32 nr,
		    struct crash_run *runs);
u32 crash_map_find(const struct crash_run *runs, u32 nr, u64 paddr);
u64 crash_map_hole(const struct crash_run *runs, u32 nr, u64 paddr);

#endif /* _LINUX_CRASH_MAP_H */
