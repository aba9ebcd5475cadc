// SPDX-License-Identifier: GPL-2.0
/* seek FILE data|hole|end OFFSET: print where lseek() leads, or an errno's name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

int probe_seek(int argc, char **argv)
{
	static const struct {
		const char *name;
		int whence;
	} names[] = { { "data", SEEK_DATA }, { "hole", SEEK_HOLE }, { "end", SEEK_END } };

	if (argc != 4)
		die("usage: seek FILE data|hole|end OFFSET");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int fd;
		off_t at;

		if (strcmp(argv[2], names[i].name))
			continue;
		fd = open(argv[1], O_RDONLY);
		if (fd < 0)
			die("%s: %s", argv[1], strerror(errno));
		at = lseek(fd, number(argv[3]), names[i].whence);
		if (at < 0)
			puts(strerrorname_np(errno));
		else
			printf("%#jx\n", (uintmax_t)at);
		return 0;
	}
	die("cannot seek %s", argv[2]);
}
