// SPDX-License-Identifier: GPL-2.0
/*
 * Views of old memory: decides which pages /proc/vmcore-kern leaves out.
 *
 * A block is scanned at its first use. A view keeps the results of the latest
 * few blocks. So no data grows with the machine, and the first byte does not
 * wait for a scan of all memory. The open file is above the view, the filter of
 * lib/crash below it, and the reader of old memory below the filter.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/bitmap.h>
#include <linux/crash_elf.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "view.h"

static int find_rules(struct vmcore_rules *rules, const struct crash_elf *elf,
		      const void *notes, size_t size)
{
	struct crash_note_cursor cur = { .pos = notes, .left = size };
	struct crash_note note;

	while (crash_note_next(&cur, &note)) {
		if (crash_note_is(&note, "VMCOREINFO", 0))
			return vmcore_rules_init(rules, elf, note.desc, note.descsz);
	}
	rules->lacks = "VMCOREINFO";
	return -ENOENT;
}

/**
 * vmcore_filter_create() - make the filter of a dump
 * @source: the dump; the filter gets its own reference
 * @notes: the crashed kernel's notes; may be NULL if there are none
 * @size: size of the notes, bytes
 *
 * If the notes are not sufficient for a filter, it leaves out nothing.
 *
 * Context: May sleep.
 * Return: the filter, or ERR_PTR(-ENOMEM).
 */
struct vmcore_filter *vmcore_filter_create(struct crash_source *source,
					   const void *notes, size_t size)
{
	struct vmcore_filter *filter = kzalloc(sizeof(*filter), GFP_KERNEL);

	if (!filter)
		return ERR_PTR(-ENOMEM);
	filter->err = find_rules(&filter->rules, &source->elf, notes, notes ? size : 0);
	if (filter->err)
		pr_warn("pages of the crashed kernel cannot be told apart, vmcore-kern leaves out none: %s (%d)\n",
			filter->rules.lacks, filter->err);
	else if (filter->rules.refused[0])
		pr_warn("rules that the crashed kernel states for its pages are not used, they are inferred: %s\n",
			filter->rules.refused);
	refcount_inc(&source->users);
	filter->source = source;
	return filter;
}

/**
 * vmcore_filter_destroy() - free a filter
 * @filter: not used any more; NULL is ignored
 *
 * Context: May sleep.
 */
void vmcore_filter_destroy(struct vmcore_filter *filter)
{
	if (!filter)
		return;
	crash_source_put(filter->source);
	kfree(filter);
}

/**
 * vmcore_view_create() - make a view of old memory
 * @filter: of the dump; must outlive the view
 * @level: VMCORE_LEVEL_* bits
 *
 * Context: May sleep.
 * Return: the view; NULL if @level, or the filter, leaves out nothing;
 * ERR_PTR(-ENOMEM).
 */
struct vmcore_view *vmcore_view_create(const struct vmcore_filter *filter,
				       u32 level)
{
	struct vmcore_view *view;

	if (!level || filter->err)
		return NULL;
	view = kvzalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return ERR_PTR(-ENOMEM);

	view->filter = filter;
	view->level = level;
	mutex_init(&view->lock);
	vmcore_old_init(&view->tables, filter->source, 0);
	vmcore_old_init(&view->pages, filter->source, VMCORE_MEMMAP_WINDOW);
	vmcore_memmap_init(&view->map, &filter->rules, &view->tables.memory,
			   &view->pages.memory);
	return view;
}

/**
 * vmcore_view_destroy() - free a view
 * @view: view; NULL is ignored
 *
 * Context: May sleep.
 */
void vmcore_view_destroy(struct vmcore_view *view)
{
	if (!view)
		return;
	oldmem_window_unmap(&view->tables.window);
	oldmem_window_unmap(&view->pages.window);
	kvfree(view);
}

struct vmcore_block_scan {
	struct vmcore_block *block;
	u32 level;
};

static void mark_left_out(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	struct vmcore_block_scan *scan = ctx;

	if (vmcore_is_left_out(class, scan->level))
		bitmap_set(scan->block->left_out, pfn % VMCORE_BLOCK_PAGES, nr);
}

static const struct vmcore_block *get_scanned_block(struct vmcore_view *view, u64 nr)
{
	struct vmcore_block *block = &view->blocks[nr % VMCORE_VIEW_BLOCKS];
	struct vmcore_block_scan scan = { .block = block, .level = view->level };

	if (block->nr == nr + 1)
		return block;
	block->nr = 0;
	bitmap_zero(block->left_out, VMCORE_BLOCK_PAGES);
	vmcore_scan(&view->map, nr, view->level, mark_left_out, &scan);
	block->nr = nr + 1;
	return block;
}

/**
 * vmcore_view_extent() - find out whether, and how far, pages are left out
 * @view: view; NULL leaves out nothing
 * @old_pa: physical address in the crashed kernel, bytes
 * @len: number of bytes of interest, not 0; @old_pa + @len must not overflow
 * @left_out: result: true if the bytes are left out. Pages of zeros are not
 *	searched
 *
 * Context: Process context, may sleep.
 * Return: number of bytes from @old_pa on to which @left_out applies, at most
 * @len and up to the end of the block.
 */
u64 vmcore_view_extent(struct vmcore_view *view, u64 old_pa, u64 len,
		       bool *left_out)
{
	const struct vmcore_block *block;
	unsigned long first, next;
	u32 page_shift;
	u64 pfn;

	*left_out = false;
	if (!view)
		return len;

	page_shift = view->filter->rules.page_shift;
	pfn = old_pa >> page_shift;
	guard(mutex)(&view->lock);
	block = get_scanned_block(view, pfn / VMCORE_BLOCK_PAGES);
	first = pfn % VMCORE_BLOCK_PAGES;
	*left_out = test_bit(first, block->left_out);
	next = *left_out ?
	       find_next_zero_bit(block->left_out, VMCORE_BLOCK_PAGES, first) :
	       find_next_bit(block->left_out, VMCORE_BLOCK_PAGES, first);
	return min(len, ((pfn - first + next) << page_shift) - old_pa);
}
