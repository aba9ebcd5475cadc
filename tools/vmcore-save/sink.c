// SPDX-License-Identifier: GPL-2.0
/*
 * Where a dump goes: a file, a block device or a pipe.
 *
 * Files and devices are written past the page cache, of which a capture kernel
 * has little. Where that is not possible, what has been written is dropped from
 * the cache after a while.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "age.h"
#include "interrupt.h"
#include "sink.h"

#define ZEROS_SIZE 65536
#define ZEROOUT_SIZE (16ULL << 20)
#define CACHE_MAX (8ULL << 20)

static const _Alignas(SINK_ALIGN) char zeros[ZEROS_SIZE];

/**
 * sink_error - tell why it cannot be written
 * @sink:  destination
 * @error: errno
 *
 * Return: which kind of error that is.
 */
enum result sink_error(const struct sink *sink, int error)
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
		return sink_error(sink, errno);
	posix_fadvise(sink->fd, sink->cleaned, sink->dirty - sink->cleaned, POSIX_FADV_DONTNEED);
	sink->cleaned = sink->dirty;
	return RESULT_OK;
}

/*
 * After a signal, wait for a reader so long at most. A reader that is slow gets all, one
 * that has stalled cannot keep a machine from its next step.
 */
#define STALL_SECONDS 2

/**
 * sink_in_order - write behind what has been written
 * @sink: destination
 * @buf:  what
 * @size: how many bytes
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_in_order(struct sink *sink, const void *buf, size_t size)
{
	unsigned int seconds = interrupt_seconds();
	size_t done = 0;
	ssize_t got;

	if (size > sink->limit - sink->position)
		return sink_error(sink, ENOSPC);
	if (sink->age) {
		sink->position += size;
		return age_put(sink->age, buf, size);
	}
	while (done < size) {
		got = write(sink->fd, (const char *)buf + done, size - done);
		if (got < 0 && errno == EINTR) {
			if (interrupt_seconds() - seconds < STALL_SECONDS)
				continue;
			return fail(RESULT_FAILED, "%s: interrupted, and nobody reads", sink->name);
		}
		if (got <= 0)
			return sink_error(sink, got ? errno : ENOSPC);
		done += got;
		seconds = interrupt_seconds();
	}
	sink->position += size;
	report_written(size);
	return sink->kind == SINK_PIPE ? RESULT_OK : clean_cache(sink, sink->position);
}

static enum result write_at(struct sink *sink, uint64_t offset, const void *buf, size_t size,
			    size_t *written)
{
	uint64_t end = offset + size < sink->limit ? offset + size : sink->limit;
	ssize_t got;

	while (*written < size) {
		if (offset + *written >= end)
			return sink_error(sink, ENOSPC);
		got = pwrite(sink->fd, (const char *)buf + *written, end - offset - *written,
			     offset + *written);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EINVAL && without_direct(sink))
			continue;
		if (got <= 0)
			return sink_error(sink, got ? errno : ENOSPC);
		*written += got;
		report_written(got);
	}
	return clean_cache(sink, offset + size);
}

static enum result fill_pipe(struct sink *sink, uint64_t offset)
{
	enum result result = RESULT_OK;
	uint64_t gap;

	while (result == RESULT_OK && sink->position < offset) {
		gap = offset - sink->position;
		result = sink_in_order(sink, zeros, gap < ZEROS_SIZE ? gap : ZEROS_SIZE);
		if (result == RESULT_OK)
			result = interrupt_check();
	}
	return result;
}

/* What is behind cannot be written any more. */
static enum result write_behind(struct sink *sink, uint64_t offset, const void *buf, size_t size)
{
	enum result result;

	if (offset < sink->position)
		return fail(RESULT_FAILED, "%s: a defect: byte %" PRIu64 " is to be written after %"
			    PRIu64, sink->name, offset, sink->position);
	result = fill_pipe(sink, offset);
	return result == RESULT_OK ? sink_in_order(sink, buf, size) : result;
}

/**
 * sink_has_blocks - tell whether bytes are written where they belong, in blocks
 * @sink: destination
 *
 * Return: whether they are; else in the order in which they come.
 */
bool sink_has_blocks(const struct sink *sink)
{
	return sink->kind != SINK_PIPE && !sink->flat;
}

/**
 * sink_write - write at an offset
 * @sink:    destination; a pipe has to be written in order
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
	if (sink_has_blocks(sink))
		return write_at(sink, offset, buf, size, written);
	if (sink->flat)
		result = flat_write(sink, offset, buf, size);
	else
		result = write_behind(sink, offset, buf, size);
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

	for (; offset < end && !interrupt_wanted(); offset += range[1]) {
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
 * In a new file that is a hole, and in the flattened form there is no record of it:
 * nothing to do.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_zero(struct sink *sink, uint64_t offset, uint64_t end)
{
	uint64_t stop = end < sink->limit ? end : sink->limit;
	enum result result = RESULT_OK;
	size_t size, written;

	if (sink->kind == SINK_FILE || sink->flat)
		return RESULT_OK;
	if (sink->kind == SINK_BLOCK)
		offset = zero_out(sink, offset, stop);
	while (result == RESULT_OK && offset < end) {
		size = end - offset < ZEROS_SIZE ? end - offset : ZEROS_SIZE;
		result = interrupt_check();
		if (result == RESULT_OK)
			result = sink_write(sink, offset, zeros, size, &written);
		offset += size;
	}
	return result;
}

/* Disks have several names. */
static bool same_file(const struct stat *left, const struct stat *right)
{
	if (S_ISBLK(left->st_mode) && S_ISBLK(right->st_mode))
		return left->st_rdev == right->st_rdev;
	return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

/* A dump holds secrets, also in a file that has been there before. */
static void close_to_others(const char *name, int fd, const struct stat *status)
{
	if (status->st_mode & 0077 && fchmod(fd, 0600))
		note("%s: others can read it: %s", name, strerror(errno));
}

/**
 * open_dest - open a file to be written
 * @name:      its name; nothing is lost if it is the source
 * @flags:     for open(), beside those to write and to create
 * @source_fd: the source
 * @fd:	       receives the file: empty and for the owner alone, if it is a regular one
 *
 * Return: RESULT_OK or the error, which has been told, but RESULT_FAILED with errno when
 * the file could not be opened.
 */
enum result open_dest(const char *name, int flags, int source_fd, int *fd)
{
	struct stat status, source;

	*fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, 0600);
	if (*fd < 0)
		return RESULT_FAILED;
	if (!fstat(*fd, &status) && !fstat(source_fd, &source)) {
		if (same_file(&status, &source))
			return fail(RESULT_USAGE, "%s: source and destination are the same file",
				    name);
		if (!S_ISREG(status.st_mode))
			return RESULT_OK;
		if (!ftruncate(*fd, 0)) {
			close_to_others(name, *fd, &status);
			return RESULT_OK;
		}
	}
	return fail(RESULT_FAILED, "%s: cannot write: %s", name, strerror(errno));
}

static bool is_named_pipe(const char *name)
{
	struct stat status;

	return !stat(name, &status) && S_ISFIFO(status.st_mode);
}

static enum result open_file(struct sink *sink, int source_fd)
{
	/* Linux opens a pipe, and refuses O_DIRECT then: its reader would see the end. */
	int flags = is_named_pipe(sink->name) ? 0 : O_DIRECT;
	enum result result = open_dest(sink->name, flags, source_fd, &sink->fd);

	sink->direct = flags && sink->fd >= 0;
	if (flags && sink->fd < 0 && errno == EINVAL)
		result = open_dest(sink->name, 0, source_fd, &sink->fd);
	return sink->fd < 0 ? sink_error(sink, errno) : result;
}

static enum result look_at_file(struct sink *sink)
{
	struct stat status;
	struct rlimit most;

	if (fstat(sink->fd, &status))
		return sink_error(sink, errno);
	sink->regular = S_ISREG(status.st_mode);
	if (sink->kind == SINK_FILE && S_ISBLK(status.st_mode))
		sink->kind = SINK_BLOCK;
	else if (!sink->regular)
		sink->kind = SINK_PIPE;
	/* What has to be there in the end must come before that limit, too. */
	if (sink->kind == SINK_FILE && !getrlimit(RLIMIT_FSIZE, &most) &&
	    most.rlim_cur != RLIM_INFINITY)
		sink->limit = most.rlim_cur / SINK_ALIGN * SINK_ALIGN;
	if (sink->kind == SINK_PIPE)
		without_direct(sink);
	return RESULT_OK;
}

/**
 * sink_open - open a destination
 * @sink:      receives the result; to be given to sink_close() in any case
 * @name:      file, block device, or "-" for the standard output
 * @form:      which form the bytes take
 * @source_fd: the source, which must be another file
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_open(struct sink *sink, const char *name, enum sink_form form, int source_fd)
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
	if (result == RESULT_OK)
		result = look_at_file(sink);
	if (result != RESULT_OK || form == SINK_AS_IS)
		return result;
	if (form == SINK_FLAT || sink->kind == SINK_PIPE)
		sink->flat = true;
	return result;
}

/**
 * sink_encrypt - have all that is written encrypted
 * @sink:      destination in which nothing has been written; its limit is known
 * @recipient: who can decrypt it
 * @form:      which form the bytes take before
 *
 * That can only be written in order, so from now on it is like a pipe.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_encrypt(struct sink *sink, const struct recipient *recipient,
			 enum sink_form form)
{
	enum result result = age_create(sink, recipient, &sink->age);

	if (result != RESULT_OK)
		return result;
	sink->kind = SINK_PIPE;
	sink->flat = form != SINK_AS_IS;
	sink->direct = false;
	sink->regular = false;
	sink->limit = age_room(sink->age, sink->limit);
	return RESULT_OK;
}

/**
 * sink_reserve - take space in a file
 * @sink:   destination
 * @offset: first byte
 * @end:    byte after the last one
 *
 * So that what is to be written there later does not find the disk full. Where
 * the file system cannot do that, nothing is lost but that.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_reserve(struct sink *sink, uint64_t offset, uint64_t end)
{
	if (end > sink->limit)
		end = sink->limit;
	if (sink->kind != SINK_FILE || sink->flat || offset >= end ||
	    !fallocate(sink->fd, 0, offset, end - offset))
		return RESULT_OK;
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return sink_error(sink, errno);
	return RESULT_OK;
}

/**
 * sink_sync - make sure that all so far has arrived
 * @sink: destination
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_sync(struct sink *sink)
{
	if (fsync(sink->fd) && errno != EINVAL && errno != EROFS)
		return sink_error(sink, errno);
	return RESULT_OK;
}

/**
 * sink_finish - give the destination its size, and make sure that all has arrived
 * @sink: destination
 * @size: bytes that it has to have; not of the flattened form
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_finish(struct sink *sink, uint64_t size)
{
	enum result result = RESULT_OK;

	if (sink->flat)
		result = flat_end(sink);
	else if (sink->kind == SINK_PIPE)
		result = fill_pipe(sink, size);
	else if (sink->kind == SINK_FILE && ftruncate(sink->fd, size))
		result = sink_error(sink, errno);
	if (result == RESULT_OK && sink->age)
		return age_finish(sink->age);
	return result == RESULT_OK ? sink_sync(sink) : result;
}

/**
 * sink_close - give back what sink_open() took
 * @sink: destination
 */
void sink_close(struct sink *sink)
{
	age_destroy(sink->age);
	sink->age = NULL;
	if (sink->fd >= 0)
		close(sink->fd);
}
