// SPDX-License-Identifier: GPL-2.0
/*
 * map FILE OFFSET SIZE: mappings of that part of a dump show the same bytes as
 * read(), at any alignment and whatever is done to them. SIZE is some huge pages.
 * Prints by how many bytes page tables grow when all of it is mapped and touched.
 *
 * map-all FILE: all of the file mapped from offset 0 shows the bytes of read().
 * Prints by how many bytes page tables grow when every 16th huge page is touched.
 *
 * map-over FILE OFFSET SIZE HOOK TEXT: the bytes stay the same when writing TEXT
 * to HOOK makes the kernel replace the dump.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define PAGE		4096UL
#define HUGE		(2UL << 20)
#define STEP		(PAGE * 61)	/* from one page that is compared to the next */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#define EXPECT(cond, ...)	do { if (!(cond)) die(__VA_ARGS__); } while (0)

static int fd;

static void *map_at(void *addr, size_t size, off_t offset, int flags)
{
	void *map = mmap(addr, size, PROT_READ, flags, fd, offset);

	EXPECT(map != MAP_FAILED, "mmap of %zu bytes at %#jx: %s", size, (uintmax_t)offset,
	       strerror(errno));
	return map;
}

static void compare_page(const char *map, off_t offset, size_t at, const char *what)
{
	char wanted[PAGE];

	EXPECT(read_fully(fd, wanted, PAGE, offset + at) == PAGE, "short read");
	EXPECT(!memcmp(map + at, wanted, PAGE), "%s: other bytes %#zx behind %#jx", what, at,
	       (uintmax_t)offset);
}

/* The pages at the edges of huge pages, and some between. */
static void compare(const char *map, off_t offset, size_t size, const char *what)
{
	for (size_t at = 0; at < size; at += STEP / PAGE * PAGE)
		compare_page(map, offset, at, what);
	for (size_t at = HUGE - (size_t)(uintptr_t)map % HUGE; at < size; at += HUGE) {
		compare_page(map, offset, at - PAGE, what);
		compare_page(map, offset, at, what);
	}
	compare_page(map, offset, size - PAGE, what);
}

/* Windows that begin and end around huge pages of file and address. */
static void check_alignments(off_t offset)
{
	static const long shifts[] = { -3 * (long)PAGE, 0, 5 * PAGE };
	static const size_t sizes[] = { PAGE, HUGE - PAGE, HUGE, HUGE + PAGE, 2 * HUGE };
	off_t edge = (offset + 2 * HUGE - 1) / HUGE * HUGE;
	char *room = mmap(NULL, 8 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *fixed = (char *)(((uintptr_t)room + 2 * HUGE - 1) / HUGE * HUGE);

	for (size_t i = 0; i < 9; i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			off_t from = edge + shifts[i / 3];
			char *map = map_at(NULL, sizes[j], from, MAP_SHARED);

			compare(map, from, sizes[j], "anywhere");
			munmap(map, sizes[j]);
			map = map_at(fixed + shifts[i % 3], sizes[j], from,
				     MAP_PRIVATE | MAP_FIXED);
			compare(map, from, sizes[j], "at a fixed address");
			munmap(map, sizes[j]);
		}
	munmap(room, 8 * HUGE);
}

static void check_protection(off_t offset, size_t size)
{
	char *map = map_at(NULL, size, offset, MAP_PRIVATE);
	char *part = map + size / 2 / PAGE * PAGE + PAGE;

	for (int touched = 0; touched < 2; touched++) {
		for (int protection = PROT_WRITE; protection <= PROT_EXEC; protection++)
			EXPECT(mprotect(map, size, PROT_READ | protection) == -1 &&
			       errno == EACCES, "mprotect to %d not refused", protection);
		compare(map, offset, size, "after mprotect was refused");
	}
	EXPECT(!mprotect(part, 3 * PAGE, PROT_NONE), "mprotect: %s", strerror(errno));
	compare(map, offset, part - map, "before what is protected");
	EXPECT(!mprotect(part, 3 * PAGE, PROT_READ), "mprotect: %s", strerror(errno));
	compare(map, offset, size, "after a part was protected");
	EXPECT(!mprotect(map, size, PROT_NONE) && !mprotect(map, size, PROT_READ),
	       "mprotect: %s", strerror(errno));
	compare(map, offset, size, "after all was protected");
	munmap(map, size);
}

static void check_cuts(off_t offset, size_t size)
{
	size_t cut = size / 2 / PAGE * PAGE + PAGE, behind = cut + 7 * PAGE;
	char *map = map_at(NULL, size, offset, MAP_PRIVATE), *moved;

	compare(map, offset, size, "before the cut");
	EXPECT(!munmap(map + cut, behind - cut), "munmap: %s", strerror(errno));
	compare(map, offset, cut, "before a cut");
	compare(map + behind, offset + behind, size - behind, "behind a cut");

	moved = mremap(map, cut, cut, MREMAP_MAYMOVE | MREMAP_FIXED,
		       mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT(moved != MAP_FAILED, "mremap: %s", strerror(errno));
	compare(moved, offset, cut, "moved");
	EXPECT(mremap(moved, cut, size, MREMAP_MAYMOVE) == MAP_FAILED, "could be extended");
	munmap(moved, size);
	munmap(map + behind, size - behind);
}

static void check_fork(off_t offset, size_t size)
{
	char *map = map_at(NULL, size, offset, MAP_SHARED);
	int status;

	compare(map, offset, size / 2 / PAGE * PAGE, "before fork");
	if (!fork()) {
		compare(map, offset, size, "in the child");
		munmap(map, size / 2 / PAGE * PAGE);
		exit(0);
	}
	wait(&status);
	EXPECT(!status, "the child failed");
	compare(map, offset, size, "in the parent");
	munmap(map, size);
}

/* Advice is refused or taken; the bytes stay. What walks page tables finds its way. */
static void check_advice(off_t offset, size_t size)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_WILLNEED, MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_POPULATE_READ, MADV_FREE, MADV_COLLAPSE, MADV_DODUMP,
	};
	static const char * const files[] = {
		"/proc/self/smaps", "/proc/self/numa_maps", "/proc/self/maps",
	};
	char *map = map_at(NULL, size, offset, MAP_PRIVATE | MAP_POPULATE), buf[PAGE];
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	size_t i;

	compare(map, offset, size, "to be populated");
	for (i = 0; i < sizeof(advice) / sizeof(*advice); i++) {
		madvise(map, size, advice[i]);
		compare(map, offset, size, "after advice");
	}
	EXPECT(mlock(map, size) || !munlock(map, size), "munlock: %s", strerror(errno));
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int file = open(files[i], O_RDONLY);

		while (read(file, buf, sizeof(buf)) > 0)
			;
		close(file);
	}
	for (i = 0; i < size / PAGE * 8; i += sizeof(buf))
		EXPECT(pread(pagemap, buf, sizeof(buf), (uintptr_t)map / PAGE * 8 + i) > 0,
		       "pagemap: %s", strerror(errno));
	close(pagemap);
	compare(map, offset, size, "after all that");
	munmap(map, size);
}

/* Bytes that the kernel takes from the mapping, and that nobody has touched yet. */
static void check_pipe(off_t offset, size_t size)
{
	char *map = map_at(NULL, size, offset, MAP_PRIVATE), buf[PAGE];
	int ends[2];

	EXPECT(!pipe(ends), "pipe: %s", strerror(errno));
	for (size_t at = 0; at < size; at += HUGE / 2 + PAGE) {
		EXPECT(write(ends[1], map + at, PAGE) == PAGE, "write: %s", strerror(errno));
		EXPECT(read(ends[0], buf, PAGE) == PAGE, "read of the pipe");
		EXPECT(!memcmp(buf, map + at, PAGE), "other bytes through a pipe");
	}
	close(ends[0]);
	close(ends[1]);
	munmap(map, size);
}

static size_t page_tables(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	size_t kib = 0;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmPTE: %zu kB", &kib) == 1)
			break;
	fclose(status);
	return kib << 10;
}

int probe_map(int argc, char **argv)
{
	size_t size, tables;
	off_t offset;
	char *map;

	if (argc != 4)
		die("usage: map FILE OFFSET SIZE");
	fd = open(argv[1], O_RDONLY);
	EXPECT(fd >= 0, "%s: %s", argv[1], strerror(errno));
	offset = number(argv[2]);
	size = number(argv[3]);

	tables = page_tables();
	map = map_at(NULL, size, offset, MAP_PRIVATE);
	compare(map, offset, size, "all");
	tables = page_tables() - tables;
	munmap(map, size);

	check_alignments(offset);
	check_protection(offset, size);
	check_cuts(offset, size);
	check_fork(offset, size);
	check_advice(offset, size);
	check_pipe(offset, size);
	printf("%zu\n", tables);
	return 0;
}

/* One byte of every 16th huge page, and in some of them a page. */
int probe_map_all(int argc, char **argv)
{
	size_t size, tables;
	char *map;

	if (argc != 2)
		die("usage: map-all FILE");
	fd = open(argv[1], O_RDONLY);
	EXPECT(fd >= 0, "%s: %s", argv[1], strerror(errno));
	size = lseek(fd, 0, SEEK_END);
	tables = page_tables();
	map = map_at(NULL, size, 0, MAP_PRIVATE);
	for (size_t at = 0; at < size; at += 16 * HUGE)
		asm volatile("" : : "r" (map[at]));
	tables = page_tables() - tables;
	for (size_t at = 0; at < size; at += size / 64 / PAGE * PAGE)
		compare_page(map, 0, at, "all of the file");
	compare_page(map, 0, size - PAGE, "the end of the file");
	munmap(map, size);
	printf("%zu\n", tables);
	return 0;
}

int probe_map_over(int argc, char **argv)
{
	char *map, *copy;
	off_t offset;
	size_t size;
	int hook;

	if (argc != 6)
		die("usage: map-over FILE OFFSET SIZE HOOK TEXT");
	fd = open(argv[1], O_RDONLY);
	hook = open(argv[4], O_WRONLY);
	EXPECT(fd >= 0 && hook >= 0, "open: %s", strerror(errno));
	offset = number(argv[2]);
	size = number(argv[3]);
	copy = malloc(size);
	EXPECT(copy && read_fully(fd, copy, size, offset) == size, "short read");

	map = map_at(NULL, size, offset, MAP_PRIVATE);
	EXPECT(!memcmp(map, copy, size / 2), "other bytes before");
	EXPECT(write(hook, argv[5], strlen(argv[5])) > 0, "%s: %s", argv[4], strerror(errno));
	EXPECT(!memcmp(map, copy, size), "other bytes afterwards");
	close(fd);
	munmap(map, size / 2);
	EXPECT(!memcmp(map + size / 2, copy + size / 2, size / 2), "other bytes in the rest");
	return 0;
}
