// SPDX-License-Identifier: GPL-2.0
/*
 * Classifies a page of the crashed kernel by its struct page.
 *
 * Words of a struct page have a different meaning for different pages. A test
 * may rely on the tests before it having failed. So rules are a table, and
 * their order matters.
 *
 * The crash, or the fault before it, may have overwritten any struct page.
 * Pages that are left out are lost, so the other members of a struct page must
 * make sense, too, before its page is left out.
 */
#include <linux/build_bug.h>

#include <linux/vmcore_filter.h>

static bool is_aligned(u64 pfn, u32 order)
{
	return !(pfn & ((1ULL << order) - 1));
}

/* Most of the time is spent here, so the tests are not a loop. */
static bool matches_rule(const struct vmcore_rule *rule, const u64 *page)
{
	static_assert(VMCORE_RULE_TESTS == 3);
	return vmcore_matches(&rule->tests[0], page) &&
	       vmcore_matches(&rule->tests[1], page) &&
	       vmcore_matches(&rule->tests[2], page);
}

/* Return the tested bits that differ from those of the page classified last. */
static u64 compare_bits(const struct vmcore_rules *rules,
			const struct vmcore_seen *seen, const u64 *page)
{
	u64 differs = 0;
	u32 i;

	for (i = 0; i < rules->nr_asked; i++)
		differs |= (page[rules->asked[i].word] & rules->asked[i].mask) ^
			   seen->bits[i];
	return differs;
}

/*
 * Neighbours are alike, mostly. If all tested bits are equal to those of the
 * page before, the same rule applies.
 */
static const struct vmcore_rule *find_rule(const struct vmcore_rules *rules,
					   struct vmcore_seen *seen,
					   const u64 *page)
{
	const struct vmcore_rule *rule = rules->table;
	u32 i;

	if (seen->rule && !compare_bits(rules, seen, page))
		return seen->rule;

	/* The last rule matches every page. */
	while (!matches_rule(rule, page))
		rule++;
	for (i = 0; i < rules->nr_asked; i++)
		seen->bits[i] = page[rules->asked[i].word] & rules->asked[i].mask;
	seen->rule = rule;
	return rule;
}

static bool makes_sense(const struct vmcore_rules *rules, const u64 *page,
			enum vmcore_class class)
{
	u64 mapping;

	if (class == VMCORE_CLASS_KERNEL)
		return true;
	if (class == VMCORE_CLASS_FREE)
		return !vmcore_number(&rules->refcount, page);
	mapping = vmcore_number(&rules->mapping, page);
	return vmcore_number(&rules->refcount, page) <= rules->refcount.max &&
	       (!mapping || mapping >= rules->kernel_start);
}

/* Find the order of a compound page whose first struct page is @page. */
static bool find_order(const struct vmcore_rules *rules, const u64 *page,
		       u64 pfn, u32 *order)
{
	u64 number = vmcore_number(&rules->compound_order, page);

	if (!number || number > rules->compound_order.max ||
	    !is_aligned(pfn, number) ||
	    !vmcore_matches(&rules->tail, page + rules->page_words))
		return false;
	*order = number;
	return true;
}

/*
 * Test whether a page must not be read. A struct page that was overwritten, or
 * never written, does not make its page unreadable: its reference count makes
 * no sense.
 */
static bool is_unreadable(const struct vmcore_rules *rules, const u64 *page)
{
	u32 i;

	for (i = 0; i < rules->nr_unreadable; i++) {
		if (matches_rule(&rules->unreadable[i], page))
			return vmcore_number(&rules->refcount, page) <= rules->refcount.max;
	}
	return false;
}

/* Return a unit of one page. */
static struct vmcore_unit make_single(const struct vmcore_rules *rules, const u64 *page,
				      u64 pfn, enum vmcore_class class)
{
	if (is_unreadable(rules, page))
		class = VMCORE_CLASS_UNREADABLE;
	return (struct vmcore_unit) { .class = class, .start = pfn };
}

/* Classify a page by a rule that gives the number of its pages. */
static struct vmcore_unit classify_block(const struct vmcore_rules *rules,
					 const struct vmcore_rule *rule,
					 const u64 *page, u64 pfn)
{
	u64 order = rule->fixed_order;

	if (rule->order.mask) {
		order = vmcore_number(&rule->order, page);
		if (order > rule->order.max)
			return make_single(rules, page, pfn, VMCORE_CLASS_UNCLASSIFIED);
	}
	if (!is_aligned(pfn, order) || !makes_sense(rules, page, rule->class))
		return make_single(rules, page, pfn, VMCORE_CLASS_UNCLASSIFIED);
	if (!order)
		return make_single(rules, page, pfn, rule->class);
	return (struct vmcore_unit) { .class = rule->class, .order = order, .start = pfn };
}

/* Classify the first page of a compound page, whose order makes sense. */
static struct vmcore_unit classify_compound(const struct vmcore_rules *rules,
					    const struct vmcore_rule *rule,
					    const u64 *page, u64 pfn, u32 order)
{
	bool hugetlb = rules->hugetlb.mask && vmcore_matches(&rules->hugetlb, page);

	return (struct vmcore_unit) {
		.class = makes_sense(rules, page, rule->class) ?
			 rule->class : VMCORE_CLASS_UNCLASSIFIED,
		.order = order,
		.hugetlb = hugetlb,
		.broken = hugetlb && is_unreadable(rules, page),
		.start = pfn,
	};
}

/**
 * vmcore_classify() - find the class of a page, and the size of its unit
 * @rules: of the crashed kernel
 * @seen: memory of the caller, for these rules alone
 * @page: words of its struct page and of the next one; not trusted
 * @pfn: its page frame number
 *
 * A page inside a unit is unclassified: the caller classifies the first page
 * of the unit, and skips the others. The class of a unit does not show that
 * pages inside it are broken.
 *
 * Context: Any.
 * Return: class and order. Pages of a unit start at a multiple of their number.
 */
struct vmcore_unit vmcore_classify(const struct vmcore_rules *rules,
				   struct vmcore_seen *seen,
				   const u64 *page, u64 pfn)
{
	const struct vmcore_rule *rule;
	struct vmcore_unit unit;
	u32 order = 0;

	seen->single = false;
	if (vmcore_matches(&rules->tail, page))
		return make_single(rules, page, pfn, VMCORE_CLASS_UNCLASSIFIED);
	if (vmcore_matches(&rules->head, page) &&
	    !find_order(rules, page, pfn, &order))
		return make_single(rules, page, pfn, VMCORE_CLASS_UNCLASSIFIED);

	rule = find_rule(rules, seen, page);
	if (rule->order.mask || rule->fixed_order)
		return classify_block(rules, rule, page, pfn);
	if (order)
		return classify_compound(rules, rule, page, pfn, order);
	if (!makes_sense(rules, page, rule->class))
		return make_single(rules, page, pfn, VMCORE_CLASS_UNCLASSIFIED);
	unit = make_single(rules, page, pfn, rule->class);
	seen->single = unit.class == rule->class;
	return unit;
}

/**
 * vmcore_count_readable() - count pages up to the first that must not be read
 * @rules: of the crashed kernel
 * @page: words of the struct page of the first page, and of the next struct
 *	pages; not trusted
 * @nr: number of pages to count at most; one more struct page follows
 *
 * Context: Any.
 * Return: number of pages that may be read, at most @nr.
 */
u32 vmcore_count_readable(const struct vmcore_rules *rules, const u64 *page, u32 nr)
{
	u32 count = 0;

	while (count < nr && !is_unreadable(rules, page + count * rules->page_words))
		count++;
	return count;
}

/**
 * vmcore_count_alike() - count pages of the same class as the one before them
 * @rules: of the crashed kernel
 * @seen: the page that was classified last
 * @page: words of the struct page behind that, and of the next struct pages; not
 *	trusted
 * @nr: number of pages to count at most; one more struct page follows
 *
 * Most memory in use consists of runs of such pages, so a scan spends most of
 * its time here.
 *
 * Context: Any.
 * Return: number of pages for which vmcore_classify() would return the same
 * class and order 0. The count ends at the first page that may differ.
 */
u32 vmcore_count_alike(const struct vmcore_rules *rules,
		       const struct vmcore_seen *seen, const u64 *page, u32 nr)
{
	u32 count;

	if (!seen->single)
		return 0;
	for (count = 0; count < nr; count++, page += rules->page_words) {
		if (compare_bits(rules, seen, page) ||
		    vmcore_matches(&rules->tail, page) ||
		    vmcore_matches(&rules->head, page) ||
		    !makes_sense(rules, page, seen->rule->class))
			break;
	}
	return count;
}

/**
 * vmcore_is_inner() - test whether a page can be inside a unit
 * @rules: of the crashed kernel
 * @page: words of its struct page, and of the next one; not trusted
 * @class: of the unit
 *
 * The kernel describes only the first page of a free block. The pages inside
 * have no type, no reference, and no flag that a rule tests.
 *
 * Context: Any.
 * Return: true if so.
 */
bool vmcore_is_inner(const struct vmcore_rules *rules, const u64 *page,
		     enum vmcore_class class)
{
	struct vmcore_seen seen = {};

	if (class != VMCORE_CLASS_FREE)
		return vmcore_matches(&rules->tail, page);
	return !vmcore_matches(&rules->tail, page) &&
	       !vmcore_matches(&rules->head, page) &&
	       vmcore_matches(&rules->untyped, page) &&
	       !vmcore_number(&rules->refcount, page) &&
	       find_rule(rules, &seen, page) == &rules->table[rules->nr_rules];
}

/* The names of classes, for users and in rules. */
const char * const vmcore_class_names[VMCORE_NR_CLASSES] = {
	[VMCORE_CLASS_ZERO]		= "zero",
	[VMCORE_CLASS_CACHE]		= "cache",
	[VMCORE_CLASS_PRIVATE]		= "private-cache",
	[VMCORE_CLASS_USER]		= "user",
	[VMCORE_CLASS_FREE]		= "free",
	[VMCORE_CLASS_KERNEL]		= "kernel",
	[VMCORE_CLASS_UNCLASSIFIED]	= "unclassified",
	[VMCORE_CLASS_UNREADABLE]	= "unreadable",
};

/**
 * vmcore_is_left_out() - test whether a level leaves out a class of pages
 * @class: class of a page
 * @level: VMCORE_LEVEL_* bits
 *
 * For VMCORE_CLASS_ZERO, the caller has to look for zeros itself.
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
		/* As with makedumpfile, bit 4 includes bit 2. */
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
