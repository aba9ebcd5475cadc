// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/ranges.c. tests/unit runs this file in user space, too.
 */
#include <kunit/test.h>
#include <linux/crash_ranges.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/string.h>

#define MOST_RANGES	4

/**
 * struct range_case - one change of a set
 * @what: name of the case
 * @room: max_nr_ranges
 * @before: the set; { 0, 0 } ends it, so no case has byte 0 as a range
 * @start: first byte to add or to exclude
 * @end: last byte to add or to exclude
 * @ret: expected result
 * @after: the set afterwards
 */
struct range_case {
	const char *what;
	unsigned int room;
	struct range before[MOST_RANGES + 1];
	u64 start, end;
	int ret;
	struct range after[MOST_RANGES + 1];
};

static unsigned int count_ranges(const struct range *ranges)
{
	unsigned int nr = 0;

	while (ranges[nr].start || ranges[nr].end)
		nr++;
	return nr;
}

static struct crash_mem *make_ranges(struct kunit *test, const struct range *ranges,
				     unsigned int room)
{
	struct crash_mem *mem;

	mem = kunit_kzalloc(test, struct_size(mem, ranges, room), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mem);
	mem->max_nr_ranges = room;
	mem->nr_ranges = count_ranges(ranges);
	KUNIT_ASSERT_LE(test, mem->nr_ranges, room);
	memcpy(mem->ranges, ranges, mem->nr_ranges * sizeof(*ranges));
	return mem;
}

static void check_case(struct kunit *test, const struct range_case *this,
		       int (*change)(struct crash_mem *mem,
				     unsigned long long start,
				     unsigned long long end))
{
	struct crash_mem *mem = make_ranges(test, this->before, this->room);
	unsigned int i, nr = count_ranges(this->after);

	KUNIT_EXPECT_EQ_MSG(test, change(mem, this->start, this->end), this->ret,
			    "%s", this->what);
	KUNIT_EXPECT_EQ_MSG(test, mem->max_nr_ranges, this->room, "%s",
			    this->what);
	KUNIT_ASSERT_EQ_MSG(test, mem->nr_ranges, nr, "%s", this->what);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ_MSG(test, mem->ranges[i].start,
				    this->after[i].start, "%s", this->what);
		KUNIT_EXPECT_EQ_MSG(test, mem->ranges[i].end,
				    this->after[i].end, "%s", this->what);
	}
}

static const struct range_case add_cases[] = {
	/*  before: ..==..==..    the change: +++ or ---    after: ..=====.. */
	{ "to an empty set", 1, {}, 10, 19, 0, { { 10, 19 } } },
	{ "a single byte", 1, {}, 7, 7, 0, { { 7, 7 } } },
	{ "below:  ++ ==", 2, { { 10, 19 } }, 0, 5, 0, { { 0, 5 }, { 10, 19 } } },
	{ "above:  == ++", 2, { { 10, 19 } }, 30, 39, 0, { { 10, 19 }, { 30, 39 } } },
	{ "between:  == ++ ==", 3, { { 10, 19 }, { 50, 59 } }, 30, 39, 0,
	  { { 10, 19 }, { 30, 39 }, { 50, 59 } } },
	{ "a byte short of both:  ==.++.==", 3, { { 10, 19 }, { 40, 49 } }, 21, 38, 0,
	  { { 10, 19 }, { 21, 38 }, { 40, 49 } } },
	{ "adjoining the end:  ==++", 1, { { 10, 19 } }, 20, 29, 0, { { 10, 29 } } },
	{ "adjoining the start:  ++==", 1, { { 10, 19 } }, 5, 9, 0, { { 5, 19 } } },
	{ "filling a gap:  ==++==", 2, { { 10, 19 }, { 30, 39 } }, 20, 29, 0,
	  { { 10, 39 } } },
	{ "inside", 1, { { 10, 19 } }, 12, 15, 0, { { 10, 19 } } },
	{ "equal", 1, { { 10, 19 } }, 10, 19, 0, { { 10, 19 } } },
	{ "over the end", 1, { { 10, 19 } }, 15, 29, 0, { { 10, 29 } } },
	{ "over the start", 1, { { 10, 19 } }, 5, 15, 0, { { 5, 19 } } },
	{ "over all of three", 4, { { 10, 19 }, { 30, 39 }, { 50, 59 }, { 70, 79 } },
	  5, 60, 0, { { 5, 60 }, { 70, 79 } } },
	{ "from the middle of one to the middle of the next but one", 3,
	  { { 10, 19 }, { 30, 39 }, { 50, 59 } }, 15, 55, 0, { { 10, 59 } } },
	{ "everything", 2, { { 10, 19 }, { 30, 39 } }, 0, U64_MAX, 0,
	  { { 0, U64_MAX } } },
	{ "the last byte there is", 2, { { 10, 19 } }, U64_MAX, U64_MAX, 0,
	  { { 10, 19 }, { U64_MAX, U64_MAX } } },
	{ "adjoining the last byte there is", 1, { { U64_MAX, U64_MAX } },
	  U64_MAX - 9, U64_MAX - 1, 0, { { U64_MAX - 9, U64_MAX } } },
	{ "above 4 GiB", 2, { { 0x1000, 0xffffffff } }, 0x100000001, 0x1ffffffff, 0,
	  { { 0x1000, 0xffffffff }, { 0x100000001, 0x1ffffffff } } },
	{ "adjoining at 4 GiB", 1, { { 0x1000, 0xffffffff } }, 0x100000000,
	  0x1ffffffff, 0, { { 0x1000, 0x1ffffffff } } },
	{ "to a full set", 2, { { 10, 19 }, { 30, 39 } }, 50, 59, -ENOMEM,
	  { { 10, 19 }, { 30, 39 } } },
	{ "to a set without room", 0, {}, 50, 59, -ENOMEM, {} },
	{ "to a full set, but merged", 2, { { 10, 19 }, { 30, 39 } }, 40, 59, 0,
	  { { 10, 19 }, { 30, 59 } } },
	{ "end below start", 2, { { 10, 19 } }, 31, 30, -EINVAL, { { 10, 19 } } },
};

static const struct range_case exclude_cases[] = {
	{ "from an empty set", 1, {}, 10, 19, 0, {} },
	{ "below", 1, { { 10, 19 } }, 0, 9, 0, { { 10, 19 } } },
	{ "above", 1, { { 10, 19 } }, 20, U64_MAX, 0, { { 10, 19 } } },
	{ "in a gap", 2, { { 10, 19 }, { 30, 39 } }, 20, 29, 0,
	  { { 10, 19 }, { 30, 39 } } },
	{ "all of one:  == -- ==", 3, { { 10, 19 }, { 30, 39 }, { 50, 59 } }, 30, 39,
	  0, { { 10, 19 }, { 50, 59 } } },
	{ "all of the only one", 1, { { 10, 19 } }, 10, 19, 0, {} },
	{ "all and more", 2, { { 10, 19 }, { 30, 39 } }, 5, 45, 0, {} },
	{ "everything", 2, { { 10, 19 }, { 30, U64_MAX } }, 0, U64_MAX, 0, {} },
	{ "the start:  --==", 1, { { 10, 19 } }, 10, 14, 0, { { 15, 19 } } },
	{ "before and the start", 1, { { 10, 19 } }, 3, 14, 0, { { 15, 19 } } },
	{ "the end:  ==--", 1, { { 10, 19 } }, 15, 19, 0, { { 10, 14 } } },
	{ "the end and behind", 1, { { 10, 19 } }, 15, 25, 0, { { 10, 14 } } },
	{ "the first byte", 1, { { 10, 19 } }, 10, 10, 0, { { 11, 19 } } },
	{ "the last byte", 1, { { 10, 19 } }, 19, 19, 0, { { 10, 18 } } },
	{ "the middle:  ==--==", 2, { { 10, 19 } }, 13, 16, 0,
	  { { 10, 12 }, { 17, 19 } } },
	{ "the middle of one of three", 4, { { 10, 19 }, { 30, 39 }, { 50, 59 } },
	  35, 35, 0, { { 10, 19 }, { 30, 34 }, { 36, 39 }, { 50, 59 } } },
	{ "the middle, without room", 1, { { 10, 19 } }, 13, 16, -ENOMEM,
	  { { 10, 19 } } },
	{ "the middle of the last, without room", 2, { { 10, 19 }, { 30, 39 } },
	  33, 36, -ENOMEM, { { 10, 19 }, { 30, 39 } } },
	{ "from one into the next:  ==-----==", 2, { { 10, 19 }, { 30, 39 } }, 15, 34,
	  0, { { 10, 14 }, { 35, 39 } } },
	{ "from one over the second into the third", 3,
	  { { 10, 19 }, { 30, 39 }, { 50, 59 } }, 15, 54, 0,
	  { { 10, 14 }, { 55, 59 } } },
	{ "the middle of everything", 2, { { 0, U64_MAX } }, 2, U64_MAX - 1, 0,
	  { { 0, 1 }, { U64_MAX, U64_MAX } } },
	{ "the crash kernel above 4 GiB", 2, { { 0x100000000, 0x23fffffff } },
	  0x22b000000, 0x23affffff, 0,
	  { { 0x100000000, 0x22affffff }, { 0x23b000000, 0x23fffffff } } },
	{ "end below start", 2, { { 10, 39 } }, 20, 19, -EINVAL, { { 10, 39 } } },
};

static int add_crash_range(struct crash_mem *mem, unsigned long long start,
			   unsigned long long end)
{
	return crash_add_mem_range(mem, start, end);
}

static void add_range_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(add_cases); i++)
		check_case(test, &add_cases[i], add_crash_range);
}

static void exclude_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(exclude_cases); i++)
		check_case(test, &exclude_cases[i], crash_exclude_mem_range);
}

/* Stock callers fill ranges[] themselves, and some leave max_nr_ranges at 0. */
static void exclude_without_capacity_test(struct kunit *test)
{
	static const struct range before[] = { { 10, 19 }, { 30, 39 }, {} };
	struct crash_mem *mem = make_ranges(test, before, 2);

	mem->max_nr_ranges = 0;
	KUNIT_EXPECT_EQ(test, crash_exclude_mem_range(mem, 15, 34), 0);
	KUNIT_ASSERT_EQ(test, mem->nr_ranges, 2);
	KUNIT_EXPECT_EQ(test, crash_exclude_mem_range(mem, 12, 12), -ENOMEM);
	KUNIT_EXPECT_EQ(test, crash_exclude_mem_range(mem, 0, 14), 0);
	KUNIT_EXPECT_EQ(test, mem->nr_ranges, 1);
}

static void covers_test(struct kunit *test)
{
	/*
	 * The second and third range adjoin; a stock caller may have filled in
	 * such a set.
	 */
	static const struct range set[] = {
		{ 10, 19 }, { 30, 39 }, { 40, 49 }, { U64_MAX - 9, U64_MAX }, {},
	};
	static const struct {
		u64 start, end;
		bool covered;
	} cases[] = {
		{ 10, 19, true }, { 10, 10, true }, { 19, 19, true },
		{ 12, 17, true }, { 9, 9, false }, { 9, 10, false },
		{ 19, 20, false }, { 20, 20, false }, { 20, 29, false },
		{ 15, 35, false }, { 30, 49, true }, { 35, 45, true },
		{ 39, 40, true }, { 40, 50, false }, { 29, 49, false },
		{ 0, U64_MAX, false }, { 0, 0, false },
		{ U64_MAX, U64_MAX, true }, { U64_MAX - 9, U64_MAX, true },
		{ U64_MAX - 10, U64_MAX, false }, { 15, 14, false },
	};
	struct crash_mem *mem = make_ranges(test, set, ARRAY_SIZE(set));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, crash_mem_covers(mem, cases[i].start, cases[i].end),
				    cases[i].covered, "%llu to %llu",
				    cases[i].start, cases[i].end);

	mem->nr_ranges = 0;
	KUNIT_EXPECT_FALSE(test, crash_mem_covers(mem, 0, U64_MAX));
}

static struct kunit_case crash_ranges_cases[] = {
	KUNIT_CASE(add_range_test),
	KUNIT_CASE(exclude_test),
	KUNIT_CASE(exclude_without_capacity_test),
	KUNIT_CASE(covers_test),
	{}
};

static struct kunit_suite crash_ranges_suite = {
	.name = "crash_ranges",
	.test_cases = crash_ranges_cases,
};

kunit_test_suite(crash_ranges_suite);
