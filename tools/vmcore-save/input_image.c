// SPDX-License-Identifier: GPL-2.0
/*
 * An ELF core file that is in no file: headers that are made up, and what they name.
 *
 * Parts follow each other in the order in which they have been added, each from a
 * multiple of 4096 on, with zeros between them.
 */
#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "input_image.h"
#include "source.h"

#define ALIGN 4096

static uint64_t align_up(uint64_t size, uint64_t align)
{
	return (size + align - 1) / align * align;
}

/**
 * image_init - begin with an image
 * @image: zeros
 * @file:  that has the content, is closed by image_destroy()
 */
void image_init(struct image *image, struct input *file)
{
	image->file = file;
	image->input.name = file->name;
	image->input.fd = file->fd;
}

/**
 * image_add - add what a program header names
 * @image: image
 * @part:  copied; its bytes are taken over
 *
 * Return: false if there is no memory, or there are too many parts.
 */
bool image_add(struct image *image, const struct image_part *part)
{
	struct image_part *parts = image->parts;
	size_t room;

	if (image->count == IMAGE_PARTS_MAX)
		return false;
	if (image->count == image->room) {
		room = image->room ? 2 * image->room : 16;
		parts = realloc(parts, room * sizeof(*parts));
		if (!parts)
			return false;
		image->parts = parts;
		image->room = room;
	}
	parts[image->count++] = *part;
	return true;
}

/**
 * image_add_note - add a segment with one note
 * @image: image
 * @name:  of the note
 * @desc:  its content
 * @size:  bytes of that
 *
 * Return: as image_add().
 */
bool image_add_note(struct image *image, const char *name, const void *desc, uint32_t size)
{
	Elf64_Nhdr header = { .n_namesz = strlen(name) + 1, .n_descsz = size };
	size_t behind = sizeof(header) + align_up(header.n_namesz, 4);
	struct image_part part = { .type = PT_NOTE, .size = behind + align_up(size, 4) };

	part.bytes = calloc(1, part.size);
	if (!part.bytes)
		return false;
	memcpy(part.bytes, &header, sizeof(header));
	memcpy(part.bytes + sizeof(header), name, header.n_namesz);
	memcpy(part.bytes + behind, desc, size);
	if (image_add(image, &part))
		return true;
	free(part.bytes);
	return false;
}

static void make_file_header(const struct image *image)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)image->head;
	uint64_t table_end = sizeof(*header) + image->count * sizeof(Elf64_Phdr);
	Elf64_Shdr *section = (Elf64_Shdr *)(image->head + table_end);

	memcpy(header->e_ident, ELFMAG, SELFMAG);
	header->e_ident[EI_CLASS] = ELFCLASS64;
	header->e_ident[EI_DATA] = (BYTE_ORDER == BIG_ENDIAN) ? ELFDATA2MSB : ELFDATA2LSB;
	header->e_ident[EI_VERSION] = EV_CURRENT;
	header->e_type = ET_CORE;
	header->e_machine = image->machine;
	header->e_version = EV_CURRENT;
	header->e_flags = image->incomplete ? SOURCE_INCOMPLETE : 0;
	header->e_phoff = sizeof(*header);
	header->e_ehsize = sizeof(*header);
	header->e_phentsize = sizeof(Elf64_Phdr);
	header->e_phnum = image->count < PN_XNUM ? image->count : PN_XNUM;
	if (image->count < PN_XNUM)
		return;
	header->e_shoff = table_end;
	header->e_shentsize = sizeof(*section);
	header->e_shnum = 1;
	section->sh_info = image->count;
}

/**
 * image_finish - make the headers
 * @image: to which all parts have been added; receives its size
 *
 * Return: false if there is no memory.
 */
bool image_finish(struct image *image)
{
	Elf64_Phdr *entry;
	uint64_t offset;
	size_t i;

	image->head_size = sizeof(Elf64_Ehdr) + image->count * sizeof(*entry) + sizeof(Elf64_Shdr);
	image->head = calloc(1, image->head_size);
	if (!image->head)
		return false;
	make_file_header(image);
	entry = (Elf64_Phdr *)(image->head + sizeof(Elf64_Ehdr));
	offset = image->head_size;
	for (i = 0; i < image->count; i++, entry++) {
		struct image_part *part = &image->parts[i];

		part->offset = align_up(offset, ALIGN);
		offset = part->offset + part->size;
		*entry = (Elf64_Phdr){
			.p_type = part->type,
			.p_flags = part->type == PT_LOAD ? PF_R | PF_W | PF_X : 0,
			.p_offset = part->offset,
			.p_vaddr = part->vaddr,
			.p_paddr = part->paddr,
			.p_filesz = part->size,
			.p_memsz = part->size,
		};
	}
	image->input.size = offset;
	return true;
}

/* The first part that ends above an offset, or the number of parts. */
static size_t find_part(const struct image *image, uint64_t offset)
{
	size_t low = 0, high = image->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (image->parts[middle].offset + image->parts[middle].size > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Read from the part at an offset, or what is in front of the next one; return the bytes. */
static uint64_t read_part(struct image *image, int fd, uint64_t offset, char *buf, uint64_t *size)
{
	size_t number = find_part(image, offset);
	const struct image_part *part = number < image->count ? image->parts + number : NULL;
	uint64_t end = part ? part->offset : image->input.size, into;

	if (offset < image->head_size) {
		*size = *size < image->head_size - offset ? *size : image->head_size - offset;
		memcpy(buf, image->head + offset, *size);
		return *size;
	}
	if (offset < end) {
		*size = *size < end - offset ? *size : end - offset;
		memset(buf, 0, *size);
		return *size;
	}
	into = offset - part->offset;
	*size = *size < part->size - into ? *size : part->size - into;
	if (part->bytes) {
		memcpy(buf, part->bytes + into, *size);
		return *size;
	}
	if (part->type == PT_LOAD && image->read)
		return image->read(image, fd, part->paddr + into, buf, *size);
	return image->file->ops->read(image->file, fd, part->where + into, buf, *size);
}

/**
 * image_read - read from an image
 * @input:  image
 * @fd:	    to read its file by
 * @offset: where
 * @buf:    receives the bytes
 * @size:   how many
 *
 * Return: as &struct input_ops says.
 */
uint64_t image_read(struct input *input, int fd, uint64_t offset, void *buf, uint64_t size)
{
	struct image *image = (struct image *)input;
	uint64_t done = 0, part, got;

	if (offset >= input->size)
		return 0;
	if (size > input->size - offset)
		size = input->size - offset;
	while (done < size) {
		part = size - done;
		got = read_part(image, fd, offset + done, (char *)buf + done, &part);
		done += got;
		if (got < part)
			break;
	}
	return done;
}

static uint64_t find_in_image(struct image *image, uint64_t offset, uint64_t end, bool there)
{
	const struct image_part *part;
	uint64_t paddr, stop, found;
	size_t number;

	while (offset < end) {
		number = find_part(image, offset);
		part = number < image->count ? image->parts + number : NULL;
		stop = part ? part->offset : end;
		if (part && offset >= part->offset) {
			stop = part->offset + part->size < end ? part->offset + part->size : end;
			if (part->type == PT_LOAD && image->find) {
				paddr = part->paddr + (offset - part->offset);
				found = image->find(image, paddr, paddr + (stop - offset), there);
				offset += found - paddr;
				if (offset < stop)
					break;
				continue;
			}
		}
		/* Headers, notes and what is between them are there. */
		if (there)
			break;
		offset = stop;
	}
	return offset < end ? offset : end;
}

/**
 * image_data - find the next byte that is there
 * @input:  image
 * @offset: where to begin
 * @end:    where to end
 *
 * Return: its offset, @end if there is none before.
 */
uint64_t image_data(struct input *input, uint64_t offset, uint64_t end)
{
	return find_in_image((struct image *)input, offset, end, true);
}

/**
 * image_hole - find the next byte of memory that is not there
 * @input:  image
 * @offset: where to begin
 * @end:    where to end
 *
 * Return: its offset, @end if there is none before.
 */
uint64_t image_hole(struct input *input, uint64_t offset, uint64_t end)
{
	return find_in_image((struct image *)input, offset, end, false);
}

/**
 * image_destroy - give back what an image has
 * @image: image, or one that has only been begun; is not freed itself
 */
void image_destroy(struct image *image)
{
	size_t i;

	for (i = 0; i < image->count; i++)
		free(image->parts[i].bytes);
	free(image->parts);
	free(image->head);
	input_close(image->file);
}
