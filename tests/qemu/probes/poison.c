// SPDX-License-Identifier: GPL-2.0
/*
 * poison: have the kernel mark one page of several compound pages as broken. For each
 * a line says its name, first page frame, number of pages, and the page frame that is
 * broken; then "ready", and stay.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe.h"

#define PAGE	4096UL
#define HUGE	(2UL << 20)

/* Documentation/admin-guide/mm/pagemap.rst */
#define SLAB	0x80UL
#define HEAD	0x8000UL
#define TAIL	0x10000UL
#define BROKEN	0x80000UL

static unsigned long read_word(const char *path, unsigned long nr)
{
	int fd = open(path, O_RDONLY);
	unsigned long word = 0;

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	read_fully(fd, &word, sizeof(word), nr * sizeof(word));
	close(fd);
	return word;
}

static unsigned long *read_flags(unsigned long *nr)
{
	size_t room = 64UL << 20;
	unsigned long *flags = malloc(room);
	int fd = open("/proc/kpageflags", O_RDONLY);

	if (fd < 0 || !flags)
		die("/proc/kpageflags: %s", strerror(errno));
	*nr = read_fully(fd, flags, room, 0) / sizeof(*flags);
	close(fd);
	return flags;
}

/* The kernel may say that it can do nothing about the page, and marks it all the same. */
static void poison(const char *name, unsigned long first, unsigned long pages,
		   unsigned long at)
{
	int fd = open("/sys/devices/system/memory/hard_offline_page", O_WRONLY);
	char text[32];

	if (fd < 0)
		die("hard_offline_page: %s", strerror(errno));
	snprintf(text, sizeof(text), "%#lx", (first + at) * PAGE);
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "%s: %s\n", text, strerror(errno));
	close(fd);
	printf("%s %lu %lu %lu\n", name, first, pages, first + at);
}

/* How many pages has the compound page whose first one is @pfn? */
static unsigned long count_pages(const unsigned long *flags, unsigned long nr, unsigned long pfn)
{
	unsigned long pages = 1;

	while (pfn + pages < nr && flags[pfn + pages] & TAIL)
		pages++;
	return pages;
}

/* The kernel's own: the highest ones that there are, of which few were there at boot. */
static void poison_kernel(const char *name, unsigned long wanted, unsigned long pages,
			  unsigned long at)
{
	unsigned long nr, pfn;
	unsigned long *flags = read_flags(&nr);

	for (pfn = nr; pfn--; ) {
		if ((flags[pfn] & ~TAIL) == wanted && count_pages(flags, nr, pfn) == pages &&
		    !(flags[pfn + at] & BROKEN)) {
			poison(name, pfn, pages, at);
			if (!(read_word("/proc/kpageflags", pfn + at) & BROKEN))
				die("%s: the page is not marked", name);
			free(flags);
			return;
		}
	}
	die("no pages like %s", name);
}

static unsigned long find_frame(const char *mem)
{
	return read_word("/proc/self/pagemap", (unsigned long)mem / PAGE) & ((1UL << 55) - 1);
}

static void poison_user(const char *name, char *mem, unsigned long at)
{
	unsigned long first;

	for (size_t i = 0; i < HUGE; i += PAGE)
		memset(mem + i, 0x5a, PAGE);
	first = find_frame(mem);
	if (find_frame(mem + HUGE - PAGE) != first + HUGE / PAGE - 1)
		die("%s is not in one piece", name);
	poison(name, first, HUGE / PAGE, at);
}

static char *map_huge_file(void)
{
	int fd = memfd_create("huge", MFD_HUGETLB);
	char *mem;

	if (fd < 0 || ftruncate(fd, HUGE))
		die("a file of huge pages: %s", strerror(errno));
	mem = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		die("mmap of a huge page: %s", strerror(errno));
	return mem;
}

static char *map_thp(void)
{
	char *mem = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	if (mem == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	mem += HUGE - (uintptr_t)mem % HUGE;
	if (madvise(mem, HUGE, MADV_HUGEPAGE))
		die("madvise: %s", strerror(errno));
	return mem;
}

int probe_poison(int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		die("usage: poison");
	signal(SIGBUS, SIG_IGN);
	poison_kernel("slab-head", SLAB | HEAD, 8, 0);
	poison_kernel("slab-tail", SLAB | HEAD, 8, 5);
	poison_kernel("kernel-tail", HEAD, 4, 3);
	poison_user("hugetlb-head", map_huge_file(), 0);
	poison_user("hugetlb-tail", map_huge_file(), 300);
	poison_user("thp-head", map_thp(), 0);
	poison_user("thp-tail", map_thp(), 300);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
