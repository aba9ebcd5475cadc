/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts pages of a dump by class, and pages that are not read.
 */
#ifndef _FS_PROC_VMCORE_ACCOUNT_H
#define _FS_PROC_VMCORE_ACCOUNT_H

#include <linux/oldmem.h>
#include <linux/types.h>

#include "old_reader.h"
#include "view.h"

/**
 * struct vmcore_account - counts of pages
 * @source: the dump
 * @level: level by which pages are left out
 * @page_shift: size of a page of the crashed kernel, as a power of two
 * @run: the run of @source that is being counted, or the next one
 * @blocks: result: number of blocks counted
 * @tables: reads page tables
 * @struct_pages: reads struct pages
 * @map: the crashed kernel's struct pages
 * @window: mapping for pages that may be zeros
 * @page: buffer for pages that may be zeros
 * @same_start: first present physical address for which @same_reason is valid
 * @same_end: end of these addresses
 * @same_reason: reason for which these bytes are not read, or OLDMEM_READ
 * @veto_version: version of the vetoes in @same_reason
 * @pages: result: number of pages that are read, by class
 * @not_read: result: number of pages that are not read, by reason; without
 *	OLDMEM_BROKEN, because broken pages are in @pages
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
