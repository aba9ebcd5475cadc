/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Saving a dump in one of the formats.
 */
#ifndef VMCORE_SAVE_SAVE_H
#define VMCORE_SAVE_SAVE_H

#include <stdbool.h>

#include "compress.h"
#include "pipeline.h"
#include "sink.h"
#include "source.h"

#define THREADS_MAX 64

/**
 * struct save - a dump to be saved
 * @source:	 from
 * @sink:	 to
 * @compression: of pages
 * @level:	 what is left out, as makedumpfile's -d; for the record
 * @threads:	 workers, from 1 to THREADS_MAX
 */
struct save {
	struct source *source;
	struct sink *sink;
	enum compression compression;
	unsigned int level;
	unsigned int threads;
};

enum result save_elf(struct save *save);
enum result save_kdump(struct save *save);

/**
 * struct walk - the way through the pages of a dump
 * @source:	dump
 * @skip_holes:	pages in holes are left out
 * @range:	index of the present range
 * @pfn:	page number to go on at
 */
struct walk {
	const struct source *source;
	bool skip_holes;
	size_t range;
	uint64_t pfn;
};

void walk_count(const struct walk *walk, uint64_t *pages, uint64_t *bytes);
bool walk_next(struct walk *walk, struct chunk *chunk);
void walk_read(const struct walk *walk, struct chunk *chunk);

#endif
