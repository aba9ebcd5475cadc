// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps by the firmware of pseries: memory, and who calls. In the first kernel an
 * area is set aside early, behind boot memory; in the kernel after a crash
 * everything behind boot memory is reserved until the dump has been saved.
 */
#define pr_fmt(fmt) "pseries dump: " fmt

#include <linux/cma.h>
#include <linux/crash_papr.h>
#include <linux/crash_ranges.h>
#include <linux/crash_reserve.h>
#include <linux/hugetlb.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm_types.h>
#include <linux/of_fdt.h>
#include <linux/pageblock-flags.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <asm/fadump.h>
#include <asm/firmware.h>
#include <asm/mmu.h>
#include <asm/pseries_dump.h>
#include <asm/ptrace.h>
#include <asm/setup.h>

#include "dump.h"

/*
 * The memory that a kernel starts in after a crash: by default, beside the struct
 * pages of all memory, and at least.
 */
#define BOOT_MEMORY_DEFAULT	((u64)SZ_128M + SZ_32M)
#define BOOT_MEMORY_MIN		((u64)SZ_64M + SZ_32M)
/* No more than a part of the machine's memory, whatever is asked for. */
#define BOOT_MEMORY_MOST	4
/* What can be used for memory that is moved away has to be aligned to this. */
#define AREA_ALIGN		((u64)PAGE_SIZE << MAX_PAGE_ORDER)
#define MAX_KEPT		40

/* Set while the kernel starts, on one CPU, and read only from then on. */
static struct {
	bool there;			/* firmware can make dumps */
	bool wanted;			/* fadump= asks for it */
	bool nocma;			/* the area is not to be used meanwhile */
	bool found;			/* firmware speaks of a dump */
	bool dump;			/* it is one, by all that is known */
	bool ready;			/* memory is set aside, or kept */
	u64 size;			/* boot memory that fadump_reserve_mem= asks for */
	struct crash_firmware_layout layout;
	struct crash_mem kept;		/* of a dump; @ranges is behind it */
	struct range ranges[MAX_KEPT];
} pseries_dump = {
	.kept.max_nr_ranges = MAX_KEPT,
};

static_assert(offsetof(typeof(pseries_dump), ranges) ==
	      offsetof(typeof(pseries_dump), kept.ranges));

static int __init parse_fadump(char *arg)
{
	if (!arg)
		return 1;
	if (!strncmp(arg, "on", 2) || !strncmp(arg, "nocma", 5))
		pseries_dump.wanted = true;
	else if (!strncmp(arg, "off", 3))
		pseries_dump.wanted = false;
	if (!strncmp(arg, "nocma", 5))
		pseries_dump.nocma = true;
	return 0;
}
early_param("fadump", parse_fadump);

static int __init parse_boot_memory(char *arg)
{
	if (arg)
		pseries_dump.size = memparse(arg, NULL);
	return 0;
}
early_param("fadump_reserve_mem", parse_boot_memory);

/* Memory is not known yet, so only what firmware says of itself is checked. */
static void __init scan_dump(unsigned long node)
{
	struct crash_firmware_layout found;
	const void *prop;
	const char *why;
	int size;

	prop = of_get_flat_dt_prop(node, "ibm,kernel-dump", &size);
	if (!prop)
		return;
	pseries_dump.found = true;
	why = crash_papr_decode(prop, size, BIT_ULL(MAX_PHYSMEM_BITS), &found);
	if (why) {
		pr_err("firmware's dump cannot be used: %s\n", why);
		return;
	}
	pseries_dump.layout = found;
	pseries_dump.dump = true;
}

/**
 * pseries_dump_scan() - read from the device tree what firmware can do and has done
 * @node: of rtas
 *
 * Context: Early, once.
 */
void __init pseries_dump_scan(unsigned long node)
{
	const void *prop;
	int size;

	if (!of_get_flat_dt_prop(node, "ibm,configure-kernel-dump", NULL))
		return;
	prop = of_get_flat_dt_prop(node, "ibm,configure-kernel-dump-version", &size);
	if (!crash_papr_is_known(prop, prop ? size : 0))
		return;
	prop = of_get_flat_dt_prop(node, "ibm,configure-kernel-dump-sizes", &size);
	if (!prop || crash_papr_sizes(prop, size, &pseries_dump.layout))
		return;
	pseries_dump.there = true;
	scan_dump(node);
}

/* Printable, and with an end. */
static bool __init is_printable_args(const char *args)
{
	size_t len = strnlen(args, CRASH_FIRMWARE_ARGS_SIZE);

	return len && len < CRASH_FIRMWARE_ARGS_SIZE && crash_firmware_is_args(args, len);
}

/**
 * pseries_dump_append_args() - after a crash, append to the command line what the kernel
 * that died has left for that
 * @line: of COMMAND_LINE_SIZE bytes
 *
 * Context: Early, between pseries_dump_scan() and the parameters; in real mode.
 */
void __init pseries_dump_append_args(char *line)
{
	const char *args = __va(crash_firmware_args_pa(&pseries_dump.layout));

	if (!pseries_dump.dump || !pseries_dump.layout.has_args || !is_printable_args(args))
		return;
	if (strlen(line) + 1 + strlen(args) >= COMMAND_LINE_SIZE) {
		pr_warn("no room on the command line for %s\n", args);
		return;
	}
	strlcat(line, " ", COMMAND_LINE_SIZE);
	strlcat(line, args, COMMAND_LINE_SIZE);
}

/**
 * pseries_dump_is_wanted() - is memory for a dump by firmware going to be set aside?
 *
 * Context: Early, after the parameters have been parsed.
 * Return: true if so, and then not for kdump.
 */
bool __init pseries_dump_is_wanted(void)
{
	return pseries_dump.there && pseries_dump.wanted;
}

/* How much memory a kernel is to start in after a crash. */
static u64 __init choose_boot_memory(void)
{
	u64 ram = memblock_phys_mem_size(), most = ram / BOOT_MEMORY_MOST;
	unsigned long long size = 0, base;

	if (parse_crashkernel(boot_command_line, ram, &size, &base, NULL, NULL) || !size)
		size = pseries_dump.size;
	if (!size)
		size = BOOT_MEMORY_DEFAULT + ram / PAGE_SIZE * sizeof(struct page);
	size = round_up(size, AREA_ALIGN);
	if (size > most)
		size = round_down(most, AREA_ALIGN);
	if (size < BOOT_MEMORY_MIN) {
		pr_err("boot memory of 0x%llx bytes is too little, 0x%llx is the least\n",
		       (u64)size, BOOT_MEMORY_MIN);
		return 0;
	}
	return size;
}

/* The lowest memory, so much of it. Returns where it ends, or 0 if there are too many holes. */
static u64 __init list_boot_memory(u64 size)
{
	struct crash_firmware_layout *layout = &pseries_dump.layout;
	phys_addr_t start, end;
	u64 i, part;

	layout->nr_copies = 0;
	for_each_mem_range(i, &start, &end) {
		if (layout->nr_copies == CRASH_FIRMWARE_MAX_COPIES)
			return 0;
		part = min_t(u64, size, end - start);
		layout->copies[layout->nr_copies++] = (struct crash_firmware_copy) {
			.old_pa = start,
			.size = part,
		};
		size -= part;
		if (!size)
			return start + part;
	}
	return 0;
}

/* Of a limit, prom.c uses as much later. */
static u64 __init find_memory_end(void)
{
	u64 end = memblock_end_of_DRAM();

	return memory_limit ? min_t(u64, end, ALIGN_DOWN(memory_limit, SZ_16M)) : end;
}

/* Near the bottom, since memory at the top may be unplugged. */
static bool __init reserve_area(void)
{
	struct crash_firmware_layout *layout = &pseries_dump.layout;
	u64 boot_end = list_boot_memory(choose_boot_memory());
	bool bottom_up = memblock_bottom_up();
	u64 size;
	phys_addr_t area;
	const char *why;

	if (!boot_end)
		return false;
	size = crash_firmware_place(layout, 0);
	memblock_set_bottom_up(true);
	area = memblock_phys_alloc_range(size, AREA_ALIGN, boot_end, find_memory_end());
	memblock_set_bottom_up(bottom_up);
	if (!area)
		return false;
	crash_firmware_place(layout, area);
	why = crash_firmware_check(layout, find_memory_end());
	if (why) {
		pr_err("no area for a dump: %s\n", why);
		memblock_phys_free(area, size);
		return false;
	}
	pr_info("0x%llx bytes at 0x%llx are set aside for a dump\n", size, (u64)area);
	return true;
}

/* Keep everything behind boot memory that this kernel does not use already. */
static bool __init keep_old_memory(void)
{
	const struct crash_firmware_layout *layout = &pseries_dump.layout;
	u64 boot_end = crash_firmware_boot_end(layout), memory_end = find_memory_end();
	struct range area = crash_firmware_area(layout);
	struct crash_mem *kept = &pseries_dump.kept;
	phys_addr_t start, end;
	unsigned int i;
	u64 at;

	for_each_free_mem_range(at, NUMA_NO_NODE, MEMBLOCK_NONE, &start, &end, NULL) {
		start = max_t(u64, PAGE_ALIGN(start), boot_end);
		end = min_t(u64, PAGE_ALIGN_DOWN(end), memory_end);
		if (start < end && crash_add_mem_range(kept, start, end - 1))
			pr_warn("0x%llx-0x%llx is lost: memory is in too many pieces\n",
				(u64)start, (u64)end - 1);
	}
	if (crash_firmware_check(layout, memory_end) ||
	    !crash_mem_covers(kept, area.start, area.end)) {
		pr_err("the dump cannot be used: its copies are not in free memory\n");
		return false;
	}
	for (i = 0; i < kept->nr_ranges; i++)
		memblock_reserve(kept->ranges[i].start, range_len(&kept->ranges[i]));
	pr_info("memory behind 0x%llx is kept: a dump has to be saved\n", boot_end);
	return true;
}

#ifdef CONFIG_HUGETLB_PAGE
/* They are set aside by the same command line, and would not leave enough. */
static void __init disable_huge_pages(void)
{
	hugetlb_disabled = true;
}
#else
static void __init disable_huge_pages(void)
{
}
#endif

/**
 * pseries_dump_reserve() - set memory aside for a dump, or keep that of one
 *
 * Context: Early, when memblock knows all that is in use; once.
 * Return: false if that cannot be, so that kdump may have memory.
 */
bool __init pseries_dump_reserve(void)
{
	if (pseries_dump.dump && !keep_old_memory())
		pseries_dump.dump = false;
	if (pseries_dump.dump) {
		pseries_dump.ready = true;
		disable_huge_pages();
	} else {
		pseries_dump.ready = reserve_area();
	}
	if (!pseries_dump.ready)
		pr_err("no memory for a dump by firmware\n");
	return pseries_dump.ready;
}

/**
 * pseries_dump_share() - let the area be used by what can be moved, or lost
 *
 * Context: While the kernel starts, after pseries_dump_reserve().
 */
void __init pseries_dump_share(void)
{
	const struct crash_firmware_layout *layout = &pseries_dump.layout;
	struct cma *cma;
	int err;

	if (!IS_ENABLED(CONFIG_CMA) || !pseries_dump.ready || pseries_dump.dump ||
	    pseries_dump.nocma)
		return;
	err = cma_init_reserved_mem(layout->copies[0].now_pa,
				    layout->cpus_pa - layout->copies[0].now_pa, 0,
				    "pseries_dump", &cma);
	if (err)
		pr_warn("the area cannot be shared (%d)\n", err);
	else
		cma_reserve_pages_on_error(cma);
}

/**
 * pseries_dump_is_there() - was this kernel started by firmware after a crash?
 *
 * Context: Any.
 * Return: true if so, until the dump has been taken.
 */
bool pseries_dump_is_there(void)
{
	return pseries_dump.dump && pseries_dump.ready &&
	       (system_state < SYSTEM_RUNNING ||
		crash_firmware_state() == CRASH_FIRMWARE_DUMP);
}

/**
 * pseries_dump_is_registered() - does firmware make a dump if the kernel dies?
 *
 * Context: Any.
 * Return: true if so.
 */
bool pseries_dump_is_registered(void)
{
	return crash_firmware_state() == CRASH_FIRMWARE_REGISTERED;
}

/**
 * pseries_dump_uses() - would a dump lack memory that is taken away?
 * @start: physical address
 * @size: bytes
 *
 * Context: Any.
 * Return: true if firmware copies from there, or to there.
 */
bool pseries_dump_uses(u64 start, u64 size)
{
	const struct crash_firmware_layout *layout = &pseries_dump.layout;
	struct range area;

	if (!size || !pseries_dump_is_registered())
		return false;
	area = crash_firmware_area(layout);
	return start < crash_firmware_boot_end(layout) ||
	       (start <= area.end && start + size > area.start);
}

/**
 * pseries_dump_crash() - the kernel dies: let firmware make the dump
 * @regs: of this CPU, or NULL
 * @why: for firmware's log
 *
 * Context: Any, on any number of CPUs; one of them goes on, the others wait until
 * firmware stops them.
 */
void pseries_dump_crash(struct pt_regs *regs, const char *why)
{
	struct pt_regs here;
	int cpu = smp_processor_id(), first;

	if (!pseries_dump_is_registered())
		return;
	first = cmpxchg(&crashing_cpu, -1, cpu);
	while (first != -1 && first != cpu && pseries_dump_is_registered())
		cpu_relax();
	if (first != -1)
		return;
	if (!regs) {
		ppc_save_regs(&here);
		regs = &here;
	}
	crash_firmware_crash(regs, get_hard_smp_processor_id(cpu), why);
	WRITE_ONCE(crashing_cpu, -1);
}

/**
 * pseries_dump_stop() - this kernel ends in an orderly way
 *
 * Context: The machine goes down.
 */
void pseries_dump_stop(void)
{
	crash_firmware_stop();
}

/* Without its MMU, a kernel that uses a hash page table reads low memory only. */
static bool __init can_read_early(u64 pa, u64 size)
{
	return radix_enabled() || pa + size <= ppc64_rma_size;
}

/* Behind vmcoreinfo and the notes, in front of file systems. */
static int __init start_pseries_dump(void)
{
	struct crash_firmware_layout *layout = &pseries_dump.layout;
	bool dump = pseries_dump.dump && pseries_dump.ready;
	int err;

	/* Another boot would take for old memory what this kernel uses. */
	if (pseries_dump.found && !dump)
		rtas_dump_ops.invalidate(layout);
	if (!pseries_dump.ready)
		return pseries_dump.there ? crash_firmware_create_files() : 0;
	if (!dump)
		layout->has_args = can_read_early(crash_firmware_args_pa(layout),
						  CRASH_FIRMWARE_ARGS_SIZE);
	rtas_dump_create_file(layout);
	err = crash_firmware_start(&rtas_dump_ops, layout, dump ? &pseries_dump.kept : NULL);
	/* panic() calls firmware by a notifier, so notifiers come before kdump. */
	crash_kexec_post_notifiers = true;
	return err;
}
subsys_initcall_sync(start_pseries_dump);
