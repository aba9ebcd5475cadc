/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to old memory in a capture kernel: the functions that
 * drivers/char/oldmem.c needs from an architecture. An architecture that
 * differs has its own asm/crash_dump.h, with all of these functions.
 */
#ifndef _ASM_GENERIC_CRASH_DUMP_H
#define _ASM_GENERIC_CRASH_DUMP_H

#include <linux/bits.h>
#include <linux/io.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/range.h>
#include <linux/types.h>

#include <asm/page.h>

/* First physical address, in bytes, that the CPU cannot reach; below 2^63. */
static inline u64 arch_oldmem_limit(void)
{
	return BIT_ULL(min(BITS_PER_TYPE(phys_addr_t), 62));
}

/*
 * Return physical addresses, in whole pages, that are never RAM although no
 * entry of iomem has them. The end belongs to the range; an end below the
 * start: none.
 */
static inline struct range arch_oldmem_never_ram(void)
{
	return (struct range) { .start = U64_MAX, .end = 0 };
}

/*
 * Map @size bytes of RAM that this kernel does not use, from @start on, cached.
 * Both are multiples of a page. Return NULL if that is not possible.
 */
static inline void *arch_oldmem_map(phys_addr_t start, size_t size,
				    bool encrypted)
{
	return memremap(start, size, MEMREMAP_WB);
}

static inline void arch_oldmem_unmap(void *vaddr)
{
	memunmap(vaddr);
}

/*
 * Record that @size bytes of RAM from @start on are used cached, until
 * arch_oldmem_release(). Both are multiples of a page. Set the protection bits
 * of @prot for page tables of processes accordingly. Return an errno if the
 * memory is used with another cache mode. May sleep.
 */
static inline int arch_oldmem_hold(u64 start, u64 size, pgprot_t *prot)
{
	return 0;
}

static inline void arch_oldmem_release(u64 start, u64 size)
{
}

#endif /* _ASM_GENERIC_CRASH_DUMP_H */
