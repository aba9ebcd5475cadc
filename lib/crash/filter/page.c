// SPDX-License-Identifier: GPL-2.0
/*
 * What a struct page of the crashed kernel says about its page.
 *
 * Words of a struct page mean different things for different pages, and a
 * question may only be asked once those before it have been answered with no. So
 * rules are a table, in the order in which they are asked.
 *
 * The crash, or what led to it, may have overwritten any struct page. What is left
 * out is lost, so each that would have its page left out must make sense in
 * other respects, too.
 */
#include <linux/build_bug.h>

#include <linux/vmcore_filter.h>

static bool is_aligned(u64 pfn, u32 order)
{
	return !(pfn & ((1ULL << order) - 1));
}

/* There is no loop over the tests, because most of the time is spent here. */
static bool matches_rule(const struct vmcore_rule *rule, const u64 *page)
{
	static_assert(VMCORE_RULE_TESTS == 3);
	return vmcore_matches(&rule->tests[0], page) &&
	       vmcore_matches(&rule->tests[1], page) &&
	       vmcore_matches(&rule->tests[2], page);
}

/* Which of the bits that rules ask for are not as in the page seen last? */
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
 * Neighbours are alike, mostly: where all that rules ask for is as in the page
 * before, so is the answer.
 */
static const struct vmcore_rule *find_rule(const struct vmcore_rules *rules,
					   struct vmcore_seen *seen,
					   const u64 *page)
{
	const struct vmcore_rule *rule = rules->table;
	u32 i;

	if (seen->rule && !compare_bits(rules, seen, page))
		return seen->rule;

	/* The last rule always does. */
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

/* How many pages does the compound page have whose first one this is? */
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
 * Must a page not be read? A struct page that was overwritten, or never written, is
 * no reason to leave out its page.
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

/* A page that is a unit by itself. */
static struct vmcore_unit make_single(const struct vmcore_rules *rules, const u64 *page,
				      u64 pfn, enum vmcore_class class)
{
	if (is_unreadable(rules, page))
		class = VMCORE_CLASS_UNREADABLE;
	return (struct vmcore_unit) { .class = class, .start = pfn };
}

/* A rule that knows by itself how many pages it is about. */
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

/* The first page of a compound page, whose order makes sense. */
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
 * vmcore_classify() - what is a page, and how many behind it are the same?
 * @rules: of the crashed kernel
 * @seen: the caller's, for these rules alone
 * @page: words of its struct page and of the next one; not trusted
 * @pfn: its page frame number
 *
 * A page that belongs to one before it is unclassified: whoever has asked about
 * that one knows it, and steps over this. That a page of a larger unit is broken
 * does not show in the class of the unit.
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
 * vmcore_count_readable() - how many pages may be read?
 * @rules: of the crashed kernel
 * @page: words of the struct page of the first one, and of those that follow; not
 *	trusted
 * @nr: how many of these may be counted; one more is there
 *
 * Context: Any.
 * Return: the number of pages up to the first that must not be read, at most @nr.
 */
u32 vmcore_count_readable(const struct vmcore_rules *rules, const u64 *page, u32 nr)
{
	u32 count = 0;

	while (count < nr && !is_unreadable(rules, page + count * rules->page_words))
		count++;
	return count;
}

/**
 * vmcore_count_alike() - how many pages are what the one before them is?
 * @rules: of the crashed kernel
 * @seen: the page that was classified last
 * @page: words of the struct page behind that, and of those that follow; not
 *	trusted
 * @nr: how many of these may be counted; one more is there
 *
 * Most memory that is in use is in runs of such pages, so this is where a scan
 * spends its time.
 *
 * Context: Any.
 * Return: the number of pages for which vmcore_classify() would say the same, each
 * a unit by itself; the first one for which it might not ends the count.
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
 * vmcore_is_inner() - can a page be inside of a unit that is left out?
 * @rules: of the crashed kernel
 * @page: words of its struct page, and of the next one; not trusted
 * @class: of the unit
 *
 * Nothing is said of free pages but the first. So one that is inside of a free block
 * has no type, no reference and no flag that any rule asks for.
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

/* The names of classes, as users and rules have them. */
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
