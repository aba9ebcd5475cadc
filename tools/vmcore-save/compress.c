// SPDX-License-Identifier: GPL-2.0
/*
 * Compression of pages, each by itself, by the libraries of the field.
 *
 * All is to be fast, since a dump is written while a machine is down. For zstd that
 * takes two ways. Most pages of a dump are those of the kernel's page array: long
 * matches with a few bytes between. To code these bytes is a third of the work and
 * gains a tenth of little, so such pages go without. A part of what that saves pays for
 * a higher level for the others.
 */
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* For ZSTD_c_literalCompressionMode; the program is linked with a static library. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "compress.h"

#define ZSTD_LEVEL 3
/* Tables of so many entries, as a power of two, find what comes again all the time. */
#define PLAIN_TABLES 10

/* Pages of which less than this part is left are good enough without coded literals. */
#define PLAIN_PART 16

/*
 * So many of eight such pages go without. With all of them a dump is 1 % larger than
 * at level 1, with these 0.2 %, which equal pages make up for: see kdump_shared.c.
 */
#define PLAIN_SHARE 5

/* Bytes of what a page of the page array consists of, and of which most are as in the next. */
#define PAGE_STRUCT 64
#define ALIKE_WORDS (PAGE_STRUCT / sizeof(uint64_t) * 3 / 4)

/* How many pages are remembered, and how small they have to become for that. */
#define RECENT_COUNT 16
#define RECENT_SIZE 512

/**
 * struct recent - a page that may come again
 * @page:  its content, in compressor.pages
 * @size:  bytes of the result, 0 if nothing is remembered here
 * @out:   the result
 */
struct recent {
	unsigned char *page;
	size_t size;
	unsigned char out[RECENT_SIZE];
};

typedef int (*lzo_function)(const unsigned char *in, lzo_uint in_size, unsigned char *out,
			    lzo_uint *out_size, void *memory);

struct compressor {
	enum compression kind;
	size_t page_size;
	z_stream zlib;
	lzo_function lzo;
	void *lzo_memory;
	unsigned char *lzo_out;
	ZSTD_CCtx *zstd;
	ZSTD_CCtx *zstd_plain;
	unsigned char *pages;
	struct recent recent[RECENT_COUNT];
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
	compressor->lzo_out = malloc(lzo_bound(compressor->page_size));
	return compressor->lzo_memory && compressor->lzo_out;
}

/* Readers know how long a page is: that need not be in front of each. */
static ZSTD_CCtx *create_zstd(void)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();

	if (zstd) {
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
	}
	return zstd;
}

static bool init_zstd(struct compressor *compressor)
{
	compressor->zstd = create_zstd();
	compressor->zstd_plain = create_zstd();
	if (!compressor->zstd || !compressor->zstd_plain)
		return false;
	ZSTD_CCtx_setParameter(compressor->zstd_plain, ZSTD_c_literalCompressionMode,
			       ZSTD_ps_disable);
	ZSTD_CCtx_setParameter(compressor->zstd_plain, ZSTD_c_hashLog, PLAIN_TABLES);
	ZSTD_CCtx_setParameter(compressor->zstd_plain, ZSTD_c_chainLog, PLAIN_TABLES);
	return true;
}

static bool init(struct compressor *compressor)
{
	unsigned int i;

	compressor->pages = malloc(RECENT_COUNT * compressor->page_size);
	if (!compressor->pages)
		return false;
	for (i = 0; i < RECENT_COUNT; i++)
		compressor->recent[i].page = compressor->pages + i * compressor->page_size;
	switch (compressor->kind) {
	case COMPRESS_NONE:
		return true;
	case COMPRESS_ZLIB:
		return deflateInit(&compressor->zlib, Z_BEST_SPEED) == Z_OK;
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
	ZSTD_freeCCtx(compressor->zstd_plain);
	free(compressor->pages);
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

	if (compressor->lzo(page, compressor->page_size, compressor->lzo_out, &size,
			    compressor->lzo_memory) != LZO_E_OK || size >= compressor->page_size)
		return 0;
	memcpy(out, compressor->lzo_out, size);
	return size;
}

/* Return the bytes that are left, or 0 if the page does not become smaller. */
static size_t zstd_page(ZSTD_CCtx *zstd, const void *page, size_t page_size, void *out)
{
	size_t size = ZSTD_compress2(zstd, out, page_size - 1, page, page_size);

	return ZSTD_isError(size) ? 0 : size;
}

/* A number that a few words of a page make: if it is an array, words of each kind. */
static uint64_t hash_of(const unsigned char *page, size_t page_size)
{
	uint64_t hash = 0, word;
	size_t at;

	for (at = 0; at < page_size - sizeof(word); at += page_size / 16 + sizeof(word)) {
		memcpy(&word, page + at, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	}
	return hash >> 32;
}

/* Is what is there like what follows it? */
static bool comes_again(const unsigned char *bytes)
{
	unsigned int alike = 0, at;

	for (at = 0; at < PAGE_STRUCT; at += sizeof(uint64_t))
		alike += !memcmp(bytes + at, bytes + at + PAGE_STRUCT, sizeof(uint64_t));
	return alike >= ALIKE_WORDS;
}

/* Only the page itself decides: equal pages are to have equal results. */
static bool is_plain(const unsigned char *page, size_t page_size)
{
	return hash_of(page, page_size) % 8 < PLAIN_SHARE && comes_again(page) &&
	       comes_again(page + page_size / 2);
}

static size_t by_zstd(struct compressor *compressor, const void *page, void *out)
{
	size_t page_size = compressor->page_size, size;

	if (is_plain(page, page_size)) {
		size = zstd_page(compressor->zstd_plain, page, page_size, out);
		if (size && size < page_size / PLAIN_PART)
			return size;
	}
	return zstd_page(compressor->zstd, page, page_size, out);
}

static size_t by_kind(struct compressor *compressor, const void *page, void *out)
{
	switch (compressor->kind) {
	case COMPRESS_NONE:
		break;
	case COMPRESS_ZLIB:
		return by_zlib(compressor, page, out);
	case COMPRESS_LZO:
		return by_lzo(compressor, page, out);
	case COMPRESS_ZSTD:
		return by_zstd(compressor, page, out);
	}
	return 0;
}

/* Where a page is remembered. */
static struct recent *recent_of(struct compressor *compressor, const void *page)
{
	return &compressor->recent[hash_of(page, compressor->page_size) % RECENT_COUNT];
}

static void remember(struct compressor *compressor, struct recent *recent, const void *page,
		     const void *out, size_t size)
{
	if (size > RECENT_SIZE)
		return;
	memcpy(recent->page, page, compressor->page_size);
	memcpy(recent->out, out, size);
	recent->size = size;
}

/**
 * compressor_begin - begin with pages that have nothing to do with those before
 * @compressor: compressor of this thread
 *
 * What comes of pages depends on nothing but those since then.
 */
void compressor_begin(struct compressor *compressor)
{
	unsigned int i;

	for (i = 0; i < RECENT_COUNT; i++)
		compressor->recent[i].size = 0;
}

/**
 * compressor_page - compress a page
 * @compressor: compressor of this thread
 * @page:	the page
 * @out:	receives the result, at most a page
 * @flags:	receives how the result is compressed; COMPRESS_NONE if it would
 *		not have become smaller
 *
 * A kernel has many pages that are equal, those of its page array above all, and
 * they come close together.
 *
 * Return: bytes of the result.
 */
size_t compressor_page(struct compressor *compressor, const void *page, void *out,
		       uint32_t *flags)
{
	struct recent *recent = recent_of(compressor, page);
	size_t size = recent->size;

	*flags = compressor->kind;
	if (size && !memcmp(recent->page, page, compressor->page_size)) {
		memcpy(out, recent->out, size);
		return size;
	}
	size = by_kind(compressor, page, out);
	if (size) {
		remember(compressor, recent, page, out, size);
		return size;
	}
	*flags = COMPRESS_NONE;
	memcpy(out, page, compressor->page_size);
	return compressor->page_size;
}
