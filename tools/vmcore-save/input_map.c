// SPDX-License-Identifier: GPL-2.0
/*
 * The bitmaps of a file in the kdump-compressed format.
 *
 * Descriptors have no page number: the page of a bit has as many before it as there are
 * bits before. Of the second map it is remembered how many that are for each piece.
 */
#include <elf.h>
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "input_kdump.h"

#define WORDS (PIECE_BYTES / sizeof(uint64_t))

/* Memory in the making: pages that follow each other. */
struct extent_maker {
	struct kdump_file *dump;
	uint64_t begin;
	uint64_t end;
	uint64_t total;
	bool full;
};

static void end_extent(struct extent_maker *maker)
{
	unsigned int shift = maker->dump->shift;
	struct image_part part = {
		.type = PT_LOAD,
		.paddr = maker->begin << shift,
		.size = (maker->end - maker->begin) << shift,
	};

	if (maker->begin < maker->end && !image_add(&maker->dump->image, &part))
		maker->full = true;
	maker->total += maker->end - maker->begin;
}

static void add_extent(struct extent_maker *maker, uint64_t pfn, uint64_t count)
{
	if (pfn != maker->end) {
		end_extent(maker);
		maker->begin = pfn;
	}
	maker->end = pfn + count;
}

/* Add the pages of the bits of a piece. */
static void add_bits(struct extent_maker *maker, uint64_t pfn, const uint64_t *bits)
{
	uint64_t word;
	unsigned int i, bit;

	for (i = 0; i < WORDS && !maker->full; i++, pfn += 64) {
		word = bits[i];
		if (word == UINT64_MAX) {
			add_extent(maker, pfn, 64);
			continue;
		}
		for (; word; word &= word - 1) {
			bit = __builtin_ctzll(word);
			add_extent(maker, pfn + bit, 1);
		}
	}
}

/*
 * Read a piece of a map; what is above the highest page is no bit of any. Who writes a
 * flattened file writes a map in order: what is missing of it without its end has no
 * bits, or is behind all that there is.
 */
static bool read_piece(struct kdump_file *dump, unsigned int which, int fd, uint64_t number,
		       uint64_t *bits, bool *above)
{
	struct input *file = dump->image.file;
	uint64_t offset = number * PIECE_BYTES, size = dump->map_bytes - offset, pfn, word;
	unsigned int i;

	if (size > PIECE_BYTES)
		size = PIECE_BYTES;
	memset(bits, 0, PIECE_BYTES);
	if (file->ops->read(file, fd, dump->map_offset[which] + offset, bits, size) < size) {
		memset(bits, 0, PIECE_BYTES);
		return file->cut;
	}
	for (i = 0; i < WORDS; i++) {
		pfn = number * PIECE_PAGES + 64ULL * i;
		word = le64toh(bits[i]);
		bits[i] = pfn < dump->max_pfn ? word : 0;
		if (pfn < dump->max_pfn && dump->max_pfn - pfn < 64)
			bits[i] &= (1ULL << (dump->max_pfn - pfn)) - 1;
		*above |= bits[i] != word;
	}
	return true;
}

static bool add_piece(struct kdump_file *dump, uint64_t number, const uint64_t *bits)
{
	struct map_piece *pieces = dump->pieces;
	uint64_t pages = 0;
	unsigned int i;
	size_t room;

	for (i = 0; i < WORDS; i++)
		pages += __builtin_popcountll(bits[i]);
	if (!pages)
		return true;
	if (dump->piece_count == dump->piece_room) {
		room = dump->piece_room ? 2 * dump->piece_room : 64;
		pieces = realloc(pieces, room * sizeof(*pieces));
		if (!pieces)
			return false;
		dump->pieces = pieces;
		dump->piece_room = room;
	}
	pieces[dump->piece_count++] = (struct map_piece){ number, dump->pages };
	dump->pages += pages;
	return true;
}

/* The next piece of which one of the maps may have bits, or the number of pieces. */
static uint64_t next_piece(struct kdump_file *dump, uint64_t number, uint64_t count)
{
	struct input *file = dump->image.file;
	uint64_t next = count, offset, found;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		offset = dump->map_offset[i];
		found = file->ops->data(file, offset + number * PIECE_BYTES,
					offset + dump->map_bytes) - offset;
		if (found < dump->map_bytes && found / PIECE_BYTES < next)
			next = found / PIECE_BYTES;
	}
	return next;
}

/**
 * map_take - read both maps
 * @dump: open file; receives what memory there is, and where the pages are
 *
 * Behind a piece of the second map that cannot be read no page can be found.
 *
 * Return: why that cannot be, or NULL.
 */
const char *map_take(struct kdump_file *dump)
{
	uint64_t count = (dump->map_bytes + PIECE_BYTES - 1) / PIECE_BYTES, number;
	uint64_t first[WORDS], second[WORDS];
	struct extent_maker maker = { .dump = dump };
	const char *name = dump->image.input.name;
	int fd = dump->image.file->fd;
	bool above = false;
	unsigned int i;

	for (number = next_piece(dump, 0, count); number < count && !maker.full;
	     number = next_piece(dump, number + 1, count)) {
		if (!read_piece(dump, 1, fd, number, second, &above)) {
			loss("%s: its bitmap cannot be read from page %#" PRIx64 " on", name,
			     number * PIECE_PAGES);
			break;
		}
		if (!read_piece(dump, 0, fd, number, first, &above))
			loss("%s: its first bitmap cannot be read at page %#" PRIx64, name,
			     number * PIECE_PAGES);
		if (!add_piece(dump, number, second))
			return "there is no memory for its bitmaps";
		for (i = 0; i < WORDS; i++) {
			if (second[i] & ~first[i])
				dump->image.input.problem =
					"it has pages that are not there, by its first bitmap";
			first[i] |= second[i];
		}
		add_bits(&maker, number * PIECE_PAGES, first);
	}
	if (above)
		dump->image.input.problem = "its bitmaps have pages above the highest one";
	end_extent(&maker);
	if (maker.full)
		return "its memory is in too many pieces";
	dump->image.input.left_out = (maker.total - dump->pages) << dump->shift;
	return NULL;
}

/* Have a decoder know the bits of a piece; false: there are none. */
static bool load_piece(struct kdump_file *dump, struct decoder *decoder, size_t at)
{
	const struct map_piece *piece = &dump->pieces[at];
	bool above = false;

	if (decoder->piece == piece)
		return true;
	decoder->piece = NULL;
	if (!read_piece(dump, 1, decoder->fd, piece->number, decoder->bits, &above))
		return false;
	decoder->piece = piece;
	decoder->counted = piece->number * PIECE_PAGES;
	decoder->before = piece->before;
	return true;
}

/* The first piece that ends above a page, or the number of pieces. */
static size_t find_piece(const struct kdump_file *dump, uint64_t pfn)
{
	size_t low = 0, high = dump->piece_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (dump->pieces[middle].number >= pfn / PIECE_PAGES)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/**
 * map_find - find the next page that is in the file, or is not
 * @dump:    open file
 * @decoder: to read by
 * @pfn:     where to begin
 * @end:     where to end
 * @there:   it is to be in the file
 *
 * Return: its number, @end if there is none before.
 */
uint64_t map_find(struct kdump_file *dump, struct decoder *decoder, uint64_t pfn, uint64_t end,
		  bool there)
{
	uint64_t word, in_piece;
	size_t at;

	while (pfn < end) {
		at = find_piece(dump, pfn);
		if (at == dump->piece_count || dump->pieces[at].number > pfn / PIECE_PAGES) {
			if (!there)
				return pfn;
			if (at == dump->piece_count)
				return end;
			pfn = dump->pieces[at].number * PIECE_PAGES;
			continue;
		}
		/* What cannot be read any more is there, and its pages cannot be read. */
		if (!load_piece(dump, decoder, at))
			memset(decoder->bits, 0xff, sizeof(decoder->bits));
		for (in_piece = pfn % PIECE_PAGES; in_piece < PIECE_PAGES; ) {
			word = decoder->bits[in_piece / 64];
			word = (there ? word : ~word) >> in_piece % 64;
			if (word) {
				pfn += in_piece + __builtin_ctzll(word) - pfn % PIECE_PAGES;
				return pfn < end ? pfn : end;
			}
			in_piece += 64 - in_piece % 64;
		}
		pfn += PIECE_PAGES - pfn % PIECE_PAGES;
	}
	return end;
}

/**
 * map_number - find out which descriptor a page has
 * @dump:    open file
 * @decoder: to read by
 * @pfn:     page number
 * @number:  receives that of the descriptor
 *
 * Return: whether the page is in the file.
 */
bool map_number(struct kdump_file *dump, struct decoder *decoder, uint64_t pfn,
		uint64_t *number)
{
	size_t at = find_piece(dump, pfn);
	uint64_t counted, before, bits;

	if (at == dump->piece_count || dump->pieces[at].number != pfn / PIECE_PAGES ||
	    !load_piece(dump, decoder, at))
		return false;
	if (!(decoder->bits[pfn % PIECE_PAGES / 64] >> pfn % 64 & 1))
		return false;
	if (pfn < decoder->counted) {
		decoder->counted = decoder->piece->number * PIECE_PAGES;
		decoder->before = decoder->piece->before;
	}
	counted = decoder->counted;
	before = decoder->before;
	while (counted < pfn) {
		bits = decoder->bits[counted % PIECE_PAGES / 64] >> counted % 64;
		if (pfn - counted < 64 - counted % 64) {
			bits &= (1ULL << (pfn - counted)) - 1;
			counted = pfn;
		} else {
			counted += 64 - counted % 64;
		}
		before += __builtin_popcountll(bits);
	}
	decoder->counted = counted;
	decoder->before = before;
	*number = before;
	return true;
}
