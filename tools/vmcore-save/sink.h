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
};

struct age;
struct recipient;

/* Which form the bytes take. */
enum sink_form {
	SINK_AS_IS,		/* as they are */
	SINK_FLAT_PIPE,		/* flattened where one cannot seek, else as they are */
	SINK_FLAT,		/* makedumpfile's flattened form: records that name an offset */
};

/* So many parts of a flattened file are written side by side, each in order. */
#define SINK_PARTS 8

/**
 * struct sink_part - a part of a flattened file
 * @next: offset to go on at
 * @end:  offset behind it
 */
struct sink_part {
	uint64_t next;
	uint64_t end;
};

/**
 * struct sink - an open destination
 * @fd:		file
 * @age:	what encrypts it, or NULL; then it is taken for a pipe
 * @name:	its name
 * @kind:	what it is
 * @flat:	bytes go there in the flattened form
 * @direct:	written past the page cache
 * @regular:	a file of a file system, also if it is taken for a pipe
 * @limit:	bytes of the file that may be written, a multiple of SINK_ALIGN
 * @position:	of a pipe, or flattened: bytes written so far
 * @cleaned:	bytes up to which the page cache has been emptied
 * @dirty:	end of what lies in the page cache
 * @tail:	flattened: bytes that are kept free for the end, 0 while that is written
 * @broken:	flattened: a record could not be written as a whole, so none can follow
 * @late:	flattened: position of what sink_late() is to replace, 0 if it is to come
 * @parts:	flattened: what the file consists of
 * @part_count:	their number
 */
struct sink {
	int fd;
	struct age *age;
	const char *name;
	enum sink_kind kind;
	bool flat;
	bool direct;
	bool regular;
	uint64_t limit;
	uint64_t position;
	uint64_t cleaned;
	uint64_t dirty;
	uint64_t tail;
	bool broken;
	uint64_t late;
	struct sink_part parts[SINK_PARTS];
	unsigned int part_count;
};

enum result open_dest(const char *name, int flags, int source_fd, int *fd);
enum result sink_open(struct sink *sink, const char *name, enum sink_form form, int source_fd);
bool sink_has_blocks(const struct sink *sink);
enum result sink_encrypt(struct sink *sink, const struct recipient *recipient,
			 enum sink_form form);
enum result sink_reserve(struct sink *sink, uint64_t offset, uint64_t end);
enum result sink_write(struct sink *sink, uint64_t offset, const void *buf, size_t size,
		       size_t *written);
enum result sink_zero(struct sink *sink, uint64_t offset, uint64_t end);
enum result sink_sync(struct sink *sink);
enum result sink_finish(struct sink *sink, uint64_t size);
void sink_close(struct sink *sink);

/* The flattened form. */
enum result sink_flatten(struct sink *sink);
enum result sink_part(struct sink *sink, uint64_t begin, uint64_t end);
enum result sink_late_begin(struct sink *sink, uint64_t offset, const void *buf, size_t size);
enum result sink_late(struct sink *sink, uint64_t offset, const void *buf, size_t size);
void sink_use_tail(struct sink *sink);
enum result flat_write(struct sink *sink, uint64_t offset, const void *buf, size_t size);
enum result flat_end(struct sink *sink);

/* For these two files alone. */
enum result sink_error(const struct sink *sink, int error);
enum result sink_in_order(struct sink *sink, const void *buf, size_t size);

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
void *stream_room(const struct stream *stream, size_t size);
enum result stream_extend(struct stream *stream, size_t size);
enum result stream_put(struct stream *stream, const void *data, size_t size);
enum result stream_flush(struct stream *stream);

static inline uint64_t stream_offset(const struct stream *stream)
{
	return stream->base + stream->fill;
}

#endif
