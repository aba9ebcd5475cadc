/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where on x86 the memory for a capture kernel may lie.
 */
#ifndef _X86_CRASH_RESERVE_H
#define _X86_CRASH_RESERVE_H

#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include <asm/sparsemem.h>

/* The largest CONFIG_PHYSICAL_ALIGN that a capture kernel can be built with. */
#define CRASH_ALIGN		SZ_16M

/*
 * A 32-bit kernel runs where its own direct mapping is sure to reach. A 64-bit
 * one with 4-level paging cannot run above 64 TiB, and while this kernel boots
 * nobody knows yet what kernel will be loaded.
 */
#ifdef CONFIG_X86_32
#define CRASH_ADDR_LOW_MAX	SZ_512M
#define CRASH_ADDR_HIGH_MAX	SZ_512M
#else
#define CRASH_ADDR_LOW_MAX	SZ_4G
#define CRASH_ADDR_HIGH_MAX	SZ_64T
#endif

/*
 * A capture kernel describes memory by whole sections: 2 MiB for each of 128 MiB
 * with 64 bits, which counts in a small reservation. It always has the first one,
 * since the first MiB is passed on to it; in there, the reservation adds none.
 */
#ifdef CONFIG_SPARSEMEM
#define CRASH_ADDR_BEST_MAX	BIT_ULL(SECTION_SIZE_BITS)
#endif

/* The System RAM resources are made from the e820 table, after reservations. */
#define HAVE_ARCH_ADD_CRASH_RES_TO_IOMEM_EARLY

#define DEFAULT_CRASH_KERNEL_LOW_SIZE	crash_low_size_default()

unsigned long swiotlb_size_or_default(void);

/*
 * Bounce buffers as large as this kernel's own, and 8 MiB for other 32-bit DMA;
 * 256 MiB at least, since several devices may want large buffers at once.
 */
static inline unsigned long crash_low_size_default(void)
{
	if (!IS_ENABLED(CONFIG_X86_64))
		return 0;
	return max(swiotlb_size_or_default() + SZ_8M, (unsigned long)SZ_256M);
}

#endif /* _X86_CRASH_RESERVE_H */
