// SPDX-License-Identifier: GPL-2.0
/*
 * What the files that show the crashed kernel's memory have in common: seeking,
 * what of them can be mapped, and reading into pipes.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "vmcore_internal.h"

/* Bytes to pass on at a time, as many as a pipe has room for pages. */
#define SPLICE_SIZE	((size_t)SZ_64K)

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

/*
 * Memory that no pipe has a part of any more, or new memory, which nothing is given up
 * for: there is another way.
 */
static struct folio *get_spare(struct folio **spare)
{
	struct folio *folio = xchg(spare, NULL);

	if (folio && folio_ref_count(folio) == 1)
		return folio;
	if (folio)
		folio_put(folio);
	return folio_alloc(GFP_NOWAIT | __GFP_NOWARN, get_order(SPLICE_SIZE));
}

static void keep_spare(struct folio **spare, struct folio *folio)
{
	folio = xchg(spare, folio);
	if (folio)
		folio_put(folio);
}

/**
 * vmcore_splice_read() - read into a pipe, for sendfile() above all
 * @file: one of those with the dump
 * @ppos: where to read; behind what was read afterwards
 * @pipe: where to; the caller holds its lock, or owns it
 * @len: bytes
 * @flags: SPLICE_F_*
 * @spare: of the open file, NULL at first: memory that is used for it again and again;
 *	to be given back by folio_put()
 *
 * As copy_splice_read(), but what is read becomes one piece of memory, as that of a
 * network card does, rather than pages that each take their time to get and to pass
 * on. Where there is no such piece, copy_splice_read() does it.
 *
 * Context: Process context, may sleep.
 * Return: bytes read; 0 at the end of the file; an errno of the file's own
 * ->read_iter or of copy_splice_read().
 */
ssize_t vmcore_splice_read(struct file *file, loff_t *ppos,
			   struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags, struct folio **spare)
{
	struct folio *folio = NULL;
	struct iov_iter to;
	struct kiocb iocb;
	struct kvec vec;
	ssize_t got;

	if (len > PAGE_SIZE && !pipe_full(pipe->head, pipe->tail, pipe->max_usage))
		folio = get_spare(spare);
	if (!folio)
		return copy_splice_read(file, ppos, pipe, len, flags);

	len = min(len, SPLICE_SIZE);
	vec = (struct kvec) { folio_address(folio), len };
	iov_iter_kvec(&to, ITER_DEST, &vec, 1, len);
	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *ppos;
	got = file->f_op->read_iter(&iocb, &to);
	if (got > 0) {
		folio_get(folio);
		*pipe_head_buf(pipe) = (struct pipe_buffer) {
			.ops = &nosteal_pipe_buf_ops,
			.page = folio_page(folio, 0),
			.len = got,
		};
		pipe->head++;
		*ppos = iocb.ki_pos;
	}
	keep_spare(spare, folio);
	return got;
}
