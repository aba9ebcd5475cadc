// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the broken pages of a huge page of hugetlb. The kernel marks only the
 * first struct page, whichever page broke. Since 6.0 it also keeps a list of
 * the broken pages: nodes of two longs, the next node and the address of a
 * struct page. The member of struct page that holds the list has changed over
 * time, and no note gives its place. So each word of the first struct pages is
 * tried, and a list is accepted if all of its nodes make sense.
 */
#include <linux/kernel.h>

#include "rules.h"

/* Number of struct pages that may hold the list. */
#define FIRST_PAGES	8

/* Follow the list from @node on. Return its number of pages, 0 if it is not a list. */
static u32 follow_list(struct vmcore_memmap *map, const struct vmcore_unit *unit,
		       u64 node, u64 *broken)
{
	const struct vmcore_rules *rules = map->space.rules;
	u32 word = vmcore_word_bytes(rules), page_bytes = rules->page_words * word;
	u64 first = vmcore_memmap_vaddr(map, unit->start), next, page, into;
	u32 nr = 0;

	while (node) {
		if (nr == VMCORE_MAX_BROKEN || node < rules->kernel_start ||
		    vmcore_read_word(&map->space, node, &next) ||
		    vmcore_read_word(&map->space, node + word, &page))
			return 0;
		into = page - first;
		if (into >= (u64)page_bytes << unit->order || (u32)into % page_bytes)
			return 0;
		broken[nr++] = unit->start + (u32)into / page_bytes;
		node = next;
	}
	return nr;
}

/**
 * vmcore_find_broken() - find the broken pages of a huge page
 * @map: struct pages
 * @unit: the huge page
 * @broken: result: their page frame numbers, in no order; room for
 *	VMCORE_MAX_BROKEN
 *
 * Context: The same as for the callbacks of @map.
 * Return: number of broken pages; 0 if it cannot be found out.
 */
u32 vmcore_find_broken(struct vmcore_memmap *map, const struct vmcore_unit *unit,
		       u64 *broken)
{
	const u64 *page;
	u32 i, word, nr;

	for (i = 1; i < FIRST_PAGES && !(i >> unit->order); i++) {
		page = vmcore_memmap_peek(map, unit->start + i);
		if (!page)
			return 0;
		for (word = 0; word < map->space.rules->page_words; word++) {
			nr = follow_list(map, unit, page[word], broken);
			if (nr)
				return nr;
		}
	}
	return 0;
}
