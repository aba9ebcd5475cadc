/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files behind /proc/vmcore-kern share: the filter of the dump, and
 * views of old memory through it.
 */
#ifndef _FS_PROC_VMCORE_KERN_H
#define _FS_PROC_VMCORE_KERN_H

#include <linux/bitmap.h>
#include <linux/crash_source.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <linux/vmcore_filter.h>

struct proc_dir_entry;

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

/**
 * struct vmcore_old - old memory by old physical address
 * @memory: how the filter asks for it
 * @source: the dump
 * @window: what is mapped of it
 * @run: where it was read last, in source->runs
 * @around: bytes to map around what is read, a power of two; 0: what is read
 */
struct vmcore_old {
	struct vmcore_memory memory;
	const struct crash_source *source;
	struct oldmem_window window;
	u32 run;
	u32 around;
};

/*
 * The memmap of 2 GiB. It lies in one piece, as far as there is one, and such a
 * window takes no more than a few large pages.
 */
#define VMCORE_MEMMAP_WINDOW	SZ_32M

int vmcore_peek(struct oldmem_window *win, u64 where, u64 span, void *buf,
		size_t len);
bool vmcore_is_zeros(struct oldmem_window *win, u64 where, u64 span, u64 len,
		     void *page);
void vmcore_old_init(struct vmcore_old *old, const struct crash_source *source,
		     u32 around);

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

/* fs/proc/vmcore_kern_summary.c */
u32 vmcore_kern_level(void);
struct proc_dir_entry *vmcore_level_create(void);
struct proc_dir_entry *vmcore_summary_create(struct vmcore_filter *filter);

#endif /* _FS_PROC_VMCORE_KERN_H */
