/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The filter of a dump, and views of old memory that leave out pages.
 */
#ifndef _FS_PROC_VMCORE_VIEW_H
#define _FS_PROC_VMCORE_VIEW_H

#include <linux/bitmap.h>
#include <linux/crash_source.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/vmcore_filter.h>

#include "old_reader.h"

/**
 * struct vmcore_filter - decides which pages of a dump are left out
 * @source: the dump
 * @rules: rules of the crashed kernel
 * @err: errno of vmcore_rules_init() if there are no rules; else 0
 *
 * Does not change as long as a file uses it.
 */
struct vmcore_filter {
	struct crash_source *source;
	struct vmcore_rules rules;
	int err;
};

struct vmcore_filter *vmcore_filter_create(struct crash_source *source,
					   const void *notes, size_t size);
void vmcore_filter_destroy(struct vmcore_filter *filter);

/* Number of blocks that a view keeps, of 128 MiB each. */
#define VMCORE_VIEW_BLOCKS	4

/**
 * struct vmcore_block - the pages of a block that are left out
 * @nr: number of the block, plus 1; 0: none
 * @left_out: a bit for each page
 */
struct vmcore_block {
	u64 nr;
	DECLARE_BITMAP(left_out, VMCORE_BLOCK_PAGES);
};

/**
 * struct vmcore_view - old memory without the pages that a level leaves out
 * @filter: filter of the dump
 * @level: VMCORE_LEVEL_* bits
 * @lock: protects the members below; nothing is copied to user space while it
 *	is held
 * @tables: reads page tables
 * @pages: reads struct pages
 * @map: the crashed kernel's struct pages
 * @blocks: the blocks that were scanned last
 *
 * Its size is the same on all machines.
 */
struct vmcore_view {
	const struct vmcore_filter *filter;
	u32 level;
	struct mutex lock;	/* each open file has its own */
	struct vmcore_old tables;
	struct vmcore_old pages;
	struct vmcore_memmap map;
	struct vmcore_block blocks[VMCORE_VIEW_BLOCKS];
};

struct vmcore_view *vmcore_view_create(const struct vmcore_filter *filter,
				       u32 level);
void vmcore_view_destroy(struct vmcore_view *view);
u64 vmcore_view_extent(struct vmcore_view *view, u64 paddr, u64 len,
		       bool *left_out);

#endif /* _FS_PROC_VMCORE_VIEW_H */
