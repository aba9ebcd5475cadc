// SPDX-License-Identifier: GPL-2.0
/*
 * Saving as a sparse ELF file: the source itself, with its holes. Every offset
 * stays, so the headers are right as they are.
 *
 * Until all is there the ELF header says that the dump is not complete. On a disk
 * it is no header until then: behind what has been written there is a dump of an
 * earlier crash, maybe, and the program headers name all of that.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "save.h"
#include "spans.h"

#define BLOCK SINK_ALIGN

/**
 * struct elf - a file in the making
 * @save:    what is saved
 * @known:   where the source has data, as far as that is remembered
 * @looked:  number of the next one
 * @span:    what is left of the present one; empty if the next one is to be found
 * @next:    offset in the source to go on at
 * @fds:     by which each worker reads
 * @fd_count: their number
 * @written: offset up to which the destination is done
 * @begun:   the destination has the ELF header
 * @header:  the first block as it is to be in the end
 */
struct elf {
	_Alignas(SINK_ALIGN) char header[BLOCK];
	struct save *save;
	struct spans known;
	size_t looked;
	struct span span;
	uint64_t next;
	int fds[THREADS_MAX];
	unsigned int fd_count;
	uint64_t written;
	bool begun;
};

/* Find data from an offset on. */
static bool find_span(const struct source *source, uint64_t offset, struct span *span)
{
	span->begin = source_data(source, offset, source->size);
	if (span->begin >= source->size)
		return false;
	span->end = source_hole(source, span->begin, source->size);
	return true;
}

/* What is left of the present data, or else the next. */
static bool present_span(struct elf *elf)
{
	if (elf->span.begin < elf->span.end)
		return true;
	if (elf->looked < elf->known.count) {
		elf->span = elf->known.span[elf->looked++];
		return true;
	}
	return !spans_all(&elf->known) && find_span(elf->save->source, elf->span.end, &elf->span);
}

static bool next(void *context, struct chunk *chunk)
{
	struct elf *elf = context;
	struct span *span = &elf->span;
	uint64_t limit, end;

	chunk->extent_count = 0;
	if (!present_span(elf))
		return false;
	chunk->at = span->begin / BLOCK * BLOCK;
	limit = chunk->at + CHUNK_SIZE;
	while (chunk->extent_count < UNITS_MAX && present_span(elf) && span->begin < limit) {
		end = span->end < limit ? span->end : limit;
		chunk->extents[chunk->extent_count++] = (struct extent){
			span->begin - chunk->at, end - chunk->at,
		};
		chunk->count = (end - chunk->at + BLOCK - 1) / BLOCK;
		span->begin = end;
	}
	/* The last block may have more, which the next chunk must not write once more. */
	limit = chunk->at + (uint64_t)chunk->count * BLOCK;
	while (present_span(elf) && span->begin < limit) {
		end = span->end < limit ? span->end : limit;
		chunk->extents[chunk->extent_count - 1].end = end - chunk->at;
		span->begin = end;
	}
	return true;
}

/* Read data that has no hole; what cannot be read costs the block that it is in. */
static void read_data(const struct elf *elf, int fd, struct chunk *chunk, uint32_t offset,
		      uint32_t end)
{
	unsigned int block;

	for (block = offset / BLOCK; block * BLOCK < end; block++)
		if (chunk->units[block].state != UNIT_MISSING)
			chunk->units[block].state = UNIT_DATA;
	while (offset < end) {
		offset += source_read_by(elf->save->source, fd, chunk->at + offset,
					 chunk->in + offset, end - offset);
		if (offset >= end)
			break;
		block = offset / BLOCK;
		chunk->units[block].state = UNIT_MISSING;
		offset = (block + 1) * BLOCK;
	}
}

static void read_chunk(void *context, struct chunk *chunk, unsigned int worker)
{
	struct elf *elf = context;
	unsigned int i;

	memset(chunk->in, 0, (size_t)chunk->count * BLOCK);
	for (i = 0; i < chunk->extent_count; i++) {
		const struct extent *extent = &chunk->extents[i];

		read_data(elf, elf->fds[worker], chunk, extent->begin, extent->end);
		chunk->bytes += extent->end - extent->begin;
	}
	for (i = 0; i < chunk->count; i++)
		if (chunk->units[i].state == UNIT_DATA &&
		    all_zero(chunk->in + (size_t)i * BLOCK, BLOCK))
			chunk->units[i].state = UNIT_ZERO;
}

/* Keep the ELF header; what is written is marked, or none on a disk. Pipes get it as it is. */
static void take_header(struct elf *elf, char *block)
{
	enum sink_kind kind = elf->save->sink->kind;

	elf->begun = true;
	memcpy(elf->header, block, BLOCK);
	if (kind != SINK_PIPE || report_incomplete())
		block[elf->save->source->flags_offset] |= SOURCE_INCOMPLETE;
	if (kind == SINK_BLOCK)
		memset(block, 0, SELFMAG);
}

static enum result write_blocks(struct elf *elf, const struct chunk *chunk, unsigned int first,
				unsigned int count)
{
	struct sink *sink = elf->save->sink;
	uint64_t offset = chunk->at + (uint64_t)first * BLOCK;
	uint64_t size = (uint64_t)count * BLOCK;
	char *in = chunk->in + (size_t)first * BLOCK;
	enum result result;
	size_t written;

	if (offset < elf->written)
		return fail(RESULT_FAILED, "a defect: a block of the source comes twice");
	if (!offset)
		take_header(elf, in);
	result = sink_zero(sink, elf->written, offset);
	if (result != RESULT_OK)
		return result;
	if (sink->kind == SINK_PIPE && size > elf->save->source->size - offset)
		size = elf->save->source->size - offset;
	result = sink_write(sink, offset, in, size, &written);
	elf->written = offset + (result == RESULT_OK ? (uint64_t)count * BLOCK :
				 written / BLOCK * BLOCK);
	return result;
}

static enum result commit(void *context, struct chunk *chunk)
{
	struct elf *elf = context;
	enum result result = RESULT_OK;
	unsigned int first, i;

	for (i = 0; i < chunk->count && result == RESULT_OK; i++) {
		if (chunk->units[i].state == UNIT_MISSING)
			report_missing(BLOCK);
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

static enum result count_data(struct elf *elf, uint64_t *bytes)
{
	const struct source *source = elf->save->source;
	struct span span = { };

	for (*bytes = 0; find_span(source, span.end, &span); *bytes += span.end - span.begin) {
		spans_add(&elf->known, span.begin, span.end);
		if (interrupt_wanted())
			return interrupt_check();
	}
	source_scanned(source);
	return RESULT_OK;
}

/* Let a program header name no more than has been written. */
static void clip_entry(const struct source *source, char *entry, uint64_t end)
{
	Elf64_Phdr *wide = (Elf64_Phdr *)entry;
	Elf32_Phdr *narrow = (Elf32_Phdr *)entry;
	uint64_t left;

	if (source->bits == 64) {
		left = wide->p_offset < end ? end - wide->p_offset : 0;
		if (left < wide->p_filesz) {
			wide->p_filesz = left;
			wide->p_memsz = left;
		}
		return;
	}
	left = narrow->p_offset < end ? end - narrow->p_offset : 0;
	if (left < narrow->p_filesz) {
		narrow->p_filesz = left;
		narrow->p_memsz = left;
	}
}

/*
 * On a disk, end a dump that is not complete: its headers name what is there, and not
 * what is behind. If not even the headers are there, it never becomes a dump.
 */
static enum result end_clipped(struct elf *elf)
{
	const struct source *source = elf->save->source;
	uint64_t table_end = source->table + source->table_count * source->entry_size, i;
	uint64_t size = (table_end + BLOCK - 1) / BLOCK * BLOCK;
	uint64_t end = elf->written < source->size ? elf->written : source->size;
	enum result result;
	size_t written;
	char *head;

	if (table_end > end)
		return RESULT_OK;
	head = aligned_alloc(SINK_ALIGN, size);
	if (!head || source_read_parts(source, 0, head, table_end)) {
		free(head);
		return fail(RESULT_FAILED, "%s: the headers cannot be read again", source->name);
	}
	memset(head + table_end, 0, size - table_end);
	source_read_parts(source, table_end, head + table_end,
			  size < source->size ? size - table_end : source->size - table_end);
	for (i = 0; i < source->table_count; i++)
		clip_entry(source, head + source->table + i * source->entry_size, end);
	head[source->flags_offset] |= SOURCE_INCOMPLETE;
	result = sink_write(elf->save->sink, 0, head, size, &written);
	free(head);
	return result;
}

/* What is there has arrived: have the header say what that is. */
static enum result end_header(struct elf *elf)
{
	struct sink *sink = elf->save->sink;
	enum result result;
	size_t written;

	if (!elf->begun)
		return RESULT_OK;
	if (sink->kind == SINK_BLOCK && (elf->save->cut || report_incomplete())) {
		result = end_clipped(elf);
	} else {
		if (report_incomplete())
			elf->header[elf->save->source->flags_offset] |= SOURCE_INCOMPLETE;
		result = sink_write(sink, 0, elf->header, BLOCK, &written);
	}
	return result == RESULT_OK ? sink_sync(sink) : result;
}

static enum result finish(struct elf *elf)
{
	const struct source *source = elf->save->source;
	uint64_t end = (source->size + BLOCK - 1) / BLOCK * BLOCK;
	struct sink *sink = elf->save->sink;
	enum result result = RESULT_OK;

	report_stage("sync");
	/* The header has been encrypted long ago: only the end can say that all is there. */
	if (sink->age && report_incomplete())
		return RESULT_OK;
	if (sink->kind == SINK_BLOCK)
		result = sink_zero(sink, elf->written, end);
	if (result == RESULT_OK)
		result = sink_finish(sink, source->size);
	if (result != RESULT_OK || sink->kind == SINK_PIPE)
		return result;
	elf->written = end;
	result = end_header(elf);
	/* A file of less than a block ends within the one that has just been written. */
	if (result == RESULT_OK && sink->kind == SINK_FILE && source->size < BLOCK)
		result = sink_finish(sink, source->size);
	return result;
}

static enum result copy(struct elf *elf)
{
	static const struct pipeline_ops ops = {
		.next = next,
		.read = read_chunk,
		.commit = commit,
	};
	struct save *save = elf->save;
	enum result result;

	while (elf->fd_count < save->threads)
		elf->fds[elf->fd_count++] = source_reader(save->source);
	result = pipeline_run(&ops, elf, save->threads);
	if (result == RESULT_OK)
		result = finish(elf);
	save->cut = result != RESULT_OK;
	if (save->cut && save->sink->kind == SINK_BLOCK)
		end_header(elf);
	while (elf->fd_count)
		source_reader_close(save->source, elf->fds[--elf->fd_count]);
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
	struct elf elf = { .save = save };
	enum result result;
	uint64_t bytes;

	report_stage("scan");
	result = count_data(&elf, &bytes);
	report_copy(bytes);
	if (result == RESULT_OK)
		result = copy(&elf);
	spans_destroy(&elf.known);
	return result;
}
