/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a dump is read from: bytes by offset, whatever form the file has.
 *
 *	input_file.c	a file as it is
 *	input_flat.c	the flattened form, put together
 *	input_image.c	an ELF core file that is made up, of memory that is found elsewhere
 *	input_kdump.c	... in the kdump-compressed format
 *	input_map.c	    its bitmaps
 *	input_page.c	    its pages
 *	input_live.c	... in /proc/kcore
 *
 * So behind the source, all is an ELF core file.
 */
#ifndef VMCORE_SAVE_INPUT_H
#define VMCORE_SAVE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

struct input;
struct source;

/**
 * struct input_ops - a form of the file
 * @read:  read at an offset, by a file descriptor of the caller; return how many bytes
 *	   there are in front of the first that cannot be read. Many calls at a time.
 * @data:  find the next byte that is not in a hole, or the end. Many calls at a time.
 * @hole:  find the next byte that is in a hole, or the end
 * @close: give back all
 */
struct input_ops {
	uint64_t (*read)(struct input *input, int fd, uint64_t offset, void *buf, uint64_t size);
	uint64_t (*data)(struct input *input, uint64_t offset, uint64_t end);
	uint64_t (*hole)(struct input *input, uint64_t offset, uint64_t end);
	void (*close)(struct input *input);
};

/**
 * struct input - bytes by offset
 * @ops:       its form
 * @name:      of the file
 * @form:      how the form is called
 * @fd:	       the file
 * @size:      bytes
 * @page_size: of the pages in the file, 0 if it does not say
 * @cut:       its end is missing, and what cannot be read may never have been there
 * @partial:   a hole is memory that has been left out, not zeros
 * @left_out:  bytes of that
 * @level:     which these were, as makedumpfile's -d
 * @time:      when it was, in seconds since 1970; 0: unknown
 * @phys_base: what the file says of that, 0 if it does not
 * @problem:   what of its headers is not true, though pages can be read; NULL: all is
 * @why:       why a page could not be read, the last time
 */
struct input {
	const struct input_ops *ops;
	const char *name;
	const char *form;
	int fd;
	uint64_t size;
	uint32_t page_size;
	bool cut;
	bool partial;
	uint64_t left_out;
	unsigned int level;
	uint64_t time;
	uint64_t phys_base;
	const char *problem;
	const char *why;
};

static inline uint64_t input_read(struct input *input, uint64_t offset, void *buf, uint64_t size)
{
	return input->ops->read(input, input->fd, offset, buf, size);
}

static inline bool input_read_exact(struct input *input, uint64_t offset, void *buf, uint64_t size)
{
	return input_read(input, offset, buf, size) == size;
}

static inline void input_close(struct input *input)
{
	if (input)
		input->ops->close(input);
}

enum result input_open(struct input **input, const char *name, int fd);

struct input *file_input(const char *name, int fd);
bool flat_is(struct input *file);
enum result flat_input(struct input **input, struct input *file);
bool kdump_is(struct input *file);
enum result kdump_input(struct input **input, struct input *file);
enum result live_input(struct source *source);

#endif
