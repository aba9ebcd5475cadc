// SPDX-License-Identifier: GPL-2.0
/*
 * The filter on a crashed kernel whose memory has been overwritten at random: each
 * page is told of once, and what is read stays bounded.
 */
#include "unit.h"
#include <stdlib.h>

#include "../../lib/crash/tests/vmcore_filter_samples.h"

#define BLOCKS		3
/* A look at each struct page by itself, and at all tables for each of them. */
#define MAX_READS	(BLOCKS * VMCORE_BLOCK_PAGES * 8ULL)

struct cover {
	struct kunit *test;
	u64 next;
};

static void take(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	struct cover *cover = ctx;

	KUNIT_ASSERT_EQ(cover->test, pfn, cover->next);
	KUNIT_ASSERT_GE(cover->test, nr, 1);
	KUNIT_ASSERT_LE(cover->test, class, VMCORE_NR_CLASSES - 1);
	cover->next += nr;
}

static const char *some_note(u64 *state)
{
	const char * const notes[] = {
		note_6_1, note_6_4, note_6_7, note_6_12, note_7_3, note_stated,
	};

	return notes[unit_below(state, ARRAY_SIZE(notes))];
}

/* A word as a kernel may have it at some other place. */
static u64 some_word(u64 *state, const struct sample *sample)
{
	switch (unit_below(state, 4)) {
	case 0:
		return unit_number(state);
	case 1:
		return sample->bytes[unit_below(state, SAMPLE_SIZE / 8)];
	case 2:
		return SAMPLE_BASE + unit_below(state, SAMPLE_SIZE) + unit_below(state, 16);
	default:
		return unit_below(state, 2) ? 0 : ~0ULL;
	}
}

static void overwrite(u64 *state, struct sample *sample)
{
	/* Tables, sections or struct pages; all are as likely. */
	static const u32 starts[] = { 0, SAMPLE_ROOTS, SAMPLE_MEMMAP, SAMPLE_SIZE };
	u64 nr = unit_below(state, 200);

	while (nr--) {
		u64 area = unit_below(state, 3), from = starts[area] / 8;
		u64 words = starts[area + 1] / 8 - from;

		if (unit_one_in(state, 2))
			words = min(words, 64);
		sample->bytes[from + unit_below(state, words)] = some_word(state, sample);
	}
}

static struct sample *sample;

static void overwritten_run(struct kunit *test, u64 seed)
{
	u64 state = seed, block;

	sample_init(test, sample, some_note(&state));
	overwrite(&state, sample);
	for (block = 0; block < BLOCKS; block++) {
		struct cover cover = { .test = test, .next = block * VMCORE_BLOCK_PAGES };

		vmcore_scan(&sample->map, block, VMCORE_LEVEL_MAX, take, &cover);
		KUNIT_EXPECT_EQ(test, cover.next, (block + 1) * VMCORE_BLOCK_PAGES);
	}
	KUNIT_EXPECT_LT(test, sample->reads, MAX_READS);
}

static void overwritten_test(struct kunit *test)
{
	sample = sample_alloc(test);
	unit_for_seeds(test, overwritten_run);
}

/* Whatever the note says, no test looks beyond two struct pages. */
static void expect_within(struct kunit *test, const struct vmcore_rules *rules)
{
	u32 words = rules->page_words * 2, i, k;

	/* The next struct page is asked whether it is a tail. */
	KUNIT_EXPECT_LT(test, rules->tail.word, rules->page_words);
	KUNIT_EXPECT_LT(test, rules->head.word, words);
	KUNIT_EXPECT_LT(test, rules->compound_order.word, words);
	KUNIT_EXPECT_LT(test, rules->refcount.word, words);
	KUNIT_EXPECT_LT(test, rules->mapping.word, words);
	KUNIT_EXPECT_LE(test, rules->nr_rules, VMCORE_MAX_RULES);
	for (i = 0; i < rules->nr_rules; i++) {
		const struct vmcore_rule *rule = &rules->table[i];

		for (k = 0; k < VMCORE_RULE_TESTS; k++)
			KUNIT_EXPECT_LT(test, rule->tests[k].word, words);
		KUNIT_EXPECT_LT(test, rule->order.word, words);
		KUNIT_EXPECT_LT(test, rule->order.shift, 64);
		KUNIT_EXPECT_LE(test, rule->order.max, VMCORE_MAX_UNIT);
		KUNIT_EXPECT_LE(test, rule->fixed_order, VMCORE_MAX_UNIT);
	}
}

/* Notes of which lines are missing, doubled, or have other numbers. */
static void note_run(struct kunit *test, u64 seed)
{
	u64 state = seed, nr = unit_below(&state, 5);
	const char *from = some_note(&state);
	size_t len = strlen(from), at;
	char *note = malloc(len);
	struct vmcore_rules rules;

	if (!note)
		abort();
	memcpy(note, from, len);
	while (nr--)
		note[unit_below(&state, len)] = "0123456789abcdef-x.=\n()"[unit_below(&state, 23)];
	at = unit_below(&state, len);
	if (!vmcore_rules_init(&rules, &sample_elf, note + at / 8, len - at / 8)) {
		expect_within(test, &rules);
		KUNIT_EXPECT_LT(test, rules.section_map, rules.section_bytes);
	}
	free(note);
}

static void note_test(struct kunit *test)
{
	unit_for_seeds(test, note_run);
}

static struct kunit_case filter_random_cases[] = {
	KUNIT_CASE(overwritten_test),
	KUNIT_CASE(note_test),
	{}
};

static struct kunit_suite filter_random_suite = {
	.name = "filter_random",
	.test_cases = filter_random_cases,
};

kunit_test_suite(filter_random_suite);
