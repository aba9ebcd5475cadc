// SPDX-License-Identifier: GPL-2.0
/*
 * The headers of a dump: ELF (System V ABI), of either class.
 */
#include <elf.h>
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

/* So many program headers are taken; more than a machine has memory ranges. */
#define LOADS_MAX 65536

/* Physical addresses have so many bits at most, on any machine. */
#define PADDR_BITS 52

/* Where the table of program headers is; the form does not depend on the class. */
struct table {
	uint64_t offset;
	uint64_t count;
	uint32_t entry_size;
};

struct program_header {
	uint32_t type;
	uint64_t filesz;
	struct segment segment;
};

static bool header_64(struct source *source, struct table *table)
{
	Elf64_Ehdr header;
	Elf64_Shdr section;

	if (!source_read_exact(source, 0, &header, sizeof(header)))
		return false;
	source->machine = header.e_machine;
	table->offset = header.e_phoff;
	table->count = header.e_phnum;
	table->entry_size = header.e_phentsize;
	if (header.e_phnum == PN_XNUM) {
		if (!source_read_exact(source, header.e_shoff, &section, sizeof(section)))
			return false;
		table->count = section.sh_info;
	}
	return table->entry_size == sizeof(Elf64_Phdr);
}

static bool header_32(struct source *source, struct table *table)
{
	Elf32_Ehdr header;

	if (!source_read_exact(source, 0, &header, sizeof(header)))
		return false;
	source->machine = header.e_machine;
	table->offset = header.e_phoff;
	table->count = header.e_phnum;
	table->entry_size = header.e_phentsize;
	return table->entry_size == sizeof(Elf32_Phdr);
}

static bool file_header(struct source *source, struct table *table)
{
	const unsigned char native = (BYTE_ORDER == BIG_ENDIAN) ? ELFDATA2MSB : ELFDATA2LSB;
	unsigned char ident[EI_NIDENT];

	if (!source_read_exact(source, 0, ident, sizeof(ident)) ||
	    memcmp(ident, ELFMAG, SELFMAG) || ident[EI_DATA] != native)
		return false;
	source->bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	return source->bits == 64 ? header_64(source, table) : header_32(source, table);
}

static bool read_program_header(const struct source *source, uint64_t offset,
				struct program_header *ret)
{
	Elf64_Phdr wide;
	Elf32_Phdr narrow;

	if (source->bits == 64) {
		if (!source_read_exact(source, offset, &wide, sizeof(wide)))
			return false;
		*ret = (struct program_header){
			.type = wide.p_type,
			.segment = { wide.p_paddr, wide.p_vaddr, wide.p_offset, wide.p_filesz },
		};
		return true;
	}
	if (!source_read_exact(source, offset, &narrow, sizeof(narrow)))
		return false;
	*ret = (struct program_header){
		.type = narrow.p_type,
		.segment = { narrow.p_paddr, narrow.p_vaddr, narrow.p_offset, narrow.p_filesz },
	};
	return true;
}

/* Cut off what the file does not have, and what no machine has. */
static void clip(struct source *source, struct segment *segment)
{
	uint64_t in_file = segment->offset < source->size ? source->size - segment->offset : 0;
	uint64_t limit = 1ULL << PADDR_BITS;
	uint64_t in_memory = segment->paddr < limit ? limit - segment->paddr : 0;
	uint64_t size = segment->size;

	if (size > in_file)
		size = in_file;
	if (size > in_memory)
		size = in_memory;
	if (__builtin_add_overflow(source->lost, segment->size - size, &source->lost))
		source->lost = UINT64_MAX;
	segment->size = size;
}

static void add_header(struct source *source, struct program_header *header)
{
	if (header->type == PT_NOTE && !source->note_size) {
		clip(source, &header->segment);
		source->note_offset = header->segment.offset;
		source->note_size = header->segment.size;
	} else if (header->type == PT_LOAD) {
		clip(source, &header->segment);
		if (header->segment.size)
			source->loads[source->load_count++] = header->segment;
	}
}

/**
 * source_headers - decode the ELF headers
 * @source: open file; receives machine, bits, loads and where the notes are
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result source_headers(struct source *source)
{
	struct program_header header;
	struct table table;
	uint64_t i;

	if (!file_header(source, &table))
		return fail(RESULT_UNREADABLE, "%s: not an ELF core file of this kind of machine",
			    source->name);
	if (!table.count || table.count > LOADS_MAX || table.offset > source->size)
		return fail(RESULT_UNREADABLE, "%s: %" PRIu64 " program headers, that cannot be",
			    source->name, table.count);
	/* A kernel of 32 bits may have headers of 64, for more than 4 GiB. */
	source->word = source->bits / 8;
	if (source->machine == EM_386 || source->machine == EM_ARM)
		source->word = 4;
	source->loads = calloc(table.count, sizeof(*source->loads));
	if (!source->loads)
		return fail(RESULT_FAILED, "no memory for %" PRIu64 " program headers",
			    table.count);
	for (i = 0; i < table.count; i++) {
		if (!read_program_header(source, table.offset + i * table.entry_size, &header)) {
			note("%s: program headers end after %" PRIu64 " of %" PRIu64, source->name,
			     i, table.count);
			break;
		}
		add_header(source, &header);
	}
	if (!source->load_count)
		return fail(RESULT_UNREADABLE, "%s: no memory in this file", source->name);
	return RESULT_OK;
}

static int by_paddr(const void *a, const void *b)
{
	const struct segment *left = a, *right = b;

	if (left->paddr != right->paddr)
		return left->paddr < right->paddr ? -1 : 1;
	/* The larger one first, so that the other one is the part. */
	return left->size > right->size ? -1 : left->size < right->size;
}

/**
 * source_ranges - sort physical memory
 * @source: dump whose headers have been decoded; receives the ranges
 *
 * The kernel's text is in a dump twice, by its two virtual addresses; here each
 * physical address is there once.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result source_ranges(struct source *source)
{
	struct segment *ranges = calloc(source->load_count, sizeof(*ranges));
	uint64_t end = 0, skip;
	size_t i, count = 0;

	if (!ranges)
		return fail(RESULT_FAILED, "no memory for %zu ranges", source->load_count);
	source->ranges = ranges;
	memcpy(ranges, source->loads, source->load_count * sizeof(*ranges));
	qsort(ranges, source->load_count, sizeof(*ranges), by_paddr);
	for (i = 0; i < source->load_count; i++) {
		struct segment range = ranges[i];

		skip = range.paddr < end ? end - range.paddr : 0;
		if (skip >= range.size)
			continue;
		range.paddr += skip;
		range.vaddr += skip;
		range.offset += skip;
		range.size -= skip;
		end = range.paddr + range.size;
		ranges[count++] = range;
	}
	source->range_count = count;
	source->max_pfn = ((end - 1) >> source->page_shift) + 1;
	return RESULT_OK;
}

/**
 * source_find - find memory by its physical address
 * @source: open dump
 * @paddr:  address
 *
 * Return: index of the first range that ends above @paddr, the number of ranges
 * if there is none.
 */
size_t source_find(const struct source *source, uint64_t paddr)
{
	size_t low = 0, high = source->range_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (source->ranges[middle].paddr + source->ranges[middle].size > paddr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
