/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Struct pages of single pages and of compound pages, for tests of the filter.
 */
#ifndef _VMCORE_FILTER_PAGES_H
#define _VMCORE_FILTER_PAGES_H

#include "vmcore_filter_samples.h"

#define TYPE_AND_REFS(type, refs)	((u64)(refs) << 32 | (type))

/**
 * struct page_case - a struct page of a single page, by 6.12
 * @what: name of the case
 * @flags: page.flags
 * @head: page.compound_head
 * @mapping: page.mapping
 * @private: page.private
 * @counts: page._mapcount and page._refcount
 * @class: expected class of the page
 * @order: expected order of the unit
 */
struct page_case {
	const char *what;
	u64 flags, head, mapping, private, counts;
	enum vmcore_class class;
	u32 order;
};

#define USED	TYPE_AND_REFS(NO_TYPE, 1)

static const struct page_case page_cases[] = {
	{ "nothing said", 0, 0, 0, 0, USED, VMCORE_CLASS_KERNEL, 0 },
	{ "file", FLAG_LRU, 0, A_MAPPING, 0, USED, VMCORE_CLASS_CACHE, 0 },
	{ "truncated", FLAG_LRU, 0, 0, 0, USED, VMCORE_CLASS_CACHE, 0 },
	{ "file with buffers", FLAG_LRU | FLAG_PRIVATE, 0, A_MAPPING, A_MAPPING,
	  USED, VMCORE_CLASS_PRIVATE, 0 },
	{ "private alone", FLAG_PRIVATE, 0, A_MAPPING, 1, USED, VMCORE_CLASS_KERNEL, 0 },
	{ "shared memory", FLAG_LRU | FLAG_SWAPBACKED, 0, A_MAPPING, 0, USED,
	  VMCORE_CLASS_CACHE, 0 },
	{ "swap cache", FLAG_SWAPCACHE | FLAG_SWAPBACKED, 0, 0, 0, USED,
	  VMCORE_CLASS_CACHE, 0 },
	{ "owner's flag, not swap cache", FLAG_SWAPCACHE, 0, 0, 0, USED,
	  VMCORE_CLASS_KERNEL, 0 },
	{ "anonymous", FLAG_LRU | FLAG_SWAPBACKED, 0, A_MAPPING | 1, 0, USED,
	  VMCORE_CLASS_USER, 0 },
	{ "anonymous, isolated", FLAG_SWAPBACKED, 0, A_MAPPING | 1, 0, USED,
	  VMCORE_CLASS_USER, 0 },
	{ "KSM", FLAG_LRU, 0, A_MAPPING | 3, 0, USED, VMCORE_CLASS_USER, 0 },
	{ "movable", 0, 0, A_MAPPING | 2, 0, USED, VMCORE_CLASS_KERNEL, 0 },
	{ "slab, whatever overlays mapping", 0, 0, A_MAPPING | 1, 0,
	  TYPE_AND_REFS(TYPE_SLAB, 1), VMCORE_CLASS_KERNEL, 0 },
	{ "free", 0, A_MAPPING, 0, 0, TYPE_AND_REFS(TYPE_BUDDY, 0),
	  VMCORE_CLASS_FREE, 0 },
	{ "free block", 0, A_MAPPING, 0, 5, TYPE_AND_REFS(TYPE_BUDDY, 0),
	  VMCORE_CLASS_FREE, 5 },
	{ "free block at the wrong place", 0, A_MAPPING, 0, 10,
	  TYPE_AND_REFS(TYPE_BUDDY, 0), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "free block larger than any", 0, A_MAPPING, 0, 11,
	  TYPE_AND_REFS(TYPE_BUDDY, 0), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "free block of an absurd order", 0, A_MAPPING, 0, ~0ULL,
	  TYPE_AND_REFS(TYPE_BUDDY, 0), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "free, but referred to", 0, A_MAPPING, 0, 0,
	  TYPE_AND_REFS(TYPE_BUDDY, 7), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "offline", 0, 0, 0, 0, TYPE_AND_REFS(TYPE_OFFLINE, 1),
	  VMCORE_CLASS_UNREADABLE, 0 },
	{ "broken", FLAG_POISON, 0, 0, 0, USED, VMCORE_CLASS_UNREADABLE, 0 },
	{ "broken file", FLAG_POISON | FLAG_LRU, 0, A_MAPPING, 0, USED,
	  VMCORE_CLASS_UNREADABLE, 0 },
	{ "tail of nothing", FLAG_LRU, A_MAPPING | 1, A_MAPPING, 0, USED,
	  VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "never initialised", ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL,
	  VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "mapping of user space", FLAG_LRU, 0, 0x5a5a5a5a5a5a5a58ULL, 0, USED,
	  VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "references below zero", FLAG_LRU, 0, A_MAPPING, 0,
	  TYPE_AND_REFS(NO_TYPE, 0x80000000U), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "type that is not the note's", 0, 0, 0, 3,
	  TYPE_AND_REFS(TYPE_UNACCEPTED, 0), VMCORE_CLASS_KERNEL, 0 },
};

static inline void fill_page(u64 *page, const struct page_case *this)
{
	page[WORD_FLAGS] = this->flags;
	page[WORD_HEAD] = this->head;
	page[WORD_MAPPING] = this->mapping;
	page[WORD_PRIVATE] = this->private;
	page[WORD_COUNTS] = this->counts;
}

/* Make page frames a compound page, in the form of 6.6 and later. */
static inline void make_compound(struct sample *sample, u64 pfn, u32 order,
				 u64 flags, u64 mapping)
{
	u64 *page = sample_page(sample, pfn);
	u64 i;

	page[WORD_FLAGS] = flags | FLAG_HEAD;
	page[WORD_MAPPING] = mapping;
	for (i = 1; i < 1ULL << order && pfn + i < SAMPLE_PAGES; i++) {
		u64 *tail = sample_page(sample, pfn + i);

		tail[WORD_FLAGS] = i == 1 ? order : 0;
		tail[WORD_HEAD] = A_MAPPING | 1;
	}
}

#endif /* _VMCORE_FILTER_PAGES_H */
