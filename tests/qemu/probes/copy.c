// SPDX-License-Identifier: GPL-2.0
/* copy SOURCE TARGET: copy a file, and leave out the pages that are zero. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

#define PAGE	4096UL
#define CHUNK	(256 * PAGE)

static bool is_zero(const char *page, size_t size)
{
	return !page[0] && !memcmp(page, page + 1, size - 1);
}

/* Write each run of pages that are not zero. */
static void write_pages(int fd, const char *buf, size_t size, off_t offset)
{
	size_t start = 0, at = 0;

	while (at < size) {
		size_t len = size - at < PAGE ? size - at : PAGE;

		if (is_zero(buf + at, len)) {
			write_fully(fd, buf + start, at - start, offset + start);
			start = at + len;
		}
		at += len;
	}
	write_fully(fd, buf + start, at - start, offset + start);
}

int probe_copy(int argc, char **argv)
{
	static char buf[CHUNK];
	struct stat st;
	int from, to;

	if (argc != 3)
		die("usage: copy SOURCE TARGET");
	from = open(argv[1], O_RDONLY);
	if (from < 0 || fstat(from, &st))
		die("%s: %s", argv[1], strerror(errno));
	to = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (to < 0 || ftruncate(to, st.st_size))
		die("%s: %s", argv[2], strerror(errno));
	for (off_t at = 0; at < st.st_size; at += CHUNK)
		write_pages(to, buf, read_fully(from, buf, CHUNK, at), at);
	if (close(to))
		die("%s: %s", argv[2], strerror(errno));
	return 0;
}
