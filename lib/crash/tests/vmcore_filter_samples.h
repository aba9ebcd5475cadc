/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A crashed kernel in a few pages, for tests of the filter: notes in the form
 * of several versions, page tables, sections, and struct pages that a test
 * fills in.
 *
 *	physical	virtual, from SAMPLE_BASE on
 *	0		page tables: one of each level
 *	SAMPLE_ROOTS	section roots
 *	SAMPLE_SECTIONS	mem_section structures
 *	SAMPLE_MEMMAP	struct pages of the first SAMPLE_PAGES page frames
 */
#ifndef _VMCORE_FILTER_SAMPLES_H
#define _VMCORE_FILTER_SAMPLES_H

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/crash_elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <linux/vmcore_filter.h>

#define SAMPLE_PAGE		4096U
#define SAMPLE_BASE		0xffff888000000000ULL
#define SAMPLE_ROOTS		0x4000
#define SAMPLE_SECTIONS		0x5000
#define SAMPLE_MEMMAP		0x10000
#define SAMPLE_SIZE		0x30000
#define SAMPLE_WORDS		8
#define SAMPLE_SECTION_PAGES	256
#define SAMPLE_NR_SECTIONS	8
#define SAMPLE_PAGES		(SAMPLE_NR_SECTIONS * SAMPLE_SECTION_PAGES)

/* Indexes of the words of a struct page in these kernels, and flags. */
#define WORD_FLAGS	0
#define WORD_HEAD	1
#define WORD_MAPPING	3
#define WORD_INDEX	4
#define WORD_PRIVATE	5
#define WORD_COUNTS	6
#define FLAG_LRU	BIT_ULL(5)
#define FLAG_HEAD	BIT_ULL(6)
#define FLAG_SLAB	BIT_ULL(9)
#define FLAG_SWAPCACHE	BIT_ULL(10)
#define FLAG_PRIVATE	BIT_ULL(14)
#define FLAG_SWAPBACKED	BIT_ULL(17)
#define FLAG_POISON	BIT_ULL(21)
#define FLAG_HUGETLB	BIT_ULL(8)
#define TYPE_BUDDY	0xf0000000ULL
#define TYPE_OFFLINE	0xf1000000ULL
#define TYPE_HUGETLB	0xf4000000ULL
#define TYPE_SLAB	0xf5000000ULL
#define TYPE_UNACCEPTED	0xf7000000ULL
#define TYPE_KMALLOC	0xf8000000ULL
#define NO_TYPE		0xffffffffULL
/* An address of neither a struct page nor a list. */
#define A_MAPPING	0xffff888012345600ULL

#define NOTE_COMMON							\
	"PAGESIZE=4096\n"						\
	"SYMBOL(swapper_pg_dir)=ffffffff80000000\n"			\
	"NUMBER(phys_base)=0\n"						\
	"SYMBOL(mem_section)=ffff888000004000\n"			\
	"LENGTH(mem_section)=2\n"					\
	"SIZE(mem_section)=16\n"					\
	"OFFSET(mem_section.section_mem_map)=0\n"			\
	"NUMBER(SECTION_SIZE_BITS)=20\n"				\
	"SIZE(page)=64\n"						\
	"OFFSET(page.flags)=0\n"					\
	"OFFSET(page._refcount)=52\n"					\
	"OFFSET(page.mapping)=24\n"					\
	"OFFSET(page._mapcount)=48\n"					\
	"OFFSET(page.private)=40\n"					\
	"OFFSET(page.lru)=8\n"						\
	"LENGTH(zone.free_area)=11\n"					\
	"NUMBER(PG_lru)=5\n"						\
	"NUMBER(PG_private)=14\n"					\
	"NUMBER(PG_swapcache)=10\n"					\
	"NUMBER(PG_swapbacked)=17\n"					\
	"NUMBER(PG_hwpoison)=21\n"					\
	"NUMBER(PG_head_mask)=64\n"

#define NOTE_HEAD	"OFFSET(page.compound_head)=8\n"
#define NOTE_FLAG_TYPES							\
	"NUMBER(PG_slab)=9\n"						\
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"			\
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n"
#define NOTE_TYPES							\
	"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n"			\
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"		\
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\n"		\
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n"

/* A test need not use all of them. */
static const char note_6_1[] __maybe_unused = "OSRELEASE=6.1.0-50-amd64\n"
	NOTE_COMMON NOTE_HEAD NOTE_FLAG_TYPES
	"OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\n"
	"NUMBER(HUGETLB_PAGE_DTOR)=2\n";
static const char note_6_4[] __maybe_unused = "OSRELEASE=6.4.16\n"
	NOTE_COMMON NOTE_HEAD NOTE_FLAG_TYPES
	"OFFSET(folio._folio_dtor)=80\nOFFSET(folio._folio_order)=81\n"
	"NUMBER(HUGETLB_PAGE_DTOR)=1\n";
static const char note_6_7[] __maybe_unused = "OSRELEASE=6.7.12\n"
	NOTE_COMMON NOTE_HEAD NOTE_FLAG_TYPES "NUMBER(PG_hugetlb)=8\n";
static const char note_6_12[] __maybe_unused = "OSRELEASE=6.12.117\n"
	NOTE_COMMON NOTE_HEAD NOTE_TYPES;
static const char note_7_3[] __maybe_unused = "OSRELEASE=7.3.4+deb13-amd64\n"
	NOTE_COMMON NOTE_TYPES "OFFSET(page.compound_info)=8\n"
	"NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-150994944\n";

/* The rules of note_6_12, in the form that kernel/vmcore_rules.c writes. */
#define NOTE_STATED							\
	"RULES(page)=1:a\n"						\
	"FIELD(order)=8:0:ff:12\n"					\
	"FIELD(refcount)=6:20:ffffffff:7fffffff\n"			\
	"FIELD(mapping)=3:0:fffffffffffffffc:ffffffffffffffff\n"	\
	"RULE(tail)=1:1:1\n"						\
	"RULE(head)=0:40:40\n"						\
	"RULE(hugetlb)=6:ffffffff:f4000000\n"				\
	"RULE(untyped)=6:ffffffff:ffffffff\n"				\
	"RULE(0)=unreadable,0:200000:200000\n"				\
	"RULE(1)=kernel,6:ffffffff:f5000000\n"				\
	"RULE(2)=free,6:ffffffff:f0000000,5:0:ffffffffffffffff:a\n"	\
	"RULE(3)=unreadable,6:ffffffff:f1000000\n"			\
	"RULE(4)=user,3:1:1\n"						\
	"RULE(5)=user,6:ffffffff:f4000000,0:40:40\n"			\
	"RULE(6)=private-cache,0:4020:4020\n"				\
	"RULE(7)=private-cache,0:24400:24400\n"				\
	"RULE(8)=cache,0:20:20\n"					\
	"RULE(9)=cache,0:20400:20400\n"

static const char note_stated[] __maybe_unused = "OSRELEASE=6.12.117\n"
	NOTE_COMMON NOTE_HEAD NOTE_TYPES NOTE_STATED;

static const struct crash_elf sample_elf = {
	.class = ELFCLASS64, .data = ELFDATA2LSB, .machine = EM_X86_64,
};

/**
 * struct sample - a crashed kernel
 * @memory: reads @bytes
 * @rules: made from its note
 * @map: its struct pages
 * @bytes: its physical memory
 * @reads: number of reads so far
 */
struct sample {
	struct vmcore_memory memory;
	struct vmcore_rules rules;
	struct vmcore_memmap map;
	u64 *bytes;
	u64 reads;
};

static int sample_read(struct vmcore_memory *memory, u64 paddr, void *buf,
		       size_t len, u64 span)
{
	struct sample *sample = (struct sample *)memory;

	sample->reads++;
	if (len > span || paddr > SAMPLE_SIZE || len > SAMPLE_SIZE - paddr)
		return -EFAULT;
	memcpy(buf, (char *)sample->bytes + paddr, len);
	return 0;
}

/* Return the words of a struct page, for a test to change. */
static inline u64 *sample_page(struct sample *sample, u64 pfn)
{
	return &sample->bytes[SAMPLE_MEMMAP / 8 + pfn * SAMPLE_WORDS];
}

static inline void sample_tables(struct sample *sample)
{
	u64 *words = sample->bytes, i;

	/* SAMPLE_BASE has index 273 in the top table and 0 in the next two. */
	words[273] = 0x1000 | 3;
	words[0x1000 / 8] = 0x2000 | 3;
	words[0x2000 / 8] = 0x3000 | 3;
	for (i = 0; i < SAMPLE_SIZE / SAMPLE_PAGE; i++)
		words[0x3000 / 8 + i] = i * SAMPLE_PAGE | 3;

	words[SAMPLE_ROOTS / 8] = SAMPLE_BASE + SAMPLE_SECTIONS;
	for (i = 0; i < SAMPLE_NR_SECTIONS; i++)
		words[SAMPLE_SECTIONS / 8 + i * 2] =
			(SAMPLE_BASE + SAMPLE_MEMMAP) | 0xf;
}

/* Make it a kernel that uses all of its pages itself. */
static inline void sample_init(struct kunit *test, struct sample *sample,
			       const char *note)
{
	u64 pfn;

	sample->memory.read = sample_read;
	sample->reads = 0;
	memset(sample->bytes, 0, SAMPLE_SIZE);
	sample_tables(sample);
	for (pfn = 0; pfn < SAMPLE_PAGES; pfn++)
		sample_page(sample, pfn)[WORD_COUNTS] = 1ULL << 32 | NO_TYPE;
	KUNIT_ASSERT_EQ(test,
			vmcore_rules_init(&sample->rules, &sample_elf, note, strlen(note)), 0);
	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory,
			   &sample->memory);
}

static inline struct sample *sample_alloc(struct kunit *test)
{
	struct sample *sample = kunit_kzalloc(test, sizeof(*sample), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sample);
	sample->bytes = kunit_kzalloc(test, SAMPLE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sample->bytes);
	return sample;
}

static inline struct sample *sample_create(struct kunit *test, const char *note)
{
	struct sample *sample = sample_alloc(test);

	sample_init(test, sample, note);
	return sample;
}

#endif /* _VMCORE_FILTER_SAMPLES_H */
