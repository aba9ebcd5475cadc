// SPDX-License-Identifier: GPL-2.0
/*
 * The way through the pages of a dump, by ascending page number.
 *
 * A page may lie in the file in pieces, when memory ranges do not begin or end
 * on page boundaries; what no range has of it is zero.
 */
#include <string.h>

#include "save.h"

/* Where a physical address of a range is in the file, and back. */
static uint64_t to_offset(const struct segment *range, uint64_t paddr)
{
	return range->offset + (paddr - range->paddr);
}

static uint64_t to_paddr(const struct segment *range, uint64_t offset)
{
	return range->paddr + (offset - range->offset);
}

static uint64_t pages_in(const struct source *source, uint64_t paddr, uint64_t end)
{
	return ((end - 1) >> source->page_shift) - (paddr >> source->page_shift) + 1;
}

/**
 * walk_count - count what there is to walk through
 * @walk:  from its beginning
 * @pages: receives the number of pages, at least; ranges that share a page count it twice
 * @bytes: receives how much of the source they are
 */
void walk_count(const struct walk *walk, uint64_t *pages, uint64_t *bytes)
{
	const struct source *source = walk->source;
	uint64_t offset, hole, end;
	size_t i;

	*pages = 0;
	*bytes = 0;
	for (i = 0; i < source->range_count; i++) {
		const struct segment *range = &source->ranges[i];

		end = range->offset + range->size;
		for (offset = range->offset; offset < end; offset = hole) {
			hole = end;
			if (walk->skip_holes) {
				offset = source_data(source, offset, end);
				if (offset == end)
					break;
				hole = source_hole(source, offset, end);
			}
			*pages += pages_in(source, to_paddr(range, offset), to_paddr(range, hole));
			*bytes += hole - offset;
		}
	}
}

/**
 * walk_next - take the next chunk
 * @walk:  where we are; goes on behind the chunk
 * @chunk: receives page number and count
 *
 * Return: whether there is one.
 */
bool walk_next(struct walk *walk, struct chunk *chunk)
{
	const struct source *source = walk->source;
	uint64_t paddr, offset, end;

	for (; walk->range < source->range_count; walk->range++) {
		const struct segment *range = &source->ranges[walk->range];

		paddr = walk->pfn << source->page_shift;
		if (paddr < range->paddr)
			paddr = range->paddr;
		if (paddr - range->paddr >= range->size)
			continue;
		if (walk->skip_holes) {
			end = range->offset + range->size;
			offset = source_data(source, to_offset(range, paddr), end);
			if (offset == end)
				continue;
			paddr = to_paddr(range, offset);
		}
		chunk->at = paddr >> source->page_shift;
		chunk->count = CHUNK_SIZE >> source->page_shift;
		walk->pfn = chunk->at + chunk->count;
		return true;
	}
	return false;
}

/* Say of the pages from paddr to end what they are, if that is more than is known. */
static void mark(const struct source *source, struct chunk *chunk, uint64_t paddr, uint64_t end,
		 enum unit_state state)
{
	uint64_t first = (paddr >> source->page_shift) - chunk->at;
	uint64_t last = ((end - 1) >> source->page_shift) - chunk->at;
	struct unit *unit;

	for (unit = &chunk->units[first]; unit <= &chunk->units[last]; unit++) {
		if (unit->state != UNIT_MISSING && state > unit->state)
			unit->state = state;
		else if (state == UNIT_MISSING)
			unit->state = state;
	}
}

/* Read data that has no hole; what cannot be read costs the page that it is in. */
static void read_data(const struct source *source, struct chunk *chunk,
		      const struct segment *range, uint64_t paddr, uint64_t end)
{
	uint64_t base = chunk->at << source->page_shift, got;

	mark(source, chunk, paddr, end, UNIT_DATA);
	while (paddr < end) {
		got = source_read(source, to_offset(range, paddr), chunk->in + (paddr - base),
				  end - paddr);
		paddr += got;
		if (paddr >= end)
			break;
		mark(source, chunk, paddr, paddr + 1, UNIT_MISSING);
		paddr = ((paddr >> source->page_shift) + 1) << source->page_shift;
	}
}

static void read_range(const struct walk *walk, struct chunk *chunk, const struct segment *range,
		       uint64_t paddr, uint64_t limit)
{
	uint64_t offset = to_offset(range, paddr), end = to_offset(range, limit), hole;

	mark(walk->source, chunk, paddr, limit, UNIT_HOLE);
	if (!walk->skip_holes)
		chunk->bytes += end - offset;
	for (; offset < end; offset = hole) {
		offset = source_data(walk->source, offset, end);
		if (offset == end)
			break;
		hole = source_hole(walk->source, offset, end);
		read_data(walk->source, chunk, range, to_paddr(range, offset),
			  to_paddr(range, hole));
		if (walk->skip_holes)
			chunk->bytes += hole - offset;
	}
}

/**
 * walk_read - read the pages of a chunk
 * @walk:  the way, of which only the constant part is used
 * @chunk: taken by walk_next(); receives content and states
 */
void walk_read(const struct walk *walk, struct chunk *chunk)
{
	const struct source *source = walk->source;
	uint64_t base = chunk->at << source->page_shift;
	uint64_t limit = base + ((uint64_t)chunk->count << source->page_shift);
	uint64_t paddr, end;
	size_t i;

	memset(chunk->in, 0, CHUNK_SIZE);
	for (i = source_find(source, base); i < source->range_count; i++) {
		const struct segment *range = &source->ranges[i];

		if (range->paddr >= limit)
			break;
		paddr = range->paddr > base ? range->paddr : base;
		end = range->paddr + range->size < limit ? range->paddr + range->size : limit;
		read_range(walk, chunk, range, paddr, end);
	}
}
