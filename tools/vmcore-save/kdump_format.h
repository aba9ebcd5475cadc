/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kdump-compressed format, as makedumpfile's file IMPLEMENTATION describes
 * it, header version 6. All in blocks of the crashed kernel's page size:
 *
 *	+------------+-------------------+-----------+-----------+-------------+------
 *	| header     | sub header, notes | 1st map   | 2nd map   | descriptors | pages
 *	+------------+-------------------+-----------+-----------+-------------+------
 *	  1 block	sub_hdr_size	    bitmap_blocks / 2 each
 *
 * The first map has a bit for each page that there is, the second one for each
 * page that is in the file. These have a descriptor each, in order.
 */
#ifndef VMCORE_SAVE_KDUMP_FORMAT_H
#define VMCORE_SAVE_KDUMP_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define KDUMP_SIGNATURE "KDUMP   "
#define KDUMP_VERSION 6

/* Bits of the header's status, beside those of enum compression. */
#define KDUMP_INCOMPLETE 0x8

/* A page that could not be saved: offset and size are 0. */
struct page_desc {
	uint64_t offset;
	uint32_t size;
	uint32_t flags;
	uint64_t page_flags;
};

static_assert(sizeof(struct page_desc) == 24, "as in the file");

/**
 * struct kdump_layout - where the parts of the file are
 * @block:	  bytes of a block
 * @pages:	  at most so many will be in the file
 * @sub_blocks:	  blocks of sub header and notes
 * @map_blocks:	  blocks of each map
 * @note_offset:  where the notes are
 * @map_offset:	  where each map is
 * @desc_offset:  where the descriptors are
 * @data_offset:  where the pages are
 */
struct kdump_layout {
	uint32_t block;
	uint64_t pages;
	uint64_t sub_blocks;
	uint64_t map_blocks;
	uint64_t note_offset;
	uint64_t map_offset[2];
	uint64_t desc_offset;
	uint64_t data_offset;
};

#define KDUMP_HEADER_SIZE 464	/* the largest, that of 64 bits */
#define KDUMP_SUB_HEADER_SIZE 104

#endif
