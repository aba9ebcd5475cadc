// SPDX-License-Identifier: GPL-2.0
/*
 * vmcoreinfo, continued: what a struct page of this kernel says about its page, as
 * rules that a reader can go by without knowing this kernel.
 *
 * Documentation/kdump.txt, 5.4, describes the form of the lines, and when VERSION has
 * to be raised; lib/crash/filter/stated.c reads them.
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
 * struct place - where a number is
 * @offset: of its bytes, in a struct page or the two behind each other of a folio
 * @size: how many
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
 * struct page_test - a question to a struct page
 * @place: which of its numbers
 * @mask: the bits that matter; 0: no question
 * @value: what they are if the answer is yes
 */
struct page_test {
	struct place place;
	u64 mask;
	u64 value;
};

#define FLAGS(bits)	{ IN_PAGE(flags), (bits), (bits) }
/* An owner may put something into the lower bits: not those of these types. */
#define TYPE(type)	{ IN_PAGE(page_type), U32_MAX, (u32)(type) << 24 }

/**
 * struct page_field - a number in a struct page
 * @place: where it is
 * @mask: its bits; 0: there is none
 * @max: the largest that makes sense
 */
struct page_field {
	struct place place;
	u64 mask;
	u64 max;
};

/**
 * struct page_rule - what a page is if all tests are met
 * @class: that, by the name that readers know
 * @tests: the questions
 * @order: where the struct page says how many pages it speaks for
 * @fixed_order: that itself; without both, it speaks for one, or a compound page
 */
struct page_rule {
	const char *class;
	struct page_test tests[2];
	struct page_field order;
	unsigned int fixed_order;
};

#define LRU		BIT(PG_lru)
#define PRIVATE		BIT(PG_private)
/* The first of the flags alone means something else, for other pages. */
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

static const struct page_field order __initconst = {
	.place = IN_FOLIO(_flags_1),
	.mask = 0xff,
	.max = ilog2(MAX_FOLIO_NR_PAGES),
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

/* In this order: what another rule asks may mean something else for the first. */
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

/* How far the number's lowest bit is from that of the word. */
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
 * All of them or none. 32-bit kernels, for which there is no reader, state none.
 *
 * Context: Boot, last of all that adds to vmcoreinfo: other entries matter more.
 */
void __init vmcoreinfo_add_rules(void)
{
	DECLARE_SEQ_BUF(text, VMCOREINFO_RULE_BYTES);
	unsigned int i;

	if (!IS_ENABLED(CONFIG_64BIT))
		return;
	seq_buf_printf(&text, "RULES(page)=%x:%zx\n", VERSION,
		       ARRAY_SIZE(page_rules));
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
