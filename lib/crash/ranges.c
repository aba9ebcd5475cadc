// SPDX-License-Identifier: GPL-2.0
/*
 * Sorted sets of physical address ranges. The code that builds the ELF headers
 * of a dump collects RAM in such a set and excludes the memory that must not be
 * dumped.
 *
 * Every change replaces some neighbours by at most two ranges:
 *
 *	add      ==  ===    ==== +     ======       ->	==  ============
 *	exclude  ==  ==========  -        ===       ->	==  ====   =====
 */
#include <linux/crash_ranges.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

/* Return the index of the first range with a byte at @addr or above. */
static unsigned int first_reaching(const struct crash_mem *mem, u64 addr)
{
	unsigned int low = 0, high = mem->nr_ranges;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (mem->ranges[middle].end < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Return the index behind the last range, from @first on, with a byte at @addr
 * or below.
 */
static unsigned int behind_last_from(const struct crash_mem *mem,
				     unsigned int first, u64 addr)
{
	while (first < mem->nr_ranges && mem->ranges[first].start <= addr)
		first++;
	return first;
}

/* Replace the ranges from @first to before @last by the @nr_new ranges of @new. */
static int replace_ranges(struct crash_mem *mem, unsigned int first,
			  unsigned int last, const struct range *new,
			  unsigned int nr_new)
{
	unsigned int behind = mem->nr_ranges - last;

	if (nr_new > last - first && mem->nr_ranges >= mem->max_nr_ranges)
		return -ENOMEM;

	memmove(mem->ranges + first + nr_new, mem->ranges + last,
		behind * sizeof(*new));
	memcpy(mem->ranges + first, new, nr_new * sizeof(*new));
	mem->nr_ranges = first + nr_new + behind;
	return 0;
}

/**
 * crash_add_mem_range() - add a range to a set
 * @mem: the set
 * @start: physical address of the first byte
 * @end: physical address of the last byte
 *
 * Ranges that overlap or adjoin become one.
 *
 * Context: Any; the caller serialises access to @mem.
 * Return: 0; -EINVAL if @end is below @start; -ENOMEM if the set is full. @mem
 * is unchanged after an error.
 */
int crash_add_mem_range(struct crash_mem *mem, u64 start, u64 end)
{
	struct range merged = { .start = start, .end = end };
	unsigned int first, last;

	if (start > end)
		return -EINVAL;

	first = first_reaching(mem, start ? start - 1 : 0);
	last = behind_last_from(mem, first, end != U64_MAX ? end + 1 : end);
	if (first < last) {
		merged.start = min(start, mem->ranges[first].start);
		merged.end = max(end, mem->ranges[last - 1].end);
	}
	return replace_ranges(mem, first, last, &merged, 1);
}

/**
 * crash_exclude_mem_range() - take a range out of a set
 * @mem: the set
 * @start: physical address of the first byte to take out
 * @end: physical address of the last byte to take out
 *
 * Bytes of the range that the set does not have are ignored.
 *
 * Context: Any; the caller serialises access to @mem.
 * Return: 0; -EINVAL if @end is below @start; -ENOMEM if a range has to be
 * split and the set is full. @mem is unchanged after an error.
 */
int crash_exclude_mem_range(struct crash_mem *mem, unsigned long long start,
			    unsigned long long end)
{
	unsigned int first, last, nr_kept = 0;
	struct range kept[2];

	if (start > end)
		return -EINVAL;

	first = first_reaching(mem, start);
	last = behind_last_from(mem, first, end);
	if (first == last)
		return 0;

	if (mem->ranges[first].start < start) {
		kept[nr_kept].start = mem->ranges[first].start;
		kept[nr_kept++].end = start - 1;
	}
	if (mem->ranges[last - 1].end > end) {
		kept[nr_kept].start = end + 1;
		kept[nr_kept++].end = mem->ranges[last - 1].end;
	}
	return replace_ranges(mem, first, last, kept, nr_kept);
}

/**
 * crash_mem_covers() - test whether a set has every byte of a range
 * @mem: the set
 * @start: physical address of the first byte
 * @end: physical address of the last byte
 *
 * Context: Any; the caller serialises access to @mem.
 * Return: true if so, also if several ranges that adjoin cover it together;
 * false if not, or if @end is below @start.
 */
bool crash_mem_covers(const struct crash_mem *mem, u64 start, u64 end)
{
	unsigned int i;

	if (start > end)
		return false;

	for (i = first_reaching(mem, start); i < mem->nr_ranges; i++) {
		if (mem->ranges[i].start > start)
			return false;
		if (mem->ranges[i].end >= end)
			return true;
		start = mem->ranges[i].end + 1;
	}
	return false;
}
