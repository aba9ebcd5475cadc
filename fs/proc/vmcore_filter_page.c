// SPDX-License-Identifier: GPL-2.0
/*
 * What a struct page of the crashed kernel says about its page.
 *
 * The order of the questions is part of the rules: words of a struct page mean
 * different things for different pages, and a question may only be asked once
 * those before it have been answered with no.
 *
 * The crash, or what led to it, may have overwritten any struct page. What is left
 * out is lost, so each that would have its page left out must make sense in
 * other respects, too.
 */
#include <linux/limits.h>

#include "vmcore_filter.h"

/* Bits of page.mapping that say what kind of pointer it is. */
#define MAPPING_FLAGS		3ULL
/* Kernel addresses of x86_64, with page tables of four levels or five. */
#define KERNEL_ADDRESS		0xff00000000000000ULL

static bool is(const struct vmcore_rules *rules, const u64 *page,
	       enum vmcore_question question)
{
	return vmcore_matches(&rules->tests[question], page);
}

static bool is_aligned(u64 pfn, u32 order)
{
	return !(pfn & ((1ULL << order) - 1));
}

static bool makes_sense(const struct vmcore_rules *rules, const u64 *page)
{
	u64 mapping = vmcore_number(&rules->mapping, page) & ~MAPPING_FLAGS;

	return vmcore_number(&rules->refcount, page) <= S32_MAX &&
	       (!mapping || mapping >= KERNEL_ADDRESS);
}

static struct vmcore_unit unit(enum vmcore_class class, u32 order)
{
	return (struct vmcore_unit) { .class = class, .order = order };
}

/* How many pages does the compound page have whose first one this is? */
static bool find_order(const struct vmcore_rules *rules, const u64 *page,
		       u64 pfn, u32 *order)
{
	u64 number = vmcore_number(&rules->compound_order, page);

	if (!number || number > VMCORE_MAX_UNIT || !is_aligned(pfn, number) ||
	    !is(rules, page + rules->page_words, VMCORE_IS_TAIL))
		return false;
	*order = number;
	return true;
}

static struct vmcore_unit free_block(const struct vmcore_rules *rules,
				     const u64 *page, u64 pfn, u64 order)
{
	if (order > rules->max_order || !is_aligned(pfn, order) ||
	    vmcore_number(&rules->refcount, page))
		return unit(VMCORE_CLASS_UNCLASSIFIED, 0);
	return unit(VMCORE_CLASS_FREE, order);
}

/* A page in use, alone or the first of several. */
static enum vmcore_class use_of(const struct vmcore_rules *rules,
				const u64 *page, bool compound)
{
	bool cached;

	if (is(rules, page, VMCORE_IS_OFFLINE) ||
	    is(rules, page, VMCORE_IS_POISON))
		return VMCORE_CLASS_UNREADABLE;

	if (is(rules, page, VMCORE_IS_ANON) ||
	    (compound && is(rules, page, VMCORE_IS_HUGETLB)))
		return VMCORE_CLASS_USER;

	cached = is(rules, page, VMCORE_IS_LRU) ||
		 is(rules, page, VMCORE_IS_SWAPCACHE);
	if (!cached)
		return VMCORE_CLASS_KERNEL;
	return is(rules, page, VMCORE_IS_PRIVATE) ? VMCORE_CLASS_PRIVATE :
						    VMCORE_CLASS_CACHE;
}

/**
 * vmcore_classify() - what is a page, and how many behind it are the same?
 * @rules: of the crashed kernel
 * @page: words of its struct page and of the next one; not trusted
 * @pfn: its page frame number
 *
 * A page that belongs to one before it is unclassified: whoever has asked about
 * that one knows it, and steps over this.
 *
 * Context: Any.
 * Return: class and order. Pages of a unit start at a multiple of their number.
 */
struct vmcore_unit vmcore_classify(const struct vmcore_rules *rules,
				   const u64 *page, u64 pfn)
{
	enum vmcore_class class;
	bool compound;
	u32 order = 0;

	if (is(rules, page, VMCORE_IS_TAIL))
		return unit(VMCORE_CLASS_UNCLASSIFIED, 0);
	compound = is(rules, page, VMCORE_IS_HEAD);
	if (compound && !find_order(rules, page, pfn, &order))
		return unit(VMCORE_CLASS_UNCLASSIFIED, 0);

	if (is(rules, page, VMCORE_IS_SLAB))
		return unit(VMCORE_CLASS_KERNEL, order);
	if (is(rules, page, VMCORE_IS_BUDDY))
		return free_block(rules, page, pfn,
				  vmcore_number(&rules->buddy_order, page));
	if (is(rules, page, VMCORE_IS_UNACCEPTED))
		return free_block(rules, page, pfn, rules->max_order);

	class = use_of(rules, page, compound);
	if (class != VMCORE_CLASS_KERNEL && !makes_sense(rules, page))
		class = VMCORE_CLASS_UNCLASSIFIED;
	return unit(class, order);
}

/**
 * vmcore_is_left_out() - is that class of pages left out?
 * @class: class of a page
 * @level: VMCORE_LEVEL_* bits
 *
 * Zeros are left out by whoever looks for them.
 *
 * Context: Any.
 * Return: true if so.
 */
bool vmcore_is_left_out(enum vmcore_class class, u32 level)
{
	switch (class) {
	case VMCORE_CLASS_ZERO:
		return level & VMCORE_LEVEL_ZERO;
	case VMCORE_CLASS_CACHE:
		/* As for makedumpfile, the one implies the other. */
		return level & (VMCORE_LEVEL_CACHE | VMCORE_LEVEL_PRIVATE);
	case VMCORE_CLASS_PRIVATE:
		return level & VMCORE_LEVEL_PRIVATE;
	case VMCORE_CLASS_USER:
		return level & VMCORE_LEVEL_USER;
	case VMCORE_CLASS_FREE:
		return level & VMCORE_LEVEL_FREE;
	case VMCORE_CLASS_UNREADABLE:
		return level;
	default:
		return false;
	}
}
