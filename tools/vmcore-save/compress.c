// SPDX-License-Identifier: GPL-2.0
/*
 * Compression of pages, each by itself, by the libraries of the field.
 *
 * All is to be fast, since a dump is written while a machine is down: zstd and LZO at what
 * takes the least time, and a page that will not become smaller is not tried.
 */
#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "compress.h"

/*
 * A page is compressed at one of these levels. Negative ones do not code what they find no
 * match for. Of pages with many equal bytes, as most of a kernel are, level -1 is twice as fast
 * as level 1 and 6 % larger; of others a third faster and 20 % larger.
 *
 * In a dump of which many pages are the same as others, all pages may take less time for more
 * space: what it becomes larger by is less than what the shared data save.
 */
enum speed {
	SPEED_SMALL,
	SPEED_FAST,
	SPEED_FASTER,
	SPEED_FASTEST,
	SPEEDS,
};

static const int zstd_levels[SPEEDS] = { 1, -1, -3, -5 };

#define ZLIB_LEVEL 1

/* Of a page so many bytes are looked at, in pieces of 8. */
#define SAMPLE 256

/*
 * Of so many random bytes 127 pairs are equal on an average, with a deviation of 11. Text
 * and code have hundreds, and pages of which two fifths are zeros five thousand.
 */
#define PAIRS_RANDOM 170
#define PAIRS_MANY 5000

typedef int (*lzo_function)(const unsigned char *in, lzo_uint in_size, unsigned char *out,
			    lzo_uint *out_size, void *memory);

struct compressor {
	enum compression kind;
	size_t page_size;
	bool fast;
	struct libdeflate_compressor *zlib;
	lzo_function lzo;
	void *lzo_memory;
	ZSTD_CCtx *zstd[SPEEDS];
};

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

/*
 * LZO begins each page with an empty dictionary. To empty one of the usual size
 * takes as long as the rest, and a small page does not fill it.
 */
static bool init_lzo(struct compressor *compressor)
{
	bool small = compressor->page_size <= 4096;

	if (lzo_init() != LZO_E_OK)
		return false;
	compressor->lzo = small ? lzo1x_1_12_compress : lzo1x_1_compress;
	compressor->lzo_memory = malloc(small ? LZO1X_1_12_MEM_COMPRESS : LZO1X_1_MEM_COMPRESS);
	return compressor->lzo_memory;
}

/* Readers know how long a page is: that need not be in front of each. */
static ZSTD_CCtx *create_zstd(int level)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();

	if (zstd) {
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level);
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
	}
	return zstd;
}

static bool init_zstd(struct compressor *compressor)
{
	int speed;

	for (speed = SPEED_SMALL; speed < SPEEDS; speed++) {
		compressor->zstd[speed] = create_zstd(zstd_levels[speed]);
		if (!compressor->zstd[speed])
			return false;
	}
	return true;
}

static bool init(struct compressor *compressor)
{
	switch (compressor->kind) {
	case COMPRESS_NONE:
		return true;
	case COMPRESS_ZLIB:
		compressor->zlib = libdeflate_alloc_compressor(ZLIB_LEVEL);
		return compressor->zlib;
	case COMPRESS_LZO:
		return init_lzo(compressor);
	case COMPRESS_ZSTD:
		return init_zstd(compressor);
	}
	return false;
}

/**
 * compressor_create - get ready to compress, for one thread
 * @kind:      how
 * @page_size: bytes of a page
 * @fast:      zstd takes less time, for more space
 *
 * Return: the compressor, or NULL for lack of memory.
 */
struct compressor *compressor_create(enum compression kind, size_t page_size, bool fast)
{
	struct compressor *compressor = calloc(1, sizeof(*compressor));

	if (!compressor)
		return NULL;
	compressor->kind = kind;
	compressor->fast = fast;
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
	int speed;

	if (!compressor)
		return;
	libdeflate_free_compressor(compressor->zlib);
	free(compressor->lzo_memory);
	for (speed = SPEED_SMALL; speed < SPEEDS; speed++)
		ZSTD_freeCCtx(compressor->zstd[speed]);
	free(compressor);
}

/* As zlib does it, in half of the time for pages of a kernel, a third for others. */
static size_t by_zlib(struct compressor *compressor, const void *page, void *out)
{
	return libdeflate_zlib_compress(compressor->zlib, page, compressor->page_size, out,
					compressor->page_size - 1);
}

/* LZO takes no limit of its output; COMPRESS_SLACK is more than it exceeds a page by. */
static size_t by_lzo(struct compressor *compressor, const void *page, void *out)
{
	lzo_uint size = compressor->page_size + COMPRESS_SLACK;

	if (compressor->lzo(page, compressor->page_size, out, &size, compressor->lzo_memory) !=
	    LZO_E_OK || size >= compressor->page_size)
		return 0;
	return size;
}

/*
 * How many pairs of equal bytes are there in a sample? Only the page itself decides what is
 * done with it: equal pages are to have equal results.
 */
static unsigned int equal_pairs(const unsigned char *page, size_t page_size)
{
	size_t step = page_size / SAMPLE * 8, at, i;
	uint16_t count[256] = { 0 };
	unsigned int pairs = 0;

	for (at = 0; at < page_size; at += step)
		for (i = 0; i < 8; i++)
			pairs += count[page[at + i]]++;
	return pairs;
}

/* Return the bytes that are left, or 0 if the page does not become smaller. */
static size_t by_zstd(struct compressor *compressor, const void *page, void *out,
		      unsigned int pairs, bool many_same)
{
	enum speed speed = many_same ? SPEED_FASTER :
			   pairs < PAIRS_MANY ? SPEED_SMALL : SPEED_FAST;
	size_t size;

	if (compressor->fast)
		speed = many_same ? SPEED_FASTEST : SPEED_FAST;
	size = ZSTD_compress2(compressor->zstd[speed], out, compressor->page_size - 1, page,
			      compressor->page_size);
	return ZSTD_isError(size) ? 0 : size;
}

static size_t by_kind(struct compressor *compressor, const void *page, void *out,
		      bool many_same)
{
	unsigned int pairs;

	if (compressor->kind == COMPRESS_NONE)
		return 0;
	/* It sees by itself what does not become smaller, in less time than a look takes. */
	if (compressor->kind == COMPRESS_LZO)
		return by_lzo(compressor, page, out);
	pairs = equal_pairs(page, compressor->page_size);
	if (pairs < PAIRS_RANDOM)
		return 0;
	if (compressor->kind == COMPRESS_ZLIB)
		return by_zlib(compressor, page, out);
	return by_zstd(compressor, page, out, pairs, many_same);
}

/**
 * compressor_page - compress a page
 * @compressor: compressor of this thread
 * @page:	the page
 * @many_same:	many pages of the dump share their data with others
 * @out:	receives the result, at most a page; room for COMPRESS_SLACK more bytes
 * @flags:	receives how the result is compressed; COMPRESS_NONE if it would
 *		not have become smaller
 *
 * Return: bytes of the result.
 */
size_t compressor_page(struct compressor *compressor, const void *page, bool many_same,
		       void *out, uint32_t *flags)
{
	size_t size = by_kind(compressor, page, out, many_same);

	*flags = compressor->kind;
	if (size)
		return size;
	*flags = COMPRESS_NONE;
	memcpy(out, page, compressor->page_size);
	return compressor->page_size;
}
