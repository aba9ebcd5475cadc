// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/param.c: the words of the command line.
 * tests/unit runs this file in user space, too.
 */
#include "crash_param_cases.h"

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
		/* An option of the first kind disables the others. */
		{ "crashkernel=64M crashkernel=96M,high", RAM, SIZE(64 * MIB) },
		{ "crashkernel=96M,high crashkernel=1M,low crashkernel=64M", RAM, SIZE(64 * MIB) },
		{ "crashkernel=64M crashkernel=1M,low", RAM, SIZE(64 * MIB) },
		/* Options that do not count are not checked. */
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

/* The error names the right option, also with neighbours and quotes. */
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
	/* A machine sold with that much RAM shows a little less. */
	KUNIT_EXPECT_EQ(test, crashkernel_auto_size(4 * GIB - MIB), crashkernel_auto_size(4 * GIB));
}

static struct kunit_case crash_param_cases[] __refdata = {
	KUNIT_CASE(option_forms_test),
	KUNIT_CASE(last_of_a_kind_wins_test),
	KUNIT_CASE(words_test),
	KUNIT_CASE(none_test),
	KUNIT_CASE(malformed_high_low_test),
	KUNIT_CASE(blame_test),
	KUNIT_CASE(auto_test),
	{}
};

static struct kunit_suite crash_param_suite = {
	.name = "crash_param",
	.test_cases = crash_param_cases,
};

kunit_test_init_section_suite(crash_param_suite);
