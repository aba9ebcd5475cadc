/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many pages of which class a dump has, and how many are not read.
 */
#ifndef _FS_PROC_VMCORE_ACCOUNT_H
#define _FS_PROC_VMCORE_ACCOUNT_H

#include <linux/oldmem.h>
#include <linux/types.h>

#include "old_reader.h"
#include "view.h"

/**
 * struct vmcore_account - pages, counted
 * @source: the dump
 * @level: which of them are left out
 * @page_shift: bytes of a page of the crashed kernel, as a power of two
 * @run: the run of @source that is being counted, or the next one
 * @blocks: result: blocks that have been counted
 * @tables: to read page tables
 * @struct_pages: to read struct pages
 * @map: the crashed kernel's struct pages
 * @window: to look for zeros
 * @page: where that is done
 * @same_start: present physical address from which on @same_reason is known
 * @same_end: where that ends
 * @same_reason: why those bytes are not read, or OLDMEM_READ
 * @veto_version: the vetoes that @same_reason took into account
 * @pages: result: pages that are read, by class
 * @not_read: result: pages that are not, by reason; OLDMEM_BROKEN is not among
 *	them, those are in @pages
 */
struct vmcore_account {
	const struct crash_source *source;
	u32 level;
	u32 page_shift;
	u32 run;
	u64 blocks;
	struct vmcore_old tables;
	struct vmcore_old struct_pages;
	struct vmcore_memmap map;
	struct oldmem_window window;
	u8 page[PAGE_SIZE];
	u64 same_start, same_end;
	enum oldmem_reason same_reason;
	unsigned int veto_version;
	u64 pages[VMCORE_NR_CLASSES];
	u64 not_read[OLDMEM_NR_REASONS];
};

struct vmcore_account *vmcore_account_create(const struct vmcore_filter *filter,
					     u32 level);
void vmcore_account_destroy(struct vmcore_account *acc);
bool vmcore_account_count(struct vmcore_account *acc, unsigned long until);
void vmcore_tell_lost(const struct crash_source *source,
		      const struct vmcore_filter *filter);

#endif /* _FS_PROC_VMCORE_ACCOUNT_H */
