// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/stack.c: stacks of the sample kernel that are mapped by
 * page. tests/unit runs this file in user space, too.
 */
#include <linux/crash_map.h>
#include <linux/limits.h>

#include "vmcore_filter_samples.h"

/* Page numbers of addresses, from SAMPLE_BASE on: behind the sample's memory. */
#define STACK		100
#define STACK_PAGES	4
#define OTHER		108

static u64 page_vaddr(u32 page)
{
	return SAMPLE_BASE + (u64)page * SAMPLE_PAGE;
}

/* Before the first translation, since tables are read once. */
static void map_page(struct sample *sample, u32 page, u64 old_pa)
{
	sample->bytes[0x3000 / 8 + page] = old_pa | 3;
}

/* Two stacks of some pages of the sample, in no order. */
static struct sample *create_stacks(struct kunit *test)
{
	static const u8 pages[STACK_PAGES] = { 0x25, 0x26, 0x21, 0x2f };
	struct sample *sample = sample_create(test, note_6_12);
	u32 i;

	for (i = 0; i < STACK_PAGES; i++) {
		map_page(sample, STACK + i, pages[i] * SAMPLE_PAGE);
		map_page(sample, OTHER + i, (0x28 + i) * SAMPLE_PAGE);
	}
	return sample;
}

static void expect_stack(struct kunit *test, struct sample *sample, u64 sp, u32 first, u32 nr)
{
	struct vmcore_stack_page pages[VMCORE_STACK_PAGES];
	u32 i, got = vmcore_find_stack(&sample->map.space, sp, pages, ARRAY_SIZE(pages));

	KUNIT_ASSERT_EQ_MSG(test, got, nr, "%llx", sp);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ_MSG(test, pages[i].vaddr, page_vaddr(first + i), "%llx", sp);
		KUNIT_EXPECT_EQ_MSG(test, pages[i].old_pa | 3,
				    sample->bytes[0x3000 / 8 + first + i], "%llx", sp);
	}
}

static bool read_sp(struct kunit *test, const char *name, u32 type, size_t size, u64 *sp)
{
	struct sample *sample = sample_create(test, note_6_12);
	u8 *buf = kunit_kzalloc(test, 400, GFP_KERNEL);
	struct crash_note_cursor cur = { .pos = buf, .left = 400 };
	u64 registers[43] = {};
	struct crash_note note;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	/* The general registers begin at byte 112; rsp is the twentieth. */
	registers[14 + 19] = page_vaddr(STACK) + 8;
	KUNIT_ASSERT_GE(test, crash_note_append(buf, 400, name, type, registers, size), 1);
	KUNIT_ASSERT_TRUE(test, crash_note_next(&cur, &note));
	return vmcore_read_sp(&sample->rules, &note, sp);
}

static void read_sp_test(struct kunit *test)
{
	u64 sp = 0;

	KUNIT_EXPECT_TRUE(test, read_sp(test, "CORE", NT_PRSTATUS, 336, &sp));
	KUNIT_EXPECT_EQ(test, sp, page_vaddr(STACK) + 8);
	KUNIT_EXPECT_FALSE(test, read_sp(test, "CORE", NT_PRSTATUS, 335, &sp));
	KUNIT_EXPECT_FALSE(test, read_sp(test, "CORE", NT_PRSTATUS, 144, &sp));
	KUNIT_EXPECT_FALSE(test, read_sp(test, "LINUX", NT_PRSTATUS, 336, &sp));
	KUNIT_EXPECT_FALSE(test, read_sp(test, "CORE", NT_PRFPREG, 336, &sp));
}

static void find_stack_test(struct kunit *test)
{
	struct sample *sample = create_stacks(test);
	u64 start = page_vaddr(STACK), end = page_vaddr(STACK + STACK_PAGES);

	expect_stack(test, sample, start, STACK, STACK_PAGES);
	expect_stack(test, sample, start + SAMPLE_PAGE + 8, STACK, STACK_PAGES);
	expect_stack(test, sample, end - 1, STACK, STACK_PAGES);
	/* It has overflown, by as much as a large frame. */
	expect_stack(test, sample, start - 8, STACK, STACK_PAGES);
	expect_stack(test, sample, start - 4 * SAMPLE_PAGE, STACK, STACK_PAGES);
	expect_stack(test, sample, start - 4 * SAMPLE_PAGE - 8, 0, 0);
	/* The end of one is the overflow of the next. */
	expect_stack(test, sample, end, OTHER, STACK_PAGES);
	expect_stack(test, sample, page_vaddr(OTHER + STACK_PAGES), 0, 0);
}

static void no_stack_test(struct kunit *test)
{
	static const u64 nowhere[] = {
		0, 8, 0x7ffc12345678, SAMPLE_BASE - 8 * SAMPLE_PAGE, U64_MAX, U64_MAX - 7,
		0xfeffffffffffffff, 0xff00000000000000,
	};
	struct sample *sample = create_stacks(test);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		expect_stack(test, sample, nowhere[i], 0, 0);
	/* A page table that is not in the dump. */
	sample = create_stacks(test);
	sample->bytes[0x2000 / 8] = (u64)SAMPLE_SIZE | 3;
	expect_stack(test, sample, page_vaddr(STACK), 0, 0);
}

/* In a large mapped range, the result is a limited number of pages around the address. */
static void bounded_stack_test(struct kunit *test)
{
	struct vmcore_stack_page pages[VMCORE_STACK_PAGES + 1];
	struct sample *sample = sample_create(test, note_6_12);
	u64 sp = page_vaddr(20) + 16;
	u32 got;

	got = vmcore_find_stack(&sample->map.space, sp, pages, ARRAY_SIZE(pages));
	KUNIT_ASSERT_EQ(test, got, VMCORE_STACK_PAGES);
	KUNIT_EXPECT_LE(test, pages[0].vaddr, sp);
	KUNIT_EXPECT_GT(test, pages[got - 1].vaddr + SAMPLE_PAGE, sp);
	KUNIT_EXPECT_EQ(test, vmcore_find_stack(&sample->map.space, sp, pages, 3), 3);
	KUNIT_EXPECT_EQ(test, vmcore_find_stack(&sample->map.space, sp, pages, 0), 0);
}

static bool find_link(struct kunit *test, u64 last_but_one, u64 last, u64 *sp)
{
	struct vmcore_stack_page pages[VMCORE_STACK_PAGES];
	struct sample *sample = create_stacks(test);
	u64 *end = &sample->bytes[0x30 * SAMPLE_PAGE / 8];
	u32 nr;

	end[-2] = last_but_one;
	end[-1] = last;
	nr = vmcore_find_stack(&sample->map.space, page_vaddr(STACK), pages,
			       ARRAY_SIZE(pages));
	KUNIT_ASSERT_EQ(test, nr, STACK_PAGES);
	return vmcore_find_interrupted(&sample->map.space, pages, nr, sp);
}

static void interrupted_test(struct kunit *test)
{
	u64 other = page_vaddr(OTHER) + 64, own = page_vaddr(STACK) + 64, sp;

	KUNIT_EXPECT_TRUE(test, find_link(test, 0, other, &sp));
	KUNIT_EXPECT_EQ(test, sp, other);
	/* An exception's frame: rsp, ss. */
	KUNIT_EXPECT_TRUE(test, find_link(test, other, 0x18, &sp));
	KUNIT_EXPECT_EQ(test, sp, other);
	KUNIT_EXPECT_FALSE(test, find_link(test, 0x7ffc12345678, 0x2b, &sp));
	KUNIT_EXPECT_FALSE(test, find_link(test, own, own, &sp));
	KUNIT_EXPECT_FALSE(test, find_link(test, 0, 0, &sp));
}

/**
 * struct describe_case - pages of stacks, and the segments that they should become
 * @what: for the message
 * @pages: theirs
 * @max: room for segments
 * @segs: vaddr, paddr, filesz, where; filesz 0 ends them
 */
struct describe_case {
	const char *what;
	struct vmcore_stack_page pages[4];
	u32 max;
	struct {
		u64 vaddr, paddr, filesz, where;
	} segs[4];
};

/* Of the file. The third run begins where the second ends, but not there in the file. */
static const struct crash_run file_runs[] = {
	{ 0x1000, 0x1000, 0x70000 },
	{ 0x10000, 0x8000, 0x20000 },
	{ 0x18000, 0x8000, 0x50000 },
	{ 0x40800, 0x1000, 0x60800 },
	{ 0x50000, 0x800, 0x80000 },
};

static const struct describe_case describe_cases[] = {
	{ "none is in the file", { { 0x1000, 0 }, { 0x2000, 0x2000 }, { 0x3000, 0x20000 },
	  { 0x4000, 0x90000 } }, 4, {} },
	{ "in one piece", { { 0x9000, 0x11000 }, { 0xa000, 0x12000 }, { 0xb000, 0x13000 },
	  { 0xc000, 0x14000 } }, 4, { { 0x9000, 0x11000, 0x4000, 0x21000 } } },
	{ "another piece of the file", { { 0x9000, 0x16000 }, { 0xa000, 0x17000 },
	  { 0xb000, 0x18000 }, { 0xc000, 0x19000 } }, 4,
	  { { 0x9000, 0x16000, 0x2000, 0x26000 }, { 0xb000, 0x18000, 0x2000, 0x50000 } } },
	{ "in no order", { { 0x9000, 0x12000 }, { 0xa000, 0x11000 }, { 0xb000, 0x1000 },
	  { 0xd000, 0x12000 } }, 4,
	  { { 0x9000, 0x12000, 0x1000, 0x22000 }, { 0xa000, 0x11000, 0x1000, 0x21000 },
	    { 0xb000, 0x1000, 0x1000, 0x70000 }, { 0xd000, 0x12000, 0x1000, 0x22000 } } },
	{ "not as a whole", { { 0x9000, 0x40000 }, { 0xa000, 0x41000 }, { 0xb000, 0x50000 },
	  { 0xc000, 0x1000 } }, 4, { { 0xc000, 0x1000, 0x1000, 0x70000 } } },
	{ "too many", { { 0x9000, 0x12000 }, { 0xb000, 0x14000 }, { 0xc000, 0x15000 },
	  { 0xe000, 0x17000 } }, 2,
	  { { 0x9000, 0x12000, 0x1000, 0x22000 }, { 0xb000, 0x14000, 0x2000, 0x24000 } } },
};

static void describe_test(struct kunit *test)
{
	u32 at, i;

	for (at = 0; at < ARRAY_SIZE(describe_cases); at++) {
		const struct describe_case *this = &describe_cases[at];
		struct vmcore_stack_page pages[ARRAY_SIZE(this->pages)];
		struct vmcore_stacks stacks = {
			.pages = pages, .nr = ARRAY_SIZE(pages), .page_size = SAMPLE_PAGE,
		};
		struct crash_segment segs[ARRAY_SIZE(this->segs)];
		u32 nr;

		memcpy(pages, this->pages, sizeof(pages));
		nr = vmcore_describe_stacks(&stacks, file_runs, ARRAY_SIZE(file_runs),
					    segs, this->max);
		for (i = 0; i < nr; i++) {
			KUNIT_EXPECT_EQ_MSG(test, segs[i].type, PT_LOAD, "%s", this->what);
			KUNIT_EXPECT_EQ_MSG(test, segs[i].vaddr, this->segs[i].vaddr, "%s",
					    this->what);
			KUNIT_EXPECT_EQ_MSG(test, segs[i].paddr, this->segs[i].paddr, "%s",
					    this->what);
			KUNIT_EXPECT_EQ_MSG(test, segs[i].filesz, this->segs[i].filesz, "%s",
					    this->what);
			KUNIT_EXPECT_EQ_MSG(test, segs[i].memsz, segs[i].filesz, "%s",
					    this->what);
			KUNIT_EXPECT_EQ_MSG(test, segs[i].where, this->segs[i].where, "%s",
					    this->what);
		}
		KUNIT_EXPECT_TRUE_MSG(test, nr == ARRAY_SIZE(segs) || !this->segs[nr].filesz,
				      "%s", this->what);
	}
}

static struct kunit_case stack_cases[] = {
	KUNIT_CASE(read_sp_test),
	KUNIT_CASE(find_stack_test),
	KUNIT_CASE(no_stack_test),
	KUNIT_CASE(bounded_stack_test),
	KUNIT_CASE(interrupted_test),
	KUNIT_CASE(describe_test),
	{}
};

static struct kunit_suite stack_suite = {
	.name = "vmcore_stack",
	.test_cases = stack_cases,
};

kunit_test_suite(stack_suite);
