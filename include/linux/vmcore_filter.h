/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decides which pages of a crashed kernel are worth saving, by its struct
 * pages.
 *
 *	note.c     the kernel's VMCOREINFO note: lines and numbers
 *	rules.c    makes rules from the note
 *	stated.c   ... for struct pages, if the note states them
 *	infer.c    ... for struct pages, from offsets and constants in the note
 *	vtop.c     translates virtual addresses to physical ones
 *	memmap.c   finds the struct page of a page frame
 *	page.c     finds the class of a struct page
 *	broken.c   finds the broken pages of a huge page
 *	scan.c     turns a block of page frames into runs of one class
 *
 * Words, with one meaning each:
 *
 *	old_pa     a physical address in the crashed kernel
 *	block      VMCORE_BLOCK_PAGES page frames, which are scanned together
 *	class      the use of a page: enum vmcore_class
 *	level      the set of classes that are left out: VMCORE_LEVEL_* bits
 *	unit       the pages that one struct page describes
 *
 * The files of lib/crash/filter use nothing of the running kernel and read old
 * memory through one callback, so the same source is tested in user space on
 * saved dumps. The crashed kernel may have any version from 5.10 on, and any
 * machine with a file in arch/: its page size and word size may differ from
 * those of this kernel.
 *
 * All data from old memory may be wrong. Every walk over lists and tables has a
 * fixed bound, and each step over page frames goes up.
 */
#ifndef _LINUX_VMCORE_FILTER_H
#define _LINUX_VMCORE_FILTER_H

#include <linux/types.h>

struct crash_elf;
struct crash_note;
struct crash_run;
struct crash_segment;
struct vmcore_arch;

/* The level: bits as in makedumpfile's -d, one per class that is left out. */
#define VMCORE_LEVEL_ZERO	1
#define VMCORE_LEVEL_CACHE	2
#define VMCORE_LEVEL_PRIVATE	4
#define VMCORE_LEVEL_USER	8
#define VMCORE_LEVEL_FREE	16
#define VMCORE_LEVEL_MAX	31

/**
 * enum vmcore_class - the use of a page, which decides whether it is left out
 * @VMCORE_CLASS_ZERO: page of zeros; found by reading pages that would be kept
 * @VMCORE_CLASS_CACHE: page cache without private data of a file system
 * @VMCORE_CLASS_PRIVATE: page cache with private data of a file system
 * @VMCORE_CLASS_USER: memory of processes, and huge pages set aside for them
 * @VMCORE_CLASS_FREE: unused memory
 * @VMCORE_CLASS_KERNEL: all other memory; never left out
 * @VMCORE_CLASS_UNCLASSIFIED: no struct page, or one that makes no sense; kept
 * @VMCORE_CLASS_UNREADABLE: broken, or taken away by the hypervisor; must not
 *	be read, so left out at all levels but 0
 * @VMCORE_NR_CLASSES: number of classes
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
 * struct vmcore_test - a test of a word of a struct page
 * @word: index of the word, counting on into the next struct page. A word is a
 *	long of the crashed kernel, converted to a number of this kernel
 * @mask: the bits that are compared
 * @value: the bits that the word must have
 *
 * A test whose value has bits outside its mask never matches.
 */
struct vmcore_test {
	u32 word;
	u64 mask;
	u64 value;
};

/**
 * struct vmcore_field - a number in a struct page
 * @word: as in struct vmcore_test
 * @shift: number of bits below it
 * @mask: its bits, once shifted; 0 if there is no such number, which reads as 0
 * @max: the largest value that makes sense
 */
struct vmcore_field {
	u32 word;
	u32 shift;
	u64 mask;
	u64 max;
};

/* Most tests of a rule, rules of a kernel, and words that these test. */
#define VMCORE_RULE_TESTS	3
#define VMCORE_MAX_RULES	24
#define VMCORE_MAX_UNREADABLE	4
#define VMCORE_MAX_ASKED	8

/**
 * struct vmcore_rule - the class of pages that match all tests
 * @class: the class
 * @tests: the tests; one without mask and value always matches
 * @order: the field with the order of the unit; no mask: there is no such field
 * @fixed_order: the order itself, at most VMCORE_MAX_UNIT. If it is 0, without
 *	@order, the rule is about one page, or about all of a compound page
 */
struct vmcore_rule {
	enum vmcore_class class;
	struct vmcore_test tests[VMCORE_RULE_TESTS];
	struct vmcore_field order;
	u32 fixed_order;
};

/**
 * struct vmcore_rules - place and meaning of struct pages, from the note
 * @arch: the machine
 * @release: version of the crashed kernel, terminated
 * @lacks: reason for which vmcore_rules_init() failed: key of the note, or
 *	machine
 * @stated: version of the rules for struct pages that the note states; 0: the
 *	rules are inferred from other lines
 * @refused: key of the line because of which stated rules are not used; else
 *	empty
 * @page_shift: size of a page, as a power of two
 * @page_words: number of words of a struct page
 * @tail: a page of a compound page, except the first
 * @head: the first page of a compound page; both tests are of its own words
 * @compound_order: order of a compound page, in words of the first two struct
 *	pages
 * @hugetlb: a huge page of hugetlb, by words of the first two struct pages; no
 *	mask: not known
 * @untyped: a page without a page type; always matches if that is not known
 * @list_word: the word of page.lru.next; @page_words if it is not known
 * @refcount: reference count of any page in use
 * @mapping: page.mapping of any page in use: 0, or an address of the kernel
 * @kernel_start: the lowest address of the kernel
 * @nr_rules: entries of @table, without the last
 * @table: the first rule that matches gives the class of a page that is not a
 *	tail; the last rule always matches
 * @nr_unreadable: entries of @unreadable
 * @unreadable: pages that must not be read; applies to each single page, also
 *	within a compound page
 * @nr_asked: entries of @asked
 * @asked: each word that @table and @unreadable test, with all tested bits as
 *	mask and no value
 * @page_table: physical address of the kernel's top page table
 * @page_table_levels: number of tables to the entry of a page
 * @page_table_mask: the address bits in an entry of a page table
 * @mem_section: virtual address of the array of section roots
 * @nr_roots: number of section roots
 * @section_bytes: size of a struct mem_section
 * @section_map: offset of section_mem_map in it
 * @section_shift: number of page frames of a section, as a power of two
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
 * struct vmcore_memory - reads old memory
 * @read: copy @len bytes at the old physical address @old_pa to @buf. At least
 *	@len bytes, @span, are contiguous from @old_pa on, and may be read next.
 *	Returns 0 or a negative errno
 *
 * The owner embeds it.
 */
struct vmcore_memory {
	int (*read)(struct vmcore_memory *memory, u64 old_pa, void *buf,
		    size_t len, u64 span);
};

/* Copies for page tables of each level, section roots and sections. */
#define VMCORE_NR_COPIES		12
#define VMCORE_COPY_BYTES		4096U

/**
 * struct vmcore_copy - a copy of a piece of old memory
 * @old_pa: its old physical address, a multiple of its size
 * @used: time of its last use, as a value of looks; 0: never filled
 * @bytes: its contents
 */
struct vmcore_copy {
	u64 old_pa;
	u64 used;
	u8 bytes[VMCORE_COPY_BYTES];
};

/**
 * struct vmcore_space - the crashed kernel's virtual addresses
 * @rules: have the place of its page tables
 * @tables: reads them
 * @looks: number of reads so far
 * @vaddr: first address of the latest translation
 * @old_pa: old physical address of @vaddr
 * @size: size of the latest translation, bytes; 0: no translation yet
 * @copies: pieces of old memory that were read
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

/* Maximum number of pages of a stack: twice the size of the stacks with KASAN. */
#define VMCORE_STACK_PAGES	16

/**
 * struct vmcore_stack_page - one page of a stack
 * @vaddr: virtual address of the page
 * @old_pa: old physical address of the page
 */
struct vmcore_stack_page {
	u64 vaddr;
	u64 old_pa;
};

/**
 * struct vmcore_stacks - the pages of all stacks that the dump describes
 * @pages: array of pages, in ascending order within each stack
 * @nr: number of entries in @pages
 * @page_size: size of a page, bytes
 */
struct vmcore_stacks {
	struct vmcore_stack_page *pages;
	u32 nr;
	u32 page_size;
};

/* lib/crash/stack.c */
bool vmcore_read_sp(const struct vmcore_rules *rules, const struct crash_note *note, u64 *sp);
u32 vmcore_find_stack(struct vmcore_space *space, u64 sp,
		      struct vmcore_stack_page *pages, u32 max);
bool vmcore_find_interrupted(struct vmcore_space *space,
			     const struct vmcore_stack_page *pages, u32 nr, u64 *sp);
u32 vmcore_describe_stacks(const struct vmcore_stacks *stacks,
			   const struct crash_run *runs, u32 nr_runs,
			   struct crash_segment *segs, u32 max);

/* Maximum size of a struct page, and of all that are read at a time. */
#define VMCORE_MAX_PAGE_STRUCT	256
#define VMCORE_MEMMAP_BYTES	8192

/**
 * struct vmcore_seen - the page that was classified last
 * @rule: the rule that matched the latest page which rules were applied to;
 *	NULL: none yet
 * @single: that page was classified last, is a unit by itself, and makes sense
 * @bits: its tested bits, one entry for each of vmcore_rules.asked
 */
struct vmcore_seen {
	const struct vmcore_rule *rule;
	bool single;
	u64 bits[VMCORE_MAX_ASKED];
};

/**
 * struct vmcore_memmap - the crashed kernel's struct pages
 * @space: its virtual addresses
 * @seen: the page that was classified last
 * @pages: reads struct pages
 * @section: number of the section that @base is of, plus 1; 0: none yet
 * @base: address that the struct page of page frame 0 would have by that
 *	section; 0: the section has no struct pages
 * @first: page frame number of the first struct page in @words
 * @nr: number of struct pages in @words
 * @ahead: number of struct pages to read next
 * @words: the struct pages
 * @aside: two struct pages from another place
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

/* Page frames that are scanned together: 128 MiB of 4 KiB pages, a section of x86_64. */
#define VMCORE_BLOCK_PAGES	32768U
/* The order of the largest compound page: a huge page of 1 GiB. */
#define VMCORE_MAX_UNIT		18ULL

/**
 * struct vmcore_unit - the pages that one struct page describes
 * @class: class of these pages
 * @order: their number, as a power of two
 * @hugetlb: it is a huge page of hugetlb
 * @broken: it is a huge page with broken pages: vmcore_find_broken() finds them
 * @start: page frame number of the first page
 */
struct vmcore_unit {
	enum vmcore_class class;
	u32 order;
	bool hugetlb;
	bool broken;
	u64 start;
};

/* Maximum number of broken pages of a huge page that are left out one by one. */
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
 * typedef vmcore_emit_fn - receives a run of pages from a scan
 * @ctx: the caller's own
 * @pfn: the first page frame
 * @nr: number of page frames, not 0
 * @class: class of all of them
 */
typedef void (*vmcore_emit_fn)(void *ctx, u64 pfn, u64 nr,
			       enum vmcore_class class);

void vmcore_scan(struct vmcore_memmap *map, u64 block, u32 level, vmcore_emit_fn emit,
		 void *ctx);

/* Test a struct page. */
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
