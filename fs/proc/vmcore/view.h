/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the pages of a dump are told apart, and views of old memory that leave some
 * of them out.
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
 * struct vmcore_filter - how the pages of a dump are told apart
 * @source: the dump
 * @rules: of the kernel that left it
 * @err: why there are none: what vmcore_rules_init() returned; else 0
 *
 * Does not change while there is a file that uses it.
 */
struct vmcore_filter {
	struct crash_source *source;
	struct vmcore_rules rules;
	int err;
};

struct vmcore_filter *vmcore_filter_create(struct crash_source *source,
					   const void *notes, size_t size);
void vmcore_filter_destroy(struct vmcore_filter *filter);

/* Blocks that a view remembers, of 128 MiB each. */
#define VMCORE_VIEW_BLOCKS	4

/**
 * struct vmcore_block - which pages of a block are left out
 * @nr: number of the block, plus 1; 0: none
 * @left_out: a bit for each page
 */
struct vmcore_block {
	u64 nr;
	DECLARE_BITMAP(left_out, VMCORE_BLOCK_PAGES);
};

/**
 * struct vmcore_view - old memory as one level shows it
 * @filter: of the dump
 * @level: which pages are left out
 * @lock: for what follows; nothing is copied to user space while it is held
 * @tables: to read page tables
 * @pages: to read struct pages
 * @map: the crashed kernel's struct pages
 * @blocks: the latest ones that were looked at
 *
 * Its size does not depend on that of the machine.
 */
struct vmcore_view {
	const struct vmcore_filter *filter;
	u32 level;
	struct mutex lock;	/* readers of one file take turns, no others */
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
