// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/filter: the class of a single page or compound page.
 * tests/unit runs this file in user space, too.
 */
#include "vmcore_filter_pages.h"

static void expect_unit(struct kunit *test, struct sample *sample, u64 pfn,
			enum vmcore_class class, u32 order, const char *what)
{
	struct vmcore_unit unit;
	const u64 *page;
	u64 missing;

	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory,
			   &sample->memory);
	page = vmcore_memmap_get(&sample->map, pfn, &missing);
	KUNIT_ASSERT_NOT_NULL(test, page);
	unit = vmcore_classify(&sample->rules, &sample->map.seen, page, pfn);
	KUNIT_EXPECT_EQ_MSG(test, unit.class, class, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, unit.order, order, "%s", what);
}

static void page_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	const struct page_case *this;
	u64 pfn = 32;

	for (this = page_cases; this < page_cases + ARRAY_SIZE(page_cases); this++) {
		fill_page(sample_page(sample, pfn), this);
		expect_unit(test, sample, pfn, this->class, this->order, this->what);
	}
}

/* The class of a page does not depend on the page that was classified before. */
static void seen_test(struct kunit *test)
{
	const struct page_case *end = page_cases + ARRAY_SIZE(page_cases), *one, *other;
	struct sample *sample = sample_create(test, note_6_12);
	struct vmcore_seen *seen = &sample->map.seen;
	u64 page[2 * SAMPLE_WORDS] = {};
	struct vmcore_unit unit;

	for (one = page_cases; one < end; one++) {
		for (other = page_cases; other < end; other++) {
			fill_page(page, one);
			vmcore_classify(&sample->rules, seen, page, 32);
			fill_page(page, other);
			unit = vmcore_classify(&sample->rules, seen, page, 32);
			KUNIT_EXPECT_EQ_MSG(test, unit.class, other->class, "%s after %s",
					    other->what, one->what);
		}
	}

	/* Nor does it depend on its class under the rules of another kernel. */
	page[WORD_COUNTS] = TYPE_UNACCEPTED;
	vmcore_classify(&sample->rules, seen, page, 1024);
	sample_init(test, sample, note_7_3);
	unit = vmcore_classify(&sample->rules, seen, page, 1024);
	KUNIT_EXPECT_EQ(test, unit.class, VMCORE_CLASS_FREE);
}

static void compound_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	u64 *head = sample_page(sample, 64), *second = sample_page(sample, 65);

	make_compound(sample, 64, 4, FLAG_LRU, A_MAPPING);
	expect_unit(test, sample, 64, VMCORE_CLASS_CACHE, 4, "large folio");
	head[WORD_MAPPING] |= 1;
	expect_unit(test, sample, 64, VMCORE_CLASS_USER, 4, "THP");
	head[WORD_FLAGS] = FLAG_HEAD;
	head[WORD_MAPPING] = 0;
	expect_unit(test, sample, 64, VMCORE_CLASS_KERNEL, 4, "kernel's");
	head[WORD_COUNTS] = TYPE_AND_REFS(TYPE_HUGETLB, 0);
	expect_unit(test, sample, 64, VMCORE_CLASS_USER, 4, "unused huge page");
	head[WORD_COUNTS] = TYPE_AND_REFS(TYPE_SLAB, 1);
	expect_unit(test, sample, 64, VMCORE_CLASS_KERNEL, 4, "slab");
	head[WORD_FLAGS] |= FLAG_POISON;
	expect_unit(test, sample, 64, VMCORE_CLASS_KERNEL, 4, "broken slab");

	head[WORD_COUNTS] = USED;
	head[WORD_FLAGS] = FLAG_HEAD | FLAG_LRU;
	second[WORD_FLAGS] = 7;
	expect_unit(test, sample, 64, VMCORE_CLASS_UNCLASSIFIED, 0, "misplaced");
	second[WORD_FLAGS] = 0xffffff00;
	expect_unit(test, sample, 64, VMCORE_CLASS_UNCLASSIFIED, 0, "order 0");
	second[WORD_FLAGS] = 0xff;
	expect_unit(test, sample, 64, VMCORE_CLASS_UNCLASSIFIED, 0, "absurd");
	second[WORD_FLAGS] = 4;
	second[WORD_HEAD] = 0;
	expect_unit(test, sample, 64, VMCORE_CLASS_UNCLASSIFIED, 0, "no tail");
}

/* Kernels differ in their types, and in the place of those of a compound page. */
static void release_test(struct kunit *test)
{
	static const struct {
		const char *note;
		u64 buddy, offline, second_flags, second_two;
	} cases[] = {
		{ note_6_1, 0xffffff7f, 0xfffffeff, 0, 0x0302 },
		{ note_6_4, 0xffffff7f, 0xfffffeff, 0, 0x0301 },
		{ note_6_7, 0xffffff7f, 0xfffffeff, FLAG_HUGETLB | 3, 0 },
		{ note_6_12, TYPE_BUDDY, TYPE_OFFLINE, 3, 0 },
		{ note_7_3, TYPE_BUDDY, TYPE_OFFLINE, 3, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sample *sample = sample_create(test, cases[i].note);
		u64 *page = sample_page(sample, 8);
		bool typed = cases[i].buddy == TYPE_BUDDY;

		page[WORD_COUNTS] = cases[i].buddy;
		page[WORD_PRIVATE] = 3;
		expect_unit(test, sample, 8, VMCORE_CLASS_FREE, 3, cases[i].note);
		page[WORD_COUNTS] = TYPE_AND_REFS(cases[i].offline, 1);
		expect_unit(test, sample, 8, VMCORE_CLASS_UNREADABLE, 0, cases[i].note);

		page[WORD_FLAGS] = typed ? 0 : FLAG_SLAB;
		page[WORD_COUNTS] = typed ? TYPE_SLAB : cases[i].buddy;
		expect_unit(test, sample, 8, VMCORE_CLASS_KERNEL, 0, cases[i].note);

		page[WORD_FLAGS] = FLAG_HEAD;
		page[WORD_COUNTS] = typed ? TYPE_HUGETLB : NO_TYPE;
		sample_page(sample, 9)[WORD_HEAD] = A_MAPPING | 1;
		sample_page(sample, 9)[WORD_FLAGS] = cases[i].second_flags;
		sample_page(sample, 9)[2] = cases[i].second_two;
		expect_unit(test, sample, 8, VMCORE_CLASS_USER, 3, cases[i].note);
	}
}

static void unaccepted_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_7_3);

	sample_page(sample, 1024)[WORD_COUNTS] = TYPE_UNACCEPTED;
	expect_unit(test, sample, 1024, VMCORE_CLASS_FREE, 10, "a block");
	sample_page(sample, 512)[WORD_COUNTS] = TYPE_UNACCEPTED;
	expect_unit(test, sample, 512, VMCORE_CLASS_UNCLASSIFIED, 0, "half a block");
}

static void level_test(struct kunit *test)
{
	static const u32 bits[VMCORE_NR_CLASSES] = {
		[VMCORE_CLASS_ZERO] = 1, [VMCORE_CLASS_CACHE] = 2 | 4,
		[VMCORE_CLASS_PRIVATE] = 4, [VMCORE_CLASS_USER] = 8,
		[VMCORE_CLASS_FREE] = 16, [VMCORE_CLASS_UNREADABLE] = 31,
	};
	u32 level, class;

	for (level = 0; level <= VMCORE_LEVEL_MAX; level++)
		for (class = 0; class < VMCORE_NR_CLASSES; class++)
			KUNIT_EXPECT_EQ(test, vmcore_is_left_out(class, level),
					!!(level & bits[class]));
}

static struct kunit_case filter_page_cases[] = {
	KUNIT_CASE(page_test),
	KUNIT_CASE(seen_test),
	KUNIT_CASE(compound_test),
	KUNIT_CASE(release_test),
	KUNIT_CASE(unaccepted_test),
	KUNIT_CASE(level_test),
	{}
};

static struct kunit_suite filter_page_suite = {
	.name = "vmcore_filter_page",
	.test_cases = filter_page_cases,
};

kunit_test_suite(filter_page_suite);
