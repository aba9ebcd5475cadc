/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compression of pages, each by itself, by the libraries of the field.
 */
#ifndef VMCORE_SAVE_COMPRESS_H
#define VMCORE_SAVE_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The values are those of the flags in page descriptors, see kdump_format.h. */
enum compression {
	COMPRESS_NONE = 0,
	COMPRESS_ZLIB = 0x1,
	COMPRESS_LZO = 0x2,
	COMPRESS_ZSTD = 0x20,
};

/* What compressor_page() may write behind its result. */
#define COMPRESS_SLACK 8192

struct compressor;

bool compression_parse(const char *name, enum compression *ret);
struct compressor *compressor_create(enum compression kind, size_t page_size, bool fast);
void compressor_destroy(struct compressor *compressor);
size_t compressor_page(struct compressor *compressor, const void *page, bool many_same,
		       void *out, uint32_t *flags);

#endif
