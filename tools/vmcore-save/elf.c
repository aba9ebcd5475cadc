// SPDX-License-Identifier: GPL-2.0
/*
 * Saving as a sparse ELF file: the source itself, with its holes. Every offset
 * stays, so the headers are right as they are.
 */
#include <string.h>

#include "save.h"

#define BLOCK SINK_ALIGN

struct elf {
	struct save *save;
	uint64_t next;		/* offset in the source to go on at */
	uint64_t written;	/* offset up to which the destination is done */
	bool missing;
};

static bool next(void *context, struct chunk *chunk)
{
	struct elf *elf = context;
	const struct source *source = elf->save->source;
	uint64_t offset = source_data(source, elf->next, source->size), left;

	if (offset >= source->size)
		return false;
	chunk->at = offset / BLOCK * BLOCK;
	left = source->size - chunk->at;
	chunk->count = left < CHUNK_SIZE ? (left + BLOCK - 1) / BLOCK : UNITS_MAX;
	elf->next = chunk->at + CHUNK_SIZE;
	return true;
}

/* Read data that has no hole; what cannot be read costs the block that it is in. */
static void read_data(struct elf *elf, struct chunk *chunk, uint64_t offset, uint64_t end)
{
	uint64_t block;

	for (block = offset / BLOCK * BLOCK; block < end; block += BLOCK)
		chunk->units[(block - chunk->at) / BLOCK].state = UNIT_DATA;
	while (offset < end) {
		offset += source_read(elf->save->source, offset, chunk->in + (offset - chunk->at),
				      end - offset);
		if (offset >= end)
			break;
		block = (offset - chunk->at) / BLOCK;
		chunk->units[block].state = UNIT_MISSING;
		offset = chunk->at + (block + 1) * BLOCK;
	}
}

static void work(void *context, struct chunk *chunk, unsigned int worker)
{
	struct elf *elf = context;
	const struct source *source = elf->save->source;
	uint64_t offset = chunk->at, hole;
	uint64_t end = chunk->at + (uint64_t)chunk->count * BLOCK;
	unsigned int i;

	(void)worker;
	if (end > source->size)
		end = source->size;
	memset(chunk->in, 0, CHUNK_SIZE);
	for (; offset < end; offset = hole) {
		offset = source_data(source, offset, end);
		if (offset == end)
			break;
		hole = source_hole(source, offset, end);
		read_data(elf, chunk, offset, hole);
		chunk->bytes += hole - offset;
	}
	for (i = 0; i < chunk->count; i++)
		if (chunk->units[i].state == UNIT_DATA &&
		    all_zero(chunk->in + (size_t)i * BLOCK, BLOCK))
			chunk->units[i].state = UNIT_ZERO;
}

static enum result write_blocks(struct elf *elf, const struct chunk *chunk, unsigned int first,
				unsigned int count)
{
	struct sink *sink = elf->save->sink;
	uint64_t offset = chunk->at + (uint64_t)first * BLOCK;
	uint64_t size = (uint64_t)count * BLOCK;
	enum result result;
	size_t written;

	result = sink_zero(sink, elf->written, offset);
	if (result != RESULT_OK)
		return result;
	if (sink->kind == SINK_PIPE && size > elf->save->source->size - offset)
		size = elf->save->source->size - offset;
	elf->written = offset + (uint64_t)count * BLOCK;
	return sink_write(sink, offset, chunk->in + (size_t)first * BLOCK, size, &written);
}

static enum result commit(void *context, struct chunk *chunk)
{
	struct elf *elf = context;
	enum result result = RESULT_OK;
	unsigned int first, i;

	for (i = 0; i < chunk->count && result == RESULT_OK; i++) {
		if (chunk->units[i].state == UNIT_MISSING) {
			elf->missing = true;
			report_missing(BLOCK);
		}
		if (chunk->units[i].state != UNIT_DATA)
			continue;
		first = i;
		while (i + 1 < chunk->count && chunk->units[i + 1].state == UNIT_DATA)
			i++;
		result = write_blocks(elf, chunk, first, i + 1 - first);
	}
	report_done(chunk->bytes);
	return result;
}

static uint64_t count_bytes(const struct source *source)
{
	uint64_t offset, hole, bytes = 0;

	for (offset = 0; offset < source->size; offset = hole) {
		offset = source_data(source, offset, source->size);
		if (offset == source->size)
			break;
		hole = source_hole(source, offset, source->size);
		bytes += hole - offset;
	}
	return bytes;
}

static enum result finish(struct elf *elf)
{
	const struct source *source = elf->save->source;
	uint64_t end = (source->size + BLOCK - 1) / BLOCK * BLOCK;
	enum result result = RESULT_OK;

	report_stage("sync");
	if (elf->save->sink->kind == SINK_BLOCK)
		result = sink_zero(elf->save->sink, elf->written, end);
	if (result == RESULT_OK)
		result = sink_finish(elf->save->sink, source->size);
	if (result == RESULT_OK && elf->missing)
		result = fail(RESULT_UNREADABLE, "%s: not all of it could be read", source->name);
	return result;
}

/**
 * save_elf - save as a sparse ELF file
 * @save: from where, to where, and how
 *
 * Return: RESULT_OK or the error, which has been told. What is in the file then
 * can be read.
 */
enum result save_elf(struct save *save)
{
	static const struct pipeline_ops ops = {
		.next = next,
		.work = work,
		.commit = commit,
	};
	struct elf elf = { .save = save };
	enum result result;

	report_stage("scan");
	report_copy(count_bytes(save->source));
	result = pipeline_run(&ops, &elf, save->threads);
	return result == RESULT_OK ? finish(&elf) : result;
}
