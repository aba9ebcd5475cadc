// SPDX-License-Identifier: GPL-2.0
/*
 * Maps the dump into processes. Page faults insert the touched pages, old
 * memory by huge pages where they fit. Only the edges of a mapping, which are
 * too small for a huge page, are mapped at once: programs that map one small
 * window after the other touch all of it, and a fault for each piece would cost
 * more.
 *
 * Everything is mapped by page frame number, headers and notes as well. A
 * mapping holds a reference to the open file, and so to the memory behind these
 * frames.
 *
 * Lock order: mmap_lock, then view->lock. Nothing here may wait for vf->lock.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/oldmem_release.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "edition.h"
#include "file.h"

static void get_mapped_file(struct vm_area_struct *vma)
{
	struct vmcore_file *vf = vma->vm_private_data;

	kref_get(&vf->ref);
	oldmem_copy_mapping();
}

static void put_mapped_file(struct vm_area_struct *vma)
{
	oldmem_drop_mapping();
	vmcore_file_put(vma->vm_private_data);
}

/* Insert pages of this kernel's memory: the touched one, and some behind it. */
static vm_fault_t fault_in_buffer(struct vm_fault *vmf,
				  const struct vmcore_region *region, u64 offset)
{
	u64 len = oldmem_fault_around(vmf, region->size - offset), at;
	unsigned long addr = vmf->address & PAGE_MASK;
	vm_fault_t ret = VM_FAULT_NOPAGE;

	for (at = 0; at < len && ret == VM_FAULT_NOPAGE; at += PAGE_SIZE)
		ret = vmf_insert_pfn(vmf->vma, addr + at,
				     vmalloc_to_pfn(region->buf + offset + at));
	return ret;
}

/*
 * A huge page is inserted if no part of it is left out, so test from its start.
 * If the result ends before the fault, test again from the fault on.
 */
static vm_fault_t fault_in_oldmem(struct vm_fault *vmf, struct vmcore_file *vf,
				  const struct vmcore_region *region, u64 offset)
{
	u64 most = max_t(u64, oldmem_huge_size(), SZ_64K);
	u64 now_pa = region->now_pa, start = offset, same;
	bool left_out;

	if (oldmem_huge_size())
		start -= min(offset, (now_pa + offset) & (oldmem_huge_size() - 1));
	same = vmcore_file_extent(vf, region, start,
				  min(most, region->size - start), &left_out);
	if (start + same <= offset) {
		start = offset;
		same = vmcore_file_extent(vf, region, start,
					  min(most, region->size - start), &left_out);
	}
	if (left_out)
		return oldmem_fault_zeros(vmf, start + same - offset);
	return oldmem_fault(vmf, now_pa + offset, now_pa + start,
			    now_pa + start + same);
}

static vm_fault_t fault_in_dump(struct vm_fault *vmf)
{
	struct vmcore_file *vf = vmf->vma->vm_private_data;
	u64 pos = (u64)vmf->pgoff << PAGE_SHIFT;
	const struct vmcore_region *region =
		vmcore_layout_find(&vf->edition->layout, pos);

	if (!region)
		return VM_FAULT_SIGBUS;
	pos -= region->start;
	switch (region->kind) {
	case VMCORE_OLDMEM:
		return fault_in_oldmem(vmf, vf, region, pos);
	case VMCORE_FILL:
		return oldmem_fault_zeros(vmf, region->size - pos);
	default:
		return fault_in_buffer(vmf, region, pos);
	}
}

static const struct vm_operations_struct dump_vm_ops = {
	.open	= get_mapped_file,
	.close	= put_mapped_file,
	.fault	= fault_in_dump,
};

/* Map old memory that is not left out. Faults insert zeros and buffers later. */
static s64 map_piece_of_region(const struct vmcore_region *region, u64 offset,
			       u64 len, void *ctx)
{
	struct vm_area_struct *vma = ctx;
	u64 in_vma = region->start - ((u64)vma->vm_pgoff << PAGE_SHIFT);
	u64 at, same;

	if (region->kind != VMCORE_OLDMEM)
		return len;
	for (at = offset; at < offset + len; at += same) {
		bool left_out;
		int err;

		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		same = vmcore_file_extent(vma->vm_private_data, region, at,
					  offset + len - at, &left_out);
		if (left_out)
			continue;
		err = oldmem_remap(vma, vma->vm_start + in_vma + at,
				   region->now_pa + at, same);
		if (err)
			return err;
	}
	return len;
}

static int map_range(struct vm_area_struct *vma, unsigned long start,
		     unsigned long end)
{
	const struct vmcore_file *vf = vma->vm_private_data;
	u64 pos = ((u64)vma->vm_pgoff << PAGE_SHIFT) + (start - vma->vm_start);
	u64 done;

	return vmcore_walk(&vf->edition->layout, pos, end - start,
			   map_piece_of_region, vma, &done);
}

/*
 * Map the parts before the first whole huge page of addresses, and behind the last.
 * If the architecture has its own function to map old memory, map everything: a
 * fault must not call that function.
 */
static int map_edges_of_vma(struct vm_area_struct *vma)
{
	unsigned long first = IS_ENABLED(CONFIG_ARCH_MAKES_CRASH_HEADERS) ? vma->vm_end :
			      min(ALIGN(vma->vm_start, PMD_SIZE), vma->vm_end);
	unsigned long last = max(round_down(vma->vm_end, PMD_SIZE), first);
	int err = map_range(vma, vma->vm_start, first);

	return err ? err : map_range(vma, last, vma->vm_end);
}

/**
 * vmcore_file_mmap() - ->mmap of the dump
 * @file: the file
 * @vma: the mapping; becomes read-only for good
 *
 * Without VM_MAYWRITE, mprotect() is refused, and no page is ever copied.
 *
 * Context: mmap_lock held for writing.
 * Return: 0; -EINVAL if a part of it is outside the file; -EPERM if the mapping
 * is writable or executable; -EINTR if the task is being killed; an errno of
 * oldmem_remap().
 */
int vmcore_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vmcore_file *vf = file->private_data;
	u64 size = vf->edition->layout.size;
	u64 pos = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 len = vma->vm_end - vma->vm_start;
	int err;

	if (len > size || pos > size - len)
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;

	vm_flags_mod(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP,
		     VM_MAYWRITE | VM_MAYEXEC);
	if (oldmem_default_flags() & OLDMEM_ENCRYPTED)
		vma->vm_page_prot = pgprot_encrypted(vma->vm_page_prot);

	vma->vm_private_data = vf;
	oldmem_begin_mapping();
	err = map_edges_of_vma(vma);
	if (!err) {
		/*
		 * The mapping needs the memory after the file is closed, and the dump
		 * unloaded.
		 */
		vma->vm_ops = &dump_vm_ops;
		kref_get(&vf->ref);
	} else {
		/* No mapping may outlive the memory of the dump, nor one that is half made. */
		zap_vma_ptes(vma, vma->vm_start, len);
	}
	oldmem_end_mapping(!err);
	return err;
}
