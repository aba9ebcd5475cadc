// SPDX-License-Identifier: GPL-2.0
/*
 * fill MIB FILE: hold user memory of every kind, about MIB of each, then say
 * "ready" and stay. FILE is mapped as far as it goes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

#define PAGE		4096UL
#define HUGE		(2UL << 20)

static unsigned long next_random(void)
{
	static unsigned long state = 1;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void scribble(void *mem, size_t size)
{
	unsigned long *words = mem;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		words[i] = next_random();
}

static char *map(size_t size, int flags, int fd)
{
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (mem == MAP_FAILED)
		die("mmap of %zu bytes, flags %#x: %s", size, flags, strerror(errno));
	return mem;
}

static char *anonymous(size_t size, int more)
{
	return map(size, MAP_PRIVATE | MAP_ANONYMOUS | more, -1);
}

static void advise(char *mem, size_t size, int advice)
{
	/* What this kernel is built without is EINVAL. */
	if (madvise(mem, size, advice) && errno != EINVAL)
		die("madvise %d: %s", advice, strerror(errno));
}

/* Small pages, of which every other one goes away, and some are zero. */
static void small_pages(size_t size)
{
	char *mem = anonymous(size, 0);

	advise(mem, size, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < size; at += PAGE) {
		if (at / PAGE % 5)
			scribble(mem + at, PAGE);
		else
			memset(mem + at, 0, PAGE);
	}
	for (size_t at = size / 2; at < size; at += 2 * PAGE)
		munmap(mem + at, PAGE);
}

/* Whole, split by losing a part, and split by losing its mapping. */
static void huge_pages(size_t size)
{
	char *mem = anonymous(size + HUGE, 0);

	mem += HUGE - (uintptr_t)mem % HUGE;
	advise(mem, size, MADV_HUGEPAGE);
	for (size_t at = 0; at < size; at += HUGE)
		scribble(mem + at, HUGE / 2);
	munmap(mem + HUGE / 2, HUGE / 4);
	mprotect(mem + HUGE, PAGE, PROT_READ);
}

static void hugetlb_pages(size_t size)
{
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (mem == MAP_FAILED)
		die("no %zu bytes of huge pages: %s", size, strerror(errno));
	for (size_t at = 0; at < size; at += HUGE)
		scribble(mem + at, PAGE);
}

static void shared_pages(size_t size)
{
	char *mem = map(size, MAP_SHARED | MAP_ANONYMOUS, -1);

	scribble(mem, size);
}

static void locked_pages(size_t size)
{
	char *mem = anonymous(size, 0);

	advise(mem, size, MADV_NOHUGEPAGE);
	scribble(mem, size);
	if (mlock(mem, size))
		die("mlock: %s", strerror(errno));
}

static void ignore(int number)
{
	(void)number;
}

/* Pages that may be taken away any time, that may be merged, that are called broken. */
static void advised_pages(size_t size)
{
	char *lazy = anonymous(size, 0), *equal = anonymous(size, 0);
	char *broken = anonymous(4 * PAGE, 0);

	scribble(lazy, size);
	advise(lazy, size, MADV_FREE);
	advise(equal, size, MADV_MERGEABLE);
	memset(equal, 0x5a, size);
	scribble(broken, 4 * PAGE);
	signal(SIGBUS, ignore);
	advise(broken, 4 * PAGE, MADV_HWPOISON);
}

/* Pages that are on disk, and half of them in memory again. */
static void swapped_pages(size_t size)
{
	char *mem = anonymous(size, 0);

	scribble(mem, size);
	advise(mem, size, MADV_PAGEOUT);
	for (size_t at = 0; at < size; at += 2 * PAGE)
		advise(mem + at, PAGE, MADV_POPULATE_READ);
}

static void file_pages(const char *path)
{
	int fd = open(path, O_RDWR);
	struct stat st;
	char *mem;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	mem = map(st.st_size, MAP_PRIVATE, fd);
	for (off_t at = 0; at < st.st_size / 2; at += PAGE)
		mem[at]++;
	mem = map(st.st_size, MAP_SHARED, fd);
	for (off_t at = 0; at < st.st_size; at += 2 * PAGE)
		mem[at]++;
}

int probe_fill(int argc, char **argv)
{
	size_t size;

	if (argc != 3)
		die("usage: fill MIB FILE");
	size = number(argv[1]) << 20;
	small_pages(size);
	huge_pages(size);
	hugetlb_pages(size);
	shared_pages(size);
	locked_pages(size);
	advised_pages(size);
	swapped_pages(size);
	file_pages(argv[2]);
	fork();
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
