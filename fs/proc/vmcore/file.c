// SPDX-License-Identifier: GPL-2.0
/*
 * Opens, reads and seeks in the dump, for /proc/vmcore and for
 * /proc/vmcore-kern. Both have the same headers, notes, offsets and size. Pages
 * that the view of a file leaves out read as zeros, and are holes for SEEK_DATA
 * and SEEK_HOLE.
 *
 * Pages of zeros are holes, too, if the level has that bit. Only seeking looks
 * for them: reading and mapping show zeros either way.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "edition.h"
#include "file.h"
#include "level.h"
#include "old_reader.h"
#include "view.h"

/**
 * vmcore_file_create() - open the dump
 * @edition: the present edition; the file gets its own reference
 * @filter: decides which pages to leave out; NULL: none
 *
 * Context: May sleep.
 * Return: the file, for vmcore_file_put(), or ERR_PTR(-ENOMEM).
 */
struct vmcore_file *vmcore_file_create(struct vmcore_edition *edition,
				       const struct vmcore_filter *filter)
{
	struct vmcore_file *vf = kvzalloc(sizeof(*vf), GFP_KERNEL);
	u32 level = filter ? vmcore_level() : 0;
	struct vmcore_view *view;

	if (!vf)
		return ERR_PTR(-ENOMEM);
	view = filter ? vmcore_view_create(filter, level) : NULL;
	if (IS_ERR(view)) {
		kvfree(vf);
		return ERR_CAST(view);
	}

	kref_init(&vf->ref);
	kref_get(&edition->ref);
	vf->edition = edition;
	vf->view = view;
	vf->zeros = level & VMCORE_LEVEL_ZERO;
	mutex_init(&vf->lock);
	return vf;
}

static void free_file(struct kref *ref)
{
	struct vmcore_file *vf = container_of(ref, struct vmcore_file, ref);

	oldmem_window_unmap(&vf->window);
	if (vf->spare)
		folio_put(vf->spare);
	vmcore_view_destroy(vf->view);
	vmcore_edition_put(vf->edition);
	kvfree(vf);
}

/**
 * vmcore_file_put() - drop a reference to an open file
 * @vf: the file
 *
 * Context: May sleep.
 */
void vmcore_file_put(struct vmcore_file *vf)
{
	kref_put(&vf->ref, free_file);
}

/*
 * Test whether a page of the file is left out that has parts of several pages
 * of the crashed kernel. It is only if all of these are, so that reading and
 * mapping show the same.
 */
static bool is_mixed_page_left_out(struct vmcore_view *view, u64 old_pa)
{
	bool left_out;
	u64 done = 0;

	/* A region starts with its first whole page, which may be before address 0. */
	if (old_pa > U64_MAX - PAGE_SIZE)
		return false;
	do {
		done += vmcore_view_extent(view, old_pa + done, PAGE_SIZE - done,
					   &left_out);
	} while (left_out && done < PAGE_SIZE);
	return left_out;
}

/* Test whether pages of the file have parts of several pages of the crashed kernel. */
static bool has_mixed_pages(const struct vmcore_view *view,
			    const struct vmcore_region *region)
{
	return !PAGE_ALIGNED(region->old_pa) ||
	       view->filter->rules.page_shift < PAGE_SHIFT;
}

static u64 find_mixed_extent(struct vmcore_view *view, u64 old_pa, u64 offset,
			     u64 len, bool *left_out)
{
	u64 page = round_down(offset, PAGE_SIZE), end = offset + len;

	*left_out = is_mixed_page_left_out(view, old_pa + page);
	do {
		page += PAGE_SIZE;
		cond_resched();
	} while (page < end && !fatal_signal_pending(current) &&
		 is_mixed_page_left_out(view, old_pa + page) == *left_out);
	return min(page, end) - offset;
}

/**
 * vmcore_file_extent() - find out whether, and how far, a part of the file is left out
 * @vf: the file
 * @region: the region of its layout
 * @offset: bytes from the start of @region
 * @len: number of bytes of interest, not 0, within @region
 * @left_out: result: true if the bytes are left out. Pages of zeros are not
 *	searched
 *
 * Context: Process context, may sleep. May hold mmap_lock.
 * Return: number of bytes from @offset on to which @left_out applies, at most
 * @len.
 */
u64 vmcore_file_extent(struct vmcore_file *vf, const struct vmcore_region *region,
		       u64 offset, u64 len, bool *left_out)
{
	*left_out = region->kind == VMCORE_FILL;
	if (region->kind != VMCORE_OLDMEM || !vf->view)
		return len;
	if (has_mixed_pages(vf->view, region))
		return find_mixed_extent(vf->view, region->old_pa, offset, len,
					 left_out);
	return vmcore_view_extent(vf->view, region->old_pa + offset, len, left_out);
}

struct vmcore_read {
	struct vmcore_file *vf;
	struct iov_iter *to;
};

/* Copy up to @len bytes, all of which are left out, or none. */
static ssize_t read_extent(const struct vmcore_region *region, u64 offset,
			   u64 len, bool left_out, struct vmcore_read *rd)
{
	size_t count = iov_iter_count(rd->to);
	ssize_t got;

	if (left_out) {
		got = iov_iter_zero(min_t(u64, len, SZ_1M), rd->to);
		return got ? got : -EFAULT;
	}
	if (region->kind != VMCORE_OLDMEM) {
		got = copy_to_iter(region->buf + offset, len, rd->to);
		return got ? got : -EFAULT;
	}

	/* Pass the length of the whole rest, so that oldmem can map ahead. */
	iov_iter_truncate(rd->to, len);
	got = oldmem_read_iter(&rd->vf->window, region->now_pa + offset,
			       min_t(u64, region->size - offset, SSIZE_MAX),
			       oldmem_default_flags(), rd->to);
	iov_iter_reexpand(rd->to, count - max_t(ssize_t, got, 0));
	return got;
}

static s64 read_piece_of_region(const struct vmcore_region *region, u64 offset,
				u64 len, void *ctx)
{
	struct vmcore_read *rd = ctx;
	s64 done = 0;

	while (done < len) {
		bool left_out;
		ssize_t got;
		u64 same;

		cond_resched();
		if (fatal_signal_pending(current))
			return done ? done : -EINTR;
		same = vmcore_file_extent(rd->vf, region, offset + done, len - done,
					  &left_out);
		got = read_extent(region, offset + done, same, left_out, rd);
		if (got < 0)
			return done ? done : got;
		done += got;
	}
	return done;
}

/**
 * vmcore_file_read() - ->read_iter of the dump
 * @iocb: file and position
 * @to: destination
 *
 * Context: Process context, may sleep.
 * Return: bytes read; 0 at the end; if there are none, an errno of
 * oldmem_read_iter().
 */
ssize_t vmcore_file_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct vmcore_file *vf = iocb->ki_filp->private_data;
	struct vmcore_read rd = { .vf = vf, .to = to };
	u64 done;
	int err;

	guard(mutex)(&vf->lock);
	err = vmcore_walk(&vf->edition->layout, iocb->ki_pos, iov_iter_count(to),
			  read_piece_of_region, &rd, &done);
	iocb->ki_pos += done;
	return done ? done : err;
}

/* Test whether the page of @offset has only zeros from @offset on. */
static bool is_page_of_zeros(struct vmcore_file *vf, const struct vmcore_region *region,
			     u64 offset)
{
	return vmcore_is_zeros(&vf->window, region->now_pa + offset,
			       region->size - offset,
			       PAGE_SIZE - offset_in_page(offset), vf->page);
}

/*
 * Return the number of bytes from @offset on that are all data or all zeros.
 * The @len bytes are not left out.
 */
static u64 find_zero_extent(struct vmcore_file *vf,
			    const struct vmcore_region *region, u64 offset,
			    u64 len, bool to_data, bool *is_data)
{
	u64 done = 0;

	*is_data = !is_page_of_zeros(vf, region, offset);
	do {
		done += PAGE_SIZE - offset_in_page(offset + done);
		/* The caller stops at this page: do not measure how far the run goes. */
		if (*is_data == to_data)
			break;
		cond_resched();
	} while (done < len && !fatal_signal_pending(current) &&
		 is_page_of_zeros(vf, region, offset + done) != *is_data);
	return min(done, len);
}

static u64 find_data_extent(struct vmcore_file *vf,
			    const struct vmcore_region *region, u64 offset,
			    u64 len, bool to_data, bool *is_data)
{
	bool left_out;

	len = vmcore_file_extent(vf, region, offset, len, &left_out);
	*is_data = !left_out;
	if (left_out || region->kind != VMCORE_OLDMEM)
		return len;
	len = oldmem_ram_extent(region->now_pa + offset, len, is_data);
	if (!*is_data || !vf->zeros)
		return len;
	return find_zero_extent(vf, region, offset, len, to_data, is_data);
}

struct vmcore_seek {
	struct vmcore_file *vf;
	bool to_data;
};

/* Pass over the region up to the next data, or the next hole. */
static s64 seek_in_region(const struct vmcore_region *region, u64 offset, u64 len,
			  void *ctx)
{
	struct vmcore_seek *seek = ctx;
	u64 passed = 0;

	while (passed < len) {
		bool is_data;
		u64 same;

		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		same = find_data_extent(seek->vf, region, offset + passed,
					len - passed, seek->to_data, &is_data);
		if (is_data == seek->to_data)
			break;
		passed += same;
	}
	return passed;
}

/**
 * vmcore_file_seek() - ->llseek of the dump
 * @file: the file
 * @offset: bytes, as for lseek()
 * @whence: as for lseek()
 *
 * The end of the file counts as a hole, so there is always one.
 *
 * Context: May sleep.
 * Return: the new position; -ENXIO if there is no data from @offset on, or
 * @offset is not in the file; -EINVAL; -EINTR if the task is being killed.
 */
loff_t vmcore_file_seek(struct file *file, loff_t offset, int whence)
{
	struct vmcore_file *vf = file->private_data;
	const struct vmcore_layout *layout = &vf->edition->layout;
	struct vmcore_seek seek = { .vf = vf, .to_data = whence == SEEK_DATA };
	u64 done;
	int err;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, offset, whence,
						MAX_LFS_FILESIZE, layout->size);
	if (offset < 0 || offset >= layout->size)
		return -ENXIO;

	scoped_guard(mutex, &vf->lock)
		err = vmcore_walk(layout, offset, layout->size - offset,
				  seek_in_region, &seek, &done);
	if (err)
		return err;

	offset += done;
	if (whence == SEEK_DATA && offset == layout->size)
		return -ENXIO;
	return vfs_setpos(file, offset, MAX_LFS_FILESIZE);
}
