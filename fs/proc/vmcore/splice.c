// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the dump into pipes, mostly for sendfile().
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "file.h"

/* Number of bytes to pass on at a time: a pipe has room for that many pages. */
#define SPLICE_SIZE	((size_t)SZ_64K)

/*
 * Return the spare folio if no pipe refers to it, else try to allocate one without
 * reclaim. NULL: the caller uses copy_splice_read().
 */
static struct folio *get_spare_folio(struct vmcore_file *vf)
{
	struct folio *folio = xchg(&vf->spare, NULL);

	if (folio && folio_ref_count(folio) == 1)
		return folio;
	if (folio)
		folio_put(folio);
	return folio_alloc(GFP_NOWAIT | __GFP_NOWARN, get_order(SPLICE_SIZE));
}

static void keep_spare_folio(struct vmcore_file *vf, struct folio *folio)
{
	folio = xchg(&vf->spare, folio);
	if (folio)
		folio_put(folio);
}

/**
 * vmcore_file_splice() - ->splice_read of the dump
 * @file: the file
 * @ppos: position to read from; moved by the bytes that were read
 * @pipe: destination; the caller holds its lock, or owns it
 * @len: bytes
 * @flags: SPLICE_F_*
 *
 * It works like copy_splice_read(), but uses one piece of memory again and
 * again, where copy_splice_read() allocates pages and passes them on one by
 * one. Without such a piece, it calls copy_splice_read().
 *
 * Context: Process context, may sleep.
 * Return: bytes read; 0 at the end of the file; an errno of vmcore_file_read() or of
 * copy_splice_read().
 */
ssize_t vmcore_file_splice(struct file *file, loff_t *ppos,
			   struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags)
{
	struct vmcore_file *vf = file->private_data;
	struct folio *folio = NULL;
	struct iov_iter to;
	struct kiocb iocb;
	struct kvec vec;
	ssize_t got;

	if (len > PAGE_SIZE && !pipe_full(pipe->head, pipe->tail, pipe->max_usage))
		folio = get_spare_folio(vf);
	if (!folio)
		return copy_splice_read(file, ppos, pipe, len, flags);

	len = min(len, SPLICE_SIZE);
	vec = (struct kvec) { folio_address(folio), len };
	iov_iter_kvec(&to, ITER_DEST, &vec, 1, len);
	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *ppos;
	got = vmcore_file_read(&iocb, &to);
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
	keep_spare_folio(vf, folio);
	return got;
}
