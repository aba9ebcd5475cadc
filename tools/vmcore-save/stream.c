// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes that are appended at one place of a sink, in writes that suit it.
 */
#include <stdlib.h>
#include <string.h>

#include "sink.h"

/**
 * stream_init - begin to append
 * @stream: receives the result
 * @sink:   destination
 * @offset: where, a multiple of SINK_ALIGN
 * @size:   bytes to gather before they are written, a multiple likewise
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result stream_init(struct stream *stream, struct sink *sink, uint64_t offset, size_t size)
{
	memset(stream, 0, sizeof(*stream));
	stream->sink = sink;
	stream->base = offset;
	stream->durable = offset;
	stream->size = size;
	stream->buf = aligned_alloc(SINK_ALIGN, size);
	if (!stream->buf)
		return fail(RESULT_FAILED, "no memory for a buffer of %zu bytes", size);
	return RESULT_OK;
}

/**
 * stream_destroy - give back what stream_init() took
 * @stream: stream, or zeros
 */
void stream_destroy(struct stream *stream)
{
	free(stream->buf);
	stream->buf = NULL;
}

static enum result write_out(struct stream *stream, size_t size)
{
	size_t written;
	enum result result;

	result = sink_write(stream->sink, stream->base, stream->buf, size, &written);
	if (written > stream->fill)
		written = stream->fill;
	if (stream->base + written > stream->durable)
		stream->durable = stream->base + written;
	return result;
}

/**
 * stream_flush - write what has been gathered
 * @stream: stream
 *
 * The last part of a block is written with zeros behind it, and once more when
 * the block is full; to a pipe it is written alone.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result stream_flush(struct stream *stream)
{
	bool blocks = sink_has_blocks(stream->sink);
	size_t tail = blocks ? stream->fill % SINK_ALIGN : 0;
	size_t whole = stream->fill - tail;
	enum result result;

	if (stream->durable == stream_offset(stream))
		return RESULT_OK;
	if (tail)
		memset(stream->buf + stream->fill, 0, SINK_ALIGN - tail);
	result = write_out(stream, tail ? whole + SINK_ALIGN : whole);
	if (result != RESULT_OK)
		return result;
	memmove(stream->buf, stream->buf + whole, tail);
	stream->base += whole;
	stream->fill = tail;
	return RESULT_OK;
}

/**
 * stream_room - where bytes can be put without being copied
 * @stream: stream
 * @size:   how many bytes
 *
 * Return: the place behind what has been gathered, or NULL if so many do not fit there.
 */
void *stream_room(const struct stream *stream, size_t size)
{
	return size > stream->size - stream->fill ? NULL : stream->buf + stream->fill;
}

/**
 * stream_extend - append what lies in the room already
 * @stream: stream
 * @size:   how many bytes, no more than there is room for
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result stream_extend(struct stream *stream, size_t size)
{
	stream->fill += size;
	return stream->fill < stream->size ? RESULT_OK : stream_flush(stream);
}

/**
 * stream_put - append
 * @stream: stream
 * @data:   what
 * @size:   how many bytes
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result stream_put(struct stream *stream, const void *data, size_t size)
{
	enum result result = RESULT_OK;
	size_t part;

	while (size && result == RESULT_OK) {
		part = stream->size - stream->fill;
		if (part > size)
			part = size;
		memcpy(stream->buf + stream->fill, data, part);
		data = (const char *)data + part;
		size -= part;
		result = stream_extend(stream, part);
	}
	return result;
}
