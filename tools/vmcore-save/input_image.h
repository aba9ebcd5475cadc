/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An ELF core file that is in no file: headers that are made up, and what they name.
 */
#ifndef VMCORE_SAVE_INPUT_IMAGE_H
#define VMCORE_SAVE_INPUT_IMAGE_H

#include "input.h"

/* So many parts are taken. */
#define IMAGE_PARTS_MAX 200000

/**
 * struct image_part - what a program header names
 * @type:   PT_NOTE or PT_LOAD
 * @paddr:  physical address of memory
 * @vaddr:  its virtual one, 0 if unknown
 * @size:   bytes
 * @bytes:  they are here, allocated; NULL: they are elsewhere
 * @where:  then: offset in the file, if that has memory in one piece
 * @offset: in the image
 */
struct image_part {
	uint32_t type;
	uint64_t paddr;
	uint64_t vaddr;
	uint64_t size;
	char *bytes;
	uint64_t where;
	uint64_t offset;
};

/**
 * struct image - an ELF core file that is made up
 * @input:	what it is for others
 * @file:	the file that has the content
 * @machine:	e_machine
 * @incomplete: the ELF header says that it is not complete
 * @read:	reads memory by physical address; NULL: that is in the file in pieces
 * @find:	with that: finds the next address of memory that is there, or is not, or
 *		the end
 * @parts:	by ascending offset
 * @count:	their number
 * @room:	for so many
 * @head:	headers
 * @head_size:	bytes of them
 */
struct image {
	struct input input;
	struct input *file;
	uint16_t machine;
	bool incomplete;
	uint64_t (*read)(struct image *image, int fd, uint64_t paddr, void *buf, uint64_t size);
	uint64_t (*find)(struct image *image, uint64_t paddr, uint64_t end, bool there);
	struct image_part *parts;
	size_t count;
	size_t room;
	char *head;
	uint64_t head_size;
};

void image_init(struct image *image, struct input *file);
bool image_add(struct image *image, const struct image_part *part);
bool image_add_note(struct image *image, const char *name, const void *desc, uint32_t size);
bool image_finish(struct image *image);
uint64_t image_read(struct input *input, int fd, uint64_t offset, void *buf, uint64_t size);
uint64_t image_data(struct input *input, uint64_t offset, uint64_t end);
uint64_t image_hole(struct input *input, uint64_t offset, uint64_t end);
void image_destroy(struct image *image);

#endif
