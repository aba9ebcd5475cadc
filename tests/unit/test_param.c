// SPDX-License-Identifier: GPL-2.0
/*
 * Random command lines for lib/crash/param.c, read a second time by a model
 * made of regular expressions. User space only: the sanitizers see every byte
 * that is touched, since each command line is a block of just its size.
 */
#include "param_lines.h"
#include "unit.h"
#include <linux/crash_param.h>
#include <linux/limits.h>
#include <linux/sizes.h>
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIT	"[kKmMgGtTpPeE]"
#define NUMBER	"((0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)" UNIT "?|" UNIT ")"
#define RANGE	NUMBER "-(" NUMBER ")?:" NUMBER

/* The kinds as they are taken; what comes behind the pattern is looked at apart. */
enum form { FORM_AUTO, FORM_SIZE, FORM_RANGE, FORM_HIGH, FORM_LOW, FORM_NUMBER, FORMS };

static const char *const forms[FORMS] = {
	[FORM_AUTO] = "^auto$",
	[FORM_SIZE] = "^" NUMBER "(@.*)?$",
	[FORM_RANGE] = "^" RANGE,
	[FORM_HIGH] = "^" NUMBER ",high$",
	[FORM_LOW] = "^" NUMBER ",low$",
	[FORM_NUMBER] = "^" NUMBER,
};

static bool matches(const char *text, enum form form)
{
	static regex_t compiled[FORMS];
	static bool ready[FORMS];

	if (!ready[form] &&
	    regcomp(&compiled[form], forms[form], REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
		abort();
	ready[form] = true;
	return !regexec(&compiled[form], text, 0, NULL, 0);
}

/* What a model needs to remember of one option. */
struct model {
	bool present[3];
	bool for_init[3];
	char text[3][PARAM_LINE_MAX];
	bool behind;		/* the present word is behind "--" */
	bool doubtful;		/* of what is taken, something is not as it should be */
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
 * is the last character.
 */
static void model_word(struct model *model, char *word)
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
		model->behind = true;
	if (strncmp(word, "crashkernel=", 12))
		return;
	value = word + 12;
	if (value[0] == '"') {
		value++;
		if (!cut && has_tail(value, "\""))
			value[strlen(value) - 1] = '\0';
	}
	kind = has_tail(value, ",high") ? HIGH : has_tail(value, ",low") ? LOW : PLAIN;
	model->present[kind] = true;
	model->for_init[kind] = model->behind;
	memcpy(model->text[kind], value, strlen(value) + 1);
}

static void model_words(struct model *model, const char *cmdline)
{
	char word[PARAM_LINE_MAX];
	bool in_quote = false;
	size_t len = 0;

	for (;; cmdline++) {
		if (*cmdline && (in_quote || !isspace(*cmdline))) {
			in_quote ^= *cmdline == '"';
			word[len++] = *cmdline;
			continue;
		}
		word[len] = '\0';
		if (len)
			model_word(model, word);
		if (!*cmdline)
			return;
		len = 0;
	}
}

/* The number at *@text, which is known to be one; false if it is too large. */
static bool model_number(struct model *model, const char **text, u64 *number)
{
	unsigned __int128 value = 0;
	static const char units[] = "kmgtpe";
	const char *at = *text, *unit;
	int radix = 10;

	model->doubtful |= !isdigit(*at);
	if (at[0] == '0')
		radix = tolower(at[1]) == 'x' && isxdigit(at[2]) ? 16 : 8;
	if (radix == 16)
		at += 2;
	for (; radix == 16 ? isxdigit(*at) : *at >= '0' && *at < '0' + radix; at++) {
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

/* One range; *@hit if it is for so much RAM. */
static bool model_range(struct model *model, const char **text, u64 ram, u64 *size, bool *hit)
{
	u64 start, end = U64_MAX, sold = ram;

	if (ram < U64_MAX)
		sold = (ram + SZ_128M - 1) / SZ_128M * SZ_128M;
	if (!matches(*text, FORM_RANGE) || !model_number(model, text, &start))
		return false;
	++*text;
	if (**text != ':' && (!model_number(model, text, &end) || start >= end))
		return false;
	++*text;
	*hit = start <= sold && sold < end;
	return model_number(model, text, size);
}

/* Leaves *@text at the '@' that counts, or at the end. */
static bool model_ranges(struct model *model, const char **text, u64 ram, u64 *size)
{
	const char *at;
	bool hit;
	u64 unused;

	for (;;) {
		if (!model_range(model, text, ram, size, &hit))
			return false;
		if (hit)
			break;
		*size = 0;
		if (**text != ',')
			return true;
		++*text;
	}
	for (at = *text; *at == ',';) {
		at++;
		if (!model_range(model, &at, ram, &unused, &hit)) {
			model->doubtful = true;
			break;
		}
	}
	model->doubtful |= *at && *at != '@';
	while (**text && **text != '@')
		++*text;
	return *size < ram;
}

static bool model_plain(struct model *model, u64 ram, struct crashkernel_spec *spec)
{
	const char *text = model->text[PLAIN];
	bool list = strchr(text, ':');

	if (matches(text, FORM_AUTO)) {
		spec->size = crashkernel_auto_size(ram);
		return true;
	}
	if (list) {
		if (!model_ranges(model, &text, ram, &spec->size))
			return false;
	} else if (!matches(text, FORM_SIZE) || !model_number(model, &text, &spec->size) ||
		   !spec->size || spec->size >= ram) {
		return false;
	}
	if (*text && *text != '@')
		return false;
	if (*text++ == '@') {
		if (!matches(text, FORM_NUMBER)) {
			if (list)
				return false;
			model->doubtful = true;
		} else if (!model_number(model, &text, &spec->base)) {
			return false;
		}
		model->doubtful |= *text;
		if (spec->base + spec->size < spec->base)
			return false;
	}
	if (!spec->size)
		spec->base = 0;
	spec->fixed = spec->base != 0;
	return true;
}

static bool model_high_low(struct model *model, u64 ram, struct crashkernel_spec *spec)
{
	const char *text = model->text[HIGH];

	spec->high = true;
	if (!matches(text, FORM_HIGH) || !model_number(model, &text, &spec->size) ||
	    !spec->size || spec->size >= ram)
		return false;
	if (!model->present[LOW])
		return true;
	spec->low_given = true;
	text = model->text[LOW];
	if (!matches(text, FORM_LOW) || !model_number(model, &text, &spec->low_size))
		return false;
	model->doubtful |= spec->low_size >= ram || model->for_init[LOW];
	return true;
}

static int model_parse(const char *cmdline, u64 ram, struct crashkernel_spec *spec,
		       bool *doubtful)
{
	struct model model = {};
	bool good;

	memset(spec, 0, sizeof(*spec));
	*doubtful = false;
	model_words(&model, cmdline);
	if (!model.present[PLAIN] && !model.present[HIGH])
		return model.present[LOW] ? -EINVAL : -ENOENT;

	if (model.present[PLAIN])
		good = model_plain(&model, ram, spec);
	else
		good = model_high_low(&model, ram, spec);
	*doubtful = model.doubtful || model.for_init[model.present[PLAIN] ? PLAIN : HIGH];
	return good ? 0 : -EINVAL;
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
	bool doubtful;
	char text[PARAM_LINE_MAX], *cmdline;
	u64 random = seed, ram = rams[unit_below(&random, ARRAY_SIZE(rams))];
	unsigned int changes = unit_below(&random, 4);
	int ret;

	param_make_line(&random, text);
	while (changes--)
		param_mutate(&random, text);
	cmdline = strdup(text);
	if (!cmdline)
		abort();

	ret = crashkernel_parse(cmdline, ram, &spec, &err);
	KUNIT_EXPECT_EQ_MSG(test, ret, model_parse(text, ram, &want, &doubtful), "'%s'", cmdline);
	if (ret)
		memset(&want, 0, sizeof(want));
	else
		KUNIT_EXPECT_EQ_MSG(test, !!err.reason, doubtful, "'%s'", cmdline);
	KUNIT_EXPECT_TRUE_MSG(test, !memcmp(&spec, &want, sizeof(spec)), "'%s'", cmdline);
	if (err.reason)
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
