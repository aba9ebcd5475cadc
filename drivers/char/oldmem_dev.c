// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/oldmem: the crashed kernel's memory as a file. A position is a physical
 * address in the crashed kernel, also if its bytes are at another address now.
 *
 * The file has no headers, so that dd and other programs that can seek read
 * memory directly. drivers/char/mem.c owns the device number.
 */
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/crash_map.h>
#include <linux/crash_source.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

/**
 * struct oldmem_file - an open /dev/oldmem
 * @lock: protects @win; each open file has its own, so readers run in parallel
 * @win: mapping of the last read
 * @src: the dump
 */
struct oldmem_file {
	struct mutex lock;	/* for @win */
	struct oldmem_window win;
	struct crash_source *src;
};

/* Return the end of the last RAM, which is the size of the file. */
static u64 find_oldmem_end(const struct crash_source *src)
{
	const struct crash_run *last = src->runs + src->nr_runs - 1;

	return src->nr_runs ? last->paddr + last->size : 0;
}

static int open_oldmem(struct inode *inode, struct file *file)
{
	struct oldmem_file *of;
	int err;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	err = security_locked_down(LOCKDOWN_KCORE);
	if (err)
		return err;
	if (file->f_mode & FMODE_WRITE)
		return -EACCES;

	of = kzalloc(sizeof(*of), GFP_KERNEL);
	if (!of)
		return -ENOMEM;
	of->src = crash_source_get();
	if (!of->src) {
		kfree(of);
		return -ENXIO;
	}
	mutex_init(&of->lock);
	file->private_data = of;
	return 0;
}

static int release_oldmem(struct inode *inode, struct file *file)
{
	struct oldmem_file *of = file->private_data;

	oldmem_window_unmap(&of->win);
	crash_source_put(of->src);
	kfree(of);
	return 0;
}

/* Read from one run, or from the hole before it. The caller calls again for the rest. */
static ssize_t read_old_piece(struct oldmem_file *of, u64 old_pa, struct iov_iter *to)
{
	const struct crash_source *src = of->src;
	const struct crash_run *run =
		&src->runs[crash_map_find(src->runs, src->nr_runs, old_pa)];
	u64 skip, len;

	if (old_pa < run->paddr) {
		len = min3(run->paddr - old_pa, (u64)iov_iter_count(to),
			   (u64)SZ_1M);
		len = iov_iter_zero(len, to);
		return len ? len : -EFAULT;
	}
	skip = old_pa - run->paddr;
	return oldmem_read_iter(&of->win, run->where + skip, run->size - skip,
				oldmem_default_flags(), to);
}

static ssize_t read_oldmem_file(struct kiocb *iocb, struct iov_iter *to)
{
	struct oldmem_file *of = iocb->ki_filp->private_data;
	u64 end = find_oldmem_end(of->src);
	ssize_t got = 0, done = 0;

	if (mutex_lock_killable(&of->lock))
		return -EINTR;
	while (iov_iter_count(to) && iocb->ki_pos < end) {
		if (fatal_signal_pending(current)) {
			got = -EINTR;
			break;
		}
		got = read_old_piece(of, iocb->ki_pos, to);
		if (got <= 0)
			break;
		iocb->ki_pos += got;
		done += got;
		cond_resched();
	}
	mutex_unlock(&of->lock);
	return done ? done : got;
}

static loff_t seek_oldmem(struct file *file, loff_t offset, int whence)
{
	struct oldmem_file *of = file->private_data;
	const struct crash_source *src = of->src;
	u64 end = find_oldmem_end(src);
	u32 next;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, offset, whence,
						MAX_LFS_FILESIZE, end);

	if (offset < 0 || offset >= end)
		return -ENXIO;
	next = crash_map_find(src->runs, src->nr_runs, offset);
	if (whence == SEEK_DATA)
		offset = max_t(u64, offset, src->runs[next].paddr);
	else
		offset = crash_map_hole(src->runs, src->nr_runs, offset);
	return vfs_setpos(file, offset, MAX_LFS_FILESIZE);
}

const struct file_operations oldmem_fops = {
	.open = open_oldmem,
	.release = release_oldmem,
	.read_iter = read_oldmem_file,
	.llseek = seek_oldmem,
	.splice_read = copy_splice_read,
};
