// SPDX-License-Identifier: GPL-2.0
/*
 * extents FILE: print where data is, by SEEK_DATA and SEEK_HOLE, as hexadecimal
 * offsets and lengths.
 * sparse FROM TO: copy data only, and leave holes where there is none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

#define PIECE	1048576

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* The next data at or behind *start. */
static bool next_extent(int fd, off_t *start, off_t *end)
{
	*start = lseek(fd, *start, SEEK_DATA);
	if (*start < 0) {
		if (errno == ENXIO)
			return false;
		die("SEEK_DATA: %s", strerror(errno));
	}
	*end = lseek(fd, *start, SEEK_HOLE);
	if (*end <= *start)
		die("SEEK_HOLE from %#jx leads to %jd", (uintmax_t)*start, (intmax_t)*end);
	return true;
}

int probe_extents(int argc, char **argv)
{
	off_t start = 0, end;
	int fd;

	if (argc != 2)
		die("usage: extents FILE");
	fd = open_file(argv[1], O_RDONLY);
	for (; next_extent(fd, &start, &end); start = end)
		printf("%jx %jx\n", (uintmax_t)start, (uintmax_t)(end - start));
	if (fflush(stdout) || ferror(stdout))
		die("output: %s", strerror(errno));
	return 0;
}

static void copy(int from, int to, off_t at, off_t end)
{
	static char buf[PIECE];

	while (at < end) {
		size_t want = end - at < PIECE ? end - at : PIECE;
		size_t got = read_fully(from, buf, want, at);

		if (got != want)
			die("%zu bytes instead of %zu at %#jx", got, want, (uintmax_t)at);
		write_fully(to, buf, got, at);
		at += got;
	}
}

int probe_sparse(int argc, char **argv)
{
	off_t start = 0, end;
	int from, to;

	if (argc != 3)
		die("usage: sparse FROM TO");
	from = open_file(argv[1], O_RDONLY);
	to = open_file(argv[2], O_WRONLY | O_CREAT | O_TRUNC);
	for (; next_extent(from, &start, &end); start = end)
		copy(from, to, start, end);
	if (ftruncate(to, lseek(from, 0, SEEK_END)) || close(to))
		die("%s: %s", argv[2], strerror(errno));
	return 0;
}
