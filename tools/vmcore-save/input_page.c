// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of a file in the kdump-compressed format.
 *
 * A page that is not exactly one when it has been decompressed cannot be read.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <lzo/lzo1x.h>
#include <zlib.h>
#include <zstd.h>

#include "compress.h"
#include "input_kdump.h"

/* Of the file, so much is read at least. */
#define WINDOW 32768

/* A method that this program reads and does not write. */
#define COMPRESS_SNAPPY 4

static size_t window_size(const struct kdump_file *dump)
{
	return dump->block < WINDOW ? WINDOW : dump->block;
}

static struct decoder *create_decoder(const struct kdump_file *dump)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	decoder->window = malloc(window_size(dump));
	decoder->pages = malloc((size_t)PAGES_KEPT * dump->block);
	if (decoder->window && decoder->pages)
		return decoder;
	free(decoder->window);
	free(decoder->pages);
	free(decoder);
	return NULL;
}

/**
 * decoder_take - take a decoder, for one who reads
 * @dump: open file
 * @fd:	  to read it by
 *
 * Return: to be given back by decoder_put(); NULL if there is no memory.
 */
struct decoder *decoder_take(struct kdump_file *dump, int fd)
{
	struct decoder *decoder;

	pthread_mutex_lock(&dump->lock);
	decoder = dump->idle;
	if (decoder)
		dump->idle = decoder->next;
	pthread_mutex_unlock(&dump->lock);
	if (!decoder)
		decoder = create_decoder(dump);
	if (decoder) {
		decoder->fd = fd;
		decoder->why = NULL;
	}
	return decoder;
}

/**
 * decoder_put - give a decoder back
 * @dump:    open file
 * @decoder: decoder
 */
void decoder_put(struct kdump_file *dump, struct decoder *decoder)
{
	pthread_mutex_lock(&dump->lock);
	if (decoder->why)
		dump->image.input.why = decoder->why;
	decoder->next = dump->idle;
	dump->idle = decoder;
	pthread_mutex_unlock(&dump->lock);
}

/**
 * decoder_destroy_all - free all decoders, none of which is in use
 * @dump: open file
 */
void decoder_destroy_all(struct kdump_file *dump)
{
	struct decoder *decoder;

	while ((decoder = dump->idle)) {
		dump->idle = decoder->next;
		ZSTD_freeDCtx(decoder->zstd);
		free(decoder->window);
		free(decoder->pages);
		free(decoder);
	}
}

/* Bytes of the file, until the next call; NULL if it does not have all of them. */
static const char *look_at(struct kdump_file *dump, struct decoder *decoder, uint64_t offset,
			   uint32_t size)
{
	struct input *file = dump->image.file;

	if (offset >= decoder->at && offset - decoder->at < decoder->filled &&
	    size <= decoder->filled - (offset - decoder->at))
		return decoder->window + (offset - decoder->at);
	if (offset >= file->size || size > file->size - offset)
		return NULL;
	decoder->at = offset;
	decoder->filled = file->ops->read(file, decoder->fd, offset, decoder->window,
					  window_size(dump));
	return size <= decoder->filled ? decoder->window : NULL;
}

/* The descriptor of a page; NULL if it cannot be read. */
static const struct page_desc *find_desc(struct kdump_file *dump, struct decoder *decoder,
					 uint64_t number)
{
	struct input *file = dump->image.file;
	uint64_t got;

	if (number - decoder->first >= decoder->descs) {
		decoder->first = number;
		got = file->ops->read(file, decoder->fd, dump->desc_offset + number *
				      sizeof(struct page_desc), decoder->desc,
				      sizeof(decoder->desc));
		decoder->descs = got / sizeof(struct page_desc);
	}
	return number - decoder->first < decoder->descs ?
	       &decoder->desc[number - decoder->first] : NULL;
}

static bool unpack_zstd(struct decoder *decoder, const char *in, uint32_t size, char *out,
			uint32_t block)
{
	if (!decoder->zstd)
		decoder->zstd = ZSTD_createDCtx();
	return decoder->zstd && ZSTD_decompressDCtx(decoder->zstd, out, block, in, size) == block;
}

/* Make a page of its data; return why that cannot be, or NULL. */
static const char *unpack(struct decoder *decoder, uint32_t method, const char *in,
			  uint32_t size, char *out, uint32_t block)
{
	unsigned long length = block;
	lzo_uint bytes = block;

	switch (method) {
	case COMPRESS_NONE:
		if (size != block)
			return "it has less than a page of data";
		memcpy(out, in, block);
		return NULL;
	case COMPRESS_ZLIB:
		return uncompress((void *)out, &length, (const void *)in, size) == Z_OK &&
		       length == block ? NULL : "its zlib data are damaged";
	case COMPRESS_LZO:
		return lzo1x_decompress_safe((const lzo_bytep)in, size, (lzo_bytep)out, &bytes,
					     NULL) == LZO_E_OK &&
		       bytes == block ? NULL : "its lzo data are damaged";
	case COMPRESS_SNAPPY:
		return snappy_unpack(in, size, out, block) ? NULL : "its snappy data are damaged";
	case COMPRESS_ZSTD:
		return unpack_zstd(decoder, in, size, out, block) ? NULL :
		       "its zstd data are damaged";
	}
	return "it is compressed in an unknown way";
}

/* Read a page; return why that cannot be, or NULL. */
static const char *read_page(struct kdump_file *dump, struct decoder *decoder, uint64_t pfn,
			     char *out)
{
	const struct page_desc *desc;
	const char *data;
	uint64_t number;

	if (!map_number(dump, decoder, pfn, &number))
		return "it is not in the dump";
	desc = find_desc(dump, decoder, number);
	if (!desc)
		return "its descriptor cannot be read";
	if (!le64toh(desc->offset))
		return "it had been lost before";
	if (!le32toh(desc->size) || le32toh(desc->size) > dump->block)
		return "its data have a size that cannot be";
	data = look_at(dump, decoder, le64toh(desc->offset), le32toh(desc->size));
	if (!data)
		return "its data are not in the file";
	return unpack(decoder, le32toh(desc->flags), data, le32toh(desc->size), out, dump->block);
}

/* Of a page of which a part is wanted, another one may be soon. */
static const char *keep_page(struct kdump_file *dump, struct decoder *decoder, uint64_t pfn)
{
	char *page = decoder->pages + pfn % PAGES_KEPT * dump->block;
	uint64_t *kept = &decoder->kept[pfn % PAGES_KEPT];

	if (*kept == pfn + 1)
		return page;
	*kept = 0;
	decoder->why = read_page(dump, decoder, pfn, page);
	if (decoder->why)
		return NULL;
	*kept = pfn + 1;
	return page;
}

/**
 * page_read - read memory by physical address
 * @dump:    open file
 * @decoder: to read by
 * @paddr:   where
 * @buf:     receives the bytes
 * @size:    how many
 *
 * Return: how many bytes there are in front of the first page that cannot be read.
 */
uint64_t page_read(struct kdump_file *dump, struct decoder *decoder, uint64_t paddr, char *buf,
		   uint64_t size)
{
	uint64_t done, part, into;
	const char *page;

	for (done = 0; done < size; done += part) {
		into = (paddr + done) & (dump->block - 1);
		part = dump->block - into < size - done ? dump->block - into : size - done;
		if (part == dump->block) {
			decoder->why = read_page(dump, decoder, (paddr + done) >> dump->shift,
						 buf + done);
			if (decoder->why)
				break;
			continue;
		}
		page = keep_page(dump, decoder, (paddr + done) >> dump->shift);
		if (!page)
			break;
		memcpy(buf + done, page + into, part);
	}
	return done;
}

/**
 * page_check_descs - look whether the bitmap and the descriptors belong together
 * @dump: open file
 *
 * Data begin behind the descriptors. So these are no more than there is room for, and
 * in that room there is none that has no bit. The first ones tell where data begin.
 *
 * Return: what is wrong, or NULL.
 */
const char *page_check_descs(struct kdump_file *dump)
{
	uint64_t end = dump->desc_offset + dump->pages * sizeof(struct page_desc);
	struct input *file = dump->image.file;
	struct page_desc desc[DESCS_AHEAD];
	uint64_t first = UINT64_MAX, got;
	size_t i;

	got = file->ops->read(file, file->fd, dump->desc_offset, desc, sizeof(desc));
	for (i = 0; i < got / sizeof(*desc) && i < dump->pages; i++)
		if (desc[i].offset && le64toh(desc[i].offset) < first)
			first = le64toh(desc[i].offset);
	if (first < end)
		return "it has more pages than descriptors";
	/* If the first one is damaged, what is there may be data. */
	if (end + sizeof(*desc) <= first && input_read_exact(file, end, desc, sizeof(*desc)) &&
	    le64toh(desc->offset) >= first && le64toh(desc->offset) < file->size &&
	    le32toh(desc->size) && le32toh(desc->size) <= dump->block && !desc->page_flags &&
	    !(dump->status & KDUMP_INCOMPLETE))
		return "it has more descriptors than pages";
	return NULL;
}
