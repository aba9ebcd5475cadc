/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Old memory on architectures that do not select ARCH_HAS_CRASH_DUMP_HOOKS.
 *
 * Include linux/oldmem.h instead of this file.
 */
#ifndef _LINUX_OLDMEM_STOCK_H
#define _LINUX_OLDMEM_STOCK_H

#include <linux/crash_stock.h>

/* drivers/char/oldmem_stock.c */
ssize_t oldmem_copy_pages(u64 now_pa, size_t len, struct iov_iter *to);
vm_fault_t oldmem_fault_copy(struct vm_fault *vmf, u64 now_pa);

#ifdef CONFIG_ARCH_HAS_CRASH_DUMP_HOOKS
static inline int oldmem_read_headers(struct oldmem_window *win, u64 now_pa,
				      void *buf, size_t len)
{
	return oldmem_window_read(win, now_pa, buf, len, oldmem_header_flags());
}

static inline int oldmem_read_notes(u64 now_pa, void *buf, size_t len)
{
	return oldmem_read(now_pa, buf, len, oldmem_default_flags());
}
#else
int oldmem_read_headers(struct oldmem_window *win, u64 now_pa, void *buf,
			size_t len);
int oldmem_read_notes(u64 now_pa, void *buf, size_t len);
#endif

#endif /* _LINUX_OLDMEM_STOCK_H */
