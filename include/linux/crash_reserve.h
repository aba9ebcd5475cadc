/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is reserved for the capture kernel.
 *
 * An architecture with CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION defines
 * macros in its <asm/crash_reserve.h> for the addresses that a reservation may
 * have. The defaults of the others are below.
 */
#ifndef LINUX_CRASH_RESERVE_H
#define LINUX_CRASH_RESERVE_H

#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/linkage.h>
#include <linux/sizes.h>
#ifdef CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION
#include <asm/crash_reserve.h>
#endif

/*
 * The reservations; end 0: there is none. crashk_low_res exists only beside a
 * crashk_res above CRASH_ADDR_LOW_MAX, for memory that the capture kernel needs
 * below it, such as bounce buffers. Both are set at boot. Only
 * crash_shrink_memory() changes them afterwards, under kexec_trylock().
 */
extern struct resource crashk_res;
extern struct resource crashk_low_res;

/* Size of crashk_low_res in bytes if the command line does not give it. */
#ifndef DEFAULT_CRASH_KERNEL_LOW_SIZE
#define DEFAULT_CRASH_KERNEL_LOW_SIZE	((unsigned long)SZ_128M)
#endif

int __init parse_crashkernel(char *cmdline, unsigned long long system_ram,
			     unsigned long long *crash_size,
			     unsigned long long *crash_base,
			     unsigned long long *low_size, bool *high);

#ifdef CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION

/* Alignment of a reservation's address, bytes. */
#ifndef CRASH_ALIGN
#define CRASH_ALIGN			SZ_2M
#endif

/* End of the addresses that every capture kernel and device can use. */
#ifndef CRASH_ADDR_LOW_MAX
#define CRASH_ADDR_LOW_MAX		SZ_4G
#endif

/* End of the addresses that are preferred to the others below; 0: none are. */
#ifndef CRASH_ADDR_BEST_MAX
#define CRASH_ADDR_BEST_MAX		0
#endif

/* End of the addresses to which the jump to a capture kernel can go. */
#ifndef CRASH_ADDR_HIGH_MAX
#define CRASH_ADDR_HIGH_MAX		memblock_end_of_DRAM()
#endif

/*
 * Does the architecture insert System RAM into iomem_resource after the
 * reservation is made, around the entries that are there? If so, the
 * reservation is inserted at once; else an initcall inserts it into System RAM.
 */
#ifdef HAVE_ARCH_ADD_CRASH_RES_TO_IOMEM_EARLY
#define CRASH_RES_IN_IOMEM_EARLY	true
#else
#define CRASH_RES_IN_IOMEM_EARLY	false
#endif

void __init reserve_crashkernel_generic(char *cmdline,
					unsigned long long crash_size,
					unsigned long long crash_base,
					unsigned long long crash_low_size,
					bool high);

#else

static inline void __init
reserve_crashkernel_generic(char *cmdline, unsigned long long crash_size,
			    unsigned long long crash_base,
			    unsigned long long crash_low_size, bool high)
{
}

#endif /* CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION */

#endif /* LINUX_CRASH_RESERVE_H */
