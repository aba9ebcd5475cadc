// SPDX-License-Identifier: GPL-2.0
/*
 * From the note in which the crashed kernel describes itself to rules for its
 * struct pages.
 *
 * The note gives offsets, bit numbers and values; Documentation/admin-guide/
 * kdump/vmcoreinfo.rst of each kernel lists them. How they are to be combined has
 * changed with the kernels, and follows from which of them are there:
 *
 *	until 6.2    order and kind of a compound page are in its second page
 *	6.3 to 6.5   ... which has members of struct folio there
 *	from 6.6     the order is the low byte of the second page's flags, and
 *		     hugetlb a flag of that page
 *	from 6.9     hugetlb is a page type; from 6.10 slab is one, too
 *	from 6.12    a page has one type, in the top byte of what was _mapcount
 *	from 6.16    memory not accepted from the host has a type
 *	from 7.1     compound_head is called compound_info
 *
 * A page has no second type in any of these, so that a type is recognised by
 * the whole of the word.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "vmcore_filter.h"

#define RELEASE(major, minor)	((major) << 16 | (minor))
#define OLDEST			RELEASE(5, 10)
#define ORDER_IN_FLAGS		RELEASE(6, 6)

/* x86_64: where the kernel image is mapped, Documentation/arch/x86/x86_64/mm.rst */
#define IMAGE_BASE		0xffffffff80000000ULL
/* Intel SDM volume 3, "Paging": the address in an entry of a page table */
#define TABLE_ADDRESS_MASK	0x000ffffffffff000ULL

#define MAX_SECTION_STRUCT	256
#define USUAL_MAX_ORDER		10
#define SANE_MAX_ORDER		20

/**
 * struct note_reader - the note, while rules are made from it
 * @text: lines of the form key=value, not terminated
 * @len: bytes of them
 * @rules: what is made; lacks is set to the first key that is needed in vain
 * @version: of the crashed kernel
 */
struct note_reader {
	const char *text;
	size_t len;
	struct vmcore_rules *rules;
	u32 version;
};

/* The value of @key, up to the end of its line. */
static const char *find_value(const struct note_reader *from, const char *key,
			      size_t *len)
{
	const char *at = from->text, *end = at + from->len;
	size_t key_len = strlen(key);

	while (at < end) {
		const char *newline = memchr(at, '\n', end - at);
		size_t line = (newline ?: end) - at;

		if (line > key_len && at[key_len] == '=' &&
		    !memcmp(at, key, key_len)) {
			*len = line - key_len - 1;
			return at + key_len + 1;
		}
		at += line + 1;
	}
	return NULL;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Numbers are as "%ld" or "%lx" has them, with or without 0x. */
static bool parse_number(const char *text, size_t len, unsigned int base,
			 u64 *number)
{
	bool negative = len && *text == '-';
	u64 value = 0;

	text += negative;
	len -= negative;
	if (len > 2 && text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (!len)
		return false;
	for (; len; len--, text++) {
		unsigned int digit = digit_value(*text);

		if (digit >= base || value > (U64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*number = negative ? -value : value;
	return true;
}

static bool find_number(const struct note_reader *from, const char *key,
			unsigned int base, u64 *number)
{
	size_t len;
	const char *text = find_value(from, key, &len);

	return text && parse_number(text, len, base, number);
}

/* A number without which there are no rules, and what it may be. */
static u64 need(struct note_reader *from, const char *key, unsigned int base,
		u64 low, u64 high)
{
	u64 number;

	if (find_number(from, key, base, &number) && number >= low &&
	    number <= high)
		return number;
	if (!from->rules->lacks)
		from->rules->lacks = key;
	return low;
}

static bool read_release(struct note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u32 part[2] = {}, i = 0;
	size_t len;
	const char *text = find_value(from, "OSRELEASE", &len), *c;

	if (!text) {
		rules->lacks = "OSRELEASE";
		return false;
	}
	len = min(len, sizeof(rules->release) - 1);
	memcpy(rules->release, text, len);
	for (c = rules->release; *c && i < 2; c++) {
		if (*c == '.')
			i++;
		else if (*c >= '0' && *c <= '9' && part[i] < 1000)
			part[i] = part[i] * 10 + (*c - '0');
		else
			break;
	}
	from->version = RELEASE(part[0], part[1]);
	return true;
}

/* The bytes at an offset into two struct pages, as bits of a word. */
static struct vmcore_field field_at(const struct note_reader *from, u64 offset,
				    u32 bytes)
{
	struct vmcore_field field = {};
	u64 room = (u64)from->rules->page_words * 2 * sizeof(u64);

	if (offset % bytes || offset >= room)
		return field;
	field.word = offset / sizeof(u64);
	field.shift = offset % sizeof(u64) * 8;
	field.mask = bytes == sizeof(u64) ? U64_MAX : (1ULL << bytes * 8) - 1;
	return field;
}

static struct vmcore_test value_test(struct vmcore_field field, u64 mask,
				     u64 value)
{
	return (struct vmcore_test) {
		.word = field.word,
		.mask = (mask & field.mask) << field.shift,
		/* Where there is no field, so that it never matches. */
		.value = field.mask ? (value & field.mask) << field.shift : 1,
	};
}

/* Is the bit with that number set? */
static struct vmcore_test flag_test(const struct note_reader *from,
				    struct vmcore_field flags, const char *key)
{
	u64 bit;

	if (!find_number(from, key, 10, &bit) || bit >= 64)
		return (struct vmcore_test) { .value = 1 };
	return value_test(flags, 1ULL << bit, 1ULL << bit);
}

/* Has the page that type? */
static struct vmcore_test type_test(const struct note_reader *from,
				    struct vmcore_field type, const char *key)
{
	u64 value;

	if (!find_number(from, key, 10, &value))
		return (struct vmcore_test) { .value = 1 };
	return value_test(type, U64_MAX, value);
}

static bool is_known(const struct vmcore_test *test)
{
	return test->mask;
}

static struct vmcore_test slab_test(const struct note_reader *from,
				    struct vmcore_field flags,
				    struct vmcore_field type)
{
	struct vmcore_test test =
		type_test(from, type, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)");

	return is_known(&test) ? test :
				 flag_test(from, flags, "NUMBER(PG_slab)");
}

/* A field of the second page that the note has in one way or another. */
static struct vmcore_field second_page_byte(const struct note_reader *from,
					    const char *in_page,
					    const char *in_folio)
{
	u64 offset, page_bytes = from->rules->page_words * sizeof(u64);

	if (find_number(from, in_page, 10, &offset) && offset < page_bytes)
		return field_at(from, page_bytes + offset, 1);
	if (find_number(from, in_folio, 10, &offset) && offset >= page_bytes)
		return field_at(from, offset, 1);
	return (struct vmcore_field) {};
}

static struct vmcore_test hugetlb_test(const struct note_reader *from,
				       struct vmcore_field second_flags,
				       struct vmcore_field type)
{
	struct vmcore_field dtor =
		second_page_byte(from, "OFFSET(page.compound_dtor)",
				 "OFFSET(folio._folio_dtor)");
	struct vmcore_test test =
		type_test(from, type, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)");
	u64 value;

	if (is_known(&test))
		return test;
	test = flag_test(from, second_flags, "NUMBER(PG_hugetlb)");
	if (is_known(&test))
		return test;
	if (!find_number(from, "NUMBER(HUGETLB_PAGE_DTOR)", 10, &value))
		return test;
	return value_test(dtor, U64_MAX, value);
}

static struct vmcore_field order_field(const struct note_reader *from,
				       struct vmcore_field second_flags)
{
	if (from->version >= ORDER_IN_FLAGS) {
		second_flags.mask = 0xff;
		return second_flags;
	}
	return second_page_byte(from, "OFFSET(page.compound_order)",
				"OFFSET(folio._folio_order)");
}

/* All of a combination of flags. */
static struct vmcore_test both(struct vmcore_test a, struct vmcore_test b)
{
	a.mask |= b.mask;
	a.value |= b.value;
	return a;
}

static u64 need_offset(struct note_reader *from, const char *key, u32 bytes)
{
	u64 last = from->rules->page_words * sizeof(u64) - bytes;
	u64 offset = need(from, key, 10, 0, last);

	if (offset % bytes && !from->rules->lacks)
		from->rules->lacks = key;
	return offset;
}

static u64 need_compound_head(struct note_reader *from)
{
	u64 ignored;

	if (find_number(from, "OFFSET(page.compound_info)", 10, &ignored))
		return need_offset(from, "OFFSET(page.compound_info)", 8);
	return need_offset(from, "OFFSET(page.compound_head)", 8);
}

static void read_page_layout(struct note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	struct vmcore_test *tests = rules->tests;
	struct vmcore_field flags, second_flags, type, head;
	u64 at;

	rules->page_words = need(from, "SIZE(page)", 10, 32, VMCORE_MAX_PAGE_STRUCT) /
			    sizeof(u64);
	at = need_offset(from, "OFFSET(page.flags)", 8);
	flags = field_at(from, at, 8);
	second_flags = field_at(from, at + rules->page_words * sizeof(u64), 8);
	type = field_at(from, need_offset(from, "OFFSET(page._mapcount)", 4), 4);
	head = field_at(from, need_compound_head(from), 8);
	rules->mapping = field_at(from, need_offset(from, "OFFSET(page.mapping)", 8), 8);
	rules->refcount = field_at(from, need_offset(from, "OFFSET(page._refcount)", 4), 4);
	rules->buddy_order = field_at(from, need_offset(from, "OFFSET(page.private)", 8), 8);
	rules->compound_order = order_field(from, second_flags);

	tests[VMCORE_IS_TAIL] = value_test(head, 1, 1);
	at = need(from, "NUMBER(PG_head_mask)", 10, 1, S64_MAX);
	tests[VMCORE_IS_HEAD] = value_test(flags, at, at);
	tests[VMCORE_IS_SLAB] = slab_test(from, flags, type);
	tests[VMCORE_IS_BUDDY] = type_test(from, type, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)");
	tests[VMCORE_IS_UNACCEPTED] = type_test(from, type,
						"NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)");
	tests[VMCORE_IS_OFFLINE] = type_test(from, type, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)");
	tests[VMCORE_IS_POISON] = flag_test(from, flags, "NUMBER(PG_hwpoison)");
	tests[VMCORE_IS_LRU] = flag_test(from, flags, "NUMBER(PG_lru)");
	tests[VMCORE_IS_SWAPCACHE] = both(flag_test(from, flags, "NUMBER(PG_swapcache)"),
					  flag_test(from, flags, "NUMBER(PG_swapbacked)"));
	tests[VMCORE_IS_PRIVATE] = flag_test(from, flags, "NUMBER(PG_private)");
	tests[VMCORE_IS_ANON] = value_test(rules->mapping, 1, 1);
	tests[VMCORE_IS_HUGETLB] = hugetlb_test(from, second_flags, type);
	rules->max_order = need(from, "LENGTH(zone.free_area)", 10, 1, SANE_MAX_ORDER) - 1;
}

/* Bits that say how memory is encrypted are not of the address. */
static u64 encryption_mask(const struct note_reader *from)
{
	u64 mask;

	return find_number(from, "NUMBER(sme_mask)", 10, &mask) ? mask : 0;
}

static void read_page_tables(struct note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u64 top = need(from, "SYMBOL(swapper_pg_dir)", 16, IMAGE_BASE, U64_MAX);
	u64 phys_base = need(from, "NUMBER(phys_base)", 10, 0, U64_MAX);
	u64 five_levels;

	rules->page_table_levels = 4;
	if (find_number(from, "NUMBER(pgtable_l5_enabled)", 10, &five_levels) &&
	    five_levels)
		rules->page_table_levels = 5;
	rules->page_table_mask = TABLE_ADDRESS_MASK & ~encryption_mask(from);
	rules->page_table = (top - IMAGE_BASE + phys_base) & TABLE_ADDRESS_MASK;
}

static void read_sections(struct note_reader *from)
{
	struct vmcore_rules *rules = from->rules;

	rules->mem_section = need(from, "SYMBOL(mem_section)", 16, 1, U64_MAX);
	rules->nr_roots = need(from, "LENGTH(mem_section)", 10, 1, U32_MAX);
	rules->section_bytes = need(from, "SIZE(mem_section)", 10, 8,
				    MAX_SECTION_STRUCT);
	rules->section_map = need(from, "OFFSET(mem_section.section_mem_map)",
				  10, 0, rules->section_bytes - 8);
	rules->section_shift = need(from, "NUMBER(SECTION_SIZE_BITS)", 10, 20, 40) -
			       VMCORE_PAGE_SHIFT;
}

/**
 * vmcore_rules_init() - make rules from what the crashed kernel says of itself
 * @rules: result; of use only on success, but for release and lacks
 * @note: contents of its VMCOREINFO note; not trusted
 * @len: bytes of it
 *
 * Where the note has nothing about a kind of page, no page is taken for one of
 * that kind.
 *
 * Context: Any.
 * Return: 0; -ENODATA if the note lacks an entry without which no page can be
 * found or classified, or has a senseless value there; -EOPNOTSUPP if the kernel
 * is older than 5.10. @rules->lacks says what is wrong.
 */
int vmcore_rules_init(struct vmcore_rules *rules, const char *note, size_t len)
{
	struct note_reader from = { .text = note, .len = len, .rules = rules };

	*rules = (struct vmcore_rules) {};
	if (!read_release(&from))
		return -ENODATA;
	if (from.version < OLDEST) {
		rules->lacks = "OSRELEASE";
		return -EOPNOTSUPP;
	}
	need(&from, "PAGESIZE", 10, VMCORE_PAGE_BYTES, VMCORE_PAGE_BYTES);
	read_page_layout(&from);
	read_page_tables(&from);
	read_sections(&from);
	return rules->lacks ? -ENODATA : 0;
}
