// SPDX-License-Identifier: GPL-2.0
/*
 * Saving in the kdump-compressed format.
 *
 * The file can be read at any time while it is written: a piece of the second
 * map gets into it after the pages of that piece and their descriptors, and
 * the header says until the end that the dump is not complete.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kdump.h"

#define DATA_BUFFER 1048576
#define DESC_BUFFER 65536

/* What a thread has for itself: a way to read, and to compress. */
struct worker {
	int fd;
	struct compressor *compressor;
};

/**
 * struct kdump - a file in the making
 * @save:	what is saved
 * @layout:	of the file
 * @walk:	through the source
 * @workers:	what each has for itself
 * @worker_count: their number
 * @map:	the second map
 * @data:	pages
 * @desc:	descriptors
 * @waiting:	descriptors of the pages in the present piece of the map
 * @count:	their number
 * @same:	pages that others may be the same as, or NULL
 * @zero:	descriptor of the page that all pages of zeros share
 * @zero_unit:	that page, as it is written
 * @zero_page:	its data
 * @pages:	pages so far
 * @next_pfn:	lowest number that the next one may have
 * @ended:	the end has been written, or could not be
 */
struct kdump {
	struct save *save;
	struct kdump_layout layout;
	struct walk walk;
	struct worker workers[THREADS_MAX];
	unsigned int worker_count;
	struct map map;
	struct stream data;
	struct stream desc;
	struct page_desc *waiting;
	unsigned int count;
	struct same *same;
	struct page_desc zero;
	struct unit zero_unit;
	char *zero_page;
	uint64_t pages;
	uint64_t next_pfn;
	bool ended;
};

static bool next(void *context, struct chunk *chunk)
{
	struct kdump *kdump = context;

	return walk_next(&kdump->walk, chunk);
}

static void read_pages(void *context, struct chunk *chunk, unsigned int number)
{
	struct kdump *kdump = context;
	size_t page_size = kdump->layout.block;
	char *page = chunk->in;
	unsigned int i;

	walk_read(&kdump->walk, kdump->workers[number].fd, chunk);
	for (i = 0; i < chunk->count; i++, page += page_size) {
		struct unit *unit = &chunk->units[i];

		unit->slot = SAME_NONE;
		if (unit->state != UNIT_DATA)
			continue;
		if (all_zero(page, page_size))
			unit->state = UNIT_ZERO;
		else if (kdump->same)
			same_hash(kdump->same, page, &unit->hash);
	}
}

/* In order, so that it does not depend on the threads which pages share their data. */
static void find_same(void *context, struct chunk *chunk)
{
	struct kdump *kdump = context;
	struct unit *unit;

	if (!kdump->same)
		return;
	for (unit = chunk->units; unit < chunk->units + chunk->count; unit++)
		if (unit->state == UNIT_DATA && same_find(kdump->same, &unit->hash, &unit->slot))
			unit->state = UNIT_SAME;
	chunk->many_same = same_many(kdump->same);
}

static void work(void *context, struct chunk *chunk, unsigned int number)
{
	struct kdump *kdump = context;
	const struct worker *worker = &kdump->workers[number];
	size_t page_size = kdump->layout.block;
	char *page = chunk->in, *out = chunk->out;
	unsigned int i;

	for (i = 0; i < chunk->count; i++, page += page_size) {
		struct unit *unit = &chunk->units[i];

		if (unit->state != UNIT_DATA)
			continue;
		unit->size = compressor_page(worker->compressor, page, chunk->many_same, out,
					     &unit->flags);
		out += unit->size;
	}
}

/* Bring all pages so far into the file, and then the piece of the map. */
static enum result checkpoint(struct kdump *kdump, bool with_data)
{
	enum result result = with_data ? stream_flush(&kdump->data) : RESULT_OK;
	unsigned int kept = 0;
	enum result other;

	/* With the disk full, those that got into the file still count. */
	while (kept < kdump->count && kdump->waiting[kept].offset + kdump->waiting[kept].size <=
				      kdump->data.durable)
		kept++;
	if (kept < kdump->count)
		map_keep(&kdump->map, kept);
	other = stream_put(&kdump->desc, kdump->waiting, kept * sizeof(*kdump->waiting));
	if (other == RESULT_OK)
		other = stream_flush(&kdump->desc);
	if (other == RESULT_OK)
		other = map_flush(&kdump->map);
	kdump->count = 0;
	return result == RESULT_OK ? other : result;
}

/*
 * The bit of a page and its descriptor are found by counting. So a page that comes
 * twice, or not in order, would give all that follow the content of another one.
 */
static enum result check_page(struct kdump *kdump, uint64_t pfn)
{
	if (pfn < kdump->next_pfn || pfn >= kdump->save->source->max_pfn)
		return fail(RESULT_FAILED, "a defect: page %#" PRIx64 " comes after page %#" PRIx64,
			    pfn, kdump->next_pfn - 1);
	if (kdump->pages == kdump->layout.pages)
		return fail(RESULT_FAILED, "a defect: more than the %" PRIu64 " pages counted",
			    kdump->pages);
	kdump->next_pfn = pfn + 1;
	kdump->pages++;
	return RESULT_OK;
}

static enum result add_page(struct kdump *kdump, uint64_t pfn, const struct page_desc *desc)
{
	enum result result = check_page(kdump, pfn);

	if (result != RESULT_OK)
		return result;
	if (kdump->count && pfn / MAP_PAGES != kdump->map.index)
		result = checkpoint(kdump, true);
	map_set(&kdump->map, pfn);
	kdump->waiting[kdump->count++] = *desc;
	return result;
}

/*
 * Some readers of the flattened form look for the data of a lost page at offset 0 all
 * the same, so there it is a page that is not in the dump.
 */
static enum result add_lost(struct kdump *kdump, uint64_t pfn)
{
	static const struct page_desc lost;

	report_missing(kdump->layout.block);
	return kdump->save->sink->flat ? check_page(kdump, pfn) : add_page(kdump, pfn, &lost);
}

static enum result add_data(struct kdump *kdump, uint64_t pfn, const struct unit *unit,
			    const char *data)
{
	struct page_desc desc = {
		.offset = stream_offset(&kdump->data),
		.size = unit->size,
		.flags = unit->flags,
	};
	enum result result = add_page(kdump, pfn, &desc);

	if (result != RESULT_OK)
		return result;
	if (unit->slot != SAME_NONE)
		*same_place(kdump->same, unit->slot) = (struct page_place){
			desc.offset, desc.size, desc.flags,
		};
	return stream_put(&kdump->data, data, unit->size);
}

/* Slots are filled in the order in which pages have been looked for in them. */
static enum result add_same(struct kdump *kdump, uint64_t pfn, const struct unit *unit)
{
	const struct page_place *place = same_place(kdump->same, unit->slot);
	struct page_desc desc = {
		.offset = place->offset,
		.size = place->size,
		.flags = place->flags,
	};

	return add_page(kdump, pfn, &desc);
}

/*
 * All pages of zeros have the data of the first one. They are not left out of
 * the map: readers could not tell them from pages that nobody knows.
 */
static enum result add_zero(struct kdump *kdump, uint64_t pfn)
{
	if (kdump->zero.offset)
		return add_page(kdump, pfn, &kdump->zero);
	kdump->zero.offset = stream_offset(&kdump->data);
	return add_data(kdump, pfn, &kdump->zero_unit, kdump->zero_page);
}

static enum result commit_unit(struct kdump *kdump, const struct unit *unit, const char *data)
{
	switch (unit->state) {
	case UNIT_ABSENT:
		break;
	case UNIT_HOLE:
		/* What a filter left out is not zero, but unknown. */
		if (!kdump->save->source->filtered)
			return add_zero(kdump, unit->pfn);
		break;
	case UNIT_ZERO:
		return add_zero(kdump, unit->pfn);
	case UNIT_MISSING:
		return add_lost(kdump, unit->pfn);
	case UNIT_DATA:
		return add_data(kdump, unit->pfn, unit, data);
	case UNIT_SAME:
		return add_same(kdump, unit->pfn, unit);
	}
	return RESULT_OK;
}

static enum result commit(void *context, struct chunk *chunk)
{
	struct kdump *kdump = context;
	enum result result = RESULT_OK;
	const char *data = chunk->out;
	unsigned int i;

	for (i = 0; i < chunk->count && result == RESULT_OK; i++) {
		result = commit_unit(kdump, &chunk->units[i], data);
		data += chunk->units[i].size;
	}
	report_missing(chunk->lost);
	report_done(chunk->bytes);
	return result;
}

/* The maps may be so much larger than what one 8th of the memory is, on a disk. */
#define MAP_SLACK (32ULL << 20)

/*
 * A bitmap has bits for all addresses up to the highest. On a disk, which has no holes,
 * one page far away would have gigabytes written; flattened, bits of nothing cost nothing.
 */
static bool is_far(const struct kdump *kdump)
{
	const struct source *source = kdump->save->source;
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < source->range_count; i++)
		bytes += source->ranges[i].size;
	return kdump->layout.desc_offset - kdump->layout.map_offset[0] > MAP_SLACK + bytes / 8;
}

static enum result begin_flat(struct kdump *kdump)
{
	const struct kdump_layout *layout = &kdump->layout;
	struct sink *sink = kdump->save->sink;
	enum result result = sink_flatten(sink);

	sink_part(sink, layout->block, layout->map_offset[0]);
	sink_part(sink, layout->map_offset[0], layout->map_offset[1]);
	sink_part(sink, layout->map_offset[1], layout->desc_offset);
	sink_part(sink, layout->desc_offset, layout->data_offset);
	if (result == RESULT_OK)
		result = sink_part(sink, layout->data_offset, INT64_MAX);
	return result == RESULT_OK ? kdump_begin_header(kdump->save, layout) : result;
}

/* On a disk there is a dump of an earlier crash, maybe, of which nothing may be read. */
static enum result begin_blocks(struct kdump *kdump)
{
	const struct kdump_layout *layout = &kdump->layout;
	struct sink *sink = kdump->save->sink;
	enum result result = sink_zero(sink, 0, layout->block);

	if (result == RESULT_OK)
		result = sink_zero(sink, layout->map_offset[0], layout->desc_offset);
	if (result == RESULT_OK)
		result = sink_reserve(sink, layout->desc_offset, layout->data_offset);
	return result;
}

static enum result begin(struct kdump *kdump)
{
	struct save *save = kdump->save;
	struct kdump_layout *layout = &kdump->layout;
	uint64_t pages, bytes;
	enum result result;

	report_stage("scan");
	result = walk_init(&kdump->walk, save->source, &pages, &bytes);
	if (result != RESULT_OK)
		return result;
	kdump_layout(layout, save->source, pages);
	report_copy(bytes);
	if (save->sink->kind == SINK_BLOCK && !save->sink->flat && is_far(kdump)) {
		note("%s: flattened, since there is memory as far as %#" PRIx64, save->sink->name,
		     save->source->max_pfn << save->source->page_shift);
		save->sink->flat = true;
	}
	result = save->sink->flat ? begin_flat(kdump) : begin_blocks(kdump);
	if (result == RESULT_OK)
		result = kdump_write_sub_header(save, layout);
	if (result == RESULT_OK)
		result = map_write_first(save->source, save->sink, layout->map_offset[0]);
	if (result == RESULT_OK && !save->sink->flat)
		result = kdump_begin_header(save, layout);
	return result;
}

static enum result make_zero(struct kdump *kdump)
{
	struct unit *unit = &kdump->zero_unit;
	char *page = calloc(1, kdump->layout.block);

	kdump->zero_page = malloc(kdump->layout.block + COMPRESS_SLACK);
	if (page && kdump->zero_page)
		unit->size = compressor_page(kdump->workers[0].compressor, page, false,
					     kdump->zero_page, &unit->flags);
	free(page);
	kdump->zero.size = unit->size;
	kdump->zero.flags = unit->flags;
	return unit->size ? RESULT_OK : fail(RESULT_FAILED, "no memory for a page");
}

static enum result init(struct kdump *kdump)
{
	struct sink *sink = kdump->save->sink;
	struct kdump_layout *layout = &kdump->layout;
	enum result result;

	/* Without this each page is there for itself. */
	kdump->same = same_create(layout->block, layout->pages);
	kdump->zero_unit.slot = SAME_NONE;
	result = map_init(&kdump->map, sink, layout->map_offset[1]);
	if (result == RESULT_OK)
		result = stream_init(&kdump->desc, sink, layout->desc_offset, DESC_BUFFER);
	if (result == RESULT_OK)
		result = stream_init(&kdump->data, sink, layout->data_offset, DATA_BUFFER);
	if (result != RESULT_OK)
		return result;
	kdump->waiting = calloc(MAP_PAGES, sizeof(*kdump->waiting));
	if (!kdump->waiting)
		return fail(RESULT_FAILED, "no memory for descriptors");
	while (kdump->worker_count < kdump->save->threads) {
		struct worker *worker = &kdump->workers[kdump->worker_count++];

		worker->fd = source_reader(kdump->save->source);
		worker->compressor = compressor_create(kdump->save->compression, layout->block,
						       kdump->save->fast);
		if (!worker->compressor)
			return fail(RESULT_FAILED, "no memory for compression");
	}
	return make_zero(kdump);
}

static void destroy(struct kdump *kdump)
{
	unsigned int i;

	for (i = 0; i < kdump->worker_count; i++) {
		compressor_destroy(kdump->workers[i].compressor);
		source_reader_close(kdump->save->source, kdump->workers[i].fd);
	}
	same_destroy(kdump->same);
	walk_destroy(&kdump->walk);
	free(kdump->waiting);
	free(kdump->zero_page);
	stream_destroy(&kdump->data);
	stream_destroy(&kdump->desc);
	map_destroy(&kdump->map);
}

/*
 * Bring the end of the dump into the file. The header says that all is there when all
 * has arrived on the disk; in the flattened form it comes before the last record.
 */
static enum result finish(struct kdump *kdump)
{
	struct sink *sink = kdump->save->sink;
	enum result result;

	report_stage("sync");
	kdump->ended = true;
	if (sink->flat) {
		sink_use_tail(sink);
		result = kdump_end_header(kdump->save, &kdump->layout);
		return result == RESULT_OK ? sink_finish(sink, 0) : result;
	}
	result = sink_finish(sink, stream_offset(&kdump->data));
	if (result != RESULT_OK || report_incomplete())
		return result;
	result = kdump_end_header(kdump->save, &kdump->layout);
	return result == RESULT_OK ? sink_sync(sink) : result;
}

static enum result copy(struct kdump *kdump)
{
	static const struct pipeline_ops ops = {
		.next = next,
		.read = read_pages,
		.order = find_same,
		.work = work,
		.commit = commit,
	};
	struct sink *sink = kdump->save->sink;
	enum result result, last;

	result = pipeline_run(&ops, kdump, kdump->save->threads);
	if (result != RESULT_OK)
		sink_use_tail(sink);
	/* After an error of the output, no more is tried there than the end. */
	last = checkpoint(kdump, result == RESULT_OK || result == RESULT_FAILED);
	if (result == RESULT_OK)
		result = last;
	if (result == RESULT_OK)
		return finish(kdump);
	return result;
}

/**
 * save_kdump - save in the kdump-compressed format
 * @save: from where, to where, and how
 *
 * Return: RESULT_OK or the error, which has been told. What is in the file then
 * can be read.
 */
enum result save_kdump(struct save *save)
{
	struct kdump kdump = { .save = save };
	enum result result;

	result = begin(&kdump);
	if (result == RESULT_OK)
		result = init(&kdump);
	if (result == RESULT_OK)
		result = copy(&kdump);
	/* A flattened dump has an end, whatever ended it. */
	if (result != RESULT_OK && save->sink->flat && !kdump.ended) {
		save->cut = true;
		finish(&kdump);
	}
	destroy(&kdump);
	return result;
}
