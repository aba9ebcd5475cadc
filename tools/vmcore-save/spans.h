/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where data is, remembered: a filter finds out what is in a hole each time that it is
 * asked, and asking once is enough.
 */
#ifndef VMCORE_SAVE_SPANS_H
#define VMCORE_SAVE_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many spans are remembered at most, 1 MiB; tests need fewer. */
#ifndef SPANS_MAX
#define SPANS_MAX 65536
#endif

/**
 * struct span - data without a hole
 * @begin: first byte, an offset or an address
 * @end:   byte after the last one
 */
struct span {
	uint64_t begin;
	uint64_t end;
};

/**
 * struct spans - the first spans of a dump
 * @span:  the spans, ascending
 * @count: their number
 * @total: number of those that there are
 */
struct spans {
	struct span *span;
	size_t count;
	size_t total;
};

void spans_add(struct spans *spans, uint64_t begin, uint64_t end);
void spans_destroy(struct spans *spans);

/* Are all that there are remembered? */
static inline bool spans_all(const struct spans *spans)
{
	return spans->count == spans->total;
}

#endif
