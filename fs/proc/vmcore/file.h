/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An open /proc/vmcore or /proc/vmcore-kern. Both are the same file; the latter
 * has a view that leaves out pages.
 */
#ifndef _FS_PROC_VMCORE_FILE_H
#define _FS_PROC_VMCORE_FILE_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/types.h>

#include "layout.h"

struct file;
struct folio;
struct iov_iter;
struct kiocb;
struct pipe_inode_info;
struct vm_area_struct;
struct vmcore_edition;
struct vmcore_filter;
struct vmcore_view;

/**
 * struct vmcore_file - one open file
 * @ref: one for the open file, one for each mapping of it
 * @edition: the exported file in its state when the file was opened
 * @view: decides which pages are left out; NULL: none
 * @zeros: pages of zeros are holes
 * @lock: protects @window and @page. Taken before view->lock. A page fault of
 *	the reader's buffer takes mmap_lock while it is held, so code that holds
 *	mmap_lock must not wait for it
 * @window: mapping of the last read
 * @spare: for vmcore_file_splice()
 * @page: buffer for pages that may be zeros
 */
struct vmcore_file {
	struct kref ref;
	struct vmcore_edition *edition;
	struct vmcore_view *view;
	bool zeros;
	struct mutex lock;	/* protects @window and @page */
	struct oldmem_window window;
	struct folio *spare;
	u8 page[PAGE_SIZE];
};

/* fs/proc/vmcore/file.c */
struct vmcore_file *vmcore_file_create(struct vmcore_edition *edition,
				       const struct vmcore_filter *filter);
void vmcore_file_put(struct vmcore_file *vf);
u64 vmcore_file_extent(struct vmcore_file *vf, const struct vmcore_region *region,
		       u64 offset, u64 len, bool *left_out);
ssize_t vmcore_file_read(struct kiocb *iocb, struct iov_iter *to);
loff_t vmcore_file_seek(struct file *file, loff_t offset, int whence);

/* fs/proc/vmcore/mmap.c */
int vmcore_file_mmap(struct file *file, struct vm_area_struct *vma);

/* fs/proc/vmcore/splice.c */
ssize_t vmcore_file_splice(struct file *file, loff_t *ppos,
			   struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags);

#endif /* _FS_PROC_VMCORE_FILE_H */
