// SPDX-License-Identifier: GPL-2.0
/*
 * Compression of pages, each by itself, by the libraries of the field.
 *
 * All at their fastest level: a dump is written while a machine is down.
 */
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "compress.h"

#define ZSTD_LEVEL 1

struct compressor {
	enum compression kind;
	size_t page_size;
	z_stream zlib;
	void *lzo_memory;
	unsigned char *lzo_out;
	ZSTD_CCtx *zstd;
};

/* LZO takes no limit of its output, but has this bound. */
static size_t lzo_bound(size_t size)
{
	return size + size / 16 + 64 + 3;
}

/**
 * compression_parse - take the name of a compression
 * @name: zstd, zlib, lzo or none
 * @ret:  receives what it means
 *
 * Return: whether there is such a compression.
 */
bool compression_parse(const char *name, enum compression *ret)
{
	static const struct {
		const char *name;
		enum compression kind;
	} names[] = {
		{ "zstd", COMPRESS_ZSTD },
		{ "zlib", COMPRESS_ZLIB },
		{ "lzo", COMPRESS_LZO },
		{ "none", COMPRESS_NONE },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(name, names[i].name)) {
			*ret = names[i].kind;
			return true;
		}
	}
	return false;
}

static bool init(struct compressor *compressor)
{
	switch (compressor->kind) {
	case COMPRESS_NONE:
		return true;
	case COMPRESS_ZLIB:
		return deflateInit(&compressor->zlib, Z_BEST_SPEED) == Z_OK;
	case COMPRESS_LZO:
		if (lzo_init() != LZO_E_OK)
			return false;
		compressor->lzo_memory = malloc(LZO1X_1_MEM_COMPRESS);
		compressor->lzo_out = malloc(lzo_bound(compressor->page_size));
		return compressor->lzo_memory && compressor->lzo_out;
	case COMPRESS_ZSTD:
		compressor->zstd = ZSTD_createCCtx();
		return compressor->zstd;
	}
	return false;
}

/**
 * compressor_create - get ready to compress, for one thread
 * @kind:      how
 * @page_size: bytes of a page
 *
 * Return: the compressor, or NULL for lack of memory.
 */
struct compressor *compressor_create(enum compression kind, size_t page_size)
{
	struct compressor *compressor = calloc(1, sizeof(*compressor));

	if (!compressor)
		return NULL;
	compressor->kind = kind;
	compressor->page_size = page_size;
	if (!init(compressor)) {
		compressor_destroy(compressor);
		return NULL;
	}
	return compressor;
}

/**
 * compressor_destroy - give back what compressor_create() took
 * @compressor: compressor or NULL
 */
void compressor_destroy(struct compressor *compressor)
{
	if (!compressor)
		return;
	if (compressor->kind == COMPRESS_ZLIB)
		deflateEnd(&compressor->zlib);
	free(compressor->lzo_memory);
	free(compressor->lzo_out);
	ZSTD_freeCCtx(compressor->zstd);
	free(compressor);
}

static size_t by_zlib(struct compressor *compressor, const void *page, void *out)
{
	z_stream *zlib = &compressor->zlib;

	deflateReset(zlib);
	zlib->next_in = (void *)page;
	zlib->avail_in = compressor->page_size;
	zlib->next_out = out;
	zlib->avail_out = compressor->page_size - 1;
	return deflate(zlib, Z_FINISH) == Z_STREAM_END ? zlib->total_out : 0;
}

static size_t by_lzo(struct compressor *compressor, const void *page, void *out)
{
	lzo_uint size = lzo_bound(compressor->page_size);

	if (lzo1x_1_compress(page, compressor->page_size, compressor->lzo_out, &size,
			     compressor->lzo_memory) != LZO_E_OK || size >= compressor->page_size)
		return 0;
	memcpy(out, compressor->lzo_out, size);
	return size;
}

static size_t by_zstd(struct compressor *compressor, const void *page, void *out)
{
	size_t size = ZSTD_compressCCtx(compressor->zstd, out, compressor->page_size - 1, page,
					compressor->page_size, ZSTD_LEVEL);

	return ZSTD_isError(size) ? 0 : size;
}

/**
 * compressor_page - compress a page
 * @compressor: compressor of this thread
 * @page:	the page
 * @out:	receives the result, at most a page
 * @flags:	receives how the result is compressed; COMPRESS_NONE if it would
 *		not have become smaller
 *
 * Return: bytes of the result.
 */
size_t compressor_page(struct compressor *compressor, const void *page, void *out,
		       uint32_t *flags)
{
	size_t size = 0;

	switch (compressor->kind) {
	case COMPRESS_NONE:
		break;
	case COMPRESS_ZLIB:
		size = by_zlib(compressor, page, out);
		break;
	case COMPRESS_LZO:
		size = by_lzo(compressor, page, out);
		break;
	case COMPRESS_ZSTD:
		size = by_zstd(compressor, page, out);
		break;
	}
	if (size) {
		*flags = compressor->kind;
		return size;
	}
	*flags = COMPRESS_NONE;
	memcpy(out, page, compressor->page_size);
	return compressor->page_size;
}
