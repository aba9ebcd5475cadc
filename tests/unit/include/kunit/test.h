/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of KUnit as the suites of the pure files use, for user space.
 * Names and meaning are those of the kernel's include/kunit/test.h; what a
 * suite lacks is added here. tests/unit/unit.c runs the suites.
 */
#ifndef _KUNIT_TEST_H
#define _KUNIT_TEST_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <setjmp.h>

#define GFP_KERNEL	0

/**
 * struct kunit - a test case that is running
 * @priv: free for the suite's use
 * @name: of the case, for messages
 * @failures: expectations that did not hold
 * @abort: where an assertion that does not hold leaves the case
 * @blocks: what kunit_kmalloc() gave out, linked
 */
struct kunit {
	void *priv;
	const char *name;
	unsigned int failures;
	jmp_buf abort;
	struct unit_block *blocks;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char name[256];
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

#define KUNIT_CASE(fn)		{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn)	KUNIT_CASE(fn)

void unit_add_suite(struct kunit_suite *suite);

#define kunit_test_suite(suite)						\
	__attribute__((constructor)) static void suite##_add(void)	\
	{								\
		unit_add_suite(&suite);					\
	}								\
	struct kunit_suite

/* For suites of boot-time code. */
#define kunit_test_init_section_suite(suite)	kunit_test_suite(suite)

/* Freed when the case ends. Never rounded up, so that an overrun is seen. */
void *kunit_kmalloc(struct kunit *test, size_t size, int gfp);
void *kunit_kzalloc(struct kunit *test, size_t size, int gfp);

__printf(6, 7)
void unit_fail(struct kunit *test, bool fatal, const char *file, int line,
	       const char *what, const char *fmt, ...);

#define UNIT_BINARY(test, fatal, left, op, right, fmt, ...) do {	\
	__auto_type _left = (left);					\
	__auto_type _right = (right);					\
									\
	if (!(_left op _right))						\
		unit_fail(test, fatal, __FILE__, __LINE__,		\
			  #left " " #op " " #right,			\
			  ": %#llx and %#llx; " fmt,			\
			  (unsigned long long)_left,			\
			  (unsigned long long)_right, ##__VA_ARGS__);	\
} while (0)

#define UNIT_UNARY(test, fatal, condition, ...) do {			\
	if (!(condition))						\
		unit_fail(test, fatal, __FILE__, __LINE__, #condition,	\
			  ": " __VA_ARGS__);				\
} while (0)

#define UNIT_STRINGS(test, fatal, left, right) do {			\
	const char *_left = (left);					\
	const char *_right = (right);					\
									\
	if (strcmp(_left, _right))					\
		unit_fail(test, fatal, __FILE__, __LINE__,		\
			  #left " equals " #right,			\
			  ": \"%s\" and \"%s\"", _left, _right);		\
} while (0)

#define KUNIT_FAIL(test, ...)						\
	unit_fail(test, false, __FILE__, __LINE__, "", ": " __VA_ARGS__)

#define KUNIT_EXPECT_EQ_MSG(test, l, r, ...) \
	UNIT_BINARY(test, false, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_EQ(test, l, r)	UNIT_BINARY(test, false, l, ==, r, "")
#define KUNIT_EXPECT_NE(test, l, r)	UNIT_BINARY(test, false, l, !=, r, "")
#define KUNIT_EXPECT_LT(test, l, r)	UNIT_BINARY(test, false, l, <, r, "")
#define KUNIT_EXPECT_LE(test, l, r)	UNIT_BINARY(test, false, l, <=, r, "")
#define KUNIT_EXPECT_GT(test, l, r)	UNIT_BINARY(test, false, l, >, r, "")
#define KUNIT_EXPECT_GE(test, l, r)	UNIT_BINARY(test, false, l, >=, r, "")
#define KUNIT_EXPECT_PTR_EQ(test, l, r) \
	UNIT_BINARY(test, false, (uintptr_t)(l), ==, (uintptr_t)(r), "")
#define KUNIT_EXPECT_TRUE_MSG(test, c, ...) \
	UNIT_UNARY(test, false, c, __VA_ARGS__)
#define KUNIT_EXPECT_TRUE(test, c)	UNIT_UNARY(test, false, c)
#define KUNIT_EXPECT_FALSE_MSG(test, c, ...) \
	UNIT_UNARY(test, false, !(c), __VA_ARGS__)
#define KUNIT_EXPECT_FALSE(test, c)	UNIT_UNARY(test, false, !(c))
#define KUNIT_EXPECT_NULL(test, p)	UNIT_UNARY(test, false, !(p))
#define KUNIT_EXPECT_STREQ(test, l, r) \
	UNIT_STRINGS(test, false, l, r)
#define KUNIT_EXPECT_MEMEQ(test, l, r, size) \
	UNIT_UNARY(test, false, !memcmp(l, r, size))
#define KUNIT_EXPECT_MEMEQ_MSG(test, l, r, size, ...) \
	UNIT_UNARY(test, false, !memcmp(l, r, size), __VA_ARGS__)

#define KUNIT_ASSERT_EQ_MSG(test, l, r, ...) \
	UNIT_BINARY(test, true, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_EQ(test, l, r)	UNIT_BINARY(test, true, l, ==, r, "")
#define KUNIT_ASSERT_LT(test, l, r)	UNIT_BINARY(test, true, l, <, r, "")
#define KUNIT_ASSERT_LE(test, l, r)	UNIT_BINARY(test, true, l, <=, r, "")
#define KUNIT_ASSERT_GE(test, l, r)	UNIT_BINARY(test, true, l, >=, r, "")
#define KUNIT_ASSERT_TRUE_MSG(test, c, ...) \
	UNIT_UNARY(test, true, c, __VA_ARGS__)
#define KUNIT_ASSERT_TRUE(test, c)	UNIT_UNARY(test, true, c)
#define KUNIT_ASSERT_FALSE(test, c)	UNIT_UNARY(test, true, !(c))
#define KUNIT_ASSERT_NOT_NULL(test, p)	UNIT_UNARY(test, true, p)

#endif /* _KUNIT_TEST_H */
