// SPDX-License-Identifier: GPL-2.0
/*
 * Random command lines for lib/crash/param.c, read a second time by a model
 * made of regular expressions. User space only: the sanitizers see every byte
 * that is touched, since each command line is a block of just its size.
 */
#include "unit.h"
#include <linux/crash_param.h>
#include <linux/limits.h>
#include <linux/sizes.h>
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER	"(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)[kKmMgGtTpPeE]?"
#define RANGE	NUMBER "-(" NUMBER ")?:" NUMBER

/* The kinds, and one more for what follows a plain form without being one. */
enum form { FORM_AUTO, FORM_SIZE, FORM_RANGES, FORM_HIGH, FORM_LOW, FORMS };

static const char *const forms[FORMS] = {
	[FORM_AUTO] = "^auto$",
	[FORM_SIZE] = "^" NUMBER "(@" NUMBER ")?$",
	[FORM_RANGES] = "^" RANGE "(," RANGE ")*(@" NUMBER ")?$",
	[FORM_HIGH] = "^" NUMBER ",high$",
	[FORM_LOW] = "^" NUMBER ",low$",
};

static bool matches(const char *text, enum form form)
{
	static regex_t compiled[FORMS];
	static bool ready[FORMS];

	if (!ready[form] && regcomp(&compiled[form], forms[form], REG_EXTENDED | REG_NOSUB))
		abort();
	ready[form] = true;
	return !regexec(&compiled[form], text, 0, NULL, 0);
}

/* What a model needs to remember of one option; value in @text, size limited. */
#define TEXT_MAX	512

struct model {
	bool present[3];
	char text[3][TEXT_MAX];
};

enum { PLAIN, HIGH, LOW };

static bool has_tail(const char *text, const char *tail)
{
	return strlen(text) >= strlen(tail) &&
	       !strcmp(text + strlen(text) - strlen(tail), tail);
}

/*
 * Take one word apart: first note where its quotes are, then cut. A quote goes
 * if it is the first of the word or of the value; then the last one, too, if it
 * is the last character. Return whether the words end here.
 */
static bool model_word(struct model *model, char *word)
{
	bool quoted = word[0] == '"', cut = false;
	char *value;
	int kind;

	word += quoted;
	if (quoted && has_tail(word, "\"") && strncmp(word, "crashkernel=\"", 13)) {
		word[strlen(word) - 1] = '\0';
		cut = true;
	}
	if (!strcmp(word, "--"))
		return true;
	if (strncmp(word, "crashkernel=", 12))
		return false;
	value = word + 12;
	if (value[0] == '"') {
		value++;
		if (!cut && has_tail(value, "\""))
			value[strlen(value) - 1] = '\0';
	}
	kind = has_tail(value, ",high") ? HIGH : has_tail(value, ",low") ? LOW : PLAIN;
	model->present[kind] = true;
	memcpy(model->text[kind], value, strlen(value) + 1);
	return false;
}

static void model_words(struct model *model, const char *cmdline)
{
	char word[TEXT_MAX];
	bool in_quote = false;
	size_t len = 0;

	for (;; cmdline++) {
		if (*cmdline && (in_quote || !isspace(*cmdline))) {
			in_quote ^= *cmdline == '"';
			word[len++] = *cmdline;
			continue;
		}
		word[len] = '\0';
		if ((len && model_word(model, word)) || !*cmdline)
			return;
		len = 0;
	}
}

/* The number at *@text, which is known to be one; false if it is too large. */
static bool model_number(const char **text, u64 *number)
{
	unsigned __int128 value = 0;
	static const char units[] = "kmgtpe";
	const char *at = *text, *unit;
	int radix = 10;

	if (at[0] == '0')
		radix = tolower(at[1]) == 'x' ? 16 : 8;
	if (radix == 16)
		at += 2;
	for (; radix == 16 ? isxdigit(*at) : isdigit(*at); at++) {
		value = value * radix + (isdigit(*at) ? *at - '0' : tolower(*at) - 'a' + 10);
		if (value > U64_MAX)
			value = (unsigned __int128)U64_MAX + 1;
	}
	unit = *at ? strchr(units, tolower(*at)) : NULL;
	if (unit) {
		value <<= 10 * (unit - units + 1);
		at++;
	}
	*text = at;
	*number = (u64)value;
	return value <= U64_MAX;
}

static bool model_ranges(const char **text, u64 ram, u64 *size)
{
	u64 start, end, this, sold = ram;
	bool found = false;

	if (ram < U64_MAX)
		sold = (ram + SZ_128M - 1) / SZ_128M * SZ_128M;
	for (;;) {
		if (!model_number(text, &start))
			return false;
		++*text;
		end = U64_MAX;
		if (**text != ':' && (!model_number(text, &end) || start >= end))
			return false;
		++*text;
		if (!model_number(text, &this))
			return false;
		if (!found && start <= sold && sold < end) {
			found = true;
			*size = this;
		}
		if (**text != ',')
			return *size < ram || !found;
		++*text;
	}
}

static bool model_plain(const char *text, u64 ram, struct crashkernel_spec *spec)
{
	if (matches(text, FORM_AUTO)) {
		spec->automatic = true;
		spec->size = crashkernel_auto_size(ram);
		return true;
	}
	if (matches(text, FORM_RANGES)) {
		if (!model_ranges(&text, ram, &spec->size))
			return false;
	} else if (!matches(text, FORM_SIZE) || !model_number(&text, &spec->size) ||
		   !spec->size || spec->size >= ram) {
		return false;
	}
	if (*text++ == '@' && (!model_number(&text, &spec->base) ||
			       spec->base + spec->size < spec->base))
		return false;
	if (!spec->size)
		spec->base = 0;
	spec->fixed = spec->base != 0;
	return true;
}

static int model_parse(const char *cmdline, u64 ram, struct crashkernel_spec *spec)
{
	struct model model = {};
	const char *text;

	memset(spec, 0, sizeof(*spec));
	model_words(&model, cmdline);
	if (model.present[PLAIN])
		return model_plain(model.text[PLAIN], ram, spec) ? 0 : -EINVAL;
	if (!model.present[HIGH])
		return model.present[LOW] ? -EINVAL : -ENOENT;

	spec->high = true;
	text = model.text[HIGH];
	if (!matches(text, FORM_HIGH) || !model_number(&text, &spec->size) ||
	    !spec->size || spec->size >= ram)
		return -EINVAL;
	if (!model.present[LOW])
		return 0;
	spec->low_given = true;
	text = model.text[LOW];
	if (!matches(text, FORM_LOW) || !model_number(&text, &spec->low_size) ||
	    spec->low_size >= ram)
		return -EINVAL;
	return 0;
}

static void add_number(u64 *random, char *to)
{
	static const char *const formats[] = { "%llu", "%llu", "%llu", "%#llx", "%#llo", "0%llu" };
	static const char units[] = "KMGkmgtpeTPE";
	u64 number = unit_one_in(random, 3) ? unit_number(random) : unit_below(random, 4096);
	size_t nr_units;

	sprintf(to + strlen(to), formats[unit_below(random, ARRAY_SIZE(formats))],
		(unsigned long long)number);
	if (!unit_one_in(random, 4)) {
		nr_units = unit_one_in(random, 4) ? strlen(units) : 3;
		strncat(to, &units[unit_below(random, nr_units)], 1);
	}
}

static void add_option(u64 *random, char *to)
{
	unsigned int more = unit_below(random, 3);
	unsigned int form = unit_below(random, FORMS);

	strcat(to, "crashkernel=");
	if (form == FORM_AUTO) {
		strcat(to, "auto");
		return;
	}
	do {
		add_number(random, to);
		if (form != FORM_RANGES)
			break;
		strcat(to, "-");
		if (!unit_one_in(random, 3))
			add_number(random, to);
		strcat(to, ":");
		add_number(random, to);
		if (more)
			strcat(to, ",");
	} while (more--);
	if (form == FORM_HIGH || form == FORM_LOW) {
		strcat(to, form == FORM_HIGH ? ",high" : ",low");
	} else if (unit_one_in(random, 2)) {
		strcat(to, "@");
		add_number(random, to);
	}
}

/* One to four words, mostly well-formed options. */
static void make_cmdline(u64 *random, char *to)
{
	static const char *const words[] = {
		"quiet", "--", "x=\"a b\"", "\"", "crashkernel", "crashkernel=64M",
		"\"crashkernel=64M\"", "crashkernel=\"64M@16M\"", "x=crashkernel=1M", "\t\n",
		"\"crashkernel=\"", "crashkernel=\"\"", "\"crashkernel=\"1M,low\"\"",
	};
	unsigned int left = 1 + unit_below(random, 4);

	*to = '\0';
	while (left--) {
		if (unit_one_in(random, 4))
			strcat(to, words[unit_below(random, ARRAY_SIZE(words))]);
		else
			add_option(random, to);
		if (left)
			strcat(to, " ");
	}
}

/* Exchange, drop or double a character. */
static void mutate(u64 *random, char *text)
{
	static const char chars[] = "0123456789xXkKMGTPEabfglow\" \t,,::--@@==.+";
	size_t len = strlen(text), at = unit_below(random, len + 1);
	char *here = text + at;

	switch (unit_below(random, 3)) {
	case 0:
		if (at < len)
			*here = chars[unit_below(random, sizeof(chars) - 1)];
		break;
	case 1:
		if (at < len)
			memmove(here, here + 1, len - at);
		break;
	default:
		memmove(here + 1, here, len - at + 1);
		break;
	}
}

static void check_error(struct kunit *test, const char *cmdline,
			const struct crashkernel_error *err)
{
	size_t len = strlen(cmdline);

	KUNIT_ASSERT_GE(test, (uintptr_t)err->option, (uintptr_t)cmdline);
	KUNIT_ASSERT_LE(test, (uintptr_t)err->option + err->option_len, (uintptr_t)cmdline + len);
	KUNIT_EXPECT_TRUE(test, !strncmp(err->option, "crashkernel=", 12));
	KUNIT_EXPECT_GE(test, err->at, 12);
	KUNIT_EXPECT_LE(test, err->at, err->option_len);
	KUNIT_EXPECT_TRUE(test, err->reason && *err->reason);
}

static void random_cmdline(struct kunit *test, u64 seed)
{
	static const u64 rams[] = { 0, SZ_512M, SZ_4G, 1ULL << 46, U64_MAX };
	struct crashkernel_spec spec, want;
	struct crashkernel_error err = {};
	char text[TEXT_MAX], *cmdline;
	u64 random = seed, ram = rams[unit_below(&random, ARRAY_SIZE(rams))];
	unsigned int changes = unit_below(&random, 4);
	int ret;

	make_cmdline(&random, text);
	while (changes--)
		mutate(&random, text);
	cmdline = strdup(text);
	if (!cmdline)
		abort();

	ret = crashkernel_parse(cmdline, ram, &spec, &err);
	KUNIT_EXPECT_EQ_MSG(test, ret, model_parse(text, ram, &want), "'%s'", cmdline);
	if (ret)
		memset(&want, 0, sizeof(want));
	KUNIT_EXPECT_TRUE_MSG(test, !memcmp(&spec, &want, sizeof(spec)), "'%s'", cmdline);
	if (ret == -EINVAL)
		check_error(test, cmdline, &err);
	free(cmdline);
}

static void random_cmdline_test(struct kunit *test)
{
	unit_for_seeds(test, random_cmdline);
}

static struct kunit_case param_cases[] = {
	KUNIT_CASE(random_cmdline_test),
	{}
};

static struct kunit_suite param_suite = {
	.name = "random_crashkernel",
	.test_cases = param_cases,
};

kunit_test_suite(param_suite);
