// SPDX-License-Identifier: GPL-2.0
/*
 * Makes rules for the struct pages of a kernel whose note states none, but
 * gives offsets, bit numbers and values.
 * Documentation/admin-guide/kdump/vmcoreinfo.rst of each kernel lists them.
 * Kernels combine them in different ways; the entries that a note has show the
 * way of its kernel:
 *
 *	until 6.2    order and kind of a compound page are in its second page
 *	6.3 to 6.5   ... which has members of struct folio there
 *	from 6.6     the order is the low byte of the second page's flags, and
 *		     hugetlb a flag of that page
 *	from 6.9     hugetlb is a page type; from 6.10 slab is one, too
 *	from 6.12    a page has one type, in the top byte of the former _mapcount
 *	from 6.16    memory not accepted from the host has a type
 *	from 7.1     compound_head is called compound_info
 *
 * A page has only one type in all of these kernels, so the whole word is
 * compared.
 */
#include <linux/kernel.h>
#include <linux/limits.h>

#include "arch.h"

#define ORDER_IN_FLAGS	VMCORE_RELEASE(6, 6)

/* The flag bits of page.mapping, and the flag of anonymous memory. */
#define MAPPING_FLAGS	3ULL
#define ANON		1ULL

static u32 get_long_bytes(const struct vmcore_note_reader *from)
{
	return from->rules->arch->word_bytes;
}

static u64 get_struct_bytes(const struct vmcore_note_reader *from)
{
	return from->rules->page_words * get_long_bytes(from);
}

/*
 * Return the field of @bytes bytes, a power of two, at an offset into two
 * struct pages.
 */
static struct vmcore_field make_field_at(const struct vmcore_note_reader *from,
					 u64 offset, u32 bytes)
{
	struct vmcore_field field = {};
	u32 word = get_long_bytes(from), before = offset & (word - 1);

	if (offset & (bytes - 1) || offset >= 2 * get_struct_bytes(from))
		return field;
	field.word = (u32)offset / word;
	field.shift = 8 * (from->rules->arch->big_endian ? word - bytes - before : before);
	field.mask = bytes == sizeof(u64) ? U64_MAX : (1ULL << bytes * 8) - 1;
	field.max = field.mask;
	return field;
}

static struct vmcore_test make_value_test(struct vmcore_field field, u64 mask,
					  u64 value)
{
	return (struct vmcore_test) {
		.word = field.word,
		.mask = (mask & field.mask) << field.shift,
		.value = (value & field.mask) << field.shift,
	};
}

/* Test a flag by its bit number. The test has no mask if the note lacks the number. */
static struct vmcore_test make_flag_test(const struct vmcore_note_reader *from,
					 struct vmcore_field flags, const char *key)
{
	u64 bit;

	if (!vmcore_note_number(from, key, 10, &bit) || bit >= 64)
		return (struct vmcore_test) {};
	return make_value_test(flags, 1ULL << bit, 1ULL << bit);
}

/* Test for a page type. The test has no mask if the note lacks the type. */
static struct vmcore_test make_type_test(const struct vmcore_note_reader *from,
					 struct vmcore_field type, const char *key)
{
	u64 value;

	if (!vmcore_note_number(from, key, 10, &value))
		return (struct vmcore_test) {};
	return make_value_test(type, U64_MAX, value);
}

static bool is_known(const struct vmcore_test *test)
{
	return test->mask;
}

static struct vmcore_test make_slab_test(const struct vmcore_note_reader *from,
					 struct vmcore_field flags,
					 struct vmcore_field type)
{
	struct vmcore_test test =
		make_type_test(from, type, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)");

	return is_known(&test) ? test :
				 make_flag_test(from, flags, "NUMBER(PG_slab)");
}

/* Return a field of the second page by the first of two keys that the note has. */
static struct vmcore_field make_second_byte(const struct vmcore_note_reader *from,
					    const char *in_page,
					    const char *in_folio)
{
	u64 offset;

	if (vmcore_note_number(from, in_page, 10, &offset) && offset < get_struct_bytes(from))
		return make_field_at(from, get_struct_bytes(from) + offset, 1);
	if (vmcore_note_number(from, in_folio, 10, &offset) && offset >= get_struct_bytes(from))
		return make_field_at(from, offset, 1);
	return (struct vmcore_field) {};
}

static struct vmcore_test make_hugetlb_test(const struct vmcore_note_reader *from,
					    struct vmcore_field second_flags,
					    struct vmcore_field type)
{
	struct vmcore_field dtor =
		make_second_byte(from, "OFFSET(page.compound_dtor)",
				 "OFFSET(folio._folio_dtor)");
	struct vmcore_test test =
		make_type_test(from, type, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)");
	u64 value;

	if (is_known(&test))
		return test;
	test = make_flag_test(from, second_flags, "NUMBER(PG_hugetlb)");
	if (is_known(&test))
		return test;
	if (!vmcore_note_number(from, "NUMBER(HUGETLB_PAGE_DTOR)", 10, &value))
		return test;
	return make_value_test(dtor, U64_MAX, value);
}

/*
 * A kernel with a lower version number may have got the page types of a later
 * one by a backport, and with them the new place of the order. Its note has no
 * other place.
 */
static bool order_is_in_flags(const struct vmcore_note_reader *from,
			      const struct vmcore_field *elsewhere)
{
	u64 ignored;

	return from->version >= ORDER_IN_FLAGS || (!elsewhere->mask &&
	       (vmcore_note_number(from, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)", 10, &ignored) ||
		vmcore_note_number(from, "NUMBER(PG_hugetlb)", 10, &ignored)));
}

static struct vmcore_field make_order_field(const struct vmcore_note_reader *from,
					    struct vmcore_field second_flags)
{
	struct vmcore_field field =
		make_second_byte(from, "OFFSET(page.compound_order)",
				 "OFFSET(folio._folio_order)");

	if (order_is_in_flags(from, &field)) {
		field = second_flags;
		field.mask = 0xff;
	}
	field.max = VMCORE_MAX_UNIT;
	return field;
}

/* Return a test for both flags, or one without a mask if one of them is not known. */
static struct vmcore_test make_both(struct vmcore_test a, struct vmcore_test b)
{
	if (!is_known(&a) || !is_known(&b))
		return (struct vmcore_test) {};
	a.mask |= b.mask;
	a.value |= b.value;
	return a;
}

static u64 need_offset(struct vmcore_note_reader *from, const char *key, u32 bytes)
{
	u64 offset = vmcore_note_need(from, key, 10, 0, get_struct_bytes(from) - bytes);

	if (offset & (bytes - 1) && !from->rules->lacks)
		from->rules->lacks = key;
	return offset;
}

static u64 need_compound_head(struct vmcore_note_reader *from)
{
	u64 ignored;

	if (vmcore_note_number(from, "OFFSET(page.compound_info)", 10, &ignored))
		return need_offset(from, "OFFSET(page.compound_info)", get_long_bytes(from));
	return need_offset(from, "OFFSET(page.compound_head)", get_long_bytes(from));
}

/**
 * struct page_layout - members of a struct page
 * @flags: page.flags
 * @second_flags: flags of the next struct page
 * @type: page._mapcount, which holds the type
 * @mapping: page.mapping, with its flags
 */
struct page_layout {
	struct vmcore_field flags;
	struct vmcore_field second_flags;
	struct vmcore_field type;
	struct vmcore_field mapping;
};

/* Skip a rule whose test is not known because the note lacks an entry for it. */
static void add_known_rule(struct vmcore_rules *rules, struct vmcore_rule rule)
{
	if (is_known(&rule.tests[0]))
		vmcore_add_rule(rules, &rule);
}

static void add_simple(struct vmcore_rules *rules, enum vmcore_class class,
		       struct vmcore_test test)
{
	add_known_rule(rules, (struct vmcore_rule) { .class = class, .tests = { test } });
}

/* Add the rules for blocks of unused memory. */
static void add_blocks(struct vmcore_note_reader *from, struct vmcore_field type)
{
	u32 word = get_long_bytes(from);
	struct vmcore_field order =
		make_field_at(from, need_offset(from, "OFFSET(page.private)", word), word);

	order.max = vmcore_note_need(from, "LENGTH(zone.free_area)", 10, 2,
				     VMCORE_MAX_UNIT + 1) - 1;
	add_known_rule(from->rules, (struct vmcore_rule) {
		.class = VMCORE_CLASS_FREE,
		.tests = { make_type_test(from, type, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)") },
		.order = order,
	});
	add_known_rule(from->rules, (struct vmcore_rule) {
		.class = VMCORE_CLASS_FREE,
		.tests = { make_type_test(from, type, "NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)") },
		.fixed_order = order.max,
	});
}

/* Add the rules for memory of processes. */
static void add_users(struct vmcore_note_reader *from, const struct page_layout *page)
{
	struct vmcore_rules *rules = from->rules;

	add_simple(rules, VMCORE_CLASS_USER, make_value_test(page->mapping, ANON, ANON));
	add_known_rule(rules, (struct vmcore_rule) {
		.class = VMCORE_CLASS_USER,
		.tests = { rules->hugetlb, rules->head },
	});
}

static void add_caches(struct vmcore_note_reader *from, struct vmcore_field flags)
{
	struct vmcore_rules *rules = from->rules;
	struct vmcore_test lru = make_flag_test(from, flags, "NUMBER(PG_lru)");
	struct vmcore_test private = make_flag_test(from, flags, "NUMBER(PG_private)");
	struct vmcore_test swap = make_both(make_flag_test(from, flags, "NUMBER(PG_swapcache)"),
				       make_flag_test(from, flags, "NUMBER(PG_swapbacked)"));

	add_simple(rules, VMCORE_CLASS_PRIVATE, make_both(lru, private));
	add_simple(rules, VMCORE_CLASS_PRIVATE, make_both(swap, private));
	add_simple(rules, VMCORE_CLASS_CACHE, lru);
	add_simple(rules, VMCORE_CLASS_CACHE, swap);
}

/* Test for slab first: the other words of a slab have another meaning. */
static void add_rules(struct vmcore_note_reader *from, const struct page_layout *page)
{
	struct vmcore_rules *rules = from->rules;

	add_simple(rules, VMCORE_CLASS_UNREADABLE,
		   make_flag_test(from, page->flags, "NUMBER(PG_hwpoison)"));
	add_simple(rules, VMCORE_CLASS_KERNEL, make_slab_test(from, page->flags, page->type));
	add_blocks(from, page->type);
	add_simple(rules, VMCORE_CLASS_UNREADABLE,
		   make_type_test(from, page->type, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)"));
	add_users(from, page);
	add_caches(from, page->flags);
}

/**
 * vmcore_infer_rules() - make rules for struct pages from the entries of a note
 * @from: the note; rules->page_words is set
 *
 * If the note has no entry for a class of pages, no page gets that class. If it
 * lacks an entry that is needed, from->rules->lacks is set.
 *
 * Context: Any.
 */
void vmcore_infer_rules(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	struct page_layout page = {};
	u32 word = get_long_bytes(from);
	u64 at;

	at = need_offset(from, "OFFSET(page.flags)", word);
	page.flags = make_field_at(from, at, word);
	page.second_flags = make_field_at(from, at + get_struct_bytes(from), word);
	at = need_offset(from, "OFFSET(page._mapcount)", 4);
	page.type = make_field_at(from, at, 4);
	at = need_offset(from, "OFFSET(page.mapping)", word);
	page.mapping = make_field_at(from, at, word);
	rules->mapping = page.mapping;
	rules->mapping.mask &= ~MAPPING_FLAGS;
	at = need_offset(from, "OFFSET(page._refcount)", 4);
	rules->refcount = make_field_at(from, at, 4);
	rules->refcount.max = S32_MAX;

	at = need_compound_head(from);
	rules->tail = make_value_test(make_field_at(from, at, word), 1, 1);
	at = vmcore_note_need(from, "NUMBER(PG_head_mask)", 10, 1, S64_MAX);
	rules->head = make_value_test(page.flags, at, at);
	rules->compound_order = make_order_field(from, page.second_flags);
	rules->hugetlb = make_hugetlb_test(from, page.second_flags, page.type);
	rules->untyped = make_value_test(page.type, U64_MAX, U64_MAX);
	vmcore_clear_table(rules);
	add_rules(from, &page);
}
