// SPDX-License-Identifier: GPL-2.0
/*
 * The dump that is read: the file, its bytes and its holes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"

/**
 * source_set_content - read from another file, where nothing is filtered
 * @source: open dump
 * @name:   of a file that has the same at each offset, kept; if that is of another
 *	    size, it stays with the dump itself
 *
 * So a filter that has been asked for holes needs not be asked for each read.
 */
void source_set_content(struct source *source, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if ((uint64_t)lseek(fd, 0, SEEK_END) == source->size)
		source->content = name;
	close(fd);
}

/**
 * source_reader - open the file once more, for a reader of its own
 * @source: open dump
 *
 * The kernel lets the readers of one open /proc/vmcore take turns.
 *
 * Return: to be closed by source_reader_close().
 */
int source_reader(const struct source *source)
{
	int fd = open(source->content, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? source->fd : fd;
}

/**
 * source_reader_close - give back what source_reader() opened
 * @source: open dump
 * @fd:	    what it returned
 */
void source_reader_close(const struct source *source, int fd)
{
	if (fd != source->fd)
		close(fd);
}

/**
 * source_read_by - read from a file as far as that is possible
 * @fd:	    file
 * @offset: where
 * @buf:    receives the bytes
 * @size:   how many
 *
 * Return: bytes read; fewer than @size at the end of the file or at an error.
 */
uint64_t source_read_by(int fd, uint64_t offset, void *buf, uint64_t size)
{
	uint64_t done = 0;
	ssize_t got;

	while (done < size) {
		got = pread(fd, (char *)buf + done, size - done, offset + done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += got;
	}
	return done;
}

/**
 * source_read - read from the dump as far as that is possible
 * @source: open dump
 * @offset: where
 * @buf:    receives the bytes
 * @size:   how many
 *
 * Return: as source_read_by().
 */
uint64_t source_read(const struct source *source, uint64_t offset, void *buf, uint64_t size)
{
	return source_read_by(source->fd, offset, buf, size);
}

/**
 * source_read_exact - read all of something
 * @source: file
 * @offset: where
 * @buf:    receives the bytes
 * @size:   how many
 *
 * Return: whether all could be read.
 */
bool source_read_exact(const struct source *source, uint64_t offset, void *buf, uint64_t size)
{
	return source_read(source, offset, buf, size) == size;
}

/* What is read as a whole, or is lost as a whole. */
#define BLOCK 4096

/**
 * source_read_parts - read all of something that can be read
 * @source: open dump
 * @offset: where
 * @buf:    receives the bytes; zeros for blocks that cannot be read
 * @size:   how many
 *
 * Return: how many bytes could not be read.
 */
uint64_t source_read_parts(const struct source *source, uint64_t offset, void *buf, uint64_t size)
{
	uint64_t done = 0, lost = 0, left;

	for (;;) {
		done += source_read(source, offset + done, (char *)buf + done, size - done);
		if (done == size)
			return lost;
		left = BLOCK - (offset + done) % BLOCK;
		if (left > size - done)
			left = size - done;
		memset((char *)buf + done, 0, left);
		done += left;
		lost += left;
	}
}

static uint64_t size_now(const struct source *source)
{
	struct stat status;
	off_t end;

	if (!fstat(source->fd, &status) && S_ISREG(status.st_mode))
		return status.st_size;
	end = lseek(source->fd, 0, SEEK_END);
	return end < 0 ? 0 : end;
}

static uint64_t data_of_file(const struct source *source, uint64_t offset, uint64_t end)
{
	off_t found = lseek(source->fd, offset, SEEK_DATA);
	uint64_t present;

	if (found < 0 && errno == ENXIO) {
		/* A hole at the end; or the file has become shorter, which is no hole. */
		present = size_now(source);
		if (present >= end)
			return end;
		return present > offset ? present : offset;
	}
	if (found < 0)
		return offset;
	/* A file that goes backwards would have us go on for ever. */
	if ((uint64_t)found < offset)
		return offset;
	return (uint64_t)found < end ? (uint64_t)found : end;
}

static uint64_t hole_of_file(const struct source *source, uint64_t offset, uint64_t end)
{
	off_t found = lseek(source->fd, offset, SEEK_HOLE);

	if (found < 0 || (uint64_t)found <= offset || (uint64_t)found > end)
		return end;
	return found;
}

/**
 * source_data - find the next byte that is not in a hole
 * @source: file
 * @offset: where to begin
 * @end:    where to end
 *
 * Where there is a filter, a hole is what it leaves out.
 *
 * Return: its offset, @end if there is none before.
 */
uint64_t source_data(const struct source *source, uint64_t offset, uint64_t end)
{
	/* Holes of a file that nobody has filtered are zeros, which are found by reading. */
	if (source->filter)
		return filter_data(source->filter, offset, end);
	return data_of_file(source, offset, end);
}

/**
 * source_hole - find the next byte that is in a hole
 * @source: file
 * @offset: where to begin, not in a hole
 * @end:    where to end
 *
 * Return: its offset, above @offset; @end if there is none before.
 */
uint64_t source_hole(const struct source *source, uint64_t offset, uint64_t end)
{
	if (source->filter)
		return filter_hole(source->filter, offset, end);
	return hole_of_file(source, offset, end);
}

/**
 * source_scanned - say that data and holes of all of the dump have been looked for
 * @source: open dump
 */
void source_scanned(const struct source *source)
{
	if (source->filter)
		filter_tell(source->filter);
}

static enum result file_size(struct source *source)
{
	if (lseek(source->fd, 0, SEEK_END) < 0)
		return fail(RESULT_UNREADABLE, "%s: not a file in which one can seek",
			    source->name);
	posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	source->size = size_now(source);
	return RESULT_OK;
}

/**
 * source_open - open a dump and decode its headers
 * @source: receives the result; to be given to source_close() in any case
 * @name:   of the file, kept
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result source_open(struct source *source, const char *name)
{
	enum result result;

	memset(source, 0, sizeof(*source));
	source->name = name;
	source->content = name;
	source->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0)
		return fail(RESULT_UNREADABLE, "%s: %s", name, strerror(errno));
	result = file_size(source);
	if (result == RESULT_OK)
		result = source_headers(source);
	if (result != RESULT_OK)
		return result;
	source_notes(source);
	return source_ranges(source);
}

/**
 * source_close - give back what source_open() took
 * @source: an open dump, or one that could not be opened
 */
void source_close(struct source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	filter_destroy(source->filter);
	free(source->loads);
	free(source->ranges);
	free(source->notes);
	free(source->gone);
	free(source->info);
}
