// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/filter. tests/unit runs this file in user space,
 * too.
 */
#include "vmcore_filter_samples.h"

#define BLOCK		((u64)VMCORE_BLOCK_PAGES)
#define TYPE_AND_REFS(type, refs)	((u64)(refs) << 32 | (type))

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

/**
 * struct page_case - a struct page of a single page, by 6.12
 * @what: for the message
 * @flags: page.flags
 * @head: page.compound_head
 * @mapping: page.mapping
 * @private: page.private
 * @counts: page._mapcount and page._refcount
 * @class: what the page is
 * @order: of the unit
 */
struct page_case {
	const char *what;
	u64 flags, head, mapping, private, counts;
	enum vmcore_class class;
	u32 order;
};

#define USED	TYPE_AND_REFS(NO_TYPE, 1)

static const struct page_case page_cases[] = {
	{ "nothing said", 0, 0, 0, 0, USED, VMCORE_CLASS_KERNEL, 0 },
	{ "file", FLAG_LRU, 0, A_MAPPING, 0, USED, VMCORE_CLASS_CACHE, 0 },
	{ "truncated", FLAG_LRU, 0, 0, 0, USED, VMCORE_CLASS_CACHE, 0 },
	{ "file with buffers", FLAG_LRU | FLAG_PRIVATE, 0, A_MAPPING, A_MAPPING,
	  USED, VMCORE_CLASS_PRIVATE, 0 },
	{ "private alone", FLAG_PRIVATE, 0, A_MAPPING, 1, USED, VMCORE_CLASS_KERNEL, 0 },
	{ "shared memory", FLAG_LRU | FLAG_SWAPBACKED, 0, A_MAPPING, 0, USED,
	  VMCORE_CLASS_CACHE, 0 },
	{ "swap cache", FLAG_SWAPCACHE | FLAG_SWAPBACKED, 0, 0, 0, USED,
	  VMCORE_CLASS_CACHE, 0 },
	{ "owner's flag, not swap cache", FLAG_SWAPCACHE, 0, 0, 0, USED,
	  VMCORE_CLASS_KERNEL, 0 },
	{ "anonymous", FLAG_LRU | FLAG_SWAPBACKED, 0, A_MAPPING | 1, 0, USED,
	  VMCORE_CLASS_USER, 0 },
	{ "anonymous, isolated", FLAG_SWAPBACKED, 0, A_MAPPING | 1, 0, USED,
	  VMCORE_CLASS_USER, 0 },
	{ "KSM", FLAG_LRU, 0, A_MAPPING | 3, 0, USED, VMCORE_CLASS_USER, 0 },
	{ "movable", 0, 0, A_MAPPING | 2, 0, USED, VMCORE_CLASS_KERNEL, 0 },
	{ "slab, whatever overlays mapping", 0, 0, A_MAPPING | 1, 0,
	  TYPE_AND_REFS(TYPE_SLAB, 1), VMCORE_CLASS_KERNEL, 0 },
	{ "free", 0, A_MAPPING, 0, 0, TYPE_AND_REFS(TYPE_BUDDY, 0),
	  VMCORE_CLASS_FREE, 0 },
	{ "free block", 0, A_MAPPING, 0, 5, TYPE_AND_REFS(TYPE_BUDDY, 0),
	  VMCORE_CLASS_FREE, 5 },
	{ "free block at the wrong place", 0, A_MAPPING, 0, 10,
	  TYPE_AND_REFS(TYPE_BUDDY, 0), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "free block larger than any", 0, A_MAPPING, 0, 11,
	  TYPE_AND_REFS(TYPE_BUDDY, 0), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "free block of an absurd order", 0, A_MAPPING, 0, ~0ULL,
	  TYPE_AND_REFS(TYPE_BUDDY, 0), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "free, but referred to", 0, A_MAPPING, 0, 0,
	  TYPE_AND_REFS(TYPE_BUDDY, 7), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "offline", 0, 0, 0, 0, TYPE_AND_REFS(TYPE_OFFLINE, 1),
	  VMCORE_CLASS_UNREADABLE, 0 },
	{ "broken", FLAG_POISON, 0, 0, 0, USED, VMCORE_CLASS_UNREADABLE, 0 },
	{ "broken file", FLAG_POISON | FLAG_LRU, 0, A_MAPPING, 0, USED,
	  VMCORE_CLASS_UNREADABLE, 0 },
	{ "tail of nothing", FLAG_LRU, A_MAPPING | 1, A_MAPPING, 0, USED,
	  VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "never initialised", ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL,
	  VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "mapping of user space", FLAG_LRU, 0, 0x5a5a5a5a5a5a5a58ULL, 0, USED,
	  VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "references below zero", FLAG_LRU, 0, A_MAPPING, 0,
	  TYPE_AND_REFS(NO_TYPE, 0x80000000U), VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "type that is not the note's", 0, 0, 0, 3,
	  TYPE_AND_REFS(TYPE_UNACCEPTED, 0), VMCORE_CLASS_KERNEL, 0 },
};

static void fill_page(u64 *page, const struct page_case *this)
{
	page[WORD_FLAGS] = this->flags;
	page[WORD_HEAD] = this->head;
	page[WORD_MAPPING] = this->mapping;
	page[WORD_PRIVATE] = this->private;
	page[WORD_COUNTS] = this->counts;
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

/* What a page is does not depend on the one that was looked at before. */
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

	/* Nor on what it would have been for another kernel. */
	page[WORD_COUNTS] = TYPE_UNACCEPTED;
	vmcore_classify(&sample->rules, seen, page, 1024);
	sample_init(test, sample, note_7_3);
	unit = vmcore_classify(&sample->rules, seen, page, 1024);
	KUNIT_EXPECT_EQ(test, unit.class, VMCORE_CLASS_FREE);
}

/* Make page frames a compound page of the form that 6.6 and later give it. */
static void make_compound(struct sample *sample, u64 pfn, u32 order, u64 flags,
			  u64 mapping)
{
	u64 *page = sample_page(sample, pfn);
	u64 i;

	page[WORD_FLAGS] = flags | FLAG_HEAD;
	page[WORD_MAPPING] = mapping;
	for (i = 1; i < 1ULL << order && pfn + i < SAMPLE_PAGES; i++) {
		u64 *tail = sample_page(sample, pfn + i);

		tail[WORD_FLAGS] = i == 1 ? order : 0;
		tail[WORD_HEAD] = A_MAPPING | 1;
	}
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

/* What differs from kernel to kernel: types, and where a compound page's are. */
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

/* Every entry without which nothing can be classified is missed by its name. */
static void needed_test(struct kunit *test)
{
	static const char * const needed[] = {
		"OSRELEASE", "PAGESIZE", "SYMBOL(swapper_pg_dir)",
		"NUMBER(phys_base)", "SYMBOL(mem_section)", "LENGTH(mem_section)",
		"SIZE(mem_section)", "OFFSET(mem_section.section_mem_map)",
		"SIZE(page)", "OFFSET(page.flags)",
		"OFFSET(page._refcount)", "OFFSET(page.mapping)",
		"OFFSET(page._mapcount)", "OFFSET(page.private)",
		"OFFSET(page.compound_head)", "LENGTH(zone.free_area)",
		"NUMBER(PG_head_mask)",
	};
	size_t len = strlen(note_6_12);
	char *note = kunit_kzalloc(test, len + 1, GFP_KERNEL);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, note);
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		memcpy(note, note_6_12, len);
		/* The letters are not those of any other key. */
		*strstr(note, needed[i]) = '#';
		KUNIT_EXPECT_EQ_MSG(test, vmcore_rules_init(rules, &sample_elf, note, len),
				    -ENODATA, "%s", needed[i]);
		KUNIT_EXPECT_STREQ(test, rules->lacks, needed[i]);
	}
}

static void old_release_test(struct kunit *test)
{
	static const char * const releases[] = {
		"OSRELEASE=5.9.16\n" NOTE_COMMON, "OSRELEASE=4.19\n", "OSRELEASE=2\n",
		"OSRELEASE=\n", "OSRELEASE=six\n",
	};
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(releases); i++)
		KUNIT_EXPECT_EQ_MSG(test, vmcore_rules_init(rules, &sample_elf, releases[i],
							    strlen(releases[i])),
				    -EOPNOTSUPP, "%s", releases[i]);
}

/* Whether the note fits or not: a machine that is not known is refused, by its name. */
static void machine_test(struct kunit *test)
{
	static const struct {
		struct crash_elf elf;
		const char *name;
	} cases[] = {
		{ { .machine = EM_386, .data = ELFDATA2LSB }, "machine type i386" },
		{ { .machine = EM_AARCH64, .data = ELFDATA2LSB }, "machine type AArch64" },
		{ { .machine = EM_PPC64, .data = ELFDATA2LSB }, "machine type PowerPC64" },
		{ { .machine = EM_X86_64, .data = ELFDATA2MSB }, "machine type x86-64" },
		{ { .machine = EM_NONE, .data = ELFDATA2LSB }, "unknown machine type" },
	};
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &cases[i].elf, note_6_12,
							strlen(note_6_12)), -EOPNOTSUPP);
		KUNIT_EXPECT_STREQ(test, rules->lacks, cases[i].name);
		KUNIT_EXPECT_STREQ(test, rules->release, "6.12.117");
	}
}

/* Replace the value of a line of the note, by one that is not longer. */
static void put_value(char *note, const char *key, const char *value)
{
	char *at = strstr(note, key) + strlen(key) + 1;
	size_t room = strchr(at, '\n') - at, len = strlen(value);

	/* Zeros in front leave a number as it is. */
	memset(at, '0', room);
	memcpy(at + room - len, value, len);
}

/* Numbers that the machine, or a struct page of whole words, cannot have. */
static void odd_number_test(struct kunit *test)
{
	static const struct {
		const char *key, *value;
	} cases[] = {
		{ "PAGESIZE", "8192" }, { "PAGESIZE", "4095" }, { "PAGESIZE", "0" },
		{ "SIZE(page)", "60" }, { "SIZE(page)", "65" },
	};
	char *note = kunit_kzalloc(test, sizeof(note_6_12), GFP_KERNEL);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, note);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(note, note_6_12, sizeof(note_6_12));
		put_value(note, cases[i].key, cases[i].value);
		KUNIT_EXPECT_EQ_MSG(test, vmcore_rules_init(rules, &sample_elf, note,
							    strlen(note)),
				    -ENODATA, "%s=%s", cases[i].key, cases[i].value);
		KUNIT_EXPECT_STREQ(test, rules->lacks, cases[i].key);
	}
}

/* Kernels before 5.13 do not say how large a section is. On x86_64 it is 128 MiB. */
static void section_size_test(struct kunit *test)
{
	char *note = kunit_kzalloc(test, sizeof(note_6_12), GFP_KERNEL);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;

	KUNIT_ASSERT_NOT_NULL(test, note);
	memcpy(note, note_6_12, sizeof(note_6_12));
	*strstr(note, "NUMBER(SECTION_SIZE_BITS)") = '#';
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, strlen(note)), 0);
	KUNIT_EXPECT_EQ(test, rules->section_shift, 27 - 12);
}

/* A note that has been cut off lacks something, until all is there. */
static void cut_note_test(struct kunit *test)
{
	size_t len, whole = strlen(note_6_12);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	char *note;

	for (len = 0; len <= whole; len++) {
		note = kunit_kmalloc(test, len + 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, note);
		memcpy(note, note_6_12, len);
		if (vmcore_rules_init(rules, &sample_elf, note, len))
			KUNIT_EXPECT_TRUE(test, rules->lacks);
	}
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note_6_12, whole), 0);
}

/* A number that has been cut off is none: 1 of 11 orders would be another number. */
static void cut_number_test(struct kunit *test)
{
	size_t len = strlen(note_6_12), cut;
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	char *note = kunit_kzalloc(test, len + 32, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, note);
	memcpy(note, note_6_12, len);
	*strstr(note, "LENGTH(zone.free_area)") = '#';
	cut = len + strlen("LENGTH(zone.free_area)=1");
	memcpy(note + len, "LENGTH(zone.free_area)=11\n", 26);
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, len + 26), 0);
	for (; cut < len + 26; cut++) {
		KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, cut), -ENODATA);
		KUNIT_EXPECT_STREQ(test, rules->lacks, "LENGTH(zone.free_area)");
	}
}

/*
 * A note of any size takes a bounded time. What fills it is more lines, or longer
 * ones, than any kernel writes; beyond them nothing is found.
 */
static void large_note_test(struct kunit *test)
{
	static const struct {
		const char *line;
		u32 times;
		int err;
	} cases[] = {
		{ "\n", 60000, 0 }, { "\n", 70000, -ENODATA },
		{ "no value\n", 6000, 0 }, { "no value\n", 8000, -ENODATA },
		{ "KEY=value\n", 400, 0 }, { "KEY=value\n", 512, -ENODATA },
		{ "=\n", 400, 0 }, { "=\n", 30000, -ENODATA }, { "=", 60000, 0 },
	};
	size_t len = strlen(note_6_12), line, room = 80000 + len;
	char *note = kunit_kmalloc(test, room, GFP_KERNEL);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i, k;

	KUNIT_ASSERT_NOT_NULL(test, note);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		line = strlen(cases[i].line);
		KUNIT_ASSERT_LE(test, cases[i].times * line + 1 + len, room);
		for (k = 0; k < cases[i].times; k++)
			memcpy(note + k * line, cases[i].line, line);
		note[k * line] = '\n';
		memcpy(note + k * line + 1, note_6_12, len);
		KUNIT_EXPECT_EQ_MSG(test, vmcore_rules_init(rules, &sample_elf, note,
							    k * line + 1 + len),
				    cases[i].err, "%u times %s", k, cases[i].line);
	}
}

static void expect_vtop(struct kunit *test, struct sample *sample, u64 vaddr,
			int err, u64 paddr, u64 span)
{
	u64 found = 0, left = 0;

	sample->map.space.size = 0;
	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory,
			   &sample->memory);
	KUNIT_EXPECT_EQ(test, vmcore_vtop(&sample->map.space, vaddr, &found, &left), err);
	if (err)
		return;
	KUNIT_EXPECT_EQ(test, found, paddr);
	KUNIT_EXPECT_EQ(test, left, span);
}

static void vtop_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	u64 *words = sample->bytes;

	expect_vtop(test, sample, SAMPLE_BASE + 0x5123, 0, 0x5123, 0xedd);
	expect_vtop(test, sample, SAMPLE_BASE + SAMPLE_SIZE, -EFAULT, 0, 0);
	expect_vtop(test, sample, 0, -EFAULT, 0, 0);
	/* 2 MiB and 1 GiB, with bits around the address that are not of it. */
	words[0x2000 / 8 + 1] = 0x8000000000000000ULL | 0x40001000 | 0x81;
	expect_vtop(test, sample, SAMPLE_BASE + 0x234567, 0, 0x40034567, 0x1cba99);
	words[0x1000 / 8 + 1] = 0x80000000 | 0x81;
	expect_vtop(test, sample, SAMPLE_BASE + 0x40000010, 0, 0x80000010, 0x3ffffff0);
	/* Not present; present, but the table is not in memory. */
	words[0x2000 / 8 + 2] = 0x3000 | 2;
	expect_vtop(test, sample, SAMPLE_BASE + 0x400000, -EFAULT, 0, 0);
	words[0x2000 / 8 + 3] = 0x7000000000ULL | 3;
	expect_vtop(test, sample, SAMPLE_BASE + 0x600000, -EFAULT, 0, 0);
	/* A table that is its own entry ends as a page. */
	words[5] = 3;
	expect_vtop(test, sample, 5ULL << 39 | 5ULL << 30 | 5ULL << 21 | 5ULL << 12,
		    0, 0, 0x1000);
	KUNIT_EXPECT_LT(test, sample->reads, 100);
}

static void five_levels_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);

	sample->rules.page_table_levels = 5;
	sample->rules.page_table = 0x6000;
	expect_vtop(test, sample, 0xff11000000000000ULL + 273 * (1ULL << 39), -EFAULT, 0, 0);
	sample->bytes[0x6000 / 8 + 0x111] = 3;
	expect_vtop(test, sample, 0xff11000000000000ULL + 273 * (1ULL << 39) + 0x5008,
		    0, 0x5008, 0xff8);
}

/**
 * struct tally - what a scan has told
 * @test: to report to
 * @next: page frame that comes next
 * @pages: by class
 * @runs: how many
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

/* Make page frames, as many as are in the sample, a block of free ones. */
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

	/* Of free memory, only what begins a block is looked at. */
	make_free(sample, 0, 10);
	make_compound(sample, 1024, 6, FLAG_LRU, A_MAPPING | 1);
	scan_one_block(test, sample, 0, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_FREE], 1024);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 64);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL], SAMPLE_PAGES - 1024 - 64);

	scan_one_block(test, sample, 5, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED], BLOCK);
}

/* Alike pages are told by a short cut. It ends where something differs, anywhere. */
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

/* An order that has been overwritten takes no page of another unit along. */
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

	/* Free memory, in front of some in use, of other free memory, of a compound page. */
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
 * The order of a compound page is in its second one, even if that has not been read
 * yet, as is so of page frame 4 here. What is read at a time grows nevertheless.
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

/* A struct page without a mapping costs the pages around it, and only those. */
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
	/* Where the struct pages of tails are. */
	u64 nr, from = SAMPLE_SECTION_PAGES;

	make_compound(sample, 0, 18, 0, 0);
	sample_page(sample, 0)[WORD_COUNTS] = TYPE_AND_REFS(TYPE_HUGETLB, 1);
	/* Those that are looked at are the first of a section. Each root has 256. */
	sample->rules.nr_roots = 3;
	words[SAMPLE_ROOTS / 8 + 1] = SAMPLE_BASE + 0x6000;
	words[SAMPLE_ROOTS / 8 + 2] = SAMPLE_BASE + 0x7000;
	for (nr = SAMPLE_NR_SECTIONS; nr <= 512; nr *= 2)
		words[SAMPLE_SECTIONS / 8 + nr / 256 * 512 + nr % 256 * 2] =
			SAMPLE_BASE + SAMPLE_MEMMAP + 0xf +
			(from - nr * SAMPLE_SECTION_PAGES) * SAMPLE_WORDS * 8;
	scan_one_block(test, sample, 1, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], BLOCK);

	/* Where it is kept, and the first page of the block is broken. */
	sample_page(sample, from)[WORD_FLAGS] = FLAG_POISON;
	scan_level(test, sample, 1, 23, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], BLOCK - 1);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNREADABLE], 1);
	sample_page(sample, from)[WORD_FLAGS] = 0;

	/* The same where the memmap of the tails is that of the head. */
	memcpy(sample_page(sample, from), sample_page(sample, 0), SAMPLE_WORDS * 16);
	scan_one_block(test, sample, 1, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], BLOCK);

	/* And tails of which there is no head are kept. */
	sample_page(sample, 0)[WORD_FLAGS] = 0;
	scan_one_block(test, sample, 1, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED], BLOCK);
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

/* A broken page costs itself alone, whatever it is a part of and wherever it is. */
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

/* Write a list of broken pages for a huge page that begins at page frame 0. */
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

/* Of a huge page, the first struct page is marked, and a list says what is broken. */
static void broken_huge_test(struct kunit *test)
{
	static const u64 pfns[] = { 0, 1023, 5, 6, 512 };
	struct sample *sample = sample_create(test, note_6_12);
	struct tally tally;

	/* In page.private of the fifth one (6.1), or in the third one (6.12). */
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

	/* Where users are left out, nothing has to be found out. */
	scan_level(test, sample, 0, 31, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 1024);

	/* No list, one that leads elsewhere, one without end: any page may be it. */
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
 * The order of a free block is too large. What starts behind the block is never
 * taken for free: whatever kernel it is of, and if nothing refers to it.
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

/* Free memory that nobody has used since boot: each struct page links to itself. */
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

static struct kunit_case filter_cases[] = {
	KUNIT_CASE(page_test),
	KUNIT_CASE(untouched_block_test),
	KUNIT_CASE(seen_test),
	KUNIT_CASE(compound_test),
	KUNIT_CASE(release_test),
	KUNIT_CASE(unaccepted_test),
	KUNIT_CASE(needed_test),
	KUNIT_CASE(old_release_test),
	KUNIT_CASE(machine_test),
	KUNIT_CASE(odd_number_test),
	KUNIT_CASE(section_size_test),
	KUNIT_CASE(cut_note_test),
	KUNIT_CASE(cut_number_test),
	KUNIT_CASE(large_note_test),
	KUNIT_CASE(vtop_test),
	KUNIT_CASE(five_levels_test),
	KUNIT_CASE(scan_test),
	KUNIT_CASE(alike_test),
	KUNIT_CASE(wrong_order_test),
	KUNIT_CASE(small_folios_test),
	KUNIT_CASE(hole_test),
	KUNIT_CASE(huge_page_test),
	KUNIT_CASE(level_test),
	KUNIT_CASE(broken_test),
	KUNIT_CASE(broken_huge_test),
	KUNIT_CASE(damaged_order_test),
	{}
};

static struct kunit_suite filter_suite = {
	.name = "vmcore_filter",
	.test_cases = filter_cases,
};

kunit_test_suite(filter_suite);
