/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to the crashed kernel's memory, by the physical address at which the
 * bytes are now.
 */
#ifndef _LINUX_OLDMEM_H
#define _LINUX_OLDMEM_H

#include <linux/types.h>

struct iov_iter;
struct vm_area_struct;

/* The bytes were written through the crashed kernel's encrypted mapping. */
#define OLDMEM_ENCRYPTED	(1U << 0)

/**
 * struct oldmem_window - a mapping of old memory, kept from one read to the next
 * @start: physical address of the first mapped byte, page aligned
 * @size: mapped bytes; 0 while nothing is mapped
 * @vaddr: where they are mapped
 * @flags: OLDMEM_* of the mapping
 *
 * One reader owns it (an open file, under its lock), so that readers share no
 * lock on the copy path. All zero is a valid, empty window.
 */
struct oldmem_window {
	phys_addr_t start;
	size_t size;
	void *vaddr;
	unsigned int flags;
};

ssize_t oldmem_read_iter(struct oldmem_window *win, u64 paddr, size_t len,
			 unsigned int flags, struct iov_iter *to);
int oldmem_read(u64 paddr, void *buf, size_t len, unsigned int flags);
void oldmem_window_unmap(struct oldmem_window *win);
u64 oldmem_ram_extent(u64 paddr, u64 len, bool *is_ram);
int oldmem_remap(struct vm_area_struct *vma, unsigned long addr, u64 paddr,
		 size_t size, unsigned int flags);
unsigned int oldmem_default_flags(void);

#endif /* _LINUX_OLDMEM_H */
