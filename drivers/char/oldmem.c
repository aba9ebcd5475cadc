// SPDX-License-Identifier: GPL-2.0
/*
 * Access to the crashed kernel's memory, through windows.
 *
 * This kernel reads every byte of old memory through a window. Only the window
 * code checks that the address is RAM, how the memory was encrypted, and how
 * much of it can be mapped at a time. ELF headers, /proc/vmcore and /dev/oldmem
 * use it. Mappings of processes are in oldmem_mmap.c. oldmem_stock.c serves
 * architectures that copy pages by their own functions.
 */
#define pr_fmt(fmt) "oldmem: " fmt

#include <linux/cc_platform.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/oldmem_release.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <asm/crash_dump.h>

/**
 * oldmem_default_flags() - flags for reading the crashed kernel's own memory
 *
 * Context: Any.
 * Return: OLDMEM_* for memory that the crashed kernel wrote: RAM, notes.
 */
unsigned int oldmem_default_flags(void)
{
	return cc_platform_has(CC_ATTR_MEM_ENCRYPT) ? OLDMEM_ENCRYPTED : 0;
}

/**
 * oldmem_header_flags() - flags for reading the ELF headers
 *
 * The loader of a capture kernel stores the headers, like the image, in memory
 * that a host with encryption has made plain. A guest has no plain memory.
 *
 * Context: Any.
 * Return: OLDMEM_* for the ELF headers.
 */
unsigned int oldmem_header_flags(void)
{
	return cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT) ? OLDMEM_ENCRYPTED : 0;
}

/*
 * A window starts small, because many reads need only a few bytes. It doubles
 * as long as the reads are sequential. Windows end at multiples of their size,
 * a power of two, so that large ones are mapped by large pages.
 */
#define WINDOW_MIN	((size_t)SZ_64K)
#define WINDOW_MAX	((size_t)(IS_ENABLED(CONFIG_64BIT) ? SZ_32M : SZ_2M))

/* Number of bytes to copy before other tasks, and signals, get their turn. */
#define COPY_MAX	((size_t)SZ_1M)

/**
 * oldmem_window_unmap() - unmap a window
 * @win: window, empty afterwards
 *
 * Context: Process context, may sleep.
 */
void oldmem_window_unmap(struct oldmem_window *win)
{
	if (win->vaddr)
		arch_oldmem_unmap(win->vaddr);
	*win = (struct oldmem_window) {};
}

static bool has_in_window(const struct oldmem_window *win, u64 now_pa,
			  unsigned int flags)
{
	return now_pa >= win->start && now_pa - win->start < win->size &&
	       flags == win->flags &&
	       win->version == oldmem_veto_version();
}

static u64 choose_window_size(const struct oldmem_window *win, u64 start)
{
	if (!win->size || start != win->start + win->size)
		return WINDOW_MIN;
	return clamp(roundup_pow_of_two(2 * win->size), WINDOW_MIN, WINDOW_MAX);
}

/* Map up to @size bytes, or fewer if address space is short. */
static int map_window(struct oldmem_window *win, size_t size)
{
	bool encrypted = win->flags & OLDMEM_ENCRYPTED;

	for (;;) {
		win->vaddr = arch_oldmem_map(win->start, size, encrypted);
		if (win->vaddr) {
			win->size = size;
			return 0;
		}
		if (size <= PAGE_SIZE)
			return -ENOMEM;
		size = round_up(size / 2, PAGE_SIZE);
	}
}

/* Place the window at @start, with an end of at most @end. It is all RAM, or not RAM. */
static int place_window(struct oldmem_window *win, u64 start, u64 end,
			unsigned int flags)
{
	u64 size;

	oldmem_window_unmap(win);
	win->start = start;
	win->flags = flags;
	win->version = oldmem_veto_version();

	size = oldmem_ram_extent(start, end - start, &win->is_ram);
	if (win->is_ram && IS_ENABLED(CONFIG_ARCH_HAS_CRASH_DUMP_HOOKS))
		return map_window(win, size);
	win->size = size;
	return 0;
}

/*
 * Map a window that starts at the page of @now_pa. It covers up to @len bytes
 * from @now_pa on, and at most choose_window_size().
 */
static int move_window(struct oldmem_window *win, u64 now_pa, u64 len,
		       unsigned int flags)
{
	u64 start = round_down(now_pa, PAGE_SIZE);
	u64 end = min(PAGE_ALIGN(now_pa + len),
		      round_up(start + 1, choose_window_size(win, start)));

	return place_window(win, start, end, flags);
}

/* Make the window cover @now_pa. Return how many of the @len bytes it covers. */
static ssize_t get_window(struct oldmem_window *win, u64 now_pa, u64 len,
			  unsigned int flags)
{
	int err;

	if (!has_in_window(win, now_pa, flags)) {
		err = move_window(win, now_pa, len, flags);
		if (err)
			return err;
	}
	return min(len, win->start + win->size - now_pa);
}

/*
 * The ordinary copy made no progress. Either the memory is broken, and the
 * processor survived the read, or the destination cannot be written. Copy a
 * cache line to the stack: only broken memory makes this fail.
 */
static size_t copy_broken_line(u64 now_pa, const void *from, size_t len,
			       struct iov_iter *to)
{
	u8 line[64];
	size_t bad;

	len = min(len, sizeof(line) - (size_t)(now_pa % sizeof(line)));
	bad = copy_mc_to_kernel(line, from, len);
	if (bad) {
		memset(line + len - bad, 0, bad);
		pr_warn_ratelimited("memory at 0x%llx is broken and reads as zeros\n",
				    now_pa + len - bad);
	}
	return copy_to_iter(line, len, to);
}

static ssize_t copy_from_window(const struct oldmem_window *win, u64 now_pa,
				size_t len, struct iov_iter *to)
{
	void *from = win->vaddr + (now_pa - win->start);
	size_t done;

	if (!win->is_ram)
		return iov_iter_zero(len, to);
	if (!IS_ENABLED(CONFIG_ARCH_HAS_CRASH_DUMP_HOOKS))
		return oldmem_copy_pages(now_pa, len, to);
	done = _copy_mc_to_iter(from, len, to);
	return done ? done : copy_broken_line(now_pa, from, len, to);
}

/*
 * Copy one piece. Code that takes memory away from the dump waits until that is done,
 * and the callbacks are asked again for the next piece.
 */
static ssize_t read_in_window(struct oldmem_window *win, u64 now_pa, u64 len,
			      unsigned int flags, struct iov_iter *to)
{
	int idx = oldmem_begin_read();
	ssize_t got = get_window(win, now_pa, len, flags);

	if (got > 0) {
		got = min3((size_t)got, iov_iter_count(to), COPY_MAX);
		got = copy_from_window(win, now_pa, got, to);
		if (!got)
			got = -EFAULT;
	}
	oldmem_end_read(idx);
	return got;
}

static bool is_possible_range(u64 now_pa, u64 len)
{
	return now_pa <= S64_MAX && len <= S64_MAX - now_pa;
}

/**
 * oldmem_read_iter() - copy old memory
 * @win: the caller's window; no other thread may use it meanwhile
 * @now_pa: physical address to read from, bytes
 * @len: number of bytes from @now_pa on that the headers describe. It should be
 *	more than the bytes to be read, because at most @len bytes are mapped
 *	ahead
 * @flags: OLDMEM_*
 * @to: destination; is filled, unless @len is less
 *
 * Memory that is not RAM reads as zeros, see oldmem_ram_extent().
 *
 * Context: Process context, may sleep. Readers with windows of their own do not
 * disturb each other.
 * Return: bytes read. If there are none: 0 if none were requested; -EINVAL for
 * addresses that no CPU has; -ENOMEM if not even a page could be mapped;
 * -EFAULT if @to cannot be written; -EINTR if the task is being killed; an errno
 * of copy_oldmem_page() on architectures that copy pages by it.
 */
ssize_t oldmem_read_iter(struct oldmem_window *win, u64 now_pa, u64 len,
			 unsigned int flags, struct iov_iter *to)
{
	ssize_t got = 0;
	size_t done = 0;

	if (!is_possible_range(now_pa, len))
		return -EINVAL;

	while (done < len && iov_iter_count(to)) {
		if (fatal_signal_pending(current)) {
			got = -EINTR;
			break;
		}
		got = read_in_window(win, now_pa + done, len - done, flags, to);
		if (got < 0)
			break;
		done += got;
		cond_resched();
	}
	return done ? done : got;
}

/**
 * oldmem_window_read() - copy old memory to the kernel's own
 * @win: the caller's window; no other thread may use it meanwhile
 * @now_pa: physical address to read from, bytes
 * @buf: destination
 * @len: bytes
 * @flags: OLDMEM_*
 *
 * Context: Process context, may sleep.
 * Return: 0, or an errno of oldmem_read_iter(); @buf is undefined then.
 */
int oldmem_window_read(struct oldmem_window *win, u64 now_pa, void *buf,
		       size_t len, unsigned int flags)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter to;
	size_t done = 0;
	ssize_t got;

	iov_iter_kvec(&to, ITER_DEST, &vec, 1, len);
	while (done < len) {
		got = oldmem_read_iter(win, now_pa + done, len - done, flags, &to);
		if (got < 0)
			return got;
		done += got;
	}
	return 0;
}

/**
 * oldmem_read() - copy old memory to the kernel's own, once
 * @now_pa: physical address to read from, bytes
 * @buf: destination
 * @len: bytes
 * @flags: OLDMEM_*
 *
 * It maps and unmaps the memory; for many reads, use oldmem_window_read().
 *
 * Context: Process context, may sleep.
 * Return: 0, or an errno of oldmem_read_iter(); @buf is undefined then.
 */
int oldmem_read(u64 now_pa, void *buf, size_t len, unsigned int flags)
{
	struct oldmem_window win = {};
	int err = oldmem_window_read(&win, now_pa, buf, len, flags);

	oldmem_window_unmap(&win);
	return err;
}

/**
 * oldmem_window_cover() - map a range for reads at any place in it
 * @win: the caller's window; no other thread may use it meanwhile
 * @start: physical address, page aligned
 * @end: end of the range, page aligned; the headers describe all of it
 * @flags: OLDMEM_*
 *
 * If a part of the range is not RAM, or address space is short, the window
 * covers less of it. A read outside the window moves it.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL for addresses that no CPU has; -ENOMEM if not even a page
 * could be mapped.
 */
int oldmem_window_cover(struct oldmem_window *win, u64 start, u64 end,
			unsigned int flags)
{
	if (end < start || !is_possible_range(start, end - start))
		return -EINVAL;
	return place_window(win, start, end, flags);
}
