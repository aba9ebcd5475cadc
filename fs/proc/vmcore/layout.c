// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the content of /proc/vmcore at a file offset, by a table of regions. The
 * table is filled from the first region to the last, and then only read.
 */
#include <asm/page.h>
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/overflow.h>

#include "layout.h"

static int append_region(struct vmcore_layout *layout,
			 const struct vmcore_region *region)
{
	u64 end;

	if (check_add_overflow(layout->size, region->size, &end) || end > S64_MAX)
		return -EFBIG;
	if (layout->nr_regions == layout->max_regions)
		return -ENOSPC;

	layout->regions[layout->nr_regions] = *region;
	layout->regions[layout->nr_regions++].start = layout->size;
	layout->size = end;
	return 0;
}

/**
 * vmcore_layout_add_buffer() - put memory of this kernel at the end of the file
 * @layout: the file
 * @kind: anything but VMCORE_OLDMEM
 * @buf: whole pages
 * @size: bytes of @buf that have contents; 0 adds nothing
 *
 * The rest of the last page becomes part of the file as it is.
 *
 * Context: Any; the caller serialises access to @layout.
 * Return: 0; -EFBIG if the file would outgrow loff_t; -ENOSPC if the table is
 * full. @layout is unchanged after an error.
 */
int vmcore_layout_add_buffer(struct vmcore_layout *layout,
			     enum vmcore_kind kind, void *buf, size_t size)
{
	struct vmcore_region region = {
		.size = ALIGN((u64)size, PAGE_SIZE),
		.kind = kind,
		.buf = buf,
	};

	if (!size)
		return 0;
	if (region.size < size)
		return -EFBIG;
	return append_region(layout, &region);
}

/**
 * vmcore_layout_is_huge() - is there a whole huge page in old memory?
 * @old: a PT_LOAD of the headers that the crashed kernel left
 * @huge: bytes of a huge page, a power of two; 0 if none are used
 *
 * Context: Any.
 * Return: true if vmcore_layout_add_load() may need one more region for it.
 */
bool vmcore_layout_is_huge(const struct crash_segment *old, u64 huge)
{
	u64 skip = -old->where & (huge - 1);

	return huge && old->filesz >= skip && old->filesz - skip >= huge;
}

/* Zeros, up to where a region with this address has to begin. */
static int append_fill(struct vmcore_layout *layout, u64 now_pa)
{
	struct vmcore_region region = {
		.kind = VMCORE_FILL,
		.size = (now_pa - layout->size) & (layout->huge - 1),
	};

	return region.size ? append_region(layout, &region) : 0;
}

/**
 * vmcore_layout_add_load() - put old memory at the end of the file
 * @layout: the file
 * @old: a PT_LOAD of the headers that the crashed kernel left
 * @exported: set to the PT_LOAD that describes the same memory in the file
 *
 * Pages that @old covers in part are added whole, since mmap can do no other.
 * Where @exported points is the byte itself, which therefore has the same
 * offset into its page in the file and in memory; and into its huge page, if
 * there is a whole one.
 *
 * Context: Any; the caller serialises access to @layout.
 * Return: 0; -EFBIG if the file would outgrow loff_t, or the segment the
 * address space; -ENOSPC if the table is full. Nothing is changed after an
 * error.
 */
int vmcore_layout_add_load(struct vmcore_layout *layout,
			   const struct crash_segment *old,
			   struct crash_segment *exported)
{
	u64 end, into_page = old->where & (PAGE_SIZE - 1);
	const struct vmcore_layout before = *layout;
	u64 where;
	struct vmcore_region region = {
		.kind = VMCORE_OLDMEM,
		.now_pa = old->where - into_page,
		.old_pa = old->paddr - into_page,
	};
	int err = 0;

	if (check_add_overflow(old->where, old->filesz, &end) ||
	    end > U64_MAX - PAGE_SIZE)
		return -EFBIG;

	region.size = ALIGN(end, PAGE_SIZE) - region.now_pa;
	if (vmcore_layout_is_huge(old, layout->huge))
		err = append_fill(layout, region.now_pa);
	where = layout->size + into_page;
	if (!err && old->filesz)
		err = append_region(layout, &region);
	if (err) {
		*layout = before;
		return err;
	}

	*exported = *old;
	exported->where = where;
	return 0;
}

/**
 * vmcore_layout_find() - find the region at an offset
 * @layout: the file
 * @pos: offset, bytes
 *
 * Context: Any.
 * Return: the region that holds the byte at @pos; NULL at and behind the end.
 */
const struct vmcore_region *
vmcore_layout_find(const struct vmcore_layout *layout, u64 pos)
{
	u32 low = 0, high = layout->nr_regions;

	if (pos >= layout->size)
		return NULL;

	/* The region sought is in [low, high). */
	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (layout->regions[middle].start <= pos)
			low = middle;
		else
			high = middle;
	}
	return &layout->regions[low];
}

/**
 * vmcore_walk() - walk over a part of the file, region by region
 * @layout: the file
 * @pos: offset of the first byte
 * @len: bytes; the walk stops at the end of the file
 * @fn: called for each piece, in ascending order
 * @ctx: handed to @fn
 * @done: set to the bytes that @fn has dealt with, also after an error
 *
 * This alone knows the order of things in the file.
 *
 * Context: The same as for @fn.
 * Return: 0; the errno with which @fn has ended the walk. If @fn has ended it
 * with a short piece, and at the end of the file, that is 0 with @done below
 * @len.
 */
int vmcore_walk(const struct vmcore_layout *layout, u64 pos, u64 len,
		vmcore_chunk_fn fn, void *ctx, u64 *done)
{
	const struct vmcore_region *region = vmcore_layout_find(layout, pos);

	*done = 0;
	if (!region)
		return 0;

	len = min(len, layout->size - pos);
	while (*done < len) {
		u64 offset = pos + *done - region->start;
		u64 chunk = min(len - *done, region->size - offset);
		s64 ret = fn(region, offset, chunk, ctx);

		if (ret < 0)
			return ret;
		*done += ret;
		if (ret < chunk)
			return 0;
		region++;
	}
	return 0;
}
