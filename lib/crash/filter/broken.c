// SPDX-License-Identifier: GPL-2.0
/*
 * Which pages of a huge page of hugetlb are broken. The kernel marks the first struct
 * page, whichever it was, and since 6.0 keeps a list of those that are: nodes of two
 * longs, the next node and the address of a struct page. Which member the list is of
 * has changed, and no note has its place. So what looks like such a list is taken for
 * it, if all of it does.
 */
#include <linux/kernel.h>

#include "rules.h"

/* The list is of a member of one of the first struct pages. */
#define FIRST_PAGES	8

/* Follow the list from @node on. Return how many pages it has, 0 if it is none. */
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
 * vmcore_find_broken() - find out which pages of a huge page are broken
 * @map: struct pages
 * @unit: the huge page
 * @broken: result: their page frame numbers, in no order; has room for
 *	VMCORE_MAX_BROKEN
 *
 * Context: That of the callbacks of @map.
 * Return: how many there are; 0 if that is not known.
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
