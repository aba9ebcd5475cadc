/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a capture kernel reaches old memory: all that drivers/char/oldmem.c asks of
 * an architecture. One whose answers differ has an asm/crash_dump.h of its own,
 * with each of these functions.
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
 * Physical addresses, whole pages, that can never be RAM and that no entry of
 * iomem tells of. The end belongs to them; nothing if it is below the start.
 */
static inline struct range arch_oldmem_never_ram(void)
{
	return (struct range) { .start = U64_MAX, .end = 0 };
}

/*
 * Map size bytes of RAM that is not this kernel's, from start on, both whole
 * pages, cached. NULL if that cannot be done.
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
 * Put it on record that size bytes of RAM, from start on, both whole pages, are
 * used cached, until arch_oldmem_release(), and set in *prot, for page tables of
 * processes, what has to be used instead. An errno if others use them otherwise.
 * May sleep.
 */
static inline int arch_oldmem_hold(u64 start, u64 size, pgprot_t *prot)
{
	return 0;
}

static inline void arch_oldmem_release(u64 start, u64 size)
{
}

#endif /* _ASM_GENERIC_CRASH_DUMP_H */
