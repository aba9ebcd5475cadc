// SPDX-License-Identifier: GPL-2.0
/*
 * The headers of the kdump-compressed format.
 *
 * They are C structures of the machine that crashed, with its size of "long"
 * and its alignment, so they are put together field by field.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "kdump.h"
#include "memory.h"
#include "vmcoreinfo.h"

#define NOTE_PIECE (256U << 10)

/* A structure in the making. */
struct record {
	unsigned char *bytes;
	size_t size;
	size_t wide;	/* alignment of 64-bit fields */
	size_t word;	/* size of long */
};

static struct record record_of(const struct source *source, unsigned char *bytes)
{
	return (struct record){
		.bytes = bytes,
		.wide = source->machine == EM_386 ? 4 : 8,
		.word = source->word,
	};
}

static void put(struct record *record, const void *data, size_t size, size_t align)
{
	record->size = (record->size + align - 1) / align * align;
	memcpy(record->bytes + record->size, data, size);
	record->size += size;
}

static void put_int(struct record *record, uint32_t value)
{
	put(record, &value, sizeof(value), sizeof(value));
}

static void put_wide(struct record *record, uint64_t value)
{
	put(record, &value, sizeof(value), record->wide);
}

static void put_long(struct record *record, uint64_t value)
{
	if (record->word == sizeof(value))
		put_wide(record, value);
	else
		put_int(record, value);
}

static const char *machine_name(const struct source *source)
{
	switch (source->machine) {
	case EM_X86_64:
		return "x86_64";
	case EM_386:
		return "i686";
	case EM_AARCH64:
		return "aarch64";
	case EM_PPC64:
		return "ppc64le";
	}
	return "unknown";
}

static void put_name(char *field, const char *text)
{
	snprintf(field, UTS_FIELD, "%s", text);
}

static void put_names(struct record *record, const struct source *source)
{
	struct uts_names names;
	struct memory memory;

	memory_init(&memory, source);
	if (!memory_names(&memory, &names)) {
		memset(&names, 0, sizeof(names));
		put_name(names.field[0], "Linux");
		info_text(source->info, "OSRELEASE", names.field[2], UTS_FIELD);
		put_name(names.field[4], machine_name(source));
	}
	put(record, &names, sizeof(names), 1);
}

/**
 * kdump_layout - lay out the file
 * @layout: receives the result
 * @source: dump
 * @pages:  at most so many pages will be in the file
 */
void kdump_layout(struct kdump_layout *layout, const struct source *source, uint64_t pages)
{
	uint64_t block = source->page_size;
	uint64_t map_bytes = (source->max_pfn + 7) / 8;
	uint64_t desc_bytes = pages * sizeof(struct page_desc);

	layout->block = block;
	layout->pages = pages;
	layout->note_offset = block + KDUMP_SUB_HEADER_SIZE;
	layout->sub_blocks = (KDUMP_SUB_HEADER_SIZE + source->note_size + block - 1) / block;
	layout->map_blocks = (map_bytes + block - 1) / block;
	layout->map_offset[0] = block * (1 + layout->sub_blocks);
	layout->map_offset[1] = layout->map_offset[0] + block * layout->map_blocks;
	layout->desc_offset = layout->map_offset[1] + block * layout->map_blocks;
	layout->data_offset = (layout->desc_offset + desc_bytes + SINK_ALIGN - 1) /
			      SINK_ALIGN * SINK_ALIGN;
}

/* Put the header together; return where its status is. */
static size_t make_header(const struct save *save, const struct kdump_layout *layout,
			  unsigned char *block, bool complete)
{
	const struct source *source = save->source;
	uint32_t max_mapnr = source->max_pfn > UINT32_MAX ? UINT32_MAX : source->max_pfn;
	struct record header = record_of(source, block);
	uint64_t crash_time = source->input->time;
	size_t status;

	memset(block, 0, layout->block);
	info_decimal(source->info, "CRASHTIME", &crash_time);
	put(&header, KDUMP_SIGNATURE, strlen(KDUMP_SIGNATURE), 1);
	put_int(&header, KDUMP_VERSION);
	put_names(&header, source);
	put_long(&header, crash_time);
	put_long(&header, 0);			/* microseconds of that */
	status = header.size;
	put_int(&header, save->compression | (complete ? 0 : KDUMP_INCOMPLETE));
	put_int(&header, layout->block);
	put_int(&header, layout->sub_blocks);
	put_int(&header, 2 * layout->map_blocks);
	put_int(&header, max_mapnr);
	put_int(&header, 0);			/* three that no reader uses: blocks of RAM, */
	put_int(&header, 0);			/* of the dump device, */
	put_int(&header, 0);			/* and written */
	put_int(&header, 0);			/* the CPU that dumps */
	put_int(&header, source->cpus);
	return status;
}

/* A byte has one record: the status, which changes, one of its own. */
static enum result write_in_records(struct sink *sink, const unsigned char *block, size_t size,
				    size_t status)
{
	size_t behind = status + sizeof(uint32_t), written;
	enum result result;

	sink_part(sink, 0, status);
	sink_part(sink, status, behind);
	sink_part(sink, behind, size);
	result = sink_write(sink, 0, block, status, &written);
	if (result == RESULT_OK)
		result = sink_late_begin(sink, status, block + status, sizeof(uint32_t));
	if (result == RESULT_OK)
		result = sink_write(sink, behind, block + behind, size - behind, &written);
	return result;
}

static enum result write_header(const struct save *save, const struct kdump_layout *layout,
				bool first)
{
	unsigned char *block = aligned_alloc(SINK_ALIGN, layout->block);
	struct sink *sink = save->sink;
	size_t status, written;
	enum result result;

	if (!block)
		return fail(RESULT_FAILED, "no memory for the header");
	status = make_header(save, layout, block,
			     !first && !save->cut && !report_incomplete());
	if (!sink->flat)
		result = sink_write(sink, 0, block, layout->block, &written);
	else if (first)
		result = write_in_records(sink, block, layout->block, status);
	else
		result = sink_late(sink, status, block + status, sizeof(uint32_t));
	free(block);
	return result;
}

/**
 * kdump_begin_header - write the first block, which says that the dump is not complete
 * @save:   what is saved
 * @layout: of the file
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result kdump_begin_header(const struct save *save, const struct kdump_layout *layout)
{
	return write_header(save, layout, true);
}

/**
 * kdump_end_header - have the first block say whether the dump is complete
 * @save:   what is saved
 * @layout: of the file
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result kdump_end_header(const struct save *save, const struct kdump_layout *layout)
{
	return write_header(save, layout, false);
}

/* Segments follow each other, each from a multiple of 4 on. */
static enum result copy_segment(const struct source *source, const struct segment *segment,
				struct stream *stream, char *buf)
{
	static const char padding[4];
	enum result result = RESULT_OK;
	uint64_t done, size;

	for (done = 0; result == RESULT_OK && done < segment->size; done += size) {
		size = segment->size - done;
		if (size > NOTE_PIECE)
			size = NOTE_PIECE;
		report_missing(source_read_parts(source, segment->offset + done, buf, size));
		result = stream_put(stream, buf, size);
		if (result == RESULT_OK)
			result = interrupt_check();
	}
	if (result == RESULT_OK && segment->size % 4)
		result = stream_put(stream, padding, 4 - segment->size % 4);
	return result;
}

static enum result copy_notes(const struct source *source, struct stream *stream)
{
	enum result result = RESULT_OK;
	char *buf = malloc(NOTE_PIECE);
	size_t i;

	if (!buf)
		return fail(RESULT_FAILED, "no memory for the notes");
	for (i = 0; i < source->note_count && result == RESULT_OK; i++)
		result = copy_segment(source, &source->notes[i], stream, buf);
	free(buf);
	return result;
}

static void sub_header(const struct save *save, const struct kdump_layout *layout,
		       struct record *record)
{
	const struct source *source = save->source;
	uint64_t phys_base = source->input->phys_base, info = 0;

	info_decimal(source->info, "NUMBER(phys_base)", &phys_base);
	if (source->info_size && source->info_offset + source->info_size <= source->note_size)
		info = layout->note_offset + source->info_offset;
	put_long(record, phys_base);
	put_int(record, save->level & ~LEVEL_ZERO);	/* pages of zeros are there */
	put_int(record, 0);			/* one file, not split */
	put_long(record, 0);			/* so the next two are of no use */
	put_long(record, 0);
	put_wide(record, info);
	put_long(record, info ? source->info_size : 0);
	put_wide(record, source->note_size ? layout->note_offset : 0);
	put_long(record, source->note_size);
	put_wide(record, 0);			/* nothing erased from pages */
	put_long(record, 0);
	put_wide(record, 0);			/* split, in 64 bits */
	put_wide(record, 0);
	put_wide(record, source->max_pfn);
}

/**
 * kdump_write_sub_header - write the sub header and the notes
 * @save:   what is saved
 * @layout: of the file
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result kdump_write_sub_header(const struct save *save, const struct kdump_layout *layout)
{
	unsigned char bytes[KDUMP_SUB_HEADER_SIZE] = "";
	struct record record = record_of(save->source, bytes);
	struct stream stream;
	enum result result;

	sub_header(save, layout, &record);
	result = stream_init(&stream, save->sink, layout->block, 64U << 10);
	if (result == RESULT_OK)
		result = stream_put(&stream, bytes, sizeof(bytes));
	if (result == RESULT_OK)
		result = copy_notes(save->source, &stream);
	if (result == RESULT_OK)
		result = stream_flush(&stream);
	stream_destroy(&stream);
	return result;
}
