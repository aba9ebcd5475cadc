// SPDX-License-Identifier: GPL-2.0
/*
 * The notes of a dump: the CPUs, and what the kernel says of itself.
 *
 * vmcoreinfo is text, "NAME=VALUE" a line, see
 * Documentation/admin-guide/kdump/vmcoreinfo.rst of the kernel.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "vmcoreinfo.h"

#define INFO_NAME "VMCOREINFO"
#define INFO_MAX 1048576

/* More notes than that are not looked at: a machine has fewer CPUs. */
#define NOTES_MAX 1048576

static uint64_t align4(uint64_t size)
{
	return (size + 3) & ~3ULL;
}

static void take_info(struct source *source, uint64_t offset, uint32_t size)
{
	char *text;

	if (source->info_size || !size || size > INFO_MAX)
		return;
	text = malloc(size + 1);
	if (!text || !source_read_exact(source, offset, text, size)) {
		free(text);
		return;
	}
	text[size] = '\0';
	free(source->info);
	source->info = text;
	source->info_offset = offset;
	source->info_size = strlen(text);
}

static void take_note(struct source *source, const Elf64_Nhdr *header, const char *name,
		      uint64_t desc)
{
	if (header->n_namesz == sizeof("CORE") && !strcmp(name, "CORE") &&
	    header->n_type == NT_PRSTATUS)
		source->cpus++;
	if (header->n_namesz == sizeof(INFO_NAME) && !strcmp(name, INFO_NAME))
		take_info(source, desc, header->n_descsz);
}

static void take_page_size(struct source *source)
{
	uint64_t size;

	source->page_size = 4096;
	if (info_decimal(source->info, "PAGESIZE", &size) && size >= 4096 && size <= 65536 &&
	    !(size & (size - 1)))
		source->page_size = size;
	source->page_shift = __builtin_ctz(source->page_size);
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
	uint64_t at = source->note_offset, left = source->note_size, size;
	char name[sizeof(INFO_NAME)];
	Elf64_Nhdr header;	/* as that of the other class */
	unsigned int count;

	source->info = calloc(1, 1);
	for (count = 0; count < NOTES_MAX && left >= sizeof(header); count++) {
		if (!source_read_exact(source, at, &header, sizeof(header)))
			break;
		size = sizeof(header) + align4(header.n_namesz) + align4(header.n_descsz);
		if (size > left)
			break;
		memset(name, 0, sizeof(name));
		if (header.n_namesz <= sizeof(name) &&
		    !source_read_exact(source, at + sizeof(header), name, header.n_namesz))
			break;
		name[sizeof(name) - 1] = '\0';
		take_note(source, &header, name, at + sizeof(header) + align4(header.n_namesz));
		at += size;
		left -= size;
	}
	take_page_size(source);
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
