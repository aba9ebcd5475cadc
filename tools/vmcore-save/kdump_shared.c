// SPDX-License-Identifier: GPL-2.0
/*
 * Data that several pages share. As a page is compressed by itself, pages with
 * equal results are equal, and one copy of that in the file does for all.
 */
#include <string.h>

#include "kdump.h"

static struct shared *place_of(struct shared *table, const void *data, size_t size)
{
	const char *bytes = data;
	uint64_t hash = size, word;
	size_t at;

	for (at = 0; at + sizeof(word) <= size; at += sizeof(word)) {
		memcpy(&word, bytes + at, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
	}
	return &table[hash % SHARED_COUNT];
}

/**
 * shared_find - find out whether the file has the same data already
 * @table: of SHARED_COUNT entries, at first zeros; keeps the data if it is new
 * @data:  compressed page
 * @desc:  descriptor of the page; receives the offset if there is one
 *
 * Only of small data, which is what often comes again, and only of the latest.
 *
 * Return: whether the data is there.
 */
bool shared_find(struct shared *table, const void *data, struct page_desc *desc)
{
	struct shared *place;

	if (desc->size > SHARED_SIZE)
		return false;
	place = place_of(table, data, desc->size);
	if (place->desc.size == desc->size && place->desc.flags == desc->flags &&
	    !memcmp(place->data, data, desc->size)) {
		desc->offset = place->desc.offset;
		return true;
	}
	place->desc = *desc;
	memcpy(place->data, data, desc->size);
	return false;
}
