// SPDX-License-Identifier: GPL-2.0
/*
 * From a block of page frames to runs of one class. Blocks of free pages and
 * compound pages are stepped over, so that the price of a block is what is in
 * use of it.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include <linux/vmcore_filter.h>

/**
 * struct scan - where a scan stands
 * @map: struct pages
 * @emit: who is told
 * @ctx: for @emit
 * @pfn: the first page frame that has not been told of
 * @end: the first page frame behind the block
 * @nr: how many of one class are behind it so far
 * @class: which one
 */
struct scan {
	struct vmcore_memmap *map;
	vmcore_emit_fn emit;
	void *ctx;
	u64 pfn;
	u64 end;
	u64 nr;
	enum vmcore_class class;
};

static void flush(struct scan *scan)
{
	u64 nr = min(scan->nr, scan->end - scan->pfn);

	if (nr)
		scan->emit(scan->ctx, scan->pfn, nr, scan->class);
	scan->pfn += nr;
	scan->nr = 0;
}

static void found(struct scan *scan, u64 nr, enum vmcore_class class)
{
	if (class != scan->class)
		flush(scan);
	scan->class = class;
	scan->nr += nr;
}

/*
 * What is the unit that starts at @pfn? An order that has been overwritten must not
 * take along pages of others, as far as what it says of them can be left out.
 */
static struct vmcore_unit unit_at(struct vmcore_memmap *map, const u64 *page, u64 pfn)
{
	const struct vmcore_rules *rules = map->space.rules;
	struct vmcore_unit unit = vmcore_classify(rules, &map->seen, page, pfn);
	u64 middle, missing, first[VMCORE_MAX_PAGE_STRUCT / sizeof(u64)];
	u32 bytes = rules->page_words * sizeof(u64);

	if (!unit.order || !vmcore_is_left_out(unit.class, VMCORE_LEVEL_MAX))
		return unit;
	memcpy(first, page, bytes);
	middle = pfn + (1ULL << (unit.order - 1));
	page = vmcore_memmap_get(map, middle, &missing);
	/* In an optimised memmap, it is the first one once more. */
	if (page && (vmcore_is_inner(rules, page, middle, unit.class) ||
		     !memcmp(first, page, bytes)))
		return unit;
	return (struct vmcore_unit) { .class = VMCORE_CLASS_UNCLASSIFIED };
}

/*
 * Is @pfn within a unit that starts before it? Units start at multiples of their
 * size, so there are only a few places to look. Asking the struct page itself
 * would not do: in huge pages whose memmap has been optimised
 * (Documentation/mm/vmemmap_dedup.rst) it may look like that of the first page.
 */
static bool find_start(struct vmcore_memmap *map, u64 pfn,
		       enum vmcore_class *class, u64 *end)
{
	struct vmcore_unit unit;
	const u64 *page;
	u64 start, missing;
	u32 order;

	for (order = 1; order <= VMCORE_MAX_UNIT; order++) {
		start = pfn >> order << order;
		if (start == pfn)
			continue;
		page = vmcore_memmap_get(map, start, &missing);
		if (!page)
			continue;
		unit = unit_at(map, page, start);
		if (unit.order >= order) {
			*class = unit.class;
			*end = start + (1ULL << unit.order);
			return true;
		}
	}
	return false;
}

/* Tell of the pages from @pfn on that are what the one before it is. */
static u64 scan_alike(struct scan *scan, u64 pfn)
{
	struct vmcore_memmap *map = scan->map;
	const u64 *page;
	u32 nr = vmcore_memmap_ahead(map, pfn, &page);

	if (nr)
		nr = vmcore_count_alike(map->space.rules, &map->seen, page, nr);
	scan->nr += nr;
	return pfn + nr;
}

/* Tell of the unit that starts at @pfn; return where the next one does. */
static u64 scan_unit(struct scan *scan, u64 pfn)
{
	struct vmcore_memmap *map = scan->map;
	struct vmcore_unit unit;
	const u64 *page;
	u64 missing;

	page = vmcore_memmap_get(map, pfn, &missing);
	if (!page) {
		found(scan, missing, VMCORE_CLASS_UNCLASSIFIED);
		return pfn + missing;
	}
	unit = unit_at(map, page, pfn);
	found(scan, 1ULL << unit.order, unit.class);
	return pfn + (1ULL << unit.order);
}

/**
 * vmcore_scan() - find out what pages are
 * @map: struct pages
 * @block: number of the block of VMCORE_BLOCK_PAGES page frames
 * @emit: told of runs of one class, in ascending order; together they are the
 *	block
 * @ctx: for @emit
 *
 * Context: That of the callbacks of @map, and of @emit.
 */
void vmcore_scan(struct vmcore_memmap *map, u64 block, vmcore_emit_fn emit,
		 void *ctx)
{
	u64 pfn = block * VMCORE_BLOCK_PAGES, end = pfn + VMCORE_BLOCK_PAGES;
	struct scan scan = {
		.map = map, .emit = emit, .ctx = ctx, .pfn = pfn, .end = end,
	};
	enum vmcore_class class;
	u64 next;

	next = scan_unit(&scan, pfn);
	if (scan.class == VMCORE_CLASS_UNCLASSIFIED &&
	    find_start(map, pfn, &class, &next)) {
		scan.class = class;
		scan.nr = next - pfn;
	}
	while (next < end)
		next = scan_alike(&scan, scan_unit(&scan, next));
	flush(&scan);
}
