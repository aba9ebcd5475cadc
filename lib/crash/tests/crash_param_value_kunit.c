// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/param_value.c: numbers, ranges and offsets.
 * tests/unit runs this file in user space, too.
 */
#include "crash_param_cases.h"

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
		/* The example of Documentation/admin-guide/kdump/kdump.rst. */
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
		/* The first range that fits counts. Any range may omit its end. */
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

static struct kunit_case crash_param_value_cases[] __refdata = {
	KUNIT_CASE(numbers_test),
	KUNIT_CASE(ranges_test),
	KUNIT_CASE(malformed_size_test),
	KUNIT_CASE(malformed_offset_test),
	KUNIT_CASE(malformed_ranges_test),
	KUNIT_CASE(doubtful_test),
	{}
};

static struct kunit_suite crash_param_value_suite = {
	.name = "crash_param_value",
	.test_cases = crash_param_value_cases,
};

kunit_test_init_section_suite(crash_param_value_suite);
