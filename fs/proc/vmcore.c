// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/vmcore: the crashed kernel's memory as an ELF core file, in the kernel
 * that was started to save it. Reading, mapping and seeking are clients of one
 * walk over the layout of the file.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/crash_source.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "internal.h"
#include "vmcore_internal.h"

/*
 * All there is to /proc/vmcore. Openers, device dumps, loading and unloading
 * take the lock; reading, mapping and seeking never do.
 */
static struct {
	struct mutex lock;			/* for all members */
	struct vmcore_contents contents;
	struct vmcore_edition *edition;		/* the current one */
	struct proc_dir_entry *entry;
} vmcore = {
	.lock = __MUTEX_INITIALIZER(vmcore.lock),
	.contents.devices = LIST_HEAD_INIT(vmcore.contents.devices),
};

/**
 * struct vmcore_file - one open file
 * @edition: the file as it was when it was opened
 * @lock: for @window
 * @window: the old memory that was read last
 * @spare: for vmcore_splice_read()
 */
struct vmcore_file {
	struct vmcore_edition *edition;
	struct mutex lock;	/* readers of one file take turns, no others */
	struct oldmem_window window;
	struct folio *spare;
};

/**
 * vmcore_edition_get() - the exported file as it is now
 *
 * Context: May sleep.
 * Return: an edition, to be given back by vmcore_edition_put(), or NULL if there
 * is none.
 */
struct vmcore_edition *vmcore_edition_get(void)
{
	guard(mutex)(&vmcore.lock);

	if (vmcore.edition)
		kref_get(&vmcore.edition->ref);
	return vmcore.edition;
}

static int vmcore_open(struct inode *inode, struct file *file)
{
	struct vmcore_file *vf __free(kfree) = kzalloc(sizeof(*vf), GFP_KERNEL);

	if (!vf)
		return -ENOMEM;
	mutex_init(&vf->lock);

	vf->edition = vmcore_edition_get();
	if (!vf->edition)
		return -ENODEV;

	/* A device dump may have come since the inode was made. */
	i_size_write(inode, vf->edition->layout.size);
	file->private_data = no_free_ptr(vf);
	return 0;
}

static int vmcore_release(struct inode *inode, struct file *file)
{
	struct vmcore_file *vf = file->private_data;

	oldmem_window_unmap(&vf->window);
	if (vf->spare)
		folio_put(vf->spare);
	vmcore_edition_put(vf->edition);
	kfree(vf);
	return 0;
}

struct vmcore_read {
	struct vmcore_file *vf;
	struct iov_iter *to;
};

static s64 read_chunk(const struct vmcore_region *region, u64 offset, u64 len,
		      void *ctx)
{
	struct vmcore_read *rd = ctx;
	size_t copied;

	cond_resched();
	if (fatal_signal_pending(current))
		return -EINTR;

	/* The rest of the region may be mapped ahead; rd->to ends the read. */
	if (region->kind == VMCORE_OLDMEM)
		return oldmem_read_iter(&rd->vf->window, region->paddr + offset,
					min_t(u64, region->size - offset, SSIZE_MAX),
					oldmem_default_flags(), rd->to);

	copied = region->kind == VMCORE_FILL ? iov_iter_zero(len, rd->to) :
		 copy_to_iter(region->buf + offset, len, rd->to);
	if (!copied)
		return -EFAULT;
	return copied;
}

static ssize_t vmcore_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct vmcore_file *vf = iocb->ki_filp->private_data;
	struct vmcore_read rd = { .vf = vf, .to = to };
	u64 done;
	int err;

	guard(mutex)(&vf->lock);
	err = vmcore_walk(&vf->edition->layout, iocb->ki_pos,
			  iov_iter_count(to), read_chunk, &rd, &done);
	iocb->ki_pos += done;
	return done ? done : err;
}

static ssize_t vmcore_splice(struct file *file, loff_t *ppos,
			     struct pipe_inode_info *pipe, size_t len,
			     unsigned int flags)
{
	struct vmcore_file *vf = file->private_data;

	return vmcore_splice_read(file, ppos, pipe, len, flags, &vf->spare);
}

struct vmcore_map {
	struct vm_area_struct *vma;
	unsigned int flags;		/* OLDMEM_* */
};

/* Must not wait for vmcore_file.lock, whose holders may fault on mmap_lock. */
static s64 mmap_chunk(const struct vmcore_region *region, u64 offset, u64 len,
		      void *ctx)
{
	const struct vmcore_map *map = ctx;
	struct vm_area_struct *vma = map->vma;
	u64 into_file = region->start + offset;
	unsigned long addr;
	int err;

	cond_resched();
	addr = vma->vm_start + (into_file - ((u64)vma->vm_pgoff << PAGE_SHIFT));
	if (region->kind == VMCORE_OLDMEM)
		err = oldmem_remap(vma, addr, region->paddr + offset, len,
				   map->flags);
	else if (region->kind == VMCORE_FILL)
		err = oldmem_map_zeros(vma, addr, len);
	else
		err = remap_vmalloc_range_partial(vma, addr, region->buf,
						  offset >> PAGE_SHIFT, len);
	return err ? err : len;
}

static void vmcore_vm_open(struct vm_area_struct *vma)
{
	struct vmcore_edition *edition = vma->vm_private_data;

	kref_get(&edition->ref);
}

static void vmcore_vm_close(struct vm_area_struct *vma)
{
	vmcore_edition_put(vma->vm_private_data);
}

/* Only of old memory are there parts that mmap has not mapped. */
static vm_fault_t vmcore_vm_fault(struct vm_fault *vmf)
{
	const struct vmcore_edition *edition = vmf->vma->vm_private_data;
	u64 pos = (u64)vmf->pgoff << PAGE_SHIFT;
	const struct vmcore_region *region =
		vmcore_layout_find(&edition->layout, pos);

	if (!region || region->kind != VMCORE_OLDMEM)
		return VM_FAULT_SIGBUS;
	return oldmem_fault(vmf, region->paddr + (pos - region->start),
			    region->paddr, region->paddr + region->size);
}

static const struct vm_operations_struct vmcore_vm_ops = {
	.open	= vmcore_vm_open,
	.close	= vmcore_vm_close,
	.fault	= vmcore_vm_fault,
};

static int vmcore_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vmcore_file *vf = file->private_data;
	const struct vmcore_layout *layout = &vf->edition->layout;
	struct vmcore_map map = { .vma = vma, .flags = oldmem_default_flags() };
	u64 pos = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 len = vma->vm_end - vma->vm_start;
	const struct vmcore_region *first;
	u64 done;
	int err;

	err = vmcore_mmap_region(layout, vma, &first);
	if (err)
		return err;

	/* Pages of our own, which are first in the file, cannot be with huge ones. */
	if (first->kind != VMCORE_OLDMEM && first->kind != VMCORE_FILL) {
		vm_flags_set(vma, VM_MIXEDMAP);
		return vmcore_walk(layout, pos, len, mmap_chunk, &map, &done);
	}

	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	map.flags |= OLDMEM_FAULT;
	err = vmcore_walk(layout, pos, len, mmap_chunk, &map, &done);
	if (err)
		return err;

	/* The file may be closed, and the dump unloaded, while this is mapped. */
	vma->vm_ops = &vmcore_vm_ops;
	vma->vm_private_data = vf->edition;
	kref_get(&vf->edition->ref);
	return 0;
}

/* Stops where data begins, or where a hole does. */
static s64 seek_chunk(const struct vmcore_region *region, u64 offset, u64 len,
		      void *ctx)
{
	bool is_ram, to_data = *(bool *)ctx;
	u64 passed = 0;

	if (region->kind == VMCORE_FILL)
		return to_data ? len : 0;
	if (region->kind != VMCORE_OLDMEM)
		return to_data ? 0 : len;

	while (passed < len) {
		u64 extent;

		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		extent = oldmem_ram_extent(region->paddr + offset + passed,
					   len - passed, &is_ram);
		if (is_ram == to_data)
			break;
		passed += extent;
	}
	return passed;
}

static loff_t vmcore_llseek(struct file *file, loff_t offset, int whence)
{
	struct vmcore_file *vf = file->private_data;
	const struct vmcore_layout *layout = &vf->edition->layout;
	bool to_data = whence == SEEK_DATA;

	return vmcore_seek(file, layout, offset, whence, seek_chunk, &to_data);
}

static const struct proc_ops vmcore_proc_ops = {
	.proc_open	= vmcore_open,
	.proc_release	= vmcore_release,
	.proc_read_iter	= vmcore_read_iter,
	.proc_splice_read = vmcore_splice,
	.proc_lseek	= vmcore_llseek,
	.proc_mmap	= vmcore_mmap,
	.proc_get_unmapped_area = thp_get_unmapped_area,
};

/* Make @edition the one that is opened from now on. */
static void publish(struct vmcore_edition *edition)
{
	lockdep_assert_held(&vmcore.lock);

	vmcore_edition_put(vmcore.edition);
	vmcore.edition = edition;
	if (vmcore.entry)
		proc_set_size(vmcore.entry, edition->layout.size);
	vmcore_kern_resize(edition->layout.size);
}

/**
 * vmcore_attach_device() - make a device dump part of the exported file
 * @device: the dump; belongs to the file afterwards, unless this fails
 *
 * Files that are open stay as they are.
 *
 * Context: May sleep.
 * Return: 0; -ENODEV if there is no dump to attach it to; -ENOMEM; what
 * crash_elf_encode() returns.
 */
int vmcore_attach_device(struct vmcore_device *device)
{
	struct vmcore_edition *edition;

	guard(mutex)(&vmcore.lock);
	if (!vmcore.contents.source)
		return -ENODEV;

	list_add_tail(&device->node, &vmcore.contents.devices);
	edition = vmcore_edition_create(&vmcore.contents);
	if (IS_ERR(edition)) {
		list_del(&device->node);
		return PTR_ERR(edition);
	}
	publish(edition);
	return 0;
}

static int load_locked(struct crash_source *source)
{
	struct vmcore_edition *edition;

	vmcore_contents_init(&vmcore.contents, source);
	edition = vmcore_edition_create(&vmcore.contents);
	if (IS_ERR(edition))
		return PTR_ERR(edition);

	publish(edition);
	vmcore.entry = proc_create("vmcore", 0400, NULL, &vmcore_proc_ops);
	if (!vmcore.entry)
		return -ENOMEM;
	proc_set_size(vmcore.entry, edition->layout.size);
	/* A cached inode would not know what size the next edition has. */
	pde_force_lookup(vmcore.entry);
	vmcore_kern_load(&vmcore.contents, edition->layout.size);
	return 0;
}

static void unload_locked(void)
{
	vmcore_edition_put(vmcore.edition);
	vmcore.edition = NULL;
	vmcore_contents_destroy(&vmcore.contents);
}

/**
 * vmcore_load() - create /proc/vmcore
 * @source: what is to be in it; the reference is taken over, also on failure
 *
 * Context: May sleep.
 * Return: 0; -EBUSY if there is one already; -ENOMEM; what crash_elf_encode()
 * returns.
 */
int vmcore_load(struct crash_source *source)
{
	int err;

	guard(mutex)(&vmcore.lock);
	if (vmcore.contents.source) {
		crash_source_put(source);
		return -EBUSY;
	}

	err = load_locked(source);
	if (err) {
		pr_err("/proc/vmcore cannot be made (%pe)\n", ERR_PTR(err));
		unload_locked();
	}
	return err;
}

/**
 * vmcore_unload() - remove /proc/vmcore, if there is one
 *
 * Frees all that belongs to it, device dumps included. Open files are closed;
 * what is mapped stays mapped.
 *
 * Context: May sleep.
 */
void vmcore_unload(void)
{
	struct proc_dir_entry *entry;

	/* Removing it waits for openers, and those wait for the lock. */
	scoped_guard(mutex, &vmcore.lock) {
		entry = vmcore.entry;
		vmcore.entry = NULL;
	}
	proc_remove(entry);
	vmcore_kern_unload();

	guard(mutex)(&vmcore.lock);
	unload_locked();
}

/**
 * vmcore_cleanup() - the dump has been taken, its memory is to be used again
 *
 * Who maps /proc/vmcore still sees that memory.
 *
 * Context: May sleep.
 */
void vmcore_cleanup(void)
{
	vmcore_unload();
	crash_source_retire(CRASH_DUMP_CONSUMED);
}

/* Behind crash_source_init(), by link order. */
static int __init vmcore_init(void)
{
	struct crash_source *source = crash_source_get();

	/* Without this file, there still is /dev/oldmem. */
	return source ? vmcore_load(source) : 0;
}
fs_initcall(vmcore_init);
