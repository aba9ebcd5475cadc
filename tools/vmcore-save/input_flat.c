// SPDX-License-Identifier: GPL-2.0
/*
 * The flattened form, read as the file that it is to become.
 *
 * Records name an offset each, in any order, and where two have the same bytes the later
 * one holds. What no record has is zero; but if the last record is missing it may be in
 * one of those that are, and cannot be read.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flat.h"
#include "input.h"

/* So many records are taken, 32 bytes each: of 16 KiB, as QEMU writes them, 512 GiB. */
#define RECORDS_MAX 33554432

/**
 * struct record - bytes that lie in the file in one piece
 * @begin:   offset in the file that is put together
 * @end:     behind them
 * @at:	     where they are; a higher one is later
 * @highest: end of this or a record with a lower offset, whichever is highest
 */
struct record {
	uint64_t begin;
	uint64_t end;
	uint64_t at;
	uint64_t highest;
};

/**
 * struct flat - a flattened file
 * @input:   what it is for others
 * @file:    as it is
 * @records: by ascending offset
 * @count:   their number
 * @whole:   the last record is there
 */
struct flat {
	struct input input;
	struct input *file;
	struct record *records;
	size_t count;
	bool whole;
};

/*
 * The record that holds at an offset, NULL if there is none; *end becomes the offset up
 * to which it is so, if that is below.
 */
static const struct record *find_record(const struct flat *flat, uint64_t offset, uint64_t *end)
{
	const struct record *records = flat->records, *found = NULL;
	size_t low = 0, high = flat->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (records[middle].begin > offset)
			high = middle;
		else
			low = middle + 1;
	}
	if (low < flat->count && records[low].begin < *end)
		*end = records[low].begin;
	for (; low && records[low - 1].highest > offset; low--)
		if (records[low - 1].end > offset && (!found || records[low - 1].at > found->at))
			found = &records[low - 1];
	if (found && found->end < *end)
		*end = found->end;
	return found;
}

static uint64_t read_flat(struct input *input, int fd, uint64_t offset, void *buf, uint64_t size)
{
	const struct flat *flat = (struct flat *)input;
	uint64_t done = 0, end, got;
	const struct record *record;

	if (offset >= input->size)
		return 0;
	if (size > input->size - offset)
		size = input->size - offset;
	for (; done < size; done = end - offset) {
		end = offset + size;
		record = find_record(flat, offset + done, &end);
		if (!record && !flat->whole)
			break;
		if (!record) {
			memset((char *)buf + done, 0, end - offset - done);
			continue;
		}
		got = flat->file->ops->read(flat->file, fd, record->at + offset + done -
					    record->begin, (char *)buf + done, end - offset - done);
		if (got < end - offset - done)
			return done + got;
	}
	return done;
}

static uint64_t data_of_flat(struct input *input, uint64_t offset, uint64_t end)
{
	const struct flat *flat = (struct flat *)input;
	uint64_t next;

	for (; flat->whole && offset < end; offset = next) {
		next = end;
		if (find_record(flat, offset, &next))
			break;
	}
	return offset;
}

static uint64_t hole_of_flat(struct input *input, uint64_t offset, uint64_t end)
{
	const struct flat *flat = (struct flat *)input;
	uint64_t next;

	if (!flat->whole)
		return end;
	for (; offset < end; offset = next) {
		next = end;
		if (!find_record(flat, offset, &next))
			break;
	}
	return offset;
}

static void close_flat(struct input *input)
{
	struct flat *flat = (struct flat *)input;

	input_close(flat->file);
	free(flat->records);
	free(flat);
}

/**
 * flat_is - tell whether a file is flattened
 * @file: as it is
 *
 * Return: whether it begins like that.
 */
bool flat_is(struct input *file)
{
	char signature[sizeof(((struct flat_header *)NULL)->signature)];

	return input_read_exact(file, 0, signature, sizeof(signature)) &&
	       !strncmp(signature, FLAT_SIGNATURE, sizeof(signature));
}

/* Go to the next record; false if there is none. An empty one does no harm. */
static bool next_record(struct flat *flat, uint64_t *at, struct record *record)
{
	struct flat_record header;

	if (!input_read_exact(flat->file, *at, &header, sizeof(header)))
		return false;
	record->begin = be64toh(header.offset);
	record->end = be64toh(header.size);
	flat->whole = record->begin == FLAT_END && record->end == FLAT_END;
	if (record->begin > INT64_MAX || record->end > INT64_MAX - record->begin)
		return false;
	record->end += record->begin;
	record->at = *at + sizeof(header);
	if (record->end - record->begin > flat->file->size - record->at)
		record->end = record->begin + (flat->file->size - record->at);
	*at = record->at + be64toh(header.size);
	return true;
}

/* Take all records; return why that cannot be, or NULL. */
static const char *read_records(struct flat *flat)
{
	uint64_t at = sizeof(struct flat_header);
	struct record record, *records;
	size_t room = 0, seen;

	for (seen = 0; next_record(flat, &at, &record); seen++) {
		if (seen == RECORDS_MAX)
			return "it has too many records";
		if (record.begin == record.end)
			continue;
		if (flat->count == room) {
			room = room ? 2 * room : 64;
			records = realloc(flat->records, room * sizeof(*records));
			if (!records)
				return "there is no memory for its records";
			flat->records = records;
		}
		flat->records[flat->count++] = record;
	}
	return NULL;
}

static int by_begin(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	return left->begin < right->begin ? -1 : left->begin > right->begin;
}

static void sort_records(struct flat *flat)
{
	uint64_t highest = 0;
	size_t i;

	if (flat->count)
		qsort(flat->records, flat->count, sizeof(*flat->records), by_begin);
	for (i = 0; i < flat->count; i++) {
		if (flat->records[i].end > highest)
			highest = flat->records[i].end;
		flat->records[i].highest = highest;
	}
	flat->input.size = highest;
}

/**
 * flat_input - read a flattened file as what it is to become
 * @input: receives that; in any case it has taken @file over
 * @file:  as it is
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result flat_input(struct input **input, struct input *file)
{
	static const struct input_ops ops = {
		.read = read_flat,
		.data = data_of_flat,
		.hole = hole_of_flat,
		.close = close_flat,
	};
	struct flat *flat = calloc(1, sizeof(*flat));
	const char *why;

	if (!flat)
		return fail(RESULT_FAILED, "%s: no memory to read it", file->name);
	flat->input = (struct input){ .ops = &ops, .name = file->name, .form = "flattened ELF",
				      .fd = file->fd };
	flat->file = file;
	*input = &flat->input;
	why = read_records(flat);
	if (why)
		return fail(RESULT_UNREADABLE, "%s: %s", file->name, why);
	sort_records(flat);
	flat->input.cut = !flat->whole;
	if (!flat->whole)
		loss("%s: flattened, and its end is missing", file->name);
	return RESULT_OK;
}
