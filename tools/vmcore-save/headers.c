// SPDX-License-Identifier: GPL-2.0
/*
 * The headers of a dump: ELF (System V ABI), of either class.
 */
#include <elf.h>
#include <endian.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

/* So many program headers are taken: twice as many as our kernel can have. */
#define HEADERS_MAX 262144

/* A first kernel has a segment of notes for each CPU. */
#define NOTES_MAX 65536

struct program_header {
	uint32_t type;
	uint64_t memsz;
	struct segment segment;
};

/* Other machines have flags of their own there. */
static void take_flags(const struct source *source, uint32_t flags)
{
	switch (source->machine) {
	case EM_X86_64:
	case EM_386:
	case EM_AARCH64:
	case EM_PPC64:
		if (flags & SOURCE_INCOMPLETE)
			loss("%s: it is marked as incomplete", source->name);
	}
}

static bool header_64(struct source *source)
{
	Elf64_Ehdr header;
	Elf64_Shdr section;

	if (!source_read_exact(source, 0, &header, sizeof(header)))
		return false;
	source->machine = header.e_machine;
	source->flags_offset = offsetof(Elf64_Ehdr, e_flags);
	take_flags(source, header.e_flags);
	source->table = header.e_phoff;
	source->table_count = header.e_phnum;
	source->entry_size = header.e_phentsize;
	if (header.e_phnum == PN_XNUM) {
		if (!source_read_exact(source, header.e_shoff, &section, sizeof(section)))
			return false;
		source->table_count = section.sh_info;
	}
	return source->entry_size == sizeof(Elf64_Phdr);
}

static bool header_32(struct source *source)
{
	Elf32_Ehdr header;

	if (!source_read_exact(source, 0, &header, sizeof(header)))
		return false;
	source->machine = header.e_machine;
	source->flags_offset = offsetof(Elf32_Ehdr, e_flags);
	take_flags(source, header.e_flags);
	source->table = header.e_phoff;
	source->table_count = header.e_phnum;
	source->entry_size = header.e_phentsize;
	return source->entry_size == sizeof(Elf32_Phdr);
}

static bool file_header(struct source *source)
{
	const unsigned char native = (BYTE_ORDER == BIG_ENDIAN) ? ELFDATA2MSB : ELFDATA2LSB;
	unsigned char ident[EI_NIDENT];

	if (!source_read_exact(source, 0, ident, sizeof(ident)) ||
	    memcmp(ident, ELFMAG, SELFMAG) || ident[EI_DATA] != native)
		return false;
	source->bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	return source->bits == 64 ? header_64(source) : header_32(source);
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
			.memsz = wide.p_memsz,
			.segment = { wide.p_paddr, wide.p_vaddr, wide.p_offset, wide.p_filesz, 0 },
		};
		return true;
	}
	if (!source_read_exact(source, offset, &narrow, sizeof(narrow)))
		return false;
	*ret = (struct program_header){
		.type = narrow.p_type,
			.memsz = narrow.p_memsz,
		.segment = { narrow.p_paddr, narrow.p_vaddr, narrow.p_offset, narrow.p_filesz, 0 },
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
	source_lose(source, segment->size - size);
	segment->named = segment->size < in_memory ? segment->size : in_memory;
	segment->size = size;
}

static void add_header(struct source *source, struct program_header *header)
{
	if (header->type == PT_NOTE) {
		header->segment.paddr = 0;
		clip(source, &header->segment);
		if (header->segment.size && source->note_count < NOTES_MAX)
			source->notes[source->note_count++] = header->segment;
	} else if (header->type == PT_LOAD && header->segment.paddr == UINT64_MAX) {
		/* Addresses that are no memory: /proc/kcore has them. */
		source->live = true;
	} else if (header->type == PT_LOAD) {
		/* makedumpfile -E says so that pages have been left out. */
		if (header->memsz > header->segment.size &&
		    header->memsz <= 1ULL << PADDR_BITS)
			source->left_out += header->memsz - header->segment.size;
		clip(source, &header->segment);
		if (header->segment.named)
			source->loads[source->load_count++] = header->segment;
	}
}

/* Notes that go on where memory begins have a corrupt size. */
static void clip_notes(struct source *source)
{
	uint64_t first = UINT64_MAX, size;
	struct segment *notes;
	size_t i;

	for (i = 0; i < source->load_count; i++)
		if (source->loads[i].offset < first)
			first = source->loads[i].offset;
	for (i = 0; i < source->note_count; i++) {
		notes = &source->notes[i];
		size = notes->size;
		if (notes->offset < first && size > first - notes->offset)
			size = first - notes->offset;
		source_lose(source, notes->size - size);
		notes->size = size;
	}
}

static enum result read_table(struct source *source)
{
	uint64_t count = source->table_count, i;
	struct program_header header;

	source->loads = calloc(count, sizeof(*source->loads));
	source->notes = calloc(count < NOTES_MAX ? count : NOTES_MAX, sizeof(*source->notes));
	if (!source->loads || !source->notes)
		return fail(RESULT_FAILED, "no memory for %" PRIu64 " program headers", count);
	for (i = 0; i < count; i++) {
		if (!read_program_header(source, source->table + i * source->entry_size,
					 &header)) {
			loss("%s: program headers end after %" PRIu64 " of %" PRIu64,
			     source->name, i, count);
			break;
		}
		add_header(source, &header);
	}
	clip_notes(source);
	return RESULT_OK;
}

/* Headers of 64 bits may be of a kernel of 32, and the other way round. */
static unsigned int word_of(const struct source *source)
{
	switch (source->machine) {
	case EM_386:
	case EM_ARM:
		return 4;
	case EM_X86_64:
	case EM_AARCH64:
	case EM_PPC64:
		return 8;
	}
	return source->bits / 8;
}

/**
 * source_headers - decode the ELF headers
 * @source: open file; receives machine, bits, loads and notes
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result source_headers(struct source *source)
{
	enum result result;

	if (!file_header(source))
		return fail(RESULT_UNREADABLE,
			    "%s: not an ELF core file of this kind of machine, nor kdump-compressed",
			    source->name);
	if (!source->table_count || source->table_count > HEADERS_MAX ||
	    source->table > source->size)
		return fail(RESULT_UNREADABLE, "%s: %" PRIu64 " program headers, that cannot be",
			    source->name, source->table_count);
	source->word = word_of(source);
	result = read_table(source);
	if (result == RESULT_OK && !source->load_count)
		result = fail(RESULT_UNREADABLE, "%s: no memory in this file", source->name);
	return result;
}

static int by_paddr(const void *a, const void *b)
{
	const struct segment *left = a, *right = b;

	if (left->paddr != right->paddr)
		return left->paddr < right->paddr ? -1 : 1;
	/* The larger one first, so that the other one is the part. */
	return left->size > right->size ? -1 : left->size < right->size;
}

static int by_begin(const void *a, const void *b)
{
	const struct span *left = a, *right = b;

	return left->begin < right->begin ? -1 : left->begin > right->begin;
}

/* Note which memory the headers name and the file does not have. */
static enum result find_gone(struct source *source)
{
	uint64_t highest = 0;
	size_t i, count = 0;

	source->gone = calloc(source->load_count, sizeof(*source->gone));
	if (!source->gone)
		return fail(RESULT_FAILED, "no memory for %zu ranges", source->load_count);
	for (i = 0; i < source->load_count; i++) {
		const struct segment *load = &source->loads[i];

		if (load->size < load->named)
			source->gone[count++] = (struct span){
				load->paddr + load->size, load->paddr + load->named,
			};
	}
	qsort(source->gone, count, sizeof(*source->gone), by_begin);
	for (i = 0; i < count; i++) {
		if (source->gone[i].end > highest)
			highest = source->gone[i].end;
		source->gone[i].end = highest;
	}
	source->gone_count = count;
	return RESULT_OK;
}

/**
 * source_page_gone - tell whether a part of a page is not in the file, though it ought to be
 * @source: open dump
 * @pfn:    page number
 *
 * With zeros for that part it would be a wrong page.
 *
 * Return: whether there may be such a part.
 */
bool source_page_gone(const struct source *source, uint64_t pfn)
{
	uint64_t begin = pfn << source->page_shift, end = begin + source->page_size;
	size_t low = 0, high = source->gone_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (source->gone[middle].begin < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low && source->gone[low - 1].end > begin;
}

/* Sort what the file has, and let each physical address be there once. */
static void sort_ranges(struct source *source)
{
	struct segment *ranges = source->ranges;
	uint64_t end = 0, skip;
	size_t i, count = 0;

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
	source->max_pfn = end ? ((end - 1) >> source->page_shift) + 1 : 0;
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
	source->ranges = calloc(source->load_count, sizeof(*source->ranges));
	if (!source->ranges)
		return fail(RESULT_FAILED, "no memory for %zu ranges", source->load_count);
	sort_ranges(source);
	if (!source->range_count)
		return fail(RESULT_UNREADABLE, "%s: no memory in this file", source->name);
	return find_gone(source);
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
