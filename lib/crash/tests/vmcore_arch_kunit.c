// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/filter with machines whose pages and words differ from
 * those of x86_64: the sample kernel again, with page frames of 64 KiB and
 * longs of 4 or 8 bytes, in both byte orders. tests/unit runs this file in user
 * space, too.
 */
#include <linux/sizes.h>
#include <linux/sprintf.h>

#include "../filter/arch.h"
#include "vmcore_filter_samples.h"

/* Virtual and physical addresses are equal, up to the end of the sample. */
static int walk_none(struct vmcore_space *space, u64 vaddr)
{
	if (vaddr >= SAMPLE_SIZE)
		return -EFAULT;
	space->vaddr = 0;
	space->old_pa = 0;
	space->size = SAMPLE_SIZE;
	return 0;
}

static void read_no_tables(struct vmcore_note_reader *from)
{
	from->rules->page_table_levels = 0;
}

#define MACHINE(order, bytes) {						\
	.big_endian = (order), .word_bytes = (bytes),			\
	.page_sizes = SZ_64K, .kernel_start = 0x80000000,		\
	.read_note = read_no_tables, .walk = walk_none,			\
}

static const struct vmcore_arch machines[] = {
	MACHINE(false, 4), MACHINE(true, 4), MACHINE(false, 8), MACHINE(true, 8),
};

/**
 * struct old - old memory, filled in as a machine does it
 * @sample: rules, memory and struct pages
 * @arch: the machine
 */
struct old {
	struct sample *sample;
	const struct vmcore_arch *arch;
};

static void put_bytes(const struct old *old, u64 at, u32 bytes, u64 value)
{
	u8 *to = (u8 *)old->sample->bytes + at;
	u32 i;

	for (i = 0; i < bytes; i++)
		to[old->arch->big_endian ? bytes - 1 - i : i] = value >> 8 * i;
}

/* A struct page has nine longs on all machines here, which is not a power of two. */
static u64 page_at(const struct old *old, u64 pfn, u32 word)
{
	return SAMPLE_MEMMAP + (pfn * 9 + word) * old->arch->word_bytes;
}

static void put_word(const struct old *old, u64 pfn, u32 word, u64 value)
{
	put_bytes(old, page_at(old, pfn, word), old->arch->word_bytes, value);
}

/* page._mapcount and page._refcount have 4 bytes each, behind seven longs. */
static void put_counts(const struct old *old, u64 pfn, u32 type, u32 refs)
{
	put_bytes(old, page_at(old, pfn, 7), 4, type);
	put_bytes(old, page_at(old, pfn, 7) + 4, 4, refs);
}

static void fill_note(const struct old *old, char *note, size_t room)
{
	u32 word = old->arch->word_bytes;

	snprintf(note, room,
		 "OSRELEASE=6.12.117\nPAGESIZE=65536\nSIZE(page)=%u\n"
		 "SYMBOL(mem_section)=%x\nLENGTH(mem_section)=1\nSIZE(mem_section)=%u\n"
		 "OFFSET(mem_section.section_mem_map)=%u\n"
		 "NUMBER(SECTION_SIZE_BITS)=24\n"
		 "OFFSET(page.flags)=0\nOFFSET(page.compound_head)=%u\n"
		 "OFFSET(page.mapping)=%u\nOFFSET(page.private)=%u\n"
		 "OFFSET(page._mapcount)=%u\nOFFSET(page._refcount)=%u\n"
		 "LENGTH(zone.free_area)=11\n"
		 "NUMBER(PG_lru)=5\n"
		 "NUMBER(PG_head_mask)=64\n"
		 "NUMBER(PG_hwpoison)=21\n" NOTE_TYPES,
		 9 * word, SAMPLE_ROOTS, 2 * word, word, word, 3 * word, 5 * word,
		 7 * word, 7 * word + 4);
}

static void fill_memory(const struct old *old)
{
	u64 pfn;

	/* Four sections of 256 pages. The second long of each describes it. */
	put_bytes(old, SAMPLE_ROOTS, old->arch->word_bytes, SAMPLE_SECTIONS);
	for (pfn = 0; pfn < 4; pfn++)
		put_bytes(old, SAMPLE_SECTIONS + (2 * pfn + 1) * old->arch->word_bytes,
			  old->arch->word_bytes, SAMPLE_MEMMAP | 0xf);
	for (pfn = 0; pfn < 1024; pfn++)
		put_counts(old, pfn, NO_TYPE, 1);
}

/**
 * struct tally - runs that a scan has found
 * @next: page frame expected next
 * @pages: number of pages by class
 */
struct tally {
	u64 next;
	u64 pages[VMCORE_NR_CLASSES];
};

static void tally_run(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	struct tally *tally = ctx;

	if (pfn == tally->next)
		tally->next += nr;
	tally->pages[class] += nr;
}

static void scan_machine(struct kunit *test, const struct vmcore_arch *arch)
{
	u64 kernel = arch->kernel_start + 0x1200;
	struct tally tally = {};
	char *note = kunit_kzalloc(test, 1024, GFP_KERNEL);
	struct sample *sample = sample_alloc(test);
	struct old old = { sample, arch };

	KUNIT_ASSERT_NOT_NULL(test, note);
	sample->memory.read = sample_read;
	fill_note(&old, note, 1024);
	KUNIT_ASSERT_EQ(test, vmcore_rules_init_for(&sample->rules, arch, note,
						    strlen(note)), 0);
	fill_memory(&old);
	/* A free block of 16, a folio of 8, and single pages: file, user, slab. */
	put_counts(&old, 16, TYPE_BUDDY, 0);
	put_word(&old, 16, 5, 4);
	for (u64 pfn = 17; pfn < 32; pfn++)
		put_counts(&old, pfn, NO_TYPE, 0);
	put_word(&old, 64, 0, FLAG_LRU | FLAG_HEAD);
	put_word(&old, 64, 3, kernel | 1);
	for (u64 pfn = 65; pfn < 72; pfn++)
		put_word(&old, pfn, 1, kernel | 1);
	put_word(&old, 65, 0, 3);
	put_word(&old, 100, 0, FLAG_LRU);
	put_word(&old, 100, 3, kernel);
	put_word(&old, 101, 3, kernel | 1);
	put_counts(&old, 102, TYPE_SLAB, 1);
	put_word(&old, 102, 3, kernel | 1);
	/* This mapping is below the addresses of the kernel. */
	put_word(&old, 103, 0, FLAG_LRU);
	put_word(&old, 103, 3, arch->kernel_start - 0x1000);

	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory, &sample->memory);
	vmcore_scan(&sample->map, 0, VMCORE_LEVEL_MAX, tally_run, &tally);
	KUNIT_EXPECT_EQ(test, tally.next, VMCORE_BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_FREE], 16);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_USER], 8 + 1);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_CACHE], 1);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL], 1024 - 16 - 8 - 4 + 1);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_UNCLASSIFIED],
			VMCORE_BLOCK_PAGES - 1024 + 1);
}

/* A section root fills a page of the crashed kernel. Addresses may wrap around. */
static void scan_far_section(struct kunit *test, const struct vmcore_arch *arch)
{
	u64 nr = 512, word = arch->word_bytes, first = nr * 256;
	char *note = kunit_kzalloc(test, 1024, GFP_KERNEL);
	struct sample *sample = sample_alloc(test);
	struct tally tally = { .next = first };
	struct old old = { sample, arch };

	KUNIT_ASSERT_NOT_NULL(test, note);
	sample->memory.read = sample_read;
	fill_note(&old, note, 1024);
	KUNIT_ASSERT_EQ(test, vmcore_rules_init_for(&sample->rules, arch, note,
						    strlen(note)), 0);
	fill_memory(&old);
	put_bytes(&old, SAMPLE_SECTIONS + (2 * nr + 1) * word, word,
		  (SAMPLE_MEMMAP - first * 9 * word) | 0xf);
	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory, &sample->memory);
	vmcore_scan(&sample->map, first / VMCORE_BLOCK_PAGES, VMCORE_LEVEL_MAX,
		    tally_run, &tally);
	KUNIT_EXPECT_EQ(test, tally.next, first + VMCORE_BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, tally.pages[VMCORE_CLASS_KERNEL], 256);
}

static void machines_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		scan_machine(test, &machines[i]);
		scan_far_section(test, &machines[i]);
	}
}

static struct kunit_case arch_cases[] = {
	KUNIT_CASE(machines_test),
	{}
};

static struct kunit_suite arch_suite = {
	.name = "vmcore_arch",
	.test_cases = arch_cases,
};

kunit_test_suite(arch_suite);
