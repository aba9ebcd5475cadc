/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is set aside for the capture kernel.
 *
 * An architecture with CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION says in
 * its <asm/crash_reserve.h> where such memory may lie, as macros. What it
 * leaves out gets a default below.
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
 * crashk_res above CRASH_ADDR_LOW_MAX, for what the capture kernel has to have
 * below, such as bounce buffers. Set up at boot; changed afterwards only by
 * crash_shrink_memory(), under kexec_trylock().
 */
extern struct resource crashk_res;
extern struct resource crashk_low_res;

/* Bytes of crashk_low_res where the command line does not say. */
#ifndef DEFAULT_CRASH_KERNEL_LOW_SIZE
#define DEFAULT_CRASH_KERNEL_LOW_SIZE	((unsigned long)SZ_128M)
#endif

int __init parse_crashkernel(char *cmdline, unsigned long long system_ram,
			     unsigned long long *crash_size,
			     unsigned long long *crash_base,
			     unsigned long long *low_size, bool *high);

#ifdef CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION

/* Bytes; what a reservation's address is a multiple of. */
#ifndef CRASH_ALIGN
#define CRASH_ALIGN			SZ_2M
#endif

/* The first address beyond what every capture kernel and device can use. */
#ifndef CRASH_ADDR_LOW_MAX
#define CRASH_ADDR_LOW_MAX		SZ_4G
#endif

/* The first address beyond what is better than the rest below; 0: none is. */
#ifndef CRASH_ADDR_BEST_MAX
#define CRASH_ADDR_BEST_MAX		0
#endif

/* The first address beyond what the jump to a capture kernel can reach. */
#ifndef CRASH_ADDR_HIGH_MAX
#define CRASH_ADDR_HIGH_MAX		memblock_end_of_DRAM()
#endif

/*
 * Whether the architecture inserts System RAM into iomem_resource later than the
 * reservation is made, and around what it finds there. If so, the reservation
 * is inserted at once; else by an initcall, into System RAM.
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
