// SPDX-License-Identifier: GPL-2.0
/*
 * A map from physical addresses of the crashed kernel to the present addresses
 * of the same bytes.
 *
 * PT_LOAD segments come in any order, and several may describe the same memory:
 * loaders add one for the kernel's text to those for all RAM. The map has runs
 * that are sorted by old address and do not overlap.
 */
#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/sort.h>

static u64 run_end(const struct crash_run *run)
{
	return run->paddr + run->size;
}

static int compare_u64(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

/* Sort by address. If two runs start together, the longer one comes first. */
static int compare_runs(const void *a, const void *b)
{
	const struct crash_run *left = a, *right = b;

	return compare_u64(left->paddr, right->paddr) ?:
	       compare_u64(right->size, left->size) ?:
	       compare_u64(left->where, right->where);
}

/* Cut off the front of @run that lies below @end: earlier runs have those bytes. */
static void skip_to(struct crash_run *run, u64 end)
{
	u64 skip;

	if (run->paddr >= end)
		return;
	skip = end - run->paddr < run->size ? end - run->paddr : run->size;
	run->paddr += skip;
	run->where += skip;
	run->size -= skip;
}

/**
 * crash_map_build() - make a map from segments
 * @loads: PT_LOAD segments in any order; paddr + filesz and where + filesz must
 *         not overflow
 * @nr: number of segments
 * @runs: result, with room for @nr
 *
 * The map has only bytes that exist: filesz of each segment, not memsz. Where
 * segments overlap and disagree, the one that starts at the lower address
 * counts.
 *
 * Context: Any; sorts, so it is not for short paths.
 * Return: number of runs.
 */
u32 crash_map_build(const struct crash_segment *loads, u32 nr,
		    struct crash_run *runs)
{
	struct crash_run *last = NULL;
	u32 i, n = 0, used = 0;

	for (i = 0; i < nr; i++) {
		if (!loads[i].filesz)
			continue;
		runs[n++] = (struct crash_run) {
			.paddr = loads[i].paddr,
			.size = loads[i].filesz,
			.where = loads[i].where,
		};
	}
	sort(runs, n, sizeof(*runs), compare_runs, NULL);

	for (i = 0; i < n; i++) {
		struct crash_run run = runs[i];

		if (last)
			skip_to(&run, run_end(last));
		if (!run.size)
			continue;
		if (last && run.paddr == run_end(last) &&
		    run.where == last->where + last->size) {
			last->size += run.size;
			continue;
		}
		last = &runs[used++];
		*last = run;
	}
	return used;
}

/**
 * crash_map_find() - look up an old physical address
 * @runs: result of crash_map_build()
 * @nr: its number of runs
 * @paddr: physical address in the crashed kernel, bytes
 *
 * Context: Any.
 * Return: index of the run that contains @paddr, else of the next run behind
 * it, else @nr.
 */
u32 crash_map_find(const struct crash_run *runs, u32 nr, u64 paddr)
{
	u32 low = 0, high = nr;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (run_end(&runs[middle]) <= paddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * crash_map_hole() - find the end of the old memory around an address
 * @runs: result of crash_map_build()
 * @nr: its number of runs
 * @paddr: physical address in the crashed kernel, bytes
 *
 * Context: Any.
 * Return: the first address at or above @paddr that is in no run.
 */
u64 crash_map_hole(const struct crash_run *runs, u32 nr, u64 paddr)
{
	u32 i = crash_map_find(runs, nr, paddr);

	for (; i < nr && runs[i].paddr <= paddr; i++)
		paddr = run_end(&runs[i]);
	return paddr;
}
