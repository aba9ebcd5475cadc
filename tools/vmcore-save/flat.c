// SPDX-License-Identifier: GPL-2.0
/*
 * Writing the flattened form: records, of which the order does not matter.
 *
 * Readers do not agree on what holds if two records have the same offset. So no byte
 * is in two of them, and a byte that is known in the end only has its record there.
 * Where no record is, readers see zeros.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "age.h"
#include "flat.h"
#include "kdump.h"

/* What comes after an error: descriptors and map of the present piece, the status, the end. */
#define TAIL_SIZE (MAP_PAGES * sizeof(struct page_desc) + MAP_PIECE + SINK_ALIGN)

static const struct flat_record last_record = { FLAT_END, FLAT_END };

/**
 * sink_part - name a part of the file
 * @sink:  destination
 * @begin: first byte
 * @end:   byte after the last one
 *
 * Only parts that have been named can be written, each in order.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_part(struct sink *sink, uint64_t begin, uint64_t end)
{
	if (sink->part_count == SINK_PARTS)
		return fail(RESULT_FAILED, "%s: a defect: too many parts", sink->name);
	sink->parts[sink->part_count++] = (struct sink_part){ begin, end };
	return RESULT_OK;
}

static enum result check_order(struct sink *sink, uint64_t offset, size_t size)
{
	struct sink_part *part;

	for (part = sink->parts; part < sink->parts + sink->part_count; part++) {
		if (offset >= part->next && offset <= part->end && size <= part->end - offset) {
			part->next = offset + size;
			return RESULT_OK;
		}
	}
	return fail(RESULT_FAILED, "%s: a defect: a second record for offset %" PRIu64, sink->name,
		    offset);
}

/* Take the space of the end in advance, if that is possible. */
static enum result keep_tail(struct sink *sink, uint64_t size)
{
	off_t at;

	if (size + sink->tail > sink->limit - sink->position)
		return sink_error(sink, ENOSPC);
	if (sink->age)
		return sink->tail ? age_hold(sink->age, size + sink->tail) : RESULT_OK;
	at = sink->regular && sink->tail ? lseek(sink->fd, 0, SEEK_CUR) : -1;
	if (at >= 0 && fallocate(sink->fd, FALLOC_FL_KEEP_SIZE, at, size + sink->tail) &&
	    (errno == ENOSPC || errno == EDQUOT))
		return sink_error(sink, errno);
	return RESULT_OK;
}

/* Take back a record that has not been written as a whole, or have it be the last. */
static void drop_record(struct sink *sink, uint64_t position, off_t at)
{
	sink->broken = true;
	if (at < 0 || ftruncate(sink->fd, at) || lseek(sink->fd, at, SEEK_SET) != at)
		return;
	sink->position = position;
	sink->broken = false;
}

/*
 * On a disk, what is behind is a record of a dump before, maybe. So there is always
 * an end, which the next record replaces.
 */
static enum result mark_end(struct sink *sink)
{
	if (sink->kind != SINK_BLOCK ||
	    pwrite(sink->fd, &last_record, sizeof(last_record), sink->position) ==
	    sizeof(last_record))
		return RESULT_OK;
	return sink_error(sink, errno);
}

/**
 * sink_flatten - begin with the flattened form
 * @sink: destination in which nothing has been written
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_flatten(struct sink *sink)
{
	struct flat_header header = {
		.signature = FLAT_SIGNATURE,
		.type = htobe64(FLAT_TYPE),
		.version = htobe64(FLAT_VERSION),
	};
	int flags = fcntl(sink->fd, F_GETFL);
	enum result result;

	sink->flat = true;
	if (sink->direct && flags >= 0 && !fcntl(sink->fd, F_SETFL, flags & ~O_DIRECT))
		sink->direct = false;
	sink->tail = TAIL_SIZE;
	result = sink_in_order(sink, &header, sizeof(header));
	return result == RESULT_OK ? mark_end(sink) : result;
}

/**
 * flat_write - write a record
 * @sink:   flattened destination
 * @offset: where the bytes belong
 * @buf:    the bytes
 * @size:   their number
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result flat_write(struct sink *sink, uint64_t offset, const void *buf, size_t size)
{
	struct flat_record record = { htobe64(offset), htobe64(size) };
	uint64_t position = sink->position;
	enum result result;
	off_t at;

	if (sink->broken)
		return RESULT_FAILED;
	result = check_order(sink, offset, size);
	if (result == RESULT_OK)
		result = keep_tail(sink, sizeof(record) + size);
	if (result != RESULT_OK)
		return result;
	at = sink->regular ? lseek(sink->fd, 0, SEEK_CUR) : -1;
	result = sink_in_order(sink, &record, sizeof(record));
	if (result == RESULT_OK)
		result = sink_in_order(sink, buf, size);
	if (result != RESULT_OK) {
		drop_record(sink, position, at);
		return result;
	}
	return mark_end(sink);
}

/**
 * sink_late_begin - write what will be replaced in the end
 * @sink:   flattened destination
 * @offset: where the bytes belong
 * @buf:    what holds until then
 * @size:   bytes
 *
 * In a pipe nothing can be replaced: there it is missing until then.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_late_begin(struct sink *sink, uint64_t offset, const void *buf, size_t size)
{
	if (sink->kind == SINK_PIPE)
		return RESULT_OK;
	sink->late = sink->position + sizeof(struct flat_record);
	return flat_write(sink, offset, buf, size);
}

/**
 * sink_late - write what sink_late_begin() promised
 * @sink:   flattened destination
 * @offset: as there
 * @buf:    what holds
 * @size:   as there
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result sink_late(struct sink *sink, uint64_t offset, const void *buf, size_t size)
{
	if (!sink->late)
		return flat_write(sink, offset, buf, size);
	if (pwrite(sink->fd, buf, size, sink->late) == (ssize_t)size)
		return RESULT_OK;
	return sink_error(sink, errno);
}

/**
 * sink_use_tail - use the space that has been kept for the end
 * @sink: flattened destination
 */
void sink_use_tail(struct sink *sink)
{
	sink->tail = 0;
}

/**
 * flat_end - write the last record
 * @sink: flattened destination
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result flat_end(struct sink *sink)
{
	struct stat status;
	enum result result;

	if (sink->broken)
		return RESULT_FAILED;
	sink_use_tail(sink);
	result = sink_in_order(sink, &last_record, sizeof(last_record));
	/* Give back what keep_tail() took behind the end. */
	if (sink->regular && !fstat(sink->fd, &status) &&
	    status.st_size == lseek(sink->fd, 0, SEEK_CUR) && ftruncate(sink->fd, status.st_size))
		note("%s: %s", sink->name, strerror(errno));
	return result;
}
