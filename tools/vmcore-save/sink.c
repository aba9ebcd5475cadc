// SPDX-License-Identifier: GPL-2.0
/*
 * Where a dump goes: a file, a block device or a pipe.
 *
 * Files and devices are written past the page cache, of which a capture kernel
 * has little. Where that is not possible, what has been written is dropped from
 * the cache after a while.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "flat.h"
#include "sink.h"

#define ZEROS_SIZE 65536
#define ZEROOUT_SIZE (16ULL << 20)
#define CACHE_MAX (8ULL << 20)

static const _Alignas(SINK_ALIGN) char zeros[ZEROS_SIZE];

static enum result write_error(const struct sink *sink, int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return fail(RESULT_NO_SPACE, "%s: no space left: %s", sink->name, strerror(error));
	case EPIPE:
		return fail(RESULT_FAILED, "%s: the program that reads the output has ended",
			    sink->name);
	}
	return fail(RESULT_FAILED, "%s: cannot write: %s", sink->name, strerror(error));
}

static enum result write_in_order(struct sink *sink, const void *buf, size_t size)
{
	size_t done = 0;
	ssize_t got;

	if (size > sink->limit - sink->position)
		return write_error(sink, ENOSPC);
	while (done < size) {
		got = write(sink->fd, (const char *)buf + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return write_error(sink, errno);
		done += got;
	}
	sink->position += size;
	report_written(size);
	return RESULT_OK;
}

/* Some file systems open a file for direct I/O and then refuse it. */
static bool without_direct(struct sink *sink)
{
	int flags = fcntl(sink->fd, F_GETFL);

	if (!sink->direct || flags < 0 || fcntl(sink->fd, F_SETFL, flags & ~O_DIRECT))
		return false;
	sink->direct = false;
	return true;
}

/*
 * Write back what the page cache has, and drop what has been written back. An
 * error of that is told once only: fsync() in the end would not know of it.
 */
static enum result clean_cache(struct sink *sink, uint64_t end)
{
	const unsigned int flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				   SYNC_FILE_RANGE_WAIT_AFTER;

	if (end > sink->dirty)
		sink->dirty = end;
	if (sink->direct || sink->dirty - sink->cleaned < CACHE_MAX)
		return RESULT_OK;
	if (sync_file_range(sink->fd, sink->cleaned, sink->dirty - sink->cleaned, flags) &&
	    errno != EINVAL && errno != ESPIPE)
		return write_error(sink, errno);
	posix_fadvise(sink->fd, sink->cleaned, sink->dirty - sink->cleaned, POSIX_FADV_DONTNEED);
	sink->cleaned = sink->dirty;
	return RESULT_OK;
}

static enum result write_at(struct sink *sink, uint64_t offset, const void *buf, size_t size,
			    size_t *written)
{
	uint64_t end = offset + size < sink->limit ? offset + size : sink->limit;
	ssize_t got;

	while (*written < size) {
		if (offset + *written >= end)
			return write_error(sink, ENOSPC);
		got = pwrite(sink->fd, (const char *)buf + *written, end - offset - *written,
			     offset + *written);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EINVAL && without_direct(sink))
			continue;
		if (got <= 0)
			return write_error(sink, got ? errno : ENOSPC);
		*written += got;
		report_written(got);
	}
	return clean_cache(sink, offset + size);
}

static enum result write_record(struct sink *sink, uint64_t offset, const void *buf, size_t size)
{
	struct flat_record record = { htobe64(offset), htobe64(size) };
	enum result result = write_in_order(sink, &record, sizeof(record));

	return result == RESULT_OK ? write_in_order(sink, buf, size) : result;
}

static enum result fill_pipe(struct sink *sink, uint64_t offset)
{
	enum result result = RESULT_OK;
	uint64_t gap;

	while (result == RESULT_OK && sink->position < offset) {
		gap = offset - sink->position;
		result = write_in_order(sink, zeros, gap < ZEROS_SIZE ? gap : ZEROS_SIZE);
	}
	return result;
}

/**
 * sink_write - write at an offset
 * @sink:    destination; a SINK_PIPE has to be written in order
 * @offset:  where; a multiple of SINK_ALIGN for files and devices
 * @buf:     what, aligned likewise
 * @size:    how many bytes, a multiple likewise
 * @written: receives how many have been written, also on an error
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_write(struct sink *sink, uint64_t offset, const void *buf, size_t size,
		       size_t *written)
{
	enum result result;

	*written = 0;
	if (sink->kind == SINK_FILE || sink->kind == SINK_BLOCK)
		return write_at(sink, offset, buf, size, written);
	if (sink->kind == SINK_FLAT) {
		result = write_record(sink, offset, buf, size);
	} else {
		result = fill_pipe(sink, offset);
		if (result == RESULT_OK)
			result = write_in_order(sink, buf, size);
	}
	if (result == RESULT_OK)
		*written = size;
	return result;
}

/*
 * Let the disk make zeros, in pieces, so that it is seen to go on. Returns where
 * the disk would not do it any more.
 */
static uint64_t zero_out(struct sink *sink, uint64_t offset, uint64_t end)
{
	uint64_t range[2];

	for (; offset < end; offset += range[1]) {
		range[0] = offset;
		range[1] = end - offset < ZEROOUT_SIZE ? end - offset : ZEROOUT_SIZE;
		if (ioctl(sink->fd, BLKZEROOUT, range))
			break;
		report_written(range[1]);
	}
	return offset;
}

/**
 * sink_zero - have zeros where nothing is written
 * @sink:   destination
 * @offset: first byte, a multiple of SINK_ALIGN
 * @end:    byte after the last one, likewise
 *
 * In a new file that is a hole, with nothing to do.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_zero(struct sink *sink, uint64_t offset, uint64_t end)
{
	uint64_t stop = end < sink->limit ? end : sink->limit;
	enum result result = RESULT_OK;
	size_t size, written;

	if (sink->kind == SINK_FILE)
		return RESULT_OK;
	if (sink->kind == SINK_BLOCK)
		offset = zero_out(sink, offset, stop);
	while (result == RESULT_OK && offset < end) {
		size = end - offset < ZEROS_SIZE ? end - offset : ZEROS_SIZE;
		result = sink_write(sink, offset, zeros, size, &written);
		offset += size;
	}
	return result;
}

static enum result open_file(struct sink *sink, int source_fd)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
	struct stat status, source;

	sink->fd = open(sink->name, flags | O_DIRECT, 0600);
	sink->direct = sink->fd >= 0;
	if (sink->fd < 0 && errno == EINVAL)
		sink->fd = open(sink->name, flags, 0600);
	if (sink->fd < 0)
		return write_error(sink, errno);
	if (fstat(sink->fd, &status) || fstat(source_fd, &source))
		return write_error(sink, errno);
	if (status.st_dev == source.st_dev && status.st_ino == source.st_ino)
		return fail(RESULT_USAGE, "%s: source and destination are the same file",
			    sink->name);
	if (S_ISBLK(status.st_mode))
		sink->kind = SINK_BLOCK;
	else if (!S_ISREG(status.st_mode))
		sink->kind = SINK_PIPE;
	else if (ftruncate(sink->fd, 0))
		return write_error(sink, errno);
	if (sink->kind == SINK_PIPE)
		without_direct(sink);
	return RESULT_OK;
}

static enum result begin_flat(struct sink *sink)
{
	struct flat_header header = {
		.signature = FLAT_SIGNATURE,
		.type = htobe64(FLAT_TYPE),
		.version = htobe64(FLAT_VERSION),
	};

	sink->kind = SINK_FLAT;
	without_direct(sink);
	return write_in_order(sink, &header, sizeof(header));
}

/**
 * sink_open - open a destination
 * @sink:      receives the result; to be given to sink_close() in any case
 * @name:      file, block device, or "-" for the standard output
 * @flat:      write makedumpfile's flattened form
 * @source_fd: the source, which must be another file
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_open(struct sink *sink, const char *name, bool flat, int source_fd)
{
	enum result result = RESULT_OK;

	memset(sink, 0, sizeof(*sink));
	sink->name = name;
	sink->limit = UINT64_MAX;
	if (strcmp(name, "-")) {
		result = open_file(sink, source_fd);
	} else {
		sink->name = "standard output";
		sink->kind = SINK_PIPE;
		sink->fd = STDOUT_FILENO;
	}
	if (result == RESULT_OK && flat)
		result = begin_flat(sink);
	return result;
}

/**
 * sink_reserve - take space at the beginning of a file
 * @sink: destination
 * @size: bytes
 *
 * So that what is to be written there last does not find the disk full. Where
 * the file system cannot do that, nothing is lost but that.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_reserve(struct sink *sink, uint64_t size)
{
	if (sink->kind != SINK_FILE || !fallocate(sink->fd, 0, 0, size))
		return RESULT_OK;
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return write_error(sink, errno);
	return RESULT_OK;
}

static enum result end_flat(struct sink *sink)
{
	struct flat_record record = { htobe64(FLAT_END), htobe64(FLAT_END) };

	return write_in_order(sink, &record, sizeof(record));
}

/**
 * sink_finish - make sure that all has arrived
 * @sink: destination
 * @size: bytes that it has to have
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_finish(struct sink *sink, uint64_t size)
{
	enum result result = RESULT_OK;

	if (sink->kind == SINK_FLAT)
		result = end_flat(sink);
	else if (sink->kind == SINK_PIPE)
		result = fill_pipe(sink, size);
	else if (sink->kind == SINK_FILE && ftruncate(sink->fd, size))
		result = write_error(sink, errno);
	if (result == RESULT_OK && fsync(sink->fd) && errno != EINVAL && errno != EROFS)
		result = write_error(sink, errno);
	return result;
}

/**
 * sink_close - give back what sink_open() took
 * @sink: destination
 */
void sink_close(struct sink *sink)
{
	if (sink->fd >= 0)
		close(sink->fd);
}
