// SPDX-License-Identifier: GPL-2.0
/*
 * What the files that show the crashed kernel's memory have in common: seeking,
 * and what of them can be mapped.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/mm.h>

#include "vmcore_internal.h"

/**
 * vmcore_seek() - set the position in an open file
 * @file: the file
 * @layout: what is in it
 * @offset: bytes, as for lseek()
 * @whence: as for lseek()
 * @chunk: passes what is not to be stopped at; for SEEK_DATA and SEEK_HOLE
 * @ctx: for @chunk
 *
 * The end of the file counts as a hole, so there always is a next one.
 *
 * Context: May sleep.
 * Return: the new position; -ENXIO if there is no data from @offset on, or
 * @offset is not in the file; -EINVAL; what @chunk returns.
 */
loff_t vmcore_seek(struct file *file, const struct vmcore_layout *layout,
		   loff_t offset, int whence, vmcore_chunk_fn chunk, void *ctx)
{
	u64 done;
	int err;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, offset, whence,
						MAX_LFS_FILESIZE, layout->size);
	if (offset < 0 || offset >= layout->size)
		return -ENXIO;

	err = vmcore_walk(layout, offset, layout->size - offset, chunk, ctx, &done);
	if (err)
		return err;

	offset += done;
	if (whence == SEEK_DATA && offset == layout->size)
		return -ENXIO;
	return vfs_setpos(file, offset, MAX_LFS_FILESIZE);
}

/**
 * vmcore_mmap_region() - may that part of a file be mapped, and where does it begin?
 * @layout: what is in the file
 * @vma: what is to be mapped; is made read-only for good
 * @first: result: the region that @vma begins in
 *
 * Without VM_MAYWRITE mprotect() is refused, and no page is ever copied.
 *
 * Context: mmap_lock held for writing.
 * Return: 0; -EINVAL if it is not all in the file; -EPERM if it was to be written
 * or run.
 */
int vmcore_mmap_region(const struct vmcore_layout *layout, struct vm_area_struct *vma,
		       const struct vmcore_region **first)
{
	u64 pos = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 len = vma->vm_end - vma->vm_start;

	if (len > layout->size || pos > layout->size - len)
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;

	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYWRITE | VM_MAYEXEC);
	*first = vmcore_layout_find(layout, pos);
	return 0;
}
