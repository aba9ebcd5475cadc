// SPDX-License-Identifier: GPL-2.0
/*
 * Looking whether a dump is what it says: everything is read once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clean.h"
#include "source.h"

#define PIECE (512U << 10)

/**
 * struct finding - what has been found
 * @pages: that can be read
 * @lost:  that cannot
 * @first: physical address of the first of these
 * @why:   why, or NULL
 */
struct finding {
	uint64_t pages;
	uint64_t lost;
	uint64_t first;
	const char *why;
};

static uint64_t pages_of(const struct source *source, uint64_t bytes)
{
	return (bytes + source->page_size - 1) >> source->page_shift;
}

static void lose_page(const struct source *source, struct finding *finding, uint64_t paddr)
{
	if (!finding->lost++) {
		finding->first = paddr;
		finding->why = source->input->why;
	}
}

/* Read memory without a hole; a page that cannot be read is counted and stepped over. */
static void read_extent(const struct source *source, const struct segment *range, uint64_t offset,
			uint64_t end, char *buf, struct finding *finding)
{
	uint64_t size, got, paddr, left;

	for (; offset < end; offset += got) {
		size = end - offset < PIECE ? end - offset : PIECE;
		got = source_read(source, offset, buf, size);
		finding->pages += pages_of(source, got);
		if (got == size)
			continue;
		paddr = range->paddr + (offset + got - range->offset);
		lose_page(source, finding, paddr);
		left = source->page_size - (paddr & (source->page_size - 1));
		got += left < size - got ? left : size - got;
	}
}

static void read_range(const struct source *source, const struct segment *range, char *buf,
		       struct finding *finding)
{
	uint64_t offset = range->offset, end = range->offset + range->size, stop;

	for (; offset < end; offset = stop) {
		offset = source_data(source, offset, end);
		if (offset == end)
			break;
		stop = source_hole(source, offset, end);
		read_extent(source, range, offset, stop, buf, finding);
	}
}

static uint64_t read_notes(const struct source *source, char *buf)
{
	uint64_t lost = 0, done, size;
	size_t i;

	for (i = 0; i < source->note_count; i++) {
		for (done = 0; done < source->notes[i].size; done += size) {
			size = source->notes[i].size - done;
			size = size < PIECE ? size : PIECE;
			lost += source_read_parts(source, source->notes[i].offset + done, buf,
						  size);
		}
	}
	return lost;
}

/* Tell the first thing that is wrong. */
static enum result judge(const struct source *source, const struct finding *finding,
			 uint64_t lost_notes)
{
	const char *name = source->name;

	if (source->lost)
		return fail(RESULT_UNREADABLE, "%s: %" PRIu64
			    " bytes that its headers name are not in it", name, source->lost);
	if (source->input->problem)
		return fail(RESULT_UNREADABLE, "%s: %s", name, source->input->problem);
	if (finding->lost)
		return fail(RESULT_UNREADABLE,
			    "%s: %" PRIu64 " of %" PRIu64 " pages cannot be read, the first at %#"
			    PRIx64 "%s%s", name, finding->lost, finding->lost + finding->pages,
			    finding->first, finding->why ? ": " : "",
			    finding->why ? finding->why : "");
	if (lost_notes)
		return fail(RESULT_UNREADABLE, "%s: %" PRIu64 " bytes of its notes cannot be read",
			    name, lost_notes);
	if (source->damaged)
		return fail(RESULT_UNREADABLE, "%s: its notes are damaged", name);
	return report_incomplete() ? RESULT_UNREADABLE : RESULT_OK;
}

/**
 * source_verify - read all of a dump, and tell in a line how that went
 * @source: open dump
 *
 * Return: RESULT_OK if all is there and its headers are true; else an error, which has
 * been told.
 */
enum result source_verify(struct source *source)
{
	struct finding finding = { };
	char *buf = malloc(PIECE);
	enum result result;
	uint64_t lost;
	size_t i;

	if (!buf)
		return fail(RESULT_FAILED, "no memory to read by");
	for (i = 0; i < source->range_count; i++)
		read_range(source, &source->ranges[i], buf, &finding);
	lost = read_notes(source, buf);
	free(buf);
	result = judge(source, &finding, lost);
	if (result != RESULT_OK)
		return result;
	clean_print(stdout, source->name, strlen(source->name));
	printf(": %s, %" PRIu64 " pages, %" PRIu64 " left out: all can be read\n",
	       source->input->form, finding.pages, source->left_out >> source->page_shift);
	return fflush(stdout) ? fail(RESULT_FAILED, "standard output: cannot write") : RESULT_OK;
}
