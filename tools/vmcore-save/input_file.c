// SPDX-License-Identifier: GPL-2.0
/*
 * A file as it is, and which form it has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"

static uint64_t read_file(struct input *input, int fd, uint64_t offset, void *buf, uint64_t size)
{
	uint64_t done = 0;
	ssize_t got;

	(void)input;
	while (done < size) {
		got = pread(fd, (char *)buf + done, size - done, offset + done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += got;
	}
	return done;
}

static uint64_t size_now(const struct input *input)
{
	struct stat status;
	off_t end;

	if (!fstat(input->fd, &status) && S_ISREG(status.st_mode))
		return status.st_size;
	end = lseek(input->fd, 0, SEEK_END);
	return end < 0 ? 0 : end;
}

static uint64_t data_of_file(struct input *input, uint64_t offset, uint64_t end)
{
	off_t found = lseek(input->fd, offset, SEEK_DATA);
	uint64_t present;

	if (found < 0 && errno == ENXIO) {
		/* A hole at the end; or the file has become shorter, which is no hole. */
		present = size_now(input);
		if (present >= end)
			return end;
		return present > offset ? present : offset;
	}
	if (found < 0)
		return offset;
	/* A file that goes backwards would have us go on for ever. */
	if ((uint64_t)found < offset)
		return offset;
	return (uint64_t)found < end ? (uint64_t)found : end;
}

static uint64_t hole_of_file(struct input *input, uint64_t offset, uint64_t end)
{
	off_t found = lseek(input->fd, offset, SEEK_HOLE);

	if (found < 0 || (uint64_t)found <= offset || (uint64_t)found > end)
		return end;
	return found;
}

static void close_file(struct input *input)
{
	free(input);
}

/**
 * file_input - take a file as it is
 * @name: of the file, kept
 * @fd:	  in which one can seek, kept, and not closed
 *
 * Return: the input, NULL if there is no memory.
 */
struct input *file_input(const char *name, int fd)
{
	static const struct input_ops ops = {
		.read = read_file,
		.data = data_of_file,
		.hole = hole_of_file,
		.close = close_file,
	};
	struct input *input = calloc(1, sizeof(*input));

	if (!input)
		return NULL;
	*input = (struct input){ .ops = &ops, .name = name, .form = "ELF", .fd = fd };
	input->size = size_now(input);
	return input;
}

/* Forms that are not taken, by how they begin. */
static const char *foreign_form(struct input *file)
{
	static const struct {
		const char *signature;
		const char *name;
	} forms[] = {
		{ "DISKDUMP", "a diskdump" },
		{ "PAGEDUMP", "a crash dump of Windows" },
		{ "PAGEDU64", "a crash dump of Windows" },
		{ "LibvirtQemud",
		  "a saved state of libvirt, not a dump: virsh dump --memory-only" },
		{ "QEVM", "a saved state of QEMU, not a dump: dump-guest-memory makes one" },
		{ "\x1f\x8b", "compressed as a whole: unpack it first" },
		{ "\x28\xb5\x2f\xfd", "compressed as a whole: unpack it first" },
		{ "\xfd\067zXZ", "compressed as a whole: unpack it first" },
	};
	char head[16] = "";
	size_t i;

	input_read(file, 0, head, sizeof(head));
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!memcmp(head, forms[i].signature, strlen(forms[i].signature)))
			return forms[i].name;
	return NULL;
}

/**
 * input_open - find out which form a file has
 * @input: receives what to read it by, to be given to input_close() in any case
 * @name:  of the file, kept
 * @fd:	   in which one can seek, kept, and not closed
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result input_open(struct input **input, const char *name, int fd)
{
	enum result result = RESULT_OK;
	const char *foreign;

	*input = file_input(name, fd);
	if (!*input)
		return fail(RESULT_FAILED, "%s: no memory to read it", name);
	if (flat_is(*input))
		result = flat_input(input, *input);
	if (result == RESULT_OK && kdump_is(*input))
		return kdump_input(input, *input);
	if (result != RESULT_OK)
		return result;
	foreign = foreign_form(*input);
	return foreign ? fail(RESULT_UNREADABLE, "%s: this is %s", name, foreign) : RESULT_OK;
}
