/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that read and compress chunks of a dump, while one puts what they
 * made into the destination, in order.
 */
#ifndef VMCORE_SAVE_PIPELINE_H
#define VMCORE_SAVE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"
#include "same.h"
#include "walk.h"

#define CHUNK_SIZE (512U << 10)
#define UNITS_MAX (CHUNK_SIZE / 4096)

enum unit_state {
	UNIT_ABSENT,	/* not in the dump */
	UNIT_HOLE,	/* a hole of the dump */
	UNIT_ZERO,	/* zeros */
	UNIT_MISSING,	/* could not be read */
	UNIT_DATA,
	UNIT_SAME,	/* data, the same as before */
};

/**
 * struct unit - a page of memory, or a block of the source file
 * @pfn:   number, if it is a page
 * @state: what it is
 * @flags: of its descriptor, how it is compressed
 * @size:  bytes of it in the chunk's output
 * @slot:  of data: where it is remembered, or SAME_NONE
 * @hash:  of data
 */
struct unit {
	uint64_t pfn;
	enum unit_state state;
	uint32_t flags;
	uint32_t size;
	uint32_t slot;
	struct page_hash hash;
};

/**
 * struct extent - data in a chunk of blocks
 * @begin: first byte, from the first block on
 * @end:   byte after the last one
 */
struct extent {
	uint32_t begin;
	uint32_t end;
};

/**
 * struct chunk - units
 * @at:	   of blocks, which are successive: offset of the first in the source
 * @extents: of blocks: where they have data
 * @extent_count: their number
 * @from:  of pages: where the walk was before them
 * @limit: of pages: physical address behind the last one
 * @count: number of units
 * @bytes: that its data have in the source
 * @lost:  that the chunk has no room for, since the source has changed
 * @in:	   content of the units, CHUNK_SIZE bytes, aligned for direct I/O
 * @out:   what has been made of them, one after the other; room for CHUNK_SIZE + COMPRESS_SLACK
 * @many_same: of pages: many before them have been the same as others
 * @units: the units
 */
struct chunk {
	uint64_t at;
	struct extent extents[UNITS_MAX];
	unsigned int extent_count;
	struct cursor from;
	uint64_t limit;
	unsigned int count;
	uint64_t bytes;
	uint64_t lost;
	char *in;
	char *out;
	bool many_same;
	struct unit units[UNITS_MAX];
};

/**
 * struct pipeline_ops - what is to be done
 * @next:   say what the next chunk is; false if there is none. One call at a time.
 * @read:   read it. Many calls at a time, each worker its own number.
 * @order:  look at it in the order of next(), one call at a time; or NULL
 * @work:   compress it. Many calls at a time again.
 * @commit: put it into the destination, in the order of next(), in the main thread
 */
struct pipeline_ops {
	bool (*next)(void *context, struct chunk *chunk);
	void (*read)(void *context, struct chunk *chunk, unsigned int worker);
	void (*order)(void *context, struct chunk *chunk);
	void (*work)(void *context, struct chunk *chunk, unsigned int worker);
	enum result (*commit)(void *context, struct chunk *chunk);
};

enum result pipeline_run(const struct pipeline_ops *ops, void *context, unsigned int threads);
bool all_zero(const void *buf, size_t size);

#endif
