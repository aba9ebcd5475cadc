// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kernel/crash_switch.c: valid and invalid values of the switch.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "../crash_internal.h"

/**
 * struct switch_case - text that is written to the switch
 * @text: the bytes
 * @len: number of bytes
 * @ret: expected result
 * @on: expected value, if @ret is 0
 */
struct switch_case {
	const char *text;
	size_t len;
	int ret;
	bool on;
};

static const struct switch_case switch_cases[] = {
	{ "0", 1, 0, false },
	{ "1", 1, 0, true },
	{ "0\n", 2, 0, false },
	{ "1\n", 2, 0, true },
	/* Bytes behind the end are ignored. */
	{ "1x", 1, 0, true },

	{ "", 0, -EINVAL },
	{ "\n", 1, -EINVAL },
	{ "2", 1, -EINVAL },
	{ "y", 1, -EINVAL },
	{ " 1", 2, -EINVAL },
	{ "1 ", 2, -EINVAL },
	{ "10", 2, -EINVAL },
	{ "01", 2, -EINVAL },
	{ "-1", 2, -EINVAL },
	{ "\n1", 2, -EINVAL },
	{ "1\0", 2, -EINVAL },
	{ "1\r\n", 3, -EINVAL },
	{ "1\n\n", 3, -EINVAL },
};

static void parse_test(struct kunit *test)
{
	const struct switch_case *this = switch_cases;

	for (; this < switch_cases + ARRAY_SIZE(switch_cases); this++) {
		bool was, on;

		for (was = false;; was = true) {
			bool expected = this->ret ? was : this->on;

			on = was;
			KUNIT_EXPECT_EQ_MSG(test, this->ret,
					    crash_switch_parse(this->text,
							       this->len, &on),
					    "\"%s\"", this->text);
			KUNIT_EXPECT_EQ_MSG(test, on, expected, "\"%s\"",
					    this->text);
			if (was)
				break;
		}
	}
}

static struct kunit_case crash_switch_cases[] = {
	KUNIT_CASE(parse_test),
	{}
};

static struct kunit_suite crash_switch_suite = {
	.name = "crash_switch",
	.test_cases = crash_switch_cases,
};

kunit_test_suite(crash_switch_suite);
