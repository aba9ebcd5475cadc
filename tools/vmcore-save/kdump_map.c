// SPDX-License-Identifier: GPL-2.0
/*
 * The bitmaps of the kdump-compressed format. Of each, only a piece is in
 * memory: of a machine with terabytes, the whole would be too large.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kdump.h"

/**
 * map_init - begin a map
 * @map:    receives the result
 * @sink:   destination
 * @offset: where the map is to be, a multiple of SINK_ALIGN
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result map_init(struct map *map, struct sink *sink, uint64_t offset)
{
	memset(map, 0, sizeof(*map));
	map->sink = sink;
	map->offset = offset;
	map->buf = aligned_alloc(SINK_ALIGN, MAP_PIECE);
	if (!map->buf)
		return fail(RESULT_FAILED, "no memory for a bitmap");
	memset(map->buf, 0, MAP_PIECE);
	return RESULT_OK;
}

/**
 * map_destroy - give back what map_init() took
 * @map: map, or zeros
 */
void map_destroy(struct map *map)
{
	free(map->buf);
	map->buf = NULL;
}

/**
 * map_set - set the bit of a page
 * @map: map, of which the piece with this page is in memory
 * @pfn: page number
 */
void map_set(struct map *map, uint64_t pfn)
{
	map->index = pfn / MAP_PAGES;
	map->used = true;
	map->buf[pfn % MAP_PAGES / 8] |= 1 << (pfn % 8);
}

/**
 * map_keep - clear all but the first bits of the piece in memory
 * @map:  map
 * @bits: how many of the set bits stay
 */
void map_keep(struct map *map, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < MAP_PAGES; i++) {
		unsigned char mask = 1 << (i % 8);

		if (!(map->buf[i / 8] & mask))
			continue;
		if (bits)
			bits--;
		else
			map->buf[i / 8] &= ~mask;
	}
}

/**
 * map_flush - write the piece in memory
 * @map: map; goes on with an empty piece, of a higher page number
 *
 * What lies between two pieces has to be zeros already.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result map_flush(struct map *map)
{
	enum result result;
	size_t written;

	if (!map->used)
		return RESULT_OK;
	if (map->index < map->next)
		return fail(RESULT_FAILED, "a defect: piece %" PRIu64 " of a bitmap comes after %"
			    PRIu64, map->index, map->next - 1);
	result = sink_write(map->sink, map->offset + map->index * MAP_PIECE, map->buf, MAP_PIECE,
			    &written);
	memset(map->buf, 0, MAP_PIECE);
	map->used = false;
	map->next = map->index + 1;
	return result;
}

/**
 * map_write_first - write the first map, of the pages that there are in the machine
 * @source: dump
 * @sink:   destination
 * @offset: where the map is to be, a multiple of SINK_ALIGN
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result map_write_first(const struct source *source, struct sink *sink, uint64_t offset)
{
	enum result result;
	struct map map;
	uint64_t pfn, last;
	size_t i;

	result = map_init(&map, sink, offset);
	for (i = 0; i < source->range_count && result == RESULT_OK; i++) {
		const struct segment *range = &source->ranges[i];

		last = (range->paddr + range->size - 1) >> source->page_shift;
		for (pfn = range->paddr >> source->page_shift; pfn <= last; pfn++) {
			if (map.used && pfn / MAP_PAGES != map.index)
				result = map_flush(&map);
			if (result != RESULT_OK)
				break;
			map_set(&map, pfn);
		}
	}
	if (result == RESULT_OK)
		result = map_flush(&map);
	map_destroy(&map);
	return result;
}
