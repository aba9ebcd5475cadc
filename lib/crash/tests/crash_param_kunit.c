// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/param.c. tests/unit runs this file in user space, too.
 */
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

/* Unless a case is about the amount of RAM, there is this much. */
#define RAM	(8 * GIB)

/**
 * struct good_case - a command line that is understood
 * @cmdline: the same
 * @ram: RAM present, bytes
 * @want: result
 */
struct good_case {
	const char *cmdline;
	u64 ram;
	struct crashkernel_spec want;
};

static void __init check_good(struct kunit *test, const struct good_case *this)
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

static void __init option_forms_test(struct kunit *test)
{
	static const struct good_case cases[] = {
		{ "crashkernel=64M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M@16M", RAM, AT(64 * MIB, 16 * MIB) },
		{ "crashkernel=256M@0", RAM, SIZE(256 * MIB) },
		{ "crashkernel=0-:64M@16M", RAM, AT(64 * MIB, 16 * MIB) },
		{ "crashkernel=1G,high", RAM, HIGH(GIB) },
		{ "crashkernel=1G,high crashkernel=72M,low", RAM, LOW_HIGH(72 * MIB, GIB) },
		{ "crashkernel=72M,low crashkernel=1G,high", RAM, LOW_HIGH(72 * MIB, GIB) },
		{ "crashkernel=0,low crashkernel=1G,high", RAM, LOW_HIGH(0, GIB) },
		{ "ro crashkernel=64M quiet", RAM, SIZE(64 * MIB) },
		{ " \tro\ncrashkernel=64M\nquiet ", RAM, SIZE(64 * MIB) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_good(test, &cases[i]);
}

static void __init numbers_test(struct kunit *test)
{
	static const struct good_case cases[] = {
		{ "crashkernel=4096", RAM, SIZE(4096) },
		{ "crashkernel=64k", RAM, SIZE(64 * KIB) },
		{ "crashkernel=64K", RAM, SIZE(64 * KIB) },
		{ "crashkernel=64m@1g", RAM, AT(64 * MIB, GIB) },
		{ "crashkernel=1T", 2 * TIB, SIZE(TIB) },
		{ "crashkernel=2t", 4 * TIB, SIZE(2 * TIB) },
		{ "crashkernel=1P", U64_MAX, SIZE(1024 * TIB) },
		{ "crashkernel=1E", U64_MAX, SIZE(1024 * 1024 * TIB) },
		{ "crashkernel=0x4000000@0X1000000", RAM, AT(64 * MIB, 16 * MIB) },
		{ "crashkernel=0x40M@020M", RAM, AT(64 * MIB, 16 * MIB) },
		/* A hexadecimal E is a digit. */
		{ "crashkernel=0x10e", RAM, SIZE(0x10e) },
		{ "crashkernel=0xfffffffffffffffe", U64_MAX, SIZE(U64_MAX - 1) },
		{ "crashkernel=18446744073709551614", U64_MAX, SIZE(U64_MAX - 1) },
		{ "crashkernel=00000000000000000000000000000000100000", RAM, SIZE(32 * KIB) },
		{ "crashkernel=4K@0xffffffffffffefff", RAM, AT(4096, U64_MAX - 4096) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_good(test, &cases[i]);
}

static void __init ranges_test(struct kunit *test)
{
	static const char manual[] = "crashkernel=512M-2G:64M,2G-:128M@16M";
	const struct good_case cases[] = {
		/* As Documentation/admin-guide/kdump/kdump.rst has it. */
		{ manual, 256 * MIB, SIZE(0) },
		{ manual, 384 * MIB, SIZE(0) },
		{ manual, 512 * MIB, AT(64 * MIB, 16 * MIB) },
		{ manual, GIB, AT(64 * MIB, 16 * MIB) },
		{ manual, 2 * GIB, AT(128 * MIB, 16 * MIB) },
		{ manual, 64 * TIB, AT(128 * MIB, 16 * MIB) },
		/* Firmware holds back less than 128 MiB. */
		{ manual, 384 * MIB + 1, AT(64 * MIB, 16 * MIB) },
		{ manual, 2 * GIB - 128 * MIB, AT(64 * MIB, 16 * MIB) },
		{ manual, 2 * GIB - 128 * MIB + 1, AT(128 * MIB, 16 * MIB) },
		/* The first that fits counts, and an end is optional anywhere. */
		{ "crashkernel=1G-:64M,2G-:128M", 4 * GIB, SIZE(64 * MIB) },
		{ "crashkernel=2G-:128M,1G-:64M", 4 * GIB, SIZE(128 * MIB) },
		{ "crashkernel=2G-:128M,1G-:64M", GIB, SIZE(64 * MIB) },
		{ "crashkernel=0-1G:0,1G-:64M", 512 * MIB, SIZE(0) },
		{ "crashkernel=0-1G:0,1G-:64M", GIB, SIZE(64 * MIB) },
		{ "crashkernel=0-512M:16M", GIB, SIZE(0) },
		/* Only the size that is chosen has to be less than the RAM. */
		{ "crashkernel=64G-:2G,0-64G:64M", GIB, SIZE(64 * MIB) },
		{ "crashkernel=0-:64M", U64_MAX - 1, SIZE(64 * MIB) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_good(test, &cases[i]);
}

static void __init last_of_a_kind_wins_test(struct kunit *test)
{
	static const struct good_case cases[] = {
		{ "crashkernel=64M crashkernel=128M", RAM, SIZE(128 * MIB) },
		{ "crashkernel=64M@16M crashkernel=128M", RAM, SIZE(128 * MIB) },
		{ "crashkernel=0-:64M crashkernel=128M@16M", RAM, AT(128 * MIB, 16 * MIB) },
		{ "crashkernel=auto crashkernel=32M", RAM, SIZE(32 * MIB) },
		{ "crashkernel=64M,high crashkernel=96M,high", RAM, HIGH(96 * MIB) },
		{ "crashkernel=1M,low crashkernel=64M,high crashkernel=2M,low", RAM,
		  LOW_HIGH(2 * MIB, 64 * MIB) },
		/* One that any machine can have silences the others. */
		{ "crashkernel=64M crashkernel=96M,high", RAM, SIZE(64 * MIB) },
		{ "crashkernel=96M,high crashkernel=1M,low crashkernel=64M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M crashkernel=1M,low", RAM, SIZE(64 * MIB) },
		/* What does not count is not looked at. */
		{ "crashkernel=garbage crashkernel=64M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M crashkernel=x,high crashkernel=,low", RAM, SIZE(64 * MIB) },
		{ "crashkernel=,low crashkernel=64M,high crashkernel=8M,low", RAM,
		  LOW_HIGH(8 * MIB, 64 * MIB) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_good(test, &cases[i]);
}

static void __init words_test(struct kunit *test)
{
	static const struct good_case cases[] = {
		{ "crashkernel=64M xcrashkernel=128M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M my.crashkernel=128M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M crashkernel.x=1 crashkernel", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M CRASHKERNEL=128M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M append=crashkernel=128M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M append=\"ro crashkernel=128M\"", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M \"x crashkernel=128M\"", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M x\" crashkernel=128M", RAM, SIZE(64 * MIB) },
		{ "x=\" \" crashkernel=64M", RAM, SIZE(64 * MIB) },
		{ "x=\" crashkernel=32M \" crashkernel=64M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=\"64M@16M\"", RAM, AT(64 * MIB, 16 * MIB) },
		{ "\"crashkernel=64M\" quiet", RAM, SIZE(64 * MIB) },
		{ "crashkernel=\"64M,high\"", RAM, HIGH(64 * MIB) },
		{ "crashkernel=\"64M", RAM, SIZE(64 * MIB) },
		{ "\"crashkernel=64M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M --x crashkernel=128M", RAM, SIZE(128 * MIB) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_good(test, &cases[i]);
}

static void __init none_test(struct kunit *test)
{
	static const char * const cmdlines[] = {
		"", " ", "ro quiet", "crashkernel", "crashkernel 64M", "xcrashkernel=64M",
		"crash_kernel=64M", "x=\"a crashkernel=64M\"", "\"", "\"\"",
		"crash\"kernel=64M\"", "--",
	};
	struct crashkernel_error err = { .reason = "old" };
	static const struct crashkernel_spec none;
	struct crashkernel_spec spec;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(cmdlines); i++) {
		memset(&spec, 0x5a, sizeof(spec));
		ret = crashkernel_parse(cmdlines[i], RAM, &spec, &err);
		KUNIT_EXPECT_EQ_MSG(test, ret, -ENOENT, "'%s'", cmdlines[i]);
		KUNIT_EXPECT_MEMEQ(test, &spec, &none, sizeof(spec));
		KUNIT_EXPECT_NULL(test, err.reason);
	}
}

/**
 * struct bad_case - a command line that is refused, or doubtful
 * @cmdline: the same
 * @option: where the option that is to blame begins, as the tail of @cmdline;
 *          NULL: at the first
 * @wrong: where the error is, as the tail of the option
 * @reason: part of the reason given
 * @want: what it is taken for all the same; of size 0 if it is refused
 */
struct bad_case {
	const char *cmdline;
	const char *option;
	const char *wrong;
	const char *reason;
	struct crashkernel_spec want;
};

static void __init check_bad(struct kunit *test, const struct bad_case *this)
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

/* The first option is to blame. */
#define BAD(text, tail, why) \
	{ .cmdline = text, .wrong = tail, .reason = why }

/* A later one is. */
#define BAD_AT(text, which, tail, why) \
	{ .cmdline = text, .option = which, .wrong = tail, .reason = why }

static void __init malformed_size_test(struct kunit *test)
{
	static const struct bad_case cases[] = {
		BAD("crashkernel=", "", "size expected"),
		BAD("crashkernel=\"\"", "\"", "size expected"),
		BAD("crashkernel=\"", "", "size expected"),
		BAD("\"crashkernel=", "", "size expected"),
		BAD("\"crashkernel=\"", "", "size expected"),
		BAD("\"crashkernel=\"\"", "", "size expected"),
		BAD("crashkernel=M", "M", "zero"),
		BAD("crashkernel=@16M", "@16M", "size expected"),
		BAD("crashkernel=-64M", "-64M", "size expected"),
		BAD("crashkernel=+64M", "+64M", "size expected"),
		BAD("crashkernel=x64M", "x64M", "size expected"),
		BAD("crashkernel=Auto", "Auto", "size expected"),
		BAD("crashkernel=autox", "autox", "size expected"),
		BAD("crashkernel=auto@16M", "auto@16M", "size expected"),
		BAD("crashkernel=64Q", "Q", "expected after the size"),
		BAD("crashkernel=64MB", "B", "expected after the size"),
		BAD("crashkernel=64M,", ",", "expected after the size"),
		BAD("crashkernel=64M,hihg", ",hihg", "expected after the size"),
		BAD("crashkernel=64M,high,x", ",high,x", "expected after the size"),
		BAD("crashkernel=64M-", "-", "expected after the size"),
		BAD("crashkernel=64M-1G", "-1G", "expected after the size"),
		BAD("crashkernel=0x", "x", "expected after the size"),
		BAD("crashkernel=0xg", "xg", "expected after the size"),
		BAD("crashkernel=09M", "9M", "expected after the size"),
		BAD("crashkernel=64M\"", "\"", "expected after the size"),
		BAD("crashkernel=1.5G", ".5G", "expected after the size"),
		BAD("crashkernel=0", "0", "zero"),
		BAD("crashkernel=0M@16M", "0M@16M", "zero"),
		BAD("crashkernel=8G", "8G", "less than the RAM"),
		BAD("crashkernel=9G@16M", "9G@16M", "less than the RAM"),
		BAD("crashkernel=18446744073709551616", "18446744073709551616", "64 bits"),
		BAD("crashkernel=184467440737095516160", "184467440737095516160", "64 bits"),
		BAD("crashkernel=0x10000000000000000@1", "0x10000000000000000@1", "64 bits"),
		BAD("crashkernel=17179869184G", "17179869184G", "64 bits"),
		BAD("crashkernel=16E", "16E", "64 bits"),
		BAD("crashkernel=99999999999999999999999999999999999999999999M@16M",
		    "99999999999999999999999999999999999999999999M@16M", "64 bits"),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_bad(test, &cases[i]);
}

static void __init malformed_offset_test(struct kunit *test)
{
	static const struct bad_case cases[] = {
		BAD("crashkernel=64M@16E", "16E", "64 bits"),
		BAD("crashkernel=64M@0xffffffffffffffff", "0xffffffffffffffff", "region"),
		BAD("crashkernel=2K@18446744073709549569", "18446744073709549569", "region"),
		BAD("crashkernel=0-:64M@", "", "offset expected"),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_bad(test, &cases[i]);
}

static void __init malformed_ranges_test(struct kunit *test)
{
	static const struct bad_case cases[] = {
		BAD("crashkernel=:64M", ":64M", "start of a range"),
		BAD("crashkernel=-2G:64M", "-2G:64M", "start of a range"),
		BAD("crashkernel=512M:64M", ":64M", "'-' expected"),
		BAD("crashkernel=512M,2G:64M", ",2G:64M", "'-' expected"),
		BAD("crashkernel=512M-x:64M", "x:64M", "end of the range"),
		BAD("crashkernel=512M-2G-4G:64M", "-4G:64M", "':' expected"),
		BAD("crashkernel=512M-2G,4G-:64M", ",4G-:64M", "':' expected"),
		BAD("crashkernel=2G-512M:64M", "512M:64M", "not above its start"),
		BAD("crashkernel=2G-2048M:64M", "2048M:64M", "not above its start"),
		BAD("crashkernel=0-0:64M", "0:64M", "not above its start"),
		BAD("crashkernel=512M-2G:", "", "size expected after ':'"),
		BAD("crashkernel=512M-2G:,2G-:64M", ",2G-:64M", "size expected after ':'"),
		BAD("crashkernel=64G-:64Q", "Q", "expected after a size"),
		BAD("crashkernel=64G-:64M,", "", "start of a range"),
		BAD("crashkernel=16E-:64M", "16E-:64M", "64 bits"),
		BAD("crashkernel=0-16E:64M", "16E:64M", "64 bits"),
		BAD("crashkernel=0-:16E", "16E", "64 bits"),
		BAD("crashkernel=0-:8G", "8G", "less than the RAM"),
		BAD("crashkernel=64G-:1G,0-:9G@16M", "9G@16M", "less than the RAM"),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_bad(test, &cases[i]);
}

static void __init malformed_high_low_test(struct kunit *test)
{
	static const struct bad_case cases[] = {
		BAD("crashkernel=,high", ",high", "size expected"),
		BAD("crashkernel=0,high", "0,high", "zero"),
		BAD("crashkernel=8G,high", "8G,high", "less than the RAM"),
		BAD("crashkernel=16E,high", "16E,high", "64 bits"),
		BAD("crashkernel=64M@16M,high", "@16M,high", "',high' expected"),
		BAD("crashkernel=64M,low,high", ",low,high", "',high' expected"),
		BAD("crashkernel=0-:64M,high", "-:64M,high", "',high' expected"),
		BAD("crashkernel=auto,high", "auto,high", "size expected"),
		BAD("crashkernel=64M,low", ",low", "without a ',high'"),
		BAD("crashkernel=x,low", ",low", "without a ',high'"),
		BAD_AT("crashkernel=64M,high crashkernel=64Q,low", "crashkernel=64Q,low",
		       "Q,low", "',low' expected"),
		BAD("crashkernel=64Q,low crashkernel=64M,high", "Q,low", "',low' expected"),
		BAD_AT("crashkernel=64M,high crashkernel=,low", "crashkernel=,low",
		       ",low", "size expected"),
		BAD_AT("crashkernel=64M,low crashkernel=x,high", "crashkernel=x,high",
		       "x,high", "size expected"),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_bad(test, &cases[i]);
}

/* The option that is to blame is told from its neighbours, and from quotes. */
static void __init blame_test(struct kunit *test)
{
	static const struct bad_case cases[] = {
		BAD_AT("ro crashkernel=64Q quiet", "crashkernel=64Q quiet", "Q", "after the size"),
		BAD_AT("crashkernel=64M crashkernel=64Q", "crashkernel=64Q", "Q", "after the size"),
		BAD_AT("crashkernel=1M,high crashkernel=64Q crashkernel=2M,high",
		       "crashkernel=64Q crashkernel=2M,high", "Q", "after the size"),
		BAD_AT("\"crashkernel=64Q\" ro", "crashkernel=64Q\" ro", "Q", "after the size"),
		BAD("crashkernel=\"64Q\" ro", "Q\"", "after the size"),
		BAD("crashkernel=\"64M @16M\"", " @16M\"", "after the size"),
		BAD_AT("crashkernel=64\"M @\"16M ro", "crashkernel=64\"M @\"16M ro",
		       "\"M @\"16M", "after the size"),
		BAD_AT("\"crashkernel=\"64M\"\" ro", "crashkernel=\"64M\"\" ro", "\"",
		       "after the size"),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_bad(test, &cases[i]);
}

#define DOUBTFUL(text, tail, why, spec...) \
	{ .cmdline = text, .wrong = tail, .reason = why, .want = spec }
#define DOUBTFUL_AT(text, which, tail, why, spec...) \
	{ .cmdline = text, .option = which, .wrong = tail, .reason = why, .want = spec }

/* The stock parser takes these, and machines are started with such options. */
static void __init doubtful_test(struct kunit *test)
{
	static const struct bad_case cases[] = {
		DOUBTFUL("crashkernel=64M@", "", "offset expected", SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=64M@ 16M", "", "offset expected", SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=64M@@16M", "@16M", "offset expected", SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=64M@-16M", "-16M", "offset expected", SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=64M@M", "M", "unit without a number", SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=64M@16M@", "@", "nothing should follow",
			 AT(64 * MIB, 16 * MIB)),
		DOUBTFUL("crashkernel=64M@16MB", "B", "nothing should follow",
			 AT(64 * MIB, 16 * MIB)),
		DOUBTFUL("crashkernel=64M@16M,cma", ",cma", "nothing should follow",
			 AT(64 * MIB, 16 * MIB)),
		DOUBTFUL("crashkernel=0-:64M@16M,1G-:64M", ",1G-:64M", "nothing should follow",
			 AT(64 * MIB, 16 * MIB)),
		DOUBTFUL("crashkernel=512M-:64Q", "Q", "expected after a size", SIZE(64)),
		DOUBTFUL("crashkernel=512M-:64M:", ":", "expected after a size", SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=512M-:64M,", "", "start of a range", SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=512M-:64M,,@16M", ",@16M", "start of a range",
			 AT(64 * MIB, 16 * MIB)),
		DOUBTFUL("crashkernel=K-:64M", "K-:64M", "unit without a number", SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=1G-:64M,2G-:x", "x", "size expected after ':'",
			 SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=1G-:64M,2G-1G:9M", "1G:9M", "not above its start",
			 SIZE(64 * MIB)),
		DOUBTFUL("crashkernel=8G,low crashkernel=64M,high", "8G,low", "less than the RAM",
			 LOW_HIGH(8 * GIB, 64 * MIB)),
		DOUBTFUL("-- crashkernel=64M", "64M", "before '--'", SIZE(64 * MIB)),
		DOUBTFUL("\"--\" crashkernel=64M", "64M", "before '--'", SIZE(64 * MIB)),
		DOUBTFUL_AT("crashkernel=64M -- crashkernel=128M", "crashkernel=128M", "128M",
			    "before '--'", SIZE(128 * MIB)),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_bad(test, &cases[i]);
}

static void __init auto_test(struct kunit *test)
{
	static const u64 rams[] = {
		0, 64 * MIB, 256 * MIB, 512 * MIB, GIB, 2 * GIB, 4 * GIB, 16 * GIB,
		64 * GIB, TIB, 64 * TIB, U64_MAX,
	};
	struct crashkernel_error err;
	struct crashkernel_spec spec;
	u64 size, before = 0;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(rams); i++) {
		size = crashkernel_auto_size(rams[i]);
		KUNIT_EXPECT_GE(test, size, before);
		KUNIT_EXPECT_LE(test, size, rams[i] / 4);
		before = size;

		ret = crashkernel_parse("crashkernel=auto", rams[i], &spec, &err);
		KUNIT_EXPECT_EQ(test, ret, 0);
		KUNIT_EXPECT_FALSE(test, spec.fixed);
		KUNIT_EXPECT_EQ(test, spec.size, size);
	}
	KUNIT_EXPECT_EQ(test, crashkernel_auto_size(64 * MIB), 0);
	KUNIT_EXPECT_GT(test, crashkernel_auto_size(GIB), 0);
	/* A machine sold with so much RAM shows a little less. */
	KUNIT_EXPECT_EQ(test, crashkernel_auto_size(4 * GIB - MIB), crashkernel_auto_size(4 * GIB));
}

static struct kunit_case crash_param_cases[] __refdata = {
	KUNIT_CASE(option_forms_test),
	KUNIT_CASE(numbers_test),
	KUNIT_CASE(ranges_test),
	KUNIT_CASE(last_of_a_kind_wins_test),
	KUNIT_CASE(words_test),
	KUNIT_CASE(none_test),
	KUNIT_CASE(malformed_size_test),
	KUNIT_CASE(malformed_offset_test),
	KUNIT_CASE(malformed_ranges_test),
	KUNIT_CASE(malformed_high_low_test),
	KUNIT_CASE(blame_test),
	KUNIT_CASE(doubtful_test),
	KUNIT_CASE(auto_test),
	{}
};

static struct kunit_suite crash_param_suite = {
	.name = "crash_param",
	.test_cases = crash_param_cases,
};

kunit_test_init_section_suite(crash_param_suite);
