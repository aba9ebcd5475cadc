// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/filter: the scan of whole blocks.
 * tests/unit runs this file in user space, too.
 */
#include "vmcore_filter_pages.h"

#define BLOCK		((u64)VMCORE_BLOCK_PAGES)

/**
 * struct tally - runs that a scan has found
 * @test: the test that reports errors
 * @next: page frame expected next
 * @pages: number of pages by class
 * @runs: number of runs
 */
struct tally {
	struct kunit *test;
	u64 next;
	u64 pages[VMCORE_NR_CLASSES];
	u32 runs;
};

static void tally_found(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	struct tally *tally = ctx;

	KUNIT_EXPECT_EQ(tally->test, pfn, tally->next);
	KUNIT_EXPECT_GT(tally->test, nr, 0);
	tally->next = pfn + nr;
	tally->pages[class] += nr;
	tally->runs++;
}

static void scan_level(struct kunit *test, struct sample *sample, u64 block, u32 level,
		       struct tally *tally)
{
	*tally = (struct tally) { .test = test, .next = block * BLOCK };
	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory,
			   &sample->memory);
	vmcore_scan(&sample->map, block, level, tally_found, tally);
	KUNIT_EXPECT_EQ(test, tally->next, (block + 1) * BLOCK);
}

static void scan_one_block(struct kunit *test, struct sample *sample, u64 block,
			   struct tally *tally)
{
	scan_level(test, sample, block, VMCORE_LEVEL_MAX, tally);
}

/* Make page frames, as far as they are in the sample, a block of free memory. */
static void make_free(struct sample *sample, u64 pfn, u32 order)
{
	u64 i;

	for (i = 0; i < 1ULL << order && pfn + i < SAMPLE_PAGES; i++)
		sample_page(sample, pfn + i)[WORD_COUNTS] = NO_TYPE;
	sample_page(sample, pfn)[WORD_COUNTS] = TYPE_BUDDY;
	sample_page(sample, pfn)[WORD_PRIVATE] = order;
}

static void scan_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	struct tally tally;

	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL], SAMPLE_PAGES);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED], BLOCK - SAMPLE_PAGES);
	KUNIT_EXPECT_EQ(test, tally.runs, 2);

	/* Of free memory, only the first page of a block is classified. */
	make_free(sample, 0, 10);
	make_compound(sample, 1024, 6, FLAG_LRU, A_MAPPING | 1);
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_FREE], 1024);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 64);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL], SAMPLE_PAGES - 1024 - 64);

	scan_one_block(test, sample, 5, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED], BLOCK);
}

/* Pages like the one before take a short cut. It ends at any difference. */
static void alike_test(struct kunit *test)
{
	static const u64 last[] = { 1, 2, 3, 126, 127, 128, 129, 1000 };
	struct sample *sample = sample_create(test, note_6_12);
	const struct page_case *this;
	struct tally tally;
	unsigned int i;
	u64 pfn;

	for (this = page_cases; this < page_cases + ARRAY_SIZE(page_cases); this++) {
		if (this->order)
			continue;
		for (i = 0; i < ARRAY_SIZE(last); i++) {
			sample_init(test, sample, note_6_12);
			for (pfn = 0; pfn < last[i]; pfn++)
				fill_page(sample_page(sample, pfn), &page_cases[1]);
			fill_page(sample_page(sample, pfn), this);
			scan_one_block(test, sample, 0, &tally);
			KUNIT_EXPECT_EQ_MSG(test, tally.pages[VMCORE_CLASS_CACHE],
					    last[i] + (this->class == VMCORE_CLASS_CACHE),
					    "%s behind %llu", this->what, last[i]);
			KUNIT_EXPECT_EQ_MSG(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED],
					    BLOCK - SAMPLE_PAGES +
					    (this->class == VMCORE_CLASS_UNCLASSIFIED),
					    "%s behind %llu", this->what, last[i]);
		}
	}
}

/* An overwritten order does not extend a unit over pages of another one. */
static void wrong_order_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	struct tally tally;

	make_compound(sample, 0, 9, FLAG_LRU, A_MAPPING | 1);
	make_compound(sample, 512, 9, FLAG_LRU, A_MAPPING | 1);
	sample_page(sample, 512)[WORD_INDEX] = 512;
	sample_page(sample, 1)[WORD_FLAGS] = 10;
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 512);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL], SAMPLE_PAGES - 1024);

	sample_page(sample, 1)[WORD_FLAGS] = 18;
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 512);

	/*
	 * Free memory before memory in use, before other free memory, before a
	 * compound page.
	 */
	sample_init(test, sample, note_6_12);
	make_free(sample, 0, 3);
	sample_page(sample, 0)[WORD_PRIVATE] = 9;
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_FREE], 0);
	make_free(sample, 256, 8);
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_FREE], 256);
	make_compound(sample, 256, 8, 0, 0);
	sample_page(sample, 256)[WORD_COUNTS] = USED;
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_FREE], 0);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED],
			BLOCK - SAMPLE_PAGES + 1);
}

/*
 * The order of a compound page is in its second struct page, even if that has
 * not been read yet, as for page frame 4 here. Reads grow larger nevertheless.
 */
static void small_folios_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	struct tally tally;
	u64 pfn;

	for (pfn = 4; pfn < SAMPLE_PAGES; pfn += 8)
		make_compound(sample, pfn, 1, FLAG_LRU, A_MAPPING);
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_CACHE], SAMPLE_PAGES / 4);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL], SAMPLE_PAGES / 4 * 3);
	KUNIT_EXPECT_LT(test, sample->reads, SAMPLE_PAGES / 8);
}

/* If a struct page is not mapped, only the pages around it are lost. */
static void hole_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	struct tally tally;

	sample->bytes[0x3000 / 8 + (SAMPLE_MEMMAP >> 12) + 3] = 0;
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL], SAMPLE_PAGES - 64);

	sample->bytes[SAMPLE_SECTIONS / 8 + 2] = 0;
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL],
			SAMPLE_PAGES - 64 - SAMPLE_SECTION_PAGES);

	sample->bytes[SAMPLE_ROOTS / 8] = 0x1234567;
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED], BLOCK);
}

/* A huge page of 1 GiB belongs to the blocks after its first one, too. */
static void huge_page_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	struct tally tally;
	u64 *words = sample->bytes;
	/* The page frame whose struct page is used for all tails. */
	u64 nr, from = SAMPLE_SECTION_PAGES;

	make_compound(sample, 0, 18, 0, 0);
	sample_page(sample, 0)[WORD_COUNTS] = TYPE_AND_REFS(TYPE_HUGETLB, 1);
	/*
	 * Only the first struct pages of a section are read. Each root has 256
	 * sections.
	 */
	sample->rules.nr_roots = 3;
	words[SAMPLE_ROOTS / 8 + 1] = SAMPLE_BASE + 0x6000;
	words[SAMPLE_ROOTS / 8 + 2] = SAMPLE_BASE + 0x7000;
	for (nr = SAMPLE_NR_SECTIONS; nr <= 512; nr *= 2)
		words[SAMPLE_SECTIONS / 8 + nr / 256 * 512 + nr % 256 * 2] =
			SAMPLE_BASE + SAMPLE_MEMMAP + 0xf +
			(from - nr * SAMPLE_SECTION_PAGES) * SAMPLE_WORDS * 8;
	scan_one_block(test, sample, 1, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], BLOCK);

	/* The huge page is kept, and the first page of the block is broken. */
	sample_page(sample, from)[WORD_FLAGS] = FLAG_POISON;
	scan_level(test, sample, 1, 23, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], BLOCK - 1);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNREADABLE], 1);
	sample_page(sample, from)[WORD_FLAGS] = 0;

	/* The memmap of the tails is the same memory as the memmap of the head. */
	memcpy(sample_page(sample, from), sample_page(sample, 0), SAMPLE_WORDS * 16);
	scan_one_block(test, sample, 1, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], BLOCK);

	/* Tails without a head are kept. */
	sample_page(sample, 0)[WORD_FLAGS] = 0;
	scan_one_block(test, sample, 1, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED], BLOCK);
}

/* Only the broken page is left out, at any place within any compound page. */
static void broken_test(struct kunit *test)
{
	static const struct {
		const char *what;
		u64 flags, mapping, counts;
		enum vmcore_class class;
		u32 level;
	} cases[] = {
		{ "slab", 0, 0, TYPE_AND_REFS(TYPE_SLAB, 1), VMCORE_CLASS_KERNEL, 31 },
		{ "large kmalloc", 0, 0, TYPE_AND_REFS(TYPE_KMALLOC, 0),
		  VMCORE_CLASS_KERNEL, 31 },
		{ "driver", 0, 0, USED, VMCORE_CLASS_KERNEL, 31 },
		{ "no sense", FLAG_LRU, 0x5a5a5a5a5a5a5a58ULL, USED,
		  VMCORE_CLASS_UNCLASSIFIED, 31 },
		{ "THP", FLAG_LRU, A_MAPPING | 1, USED, VMCORE_CLASS_USER, 23 },
		{ "folio", FLAG_LRU, A_MAPPING, USED, VMCORE_CLASS_CACHE, 25 },
	};
	struct sample *sample = sample_create(test, note_6_12);
	struct tally tally;
	unsigned int i;
	u64 at;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (at = 0; at < 64; at++) {
			sample_init(test, sample, note_6_12);
			make_compound(sample, 64, 6, cases[i].flags, cases[i].mapping);
			sample_page(sample, 64)[WORD_COUNTS] = cases[i].counts;
			sample_page(sample, 64 + at)[WORD_FLAGS] |= FLAG_POISON;
			scan_level(test, sample, 0, cases[i].level, &tally);
			KUNIT_EXPECT_EQ_MSG(test, tally.pages[VMCORE_CLASS_UNREADABLE], 1,
					    "%s, page %llu", cases[i].what, at);
			KUNIT_EXPECT_EQ_MSG(test, tally.pages[VMCORE_CLASS_KERNEL] +
					    tally.pages[cases[i].class] *
					    (cases[i].class != VMCORE_CLASS_KERNEL),
					    SAMPLE_PAGES - 1 +
					    (cases[i].class == VMCORE_CLASS_UNCLASSIFIED) *
					    (BLOCK - SAMPLE_PAGES),
					    "%s, page %llu", cases[i].what, at);
		}
	}
}

/* Write a list of broken pages for a huge page that starts at page frame 0. */
static void make_broken_list(struct sample *sample, u32 page, u32 word, const u64 *pfns,
			     u32 nr)
{
	u64 node = SAMPLE_BASE + 0x7000, *words = sample->bytes;
	u32 i;

	sample_page(sample, 0)[WORD_FLAGS] |= FLAG_POISON;
	sample_page(sample, page)[word] = node;
	for (i = 0; i < nr; i++, node += 32) {
		words[(node - SAMPLE_BASE) / 8] = i + 1 < nr ? node + 32 : 0;
		words[(node - SAMPLE_BASE) / 8 + 1] =
			SAMPLE_BASE + SAMPLE_MEMMAP + pfns[i] * SAMPLE_WORDS * 8;
	}
}

static void make_huge(struct kunit *test, struct sample *sample, const char *note)
{
	sample_init(test, sample, note);
	make_compound(sample, 0, 10, 0, A_MAPPING);
	sample_page(sample, 0)[WORD_COUNTS] = TYPE_AND_REFS(TYPE_HUGETLB, 1);
}

/* The first struct page of a huge page is marked. A list has the broken pages. */
static void broken_huge_test(struct kunit *test)
{
	static const u64 pfns[] = { 0, 1023, 5, 6, 512 };
	struct sample *sample = sample_create(test, note_6_12);
	struct tally tally;

	/*
	 * The list is in page.private of the fifth (6.1) or the third struct
	 * page (6.12).
	 */
	make_huge(test, sample, note_6_12);
	make_broken_list(sample, 4, WORD_PRIVATE, pfns, 5);
	scan_level(test, sample, 0, 23, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 1024 - 5);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNREADABLE], 5);
	make_huge(test, sample, note_7_3);
	sample_page(sample, 0)[WORD_COUNTS] = TYPE_AND_REFS(TYPE_HUGETLB, 1);
	make_broken_list(sample, 2, WORD_PRIVATE, pfns + 1, 1);
	scan_level(test, sample, 0, 23, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNREADABLE], 1);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 1023);

	/* The list is not read if the level leaves out memory of users anyway. */
	scan_level(test, sample, 0, 31, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 1024);

	/*
	 * Without a list, with a wrong one, or one without end, any page may be
	 * broken.
	 */
	make_huge(test, sample, note_6_12);
	make_broken_list(sample, 2, WORD_PRIVATE, pfns, 0);
	scan_level(test, sample, 0, 23, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNREADABLE], 1024);
	make_broken_list(sample, 2, WORD_PRIVATE, pfns, 5);
	sample->bytes[0x7000 / 8 + 1] += 8;
	scan_level(test, sample, 0, 23, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNREADABLE], 1024);
	make_broken_list(sample, 2, WORD_PRIVATE, pfns, 5);
	sample->bytes[0x7000 / 8 + 16] = SAMPLE_BASE + 0x7000;
	scan_level(test, sample, 0, 23, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNREADABLE], 1024);
	make_broken_list(sample, 2, WORD_PRIVATE, pfns, 5);
	sample->bytes[0x7000 / 8 + 1] = SAMPLE_BASE + SAMPLE_MEMMAP + 1024 * SAMPLE_WORDS * 8;
	scan_level(test, sample, 0, 23, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNREADABLE], 1024);
}

/* Put a page of free memory into the list of a CPU. */
static void make_listed(struct sample *sample, u64 pfn)
{
	u64 *page = sample_page(sample, pfn), *words = sample->bytes;
	u64 vaddr = SAMPLE_BASE + SAMPLE_MEMMAP + pfn * SAMPLE_WORDS * 8;

	page[WORD_COUNTS] = NO_TYPE;
	page[WORD_HEAD] = SAMPLE_BASE + 0x7000;
	words[0x7000 / 8 + 1] = vaddr + WORD_HEAD * 8;
}

/*
 * The order of a free block is too large. The page behind the block is not
 * classified as free, on any kernel, even if it has no references.
 */
static void damaged_order_test(struct kunit *test)
{
	static const struct page_case next[] = {
		{ "in use", 0, 0, 0, 0, USED, 0, 0 },
		{ "slab since 6.14", 0, 0, A_MAPPING, 0,
		  TYPE_AND_REFS(TYPE_SLAB, 0), 0, 0 },
		{ "large kmalloc since 6.17", FLAG_HEAD, 0, 0, 0,
		  TYPE_AND_REFS(TYPE_KMALLOC, 0), 0, 0 },
		{ "of a type without a rule", 0, 0, 0, 0, TYPE_AND_REFS(0xf6000000, 0), 0, 0 },
		{ "without a type, but a head", FLAG_HEAD, 0, 0, 0, TYPE_AND_REFS(NO_TYPE, 0),
		  0, 0 },
		{ "isolated", FLAG_LRU, 0, 0, 0, TYPE_AND_REFS(NO_TYPE, 0), 0, 0 },
		{ "in a list", 0, 0, 0, 0, TYPE_AND_REFS(NO_TYPE, 0), 0, 0 },
	};
	static const char * const notes[] = { note_6_1, note_6_12, note_7_3 };
	struct sample *sample = sample_create(test, note_6_12);
	u64 buddy[] = { 0xffffff7f, TYPE_BUDDY, TYPE_BUDDY };
	struct tally tally;
	unsigned int i, k;
	u32 order, wrong;
	u64 *half;

	for (k = 0; k < ARRAY_SIZE(notes) * ARRAY_SIZE(next); k++) {
		i = k % ARRAY_SIZE(next);
		for (order = 0; order < 10; order++) {
			sample_init(test, sample, notes[k / ARRAY_SIZE(next)]);
			make_free(sample, 0, order);
			sample_page(sample, 0)[WORD_COUNTS] = buddy[k / ARRAY_SIZE(next)];
			fill_page(sample_page(sample, 1ULL << order), &next[i]);
			if (i == ARRAY_SIZE(next) - 1)
				make_listed(sample, 1ULL << order);
			for (wrong = order; wrong <= 10; wrong++) {
				sample_page(sample, 0)[WORD_PRIVATE] = wrong;
				/* A CPU may just have taken a page from its list. */
				if (wrong > order + 1) {
					half = sample_page(sample, 1ULL << (wrong - 1));
					half[WORD_COUNTS] = NO_TYPE;
				}
				scan_one_block(test, sample, 0, &tally);
				KUNIT_EXPECT_EQ_MSG(test, tally.pages[VMCORE_CLASS_FREE],
						    wrong == order ? 1ULL << order : 0,
						    "%u for %u, %s", wrong, order,
						    next[i].what);
			}
		}
	}
}

/* Free memory that was not used since boot: each struct page links to itself. */
static void untouched_block_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	u64 vaddr = SAMPLE_BASE + SAMPLE_MEMMAP;
	struct tally tally;
	u64 pfn;

	sample_init(test, sample, note_6_12);
	make_free(sample, 0, 10);
	sample_page(sample, 0)[WORD_COUNTS] = TYPE_BUDDY;
	for (pfn = 1; pfn < 1024; pfn++) {
		u64 *page = sample_page(sample, pfn);

		page[WORD_COUNTS] = NO_TYPE;
		page[WORD_HEAD] = vaddr + (pfn * SAMPLE_WORDS + WORD_HEAD) * 8;
		page[WORD_HEAD + 1] = page[WORD_HEAD];
	}
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_FREE], 1024);
}

static struct kunit_case filter_scan_cases[] = {
	KUNIT_CASE(scan_test),
	KUNIT_CASE(alike_test),
	KUNIT_CASE(wrong_order_test),
	KUNIT_CASE(small_folios_test),
	KUNIT_CASE(hole_test),
	KUNIT_CASE(huge_page_test),
	KUNIT_CASE(broken_test),
	KUNIT_CASE(broken_huge_test),
	KUNIT_CASE(damaged_order_test),
	KUNIT_CASE(untouched_block_test),
	{}
};

static struct kunit_suite filter_scan_suite = {
	.name = "vmcore_filter_scan",
	.test_cases = filter_scan_cases,
};

kunit_test_suite(filter_scan_suite);
