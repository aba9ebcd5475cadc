// SPDX-License-Identifier: GPL-2.0
/*
 * Access to the crashed kernel's memory, in windows.
 *
 * Every byte of old memory that this kernel reads goes through a window: it is
 * the one place that asks whether there is RAM, how it was encrypted, and how much
 * of it can be mapped at a time. ELF headers, /proc/vmcore and /dev/oldmem are its
 * users. What processes map is in oldmem_mmap.c.
 */
#define pr_fmt(fmt) "oldmem: " fmt

#include <linux/cc_platform.h>
#include <linux/instrumented.h>
#include <linux/iov_iter.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <asm/crash_dump.h>

/**
 * oldmem_default_flags() - how the crashed kernel's own memory is read
 *
 * Context: Any.
 * Return: OLDMEM_* for what the crashed kernel wrote: RAM, notes.
 */
unsigned int oldmem_default_flags(void)
{
	return cc_platform_has(CC_ATTR_MEM_ENCRYPT) ? OLDMEM_ENCRYPTED : 0;
}

/**
 * oldmem_header_flags() - how the ELF headers are read
 *
 * The loader of a capture kernel puts them, like the image, where a host with
 * encrypted memory has made it plain; a guest has no such place.
 *
 * Context: Any.
 * Return: OLDMEM_* for the ELF headers.
 */
unsigned int oldmem_header_flags(void)
{
	return cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT) ? OLDMEM_ENCRYPTED : 0;
}

/*
 * A window starts small, since whoever reads here and there wants a few bytes,
 * and doubles as long as the reader goes straight on. Powers of two: windows end
 * at multiples of their size, so that the large ones are mapped by large pages.
 */
#define WINDOW_MIN	((size_t)SZ_64K)
#define WINDOW_MAX	((size_t)(IS_ENABLED(CONFIG_64BIT) ? SZ_32M : SZ_2M))

/* Bytes to copy before other tasks, and signals, get their turn. */
#define COPY_MAX	((size_t)SZ_1M)

/**
 * oldmem_window_unmap() - give back what a window holds
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

static bool window_has(const struct oldmem_window *win, u64 paddr,
		       unsigned int flags)
{
	return paddr >= win->start && paddr - win->start < win->size &&
	       flags == win->flags &&
	       win->version == oldmem_veto_version();
}

static u64 window_wanted(const struct oldmem_window *win, u64 start)
{
	if (!win->size || start != win->start + win->size)
		return WINDOW_MIN;
	return clamp(roundup_pow_of_two(2 * win->size), WINDOW_MIN, WINDOW_MAX);
}

/* Map what can be mapped of size bytes; less if address space is short. */
static int window_map(struct oldmem_window *win, size_t size)
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

/* Put the window at start, up to end at most, all of it RAM or none. */
static int window_place(struct oldmem_window *win, u64 start, u64 end,
			unsigned int flags)
{
	bool is_ram;
	u64 size;

	oldmem_window_unmap(win);
	win->start = start;
	win->flags = flags;
	win->version = oldmem_veto_version();

	size = oldmem_ram_extent(start, end - start, &is_ram);
	if (is_ram)
		return window_map(win, size);
	win->size = size;
	return 0;
}

/*
 * Put the window where it begins with paddr's page and has as much of the len
 * bytes from paddr on as is good.
 */
static int window_move(struct oldmem_window *win, u64 paddr, u64 len,
		       unsigned int flags)
{
	u64 start = round_down(paddr, PAGE_SIZE);
	u64 end = min(PAGE_ALIGN(paddr + len),
		      round_up(start + 1, window_wanted(win, start)));

	return window_place(win, start, end, flags);
}

/* Make the window have paddr; return how many of the len bytes it has then. */
static ssize_t window_get(struct oldmem_window *win, u64 paddr, u64 len,
			  unsigned int flags)
{
	int err;

	if (!window_has(win, paddr, flags)) {
		err = window_move(win, paddr, len, flags);
		if (err)
			return err;
	}
	return min(len, win->start + win->size - paddr);
}

/*
 * The ordinary copy made no progress. Either the memory is broken, and the
 * processor could report that instead of dying of it, or there is nowhere to
 * copy to. Copying a cache line to the stack tells which.
 */
static size_t copy_broken(u64 paddr, const void *from, size_t len,
			  struct iov_iter *to)
{
	u8 line[64];
	size_t bad;

	len = min(len, sizeof(line) - (size_t)(paddr % sizeof(line)));
	bad = copy_mc_to_kernel(line, from, len);
	if (bad) {
		memset(line + len - bad, 0, bad);
		pr_warn_ratelimited("memory at 0x%llx is broken and reads as zeros\n",
				    paddr + len - bad);
	}
	return copy_to_iter(line, len, to);
}

/* Steps of iterate_and_advance(): they return the bytes that they have not copied. */
static size_t copy_to_process(void __user *to, size_t before, size_t len,
			      void *from, void *unused)
{
	if (!access_ok(to, len))
		return len;
	instrument_copy_to_user(to, from + before, len);
	return len - arch_oldmem_copy_to_user(to, from + before, len);
}

static size_t copy_to_kernel(void *to, size_t before, size_t len, void *from,
			     void *unused)
{
	return len - arch_oldmem_copy(to, from + before, len);
}

/* What the architecture leaves over, at least the end of each piece, is copied as usual. */
static size_t copy_pieces(void *from, size_t len, struct iov_iter *to)
{
	size_t done;

	if (user_backed_iter(to))
		might_fault();
	done = iterate_and_advance(to, len, from, copy_to_process, copy_to_kernel);
	if (done == len)
		return done;
	return done + _copy_mc_to_iter(from + done, len - done, to);
}

static size_t window_copy(const struct oldmem_window *win, u64 paddr,
			  size_t len, struct iov_iter *to)
{
	void *from = win->vaddr + (paddr - win->start);
	size_t done;

	if (!win->vaddr)
		return iov_iter_zero(len, to);
	done = copy_pieces(from, len, to);
	return done ?: copy_broken(paddr, from, len, to);
}

static bool is_sane(u64 paddr, u64 len)
{
	return paddr <= S64_MAX && len <= S64_MAX - paddr;
}

/**
 * oldmem_read_iter() - copy old memory
 * @win: the caller's window, which nobody else uses meanwhile
 * @paddr: where to read: physical address, bytes
 * @len: bytes that the headers vouch for from @paddr on; may be more than are
 *       to be read, and should, since no more than that is mapped ahead
 * @flags: OLDMEM_*
 * @to: destination; is filled, unless @len is less
 *
 * What is not RAM reads as zeros, see oldmem_ram_extent().
 *
 * Context: Process context, may sleep. Readers with windows of their own do not
 * disturb each other.
 * Return: bytes read, or if there are none: 0 if none were asked for; -EINVAL for
 * addresses that no CPU has; -ENOMEM if not a page could be mapped; -EFAULT if
 * @to cannot be written; -EINTR if the task is being killed.
 */
ssize_t oldmem_read_iter(struct oldmem_window *win, u64 paddr, u64 len,
			 unsigned int flags, struct iov_iter *to)
{
	ssize_t got = 0;
	size_t done = 0;

	if (!is_sane(paddr, len))
		return -EINVAL;

	while (done < len && iov_iter_count(to)) {
		if (fatal_signal_pending(current)) {
			got = -EINTR;
			break;
		}
		got = window_get(win, paddr + done, len - done, flags);
		if (got < 0)
			break;
		got = min3((size_t)got, iov_iter_count(to), COPY_MAX);
		got = window_copy(win, paddr + done, got, to);
		if (!got) {
			got = -EFAULT;
			break;
		}
		done += got;
		cond_resched();
	}
	return done ?: got;
}

/**
 * oldmem_window_read() - copy old memory into the kernel's own
 * @win: the caller's window, which nobody else uses meanwhile
 * @paddr: where to read: physical address, bytes
 * @buf: destination
 * @len: bytes
 * @flags: OLDMEM_*
 *
 * Context: Process context, may sleep.
 * Return: 0, or an errno of oldmem_read_iter(); @buf is undefined then.
 */
int oldmem_window_read(struct oldmem_window *win, u64 paddr, void *buf,
		       size_t len, unsigned int flags)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter to;
	size_t done = 0;
	ssize_t got;

	iov_iter_kvec(&to, ITER_DEST, &vec, 1, len);
	while (done < len) {
		got = oldmem_read_iter(win, paddr + done, len - done, flags, &to);
		if (got < 0)
			return got;
		done += got;
	}
	return 0;
}

/**
 * oldmem_read() - copy old memory into the kernel's own, once
 * @paddr: where to read: physical address, bytes
 * @buf: destination
 * @len: bytes
 * @flags: OLDMEM_*
 *
 * It maps and unmaps; who reads often keeps a window for oldmem_window_read().
 *
 * Context: Process context, may sleep.
 * Return: 0, or an errno of oldmem_read_iter(); @buf is undefined then.
 */
int oldmem_read(u64 paddr, void *buf, size_t len, unsigned int flags)
{
	struct oldmem_window win = {};
	int err = oldmem_window_read(&win, paddr, buf, len, flags);

	oldmem_window_unmap(&win);
	return err;
}

/**
 * oldmem_window_cover() - map a range that is going to be read here and there
 * @win: the caller's window, which nobody else uses meanwhile
 * @start: physical address, page aligned
 * @end: the first one behind the range, page aligned; the headers vouch for all of
 *	it
 * @flags: OLDMEM_*
 *
 * If a part of the range is not RAM, or address space is short, the window has
 * less of it; reads elsewhere then move it.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL for addresses that no CPU has; -ENOMEM if not a page could be
 * mapped.
 */
int oldmem_window_cover(struct oldmem_window *win, u64 start, u64 end,
			unsigned int flags)
{
	if (end < start || !is_sane(start, end - start))
		return -EINVAL;
	return window_place(win, start, end, flags);
}
