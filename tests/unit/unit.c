// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the KUnit suites that are linked with it, in user space. Quiet but for
 * failures and a last line of totals; exit status 1 if anything failed.
 */
#include "unit.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Far above what one case or one seed takes: a hang is a failure, too. */
#define DEADLINE_SECONDS	60

#define DEFAULT_SEEDS		20000

struct unit_block {
	struct unit_block *next;
	void *memory;
};

static struct kunit_suite *suites;

/* What is running, for whoever ends it. */
static const struct kunit *running;
static bool seeded;
static u64 running_seed;

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

static void print_seed(void)
{
	if (seeded)
		printf("replay: make -C tests/unit check SEED=%llu N=1\n",
		       running_seed);
}

/* Have the sanitizers end in on_signal(), once they have said what is wrong. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void on_signal(int signal)
{
	if (signal == SIGALRM)
		printf("no end within %u seconds\n", DEADLINE_SECONDS);
	if (running)
		printf("died in %s\n", running->name);
	print_seed();
	fflush(stdout);
	_exit(1);
}

static u64 number_from_environment(const char *name, u64 otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

void unit_for_seeds(struct kunit *test,
		    void (*run)(struct kunit *test, u64 seed))
{
	u64 nr = number_from_environment("N", DEFAULT_SEEDS);

	seeded = true;
	running_seed = number_from_environment("SEED", 1);
	for (; nr && !test->failures; nr--, running_seed++) {
		alarm(DEADLINE_SECONDS);
		run(test, running_seed);
	}
	seeded = false;
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
	print_seed();
	if (fatal)
		longjmp(test->abort, 1);
}

static bool run_case(const struct kunit_suite *suite,
		     const struct kunit_case *this)
{
	struct kunit test = { .name = this->name };

	running = &test;
	alarm(DEADLINE_SECONDS);
	if (!setjmp(test.abort)) {
		if (suite->init && suite->init(&test))
			KUNIT_FAIL(&test, "the suite's init failed");
		else
			this->run_case(&test);
	}
	if (suite->exit)
		suite->exit(&test);
	alarm(0);
	running = NULL;
	seeded = false;
	free_blocks(&test);
	return !test.failures;
}

int main(void)
{
	unsigned int passed = 0, failed = 0;
	const struct kunit_suite *suite;
	const struct kunit_case *this;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
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
