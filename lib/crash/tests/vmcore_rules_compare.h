/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compares rules. Rules are data: equal rules classify all pages alike.
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

static inline void expect_same_rule(struct kunit *test,
				    const struct vmcore_rule *found,
				    const struct vmcore_rule *wanted)
{
	u32 i;

	KUNIT_EXPECT_EQ(test, found->class, wanted->class);
	KUNIT_EXPECT_EQ(test, found->fixed_order, wanted->fixed_order);
	expect_same_field(test, &found->order, &wanted->order);
	for (i = 0; i < VMCORE_RULE_TESTS; i++)
		expect_same_test(test, &found->tests[i], &wanted->tests[i]);
}

static inline void expect_same_rules(struct kunit *test,
				     const struct vmcore_rules *found,
				     const struct vmcore_rules *wanted)
{
	u32 i;

	KUNIT_EXPECT_EQ(test, found->page_words, wanted->page_words);
	expect_same_test(test, &found->tail, &wanted->tail);
	expect_same_test(test, &found->head, &wanted->head);
	expect_same_field(test, &found->compound_order, &wanted->compound_order);
	expect_same_test(test, &found->hugetlb, &wanted->hugetlb);
	expect_same_test(test, &found->untyped, &wanted->untyped);
	KUNIT_EXPECT_EQ(test, found->list_word, wanted->list_word);
	expect_same_field(test, &found->refcount, &wanted->refcount);
	expect_same_field(test, &found->mapping, &wanted->mapping);
	KUNIT_ASSERT_EQ(test, found->nr_asked, wanted->nr_asked);
	for (i = 0; i < found->nr_asked; i++)
		expect_same_test(test, &found->asked[i], &wanted->asked[i]);
	KUNIT_ASSERT_EQ(test, found->nr_unreadable, wanted->nr_unreadable);
	for (i = 0; i < found->nr_unreadable; i++)
		expect_same_rule(test, &found->unreadable[i], &wanted->unreadable[i]);
	KUNIT_ASSERT_EQ(test, found->nr_rules, wanted->nr_rules);
	for (i = 0; i < found->nr_rules; i++)
		expect_same_rule(test, &found->table[i], &wanted->table[i]);
}

#endif /* _VMCORE_RULES_COMPARE_H */
