// SPDX-License-Identifier: GPL-2.0
/*
 * A file in the kdump-compressed format, as an ELF core file that is made up.
 *
 * Its headers are C structures of the machine that crashed, so they are taken apart
 * field by field.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "input_kdump.h"
#include "source.h"

/* So many bytes of vmcoreinfo, or of what has been erased, are taken. */
#define TEXT_MAX 1048576

/* Bits of the level. */
#define LEVELS 31

#define UTS_FIELD 65
#define UTS_MACHINE (12 + 4 * UTS_FIELD)

/* A structure that is being taken apart. */
struct fields {
	const unsigned char *bytes;
	size_t at;
	size_t wide;	/* alignment of 64-bit fields */
	size_t word;	/* size of long */
};

/**
 * struct kdump_headers - what the headers say
 * @machine:	  e_machine, EM_NONE if it does not say
 * @version:	  of the format
 * @time:	  in seconds since 1970
 * @status:	  how it is compressed, and whether it is complete
 * @block:	  bytes of a page
 * @sub_blocks:	  of sub header and notes
 * @map_blocks:	  of both maps
 * @max_pfn:	  page number above all
 * @phys_base:	  what is to be added to an address in the kernel's image
 * @level:	  what has been left out
 * @split:	  it is a part of a dump
 * @info_offset:  where vmcoreinfo is
 * @info_size:	  its bytes
 * @note_offset:  where the notes are
 * @note_size:	  their bytes
 * @erase_offset: where it says what has been erased from pages
 * @erase_size:	  bytes of that
 */
struct kdump_headers {
	uint16_t machine;
	uint32_t version;
	uint64_t time;
	uint32_t status;
	uint32_t block;
	uint32_t sub_blocks;
	uint32_t map_blocks;
	uint64_t max_pfn;
	uint64_t phys_base;
	uint32_t level;
	uint32_t split;
	uint64_t info_offset;
	uint64_t info_size;
	uint64_t note_offset;
	uint64_t note_size;
	uint64_t erase_offset;
	uint64_t erase_size;
};

static uint64_t take_field(struct fields *fields, size_t size, size_t align)
{
	uint64_t wide = 0;
	uint32_t narrow;

	fields->at = (fields->at + align - 1) / align * align;
	if (size == sizeof(narrow)) {
		memcpy(&narrow, fields->bytes + fields->at, size);
		wide = narrow;
	} else {
		memcpy(&wide, fields->bytes + fields->at, size);
	}
	fields->at += size;
	return wide;
}

static uint32_t take_int(struct fields *fields)
{
	return take_field(fields, 4, 4);
}

static uint64_t take_wide(struct fields *fields)
{
	return take_field(fields, 8, fields->wide);
}

static uint64_t take_long(struct fields *fields)
{
	return fields->word == 8 ? take_wide(fields) : take_int(fields);
}

/* The machine by its name; QEMU has that in capitals. */
static uint16_t machine_of(const char *name)
{
	static const struct {
		const char *name;
		uint16_t machine;
	} machines[] = {
		{ "x86_64", EM_X86_64 }, { "i386", EM_386 }, { "i486", EM_386 },
		{ "i586", EM_386 }, { "i686", EM_386 }, { "aarch64", EM_AARCH64 },
		{ "ppc64le", EM_PPC64 }, { "ppc64", EM_PPC64 }, { "arm", EM_ARM },
		{ "armv7l", EM_ARM }, { "riscv64", EM_RISCV }, { "loongarch64", 258 },
	};
	size_t i;

	for (i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (!strncasecmp(name, machines[i].name, UTS_FIELD))
			return machines[i].machine;
	return EM_NONE;
}

/* Take the first header apart; return whether it makes sense. */
static bool decode_header(struct fields *fields, struct kdump_headers *headers)
{
	fields->at = strlen(KDUMP_SIGNATURE);
	headers->version = take_int(fields);
	fields->at += 6 * UTS_FIELD;
	headers->time = take_long(fields);
	take_long(fields);
	headers->status = take_int(fields);
	headers->block = take_int(fields);
	headers->sub_blocks = take_int(fields);
	headers->map_blocks = take_int(fields);
	headers->max_pfn = take_int(fields);
	return headers->block >= 4096 && headers->block <= 65536 &&
	       !(headers->block & (headers->block - 1)) && headers->sub_blocks &&
	       headers->sub_blocks <= INT32_MAX && headers->map_blocks &&
	       headers->map_blocks <= INT32_MAX;
}

/* The sub header has grown; what a version does not have is 0. */
static void decode_sub_header(struct fields *fields, struct kdump_headers *headers)
{
	fields->at = 0;
	headers->phys_base = take_long(fields);
	headers->level = headers->version >= 1 ? take_int(fields) : 0;
	headers->split = headers->version >= 2 ? take_int(fields) : 0;
	take_long(fields);
	take_long(fields);
	if (headers->version >= 3) {
		headers->info_offset = take_wide(fields);
		headers->info_size = take_long(fields);
	}
	if (headers->version >= 4) {
		headers->note_offset = take_wide(fields);
		headers->note_size = take_long(fields);
	}
	if (headers->version >= 5) {
		headers->erase_offset = take_wide(fields);
		headers->erase_size = take_long(fields);
	}
	if (headers->version >= 6) {
		take_wide(fields);
		take_wide(fields);
		headers->max_pfn = take_wide(fields);
	}
}

/* Read what can be read; the rest is zeros. */
static void read_head(struct input *file, uint64_t offset, unsigned char *buf, size_t size)
{
	size_t done = 0;

	memset(buf, 0, size);
	while (done < size)
		done += input_read(file, offset + done, buf + done, size - done) + 1;
}

/* Decode both headers, as those of a machine of 64 or of 32 bits. */
static bool decode_headers(struct input *file, struct kdump_headers *headers)
{
	unsigned char first[KDUMP_HEADER_SIZE], second[KDUMP_SUB_HEADER_SIZE + 8];
	struct fields fields = { .bytes = first };
	unsigned int try;

	memset(headers, 0, sizeof(*headers));
	/* Of a flattened file without its end, the status may be missing. */
	read_head(file, 0, first, sizeof(first));
	headers->machine = machine_of((const char *)first + UTS_MACHINE);
	for (try = 0; try < 2; try++) {
		bool narrow = headers->machine == EM_386 || headers->machine == EM_ARM;

		/* The machine says what is more likely. */
		fields.word = narrow != (try == 1) ? 4 : 8;
		fields.wide = fields.word == 4 && headers->machine != EM_ARM ? 4 : 8;
		if (decode_header(&fields, headers))
			break;
	}
	if (try == 2)
		return false;
	if (headers->machine == EM_NONE)
		headers->machine = fields.word == 8 ? EM_X86_64 : EM_386;
	fields.bytes = second;
	read_head(file, headers->block, second, sizeof(second));
	decode_sub_header(&fields, headers);
	return true;
}

/* Take a text of the file as a note; it is left out if it cannot be. */
static bool add_text(struct kdump_file *dump, const char *name, uint64_t offset, uint64_t size)
{
	char *text;
	bool added;

	if (!size)
		return true;
	text = size <= TEXT_MAX ? malloc(size) : NULL;
	if (!text || !input_read_exact(dump->image.file, offset, text, size)) {
		free(text);
		loss("%s: what it has as %s cannot be read", dump->image.input.name, name);
		return true;
	}
	added = image_add_note(&dump->image, name, text, size);
	free(text);
	return added;
}

static bool add_notes(struct kdump_file *dump, const struct kdump_headers *headers)
{
	uint64_t left = headers->note_offset < dump->image.file->size ?
			dump->image.file->size - headers->note_offset : 0;
	struct image_part notes = {
		.type = PT_NOTE,
		.size = headers->note_size < left ? headers->note_size : left,
		.where = headers->note_offset,
	};

	if (notes.size < headers->note_size)
		loss("%s: %" PRIu64 " bytes of its notes are not in it", dump->image.input.name,
		     headers->note_size - notes.size);
	if (notes.size && !image_add(&dump->image, &notes))
		return false;
	/* As a rule it is one of the notes. */
	if (headers->info_offset < headers->note_offset ||
	    headers->info_offset - headers->note_offset >= headers->note_size) {
		if (!add_text(dump, "VMCOREINFO", headers->info_offset, headers->info_size))
			return false;
	} else if (headers->info_size > headers->note_size -
		   (headers->info_offset - headers->note_offset)) {
		dump->image.input.problem = "vmcoreinfo goes on behind its notes";
	}
	return add_text(dump, "ERASEINFO", headers->erase_offset, headers->erase_size);
}

/* Find the parts of the file; return why that cannot be, or NULL. */
static const char *find_parts(struct kdump_file *dump, const struct kdump_headers *headers)
{
	uint64_t limit = 1ULL << (PADDR_BITS - dump->shift), blocks = headers->map_blocks / 2;

	dump->max_pfn = headers->max_pfn < limit ? headers->max_pfn : limit;
	dump->map_offset[0] = (1 + (uint64_t)headers->sub_blocks) * dump->block;
	dump->map_bytes = blocks * dump->block;
	dump->map_offset[1] = dump->map_offset[0] + dump->map_bytes;
	dump->desc_offset = dump->map_offset[0] + (uint64_t)headers->map_blocks * dump->block;
	if (dump->max_pfn > 8 * dump->map_bytes)
		return "its bitmaps are too small for its memory";
	/* The maps may be larger than they need be, and have nothing there. */
	dump->map_bytes = (dump->max_pfn + 63) / 64 * 8;
	if (dump->map_offset[1] >= dump->image.file->size)
		return "it ends before its second bitmap";
	return NULL;
}

static uint64_t read_memory(struct image *image, int fd, uint64_t paddr, void *buf, uint64_t size)
{
	struct kdump_file *dump = (struct kdump_file *)image;
	struct decoder *decoder = decoder_take(dump, fd);
	uint64_t done;

	if (!decoder)
		return 0;
	done = page_read(dump, decoder, paddr, buf, size);
	decoder_put(dump, decoder);
	return done;
}

static uint64_t find_memory(struct image *image, uint64_t paddr, uint64_t end, bool there)
{
	struct kdump_file *dump = (struct kdump_file *)image;
	struct decoder *decoder = decoder_take(dump, image->input.fd);
	uint64_t pfn = paddr >> dump->shift, last = (end + dump->block - 1) >> dump->shift;

	/* Whatever it is, it is there and cannot be read. */
	if (!decoder)
		return there ? paddr : end;
	pfn = map_find(dump, decoder, pfn, last, there) << dump->shift;
	decoder_put(dump, decoder);
	if (pfn < paddr)
		return paddr;
	return pfn < end ? pfn : end;
}

static void close_kdump(struct input *input)
{
	struct kdump_file *dump = (struct kdump_file *)input;

	decoder_destroy_all(dump);
	pthread_mutex_destroy(&dump->lock);
	free(dump->pieces);
	image_destroy(&dump->image);
	free(dump);
}

static struct kdump_file *create_kdump(struct input *file)
{
	static const struct input_ops ops = {
		.read = image_read,
		.data = image_data,
		.hole = image_hole,
		.close = close_kdump,
	};
	struct kdump_file *dump = calloc(1, sizeof(*dump));

	if (!dump)
		return NULL;
	image_init(&dump->image, file);
	dump->image.input.ops = &ops;
	dump->image.input.form = "kdump-compressed";
	dump->image.input.partial = true;
	dump->image.read = read_memory;
	dump->image.find = find_memory;
	pthread_mutex_init(&dump->lock, NULL);
	return dump;
}

/* Take what the headers say; return why that cannot be, or NULL. */
static const char *take_headers(struct kdump_file *dump, const struct kdump_headers *headers)
{
	struct input *input = &dump->image.input;
	const char *why;

	if (headers->split)
		return "a part of a dump that is split: makedumpfile --reassemble joins them";
	dump->block = headers->block;
	dump->shift = __builtin_ctz(headers->block);
	dump->status = headers->status;
	dump->image.machine = headers->machine;
	dump->image.incomplete = headers->status & KDUMP_INCOMPLETE;
	input->page_size = headers->block;
	input->level = headers->level & LEVELS;
	input->time = headers->time;
	input->phys_base = headers->phys_base;
	why = find_parts(dump, headers);
	if (why)
		return why;
	if (!add_notes(dump, headers))
		return "there is no memory for its notes";
	why = map_take(dump);
	if (why)
		return why;
	if (!dump->image.count)
		return "no memory in this file";
	return image_finish(&dump->image) ? NULL : "there is no memory for its headers";
}

/**
 * kdump_is - tell whether a file is in the kdump-compressed format
 * @file: as it is, or put together
 *
 * Return: whether it begins like that.
 */
bool kdump_is(struct input *file)
{
	char signature[sizeof(KDUMP_SIGNATURE) - 1];

	return input_read_exact(file, 0, signature, sizeof(signature)) &&
	       !memcmp(signature, KDUMP_SIGNATURE, sizeof(signature));
}

/**
 * kdump_input - read a kdump-compressed file as an ELF core file
 * @input: receives that; in any case it has taken @file over
 * @file:  as it is, or put together
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result kdump_input(struct input **input, struct input *file)
{
	struct kdump_headers headers;
	struct kdump_file *dump;
	const char *why;

	*input = file;
	if (!decode_headers(file, &headers))
		return fail(RESULT_UNREADABLE, "%s: its kdump-compressed header makes no sense",
			    file->name);
	dump = create_kdump(file);
	if (!dump)
		return fail(RESULT_FAILED, "%s: no memory to read it", file->name);
	*input = &dump->image.input;
	why = take_headers(dump, &headers);
	if (why)
		return fail(RESULT_UNREADABLE, "%s: %s", file->name, why);
	/* With a bit too many or too few, each page behind would be another one. */
	why = page_check_descs(dump);
	return why ? fail(RESULT_UNREADABLE, "%s: %s", file->name, why) : RESULT_OK;
}
