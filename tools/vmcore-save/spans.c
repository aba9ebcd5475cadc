// SPDX-License-Identifier: GPL-2.0
/*
 * Where data is, remembered.
 */
#include <stdlib.h>

#include "spans.h"

/**
 * spans_add - remember a span, if there is room for it and for all before
 * @spans: spans, at first zeros
 * @begin: first byte, above the spans so far
 * @end:   byte after the last one
 */
void spans_add(struct spans *spans, uint64_t begin, uint64_t end)
{
	size_t number = spans->total++;
	struct span *span = spans->span;

	if (number != spans->count || number >= SPANS_MAX)
		return;
	/* There is room for a power of two. */
	if (!(number & (number - 1))) {
		span = realloc(span, (number ? 2 * number : 1) * sizeof(*span));
		if (!span)
			return;
		spans->span = span;
	}
	span[number] = (struct span){ begin, end };
	spans->count++;
}

/**
 * spans_destroy - forget all
 * @spans: spans, or zeros
 */
void spans_destroy(struct spans *spans)
{
	free(spans->span);
	spans->span = NULL;
}
