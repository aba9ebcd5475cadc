/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Command lines and the results that crashkernel_parse() should have, for tests.
 */
#ifndef _CRASH_PARAM_CASES_H
#define _CRASH_PARAM_CASES_H

#include <kunit/test.h>
#include <linux/crash_param.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/string.h>

#define KIB	1024ULL
#define MIB	(1024 * KIB)
#define GIB	(1024 * MIB)
#define TIB	(1024 * GIB)

/* RAM of a machine, in cases that are not about the amount of RAM. */
#define RAM	(8 * GIB)

/**
 * struct good_case - a command line that is understood
 * @cmdline: the command line
 * @ram: RAM present, bytes
 * @want: expected result
 */
struct good_case {
	const char *cmdline;
	u64 ram;
	struct crashkernel_spec want;
};

static inline void __init check_good(struct kunit *test, const struct good_case *this)
{
	const char *cmdline = this->cmdline;
	struct crashkernel_error err = { .reason = "old" };
	struct crashkernel_spec spec;
	int ret;

	memset(&spec, 0x5a, sizeof(spec));
	ret = crashkernel_parse(cmdline, this->ram, &spec, &err);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s", cmdline, err.reason);
	KUNIT_EXPECT_EQ_MSG(test, spec.size, this->want.size, "%s", cmdline);
	KUNIT_EXPECT_EQ_MSG(test, spec.base, this->want.base, "%s", cmdline);
	KUNIT_EXPECT_EQ_MSG(test, spec.low_size, this->want.low_size, "%s", cmdline);
	KUNIT_EXPECT_EQ_MSG(test, spec.fixed, this->want.fixed, "%s", cmdline);
	KUNIT_EXPECT_EQ_MSG(test, spec.high, this->want.high, "%s", cmdline);
	KUNIT_EXPECT_EQ_MSG(test, spec.low_given, this->want.low_given, "%s", cmdline);
	KUNIT_EXPECT_TRUE_MSG(test, !err.reason, "%s", cmdline);
}

#define SIZE(bytes)		{ .size = (bytes) }
#define AT(bytes, address)	{ .size = (bytes), .base = (address), .fixed = true }
#define HIGH(bytes)		{ .size = (bytes), .high = true }
#define LOW_HIGH(low, bytes) \
	{ .size = (bytes), .high = true, .low_given = true, .low_size = (low) }

/**
 * struct bad_case - a command line that is refused, or doubtful
 * @cmdline: the command line
 * @option: the option with the error, as the tail of @cmdline; NULL: the first
 *	option
 * @wrong: place of the error, as the tail of the option
 * @reason: part of the reason given
 * @want: expected result if the option is doubtful; of size 0 if it is refused
 */
struct bad_case {
	const char *cmdline;
	const char *option;
	const char *wrong;
	const char *reason;
	struct crashkernel_spec want;
};

static inline void __init check_bad(struct kunit *test, const struct bad_case *this)
{
	const char *cmdline = this->cmdline;
	size_t len = strlen(cmdline);
	struct crashkernel_error err = {};
	struct crashkernel_spec spec;
	int ret;

	memset(&spec, 0x5a, sizeof(spec));
	ret = crashkernel_parse(cmdline, RAM, &spec, &err);
	KUNIT_ASSERT_EQ_MSG(test, ret, this->want.size ? 0 : -EINVAL, "%s", cmdline);
	KUNIT_EXPECT_MEMEQ(test, &spec, &this->want, sizeof(spec));
	KUNIT_ASSERT_TRUE_MSG(test, err.reason, "%s", cmdline);
	KUNIT_ASSERT_TRUE_MSG(test, err.option >= cmdline && err.option < cmdline + len,
			      "%s", cmdline);
	KUNIT_EXPECT_STREQ(test, err.option,
			   this->option ?: strstr(cmdline, "crashkernel="));
	KUNIT_ASSERT_LE(test, err.at, err.option_len);
	KUNIT_EXPECT_EQ_MSG(test, err.option_len - err.at, strlen(this->wrong),
			    "%s: at %zu of %zu", cmdline, err.at, err.option_len);
	KUNIT_EXPECT_TRUE_MSG(test, !strncmp(err.option + err.at, this->wrong,
					     strlen(this->wrong)), "%s", cmdline);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(err.reason, this->reason), "%s: %s",
			      cmdline, err.reason);
}

/* The first option has the error. */
#define BAD(text, tail, why) \
	{ .cmdline = text, .wrong = tail, .reason = why }

/* A later option has the error. */
#define BAD_AT(text, which, tail, why) \
	{ .cmdline = text, .option = which, .wrong = tail, .reason = why }

#define DOUBTFUL(text, tail, why, spec...) \
	{ .cmdline = text, .wrong = tail, .reason = why, .want = spec }
#define DOUBTFUL_AT(text, which, tail, why, spec...) \
	{ .cmdline = text, .option = which, .wrong = tail, .reason = why, .want = spec }

#endif /* _CRASH_PARAM_CASES_H */
