// SPDX-License-Identifier: GPL-2.0
/*
 * Reads rules for struct pages that the crashed kernel states itself, as lines
 * of its note. Documentation/kdump.txt, 5.4, describes their form.
 *
 * This file does not contain the flags and types of any kernel, so it can read
 * the rules of kernels that are younger than this one.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "arch.h"

#define VERSION		1
/* Size of the words that rules refer to. */
#define WORD_BYTES	8

/* The number of numbers in a term determines its meaning. */
#define ORDER_NUMBERS	1
#define TEST_NUMBERS	3
#define FIELD_NUMBERS	4
#define MAX_NUMBERS	4

/**
 * struct piece - a part of a line
 * @at: its first character; NULL if nothing is left
 * @end: its end
 */
struct piece {
	const char *at;
	const char *end;
};

/* Take the text before the next delimiter, or all that is left. */
static bool take_piece(struct piece *from, char delimiter, struct piece *piece)
{
	const char *found;

	if (!from->at)
		return false;
	found = memchr(from->at, delimiter, from->end - from->at);
	piece->at = from->at;
	piece->end = found ?: from->end;
	from->at = found ? found + 1 : NULL;
	return true;
}

/* Find a line. Keep its key in rules->refused in case the line makes no sense. */
static bool find_line(struct vmcore_note_reader *from, const char *key,
		      struct piece *line)
{
	struct vmcore_rules *rules = from->rules;
	size_t len;

	snprintf(rules->refused, sizeof(rules->refused), "%s", key);
	line->at = vmcore_note_find(from, key, &len);
	if (!line->at)
		return false;
	line->end = line->at + len;
	return true;
}

/* Read numbers with colons between them. Return their number, 0 after an error. */
static u32 read_numbers(struct piece term, u64 *numbers)
{
	struct piece piece;
	u32 nr = 0;

	while (take_piece(&term, ':', &piece)) {
		if (nr == MAX_NUMBERS ||
		    !vmcore_parse_number(piece.at, piece.end - piece.at, 16,
					 &numbers[nr++]))
			return 0;
	}
	return nr;
}

static bool make_test(const u64 *numbers, u32 words, struct vmcore_test *test)
{
	u64 word = numbers[0], mask = numbers[1], value = numbers[2];

	if (word >= words || !mask || value & ~mask)
		return false;
	*test = (struct vmcore_test) { .word = word, .mask = mask, .value = value };
	return true;
}

static bool make_field(const u64 *numbers, u32 words, struct vmcore_field *field)
{
	u64 word = numbers[0], shift = numbers[1], mask = numbers[2];

	if (word >= words || shift >= 64 || mask << shift >> shift != mask)
		return false;
	*field = (struct vmcore_field) {
		.word = word, .shift = shift, .mask = mask, .max = numbers[3],
	};
	return true;
}

/* Limit the order to the largest unit that this code can handle. */
static bool make_order(const u64 *numbers, u32 words, struct vmcore_field *order)
{
	if (!make_field(numbers, words, order) || !order->mask || !order->max)
		return false;
	order->max = min(order->max, VMCORE_MAX_UNIT);
	return true;
}

static bool read_test(struct vmcore_note_reader *from, const char *key,
		      struct vmcore_test *test)
{
	u64 numbers[MAX_NUMBERS];
	struct piece line;

	return find_line(from, key, &line) &&
	       read_numbers(line, numbers) == TEST_NUMBERS &&
	       make_test(numbers, from->rules->page_words, test);
}

/* Read a test that may also be about the next struct page. The line is optional. */
static bool read_optional(struct vmcore_note_reader *from, const char *key,
			  struct vmcore_test *test)
{
	u64 numbers[MAX_NUMBERS];
	struct piece line;

	if (!find_line(from, key, &line))
		return true;
	return read_numbers(line, numbers) == TEST_NUMBERS &&
	       make_test(numbers, 2 * from->rules->page_words, test);
}

static bool read_number(struct vmcore_note_reader *from, const char *key,
			bool (*make)(const u64 *numbers, u32 words,
				     struct vmcore_field *field),
			struct vmcore_field *field)
{
	u64 numbers[MAX_NUMBERS];
	struct piece line;

	return find_line(from, key, &line) &&
	       read_numbers(line, numbers) == FIELD_NUMBERS &&
	       make(numbers, 2 * from->rules->page_words, field);
}

static bool read_class(struct piece name, enum vmcore_class *class)
{
	size_t len = name.end - name.at;

	/* No rule finds zeros: the page has to be read for that. */
	for (*class = VMCORE_CLASS_ZERO + 1; *class < VMCORE_NR_CLASSES; ++*class) {
		const char *known = vmcore_class_names[*class];

		if (strlen(known) == len && !memcmp(known, name.at, len))
			return true;
	}
	return false;
}

static bool read_term(struct piece term, u32 words, struct vmcore_rule *rule)
{
	bool has_order = rule->fixed_order || rule->order.mask;
	struct vmcore_test *test = rule->tests;
	u64 numbers[MAX_NUMBERS];

	switch (read_numbers(term, numbers)) {
	case ORDER_NUMBERS:
		rule->fixed_order = min(numbers[0], VMCORE_MAX_UNIT);
		return rule->fixed_order && !has_order;
	case TEST_NUMBERS:
		while (test->mask) {
			if (++test == rule->tests + VMCORE_RULE_TESTS)
				return false;
		}
		return make_test(numbers, words, test);
	case FIELD_NUMBERS:
		return !has_order && make_order(numbers, words, &rule->order);
	default:
		return false;
	}
}

static bool read_rule(struct vmcore_note_reader *from, u32 nr)
{
	struct vmcore_rule rule = {};
	struct piece line, term;
	char key[16];

	snprintf(key, sizeof(key), "RULE(%x)", nr);
	if (!find_line(from, key, &line) || !take_piece(&line, ',', &term) ||
	    !read_class(term, &rule.class))
		return false;
	while (take_piece(&line, ',', &term)) {
		if (!read_term(term, 2 * from->rules->page_words, &rule))
			return false;
	}
	return rule.tests[0].mask && vmcore_add_rule(from->rules, &rule);
}

static bool read_table(struct vmcore_note_reader *from, u64 nr)
{
	u32 i;

	vmcore_clear_table(from->rules);
	for (i = 0; i < nr; i++) {
		if (!read_rule(from, i))
			return false;
	}
	return true;
}

/* Check the version and read the number of rules. */
static bool read_head(struct vmcore_note_reader *from, u64 *nr)
{
	u64 numbers[MAX_NUMBERS];
	struct piece line;

	if (!find_line(from, "RULES(page)", &line) ||
	    read_numbers(line, numbers) != 2)
		return false;
	*nr = numbers[1];
	return numbers[0] == VERSION && *nr;
}

/**
 * vmcore_read_rules() - read the rules that a note states for struct pages
 * @from: the note; rules->page_words is set
 *
 * All rules are taken, or none: if one makes no sense, from->rules->refused is
 * its key.
 *
 * Context: Any.
 * Return: true if the note has rules, and all of them make sense.
 */
bool vmcore_read_rules(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	size_t len;
	u64 nr;

	if (!vmcore_note_find(from, "RULES(page)", &len))
		return false;
	if (!read_head(from, &nr) || rules->arch->word_bytes != WORD_BYTES ||
	    !read_number(from, "FIELD(order)", make_order, &rules->compound_order) ||
	    !read_number(from, "FIELD(refcount)", make_field, &rules->refcount) ||
	    !read_number(from, "FIELD(mapping)", make_field, &rules->mapping) ||
	    !read_test(from, "RULE(tail)", &rules->tail) ||
	    !read_test(from, "RULE(head)", &rules->head) ||
	    !read_optional(from, "RULE(hugetlb)", &rules->hugetlb) ||
	    !read_optional(from, "RULE(untyped)", &rules->untyped) ||
	    !read_table(from, nr))
		return false;
	rules->refused[0] = '\0';
	rules->stated = VERSION;
	return true;
}
