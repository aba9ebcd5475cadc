// SPDX-License-Identifier: GPL-2.0
/*
 * Reads old memory for the filter, by physical address in the crashed kernel.
 */
#include <linux/align.h>
#include <linux/crash_map.h>
#include <linux/crash_source.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "old_reader.h"

/* Number of bytes of a page to test first for zeros. */
#define ZERO_PEEK	64ULL

/* Return the run that contains an old physical address, or NULL. */
static const struct crash_run *find_old_run(struct vmcore_old *old, u64 old_pa)
{
	const struct crash_source *source = old->source;
	const struct crash_run *run = &source->runs[old->run];

	if (old->run < source->nr_runs && old_pa - run->paddr < run->size)
		return run;
	old->run = crash_map_find(source->runs, source->nr_runs, old_pa);
	run = &source->runs[old->run];
	return old->run < source->nr_runs && run->paddr <= old_pa ? run : NULL;
}

/**
 * vmcore_peek() - copy some old memory, and map more of it ahead
 * @win: the caller's window
 * @now_pa: present physical address, bytes
 * @span: number of bytes of old memory from there on, which may be read next
 * @buf: destination
 * @len: bytes, at most @span
 *
 * Context: Process context, may sleep.
 * Return: 0, or an errno of oldmem_read_iter(); @buf is undefined then.
 */
int vmcore_peek(struct oldmem_window *win, u64 now_pa, u64 span, void *buf,
		size_t len)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter to;
	ssize_t got;

	iov_iter_kvec(&to, ITER_DEST, &vec, 1, len);
	while (iov_iter_count(&to)) {
		got = oldmem_read_iter(win, now_pa, span, oldmem_default_flags(),
				       &to);
		if (got < 0)
			return got;
		now_pa += got;
		span -= got;
	}
	return 0;
}

/**
 * vmcore_is_zeros() - test whether old memory has only zeros
 * @win: the caller's window
 * @now_pa: present physical address, bytes
 * @span: number of bytes of old memory from there on, which may be read next
 * @len: number of bytes to test; bytes behind @span are ignored
 * @page: room for a page
 *
 * Context: Process context, may sleep.
 * Return: true if all bytes are zero; false also if they cannot be read.
 */
bool vmcore_is_zeros(struct oldmem_window *win, u64 now_pa, u64 span, u64 len,
		     void *page)
{
	size_t done = 0, part;

	/* Most pages with other contents have them in the first bytes. */
	len = min(len, span);
	for (part = min(len, ZERO_PEEK); done < len; part = min(len - done, PAGE_SIZE)) {
		if (vmcore_peek(win, now_pa + done, span - done, page, part) ||
		    memchr_inv(page, 0, part))
			return false;
		done += part;
	}
	return true;
}

/* Map the memory around an address, unless it is mapped. */
static int cover_old_window(struct vmcore_old *old, const struct crash_run *run, u64 now_pa)
{
	u64 start = max(round_down(now_pa, old->around), PAGE_ALIGN(run->where));
	u64 end = min(round_down(now_pa, old->around) + old->around,
		      round_down(run->where + run->size, PAGE_SIZE));

	if (now_pa - old->window.start < old->window.size || now_pa < start ||
	    now_pa >= end)
		return 0;
	return oldmem_window_cover(&old->window, start, end,
				   oldmem_default_flags());
}

static int read_old_memory(struct vmcore_memory *memory, u64 old_pa, void *buf,
			   size_t len, u64 span)
{
	struct vmcore_old *old = container_of(memory, struct vmcore_old, memory);
	const struct crash_run *run = find_old_run(old, old_pa);
	u64 into, left;
	int err;

	if (!run)
		return -EFAULT;
	into = old_pa - run->paddr;
	left = run->size - into;
	if (len > left)
		return -EFAULT;
	if (old->around) {
		err = cover_old_window(old, run, run->where + into);
		if (err)
			return err;
	}
	return vmcore_peek(&old->window, run->where + into, min(span, left), buf,
			   len);
}

/**
 * vmcore_old_init() - prepare to read old memory by old physical address
 * @old: to be set up; ends with oldmem_window_unmap() of its window
 * @source: the dump; must outlive @old
 * @around: number of bytes to map around each read, a power of two; 0: only the
 *	read
 *
 * Context: Any; the caller serialises all use of @old.
 */
void vmcore_old_init(struct vmcore_old *old, const struct crash_source *source,
		     u32 around)
{
	*old = (struct vmcore_old) {
		.memory.read = read_old_memory,
		.source = source,
		.around = around,
	};
}
