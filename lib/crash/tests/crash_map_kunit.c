// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/map.c. tests/unit runs this file in user space, too.
 */
#include <kunit/test.h>
#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#define MOST_LOADS	5

/**
 * struct map_case - segments, and the map that they should become
 * @what: name of the case
 * @loads: segments: paddr, size, where; size 0 ends them
 * @runs: the expected map, in the same form
 */
struct map_case {
	const char *what;
	struct crash_run loads[MOST_LOADS + 1];
	struct crash_run runs[MOST_LOADS + 1];
};

static const struct map_case map_cases[] = {
	{ "nothing", {}, {} },
	{ "one", { { 100, 50, 900 } }, { { 100, 50, 900 } } },
	{ "in no order", { { 300, 50, 300 }, { 100, 50, 900 } },
	  { { 100, 50, 900 }, { 300, 50, 300 } } },
	{ "adjoining, then and now", { { 100, 50, 900 }, { 150, 10, 950 } },
	  { { 100, 60, 900 } } },
	{ "adjoining then only", { { 100, 50, 900 }, { 150, 10, 850 } },
	  { { 100, 50, 900 }, { 150, 10, 850 } } },
	{ "adjoining now only", { { 100, 50, 900 }, { 151, 10, 950 } },
	  { { 100, 50, 900 }, { 151, 10, 950 } } },
	{ "low memory in a backup", { { 0, 640, 5000 }, { 1024, 9000, 1024 } },
	  { { 0, 640, 5000 }, { 1024, 9000, 1024 } } },
	{ "kernel text within RAM", { { 400, 50, 400 }, { 100, 800, 100 } },
	  { { 100, 800, 100 } } },
	{ "kernel text twice", { { 400, 50, 400 }, { 400, 50, 400 } },
	  { { 400, 50, 400 } } },
	{ "text from the start of RAM", { { 100, 50, 100 }, { 100, 800, 100 } },
	  { { 100, 800, 100 } } },
	{ "text to the end of RAM", { { 850, 50, 850 }, { 100, 800, 100 } },
	  { { 100, 800, 100 } } },
	{ "overlap that agrees", { { 100, 60, 900 }, { 140, 60, 940 } },
	  { { 100, 100, 900 } } },
	{ "overlap that disagrees", { { 140, 60, 500 }, { 100, 60, 900 } },
	  { { 100, 60, 900 }, { 160, 40, 520 } } },
	{ "three, the third in both", { { 100, 60, 0 }, { 160, 60, 1000 },
	  { 130, 60, 2000 } }, { { 100, 60, 0 }, { 160, 30, 2030 },
	  { 190, 30, 1030 } } },
	{ "one of the same start is longer", { { 100, 10, 700 },
	  { 100, 20, 800 } }, { { 100, 20, 800 } } },
	{ "the end of the address space", { { U64_MAX - 9, 9, 5 },
	  { U64_MAX - 5, 5, 9 } }, { { U64_MAX - 9, 9, 5 } } },
};

static u32 count_runs(const struct crash_run *runs)
{
	u32 nr = 0;

	while (runs[nr].size)
		nr++;
	return nr;
}

static struct crash_segment *make_loads(struct kunit *test,
					const struct crash_run *from, u32 nr)
{
	struct crash_segment *loads;
	u32 i;

	loads = kunit_kzalloc(test, nr * sizeof(*loads), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, loads || !nr);
	for (i = 0; i < nr; i++) {
		loads[i].paddr = from[i].paddr;
		loads[i].filesz = from[i].size;
		loads[i].memsz = from[i].size + i;
		loads[i].where = from[i].where;
	}
	return loads;
}

static void build_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(map_cases); i++) {
		const struct map_case *this = &map_cases[i];
		u32 nr = count_runs(this->loads), want = count_runs(this->runs);
		struct crash_run *runs;

		runs = kunit_kzalloc(test, nr * sizeof(*runs), GFP_KERNEL);
		KUNIT_ASSERT_TRUE(test, runs || !nr);
		KUNIT_ASSERT_EQ_MSG(test, crash_map_build(make_loads(test, this->loads, nr), nr,
							  runs),
				    want, "%s", this->what);
		KUNIT_EXPECT_MEMEQ_MSG(test, runs, this->runs,
				       want * sizeof(*runs), "%s", this->what);
	}
}

/* A segment with filesz 0 describes RAM that was not saved: it is not mapped. */
static void no_bytes_test(struct kunit *test)
{
	struct crash_segment loads[] = {
		{ .paddr = 100, .memsz = 50, .where = 900 },
		{ .paddr = 200, .memsz = 50, .filesz = 20, .where = 700 },
	};
	struct crash_run runs[ARRAY_SIZE(loads)];

	KUNIT_ASSERT_EQ(test, crash_map_build(loads, ARRAY_SIZE(loads), runs), 1);
	KUNIT_EXPECT_EQ(test, runs[0].paddr, 200);
	KUNIT_EXPECT_EQ(test, runs[0].size, 20);
	KUNIT_EXPECT_EQ(test, runs[0].where, 700);
}

static void find_run_test(struct kunit *test)
{
	static const struct crash_run runs[] = {
		{ 100, 50, 900 }, { 150, 10, 20 }, { 300, 1, 300 },
		{ U64_MAX - 9, 9, 5 },
	};
	static const struct {
		u64 paddr;
		u32 index;
		u64 hole;
	} cases[] = {
		{ 0, 0, 0 }, { 99, 0, 99 }, { 100, 0, 160 }, { 149, 0, 160 },
		{ 150, 1, 160 }, { 159, 1, 160 }, { 160, 2, 160 },
		{ 299, 2, 299 }, { 300, 2, 301 }, { 301, 3, 301 },
		{ U64_MAX - 10, 3, U64_MAX - 10 }, { U64_MAX - 9, 3, U64_MAX },
		{ U64_MAX - 1, 3, U64_MAX }, { U64_MAX, 4, U64_MAX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, crash_map_find(runs, ARRAY_SIZE(runs), cases[i].paddr),
				    cases[i].index, "%llu", cases[i].paddr);
		KUNIT_EXPECT_EQ_MSG(test, crash_map_hole(runs, ARRAY_SIZE(runs), cases[i].paddr),
				    cases[i].hole, "%llu", cases[i].paddr);
	}
	KUNIT_EXPECT_EQ(test, crash_map_find(runs, 0, 5), 0);
	KUNIT_EXPECT_EQ(test, crash_map_hole(runs, 0, 5), 5);
}

#define TOY_SIZE	48

/* A small random generator, the same in the kernel and in user space. */
static u32 next_address(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

/*
 * Test that the map translates @at like one of the segments that have it, or
 * that neither the map nor a segment has it.
 */
static bool map_agrees(const struct crash_segment *loads, u32 nr_loads,
		       const struct crash_run *runs, u32 nr_runs, u64 at)
{
	u32 i, in = crash_map_find(runs, nr_runs, at);
	bool mapped = in < nr_runs && runs[in].paddr <= at;
	bool known = false;

	for (i = 0; i < nr_loads; i++) {
		if (at < loads[i].paddr || at - loads[i].paddr >= loads[i].filesz)
			continue;
		known = true;
		if (mapped && runs[in].where - runs[in].paddr ==
			      loads[i].where - loads[i].paddr)
			return true;
	}
	return !known && !mapped;
}

/* With random segments, the map is sorted, disjoint, and right at every address. */
static void random_test(struct kunit *test)
{
	struct crash_segment loads[MOST_LOADS] = {};
	struct crash_run runs[MOST_LOADS];
	u32 state = 1, round, i, nr;
	u64 at;

	for (round = 0; round < 20000; round++) {
		for (i = 0; i < MOST_LOADS; i++) {
			u32 paddr = next_address(&state) % TOY_SIZE;

			loads[i].paddr = paddr;
			loads[i].filesz = next_address(&state) % (TOY_SIZE - paddr);
			loads[i].where = paddr + next_address(&state) % 3 * 1000;
		}
		nr = crash_map_build(loads, MOST_LOADS, runs);
		KUNIT_ASSERT_LE(test, nr, MOST_LOADS);
		for (i = 1; i < nr; i++)
			KUNIT_ASSERT_LE(test, runs[i - 1].paddr + runs[i - 1].size,
					runs[i].paddr);
		for (at = 0; at < TOY_SIZE; at++)
			KUNIT_ASSERT_TRUE_MSG(test, map_agrees(loads, MOST_LOADS, runs, nr, at),
					      "round %u, address %llu", round, at);
	}
}

static struct kunit_case crash_map_cases[] = {
	KUNIT_CASE(build_test),
	KUNIT_CASE(no_bytes_test),
	KUNIT_CASE(find_run_test),
	KUNIT_CASE(random_test),
	{}
};

static struct kunit_suite crash_map_suite = {
	.name = "crash_map",
	.test_cases = crash_map_cases,
};

kunit_test_suite(crash_map_suite);
