// SPDX-License-Identifier: GPL-2.0
/*
 * The way through the pages of a dump, by ascending page number.
 *
 * A page may lie in the file in pieces, when memory ranges do not begin or end
 * on page boundaries; what no range has of it is zero.
 */
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "pipeline.h"
#include "walk.h"

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

/* Find the run that begins, or goes on, at an address within a range. */
static bool find_run(const struct walk *walk, const struct segment *range, uint64_t paddr,
		     struct run *run)
{
	uint64_t offset = to_offset(range, paddr), end = range->offset + range->size, data;

	data = source_data(walk->source, offset, end);
	if (data > offset && !walk->skip_holes) {
		*run = (struct run){ paddr, to_paddr(range, data), true };
		return true;
	}
	if (data == end)
		return false;
	run->paddr = to_paddr(range, data);
	run->end = to_paddr(range, source_hole(walk->source, data, end));
	run->hole = false;
	return true;
}

/* The run at the cursor, or NULL at the end of the dump. */
static const struct run *present(const struct walk *walk, struct cursor *cursor)
{
	const struct source *source = walk->source;

	if (cursor->run.paddr < cursor->run.end)
		return &cursor->run;
	if (walk->counted && cursor->known < walk->known.count) {
		const struct span *known = &walk->known.span[cursor->known++];

		while (known->begin - source->ranges[cursor->range].paddr >=
		       source->ranges[cursor->range].size)
			cursor->range++;
		cursor->run = (struct run){ known->begin, known->end, false };
		return &cursor->run;
	}
	if (walk->counted && spans_all(&walk->known))
		return NULL;
	for (; cursor->range < source->range_count; cursor->range++) {
		const struct segment *range = &source->ranges[cursor->range];

		if (cursor->paddr < range->paddr)
			cursor->paddr = range->paddr;
		if (cursor->paddr - range->paddr < range->size &&
		    find_run(walk, range, cursor->paddr, &cursor->run))
			return &cursor->run;
	}
	return NULL;
}

/* Go on to an address in the present run, or to its end. */
static void advance(struct cursor *cursor, uint64_t paddr)
{
	cursor->run.paddr = paddr;
	cursor->paddr = paddr;
}

/* Count what is not in holes. */
static enum result count_data(struct walk *walk, uint64_t *pages, uint64_t *bytes)
{
	struct cursor cursor = { };
	const struct run *run;

	while ((run = present(walk, &cursor))) {
		*pages += pages_in(walk->source, run->paddr, run->end);
		*bytes += run->end - run->paddr;
		spans_add(&walk->known, run->paddr, run->end);
		advance(&cursor, run->end);
		if (interrupt_wanted())
			return interrupt_check();
	}
	walk->counted = true;
	source_scanned(walk->source);
	return RESULT_OK;
}

/**
 * walk_init - count what there is, to begin to walk through it
 * @walk:   receives the result, to be given to walk_destroy()
 * @source: open dump, kept; what is in its holes is skipped if it is filtered
 * @pages:  receives the number of pages, at least; runs that share a page count it twice
 * @bytes:  receives how much of the source they are
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result walk_init(struct walk *walk, const struct source *source, uint64_t *pages,
		      uint64_t *bytes)
{
	size_t i;

	*walk = (struct walk){ .source = source, .skip_holes = source->filtered };
	*pages = 0;
	*bytes = 0;
	if (walk->skip_holes)
		return count_data(walk, pages, bytes);
	for (i = 0; i < source->range_count; i++) {
		const struct segment *range = &source->ranges[i];

		*pages += pages_in(source, range->paddr, range->paddr + range->size);
		*bytes += range->size;
	}
	return RESULT_OK;
}

/**
 * walk_destroy - give back what walk_init() took
 * @walk: walk, or zeros
 */
void walk_destroy(struct walk *walk)
{
	spans_destroy(&walk->known);
}

/**
 * walk_next - take the next chunk
 * @walk:  where we are; goes on behind the chunk
 * @chunk: receives where it begins and ends
 *
 * No page is in two chunks: what ends in a page that is full begins behind it.
 *
 * Return: whether there is one.
 */
bool walk_next(struct walk *walk, struct chunk *chunk)
{
	unsigned int shift = walk->source->page_shift;
	uint64_t left = CHUNK_SIZE >> shift, begin, count;
	const struct run *run;

	chunk->from = walk->cursor;
	chunk->limit = 0;
	while ((run = present(walk, &walk->cursor))) {
		begin = run->paddr > chunk->limit ? run->paddr : chunk->limit;
		if (begin < run->end) {
			/* Of the run's first page, which the chunk has, nothing is left. */
			if (!left) {
				advance(&walk->cursor, begin);
				break;
			}
			count = pages_in(walk->source, begin, run->end);
			if (count > left)
				count = left;
			left -= count;
			chunk->limit = ((begin >> shift) + count) << shift;
		}
		advance(&walk->cursor, run->end < chunk->limit ? run->end : chunk->limit);
	}
	return chunk->limit;
}

/* The unit of a page, of which a run has a part, or all; NULL if the chunk is full. */
static struct unit *unit_of(const struct source *source, struct chunk *chunk, uint64_t pfn,
			    bool whole)
{
	struct unit *unit = &chunk->units[chunk->count];

	if (chunk->count && unit[-1].pfn == pfn)
		return &unit[-1];
	if (chunk->count == CHUNK_SIZE >> source->page_shift)
		return NULL;
	/* Other parts may come from other runs; what none of them has is zero, if it ever was. */
	if (!whole) {
		memset(chunk->in + ((size_t)chunk->count << source->page_shift), 0,
		       source->page_size);
		if (source_page_gone(source, pfn))
			unit->state = UNIT_MISSING;
	}
	chunk->count++;
	unit->pfn = pfn;
	return unit;
}

/*
 * Add units for all pages of a run; return the one of the first. The chunk has
 * room for them, but a source that has less holes now than walk_next() found
 * must do no harm: then the run ends earlier, or there is no unit, and that is a loss.
 */
static struct unit *add_units(const struct source *source, struct chunk *chunk, struct run *run)
{
	enum unit_state state = run->hole ? UNIT_HOLE : UNIT_DATA;
	struct unit *first = NULL, *unit;
	uint64_t paddr, next;

	for (paddr = run->paddr; paddr < run->end; paddr = next) {
		next = ((paddr >> source->page_shift) + 1) << source->page_shift;
		if (next > run->end)
			next = run->end;
		unit = unit_of(source, chunk, paddr >> source->page_shift,
			       next - paddr == source->page_size);
		if (!unit) {
			chunk->lost += run->end - paddr;
			run->end = paddr;
			break;
		}
		if (unit->state != UNIT_MISSING && state > unit->state)
			unit->state = state;
		if (!first)
			first = unit;
	}
	return first;
}

/* Read a run; what cannot be read costs the page that it is in. */
static void read_run(const struct source *source, int fd, struct chunk *chunk,
		     const struct segment *range, struct run *run)
{
	struct unit *unit = add_units(source, chunk, run);
	uint64_t base = run->paddr >> source->page_shift << source->page_shift;
	uint64_t paddr = run->paddr;
	size_t page;
	char *in;

	if (!unit || run->hole)
		return;
	in = chunk->in + ((size_t)(unit - chunk->units) << source->page_shift);
	while (paddr < run->end) {
		paddr += source_read_by(source, fd, to_offset(range, paddr),
					in + (paddr - base), run->end - paddr);
		if (paddr >= run->end)
			break;
		page = (paddr - base) >> source->page_shift;
		unit[page].state = UNIT_MISSING;
		paddr = base + ((page + 1) << source->page_shift);
	}
}

/**
 * walk_read - read the pages of a chunk
 * @walk:  the way, of which only the constant part is used
 * @fd:	   to read the source by
 * @chunk: taken by walk_next(); receives units and content
 */
void walk_read(const struct walk *walk, int fd, struct chunk *chunk)
{
	const struct source *source = walk->source;
	struct cursor cursor = chunk->from;
	const struct run *run;
	struct run part;

	while ((run = present(walk, &cursor)) && run->paddr < chunk->limit) {
		part = *run;
		if (part.end > chunk->limit)
			part.end = chunk->limit;
		read_run(source, fd, chunk, &source->ranges[cursor.range], &part);
		chunk->bytes += part.end - part.paddr;
		advance(&cursor, part.end);
	}
}
