/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules are data, so that those which are the same tell pages apart in the same
 * way.
 */
#ifndef _VMCORE_RULES_COMPARE_H
#define _VMCORE_RULES_COMPARE_H

#include <kunit/test.h>

#include <linux/vmcore_filter.h>

static inline void expect_same_test(struct kunit *test,
				    const struct vmcore_test *found,
				    const struct vmcore_test *wanted)
{
	KUNIT_EXPECT_EQ(test, found->word, wanted->word);
	KUNIT_EXPECT_EQ(test, found->mask, wanted->mask);
	KUNIT_EXPECT_EQ(test, found->value, wanted->value);
}

static inline void expect_same_field(struct kunit *test,
				     const struct vmcore_field *found,
				     const struct vmcore_field *wanted)
{
	KUNIT_EXPECT_EQ(test, found->word, wanted->word);
	KUNIT_EXPECT_EQ(test, found->shift, wanted->shift);
	KUNIT_EXPECT_EQ(test, found->mask, wanted->mask);
	KUNIT_EXPECT_EQ(test, found->max, wanted->max);
}

static inline void expect_same_rules(struct kunit *test,
				     const struct vmcore_rules *found,
				     const struct vmcore_rules *wanted)
{
	u32 i, k;

	KUNIT_EXPECT_EQ(test, found->page_words, wanted->page_words);
	expect_same_test(test, &found->tail, &wanted->tail);
	expect_same_test(test, &found->head, &wanted->head);
	expect_same_field(test, &found->compound_order, &wanted->compound_order);
	expect_same_field(test, &found->refcount, &wanted->refcount);
	expect_same_field(test, &found->mapping, &wanted->mapping);
	KUNIT_ASSERT_EQ(test, found->nr_asked, wanted->nr_asked);
	for (i = 0; i < found->nr_asked; i++)
		expect_same_test(test, &found->asked[i], &wanted->asked[i]);
	KUNIT_ASSERT_EQ(test, found->nr_rules, wanted->nr_rules);
	for (i = 0; i < found->nr_rules; i++) {
		const struct vmcore_rule *ours = &found->table[i];
		const struct vmcore_rule *theirs = &wanted->table[i];

		KUNIT_EXPECT_EQ(test, ours->class, theirs->class);
		KUNIT_EXPECT_EQ(test, ours->fixed_order, theirs->fixed_order);
		expect_same_field(test, &ours->order, &theirs->order);
		for (k = 0; k < VMCORE_RULE_TESTS; k++)
			expect_same_test(test, &ours->tests[k], &theirs->tests[k]);
	}
}

#endif /* _VMCORE_RULES_COMPARE_H */
