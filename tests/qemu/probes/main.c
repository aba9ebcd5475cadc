// SPDX-License-Identifier: GPL-2.0
/* probe NAME ARGUMENT... */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

#define MAX_TRIES	500

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} probes[] = {
	{ "copy", probe_copy },
	{ "extents", probe_extents },
	{ "fill", probe_fill },
	{ "fuzz", probe_fuzz },
	{ "map", probe_map },
	{ "map-all", probe_map_all },
	{ "map-over", probe_map_over },
	{ "poison", probe_poison },
	{ "seek", probe_seek },
	{ "sparse", probe_sparse },
	{ "spin", probe_spin },
	{ "vfork", probe_vfork },
	{ "vmcore", probe_vmcore },
	{ "without", probe_without },
};

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

unsigned long number(const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno || *end || end == text)
		die("%s is not numeric", text);
	return value;
}

/* Read until size or the end of the file; return the bytes read. */
size_t read_fully(int fd, void *buf, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buf + done, size - done, offset + done);

		if (n < 0)
			die("read of %zu bytes at %#jx: %s", size - done,
			    (uintmax_t)offset + done, strerror(errno));
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

/* A shared folder of a busy host may ask to be tried again. */
void write_fully(int fd, const void *buf, size_t size, off_t offset)
{
	size_t done = 0;

	for (int tries = 0; done < size; ) {
		ssize_t n = pwrite(fd, (const char *)buf + done, size - done, offset + done);

		if (n > 0)
			done += n;
		else if (n < 0 && errno == EAGAIN && ++tries < MAX_TRIES)
			usleep(10000);
		else
			die("write of %zu bytes at %#jx: %s", size - done,
			    (uintmax_t)offset + done, strerror(errno));
	}
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(probes) / sizeof(*probes); i++)
		if (!strcmp(argv[1], probes[i].name))
			return probes[i].run(argc - 1, argv + 1);
	die("usage: probe NAME ARGUMENT...");
}
