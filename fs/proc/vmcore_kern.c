// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/vmcore-kern: /proc/vmcore without the pages that hardly anybody looks at.
 * Headers, notes, offsets and size are the same. Pages left out read as zeros,
 * and are holes to SEEK_DATA and SEEK_HOLE.
 *
 * Pages of zeros are holes, too, if the level says so. Only seeking looks for
 * them: to who reads or maps them they are the same either way.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "internal.h"
#include "vmcore_internal.h"
#include "vmcore_kern.h"

/*
 * The files beside /proc/vmcore, made and removed with it. Openers only look at
 * the filter, and are gone before that is freed.
 */
static struct {
	struct mutex lock;		/* for @dump */
	struct vmcore_filter *filter;
	struct proc_dir_entry *dump;
	struct proc_dir_entry *level;
	struct proc_dir_entry *summary;
} kern = {
	.lock = __MUTEX_INITIALIZER(kern.lock),
};

/**
 * struct kern_file - one open file
 * @edition: the file as it was when it was opened
 * @view: which pages are left out; NULL: none
 * @zeros: pages of zeros are holes
 * @lock: for what follows
 * @window: the old memory that was read last
 * @spare: for vmcore_splice_read()
 * @page: where pages are looked at that may be zeros
 */
struct kern_file {
	struct vmcore_edition *edition;
	struct vmcore_view *view;
	bool zeros;
	struct mutex lock;	/* readers of one file take turns, no others */
	struct oldmem_window window;
	struct folio *spare;
	u8 page[PAGE_SIZE];
};

static void kern_file_free(struct kern_file *kf)
{
	if (!kf)
		return;
	oldmem_window_unmap(&kf->window);
	if (kf->spare)
		folio_put(kf->spare);
	vmcore_view_destroy(kf->view);
	vmcore_edition_put(kf->edition);
	kvfree(kf);
}

DEFINE_FREE(kern_file, struct kern_file *, kern_file_free(_T))

static int kern_open(struct inode *inode, struct file *file)
{
	struct kern_file *kf __free(kern_file) = kvzalloc(sizeof(*kf), GFP_KERNEL);
	u32 level = vmcore_kern_level();
	struct vmcore_view *view;

	if (!kf)
		return -ENOMEM;
	mutex_init(&kf->lock);
	kf->zeros = level & VMCORE_LEVEL_ZERO;

	kf->edition = vmcore_edition_get();
	if (!kf->edition)
		return -ENODEV;
	view = vmcore_view_create(kern.filter, level);
	if (IS_ERR(view))
		return PTR_ERR(view);
	kf->view = view;

	i_size_write(inode, kf->edition->layout.size);
	file->private_data = no_free_ptr(kf);
	return 0;
}

static int kern_release(struct inode *inode, struct file *file)
{
	kern_file_free(file->private_data);
	return 0;
}

/* Bytes of a region from @offset on that are left out, or are not. */
static u64 extent(struct kern_file *kf, const struct vmcore_region *region,
		  u64 offset, u64 len, bool *left_out)
{
	*left_out = region->kind == VMCORE_FILL;
	if (region->kind != VMCORE_OLDMEM || !PAGE_ALIGNED(region->old))
		return len;
	return vmcore_view_extent(kf->view, region->old + offset, len, left_out);
}

struct kern_read {
	struct kern_file *kf;
	struct iov_iter *to;
};

/* Copy up to @len bytes, of which none, or all, are left out. */
static ssize_t read_extent(const struct vmcore_region *region, u64 offset,
			   u64 len, bool left_out, struct kern_read *rd)
{
	size_t count = iov_iter_count(rd->to);
	ssize_t got;

	if (left_out)
		return iov_iter_zero(min_t(u64, len, SZ_1M), rd->to) ?: -EFAULT;
	if (region->kind != VMCORE_OLDMEM)
		return copy_to_iter(region->buf + offset, len, rd->to) ?: -EFAULT;

	/* More may be mapped ahead than is to be read. */
	iov_iter_truncate(rd->to, len);
	got = oldmem_read_iter(&rd->kf->window, region->paddr + offset,
			       min_t(u64, region->size - offset, SSIZE_MAX),
			       oldmem_default_flags(), rd->to);
	iov_iter_reexpand(rd->to, count - max_t(ssize_t, got, 0));
	return got;
}

static s64 read_chunk(const struct vmcore_region *region, u64 offset, u64 len,
		      void *ctx)
{
	struct kern_read *rd = ctx;
	s64 done = 0;

	while (done < len) {
		bool left_out;
		ssize_t got;
		u64 same;

		cond_resched();
		if (fatal_signal_pending(current))
			return done ?: -EINTR;
		same = extent(rd->kf, region, offset + done, len - done, &left_out);
		got = read_extent(region, offset + done, same, left_out, rd);
		if (got < 0)
			return done ?: got;
		done += got;
	}
	return done;
}

static ssize_t kern_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct kern_file *kf = iocb->ki_filp->private_data;
	struct kern_read rd = { .kf = kf, .to = to };
	u64 done;
	int err;

	guard(mutex)(&kf->lock);
	err = vmcore_walk(&kf->edition->layout, iocb->ki_pos,
			  iov_iter_count(to), read_chunk, &rd, &done);
	iocb->ki_pos += done;
	return done ? done : err;
}

static ssize_t kern_splice(struct file *file, loff_t *ppos,
			   struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags)
{
	struct kern_file *kf = file->private_data;

	return vmcore_splice_read(file, ppos, pipe, len, flags, &kf->spare);
}

/* Is the page that has @offset, or the rest of it, one of zeros? */
static bool is_zeros(struct kern_file *kf, const struct vmcore_region *region,
		     u64 offset)
{
	return vmcore_is_zeros(&kf->window, region->paddr + offset,
			       region->size - offset,
			       PAGE_SIZE - offset_in_page(offset), kf->page);
}

/* Bytes from @offset on, of @len that are kept, which are all data or all zeros. */
static u64 zero_extent(struct kern_file *kf, const struct vmcore_region *region,
		       u64 offset, u64 len, bool to_data, bool *is_data)
{
	u64 done = 0;

	*is_data = !is_zeros(kf, region, offset);
	do {
		done += PAGE_SIZE - offset_in_page(offset + done);
		/* What is sought needs no end. */
		if (*is_data == to_data)
			break;
		cond_resched();
	} while (done < len && !fatal_signal_pending(current) &&
		 is_zeros(kf, region, offset + done) != *is_data);
	return min(done, len);
}

static u64 data_extent(struct kern_file *kf, const struct vmcore_region *region,
		       u64 offset, u64 len, bool to_data, bool *is_data)
{
	bool left_out;

	len = extent(kf, region, offset, len, &left_out);
	*is_data = !left_out;
	if (left_out || region->kind != VMCORE_OLDMEM)
		return len;
	len = oldmem_ram_extent(region->paddr + offset, len, is_data);
	if (!*is_data || !kf->zeros)
		return len;
	return zero_extent(kf, region, offset, len, to_data, is_data);
}

struct kern_seek {
	struct kern_file *kf;
	bool to_data;
};

/* Stops where data begins, or where a hole does. */
static s64 seek_chunk(const struct vmcore_region *region, u64 offset, u64 len,
		      void *ctx)
{
	struct kern_seek *seek = ctx;
	u64 passed = 0;

	while (passed < len) {
		bool is_data;
		u64 same;

		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		same = data_extent(seek->kf, region, offset + passed,
				   len - passed, seek->to_data, &is_data);
		if (is_data == seek->to_data)
			break;
		passed += same;
	}
	return passed;
}

static loff_t kern_llseek(struct file *file, loff_t offset, int whence)
{
	struct kern_file *kf = file->private_data;
	const struct vmcore_layout *layout = &kf->edition->layout;
	struct kern_seek seek = { .kf = kf, .to_data = whence == SEEK_DATA };

	guard(mutex)(&kf->lock);
	return vmcore_seek(file, layout, offset, whence, seek_chunk, &seek);
}

/* Old memory, and the zeros between, come last in the file. */
static bool is_old_memory(const struct vmcore_region *region)
{
	return region->kind == VMCORE_OLDMEM || region->kind == VMCORE_FILL;
}

struct kern_mmap {
	struct kern_file *kf;
	struct vm_area_struct *vma;
	bool lazy;
};

/* Pages that are left out are zeros, made where they are touched. */
static vm_fault_t kern_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address, my_zero_pfn(vmf->address));
}

static const struct vm_operations_struct kern_vm_ops = {
	.fault = kern_fault,
};

/* Must not wait for kern_file.lock, whose holders may fault on mmap_lock. */
static s64 mmap_chunk(const struct vmcore_region *region, u64 offset, u64 len,
		      void *ctx)
{
	struct kern_mmap *map = ctx;
	struct vm_area_struct *vma = map->vma;
	u64 start = region->start - ((u64)vma->vm_pgoff << PAGE_SHIFT);
	u64 at = offset, same;
	int err = 0;

	if (!is_old_memory(region))
		return remap_vmalloc_range_partial(vma, vma->vm_start + start + at,
						   region->buf,
						   offset >> PAGE_SHIFT, len) ?: len;

	for (; at < offset + len && !err; at += same) {
		unsigned long addr = vma->vm_start + start + at;
		bool left_out;

		cond_resched();
		same = extent(map->kf, region, at, offset + len - at, &left_out);
		if (!left_out)
			err = oldmem_remap(vma, addr, region->paddr + at, same,
					   oldmem_default_flags());
		else if (!map->lazy)
			err = oldmem_map_zeros(vma, addr, same);
	}
	return err ?: len;
}

static int kern_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct kern_file *kf = file->private_data;
	const struct vmcore_layout *layout = &kf->edition->layout;
	struct kern_mmap map = { .kf = kf, .vma = vma };
	u64 pos = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 len = vma->vm_end - vma->vm_start;
	const struct vmcore_region *first;
	u64 done;
	int err;

	err = vmcore_mmap_region(layout, vma, &first);
	if (err)
		return err;

	/*
	 * Buffers of this kernel are mapped as pages that are counted, and next to
	 * those no page frame can be put in later on.
	 */
	map.lazy = is_old_memory(first);
	vm_flags_set(vma, map.lazy ? VM_PFNMAP | VM_IO : VM_MIXEDMAP);
	if (map.lazy)
		vma->vm_ops = &kern_vm_ops;
	return vmcore_walk(layout, pos, len, mmap_chunk, &map, &done);
}

static const struct proc_ops kern_proc_ops = {
	.proc_open	= kern_open,
	.proc_release	= kern_release,
	.proc_read_iter	= kern_read_iter,
	.proc_splice_read = kern_splice,
	.proc_lseek	= kern_llseek,
	.proc_mmap	= kern_mmap,
};

/**
 * vmcore_kern_load() - create /proc/vmcore-kern and what belongs to it
 * @contents: with a dump in it
 * @size: bytes of the exported file
 *
 * If that fails there still is /proc/vmcore.
 *
 * Context: May sleep; the caller serialises this and vmcore_kern_unload().
 */
void vmcore_kern_load(const struct vmcore_contents *contents, u64 size)
{
	struct vmcore_filter *filter =
		vmcore_filter_create(contents->source, contents->notes,
				     contents->notes_size);

	if (IS_ERR(filter)) {
		pr_err("/proc/vmcore-kern cannot be made (%pe)\n", filter);
		return;
	}
	kern.filter = filter;
	scoped_guard(mutex, &kern.lock)
		kern.dump = proc_create("vmcore-kern", 0400, NULL, &kern_proc_ops);
	/* A cached inode would not know what size the next edition has. */
	if (kern.dump)
		pde_force_lookup(kern.dump);
	vmcore_kern_resize(size);
	kern.level = vmcore_level_create();
	kern.summary = vmcore_summary_create(filter);
	if (!kern.dump || !kern.level || !kern.summary)
		pr_err("not all of /proc/vmcore-kern* can be made\n");
}

/**
 * vmcore_kern_resize() - the exported file has another size now
 * @size: bytes
 *
 * Context: May sleep.
 */
void vmcore_kern_resize(u64 size)
{
	guard(mutex)(&kern.lock);

	if (kern.dump)
		proc_set_size(kern.dump, size);
}

/**
 * vmcore_kern_unload() - remove what vmcore_kern_load() has created
 *
 * Waits for openers. Open files are closed.
 *
 * Context: As for vmcore_kern_load(), but not under a lock that opening
 * /proc/vmcore-kern takes.
 */
void vmcore_kern_unload(void)
{
	struct proc_dir_entry *dump;

	scoped_guard(mutex, &kern.lock) {
		dump = kern.dump;
		kern.dump = NULL;
	}
	proc_remove(dump);
	proc_remove(kern.level);
	proc_remove(kern.summary);
	vmcore_filter_destroy(kern.filter);
	kern.level = NULL;
	kern.summary = NULL;
	kern.filter = NULL;
}
