// SPDX-License-Identifier: GPL-2.0
/*
 * The dump that is read: its bytes and its holes.
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
 * source_read_by - read from a dump as far as that is possible
 * @source: open dump
 * @fd:	    what source_reader() returned
 * @offset: where
 * @buf:    receives the bytes
 * @size:   how many
 *
 * Return: bytes read; fewer than @size at the end of the file or at an error.
 */
uint64_t source_read_by(const struct source *source, int fd, uint64_t offset, void *buf,
			uint64_t size)
{
	return source->input->ops->read(source->input, fd, offset, buf, size);
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
	return source_read_by(source, source->fd, offset, buf, size);
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

/**
 * source_data - find the next byte that is not in a hole
 * @source: file
 * @offset: where to begin
 * @end:    where to end
 *
 * A hole is what has been left out before, and what the filter leaves out.
 *
 * Return: its offset, @end if there is none before.
 */
uint64_t source_data(const struct source *source, uint64_t offset, uint64_t end)
{
	struct input *input = source->input;
	uint64_t data;

	/* Holes of a file that nobody has filtered are zeros, which are found by reading. */
	if (!source->filter)
		return input->ops->data(input, offset, end);
	if (!input->partial)
		return filter_data(source->filter, offset, end);
	while (offset < end) {
		data = input->ops->data(input, offset, end);
		offset = filter_data(source->filter, data, end);
		if (offset == data)
			break;
	}
	return offset;
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
	struct input *input = source->input;

	if (!source->filter || input->partial)
		end = input->ops->hole(input, offset, end);
	return source->filter ? filter_hole(source->filter, offset, end) : end;
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

/**
 * source_take - take another input, and decode its headers
 * @source: dump of which the file has been opened; receives the result
 * @input:  taken over
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result source_take(struct source *source, struct input *input)
{
	free(source->loads);
	free(source->notes);
	free(source->info);
	*source = (struct source){
		.fd = source->fd,
		.name = source->name,
		.content = source->content,
		.input = input,
		.size = input->size,
		.live = source->live,
		.filtered = input->partial,
		.left_out = input->left_out,
	};
	return source_headers(source);
}

static enum result open_input(struct source *source)
{
	struct input *input = NULL;
	enum result result;

	if (lseek(source->fd, 0, SEEK_END) < 0)
		return fail(RESULT_UNREADABLE, "%s: not a file in which one can seek",
			    source->name);
	posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	result = input_open(&source->input, source->name, source->fd);
	if (result != RESULT_OK)
		return result;
	input = source->input;
	result = source_take(source, input);
	if (result == RESULT_OK && source->live)
		result = live_input(source);
	return result;
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
	result = open_input(source);
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
	input_close(source->input);
	free(source->loads);
	free(source->ranges);
	free(source->notes);
	free(source->gone);
	free(source->info);
}
