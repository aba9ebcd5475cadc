// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the KUnit suites that are linked with it, in user space. Quiet but for
 * failures and a last line of totals; exit status 1 if anything failed.
 */
#include <kunit/test.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Far above what all cases take together: a hang is a failure, too. */
#define DEADLINE_SECONDS_PER_CASE	120

struct unit_block {
	struct unit_block *next;
	void *memory;
};

static struct kunit_suite *suites;

void unit_add_suite(struct kunit_suite *suite)
{
	struct kunit_suite **last = &suites;

	while (*last)
		last = &(*last)->next;
	*last = suite;
}

void *kunit_kzalloc(struct kunit *test, size_t size, int gfp)
{
	void *memory = kunit_kmalloc(test, size, gfp);

	return memset(memory, 0, size);
}

void *kunit_kmalloc(struct kunit *test, size_t size, int gfp)
{
	struct unit_block *block = malloc(sizeof(*block));

	(void)gfp;
	if (!block)
		abort();
	block->memory = malloc(size);
	if (!block->memory)
		abort();
	block->next = test->blocks;
	test->blocks = block;
	return block->memory;
}

static void free_blocks(struct kunit *test)
{
	struct unit_block *block, *next;

	for (block = test->blocks; block; block = next) {
		next = block->next;
		free(block->memory);
		free(block);
	}
}

void unit_fail(struct kunit *test, bool fatal, const char *file, int line,
	       const char *what, const char *fmt, ...)
{
	va_list args;

	test->failures++;
	printf("%s:%d: %s: %s", file, line, test->name, what);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	if (fatal)
		longjmp(test->abort, 1);
}

static bool run_case(const struct kunit_suite *suite,
		     const struct kunit_case *this)
{
	struct kunit test = { .name = this->name };

	alarm(DEADLINE_SECONDS_PER_CASE);
	if (!setjmp(test.abort)) {
		if (suite->init && suite->init(&test))
			KUNIT_FAIL(&test, "the suite's init failed");
		else
			this->run_case(&test);
	}
	if (suite->exit)
		suite->exit(&test);
	alarm(0);
	free_blocks(&test);
	return !test.failures;
}

int main(void)
{
	unsigned int passed = 0, failed = 0;
	const struct kunit_suite *suite;
	const struct kunit_case *this;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (suite = suites; suite; suite = suite->next) {
		for (this = suite->test_cases; this->run_case; this++) {
			if (run_case(suite, this))
				passed++;
			else
				failed++;
		}
	}
	printf("unit: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
