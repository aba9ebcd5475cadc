// SPDX-License-Identifier: GPL-2.0
/*
 * Turns a block of page frames into runs of one class. Free blocks and compound
 * pages that are left out are skipped as a whole, so a scan takes time in
 * proportion to the memory that is in use.
 *
 * Broken pages are left out one by one. So each struct page of a unit that is
 * kept is tested.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "rules.h"

/**
 * struct scan - state of a scan
 * @map: struct pages
 * @level: units that it leaves out are skipped as a whole
 * @emit: receives the runs
 * @ctx: for @emit
 * @pfn: the first page frame that @emit has not received
 * @end: the first page frame behind the block
 * @nr: number of page frames in the present run
 * @class: class of the present run
 */
struct scan {
	struct vmcore_memmap *map;
	u32 level;
	vmcore_emit_fn emit;
	void *ctx;
	u64 pfn;
	u64 end;
	u64 nr;
	enum vmcore_class class;
};

static void flush_run(struct scan *scan)
{
	u64 nr = min(scan->nr, scan->end - scan->pfn);

	if (nr)
		scan->emit(scan->ctx, scan->pfn, nr, scan->class);
	scan->pfn += nr;
	scan->nr = 0;
}

static void extend_run(struct scan *scan, u64 nr, enum vmcore_class class)
{
	if (!nr)
		return;
	if (class != scan->class)
		flush_run(scan);
	scan->class = class;
	scan->nr += nr;
}

/* Add the pages from @pfn to before @end with @class, the broken ones as unreadable. */
static void add_kept(struct scan *scan, u64 pfn, u64 end, enum vmcore_class class)
{
	struct vmcore_memmap *map = scan->map;
	const u64 *page;
	u64 missing;
	u32 nr, good;

	while (pfn < end) {
		page = vmcore_memmap_get(map, pfn, &missing);
		if (!page) {
			extend_run(scan, min(missing, end - pfn), class);
			pfn += missing;
			continue;
		}
		nr = max(vmcore_memmap_ahead(map, pfn, &page), 1U);
		nr = min_t(u64, nr, end - pfn);
		good = vmcore_count_readable(map->space.rules, page, nr);
		extend_run(scan, good, class);
		if (good < nr)
			extend_run(scan, 1, VMCORE_CLASS_UNREADABLE);
		pfn += good + (good < nr);
	}
}

/*
 * Add the pages from @pfn to before @end of a huge page whose first struct page
 * is marked as broken. If the broken pages cannot be found, any page may be
 * broken: then add all as unreadable.
 */
static void add_broken(struct scan *scan, const struct vmcore_unit *unit, u64 pfn, u64 end)
{
	u64 broken[VMCORE_MAX_BROKEN], next;
	u32 nr = vmcore_find_broken(scan->map, unit, broken), i;

	if (!nr) {
		extend_run(scan, end - pfn, VMCORE_CLASS_UNREADABLE);
		return;
	}
	for (; pfn < end; pfn = next + 1) {
		next = end;
		for (i = 0; i < nr; i++) {
			if (broken[i] >= pfn)
				next = min(next, broken[i]);
		}
		extend_run(scan, next - pfn, unit->class);
		if (next < end)
			extend_run(scan, 1, VMCORE_CLASS_UNREADABLE);
	}
}

/* Add the pages of a unit from @pfn on, within the block. Return their end. */
static u64 add_unit(struct scan *scan, const struct vmcore_unit *unit, u64 pfn)
{
	u64 end = min(unit->start + (1ULL << unit->order), scan->end);

	if (!unit->order || vmcore_is_left_out(unit->class, scan->level))
		extend_run(scan, end - pfn, unit->class);
	else if (unit->broken)
		add_broken(scan, unit, pfn, end);
	else
		add_kept(scan, pfn, end, unit->class);
	return end;
}

/*
 * Test whether a page is in one of the kernel's lists: then its neighbour's
 * link leads back to it. A page in the middle of a free block is in no list.
 * Its link is old, or poison, or leads to the page itself, as the kernel sets
 * up each struct page at boot.
 */
static bool is_listed(struct vmcore_memmap *map, u64 pfn, const u64 *page)
{
	const struct vmcore_rules *rules = map->space.rules;
	u64 own, next, back, word = vmcore_word_bytes(rules);

	if (rules->list_word >= rules->page_words)
		return false;
	own = vmcore_memmap_vaddr(map, pfn) + rules->list_word * word;
	next = page[rules->list_word];
	return next >= rules->kernel_start && next != own &&
	       !vmcore_read_word(&map->space, next + word, &back) && back == own;
}

/*
 * Test whether all pages of a unit belong to it. Units start at multiples of
 * their size. So if the order is too large, another unit starts at a power of
 * two behind the first page, and its struct page is not one of an inner page.
 */
static bool is_whole(struct vmcore_memmap *map, const struct vmcore_unit *unit,
		     const u64 *first)
{
	const struct vmcore_rules *rules = map->space.rules;
	const u64 *page;
	u32 order;
	u64 pfn;

	for (order = 0; order < unit->order; order++) {
		pfn = unit->start + (1ULL << order);
		page = vmcore_memmap_peek(map, pfn);
		if (!page)
			return false;
		/* An optimised memmap has the first struct page once more. */
		if (first && !memcmp(first, page, rules->page_words * sizeof(u64)))
			continue;
		if (!vmcore_is_inner(rules, page, unit->class) ||
		    (unit->class == VMCORE_CLASS_FREE && is_listed(map, pfn, page)))
			return false;
	}
	return true;
}

/* Return the unit that starts at @pfn. Its struct page is @page. */
static struct vmcore_unit find_unit(struct vmcore_memmap *map, const u64 *page, u64 pfn)
{
	const struct vmcore_rules *rules = map->space.rules;
	struct vmcore_unit unit = vmcore_classify(rules, &map->seen, page, pfn);
	u64 first[VMCORE_MAX_PAGE_STRUCT / sizeof(u32)];
	struct vmcore_unit damaged = {
		.class = vmcore_count_readable(rules, page, 1) ?
			 VMCORE_CLASS_UNCLASSIFIED : VMCORE_CLASS_UNREADABLE,
		.start = pfn,
	};

	if (!unit.order)
		return unit;
	if (!unit.hugetlb)
		return is_whole(map, &unit, NULL) ? unit : damaged;
	memcpy(first, page, rules->page_words * sizeof(u64));
	return is_whole(map, &unit, first) ? unit : damaged;
}

/*
 * Find the unit that starts before @pfn and contains it. Only the multiples of
 * powers of two below @pfn can be the start. The struct page of @pfn does not
 * help: in huge pages whose memmap is optimised
 * (Documentation/mm/vmemmap_dedup.rst) it may look like the first one.
 */
static bool find_start(struct vmcore_memmap *map, u64 pfn, struct vmcore_unit *unit)
{
	const u64 *page;
	u64 start;
	u32 order;

	for (order = 1; order <= VMCORE_MAX_UNIT; order++) {
		start = pfn >> order << order;
		if (start == pfn)
			continue;
		page = vmcore_memmap_peek(map, start);
		if (!page)
			continue;
		*unit = find_unit(map, page, start);
		if (unit->order >= order)
			return true;
	}
	return false;
}

/* Add the pages from @pfn on that are like the one before. Return their end. */
static u64 add_alike(struct scan *scan, u64 pfn)
{
	struct vmcore_memmap *map = scan->map;
	const u64 *page;
	u32 nr = vmcore_memmap_ahead(map, pfn, &page);

	if (nr)
		nr = vmcore_count_alike(map->space.rules, &map->seen, page, nr);
	scan->nr += nr;
	return pfn + nr;
}

/* Add the unit that starts at @pfn. Return its end. */
static u64 add_next(struct scan *scan, u64 pfn)
{
	struct vmcore_unit unit;
	const u64 *page;
	u64 missing;

	page = vmcore_memmap_get(scan->map, pfn, &missing);
	if (!page) {
		extend_run(scan, missing, VMCORE_CLASS_UNCLASSIFIED);
		return pfn + missing;
	}
	unit = find_unit(scan->map, page, pfn);
	return add_unit(scan, &unit, pfn);
}

/* Add the first unit of the block, which may start before it. Return its end. */
static u64 add_first(struct scan *scan, u64 pfn)
{
	struct vmcore_unit unit = { .class = VMCORE_CLASS_UNCLASSIFIED };
	const u64 *page;
	u64 missing;

	page = vmcore_memmap_get(scan->map, pfn, &missing);
	if (page)
		unit = find_unit(scan->map, page, pfn);
	if ((unit.class == VMCORE_CLASS_UNCLASSIFIED ||
	     unit.class == VMCORE_CLASS_UNREADABLE) &&
	    find_start(scan->map, pfn, &unit)) {
		scan->map->seen.single = false;
		return add_unit(scan, &unit, pfn);
	}
	return add_next(scan, pfn);
}

/**
 * vmcore_scan() - classify the pages of a block
 * @map: struct pages
 * @block: number of the block of VMCORE_BLOCK_PAGES page frames
 * @level: VMCORE_LEVEL_* bits; units that it leaves out are skipped as a whole
 * @emit: receives runs of one class, in ascending order; together they are the
 *	block
 * @ctx: for @emit
 *
 * A page that must not be read is VMCORE_CLASS_UNREADABLE, unless @level leaves
 * out its unit anyway.
 *
 * Context: The same as for the callbacks of @map, and for @emit.
 */
void vmcore_scan(struct vmcore_memmap *map, u64 block, u32 level, vmcore_emit_fn emit,
		 void *ctx)
{
	u64 pfn = block * VMCORE_BLOCK_PAGES, end = pfn + VMCORE_BLOCK_PAGES;
	struct scan scan = {
		.map = map, .level = level, .emit = emit, .ctx = ctx, .pfn = pfn,
		.end = end,
	};
	u64 next = add_first(&scan, pfn);

	while (next < end)
		next = add_alike(&scan, add_next(&scan, next));
	flush_run(&scan);
}
