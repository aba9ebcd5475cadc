/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to the crashed kernel's memory, by the present physical address of its bytes.
 */
#ifndef _LINUX_OLDMEM_H
#define _LINUX_OLDMEM_H

#include <linux/bits.h>
#include <linux/mm_types.h>
#include <linux/types.h>

struct file_operations;
struct iov_iter;
struct vm_area_struct;
struct vm_fault;

/* The bytes were written through the crashed kernel's encrypted mapping. */
#define OLDMEM_ENCRYPTED	BIT(0)

/**
 * struct oldmem_window - a mapping of old memory, kept from one read to the next
 * @start: physical address of the first byte, page aligned
 * @size: size in bytes; 0: there is no window
 * @vaddr: address of the mapping; NULL: the bytes are not RAM, or they are not
 *	mapped but copied page by page
 * @is_ram: the bytes are read; if not, they are zeros
 * @flags: OLDMEM_* of the mapping
 * @version: value of oldmem_veto_version() when the window was made
 *
 * It has one owner (an open file, under its lock), so that readers share no
 * lock on the copy path. All zero is a valid, empty window.
 */
struct oldmem_window {
	u64 start;
	size_t size;
	void *vaddr;
	bool is_ram;
	unsigned int flags;
	unsigned int version;
};

/**
 * enum oldmem_reason - the reason for which old memory of the headers is not read
 * @OLDMEM_READ: it is read
 * @OLDMEM_VETO: a callback of register_vmcore_cb() has vetoed it
 * @OLDMEM_OWN: this kernel uses the addresses, for its memory or a driver's
 *	device
 * @OLDMEM_BAR: a PCI device answers at the addresses
 * @OLDMEM_BROKEN: the crashed kernel has marked the page as broken. No function
 *	here returns this; the files that leave out pages use it
 * @OLDMEM_NR_REASONS: number of reasons
 */
enum oldmem_reason {
	OLDMEM_READ,
	OLDMEM_VETO,
	OLDMEM_OWN,
	OLDMEM_BAR,
	OLDMEM_BROKEN,
	OLDMEM_NR_REASONS,
};

/**
 * struct oldmem_use - pages that this kernel must not read as old memory
 * @start: physical address of the first byte, page aligned
 * @last: physical address of the last byte
 * @reason: the reason
 */
struct oldmem_use {
	u64 start;
	u64 last;
	enum oldmem_reason reason;
};

/* drivers/char/oldmem.c */
ssize_t oldmem_read_iter(struct oldmem_window *win, u64 now_pa, u64 len,
			 unsigned int flags, struct iov_iter *to);
int oldmem_window_read(struct oldmem_window *win, u64 now_pa, void *buf,
		       size_t len, unsigned int flags);
int oldmem_window_cover(struct oldmem_window *win, u64 start, u64 end,
			unsigned int flags);
int oldmem_read(u64 now_pa, void *buf, size_t len, unsigned int flags);
void oldmem_window_unmap(struct oldmem_window *win);
unsigned int oldmem_default_flags(void);
unsigned int oldmem_header_flags(void);

/* drivers/char/oldmem_mmap.c */
int oldmem_remap(struct vm_area_struct *vma, unsigned long addr, u64 now_pa,
		 size_t size);
u64 oldmem_fault_around(const struct vm_fault *vmf, u64 len);
vm_fault_t oldmem_fault_zeros(struct vm_fault *vmf, u64 len);
vm_fault_t oldmem_fault(struct vm_fault *vmf, u64 now_pa, u64 start, u64 end);
unsigned long oldmem_huge_size(void);

/* drivers/char/oldmem_ram.c */
u64 oldmem_read_extent(u64 now_pa, u64 len, enum oldmem_reason *reason);
bool oldmem_find_use(u64 now_pa, u64 len, struct oldmem_use *use);
u64 oldmem_limit(void);
unsigned int oldmem_veto_version(void);
void oldmem_forget_ram(void);

/**
 * oldmem_ram_extent() - find out whether old memory is read
 * @now_pa: present physical address, bytes
 * @len: bytes of interest from there on; @now_pa + @len must not overflow
 * @is_ram: result: true if the bytes may be read. If not, they read as zeros
 *
 * Context: Process context, may sleep.
 * Return: number of bytes as from oldmem_read_extent().
 */
static inline u64 oldmem_ram_extent(u64 now_pa, u64 len, bool *is_ram)
{
	enum oldmem_reason reason;
	u64 extent = oldmem_read_extent(now_pa, len, &reason);

	*is_ram = reason == OLDMEM_READ;
	return extent;
}

/* drivers/char/oldmem_dev.c; drivers/char/mem.c has its device number */
extern const struct file_operations oldmem_fops;

#include <linux/oldmem_stock.h>

#endif /* _LINUX_OLDMEM_H */
