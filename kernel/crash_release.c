// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/release_region: gives memory of a dump that firmware has kept back to
 * the system, piece by piece, while the dump is being saved.
 *
 * Memory that has been given back is vetoed, so that no reader of the dump sees
 * the data of its new owner. The area that firmware has copied to is kept for the
 * next crash.
 */
#define pr_fmt(fmt) "release_region: " fmt

#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/crash_ranges.h>
#include <linux/errno.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/oldmem_release.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "crash_firmware.h"

/* The memory of a dump: none if @kept is NULL. */
static struct {
	struct mutex lock;		/* for giving back; outside of all others */
	rwlock_t change;		/* for changes of @left; readers ask within it */
	struct crash_mem *kept;		/* all memory of the dump in the beginning */
	struct crash_mem *left;		/* its memory now; the header has the same */
	struct crash_firmware_header *header;
	struct range area;		/* the part that stays set aside */
	struct range cpus;		/* the part of it with the registers */
	struct range hpte;		/* the part of it with the hash page table */
} crash_release = {
	.lock = __MUTEX_INITIALIZER(crash_release.lock),
	.change = __RW_LOCK_UNLOCKED(crash_release.change),
};

static bool is_still_kept(struct vmcore_cb *cb, unsigned long pfn)
{
	u64 start = PFN_PHYS(pfn), last = start + PAGE_SIZE - 1;
	bool kept;

	read_lock(&crash_release.change);
	kept = !crash_mem_covers(crash_release.kept, start, last) ||
	       crash_mem_covers(crash_release.left, start, last);
	read_unlock(&crash_release.change);
	return kept;
}

static struct vmcore_cb release_veto = { .pfn_is_ram = is_still_kept };

static struct crash_mem *alloc_pieces(const struct range *from, unsigned int nr)
{
	const unsigned int room = CRASH_FIRMWARE_MAX_PIECES;
	struct crash_mem *mem = kzalloc(struct_size(mem, ranges, room), GFP_KERNEL);

	if (!mem)
		return NULL;
	mem->max_nr_ranges = room;
	mem->nr_ranges = nr;
	memcpy(mem->ranges, from, array_size(nr, sizeof(*from)));
	return mem;
}

static void free_pages_between(u64 start, u64 end)
{
	u64 pa;

	for (pa = start; pa < end; pa += PAGE_SIZE) {
		free_reserved_page(pfn_to_page(PHYS_PFN(pa)));
		if (pa % SZ_1M == 0)
			cond_resched();
	}
}

/* Give a range back that readers cannot reach any more, but for the area. */
static void free_range(u64 start, u64 end)
{
	u64 area_end = crash_release.area.end + 1;

	free_pages_between(start, min(end, crash_release.area.start));
	free_pages_between(max(start, area_end), end);
}

/* A kernel before this one has begun to give back, and died: go on from there. */
static int take_over_pieces(const struct crash_mem *kept,
			    const struct crash_firmware_header *header)
{
	const struct range *piece = header->left;
	unsigned int i;
	u64 last = 0;

	if (header->nr_left > CRASH_FIRMWARE_MAX_PIECES)
		return -EUCLEAN;
	for (i = 0; i < header->nr_left; last = piece->end, i++, piece++)
		if (piece->start < last || piece->end <= piece->start ||
		    piece->start % PAGE_SIZE || (piece->end + 1) % PAGE_SIZE ||
		    !crash_mem_covers(kept, piece->start, piece->end))
			return -EUCLEAN;
	crash_release.left = alloc_pieces(header->left, header->nr_left);
	return crash_release.left ? 0 : -ENOMEM;
}

/* Free the memory that is kept, but was given back before. */
static void free_former_pieces(void)
{
	const struct crash_mem *kept = crash_release.kept, *left = crash_release.left;
	const struct range *whole, *piece;
	u64 at;

	for (whole = kept->ranges; whole < kept->ranges + kept->nr_ranges; whole++) {
		at = whole->start;
		for (piece = left->ranges; piece < left->ranges + left->nr_ranges; piece++)
			if (piece->start >= at && piece->end <= whole->end) {
				free_range(at, piece->start);
				at = piece->end + 1;
			}
		free_range(at, whole->end + 1);
	}
}

/**
 * crash_release_start() - take over the memory of a dump
 * @layout: the memory that firmware has copied, and its places
 * @kept: all memory of the dump, whole pages, that one included
 *
 * Context: Once, while the kernel starts.
 * Return: 0; -E2BIG if @kept is in too many pieces; -EUCLEAN if the
 * header does not tell which memory a former kernel has given back; -ENOMEM.
 */
int crash_release_start(const struct crash_firmware_layout *layout,
			const struct crash_mem *kept)
{
	struct crash_firmware_header *header = crash_firmware_dump_header();
	int err = 0;

	if (kept->nr_ranges > CRASH_FIRMWARE_MAX_PIECES / 2)
		return -E2BIG;
	crash_release.area = crash_firmware_area(layout);
	crash_release.cpus.start = layout->cpus_pa;
	crash_release.cpus.end = layout->hpte_pa - 1;
	crash_release.hpte.start = layout->hpte_pa;
	crash_release.hpte.end = crash_firmware_header_pa(layout) - 1;
	crash_release.header = header;
	crash_release.kept = alloc_pieces(kept->ranges, kept->nr_ranges);
	if (header && header->nr_left)
		err = take_over_pieces(kept, header);
	if (!crash_release.left)
		crash_release.left = alloc_pieces(kept->ranges, kept->nr_ranges);
	if (!crash_release.kept || !crash_release.left)
		return -ENOMEM;
	free_former_pieces();
	register_vmcore_cb(&release_veto);
	return err;
}

static bool touches_kept(u64 start, u64 last)
{
	const struct crash_mem *kept = crash_release.kept;
	unsigned int i;

	for (i = 0; i < kept->nr_ranges; i++)
		if (kept->ranges[i].start <= last && kept->ranges[i].end >= start)
			return true;
	return false;
}

/* Take a range out of the memory of the dump. Returns NULL, or a text with the error. */
static const char *take_out(u64 start, u64 size, int *err)
{
	u64 last = start + size - 1;
	int full;

	*err = -EINVAL;
	if (!size || start % PAGE_SIZE || size % PAGE_SIZE || last < start)
		return "not whole pages";
	if (!touches_kept(start, last))
		return "not memory of the dump";
	if (!crash_mem_covers(crash_release.kept, start, last))
		return "in part not memory of the dump";
	*err = -EALREADY;
	if (!crash_mem_covers(crash_release.left, start, last))
		return "has been given back, in part at least";
	*err = -EBUSY;
	if (!oldmem_lock_mappings())
		return "a process has mapped the dump";
	write_lock(&crash_release.change);
	full = crash_exclude_mem_range(crash_release.left, start, last);
	write_unlock(&crash_release.change);
	oldmem_unlock_mappings();
	*err = full ? -ENOSPC : 0;
	return full ? "the rest would be in too many pieces" : NULL;
}

/* Tell the next kernel, before others get memory that is not in the list any more. */
static void record_left(void)
{
	struct crash_firmware_header *header = crash_release.header;
	const struct crash_mem *left = crash_release.left;

	if (!header)
		return;
	WRITE_ONCE(header->nr_left, CRASH_FIRMWARE_CHANGING);
	/* A crash in between must leave the mark, not half of a list. */
	wmb();
	memcpy(header->left, left->ranges, array_size(left->nr_ranges, sizeof(left->ranges[0])));
	/* The list is complete before its length says so. */
	wmb();
	WRITE_ONCE(header->nr_left, left->nr_ranges ?: CRASH_FIRMWARE_CHANGING);
}

static int give_range_back(u64 start, u64 size)
{
	const char *why;
	int err;

	lockdep_assert_held(&crash_release.lock);
	why = take_out(start, size, &err);
	if (why) {
		pr_warn("0x%llx 0x%llx: %s\n", start, size, why);
		return err;
	}
	record_left();
	oldmem_forget_ram();
	oldmem_wait_for_reads();
	free_range(start, start + size);
	return 0;
}

/* If nothing is left, firmware may make the next dump. */
static void end_if_empty(void)
{
	lockdep_assert_held(&crash_release.lock);
	if (!crash_release.left->nr_ranges)
		crash_firmware_taken();
}

/**
 * crash_release_all() - give back all that the dump still has
 *
 * Context: May sleep.
 * Return: 0; -EBUSY if a process has mapped the dump; -ENODEV if there is none.
 */
int crash_release_all(void)
{
	int err = 0;

	guard(mutex)(&crash_release.lock);
	if (!crash_release.left || crash_firmware_state() != CRASH_FIRMWARE_DUMP)
		return -ENODEV;
	while (!err && crash_release.left->nr_ranges) {
		const struct range *first = &crash_release.left->ranges[0];

		err = give_range_back(first->start, range_len(first));
	}
	end_if_empty();
	return err;
}

/* Write the lines of the part of a piece that lies in start to last. */
static int show_part(char *buf, int at, const char *kind, const struct range *piece,
		     u64 start, u64 last)
{
	start = max(start, piece->start);
	last = min(last, piece->end);
	if (start > last)
		return 0;
	return sysfs_emit_at(buf, at, "%s: 0x%llx 0x%llx\n", kind, start, last - start + 1);
}

static ssize_t release_region_show(struct kobject *kobj, struct kobj_attribute *attr,
				   char *buf)
{
	const struct range *piece, *cpus = &crash_release.cpus, *hpte = &crash_release.hpte;
	unsigned int i;
	int at = 0;

	guard(mutex)(&crash_release.lock);
	for (i = 0; crash_release.left && i < crash_release.left->nr_ranges; i++) {
		piece = &crash_release.left->ranges[i];
		at += show_part(buf, at, "DUMP", piece, 0, cpus->start - 1);
		at += show_part(buf, at, "CPU", piece, cpus->start, cpus->end);
		if (hpte->end >= hpte->start)
			at += show_part(buf, at, "HPTE", piece, hpte->start, hpte->end);
		at += show_part(buf, at, "CPU", piece, hpte->end + 1, crash_release.area.end);
		at += show_part(buf, at, "DUMP", piece, crash_release.area.end + 1, U64_MAX);
	}
	return at;
}

/* Two numbers and nothing else. */
static bool parse_range(const char *buf, u64 *start, u64 *size)
{
	char copy[64], *rest = copy, *first, *second;

	if (strscpy(copy, buf, sizeof(copy)) < 0)
		return false;
	rest = strim(copy);
	first = strsep(&rest, " \t");
	second = rest ? skip_spaces(rest) : NULL;
	return second && !kstrtou64(first, 0, start) && !kstrtou64(second, 0, size);
}

static ssize_t release_region_store(struct kobject *kobj, struct kobj_attribute *attr,
				    const char *buf, size_t count)
{
	u64 start, size;
	int err;

	if (!parse_range(buf, &start, &size)) {
		pr_warn("a range is its start and its size\n");
		return -EINVAL;
	}
	guard(mutex)(&crash_release.lock);
	if (!crash_release.left || crash_firmware_state() != CRASH_FIRMWARE_DUMP) {
		pr_warn("0x%llx 0x%llx: there is no dump\n", start, size);
		return -ENODEV;
	}
	err = give_range_back(start, size);
	if (!err)
		end_if_empty();
	return err ? err : count;
}

static struct kobj_attribute release_region = __ATTR_RW_MODE(release_region, 0600);

/**
 * crash_release_create_file() - make /sys/kernel/release_region
 *
 * Context: Once, while the kernel starts.
 * Return: 0 or an errno.
 */
int crash_release_create_file(void)
{
	return sysfs_create_file(kernel_kobj, &release_region.attr);
}
