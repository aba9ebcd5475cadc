/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A sorted set of physical address ranges: the memory that a dump describes.
 */
#ifndef _LINUX_CRASH_RANGES_H
#define _LINUX_CRASH_RANGES_H

#include <linux/range.h>
#include <linux/types.h>

/**
 * struct crash_mem - ranges of physical memory, sorted, disjoint
 * @max_nr_ranges: number of entries that @ranges has room for
 * @nr_ranges: number of entries in @ranges
 * @ranges: ascending by start; both start and end belong to the range
 */
struct crash_mem {
	unsigned int max_nr_ranges;
	unsigned int nr_ranges;
	struct range ranges[] __counted_by(max_nr_ranges);
};

int crash_add_mem_range(struct crash_mem *mem, u64 start, u64 end);
int crash_exclude_mem_range(struct crash_mem *mem, unsigned long long start,
			    unsigned long long end);
bool crash_mem_covers(const struct crash_mem *mem, u64 start, u64 end);

#endif /* _LINUX_CRASH_RANGES_H */
