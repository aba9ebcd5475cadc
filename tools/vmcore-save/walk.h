/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way through the pages of a dump, by ascending page number.
 */
#ifndef VMCORE_SAVE_WALK_H
#define VMCORE_SAVE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"
#include "spans.h"

struct chunk;

/**
 * struct run - memory that is in the file in one piece, or in one hole
 * @paddr: physical address
 * @end:   the first one behind it
 * @hole:  it is a hole
 */
struct run {
	uint64_t paddr;
	uint64_t end;
	bool hole;
};

/**
 * struct cursor - a place on the way
 * @paddr: physical address to go on at
 * @range: index of the range that has it, or of the next one
 * @known: index of the next run of those that are known
 * @run:   what is left of the present run; empty if the next one is to be found
 *
 * A copy goes the same way again.
 */
struct cursor {
	uint64_t paddr;
	size_t range;
	size_t known;
	struct run run;
};

/**
 * struct walk - the way through a dump
 * @source:	dump
 * @skip_holes:	what is in holes is left out
 * @cursor:	where the next chunk begins
 * @known:	the first runs of data, by address, if holes are skipped
 * @counted:	all runs have been counted
 */
struct walk {
	const struct source *source;
	bool skip_holes;
	struct cursor cursor;
	struct spans known;
	bool counted;
};

enum result walk_init(struct walk *walk, const struct source *source, uint64_t *pages,
		      uint64_t *bytes);
void walk_destroy(struct walk *walk);
bool walk_next(struct walk *walk, struct chunk *chunk);
void walk_read(const struct walk *walk, int fd, struct chunk *chunk);

#endif
