/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The dump that is read: an ELF core file of a whole machine, as /proc/vmcore, or what
 * input.h makes one of.
 *
 * Nothing in it is trusted. After source_open(), all that is in struct source
 * lies within the file, and its ranges are sorted and do not overlap.
 */
#ifndef VMCORE_SAVE_SOURCE_H
#define VMCORE_SAVE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "input.h"
#include "report.h"
#include "spans.h"

/* Physical addresses have so many bits at most, on any machine. */
#define PADDR_BITS 52

/* Of e_flags: the dump is not complete. The mark that makedumpfile made and crash knows. */
#define SOURCE_INCOMPLETE 1

/**
 * struct segment - memory that lies in the file in one piece
 * @paddr:  physical address
 * @vaddr:  kernel virtual address, meaningless in some files
 * @offset: where in the file
 * @size:   bytes that the file has of it
 * @named:  bytes that the headers name; what is more than @size is lost
 */
struct segment {
	uint64_t paddr;
	uint64_t vaddr;
	uint64_t offset;
	uint64_t size;
	uint64_t named;
};

/**
 * struct source - an open dump
 * @fd:		file
 * @name:	its name
 * @content:	name of the file that pages are read from, as a rule the same
 * @input:	what it is read by, which makes an ELF core file of any other form
 * @size:	bytes in that
 * @live:	it is of a kernel that runs
 * @filtered:	a hole is a page that a filter left out, not one of zeros
 * @filter:	knows the pages to be left out of it, or NULL
 * @table:	where the table of program headers is
 * @table_count: their number
 * @entry_size:	bytes of each
 * @flags_offset: where e_flags of the ELF header is
 * @machine:	e_machine of the ELF header, or what the kernel was in truth
 * @bits:	of the ELF class, 32 or 64
 * @word:	bytes of a "long" of the crashed kernel
 * @page_size:	of the crashed kernel, a power of two from 4 KiB to 64 KiB
 * @page_shift:	its logarithm
 * @loads:	PT_LOAD segments as the file has them: they may overlap
 * @load_count:	their number
 * @ranges:	physical memory by ascending address, without overlap
 * @range_count: their number
 * @max_pfn:	first page number above all ranges
 * @gone:	memory that the headers name and the file does not have, by ascending
 *		begin; each end is the highest so far
 * @gone_count: their number
 * @notes:	PT_NOTE segments, without what is none of theirs
 * @note_count:	their number
 * @note_size:	bytes of all of them, one behind the other from multiples of 4 on
 * @info:	vmcoreinfo with a NUL behind it, empty if there is none
 * @info_offset: where that text is in the notes, one behind the other
 * @info_size:	its length in bytes
 * @cpus:	number of NT_PRSTATUS notes
 * @xen:	it was a guest of Xen, or Xen itself
 * @damaged:	some of the notes make no sense
 * @left_out:	bytes that have been left out of it before
 * @lost:	bytes that the headers promise and the file does not have
 */
struct source {
	int fd;
	const char *name;
	const char *content;
	struct input *input;
	uint64_t size;
	bool live;
	bool filtered;
	struct filter *filter;
	uint64_t table;
	uint64_t table_count;
	uint32_t entry_size;
	uint64_t flags_offset;
	uint16_t machine;
	int bits;
	unsigned int word;
	uint32_t page_size;
	unsigned int page_shift;
	struct segment *loads;
	size_t load_count;
	struct segment *ranges;
	size_t range_count;
	uint64_t max_pfn;
	struct span *gone;
	size_t gone_count;
	struct segment *notes;
	size_t note_count;
	uint64_t note_size;
	char *info;
	uint64_t info_offset;
	uint32_t info_size;
	unsigned int cpus;
	bool xen;
	bool damaged;
	uint64_t left_out;
	uint64_t lost;
};

/* Count what the headers promise and nobody will get. */
static inline void source_lose(struct source *source, uint64_t bytes)
{
	if (__builtin_add_overflow(source->lost, bytes, &source->lost))
		source->lost = UINT64_MAX;
}

enum result source_open(struct source *source, const char *name);
enum result source_take(struct source *source, struct input *input);
void source_close(struct source *source);
void source_set_content(struct source *source, const char *name);
int source_reader(const struct source *source);
void source_reader_close(const struct source *source, int fd);
uint64_t source_read_by(const struct source *source, int fd, uint64_t offset, void *buf,
			uint64_t size);
uint64_t source_read(const struct source *source, uint64_t offset, void *buf, uint64_t size);
uint64_t source_read_parts(const struct source *source, uint64_t offset, void *buf, uint64_t size);
bool source_read_exact(const struct source *source, uint64_t offset, void *buf, uint64_t size);
uint64_t source_data(const struct source *source, uint64_t offset, uint64_t end);
uint64_t source_hole(const struct source *source, uint64_t offset, uint64_t end);
void source_scanned(const struct source *source);

enum result source_verify(struct source *source);
enum result source_headers(struct source *source);
enum result source_ranges(struct source *source);
void source_notes(struct source *source);
uint64_t source_note_begin(const struct source *source, size_t number);
bool source_cpu_of(const struct source *source, uint32_t pid, unsigned int *cpu);
bool source_page_gone(const struct source *source, uint64_t pfn);
size_t source_find(const struct source *source, uint64_t paddr);

#endif
