// SPDX-License-Identifier: GPL-2.0
/*
 * The second part of vmcoreinfo: rules that classify pages by their struct
 * pages. Readers apply them without knowing this kernel.
 *
 * Documentation/kdump.txt, 5.4, describes the form of the lines, and when
 * VERSION has to be raised. lib/crash/filter/stated.c reads them.
 */
#include <linux/bits.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/seq_buf.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/vmcore_info.h>

#include "crash_internal.h"

#define VERSION		1

/**
 * struct place - place of a number
 * @offset: offset in a struct page, or in the two struct pages of a folio
 * @size: size of the number, bytes
 */
struct place {
	size_t offset;
	size_t size;
};

#define IN_PAGE(member) \
	{ offsetof(struct page, member), sizeof_field(struct page, member) }
#define IN_FOLIO(member) \
	{ offsetof(struct folio, member), sizeof_field(struct folio, member) }

/**
 * struct page_test - a test of a struct page
 * @place: the number that is tested
 * @mask: the bits that are compared; 0: no test
 * @value: the bits that the number must have
 */
struct page_test {
	struct place place;
	u64 mask;
	u64 value;
};

#define FLAGS(bits)	{ IN_PAGE(flags), (bits), (bits) }
/* Compare only the top byte: for other types, the owner may use the lower bytes. */
#define TYPE(type)	{ IN_PAGE(page_type), U32_MAX, (u32)(type) << 24 }

/**
 * struct page_field - a number in a struct page
 * @place: place of the number
 * @mask: its bits; 0: there is no such number
 * @max: the largest value that makes sense
 */
struct page_field {
	struct place place;
	u64 mask;
	u64 max;
};

/**
 * struct page_rule - the class of pages that match all tests
 * @class: the class, by the name that readers use
 * @tests: the tests
 * @order: the field with the order of the unit
 * @fixed_order: the order itself; without both, the unit is one page or a
 *	compound page
 */
struct page_rule {
	const char *class;
	struct page_test tests[2];
	struct page_field order;
	unsigned int fixed_order;
};

#define LRU		BIT(PG_lru)
#define PRIVATE		BIT(PG_private)
/* PG_swapcache alone has another meaning for other pages. */
#define SWAPCACHE	(BIT(PG_swapcache) | BIT(PG_swapbacked))

static const struct page_test tail __initconst = {
	.place = IN_PAGE(compound_head),
	.mask = 1,
	.value = 1,
};

static const struct page_test head __initconst = FLAGS(BIT(PG_head));

static const struct page_test hugetlb __initconst = TYPE(PGTY_hugetlb);
static const struct page_test untyped __initconst = {
	.place = IN_PAGE(page_type),
	.mask = U32_MAX,
	.value = U32_MAX,
};

static struct page_field order __initdata = {
	.place = IN_FOLIO(_flags_1),
	.mask = 0xff,
};

static const struct page_field refcount __initconst = {
	.place = IN_PAGE(_refcount),
	.mask = U32_MAX,
	.max = INT_MAX,
};

static const struct page_field mapping __initconst = {
	.place = IN_PAGE(mapping),
	.mask = ULONG_MAX - PAGE_MAPPING_FLAGS,
	.max = ULONG_MAX,
};

/* The order matters: a word that a rule tests may have another meaning before it. */
static const struct page_rule page_rules[] __initconst = {
#ifdef CONFIG_MEMORY_FAILURE
	{ "unreadable", { FLAGS(BIT(PG_hwpoison)) } },
#endif
	{ "kernel", { TYPE(PGTY_slab) } },
	{ "free", { TYPE(PGTY_buddy) },
	  .order = { IN_PAGE(private), ULONG_MAX, MAX_PAGE_ORDER } },
#ifdef CONFIG_UNACCEPTED_MEMORY
	{ "free", { TYPE(PGTY_unaccepted) }, .fixed_order = MAX_PAGE_ORDER },
#endif
	{ "unreadable", { TYPE(PGTY_offline) } },
	{ "user", { { IN_PAGE(mapping), PAGE_MAPPING_ANON, PAGE_MAPPING_ANON } } },
	{ "user", { TYPE(PGTY_hugetlb), FLAGS(BIT(PG_head)) } },
	{ "private-cache", { FLAGS(LRU | PRIVATE) } },
	{ "private-cache", { FLAGS(SWAPCACHE | PRIVATE) } },
	{ "cache", { FLAGS(LRU) } },
	{ "cache", { FLAGS(SWAPCACHE) } },
};

static unsigned int word_of(struct place place)
{
	return place.offset / sizeof(u64);
}

/* Return the distance from the lowest bit of the word to the lowest bit of the number. */
static unsigned int shift_of(struct place place)
{
	unsigned int before = place.offset % sizeof(u64);
	unsigned int behind = sizeof(u64) - place.size - before;

	return BITS_PER_BYTE *
	       (IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) ? behind : before);
}

static void __init print_test(struct seq_buf *text, const struct page_test *test)
{
	unsigned int shift = shift_of(test->place);

	seq_buf_printf(text, "%x:%llx:%llx", word_of(test->place),
		       test->mask << shift, test->value << shift);
}

static void __init print_field(struct seq_buf *text,
			       const struct page_field *field)
{
	seq_buf_printf(text, "%x:%x:%llx:%llx", word_of(field->place),
		       shift_of(field->place), field->mask, field->max);
}

static void __init add_test(struct seq_buf *text, const char *name,
			    const struct page_test *test)
{
	seq_buf_printf(text, "RULE(%s)=", name);
	print_test(text, test);
	seq_buf_puts(text, "\n");
}

static void __init add_field(struct seq_buf *text, const char *name,
			     const struct page_field *field)
{
	seq_buf_printf(text, "FIELD(%s)=", name);
	print_field(text, field);
	seq_buf_puts(text, "\n");
}

static void __init add_rule(struct seq_buf *text, unsigned int nr,
			    const struct page_rule *rule)
{
	unsigned int i;

	seq_buf_printf(text, "RULE(%x)=%s", nr, rule->class);
	for (i = 0; i < ARRAY_SIZE(rule->tests) && rule->tests[i].mask; i++) {
		seq_buf_puts(text, ",");
		print_test(text, &rule->tests[i]);
	}
	if (rule->order.mask) {
		seq_buf_puts(text, ",");
		print_field(text, &rule->order);
	}
	if (rule->fixed_order)
		seq_buf_printf(text, ",%x", rule->fixed_order);
	seq_buf_puts(text, "\n");
}

/**
 * vmcoreinfo_add_rules - add rules for struct pages to vmcoreinfo
 *
 * All rules are added, or none. 32-bit kernels add none: no reader supports
 * them.
 *
 * Context: Boot, after all other additions to vmcoreinfo, which matter more.
 */
void __init vmcoreinfo_add_rules(void)
{
	DECLARE_SEQ_BUF(text, VMCOREINFO_RULE_BYTES);
	unsigned int i;

	if (!IS_ENABLED(CONFIG_64BIT))
		return;
	seq_buf_printf(&text, "RULES(page)=%x:%zx\n", VERSION,
		       ARRAY_SIZE(page_rules));
	/* No constant where the sizes of page tables are known at run time only. */
	order.max = ilog2(MAX_FOLIO_NR_PAGES);
	add_field(&text, "order", &order);
	add_field(&text, "refcount", &refcount);
	add_field(&text, "mapping", &mapping);
	add_test(&text, "tail", &tail);
	add_test(&text, "head", &head);
	add_test(&text, "hugetlb", &hugetlb);
	add_test(&text, "untyped", &untyped);
	for (i = 0; i < ARRAY_SIZE(page_rules); i++)
		add_rule(&text, i, &page_rules[i]);
	if (!WARN_ON_ONCE(seq_buf_has_overflowed(&text)))
		vmcoreinfo_append_str("%s", seq_buf_str(&text));
}
