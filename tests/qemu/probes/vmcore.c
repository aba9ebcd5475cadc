// SPDX-License-Identifier: GPL-2.0
/*
 * vmcore FILE SEED ROUNDS OFFSET...: every way to read a dump gives the same
 * bytes, and the ways to change it are refused. OFFSETs are the boundaries
 * inside the file, which the random accesses prefer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "probe.h"

#define PAGE		4096
#define LONGEST		(300 * 1024)
#define EXPECT(cond, ...)	do { if (!(cond)) die(__VA_ARGS__); } while (0)

struct file {
	int fd;
	off_t size;
	const char **boundaries;
	int nr_boundaries;
	unsigned long random;
};

static unsigned long next_random(struct file *file)
{
	file->random ^= file->random << 13;
	file->random ^= file->random >> 7;
	file->random ^= file->random << 17;
	return file->random;
}

/* Any offset, or one near a boundary. */
static off_t choose_offset(struct file *file)
{
	unsigned long random = next_random(file);
	off_t offset;

	if (!file->nr_boundaries || random % 4 == 0)
		return next_random(file) % file->size;
	offset = number(file->boundaries[random / 4 % file->nr_boundaries]);
	offset += (off_t)(next_random(file) % (4 * PAGE)) - 2 * PAGE;
	return offset < 0 ? 0 : offset % file->size;
}

static size_t choose_length(struct file *file)
{
	static const size_t limits[] = { 16, PAGE + 16, LONGEST };
	unsigned long random = next_random(file);

	return 1 + random / 4 % limits[random % 3];
}

static void read_by_mmap(struct file *file, char *buf, size_t len, off_t offset)
{
	size_t before = offset % PAGE;
	char *map = mmap(NULL, before + len, PROT_READ, MAP_PRIVATE, file->fd, offset - before);

	EXPECT(map != MAP_FAILED, "mmap of %zu bytes at %#jx: %s", before + len,
	       (uintmax_t)(offset - before), strerror(errno));
	memcpy(buf, map + before, len);
	munmap(map, before + len);
}

/* In three uneven pieces. */
static void read_by_readv(struct file *file, char *buf, size_t len, off_t offset)
{
	size_t first = len / 7, second = len / 3;
	struct iovec iov[] = {
		{ buf, first },
		{ buf + first, second },
		{ buf + first + second, len - first - second },
	};
	ssize_t n = preadv(file->fd, iov, 3, offset);

	EXPECT(n > 0 && (size_t)n <= len, "preadv of %zu bytes at %#jx: %zd", len,
	       (uintmax_t)offset, n);
	read_fully(file->fd, buf + n, len - n, offset + n);
}

/* Put all that the pipe takes into it. */
static size_t fill_pipe(struct file *file, int end, size_t len, off64_t from)
{
	size_t held = 0;

	while (held < len) {
		ssize_t n = splice(file->fd, &from, end, NULL, len - held, SPLICE_F_NONBLOCK);

		if (n == -1 && errno == EAGAIN && held)
			break;
		EXPECT(n > 0, "splice of %zu bytes at %#jx: %zd, %s", len - held,
		       (uintmax_t)from, n, strerror(errno));
		held += n;
	}
	return held;
}

/* What is in the pipe must stay what it is while more comes. */
static void read_by_splice(struct file *file, char *buf, size_t len, off_t offset)
{
	size_t done = 0;
	int ends[2];

	EXPECT(!pipe(ends), "pipe: %s", strerror(errno));
	while (done < len) {
		size_t held = fill_pipe(file, ends[1], len - done, offset + done);

		while (held) {
			ssize_t got = read(ends[0], buf + done, held);

			EXPECT(got > 0, "read of the pipe: %s", strerror(errno));
			done += got;
			held -= got;
		}
	}
	close(ends[0]);
	close(ends[1]);
}

static void read_by_lseek(struct file *file, char *buf, size_t len, off_t offset)
{
	off_t at = lseek(file->fd, offset, SEEK_SET);
	size_t done = 0;

	EXPECT(at == offset, "lseek to %#jx: %#jx", (uintmax_t)offset, (uintmax_t)at);
	while (done < len) {
		ssize_t n = read(file->fd, buf + done, len - done);

		EXPECT(n > 0, "read of %zu bytes: %zd", len - done, n);
		done += n;
	}
	at = lseek(file->fd, 0, SEEK_CUR);
	EXPECT(at == offset + (off_t)len, "the position is %#jx after a read of %zu at %#jx",
	       (uintmax_t)at, len, (uintmax_t)offset);
}

static void compare_ways(struct file *file)
{
	static const struct {
		const char *name;
		void (*read)(struct file *file, char *buf, size_t len, off_t offset);
	} ways[] = {
		{ "mmap", read_by_mmap },
		{ "readv", read_by_readv },
		{ "splice", read_by_splice },
		{ "lseek and read", read_by_lseek },
	};
	static char wanted[LONGEST], found[LONGEST];
	off_t offset = choose_offset(file);
	size_t len = choose_length(file);

	if ((off_t)len > file->size - offset)
		len = file->size - offset;
	EXPECT(read_fully(file->fd, wanted, len, offset) == len,
	       "short read of %zu bytes at %#jx", len, (uintmax_t)offset);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		memset(found, 0x5a, len);
		ways[i].read(file, found, len, offset);
		EXPECT(!memcmp(found, wanted, len), "%s of %zu bytes at %#jx differs from pread",
		       ways[i].name, len, (uintmax_t)offset);
	}
}

static void check_end(struct file *file)
{
	char buf[64];
	void *map;

	EXPECT(pread(file->fd, buf, sizeof(buf), file->size) == 0, "data at the end");
	EXPECT(pread(file->fd, buf, sizeof(buf), file->size - 1) == 1,
	       "no short read before the end");
	EXPECT(pread(file->fd, buf, sizeof(buf), INT64_MAX - 100) == 0, "data far behind the end");
	EXPECT(pread(file->fd, buf, sizeof(buf), -1) == -1 && errno == EINVAL,
	       "negative offset not refused");
	map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, file->fd,
		   (file->size + PAGE - 1) / PAGE * PAGE);
	EXPECT(map == MAP_FAILED, "mmap behind the end not refused");
}

static void check_refusals(struct file *file)
{
	static const int protections[] = { PROT_WRITE, PROT_EXEC, PROT_WRITE | PROT_EXEC };
	char byte = 0;
	void *map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file->fd, 0);

	EXPECT(map != MAP_FAILED, "mmap of the first page: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(protections) / sizeof(*protections); i++) {
		int protection = PROT_READ | protections[i];

		EXPECT(mmap(NULL, PAGE, protection, MAP_PRIVATE, file->fd, 0) == MAP_FAILED,
		       "mmap with protection %d not refused", protection);
		EXPECT(mprotect(map, PAGE, protection) == -1 && errno == EACCES,
		       "mprotect to %d not refused with EACCES", protection);
	}
	munmap(map, PAGE);
	EXPECT(pwrite(file->fd, &byte, 1, 0) == -1, "write not refused");
}

/* Where the buffer ends in the midst of a read, so does the read, exactly there. */
static void check_half_a_buffer(struct file *file)
{
	off_t at = file->size / 2 / PAGE * PAGE;
	char wanted[PAGE], *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(map != MAP_FAILED && !munmap(map + PAGE, PAGE), "mmap: %s", strerror(errno));
	for (size_t before = 1; before <= PAGE; before = before * 3 + 1) {
		char *buf = map + PAGE - before;
		ssize_t n = pread(file->fd, buf, 2 * before, at);

		EXPECT(n == (ssize_t)before, "read into half a buffer of %zu bytes: %zd",
		       2 * before, n);
		EXPECT(read_fully(file->fd, wanted, before, at) == before &&
		       !memcmp(buf, wanted, before), "half a buffer of %zu bytes differs",
		       2 * before);
	}
	EXPECT(pread(file->fd, map + PAGE, PAGE, at) == -1 && errno == EFAULT,
	       "no buffer at all is not EFAULT");
	munmap(map, PAGE);
}

/* Data and holes alternate up to the end, and a hole reads as zeros. */
static void check_seek_data(struct file *file)
{
	static char buf[PAGE], zeros[PAGE];
	off_t at = 0;

	while (at < file->size) {
		off_t data = lseek(file->fd, at, SEEK_DATA);
		off_t hole;

		if (data < 0 && errno == ENXIO)
			data = file->size;
		EXPECT(data >= at, "SEEK_DATA from %#jx: %#jx", (uintmax_t)at, (uintmax_t)data);
		for (; at < data; at += sizeof(buf)) {
			size_t n = read_fully(file->fd, buf, sizeof(buf), at);

			if ((off_t)n > data - at)
				n = data - at;
			EXPECT(!memcmp(buf, zeros, n), "data in the hole at %#jx", (uintmax_t)at);
		}
		if (data == file->size)
			break;
		hole = lseek(file->fd, data, SEEK_HOLE);
		EXPECT(hole > data && hole <= file->size, "SEEK_HOLE from %#jx: %#jx",
		       (uintmax_t)data, (uintmax_t)hole);
		at = hole;
	}
	EXPECT(lseek(file->fd, 0, SEEK_END) == file->size, "SEEK_END is not the size");
	EXPECT(lseek(file->fd, file->size, SEEK_DATA) == -1 && errno == ENXIO,
	       "SEEK_DATA at the end is not ENXIO");
	EXPECT(lseek(file->fd, -1, SEEK_SET) == -1 && errno == EINVAL,
	       "SEEK_SET to -1 is not EINVAL");
}

int probe_vmcore(int argc, char **argv)
{
	struct file file;
	struct stat st;

	if (argc < 4)
		die("usage: vmcore FILE SEED ROUNDS OFFSET...");
	file.fd = open(argv[1], O_RDWR);
	if (file.fd < 0)
		file.fd = open(argv[1], O_RDONLY);
	EXPECT(file.fd >= 0 && !fstat(file.fd, &st), "%s: %s", argv[1], strerror(errno));
	EXPECT((st.st_mode & 07777) == 0400, "mode is %o", st.st_mode & 07777);
	file.size = st.st_size;
	file.random = number(argv[2]) | 1;
	file.boundaries = (const char **)argv + 4;
	file.nr_boundaries = argc - 4;

	check_end(&file);
	check_refusals(&file);
	check_seek_data(&file);
	check_half_a_buffer(&file);
	for (unsigned long left = number(argv[3]); left; left--)
		compare_ways(&file);
	close(file.fd);
	return 0;
}
