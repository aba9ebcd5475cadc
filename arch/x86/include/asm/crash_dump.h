/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a capture kernel reaches old memory on x86, see asm-generic/crash_dump.h.
 */
#ifndef _ASM_X86_CRASH_DUMP_H
#define _ASM_X86_CRASH_DUMP_H

#include <linux/bits.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/range.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <asm/apicdef.h>
#include <asm/memtype.h>
#include <asm/pgtable_types.h>
#include <asm/processor.h>

static inline u64 arch_oldmem_limit(void)
{
	/* Without PAE a page table entry has no room for more than 32 bits. */
	return BIT_ULL(min_t(unsigned int, boot_cpu_data.x86_phys_bits,
			     BITS_PER_TYPE(phys_addr_t)));
}

/*
 * The local APIC's registers, and where devices write interrupt messages: Intel
 * SDM, volume 3, "Message Address Register Format".
 */
static inline struct range arch_oldmem_never_ram(void)
{
	return (struct range) {
		.start = APIC_DEFAULT_PHYS_BASE,
		.end = APIC_DEFAULT_PHYS_BASE + SZ_1M - 1,
	};
}

static inline void *arch_oldmem_map(phys_addr_t start, size_t size,
				    bool encrypted)
{
	void __iomem *vaddr = encrypted ? ioremap_encrypted(start, size) :
					  ioremap_cache(start, size);

	return (__force void *)vaddr;
}

static inline void arch_oldmem_unmap(void *vaddr)
{
	iounmap((__force void __iomem *)vaddr);
}

static inline int arch_oldmem_hold(u64 start, u64 size, pgprot_t *prot)
{
	enum page_cache_mode mode;
	int err;

	err = memtype_reserve(start, start + size, _PAGE_CACHE_MODE_WB, &mode);
	if (err)
		return err;
	*prot = __pgprot((pgprot_val(*prot) & ~_PAGE_CACHE_MASK) |
			 cachemode2protval(mode));
	return 0;
}

static inline void arch_oldmem_release(u64 start, u64 size)
{
	memtype_free(start, start + size);
}

#endif /* _ASM_X86_CRASH_DUMP_H */
