// SPDX-License-Identifier: GPL-2.0
/*
 * The filter of /proc/vmcore-kern at work: which pages of old memory are left out.
 *
 * That is found out block by block, when a block is first asked about; a view
 * remembers the latest few. So nothing grows with the machine, and the first byte
 * does not wait for the last page.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/bitmap.h>
#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "vmcore_kern.h"

/* What is looked at of a page that may be one of zeros, first of all. */
#define ZERO_PEEK	64ULL

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
 * vmcore_filter_create() - find out how to tell pages of a dump apart
 * @source: the dump; the filter gets a reference of its own
 * @notes: the crashed kernel's notes; may be NULL if there are none
 * @size: bytes of them
 *
 * If that cannot be found out, there is a filter that leaves out nothing.
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
 * @filter: in no use any more; NULL is ignored
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

/* The run that has an old physical address, or NULL. */
static const struct crash_run *find_run(struct vmcore_old *old, u64 paddr)
{
	const struct crash_source *source = old->source;
	const struct crash_run *run = &source->runs[old->run];

	if (old->run < source->nr_runs && paddr - run->paddr < run->size)
		return run;
	old->run = crash_map_find(source->runs, source->nr_runs, paddr);
	run = &source->runs[old->run];
	return old->run < source->nr_runs && run->paddr <= paddr ? run : NULL;
}

/**
 * vmcore_peek() - copy some old memory, with more of it mapped ahead
 * @win: the caller's window
 * @where: present physical address, bytes
 * @span: bytes from there on that are old memory and may be asked for next
 * @buf: destination
 * @len: bytes, at most @span
 *
 * Context: Process context, may sleep.
 * Return: 0, or an errno of oldmem_read_iter(); @buf is undefined then.
 */
int vmcore_peek(struct oldmem_window *win, u64 where, u64 span, void *buf,
		size_t len)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter to;
	ssize_t got;

	iov_iter_kvec(&to, ITER_DEST, &vec, 1, len);
	while (iov_iter_count(&to)) {
		got = oldmem_read_iter(win, where, span, oldmem_default_flags(),
				       &to);
		if (got < 0)
			return got;
		where += got;
		span -= got;
	}
	return 0;
}

/**
 * vmcore_is_zeros() - is old memory nothing but zeros?
 * @win: the caller's window
 * @where: present physical address, bytes
 * @span: bytes from there on that are old memory and may be asked for next
 * @len: bytes of interest; what is beyond @span does not count
 * @page: room for a page
 *
 * Context: Process context, may sleep.
 * Return: true if so; false also if it cannot be read.
 */
bool vmcore_is_zeros(struct oldmem_window *win, u64 where, u64 span, u64 len,
		     void *page)
{
	size_t done = 0, part;

	/* Most of what has something else shows it at once. */
	len = min(len, span);
	for (part = min(len, ZERO_PEEK); done < len; part = min(len - done, PAGE_SIZE)) {
		if (vmcore_peek(win, where + done, span - done, page, part) ||
		    memchr_inv(page, 0, part))
			return false;
		done += part;
	}
	return true;
}

/* Map all around an address, unless that has been done. */
static int cover(struct vmcore_old *old, const struct crash_run *run, u64 where)
{
	u64 start = max(round_down(where, old->around), PAGE_ALIGN(run->where));
	u64 end = min(round_down(where, old->around) + old->around,
		      round_down(run->where + run->size, PAGE_SIZE));

	if (where - old->window.start < old->window.size || where < start ||
	    where >= end)
		return 0;
	return oldmem_window_cover(&old->window, start, end,
				   oldmem_default_flags());
}

static int old_read(struct vmcore_memory *memory, u64 paddr, void *buf,
		    size_t len, u64 span)
{
	struct vmcore_old *old = container_of(memory, struct vmcore_old, memory);
	const struct crash_run *run = find_run(old, paddr);
	u64 into, left;
	int err;

	if (!run)
		return -EFAULT;
	into = paddr - run->paddr;
	left = run->size - into;
	if (len > left)
		return -EFAULT;
	if (old->around) {
		err = cover(old, run, run->where + into);
		if (err)
			return err;
	}
	return vmcore_peek(&old->window, run->where + into, min(span, left), buf,
			   len);
}

/**
 * vmcore_old_init() - begin to read old memory by old physical address
 * @old: to be set up; ends with oldmem_window_unmap() of its window
 * @source: the dump; must outlive @old
 * @around: bytes to map around what is read, a power of two; 0: what is read
 *
 * Context: Any; whoever uses @old does so alone.
 */
void vmcore_old_init(struct vmcore_old *old, const struct crash_source *source,
		     u32 around)
{
	*old = (struct vmcore_old) {
		.memory.read = old_read,
		.source = source,
		.around = around,
	};
}

/**
 * vmcore_view_create() - look at old memory as a level shows it
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
 * vmcore_view_destroy() - the opposite of vmcore_view_create()
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

struct block_scan {
	struct vmcore_block *block;
	u32 level;
};

static void take_run(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	struct block_scan *scan = ctx;

	if (vmcore_is_left_out(class, scan->level))
		bitmap_set(scan->block->left_out, pfn % VMCORE_BLOCK_PAGES, nr);
}

static const struct vmcore_block *get_block(struct vmcore_view *view, u64 nr)
{
	struct vmcore_block *block = &view->blocks[nr % VMCORE_VIEW_BLOCKS];
	struct block_scan scan = { .block = block, .level = view->level };

	if (block->nr == nr + 1)
		return block;
	block->nr = 0;
	bitmap_zero(block->left_out, VMCORE_BLOCK_PAGES);
	vmcore_scan(&view->map, nr, view->level, take_run, &scan);
	block->nr = nr + 1;
	return block;
}

/**
 * vmcore_view_extent() - is a page left out, and how far is the answer the same?
 * @view: view; NULL leaves out nothing
 * @paddr: physical address in the crashed kernel, bytes
 * @len: bytes of interest from there on, not 0; @paddr + @len must not overflow
 * @left_out: result: the bytes are to read as zeros. Pages of zeros are not
 *	looked for
 *
 * Context: Process context, may sleep.
 * Return: bytes from @paddr on that @left_out is true of, at most @len and up to
 * the end of the block.
 */
u64 vmcore_view_extent(struct vmcore_view *view, u64 paddr, u64 len,
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
	pfn = paddr >> page_shift;
	guard(mutex)(&view->lock);
	block = get_block(view, pfn / VMCORE_BLOCK_PAGES);
	first = pfn % VMCORE_BLOCK_PAGES;
	*left_out = test_bit(first, block->left_out);
	next = *left_out ?
	       find_next_zero_bit(block->left_out, VMCORE_BLOCK_PAGES, first) :
	       find_next_bit(block->left_out, VMCORE_BLOCK_PAGES, first);
	return min(len, ((pfn - first + next) << page_shift) - paddr);
}
