// SPDX-License-Identifier: GPL-2.0
/*
 * The notes of a dump: the CPUs, and what the kernel says of itself.
 *
 * vmcoreinfo is text, "NAME=VALUE" a line, see
 * Documentation/admin-guide/kdump/vmcoreinfo.rst of the kernel.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "vmcoreinfo.h"

#define INFO_NAME "VMCOREINFO"
#define INFO_MAX 1048576

/* More notes than that are not looked at: a machine has fewer CPUs. */
#define NOTES_MAX 1048576

/*
 * So many bytes of a segment are notes even if they make no sense. A segment of notes
 * that are good may have more: drivers add dumps of their devices.
 */
#define DAMAGED_MAX (64ULL << 20)

/* So many bytes of notes are taken, of all segments. */
#define NOTES_SIZE_MAX (1024ULL << 20)

static uint64_t align4(uint64_t size)
{
	return (size + 3) & ~3ULL;
}

static void take_info(struct source *source, size_t number, uint64_t offset, uint32_t size)
{
	char *text;

	if (source->info_size || !size || size > INFO_MAX)
		return;
	text = malloc(size + 1);
	if (!text || !source_read_exact(source, offset, text, size)) {
		loss("%s: vmcoreinfo cannot be read", source->name);
		free(text);
		return;
	}
	text[size] = '\0';
	free(source->info);
	source->info = text;
	source->info_offset = offset - source->notes[number].offset +
			      source_note_begin(source, number);
	source->info_size = strlen(text);
}

static bool is_prstatus(const Elf64_Nhdr *header, const char *name)
{
	return header->n_namesz == sizeof("CORE") && !strcmp(name, "CORE") &&
	       header->n_type == NT_PRSTATUS;
}

typedef void (*note_fn)(void *context, size_t number, const Elf64_Nhdr *header, const char *name,
			uint64_t desc);

static void take_note(void *context, size_t number, const Elf64_Nhdr *header, const char *name,
		      uint64_t desc)
{
	struct source *source = context;

	if (is_prstatus(header, name))
		source->cpus++;
	if (header->n_namesz == sizeof(INFO_NAME) && !strcmp(name, INFO_NAME))
		take_info(source, number, desc, header->n_descsz);
	if (header->n_namesz == sizeof("Xen") && !strcmp(name, "Xen"))
		source->xen = true;
}

static void take_page_size(struct source *source)
{
	uint64_t size;

	source->page_size = source->input->page_size ? source->input->page_size : 4096;
	/* Pages as they are in the file are there as a whole, or not at all. */
	if (!source->input->page_size && info_decimal(source->info, "PAGESIZE", &size) &&
	    size >= 4096 && size <= 65536 && !(size & (size - 1)))
		source->page_size = size;
	source->page_shift = __builtin_ctz(source->page_size);
}

/* How a segment of notes ends. */
enum notes_end {
	NOTES_WHOLE,
	NOTES_DAMAGED,
	NOTES_UNREADABLE,
};

/* Go through the notes of a segment; return how it ends, and behind the last good one. */
static enum notes_end walk_segment(const struct source *source, size_t number, note_fn function,
				   void *context, uint64_t *good)
{
	const struct segment *segment = &source->notes[number];
	char name[sizeof(INFO_NAME)];
	Elf64_Nhdr header;	/* as that of the other class */
	unsigned int count;
	uint64_t at, size;

	*good = 0;
	for (count = 0; segment->size - *good >= sizeof(header); count++) {
		at = segment->offset + *good;
		if (!source_read_exact(source, at, &header, sizeof(header)))
			return NOTES_UNREADABLE;
		/* Zeros fill a page up. */
		if (!header.n_namesz && !header.n_descsz && !header.n_type)
			return NOTES_WHOLE;
		size = sizeof(header) + align4(header.n_namesz) + align4(header.n_descsz);
		if (size > segment->size - *good || count == NOTES_MAX)
			return NOTES_DAMAGED;
		memset(name, 0, sizeof(name));
		if (header.n_namesz <= sizeof(name) &&
		    !source_read_exact(source, at + sizeof(header), name, header.n_namesz))
			return NOTES_UNREADABLE;
		name[sizeof(name) - 1] = '\0';
		function(context, number, &header, name,
			 at + sizeof(header) + align4(header.n_namesz));
		*good += size;
	}
	return NOTES_WHOLE;
}

static void walk_notes(const struct source *source, note_fn function, void *context)
{
	uint64_t good;
	size_t i;

	for (i = 0; i < source->note_count; i++)
		walk_segment(source, i, function, context, &good);
}

/**
 * source_note_begin - tell where a segment of notes is among all of them
 * @source: open dump
 * @number: of the segment
 *
 * Return: offset from the first one, a multiple of 4.
 */
uint64_t source_note_begin(const struct source *source, size_t number)
{
	uint64_t begin = 0;
	size_t i;

	for (i = 0; i < number; i++)
		begin = align4(begin + source->notes[i].size);
	return begin;
}

/* Take the notes of a segment; leave out what cannot be any. */
static void take_segment(struct source *source, size_t number)
{
	struct segment *segment = &source->notes[number];
	uint64_t begin = align4(source->note_size), good, size = segment->size;

	switch (walk_segment(source, number, take_note, source, &good)) {
	case NOTES_WHOLE:
		break;
	case NOTES_DAMAGED:
		source->damaged = true;
		note("%s: damaged notes from offset %" PRIu64 " on", source->name,
		     segment->offset + good);
		break;
	case NOTES_UNREADABLE:
		loss("%s: notes cannot be read from offset %" PRIu64 " on", source->name,
		     segment->offset + good);
		break;
	}
	if (size > good && size > DAMAGED_MAX)
		size = good > DAMAGED_MAX ? good : DAMAGED_MAX;
	if (size > NOTES_SIZE_MAX - begin)
		size = NOTES_SIZE_MAX - begin;
	source_lose(source, segment->size - size);
	segment->size = size;
	source->note_size = begin + size;
}

/* A kernel of 64 bits that is said to be one of 32 has addresses that are too long for it. */
static void correct_machine(struct source *source)
{
	const char *symbol = strstr(source->info, "SYMBOL("), *value;

	if (source->machine != EM_386 || !symbol)
		return;
	value = strchr(symbol, '=');
	if (!value || strspn(value + 1, "0123456789abcdef") <= 8)
		return;
	source->machine = EM_X86_64;
	source->word = 8;
}

/**
 * source_notes - look through the notes
 * @source: dump whose headers have been decoded; receives vmcoreinfo, page size
 *	    and number of CPUs
 *
 * A dump without notes can be read, too.
 */
void source_notes(struct source *source)
{
	size_t i;

	source->info = calloc(1, 1);
	for (i = 0; i < source->note_count; i++)
		take_segment(source, i);
	correct_machine(source);
	take_page_size(source);
}

struct pid_search {
	const struct source *source;
	uint32_t pid;
	unsigned int looked_at;
	unsigned int found;
	unsigned int cpu;
};

static void look_for_pid(void *context, size_t number, const Elf64_Nhdr *header,
			 const char *name, uint64_t desc)
{
	struct pid_search *search = context;
	/* Of struct elf_prstatus: pr_info, pr_cursig, pr_sigpend and pr_sighold go before. */
	uint64_t offset = desc + 16 + 2 * search->source->word;
	uint32_t pid;

	(void)number;
	if (!is_prstatus(header, name))
		return;
	if (source_read_exact(search->source, offset, &pid, sizeof(pid)) && pid == search->pid) {
		search->found++;
		search->cpu = search->looked_at;
	}
	search->looked_at++;
}

/**
 * source_cpu_of - find out on which CPU a task was
 * @source: open dump
 * @pid:    of the task
 * @cpu:    receives the number of the CPU, counted by the notes: as a rule, all have one
 *
 * Return: whether the task is on one CPU, which those that are idle are not.
 */
bool source_cpu_of(const struct source *source, uint32_t pid, unsigned int *cpu)
{
	struct pid_search search = { .source = source, .pid = pid };

	walk_notes(source, look_for_pid, &search);
	*cpu = search.cpu;
	return search.found == 1;
}

/* The value of an entry, without its line's end; NULL if there is none. */
static const char *find(const char *info, const char *name, size_t *length)
{
	size_t name_length = strlen(name);
	const char *line, *end;

	for (line = info; line && *line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (strncmp(line, name, name_length) || line[name_length] != '=')
			continue;
		line += name_length + 1;
		*length = end ? (size_t)(end - line) : strlen(line);
		return line;
	}
	return NULL;
}

/**
 * info_text - look up a text in vmcoreinfo
 * @info: vmcoreinfo
 * @name: name of the entry
 * @buf:  receives its value, cut if need be
 * @size: of @buf in bytes
 *
 * Return: whether there is such an entry.
 */
bool info_text(const char *info, const char *name, char *buf, size_t size)
{
	size_t length;
	const char *value = find(info, name, &length);

	if (!value)
		return false;
	if (length >= size)
		length = size - 1;
	memcpy(buf, value, length);
	buf[length] = '\0';
	return true;
}

static bool number(const char *info, const char *name, int base, uint64_t *value)
{
	char text[32], *end;

	if (!info_text(info, name, text, sizeof(text)))
		return false;
	*value = strtoull(text, &end, base);
	return end != text && !*end;
}

/**
 * info_decimal - look up a decimal number in vmcoreinfo
 * @info:  vmcoreinfo
 * @name:  name of the entry
 * @value: receives it; a negative one as in two's complement
 *
 * Return: whether there is such an entry.
 */
bool info_decimal(const char *info, const char *name, uint64_t *value)
{
	return number(info, name, 10, value);
}

/**
 * info_hex - look up an address in vmcoreinfo
 * @info:  vmcoreinfo
 * @name:  name of the entry
 * @value: receives it
 *
 * Return: whether there is such an entry.
 */
bool info_hex(const char *info, const char *name, uint64_t *value)
{
	return number(info, name, 16, value);
}
