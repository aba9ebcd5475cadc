/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which pages of a crashed kernel are worth saving: what its struct pages say.
 *
 *	note.c     the kernel's own note: lines and numbers
 *	rules.c    the note -> rules
 *	stated.c   ... for struct pages, as the kernel states them
 *	infer.c    ... or by how kernels are known to be
 *	vtop.c     its virtual addresses -> physical ones
 *	memmap.c   page frame -> struct page
 *	page.c     struct page -> class
 *	broken.c   a huge page -> those of its pages that are broken
 *	scan.c     a block of page frames -> runs of one class
 *
 * These files of lib/crash/filter know nothing of this kernel and touch old memory
 * by one callback only, so the same source is tested in user space, on saved dumps.
 * The crashed kernel may be of any version from 5.10 on, and of any machine that has
 * a file in arch/: its page size and its words need not be those of this kernel.
 *
 * All that is read from old memory may be wrong. Nothing here follows a list;
 * walks have a fixed depth, and each step over page frames goes up.
 */
#ifndef _LINUX_VMCORE_FILTER_H
#define _LINUX_VMCORE_FILTER_H

#include <linux/types.h>

struct crash_elf;
struct vmcore_arch;

/* The level says what is left out; the bits are those of makedumpfile's -d. */
#define VMCORE_LEVEL_ZERO	1
#define VMCORE_LEVEL_CACHE	2
#define VMCORE_LEVEL_PRIVATE	4
#define VMCORE_LEVEL_USER	8
#define VMCORE_LEVEL_FREE	16
#define VMCORE_LEVEL_MAX	31

/**
 * enum vmcore_class - what a page is for, and so whether it is left out
 * @VMCORE_CLASS_ZERO: nothing but zeros; found by looking, among pages kept else
 * @VMCORE_CLASS_CACHE: page cache that no file system has private data about
 * @VMCORE_CLASS_PRIVATE: page cache that one has
 * @VMCORE_CLASS_USER: memory of processes, and huge pages set aside for them
 * @VMCORE_CLASS_FREE: in no use
 * @VMCORE_CLASS_KERNEL: everything else; never left out
 * @VMCORE_CLASS_UNCLASSIFIED: no struct page, or one that makes no sense; kept
 * @VMCORE_CLASS_UNREADABLE: broken, or taken away by the hypervisor; not to be
 *	touched, so left out at all levels but 0
 * @VMCORE_NR_CLASSES: how many
 */
enum vmcore_class {
	VMCORE_CLASS_ZERO,
	VMCORE_CLASS_CACHE,
	VMCORE_CLASS_PRIVATE,
	VMCORE_CLASS_USER,
	VMCORE_CLASS_FREE,
	VMCORE_CLASS_KERNEL,
	VMCORE_CLASS_UNCLASSIFIED,
	VMCORE_CLASS_UNREADABLE,
	VMCORE_NR_CLASSES
};

/**
 * struct vmcore_test - a question to a struct page
 * @word: which of its words; those of the next struct page count on. A word is a
 *	long of the crashed kernel, in the form of a number of this one
 * @mask: the bits that matter
 * @value: what they are if the answer is yes
 *
 * A value that is not within the mask never matches.
 */
struct vmcore_test {
	u32 word;
	u64 mask;
	u64 value;
};

/**
 * struct vmcore_field - a number in a struct page
 * @word: as in struct vmcore_test
 * @shift: bits below it
 * @mask: its bits, once shifted; 0 if there is no such number, which reads as 0
 * @max: the largest that makes sense
 */
struct vmcore_field {
	u32 word;
	u32 shift;
	u64 mask;
	u64 max;
};

/* Questions that a rule asks at most, rules of a kernel, words that they ask. */
#define VMCORE_RULE_TESTS	3
#define VMCORE_MAX_RULES	24
#define VMCORE_MAX_UNREADABLE	4
#define VMCORE_MAX_ASKED	8

/**
 * struct vmcore_rule - what a page is if all tests are met
 * @class: that
 * @tests: the questions; one without a mask and value is always met
 * @order: where the struct page says how many pages it speaks for, as a power of
 *	two; no mask: not by a number
 * @fixed_order: that number itself, at most VMCORE_MAX_UNIT; 0, and no @order: it
 *	speaks for one page, or for all of a compound page
 */
struct vmcore_rule {
	enum vmcore_class class;
	struct vmcore_test tests[VMCORE_RULE_TESTS];
	struct vmcore_field order;
	u32 fixed_order;
};

/**
 * struct vmcore_rules - all that the note says about finding and reading pages
 * @arch: the machine
 * @release: of the crashed kernel, terminated
 * @lacks: what of the note cannot be used, where vmcore_rules_init() failed
 * @stated: version of the rules for struct pages that the note states; 0: they
 *	are inferred from other lines
 * @refused: the line for which stated rules are not used; empty if there is none
 * @page_shift: bytes of a page, as a power of two
 * @page_words: words of a struct page
 * @tail: a page of a compound page, and not the first
 * @head: the first page of a compound page; both tests are of its own words
 * @compound_order: of a compound page, in words of the first page and the second
 * @hugetlb: a huge page of hugetlb, in words of the first page and the second; no
 *	mask: not known
 * @untyped: a page that has no page type; always met if that is not known
 * @list_word: the word by which a page is in a list, page.lru.next; @page_words if
 *	it is not known
 * @refcount: of any page in use
 * @mapping: of any page in use: 0, or an address of the kernel
 * @kernel_start: the lowest of these
 * @nr_rules: entries of @table, but for the last
 * @table: what a page is that is not a tail, by the first rule that applies; the
 *	last one always does
 * @nr_unreadable: entries of @unreadable
 * @unreadable: pages that must not be read; of each page by itself, also within a
 *	compound page
 * @nr_asked: entries of @asked
 * @asked: each word that @table and @unreadable ask, and all bits of it that matter;
 *	no value
 * @page_table: physical address of the kernel's top page table
 * @page_table_levels: tables from that on to the entry of a page
 * @page_table_mask: the address bits in an entry of a page table
 * @mem_section: virtual address of the array of section roots
 * @nr_roots: entries of it
 * @section_bytes: of a struct mem_section
 * @section_map: offset in it of section_mem_map
 * @section_shift: page frames of a section, as a power of two
 */
struct vmcore_rules {
	const struct vmcore_arch *arch;
	char release[65];
	const char *lacks;
	u32 stated;
	char refused[16];
	u32 page_shift;
	u32 page_words;
	struct vmcore_test tail;
	struct vmcore_test head;
	struct vmcore_field compound_order;
	struct vmcore_test hugetlb;
	struct vmcore_test untyped;
	u32 list_word;
	struct vmcore_field refcount;
	struct vmcore_field mapping;
	u64 kernel_start;
	u32 nr_rules;
	struct vmcore_rule table[VMCORE_MAX_RULES + 1];
	u32 nr_unreadable;
	struct vmcore_rule unreadable[VMCORE_MAX_UNREADABLE];
	u32 nr_asked;
	struct vmcore_test asked[VMCORE_MAX_ASKED];
	u64 page_table;
	u32 page_table_levels;
	u64 page_table_mask;
	u64 mem_section;
	u64 nr_roots;
	u32 section_bytes;
	u32 section_map;
	u32 section_shift;
};

int vmcore_rules_init(struct vmcore_rules *rules, const struct crash_elf *elf,
		      const char *note, size_t len);

/**
 * struct vmcore_memory - how old memory is read
 * @read: copy @len bytes at the old physical address @old_pa to @buf; @span, at
 *	least @len, bytes from @old_pa on lie in one piece and may be asked for next.
 *	Returns 0 or a negative errno
 *
 * The owner embeds it.
 */
struct vmcore_memory {
	int (*read)(struct vmcore_memory *memory, u64 old_pa, void *buf,
		    size_t len, u64 span);
};

/* Page tables of each level, and what else takes part in finding a section. */
#define VMCORE_NR_COPIES		12
#define VMCORE_COPY_BYTES		4096U

/**
 * struct vmcore_copy - a copy of a piece of old memory
 * @old_pa: its old physical address, a multiple of its size
 * @used: when it was last looked at, in looks; 0: never filled
 * @bytes: its contents
 */
struct vmcore_copy {
	u64 old_pa;
	u64 used;
	u8 bytes[VMCORE_COPY_BYTES];
};

/**
 * struct vmcore_space - the crashed kernel's virtual addresses
 * @rules: where its page tables are
 * @tables: to read them by
 * @looks: how many there were
 * @vaddr: first address of the latest translation
 * @old_pa: and where it leads
 * @size: for how many bytes; 0: no translation yet
 * @copies: pieces that were read
 */
struct vmcore_space {
	const struct vmcore_rules *rules;
	struct vmcore_memory *tables;
	u64 looks;
	u64 vaddr;
	u64 old_pa;
	u64 size;
	struct vmcore_copy copies[VMCORE_NR_COPIES];
};

int vmcore_vtop(struct vmcore_space *space, u64 vaddr, u64 *old_pa, u64 *span);
int vmcore_read_word(struct vmcore_space *space, u64 vaddr, u64 *word);

/* Bytes of a struct page, and of those that are read at a time, at most. */
#define VMCORE_MAX_PAGE_STRUCT	256
#define VMCORE_MEMMAP_BYTES	8192

/**
 * struct vmcore_seen - the page that was classified last
 * @rule: the one that applied to the latest page that rules were asked about; NULL
 *	if there was none yet
 * @single: that was the last one, and it is a unit by itself that makes sense
 * @bits: what it had of each word that rules ask
 */
struct vmcore_seen {
	const struct vmcore_rule *rule;
	bool single;
	u64 bits[VMCORE_MAX_ASKED];
};

/**
 * struct vmcore_memmap - the crashed kernel's struct pages
 * @space: the addresses that they are at
 * @seen: the one that was classified last
 * @pages: to read them by
 * @section: number of the section that @base is of, plus 1; 0: none yet
 * @base: where the struct page of page frame 0 would be, by that section; 0: there
 *	is no such section
 * @first: page frame of the first struct page in @words
 * @nr: how many are there
 * @ahead: how many to read next
 * @words: the struct pages
 * @aside: two of them, from another place
 */
struct vmcore_memmap {
	struct vmcore_space space;
	struct vmcore_seen seen;
	struct vmcore_memory *pages;
	u64 section;
	u64 base;
	u64 first;
	u32 nr;
	u32 ahead;
	u64 words[VMCORE_MEMMAP_BYTES / sizeof(u64) + 2 * VMCORE_MAX_PAGE_STRUCT / sizeof(u32)];
	u64 aside[2 * VMCORE_MAX_PAGE_STRUCT / sizeof(u32)];
};

void vmcore_memmap_init(struct vmcore_memmap *map,
			const struct vmcore_rules *rules,
			struct vmcore_memory *tables,
			struct vmcore_memory *pages);
u64 vmcore_memmap_section_end(const struct vmcore_memmap *map, u64 pfn);
const u64 *vmcore_memmap_get(struct vmcore_memmap *map, u64 pfn, u64 *missing);
const u64 *vmcore_memmap_peek(struct vmcore_memmap *map, u64 pfn);
u64 vmcore_memmap_vaddr(const struct vmcore_memmap *map, u64 pfn);
u32 vmcore_memmap_ahead(const struct vmcore_memmap *map, u64 pfn,
			const u64 **page);

/* What is scanned at a time: with pages of 4 KiB 128 MiB, a section of x86_64. */
#define VMCORE_BLOCK_PAGES	32768U
/* The largest compound page there is: a huge page of 1 GiB. */
#define VMCORE_MAX_UNIT		18ULL

/**
 * struct vmcore_unit - pages that are what they are together
 * @class: what they are
 * @order: how many, as a power of two
 * @hugetlb: it is a huge page of hugetlb
 * @broken: and some pages of it are broken: vmcore_find_broken()
 * @start: page frame number of the first
 */
struct vmcore_unit {
	enum vmcore_class class;
	u32 order;
	bool hugetlb;
	bool broken;
	u64 start;
};

/* Broken pages of one huge page, as many as can be told apart. */
#define VMCORE_MAX_BROKEN	64

struct vmcore_unit vmcore_classify(const struct vmcore_rules *rules,
				   struct vmcore_seen *seen,
				   const u64 *page, u64 pfn);
u32 vmcore_count_readable(const struct vmcore_rules *rules, const u64 *page, u32 nr);
bool vmcore_is_inner(const struct vmcore_rules *rules, const u64 *page,
		     enum vmcore_class class);
u32 vmcore_find_broken(struct vmcore_memmap *map, const struct vmcore_unit *unit,
		       u64 *broken);
u32 vmcore_count_alike(const struct vmcore_rules *rules,
		       const struct vmcore_seen *seen, const u64 *page, u32 nr);
extern const char * const vmcore_class_names[VMCORE_NR_CLASSES];
bool vmcore_is_left_out(enum vmcore_class class, u32 level);

/**
 * typedef vmcore_emit_fn - told what a scan has found
 * @ctx: the client's own
 * @pfn: the first page frame
 * @nr: how many, not 0
 * @class: of all of them
 */
typedef void (*vmcore_emit_fn)(void *ctx, u64 pfn, u64 nr,
			       enum vmcore_class class);

void vmcore_scan(struct vmcore_memmap *map, u64 block, u32 level, vmcore_emit_fn emit,
		 void *ctx);

/* Is the answer yes? */
static inline bool vmcore_matches(const struct vmcore_test *test,
				  const u64 *page)
{
	return (page[test->word] & test->mask) == test->value;
}

static inline u64 vmcore_number(const struct vmcore_field *field,
				const u64 *page)
{
	return page[field->word] >> field->shift & field->mask;
}

#endif /* _LINUX_VMCORE_FILTER_H */
