// SPDX-License-Identifier: GPL-2.0
/*
 * Random memory of a crashed kernel, scanned and compared page by page with what it was
 * made of; and how often old memory is read for it.
 */
#include <stdlib.h>

#include <linux/sizes.h>

#include "../../lib/crash/tests/vmcore_filter_samples.h"
#include "unit.h"

/* Where lists of broken pages may be: behind the sections, before the memmap. */
#define NODES		0x7000
#define NODE_BYTES	32
#define MAX_NODES	((SAMPLE_MEMMAP - NODES) / NODE_BYTES)

/* Struct pages of a page of the memmap: the first ones of an optimised huge page. */
#define MEMMAP_PAGE	64

enum kind {
	KIND_SINGLE, KIND_SLAB, KIND_KMALLOC, KIND_DRIVER, KIND_THP, KIND_FOLIO,
	KIND_PRIVATE, KIND_HUGETLB, KIND_FREE, KIND_LISTED, KIND_OFFLINE, NR_KINDS
};

static const enum vmcore_class kind_classes[NR_KINDS] = {
	[KIND_SINGLE] = VMCORE_CLASS_KERNEL, [KIND_SLAB] = VMCORE_CLASS_KERNEL,
	[KIND_KMALLOC] = VMCORE_CLASS_KERNEL, [KIND_DRIVER] = VMCORE_CLASS_KERNEL,
	[KIND_THP] = VMCORE_CLASS_USER, [KIND_FOLIO] = VMCORE_CLASS_CACHE,
	[KIND_PRIVATE] = VMCORE_CLASS_PRIVATE, [KIND_HUGETLB] = VMCORE_CLASS_USER,
	[KIND_FREE] = VMCORE_CLASS_FREE, [KIND_LISTED] = VMCORE_CLASS_KERNEL,
	[KIND_OFFLINE] = VMCORE_CLASS_UNREADABLE,
};

/**
 * struct memory - a kernel's memory, and what it is
 * @sample: as the filter sees it
 * @class: of each page, but for what is broken
 * @broken: pages that must not be read
 * @nr_nodes: nodes of lists in use
 */
struct memory {
	struct sample *sample;
	enum vmcore_class class[SAMPLE_PAGES];
	bool broken[SAMPLE_PAGES];
	u32 nr_nodes;
};

static u64 struct_vaddr(u64 pfn)
{
	return SAMPLE_BASE + SAMPLE_MEMMAP + pfn * SAMPLE_WORDS * 8;
}

static void fill_head(struct memory *memory, u64 *state, u64 pfn, u32 order, enum kind kind)
{
	static const u64 types[NR_KINDS] = {
		[KIND_SLAB] = TYPE_SLAB, [KIND_KMALLOC] = TYPE_KMALLOC,
		[KIND_HUGETLB] = TYPE_HUGETLB, [KIND_FREE] = TYPE_BUDDY,
		[KIND_OFFLINE] = TYPE_OFFLINE,
	};
	static const u64 flags[NR_KINDS] = {
		[KIND_THP] = FLAG_LRU | FLAG_SWAPBACKED, [KIND_FOLIO] = FLAG_LRU,
		[KIND_PRIVATE] = FLAG_LRU | FLAG_PRIVATE,
	};
	u64 *page = sample_page(memory->sample, pfn);
	bool frozen = kind == KIND_FREE || kind == KIND_LISTED || kind == KIND_KMALLOC ||
		      ((kind == KIND_SLAB || kind == KIND_HUGETLB) && unit_one_in(state, 2));

	page[WORD_FLAGS] = flags[kind];
	if (order && kind != KIND_FREE)
		page[WORD_FLAGS] |= FLAG_HEAD;
	page[WORD_MAPPING] = kind == KIND_THP ? A_MAPPING | 1 :
			     kind == KIND_FOLIO || kind == KIND_PRIVATE ? A_MAPPING : 0;
	if (kind == KIND_SLAB && unit_one_in(state, 2))
		page[WORD_MAPPING] = A_MAPPING | 1;
	page[WORD_INDEX] = pfn;
	page[WORD_PRIVATE] = kind == KIND_FREE ? order : unit_random(state);
	page[WORD_COUNTS] = (frozen ? 0 : 1ULL << 32) | (types[kind] ?: NO_TYPE);
}

static void fill_tail(struct memory *memory, u64 pfn, u64 at, u32 order, enum kind kind)
{
	u64 *page = sample_page(memory->sample, pfn + at);

	page[WORD_FLAGS] = at == 1 && kind != KIND_FREE ? order : 0;
	page[WORD_HEAD] = kind == KIND_FREE ? 0xdead000000000100ULL : struct_vaddr(pfn) | 1;
	page[WORD_COUNTS] = NO_TYPE;
}

/* A page in the list of a CPU; the list's head is the node. */
static void list_page(struct memory *memory, u64 pfn)
{
	u64 node = NODES + NODE_BYTES * memory->nr_nodes++;

	sample_page(memory->sample, pfn)[WORD_HEAD] = SAMPLE_BASE + node;
	memory->sample->bytes[node / 8 + 1] = struct_vaddr(pfn) + WORD_HEAD * 8;
}

/* The kernel marks the first page, and has a list of those that are broken. */
static void break_huge(struct memory *memory, u64 pfn, u64 at, u32 order)
{
	u64 node = NODES + NODE_BYTES * memory->nr_nodes++;
	u64 *list = &sample_page(memory->sample, pfn + (order > 1 ? 2 : 1))[WORD_PRIVATE];

	memory->sample->bytes[node / 8] = *list;
	memory->sample->bytes[node / 8 + 1] = struct_vaddr(pfn + at);
	*list = SAMPLE_BASE + node;
	sample_page(memory->sample, pfn)[WORD_FLAGS] |= FLAG_POISON;
}

/* All of the huge page's memmap is the first page of it. */
static void optimise_huge(struct memory *memory, u64 pfn, u32 order)
{
	u64 at;

	for (at = MEMMAP_PAGE; at < 1ULL << order; at++)
		memcpy(sample_page(memory->sample, pfn + at),
		       sample_page(memory->sample, pfn + at % MEMMAP_PAGE), SAMPLE_WORDS * 8);
}

static void make_unit(struct memory *memory, u64 *state, u64 pfn, u32 order, enum kind kind)
{
	u64 at, breaks = unit_one_in(state, 3) ? 1 + unit_below(state, 4) : 0;

	if (kind == KIND_LISTED)
		list_page(memory, pfn);
	fill_head(memory, state, pfn, order, kind);
	for (at = 1; at < 1ULL << order; at++)
		fill_tail(memory, pfn, at, order, kind);
	for (at = 0; at < 1ULL << order; at++) {
		memory->class[pfn + at] = kind_classes[kind];
		memory->broken[pfn + at] = kind == KIND_OFFLINE;
	}
	while (breaks-- && memory->nr_nodes < MAX_NODES - SAMPLE_PAGES / 8) {
		at = unit_below(state, 1ULL << order);
		if (memory->broken[pfn + at])
			continue;
		memory->broken[pfn + at] = true;
		if (kind == KIND_HUGETLB)
			break_huge(memory, pfn, at, order);
		else
			sample_page(memory->sample, pfn + at)[WORD_FLAGS] |= FLAG_POISON;
	}
	if (kind == KIND_HUGETLB && order > 6 && unit_one_in(state, 2))
		optimise_huge(memory, pfn, order);
}

static enum kind choose_kind(struct memory *memory, u64 *state, u32 order)
{
	enum kind kind = unit_below(state, NR_KINDS);

	if (kind == KIND_LISTED && memory->nr_nodes == MAX_NODES)
		kind = KIND_SINGLE;
	if (!order)
		return kind == KIND_HUGETLB || kind == KIND_KMALLOC ? KIND_SINGLE : kind;
	return kind == KIND_SINGLE || kind == KIND_LISTED || kind == KIND_OFFLINE ?
	       KIND_FREE : kind;
}

/**
 * struct damage - an order that was overwritten
 * @pfn: of a unit's first page
 * @order: its true order
 * @kind: of the unit
 */
struct damage {
	u64 pfn;
	u32 order;
	enum kind kind;
};

/* Fill the memory with units, most of them small. Return one of them. */
static struct damage fill_random(struct memory *memory, u64 *state)
{
	struct damage damage = {};
	u64 pfn = 0, nr = 0;

	while (pfn < SAMPLE_PAGES) {
		u32 order = unit_one_in(state, 3) ? unit_below(state, 11) : unit_below(state, 3);
		enum kind kind;

		while (pfn & ((1ULL << order) - 1) || pfn + (1ULL << order) > SAMPLE_PAGES)
			order--;
		kind = choose_kind(memory, state, order);
		make_unit(memory, state, pfn, order, kind);
		if (unit_one_in(state, ++nr))
			damage = (struct damage) { pfn, order, kind };
		pfn += 1ULL << order;
	}
	return damage;
}

static struct memory *memory_create(struct kunit *test, const char *note)
{
	struct memory *memory = kunit_kzalloc(test, sizeof(*memory), GFP_KERNEL);

	memory->sample = sample_create(test, note);
	return memory;
}

/**
 * struct check - a scan that is compared
 * @test: to report to
 * @memory: what there is
 * @seed: of it
 * @level: which pages are left out
 * @damaged: pages may be kept that need not be
 */
struct check {
	struct kunit *test;
	struct memory *memory;
	u64 seed;
	u32 level;
	bool damaged;
};

static void check_run(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	struct check *check = ctx;
	bool found = vmcore_is_left_out(class, check->level);

	for (; nr && pfn < SAMPLE_PAGES; nr--, pfn++) {
		bool broken = check->memory->broken[pfn] && check->level;
		bool wanted = broken ||
			      vmcore_is_left_out(check->memory->class[pfn], check->level);

		if (check->damaged && !broken && !found)
			continue;
		KUNIT_EXPECT_EQ_MSG(check->test, found, wanted,
				    "seed %llu, level %u, page %llu: %s", check->seed,
				    check->level, pfn, vmcore_class_names[class]);
	}
}

static void check_scan(struct check *check)
{
	struct sample *sample = check->memory->sample;

	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory, &sample->memory);
	vmcore_scan(&sample->map, 0, check->level, check_run, check);
}

static void pages_run(struct kunit *test, u64 seed)
{
	static const char * const notes[] = { note_6_12, note_7_3, note_stated };
	u64 state = seed;
	struct memory *memory = memory_create(test, notes[unit_below(&state, 3)]);
	struct check check = { .test = test, .memory = memory, .seed = seed };

	fill_random(memory, &state);
	check.level = unit_below(&state, VMCORE_LEVEL_MAX + 1);
	check_scan(&check);
	check.level = VMCORE_LEVEL_MAX;
	check_scan(&check);
}

/* Each page is what it was made, and each broken one, and no other, is not read. */
static void pages_test(struct kunit *test)
{
	unit_for_seeds(test, pages_run);
}

static void damage_run(struct kunit *test, u64 seed)
{
	static const char * const notes[] = { note_6_12, note_7_3, note_stated };
	u64 state = seed, *word;
	struct memory *memory = memory_create(test, notes[unit_below(&state, 3)]);
	struct check check = { .test = test, .memory = memory, .seed = seed, .damaged = true };
	struct damage damage = fill_random(memory, &state);

	/* Of a huge page, what is broken cannot be known when its order is wrong. */
	if (!damage.order && damage.kind != KIND_FREE)
		return;
	if (damage.kind == KIND_HUGETLB)
		return;
	word = damage.kind == KIND_FREE ?
	       &sample_page(memory->sample, damage.pfn)[WORD_PRIVATE] :
	       &sample_page(memory->sample, damage.pfn + 1)[WORD_FLAGS];
	*word = (*word & ~0xffULL) | unit_below(&state, 13);
	check.level = unit_below(&state, VMCORE_LEVEL_MAX + 1);
	check_scan(&check);
	check.level = VMCORE_LEVEL_MAX;
	check_scan(&check);
}

/* An order that is wrong leaves out no page that is to be kept, and reads no broken one. */
static void damage_test(struct kunit *test)
{
	unit_for_seeds(test, damage_run);
}

/* Reads of 8 KiB, and some aside where a unit begins at the end of one. */
#define MAX_READS	600

/* The memmap of one block is a large page, apart from the rest. */
#define BLOCK_MEMMAP	0x40000000ULL

/**
 * struct block - a block of page frames
 * @memory: how it is read
 * @sample: page tables and sections
 * @pages: its struct pages
 * @reads: of these
 */
struct block {
	struct vmcore_memory memory;
	struct sample *sample;
	u64 *pages;
	u64 reads;
};

static int read_block(struct vmcore_memory *memory, u64 old_pa, void *buf, size_t len,
		      u64 span)
{
	struct block *block = (struct block *)memory;

	(void)span;
	block->reads++;
	if (old_pa < BLOCK_MEMMAP || old_pa - BLOCK_MEMMAP + len > SZ_2M)
		return -EFAULT;
	memcpy(buf, (u8 *)block->pages + (old_pa - BLOCK_MEMMAP), len);
	return 0;
}

static void make_block(struct kunit *test, struct block *block)
{
	struct sample *sample = sample_create(test, note_6_12);

	block->sample = sample;
	block->memory.read = read_block;
	block->pages = kunit_kzalloc(test, SZ_2M, GFP_KERNEL);
	sample->rules.section_shift = 27 - 12;
	sample->bytes[0x2000 / 8 + 1] = BLOCK_MEMMAP | 0x81;
	sample->bytes[SAMPLE_SECTIONS / 8] = (SAMPLE_BASE + SZ_2M) | 0xf;
}

static void fill_block(struct block *block, u32 order, u64 flags, u64 mapping, u64 type,
		       u64 private)
{
	u64 pfn, *page = block->pages;

	for (pfn = 0; pfn < VMCORE_BLOCK_PAGES; pfn++, page += SAMPLE_WORDS) {
		u64 at = pfn & ((1ULL << order) - 1);
		bool compound = type != TYPE_BUDDY;

		page[WORD_FLAGS] = at ? (at == 1 && compound ? order : 0) :
				   flags | (order && compound ? FLAG_HEAD : 0);
		page[WORD_HEAD] = at && compound;
		page[WORD_MAPPING] = at ? 0 : mapping;
		page[WORD_PRIVATE] = at ? 0 : private;
		page[WORD_INDEX] = pfn;
		page[WORD_COUNTS] = at ? NO_TYPE :
				    (compound ? 1ULL << 32 : 0) | (type ?: NO_TYPE);
	}
}

static void count_class(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	(void)pfn;
	((u64 *)ctx)[class] += nr;
}

static void expect_reads(struct kunit *test, struct block *block, enum vmcore_class class,
			 const char *what, u32 order)
{
	u64 pages[VMCORE_NR_CLASSES] = {};
	struct sample *sample = block->sample;

	block->reads = 0;
	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory, &block->memory);
	vmcore_scan(&sample->map, 0, VMCORE_LEVEL_MAX, count_class, pages);
	KUNIT_EXPECT_EQ_MSG(test, pages[class], VMCORE_BLOCK_PAGES, "%s, order %u", what, order);
	KUNIT_EXPECT_TRUE_MSG(test, block->reads <= MAX_READS, "%s, order %u: %llu reads", what,
			      order, block->reads);
}

/* 128 MiB of one kind: 2 MiB of struct pages, of which 8 KiB are read at a time. */
static void reads_test(struct kunit *test)
{
	struct block block;
	u32 order;

	make_block(test, &block);
	for (order = 0; order <= 10; order++) {
		fill_block(&block, order, FLAG_LRU, A_MAPPING, 0, 0);
		expect_reads(test, &block, VMCORE_CLASS_CACHE, "page cache", order);
		fill_block(&block, order, FLAG_LRU, A_MAPPING | 1, 0, 0);
		expect_reads(test, &block, VMCORE_CLASS_USER, "anonymous", order);
		fill_block(&block, order, 0, 0, TYPE_SLAB, 0);
		expect_reads(test, &block, VMCORE_CLASS_KERNEL, "slab", order);
		fill_block(&block, order, 0, 0, TYPE_BUDDY, order);
		expect_reads(test, &block, VMCORE_CLASS_FREE, "free", order);
	}
}

static struct kunit_case filter_pages_cases[] = {
	KUNIT_CASE(pages_test),
	KUNIT_CASE(damage_test),
	KUNIT_CASE(reads_test),
	{}
};

static struct kunit_suite filter_pages_suite = {
	.name = "filter_pages",
	.test_cases = filter_pages_cases,
};

kunit_test_suite(filter_pages_suite);
