/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading the kdump-compressed format.
 */
#ifndef VMCORE_SAVE_INPUT_KDUMP_H
#define VMCORE_SAVE_INPUT_KDUMP_H

#include <pthread.h>

#include "input_image.h"
#include "kdump_format.h"

/* Bitmaps are looked at in pieces of so many bytes. */
#define PIECE_BYTES 4096
#define PIECE_PAGES (8 * PIECE_BYTES)

/* Descriptors that are read at a time, pages that are kept for small reads. */
#define DESCS_AHEAD 256
#define PAGES_KEPT 64

/**
 * struct map_piece - a piece of the second map that has bits
 * @number: of the piece
 * @before: pages in the file before it
 */
struct map_piece {
	uint64_t number;
	uint64_t before;
};

/**
 * struct decoder - what one who reads has for himself
 * @next:     one that is not in use
 * @fd:	      to read the file by
 * @piece:    of which piece of the second map the bits are; NULL: of none
 * @bits:     of it
 * @counted:  page number in it, or behind
 * @before:   pages in the file before that one
 * @desc:     descriptors
 * @first:    number of the first of these
 * @descs:    their number
 * @zstd:     to decompress, made at the first need
 * @window:   a piece of the file
 * @at:	      offset of it
 * @filled:   its bytes
 * @pages:    some pages, by page number
 * @kept:     page number and 1 of each, 0: none
 * @why:      why the last page could not be read
 */
struct decoder {
	struct decoder *next;
	int fd;
	const struct map_piece *piece;
	uint64_t bits[PIECE_BYTES / sizeof(uint64_t)];
	uint64_t counted;
	uint64_t before;
	struct page_desc desc[DESCS_AHEAD];
	uint64_t first;
	size_t descs;
	void *zstd;
	char *window;
	uint64_t at;
	uint64_t filled;
	char *pages;
	uint64_t kept[PAGES_KEPT];
	const char *why;
};

/**
 * struct kdump_file - an open file
 * @image:	 what it is for others
 * @block:	 bytes of a page
 * @shift:	 its logarithm
 * @status:	 of the header
 * @max_pfn:	 page number above all
 * @map_offset:	 of each map
 * @map_bytes:	 of each
 * @desc_offset: of the descriptors
 * @pieces:	 of the second map, ascending
 * @piece_count: their number
 * @piece_room:	 for so many
 * @pages:	 pages in the file
 * @lock:	 of what is below
 * @idle:	 decoders that are not in use
 */
struct kdump_file {
	struct image image;
	uint32_t block;
	unsigned int shift;
	uint32_t status;
	uint64_t max_pfn;
	uint64_t map_offset[2];
	uint64_t map_bytes;
	uint64_t desc_offset;
	struct map_piece *pieces;
	size_t piece_count;
	size_t piece_room;
	uint64_t pages;
	pthread_mutex_t lock;
	struct decoder *idle;
};

const char *map_take(struct kdump_file *dump);
uint64_t map_find(struct kdump_file *dump, struct decoder *decoder, uint64_t pfn, uint64_t end,
		  bool there);
bool map_number(struct kdump_file *dump, struct decoder *decoder, uint64_t pfn,
		uint64_t *number);

struct decoder *decoder_take(struct kdump_file *dump, int fd);
void decoder_put(struct kdump_file *dump, struct decoder *decoder);
void decoder_destroy_all(struct kdump_file *dump);
uint64_t page_read(struct kdump_file *dump, struct decoder *decoder, uint64_t paddr, char *buf,
		   uint64_t size);
const char *page_check_descs(struct kdump_file *dump);

bool snappy_unpack(const char *in, size_t size, char *out, size_t wanted);

#endif
