/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The exported dump as a table of regions of the file.
 *
 *	offset 0   ELF header, program headers          VMCORE_HEADERS
 *	           device dumps, each of them a note    VMCORE_DEVICE  \ one
 *	           notes of the crashed kernel          VMCORE_NOTES   / PT_NOTE
 *	           old memory, one region per PT_LOAD   VMCORE_OLDMEM
 *	           zeros before some of them            VMCORE_FILL
 *
 * Regions follow each other without a gap, and each starts and ends on a page
 * boundary, so that read and mmap see the same bytes at the same offset. Device
 * dumps come first because they fill their pages: nothing but notes may lie
 * between the first and the last byte of a PT_NOTE.
 *
 * A PT_LOAD that is large enough for a huge page gets an offset that is congruent
 * to its address modulo the huge page size, so that mmap can use huge pages. Zeros
 * before the region fill the gap.
 *
 * Nothing here keeps state, reads memory through a region or knows how that is
 * done, so the same source is tested in user space.
 */
#ifndef _FS_PROC_VMCORE_LAYOUT_H
#define _FS_PROC_VMCORE_LAYOUT_H

#include <linux/crash_elf.h>
#include <linux/types.h>

/**
 * enum vmcore_kind - the content of a region
 * @VMCORE_HEADERS: generated headers, in memory of this kernel
 * @VMCORE_DEVICE: a device dump, in memory of this kernel
 * @VMCORE_NOTES: the crashed kernel's notes, copied to memory of this kernel
 * @VMCORE_OLDMEM: memory of the crashed kernel, where it is
 * @VMCORE_FILL: zeros that are nowhere; a hole of the file
 */
enum vmcore_kind {
	VMCORE_HEADERS,
	VMCORE_DEVICE,
	VMCORE_NOTES,
	VMCORE_OLDMEM,
	VMCORE_FILL,
};

/**
 * struct vmcore_region - one stretch of the file, whole pages
 * @start: file offset of the first byte
 * @size: bytes, not 0
 * @kind: tells which of @buf and @now_pa is meant
 * @buf: the bytes, if they are in memory of this kernel
 * @now_pa: present physical address of the bytes if @kind is VMCORE_OLDMEM
 * @old_pa: their physical address in the crashed kernel, then; not on a page
 *	boundary if the pages of that kernel are not pages here
 */
struct vmcore_region {
	u64 start;
	u64 size;
	enum vmcore_kind kind;
	union {
		void *buf;
		u64 now_pa;
	};
	u64 old_pa;
};

/**
 * struct vmcore_layout - the whole file
 * @size: bytes, whole pages, fits loff_t
 * @huge: bytes of a huge page, a power of two; 0 if none are used
 * @max_regions: room in @regions
 * @nr_regions: how many are in use
 * @regions: ascending by start, from offset 0, without gaps
 */
struct vmcore_layout {
	u64 size;
	u64 huge;
	u32 max_regions;
	u32 nr_regions;
	struct vmcore_region *regions;
};

/**
 * typedef vmcore_chunk_fn - the part of a walk for a piece of one region
 * @region: the region
 * @offset: first byte of the piece, from the start of the region
 * @len: bytes of the piece, not 0
 * @ctx: the client's own
 *
 * Return: how many bytes have been dealt with; the walk ends if they are fewer
 * than @len. A negative errno if there are none, and a reason.
 */
typedef s64 (*vmcore_chunk_fn)(const struct vmcore_region *region, u64 offset,
			       u64 len, void *ctx);

int vmcore_layout_add_buffer(struct vmcore_layout *layout,
			     enum vmcore_kind kind, void *buf, size_t size);
int vmcore_layout_add_load(struct vmcore_layout *layout,
			   const struct crash_segment *old,
			   struct crash_segment *exported);
bool vmcore_layout_is_huge(const struct crash_segment *old, u64 huge);
const struct vmcore_region *
vmcore_layout_find(const struct vmcore_layout *layout, u64 pos);
int vmcore_walk(const struct vmcore_layout *layout, u64 pos, u64 len,
		vmcore_chunk_fn fn, void *ctx, u64 *done);

#endif /* _FS_PROC_VMCORE_LAYOUT_H */
