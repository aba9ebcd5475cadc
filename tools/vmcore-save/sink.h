/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a dump goes: a file, a block device or a pipe.
 */
#ifndef VMCORE_SAVE_SINK_H
#define VMCORE_SAVE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

/* What direct I/O wants of buffers, offsets and sizes, on any disk. */
#define SINK_ALIGN 4096

enum sink_kind {
	SINK_FILE,	/* what is not written is a hole */
	SINK_BLOCK,	/* what is not written is what was there before */
	SINK_PIPE,	/* in order; gaps are filled with zeros */
	SINK_FLAT,	/* makedumpfile's flattened form: records that name an offset */
};

/**
 * struct sink - an open destination
 * @fd:		file
 * @name:	its name
 * @kind:	what it is
 * @direct:	written past the page cache
 * @limit:	bytes of the file that may be written, a multiple of SINK_ALIGN
 * @position:	SINK_PIPE: bytes written so far
 * @cleaned:	bytes up to which the page cache has been emptied
 * @dirty:	end of what lies in the page cache
 */
struct sink {
	int fd;
	const char *name;
	enum sink_kind kind;
	bool direct;
	uint64_t limit;
	uint64_t position;
	uint64_t cleaned;
	uint64_t dirty;
};

enum result sink_open(struct sink *sink, const char *name, bool flat, int source_fd);
enum result sink_reserve(struct sink *sink, uint64_t size);
enum result sink_write(struct sink *sink, uint64_t offset, const void *buf, size_t size,
		       size_t *written);
enum result sink_zero(struct sink *sink, uint64_t offset, uint64_t end);
enum result sink_finish(struct sink *sink, uint64_t size);
void sink_close(struct sink *sink);

/**
 * struct stream - bytes that are appended at one place of a sink
 * @sink:   the sink
 * @buf:    what has not been written yet, aligned
 * @base:   offset of @buf in the sink, aligned
 * @fill:   bytes in @buf
 * @size:   room in @buf
 * @durable: offset up to which the sink has the bytes
 *
 * Several streams may fill different places of the same sink.
 */
struct stream {
	struct sink *sink;
	char *buf;
	uint64_t base;
	size_t fill;
	size_t size;
	uint64_t durable;
};

enum result stream_init(struct stream *stream, struct sink *sink, uint64_t offset, size_t size);
void stream_destroy(struct stream *stream);
enum result stream_put(struct stream *stream, const void *data, size_t size);
enum result stream_flush(struct stream *stream);

static inline uint64_t stream_offset(const struct stream *stream)
{
	return stream->base + stream->fill;
}

#endif
