// SPDX-License-Identifier: GPL-2.0
/*
 * Reserves memory for the capture kernel, and releases it.
 *
 * The architecture's setup code calls parse_crashkernel() and then, on most
 * architectures, reserve_crashkernel_generic(). kernel/ksysfs.c shows the size
 * and shrinks it.
 */
#define pr_fmt(fmt) "crashkernel: " fmt

#include <linux/bits.h>
#include <linux/crash_dump.h>
#include <linux/crash_param.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <asm/sections.h>

#include "kexec_internal.h"

#define CRASH_RESOURCE {					\
	.name	= "Crash kernel",				\
	.flags	= IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,	\
	.desc	= IORES_DESC_CRASH_KERNEL,			\
}

struct resource crashk_res = CRASH_RESOURCE;
struct resource crashk_low_res = CRASH_RESOURCE;

/* Insert a reservation into /proc/iomem, unless it is empty or already there. */
static void show_in_iomem(struct resource *res)
{
	if (res->end && !res->parent && insert_resource(&iomem_resource, res))
		pr_warn("%pR is missing in /proc/iomem\n", res);
}

/* Maximum length in a message of an option, and of the wrong part of it. */
#define OPTION_SHOWN	100
#define WRONG_SHOWN	20

static void __init report_option(const struct crashkernel_error *err,
				 const char *how, const char *outcome)
{
	size_t wrong = err->option_len - err->at;

	pr_warn("option %*pE is %s at character %zu%s%*pE%s: %s; %s\n",
		(int)min_t(size_t, err->option_len, OPTION_SHOWN), err->option,
		how, err->at + 1, wrong ? " (\"" : ", its end",
		(int)min_t(size_t, wrong, WRONG_SHOWN), err->option + err->at,
		wrong ? "\")" : "", err->reason, outcome);
}

/**
 * parse_crashkernel - read the crashkernel= option
 * @cmdline: kernel command line
 * @system_ram: RAM of this machine, bytes
 * @crash_size: result: bytes to reserve
 * @crash_base: result: physical address of the reservation, 0 for any
 * @low_size: result: bytes to reserve below CRASH_ADDR_LOW_MAX if the main
 *	reservation lies above; NULL if the caller does not support ",high"
 * @high: result: try above CRASH_ADDR_LOW_MAX first; NULL as @low_size
 *
 * All results are 0 unless this returns 0. See lib/crash/param.c for the forms
 * of the option. A doubtful or unusable option is reported on the console. In a
 * capture kernel the option has no effect.
 *
 * Context: Boot time, before or after memblock is set up.
 * Return: 0 if there is something to reserve, else -EINVAL.
 */
int __init parse_crashkernel(char *cmdline, unsigned long long system_ram,
			     unsigned long long *crash_size,
			     unsigned long long *crash_base,
			     unsigned long long *low_size, bool *high)
{
	struct crashkernel_error err;
	struct crashkernel_spec spec;
	int ret;

	*crash_size = 0;
	*crash_base = 0;
	if (high) {
		*low_size = 0;
		*high = false;
	}

	ret = crashkernel_parse(cmdline, system_ram, &spec, &err);
	/*
	 * A capture kernel often has the first kernel's options, and needs all
	 * its memory.
	 */
	if (is_kdump_kernel()) {
		if (ret != -ENOENT)
			pr_info("not for a kernel that was started after a crash\n");
		return -EINVAL;
	}
	if (ret == -EINVAL)
		report_option(&err, "wrong", "no memory is reserved");
	if (ret)
		return -EINVAL;
	if (err.reason)
		report_option(&err, "doubtful", "it is taken as the stock kernel does");
	if (!spec.size) {
		pr_info("nothing to reserve in %llu MiB of RAM\n", system_ram >> 20);
		return -EINVAL;
	}
	if (spec.high && !high) {
		pr_warn("',high' is not supported here; no memory is reserved\n");
		return -EINVAL;
	}

	*crash_size = spec.size;
	*crash_base = spec.base;
	if (spec.high) {
		*low_size = spec.low_given ? spec.low_size : DEFAULT_CRASH_KERNEL_LOW_SIZE;
		*high = true;
	}
	return 0;
}

/* Make the option known to init/main.c. It is read before early parameters are. */
static int __init crashkernel_known(char *arg)
{
	return 0;
}
early_param("crashkernel", crashkernel_known);

#ifdef CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION

/**
 * struct placement - addresses to try for the main reservation
 * @start: lowest address of the reservation
 * @end: end of the addresses
 * @low_size: bytes to reserve below CRASH_ADDR_LOW_MAX beside it
 */
struct placement {
	u64 start;
	u64 end;
	u64 low_size;
};

#define MOST_PLACEMENTS	3

/*
 * Fill @places with the placements to try, best first. Without ",high" the best
 * memory is the memory that every device can reach. With ",high" this memory is
 * left to the first kernel as long as there is other memory.
 */
static void __init choose_placements(struct placement places[MOST_PLACEMENTS],
				     u64 size, u64 base, u64 low_size, bool high)
{
	const struct placement low = { 0, CRASH_ADDR_LOW_MAX, 0 };
	const struct placement lowest = {
		0, min_t(u64, CRASH_ADDR_BEST_MAX, CRASH_ADDR_LOW_MAX), 0
	};
	struct placement above = {
		CRASH_ADDR_LOW_MAX, CRASH_ADDR_HIGH_MAX, low_size
	};

	if (base) {
		places[0] = (struct placement){ base, base + size, 0 };
		return;
	}
	if (high) {
		places[0] = above;
		places[1] = low;
		return;
	}
	above.low_size = DEFAULT_CRASH_KERNEL_LOW_SIZE;
	places[0] = lowest;
	places[1] = low;
	places[2] = above;
}

static void __init set_crashk(struct resource *res, phys_addr_t start, u64 size)
{
	res->start = start;
	res->end = start + size - 1;
	/* The memory may be unmapped later, and kmemleak would read it. */
	kmemleak_ignore_phys(start);
	pr_info("%llu MiB reserved: %pR\n", size >> 20, res);
}

/* Reserve all memory of @place, or nothing. */
static bool __init reserve_at(const struct placement *place, u64 size)
{
	u64 end = min_t(u64, place->end, PHYS_ADDR_MAX);
	phys_addr_t base, low_base;

	if (place->start >= end)
		return false;
	base = memblock_phys_alloc_range(size, CRASH_ALIGN, place->start, end);
	if (!base)
		return false;
	if (place->low_size) {
		low_base = memblock_phys_alloc_range(place->low_size, CRASH_ALIGN, 0,
						     CRASH_ADDR_LOW_MAX);
		if (!low_base) {
			memblock_phys_free(base, size);
			return false;
		}
		set_crashk(&crashk_low_res, low_base, place->low_size);
	}
	set_crashk(&crashk_res, base, size);
	return true;
}

static bool __init ranges_overlap(u64 start, u64 size, u64 other, u64 other_end)
{
	return start < other_end && other < start + size;
}

/* Return the first address at or above @start that is not RAM. */
static u64 __init end_of_ram(u64 start)
{
	phys_addr_t from, to;
	u64 i;

	for_each_mem_range(i, &from, &to) {
		if (from > start)
			break;
		if (to > start)
			start = to;
	}
	return start;
}

static bool __init explain_overlap(u64 base, u64 size, const char *what,
				   u64 start, u64 end)
{
	if (!ranges_overlap(base, size, start, end))
		return false;
	pr_warn("%#llx-%#llx overlaps %s at %#llx-%#llx; no memory is reserved\n",
		base, base + size - 1, what, start, end - 1);
	return true;
}

/* Print the reason for which [base, base + size) could not be reserved. */
static void __init explain_failure_at(u64 base, u64 size)
{
	u64 ram_end = end_of_ram(base), i;
	phys_addr_t start, end;

	if (!IS_ALIGNED(base, CRASH_ALIGN)) {
		pr_warn("offset %#llx is not a multiple of %#llx; no memory is reserved\n",
			base, (u64)CRASH_ALIGN);
		return;
	}
	if (ram_end - base < size) {
		pr_warn("%#llx-%#llx: there is no RAM at %#llx; no memory is reserved\n",
			base, base + size - 1, ram_end);
		return;
	}
	if (IS_ENABLED(CONFIG_BLK_DEV_INITRD) && initrd_start &&
	    explain_overlap(base, size, "the initrd",
			    __pa(initrd_start), __pa(initrd_end)))
		return;
	if (explain_overlap(base, size, "the running kernel",
			    __pa_symbol(_text), __pa_symbol(_end)))
		return;
	for_each_reserved_mem_range(i, &start, &end)
		if (explain_overlap(base, size, "memory in use", start, end))
			return;
	pr_warn("%#llx-%#llx cannot be had; no memory is reserved\n",
		base, base + size - 1);
}

static int __init crash_reserve_publish(void)
{
	show_in_iomem(&crashk_res);
	show_in_iomem(&crashk_low_res);
	return 0;
}
early_initcall(crash_reserve_publish);

/**
 * reserve_crashkernel_generic - reserve memory for the capture kernel
 * @cmdline: not used; part of the interface
 * @crash_size: bytes; rounded up to whole pages
 * @crash_base: physical address, a multiple of CRASH_ALIGN; 0 for any
 * @crash_low_size: bytes to reserve below CRASH_ADDR_LOW_MAX beside a ",high"
 *	reservation above it
 * @high: place it above CRASH_ADDR_LOW_MAX if possible
 *
 * The arguments are results of parse_crashkernel(). Sets crashk_res, and
 * crashk_low_res if the main reservation had to go above CRASH_ADDR_LOW_MAX. If
 * there is no place, it prints the reason and changes neither: the boot goes
 * on.
 *
 * Context: Boot time, after all memory was added to memblock, before memblock
 * gives memory to the page allocator.
 */
void __init reserve_crashkernel_generic(char *cmdline,
					unsigned long long crash_size,
					unsigned long long crash_base,
					unsigned long long crash_low_size,
					bool high)
{
	struct placement places[MOST_PLACEMENTS] = {};
	u64 size = PAGE_ALIGN(crash_size);
	size_t i;

	choose_placements(places, size, crash_base, PAGE_ALIGN(crash_low_size), high);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (reserve_at(&places[i], size)) {
			if (CRASH_RES_IN_IOMEM_EARLY)
				crash_reserve_publish();
			return;
		}
	}
	if (crash_base)
		explain_failure_at(crash_base, size);
	else
		pr_warn("no free place for %llu MiB; no memory is reserved\n", size >> 20);
}

#endif /* CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION */

static resource_size_t size_of(const struct resource *res)
{
	return res->end ? resource_size(res) : 0;
}

/**
 * crash_get_memory_size - get the size of the memory reserved for the capture kernel
 *
 * Context: Any that may take kexec_trylock().
 * Return: bytes; 0 if there is no reservation; -EBUSY if an image is being
 * loaded or the reservation is being shrunk.
 */
ssize_t crash_get_memory_size(void)
{
	ssize_t size;

	if (!kexec_trylock())
		return -EBUSY;
	size = size_of(&crashk_res) + size_of(&crashk_low_res);
	kexec_unlock();
	return size;
}

/* Remove a reservation. */
static int release_crashk(struct resource *res)
{
	int ret = res->parent ? release_resource(res) : 0;

	if (!ret) {
		res->start = 0;
		res->end = 0;
	}
	return ret;
}

/*
 * Keep the first @keep bytes of a reservation and free the rest. If the
 * reservation lies inside a System RAM resource, /proc/iomem shows the rest as
 * System RAM already. If not, the rest gets a resource of its own.
 */
static int give_back(struct resource *res, resource_size_t keep)
{
	bool inside_ram = res->parent && (res->parent->flags & IORESOURCE_SYSRAM);
	resource_size_t start = res->start + keep, end = res->end;
	struct resource *ram = NULL;
	int ret;

	if (keep >= size_of(res))
		return 0;
	if (!inside_ram) {
		ram = kzalloc(sizeof(*ram), GFP_KERNEL);
		if (!ram)
			return -ENOMEM;
		*ram = DEFINE_RES_NAMED(start, end - start + 1, "System RAM",
					IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY);
	}

	ret = keep ? adjust_resource(res, res->start, keep) : release_crashk(res);
	if (ret) {
		kfree(ram);
		return ret;
	}
	crash_free_reserved_phys_range(start, end + 1);
	if (ram)
		show_in_iomem(ram);
	return 0;
}

/* Make the low reservation the main one, which is gone. */
static int promote_low(void)
{
	struct resource low = crashk_low_res;
	int ret;

	ret = release_crashk(&crashk_low_res);
	if (ret)
		return ret;
	crashk_res.start = low.start;
	crashk_res.end = low.end;
	show_in_iomem(&crashk_res);
	return 0;
}

static int shrink_to(resource_size_t size)
{
	resource_size_t low_size = size_of(&crashk_low_res);
	resource_size_t old_size = size_of(&crashk_res) + low_size;
	int ret;

	if (kexec_crash_image)
		return -ENOENT;
	if (size > old_size)
		return -EINVAL;
	size = ALIGN(size, KEXEC_CRASH_MEM_ALIGN);
	if (size >= old_size)
		return 0;

	if (low_size && size <= low_size) {
		ret = give_back(&crashk_res, 0);
		if (!ret)
			ret = promote_low();
		if (ret)
			return ret;
		low_size = 0;
	}
	return give_back(&crashk_res, size - low_size);
}

/**
 * crash_shrink_memory - release reserved memory to the running kernel
 * @new_size: bytes to keep, of both reservations together; rounded up to a
 *            multiple of KEXEC_CRASH_MEM_ALIGN
 *
 * The main reservation is released first, from its end: the capture kernel
 * needs the low one most. When nothing is left of the main one, the low one
 * becomes the main one.
 *
 * Context: Process context; sleeps. Takes kexec_trylock().
 * Return: 0; -EBUSY if an image is being loaded or the reservation is being
 * shrunk; -ENOENT if a capture kernel is loaded; -EINVAL if @new_size is larger
 * than the reservation; -ENOMEM.
 */
int crash_shrink_memory(unsigned long new_size)
{
	int ret;

	if (!kexec_trylock())
		return -EBUSY;
	ret = shrink_to(new_size);
	kexec_unlock();
	return ret;
}
