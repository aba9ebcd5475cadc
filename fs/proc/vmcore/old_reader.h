/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads old memory by its physical address in the crashed kernel, for the filter.
 */
#ifndef _FS_PROC_VMCORE_OLD_READER_H
#define _FS_PROC_VMCORE_OLD_READER_H

#include <linux/oldmem.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/vmcore_filter.h>

struct crash_source;

/**
 * struct vmcore_old - reads old memory by old physical address
 * @memory: interface for the filter
 * @source: the dump
 * @window: mapping of the last read
 * @run: index in source->runs of the last read
 * @around: number of bytes to map around each read, a power of two; 0: only the
 *	read
 */
struct vmcore_old {
	struct vmcore_memory memory;
	const struct crash_source *source;
	struct oldmem_window window;
	u32 run;
	u32 around;
};

/*
 * Size of the memmap of 2 GiB. A memmap is mostly contiguous, and such a window
 * needs only a few large pages.
 */
#define VMCORE_MEMMAP_WINDOW	SZ_32M

int vmcore_peek(struct oldmem_window *win, u64 now_pa, u64 span, void *buf,
		size_t len);
bool vmcore_is_zeros(struct oldmem_window *win, u64 now_pa, u64 span, u64 len,
		     void *page);
void vmcore_old_init(struct vmcore_old *old, const struct crash_source *source,
		     u32 around);

#endif /* _FS_PROC_VMCORE_OLD_READER_H */
