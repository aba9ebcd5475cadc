// SPDX-License-Identifier: GPL-2.0
/*
 * crashkernel= read by lib/crash/param.c and by the stock kernel's own parser: all
 * differences are in the list of reasons below, and no machine that reserves memory
 * with the stock kernel does without it here for another reason.
 */
#include "param_lines.h"
#include "stock_param.h"
#include "unit.h"
#include <linux/crash_param.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB	(1024ULL * 1024)
#define GIB	(1024 * MIB)

/* What is reserved; all 0 if nothing is. */
struct outcome {
	unsigned long long size, base, low;
	bool high;
};

static struct outcome ask_stock(const char *line, u64 ram)
{
	struct outcome got = {};
	char *copy = strdup(line);

	if (!copy)
		abort();
	if (stock_parse_crashkernel(copy, ram, &got.size, &got.base, &got.low, &got.high))
		got = (struct outcome){};
	free(copy);
	return got;
}

static struct outcome ask_ours(const char *line, u64 ram)
{
	struct crashkernel_error err;
	struct crashkernel_spec spec;

	if (crashkernel_parse(line, ram, &spec, &err) || !spec.size)
		return (struct outcome){};
	return (struct outcome){
		.size = spec.size,
		.base = spec.base,
		.high = spec.high,
		.low = spec.low_given ? spec.low_size :
		       spec.high ? DEFAULT_CRASH_KERNEL_LOW_SIZE : 0,
	};
}

static bool same(struct outcome one, struct outcome other)
{
	return one.size == other.size && one.base == other.base && one.low == other.low &&
	       one.high == other.high;
}

static bool has_tail(const char *text, const char *tail)
{
	size_t len = strlen(text);

	return len >= strlen(tail) && !strcmp(text + len - strlen(tail), tail);
}

/*
 * Add an option to the line for the stock parser: without the quotes around the word
 * or its value. A blank that they protect becomes junk of another kind, and so does a
 * second name.
 */
static void add_option(char *to, char *word)
{
	bool quoted = word[0] == '"', cut = false;
	char *value, *at;

	word += quoted;
	if (quoted && has_tail(word, "\"")) {
		word[strlen(word) - 1] = '\0';
		cut = true;
	}
	if (strncmp(word, "crashkernel=", 12))
		return;
	value = word + 12;
	if (*value == '"') {
		value++;
		if (!cut && has_tail(value, "\""))
			value[strlen(value) - 1] = '\0';
	}
	for (at = value; *at; at++)
		if (isspace((unsigned char)*at))
			*at = '_';
	while ((at = strstr(value, "crashkernel=")))
		at[1] = '_';
	sprintf(to + strlen(to), " crashkernel=%s", value);
}

/*
 * The line as the stock parser has to be given it to see the words that the parser of
 * all other options sees. By itself it splits at blanks, not at tabs, knows no quotes,
 * and finds the name within other words.
 */
static void make_plain(const char *line, char *to)
{
	char word[PARAM_LINE_MAX];
	bool in_quote = false;
	size_t len = 0;

	*to = '\0';
	for (;; line++) {
		if (*line && (in_quote || !isspace((unsigned char)*line))) {
			in_quote ^= *line == '"';
			word[len++] = *line;
			continue;
		}
		word[len] = '\0';
		if (len)
			add_option(to, word);
		if (!*line)
			return;
		len = 0;
	}
}

/* The value of the last option without ",high" or ",low" in a plain line. */
static char *last_value(char *plain)
{
	char *found = NULL, *word, *next = plain;

	while ((word = strtok_r(next, " ", &next)))
		if (!has_tail(word, ",high") && !has_tail(word, ",low"))
			found = word + strlen("crashkernel=");
	return found;
}

/* Is a range of another machine in the list that reserves as much as this one has? */
static bool has_large_range(char *value, u64 ram)
{
	u64 sold = roundup(ram, 128 * MIB);

	for (;;) {
		memparse(value, &value);
		if (*value++ != '-')
			return false;
		if (*value != ':')
			memparse(value, &value);
		if (*value++ != ':')
			return false;
		if (memparse(value, &value) >= sold)
			return true;
		if (*value++ != ',')
			return false;
	}
}

/* Why the two differ. */
enum reason {
	SAME,
	WORDS,		/* the line is split into words as for all other options */
	AUTO,		/* a form that the stock parser does not have */
	TOO_LARGE,	/* a number or a region does not fit in 64 bits: stock wraps around */
	OTHER_RANGE,	/* stock refuses a size that is for machines with more RAM */
	UNKNOWN,
	REASONS
};

static enum reason find_reason(const char *line, u64 ram)
{
	struct outcome ours = ask_ours(line, ram), raw = ask_stock(line, ram), stock;
	char plain[2 * PARAM_LINE_MAX], *value;
	struct crashkernel_error err;
	struct crashkernel_spec spec;

	if (same(ours, raw))
		return SAME;
	make_plain(line, plain);
	stock = ask_stock(plain, ram);
	if (same(ours, stock))
		return WORDS;
	if (!ours.size) {
		crashkernel_parse(line, ram, &spec, &err);
		return err.reason && strstr(err.reason, "64 bits") ? TOO_LARGE : UNKNOWN;
	}
	value = last_value(plain);
	if (stock.size || !value)
		return UNKNOWN;
	if (!strcmp(value, "auto"))
		return ours.size == crashkernel_auto_size(ram) ? AUTO : UNKNOWN;
	return has_large_range(value, ram) ? OTHER_RANGE : UNKNOWN;
}

/**
 * struct field_line - options that machines are started with
 * @line: the same
 * @reason: why the parsers differ, for any amount of RAM
 */
struct field_line {
	const char *line;
	enum reason reason;
};

static const struct field_line field_lines[] = {
	{ "crashkernel=2304-8G:256M,8G-:512M", SAME },
	{ "crashkernel=384M-2G:64M,2G-:128M", SAME },
	{ "crashkernel=384M-:128M", SAME },
	{ "crashkernel=512M-:192M", SAME },
	{ "crashkernel=512M-:1024M", SAME },
	{ "crashkernel=2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M", SAME },
	{ "crashkernel=0M-2G:128M,2G-6G:256M,6G-8G:512M,8G-:768M", SAME },
	{ "crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M", SAME },
	{ "crashkernel=2G-64G:256M,64G-:512M", SAME },
	{ "crashkernel=130M@0M", SAME },
	{ "crashkernel=256M@0", SAME },
	{ "crashkernel=768M@0x400100000000", SAME },
	{ "crashkernel=512M,high crashkernel=72M,low", SAME },
	{ "crashkernel=219M,high crashkernel=72M,low", SAME },
	{ "crashkernel=256M,high crashkernel=64M,low", SAME },
	{ "crashkernel=512M,high crashkernel=0M,low", SAME },
	{ "crashkernel=4G crashkernel=512M,high crashkernel=512M,low", SAME },
	{ "crashkernel=4G crashkernel=512M,low", SAME },
	{ "crashkernel=4G@0xe0000000", SAME },
	{ "crashkernel=512M@0xde000000", SAME },
	{ "crashkernel=4G,high", SAME },
	{ "crashkernel=512M,high crashkernel=junk,low", SAME },
	{ "crashkernel=auto crashkernel=512M", SAME },
	{ "crashkernel=512M crashkernel=512M", SAME },
	{ "crashkernel=300M", SAME },
	{ "crashkernel=256M", SAME },
	{ "crashkernel=192M", SAME },
	{ "crashkernel=144M", SAME },
	{ "crashkernel=160M", SAME },
	{ "crashkernel=96M", SAME },
	{ "crashkernel=1024M,high", SAME },
	{ "crashkernel=\"384M-:128M\"", WORDS },
	{ "\"crashkernel=384M-:128M\"", SAME },
	/* what is doubtful, and taken */
	{ "crashkernel=128M@", SAME },
	{ "crashkernel=128M@16Mx", SAME },
	{ "crashkernel=1G-:128M,", SAME },
	{ "crashkernel=1G-:256M@16M,", SAME },
	{ "crashkernel=1G-64G:256M@16Mfoo", SAME },
	{ "crashkernel=512M-:256M:512M", SAME },
	{ "crashkernel=128M -- crashkernel=64M", SAME },
	{ "crashkernel=auto", AUTO },
	/* names and words that are not the option */
	{ "crashkernel=64M xcrashkernel=128M", WORDS },
	{ "crashkernel=128M fadump_crashkernel=64M", WORDS },
	{ "crashkernel=128M\tbar", WORDS },
	{ "crashkernel=128M\n", WORDS },
};

static void field_test(struct kunit *test)
{
	static const u64 rams[] = { GIB, 2 * GIB, 4 * GIB, 8 * GIB, 64 * GIB };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(field_lines); i++)
		for (j = 0; j < ARRAY_SIZE(rams); j++)
			KUNIT_EXPECT_EQ_MSG(test, find_reason(field_lines[i].line, rams[j]),
					    field_lines[i].reason, "'%s' at %llu MiB",
					    field_lines[i].line, rams[j] / MIB);
}

/* How often each reason was met; a test that meets none of a kind tests too little. */
static unsigned long met[REASONS];

static void compare_random(struct kunit *test, u64 seed)
{
	static const u64 rams[] = {
		3 * MIB, 512 * MIB, GIB, 4 * GIB - 3 * MIB, 64 * GIB, 1ULL << 46
	};
	u64 random = seed;
	enum reason reason;
	unsigned int lines, changes;
	char line[PARAM_LINE_MAX];
	u64 ram;

	for (lines = 0; lines < 5; lines++) {
		ram = rams[unit_below(&random, ARRAY_SIZE(rams))];
		param_make_line(&random, line);
		for (changes = unit_below(&random, 4); changes; changes--)
			param_mutate(&random, line);
		reason = find_reason(line, ram);
		met[reason]++;
		KUNIT_EXPECT_TRUE_MSG(test, reason != UNKNOWN, "'%s' at %llu MiB", line, ram / MIB);
	}
}

static void random_test(struct kunit *test)
{
	enum reason reason;

	unit_for_seeds(test, compare_random);
	/* Not where a single seed is replayed. */
	if (getenv("N") && *getenv("N"))
		return;
	for (reason = SAME; reason < UNKNOWN; reason++)
		KUNIT_EXPECT_TRUE_MSG(test, met[reason], "reason %u", reason);
}

static struct kunit_case stock_param_cases[] = {
	KUNIT_CASE(field_test),
	KUNIT_CASE(random_test),
	{}
};

static struct kunit_suite stock_param_suite = {
	.name = "stock_crashkernel",
	.test_cases = stock_param_cases,
};

kunit_test_suite(stock_param_suite);
