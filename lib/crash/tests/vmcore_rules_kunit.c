// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/filter/stated.c: rules that the crashed kernel states.
 * tests/unit runs this file in user space, too.
 */
#include <linux/sprintf.h>

#include "vmcore_filter_samples.h"
#include "vmcore_rules_compare.h"

#define NOTE_ROOM	(2 * sizeof(note_stated))

static void read_note(struct kunit *test, struct vmcore_rules *rules,
		      const char *note)
{
	KUNIT_ASSERT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, strlen(note)), 0);
}

/* For 6.12, stated and inferred rules are equal. */
static void equal_test(struct kunit *test)
{
	struct vmcore_rules *stated = &sample_alloc(test)->rules;
	struct vmcore_rules *inferred = &sample_alloc(test)->rules;

	read_note(test, stated, note_stated);
	KUNIT_EXPECT_EQ(test, stated->stated, 1);
	KUNIT_EXPECT_STREQ(test, stated->refused, "");
	read_note(test, inferred, note_6_12);
	KUNIT_EXPECT_EQ(test, inferred->stated, 0);
	KUNIT_EXPECT_STREQ(test, inferred->refused, "");
	expect_same_rules(test, stated, inferred);
}

/* None of these entries is needed if rules are stated. */
static void alone_test(struct kunit *test)
{
	static const char * const unneeded[] = {
		"OFFSET(page.flags)", "OFFSET(page._refcount)", "OFFSET(page.mapping)",
		"OFFSET(page._mapcount)", "OFFSET(page.private)",
		"OFFSET(page.compound_head)", "LENGTH(zone.free_area)",
		"NUMBER(PG_lru)", "NUMBER(PG_private)", "NUMBER(PG_swapcache)",
		"NUMBER(PG_swapbacked)", "NUMBER(PG_hwpoison)", "NUMBER(PG_head_mask)",
		"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)",
		"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)", "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)",
	};
	struct vmcore_rules *wanted = &sample_alloc(test)->rules;
	struct vmcore_rules *found = &sample_alloc(test)->rules;
	char *note = kunit_kzalloc(test, sizeof(note_stated), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, note);
	memcpy(note, note_stated, sizeof(note_stated));
	for (i = 0; i < ARRAY_SIZE(unneeded); i++)
		*strstr(note, unneeded[i]) = '#';
	read_note(test, wanted, note_stated);
	read_note(test, found, note);
	expect_same_rules(test, found, wanted);
}

/**
 * struct damage - another value for a line of the rules
 * @key: key of the line
 * @value: its value
 */
struct damage {
	const char *key;
	const char *value;
};

static const struct damage damages[] = {
	/* another version, or a wrong number of rules */
	{ "RULES(page)", "" }, { "RULES(page)", "1" }, { "RULES(page)", "1:a:0" },
	{ "RULES(page)", "0:a" }, { "RULES(page)", "2:a" }, { "RULES(page)", "x:a" },
	{ "RULES(page)", "1:0" }, { "RULES(page)", "1:1000000000000000a" },
	{ "RULES(page)", "100000001:a" },
	/* a word that does not exist; only an order may be in the next struct page */
	{ "RULE(tail)", "8:1:1" }, { "RULE(head)", "8:40:40" },
	{ "RULE(tail)", "ffffffffffffffff:1:1" }, { "RULE(tail)", "100000001:1:1" },
	{ "FIELD(order)", "10:0:ff:12" }, { "FIELD(refcount)", "10:20:ff:ff" },
	{ "FIELD(mapping)", "-1:0:ff:ff" }, { "RULE(0)", "kernel,10:1:1" },
	{ "RULE(1)", "free,6:1:1,10:0:ff:a" },
	/* tests that always match, or never */
	{ "RULE(tail)", "1:0:0" }, { "RULE(head)", "0:40:41" }, { "RULE(9)", "cache,0:0:0" },
	/* numbers that do not fit a word, and orders that are not valid */
	{ "FIELD(order)", "8:40:ff:12" }, { "FIELD(refcount)", "6:21:ffffffff:7f" },
	{ "FIELD(order)", "8:0:0:12" }, { "FIELD(order)", "8:0:ff:0" },
	{ "RULE(1)", "free,6:1:1,5:0:0:a" }, { "RULE(1)", "free,6:1:1,5:0:f:0" },
	{ "RULE(1)", "free,6:1:1,0" }, { "RULE(1)", "free,6:1:1,a,5:0:f:a" },
	{ "RULE(1)", "free,6:1:1,5:0:f:a,5:0:f:a" }, { "RULE(1)", "free,6:1:1,5:0:f:a,a" },
	{ "RULE(1)", "free,6:1:1,a,a" },
	/* classes that do not exist */
	{ "RULE(4)", ",3:1:1" }, { "RULE(4)", "users,3:1:1" }, { "RULE(4)", "use,3:1:1" },
	{ "RULE(4)", "zero,3:1:1" }, { "RULE(4)", "3:1:1" },
	/* no test, too many, or nonsense */
	{ "RULE(4)", "user" }, { "RULE(4)", "user,a" }, { "RULE(4)", "" },
	{ "RULE(4)", "user,0:1:1,1:1:1,2:1:1,3:1:1" }, { "RULE(4)", "user,3:1:1," },
	{ "RULE(4)", "user,,3:1:1" }, { "RULE(4)", "user,3:1" }, { "RULE(4)", "user,3:1:1:" },
	{ "RULE(4)", "user,3:1:1:1:1" }, { "RULE(4)", "user,3:1:g" },
	{ "RULE(4)", "user 3:1:1" }, { "RULE(4)", "user,3: 1:1" },
	{ "RULE(tail)", "1:1" }, { "RULE(tail)", "1:1:1:1" }, { "RULE(head)", "" },
	{ "RULE(hugetlb)", "" }, { "RULE(hugetlb)", "10:1:1" }, { "RULE(hugetlb)", "6:1:2" },
	{ "RULE(untyped)", "6:0:0" }, { "RULE(untyped)", "6:1" },
	{ "RULE(head)", "0:40:40,0:40:40" }, { "FIELD(mapping)", "3:0:f" },
	{ "RULE(9)", "cache,0:11111111111111111:1" },
};

/* Copy note_stated, with another line in one place. */
static void damage_line(char *note, const char *key, const char *line)
{
	const char *at = strstr(note_stated, key);

	snprintf(note, NOTE_ROOM, "%.*s%s%s", (int)(at - note_stated), note_stated,
		 line, strchr(at, '\n'));
}

static void expect_refused(struct kunit *test, const char *note, size_t len,
			   const char *key, const char *what)
{
	struct vmcore_rules *inferred = &sample_alloc(test)->rules;
	struct vmcore_rules *found = &sample_alloc(test)->rules;

	read_note(test, inferred, note_6_12);
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(found, &sample_elf, note, len), 0);
	KUNIT_EXPECT_EQ_MSG(test, found->stated, 0, "%s", what);
	KUNIT_EXPECT_STREQ(test, found->refused, key);
	expect_same_rules(test, found, inferred);
}

static void damaged_line_test(struct kunit *test)
{
	char *note = kunit_kmalloc(test, NOTE_ROOM, GFP_KERNEL);
	const struct damage *this;
	char line[80];

	KUNIT_ASSERT_NOT_NULL(test, note);
	for (this = damages; this < damages + ARRAY_SIZE(damages); this++) {
		snprintf(line, sizeof(line), "%s=%s", this->key, this->value);
		damage_line(note, this->key, line);
		expect_refused(test, note, strlen(note), this->key, line);
	}
}

/* A missing line is reported by its key. */
static void missing_test(struct kunit *test)
{
	static const char * const keys[] = {
		"FIELD(order)", "FIELD(refcount)", "FIELD(mapping)", "RULE(tail)",
		"RULE(head)", "RULE(0)", "RULE(1)", "RULE(4)", "RULE(9)",
	};
	char *note = kunit_kmalloc(test, NOTE_ROOM, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, note);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		damage_line(note, keys[i], "#");
		expect_refused(test, note, strlen(note), keys[i], keys[i]);
	}
	damage_line(note, "RULES(page)", "RULES(page)=1:b");
	expect_refused(test, note, strlen(note), "RULE(a)", "a rule that there is not");
	damage_line(note, "RULES(page)", "RULES(page)=1:-1");
	expect_refused(test, note, strlen(note), "RULE(a)", "as many as can be");
}

/* Copy note_stated, and add rules of one word each. */
static size_t append_rules(char *note, u32 more, u32 words)
{
	size_t len;
	char line[32];
	u32 i;

	snprintf(line, sizeof(line), "RULES(page)=1:%x", 10 + more);
	damage_line(note, "RULES(page)", line);
	len = strlen(note);
	for (i = 0; i < more; i++)
		len += snprintf(note + len, NOTE_ROOM - len,
				"RULE(%x)=user,%x:100:100\n", 10 + i, i % words);
	return len;
}

/* Fill the tables of rules and of words, then add one more. */
static void limits_test(struct kunit *test)
{
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	char *note = kunit_kmalloc(test, NOTE_ROOM, GFP_KERNEL);
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, note);
	/* Two of the ten rules are about unreadable pages and go to another table. */
	len = append_rules(note, VMCORE_MAX_RULES - 8, 1);
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, len), 0);
	KUNIT_EXPECT_EQ(test, rules->stated, 1);
	KUNIT_EXPECT_EQ(test, rules->nr_rules, VMCORE_MAX_RULES);
	len = append_rules(note, VMCORE_MAX_RULES - 8 + 1, 1);
	expect_refused(test, note, len, "RULE(1a)", "too many rules");

	/* The rules so far test words 0, 3 and 6. */
	len = append_rules(note, VMCORE_MAX_ASKED, VMCORE_MAX_ASKED);
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, len), 0);
	KUNIT_EXPECT_EQ(test, rules->stated, 1);
	KUNIT_EXPECT_EQ(test, rules->nr_asked, VMCORE_MAX_ASKED);
	len = append_rules(note, VMCORE_MAX_ASKED + 1, VMCORE_MAX_ASKED + 1);
	expect_refused(test, note, len, "RULE(12)", "too many words");

	/* Orders above the limit are reduced to it. */
	damage_line(note, "RULE(1)", "RULE(1)=free,6:1:1,5:0:ff:13");
	read_note(test, rules, note);
	KUNIT_EXPECT_EQ(test, rules->table[0].order.max, VMCORE_MAX_UNIT);
	damage_line(note, "RULE(1)", "RULE(1)=free,6:1:1,13");
	read_note(test, rules, note);
	KUNIT_EXPECT_EQ(test, rules->table[0].fixed_order, VMCORE_MAX_UNIT);
	damage_line(note, "FIELD(order)", "FIELD(order)=8:0:ff:ff");
	read_note(test, rules, note);
	KUNIT_EXPECT_EQ(test, rules->compound_order.max, VMCORE_MAX_UNIT);
}

/* A note that was cut off anywhere within the rules has no valid rules. */
static void cut_test(struct kunit *test)
{
	size_t from = strstr(note_stated, "RULES(page)=") - note_stated;
	size_t whole = strlen(note_stated), len;
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	char *note;

	for (len = from; len < whole; len++) {
		note = kunit_kmalloc(test, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, note);
		memcpy(note, note_stated, len);
		KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, len), 0);
		KUNIT_EXPECT_EQ_MSG(test, rules->stated, 0, "%u", (u32)len);
	}
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note_stated, whole), 0);
	KUNIT_EXPECT_EQ(test, rules->stated, 1);
}

/* Some kernels do not state these lines. Then less is known. */
static void optional_test(struct kunit *test)
{
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	char *note = kunit_kzalloc(test, sizeof(note_stated), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, note);
	memcpy(note, note_stated, sizeof(note_stated));
	*strstr(note, "RULE(hugetlb)") = '#';
	*strstr(note, "RULE(untyped)") = '#';
	*strstr(note, "OFFSET(page.lru)") = '#';
	read_note(test, rules, note);
	KUNIT_EXPECT_EQ(test, rules->stated, 1);
	KUNIT_EXPECT_EQ(test, rules->hugetlb.mask, 0);
	KUNIT_EXPECT_EQ(test, rules->untyped.mask, 0);
	KUNIT_EXPECT_EQ(test, rules->list_word, rules->page_words);
}

/*
 * A kernel that does not exist, with all members at other places: in word 7 the
 * type (bits 48 to 55) and the reference count (0 to 31), in word 4 flags, in
 * word 2 the mapping without its upper 16 bits. In a second page, word 5 has
 * the order (bits 8 to 15), and word 0 has its highest bit set. Types have
 * their own numbers, and blocks of free memory have their order in the type's
 * word. The other lines of the note are wrong for this kernel.
 */
static const char note_future[] = "OSRELEASE=9.0.1\n"
	NOTE_COMMON NOTE_HEAD NOTE_TYPES
	"RULES(page)=1:8\n"
	"FIELD(order)=d:8:ff:12\n"
	"FIELD(refcount)=7:0:ffffffff:ffff\n"
	"FIELD(mapping)=0:0:0:0\n"
	"RULE(tail)=0:8000000000000000:8000000000000000\n"
	"RULE(head)=4:1:1\n"
	"RULE(0)=free,7:ff000000000000:1000000000000,7:28:1f:c\n"
	"RULE(1)=free,7:ff000000000000:2000000000000,5\n"
	"RULE(2)=kernel,7:ff000000000000:3000000000000\n"
	"RULE(3)=unreadable,7:ff000000000000:4000000000000\n"
	"RULE(4)=user,4:1:1,7:ff000000000000:5000000000000,d:f0000:70000\n"
	"RULE(5)=user,2:3000000000000:1000000000000\n"
	"RULE(6)=private-cache,4:6:6\n"
	"RULE(7)=cache,4:2:2\n"
	"SOMETHING(else)=that a later kernel says\n";

/**
 * struct future_case - a struct page of that kernel
 * @what: name of the case
 * @types: word 7
 * @flags: word 4
 * @mapping: word 2
 * @second: word 5 of the next struct page, which is a tail if this is not 0
 * @class: expected class of the page
 * @order: expected order of the unit
 */
struct future_case {
	const char *what;
	u64 types, flags, mapping, second;
	enum vmcore_class class;
	u32 order;
};

static const struct future_case future_cases[] = {
	{ "nothing said", 1, 0, 0, 0, VMCORE_CLASS_KERNEL, 0 },
	{ "free block", 3ULL << 40 | 1ULL << 48, 0, 0, 0, VMCORE_CLASS_FREE, 3 },
	{ "free page", 1ULL << 48, 0, 0, 0, VMCORE_CLASS_FREE, 0 },
	{ "block of an absurd order", 13ULL << 40 | 1ULL << 48, 0, 0, 0,
	  VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "free, but referred to", 3ULL << 40 | 1ULL << 48 | 1, 0, 0, 0,
	  VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "block of one size", 2ULL << 48, 0, 0, 0, VMCORE_CLASS_FREE, 5 },
	{ "of the kernel, whatever else", 3ULL << 48 | 1, 6, 1ULL << 48, 0,
	  VMCORE_CLASS_KERNEL, 0 },
	{ "taken away", 4ULL << 48 | 1, 0, 0, 0, VMCORE_CLASS_UNREADABLE, 0 },
	{ "huge page", 5ULL << 48 | 1, 1, 0, 0x70500, VMCORE_CLASS_USER, 5 },
	{ "of another kind", 5ULL << 48 | 1, 1, 0, 0x60500, VMCORE_CLASS_KERNEL, 5 },
	{ "of a process", 1, 0, 1ULL << 48 | 0x1234, 0, VMCORE_CLASS_USER, 0 },
	{ "cache", 1, 2, 0, 0, VMCORE_CLASS_CACHE, 0 },
	{ "large folio", 1, 3, 0, 0x400, VMCORE_CLASS_CACHE, 4 },
	{ "cache of a file system", 1, 6, 2ULL << 48, 0, VMCORE_CLASS_PRIVATE, 0 },
	{ "too many references", 0x10000, 2, 0, 0, VMCORE_CLASS_UNCLASSIFIED, 0 },
	{ "compound page without end", 1, 3, 0, 0, VMCORE_CLASS_UNCLASSIFIED, 0 },
};

static struct vmcore_unit classify_future(struct sample *sample,
					  const struct future_case *this)
{
	u64 page[2 * SAMPLE_WORDS] = {
		[2] = this->mapping, [4] = this->flags, [7] = this->types,
		[SAMPLE_WORDS] = this->second ? 1ULL << 63 : 0,
		[SAMPLE_WORDS + 5] = this->second,
	};

	return vmcore_classify(&sample->rules, &sample->map.seen, page, 64);
}

static void future_test(struct kunit *test)
{
	struct sample *stated = sample_create(test, note_future);
	struct sample *inferred = sample_alloc(test);
	const struct future_case *this;
	struct vmcore_unit unit, other;
	unsigned int wrong = 0;

	KUNIT_EXPECT_EQ(test, stated->rules.stated, 1);
	KUNIT_ASSERT_EQ(test, vmcore_rules_init(&inferred->rules, &sample_elf, note_future,
						strstr(note_future, "RULES(page)") -
						note_future), 0);
	for (this = future_cases; this < future_cases + ARRAY_SIZE(future_cases); this++) {
		unit = classify_future(stated, this);
		KUNIT_EXPECT_EQ_MSG(test, unit.class, this->class, "%s", this->what);
		KUNIT_EXPECT_EQ_MSG(test, unit.order, this->order, "%s", this->what);
		other = classify_future(inferred, this);
		wrong += other.class != unit.class || other.order != unit.order;
	}
	/* Without the stated rules, most pages are classified wrongly. */
	KUNIT_EXPECT_GT(test, wrong, ARRAY_SIZE(future_cases) / 2);
}

static struct kunit_case rules_cases[] = {
	KUNIT_CASE(equal_test),
	KUNIT_CASE(alone_test),
	KUNIT_CASE(damaged_line_test),
	KUNIT_CASE(missing_test),
	KUNIT_CASE(limits_test),
	KUNIT_CASE(cut_test),
	KUNIT_CASE(optional_test),
	KUNIT_CASE(future_test),
	{}
};

static struct kunit_suite rules_suite = {
	.name = "vmcore_rules",
	.test_cases = rules_cases,
};

kunit_test_suite(rules_suite);
