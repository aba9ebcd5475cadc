// SPDX-License-Identifier: GPL-2.0
/*
 * A fuzzer of all that reads a dump: headers, notes, vmcoreinfo, log, and what saves
 * its pages in each format. libFuzzer makes the inputs, sanitizers look on.
 *
 * The first two bytes of an input say how it is saved, the rest is the dump.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../log.h"
#include "../save.h"

#define INPUT_MAX 1048576

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory, and a name by which it can be opened. */
struct file {
	int fd;
	char name[32];
};

static struct file create_file(const char *label)
{
	struct file file = { .fd = memfd_create(label, MFD_CLOEXEC) };

	if (file.fd < 0)
		abort();
	snprintf(file.name, sizeof(file.name), "/proc/self/fd/%d", file.fd);
	return file;
}

static void count_message(void *context, const struct log_record *record)
{
	uint64_t *bytes = context;
	size_t i;

	for (i = 0; i < record->size; i++)
		*bytes += (unsigned char)record->text[i];
}

static void count_gap(void *context, uint64_t count)
{
	uint64_t *bytes = context;

	*bytes += count;
}

static void read_texts(const struct source *source)
{
	static const struct log_reader reader = {
		.message = count_message,
		.gap = count_gap,
	};
	struct memory memory;
	uint64_t bytes = 0;

	memory_init(&memory, source);
	log_read(&memory, &reader, &bytes);
	info_print(&memory);
}

static void save_dump(struct source *source, uint8_t how, uint8_t method)
{
	static const enum compression methods[] = {
		COMPRESS_ZSTD, COMPRESS_ZLIB, COMPRESS_LZO, COMPRESS_NONE,
	};
	enum sink_form form = how % 4 == 1 ? SINK_FLAT : SINK_AS_IS;
	struct file dest = create_file("dest");
	struct sink sink = { .fd = -1 };
	struct save save = {
		.source = source,
		.sink = &sink,
		.compression = methods[method % 4],
		.threads = 1 + (how >> 4) % 2,
	};
	enum result result = sink_open(&sink, dest.name, form, source->fd);

	source->filtered |= !!(how & 8);
	if (method & 4)
		source->filter = filter_create(source, method >> 3);
	if (source->filter)
		source->filtered = true;
	report_missing(source->lost);
	if (result == RESULT_OK)
		result = how % 4 == 2 ? save_elf(&save) : save_kdump(&save);
	sink_close(&sink);
	close(dest.fd);
	/* Nothing fails here but a check of the program itself. */
	if (result == RESULT_FAILED)
		abort();
}

/**
 * LLVMFuzzerTestOneInput - read and save a dump
 * @data: how it is saved, and the dump
 * @size: its bytes
 *
 * Return: 0, as libFuzzer wants.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source source = { .fd = -1 };
	struct file input;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	input = create_file("source");
	if (write(input.fd, data + 2, size - 2) != (ssize_t)size - 2)
		abort();
	report_init(true, NULL);
	if (source_open(&source, input.name) == RESULT_OK) {
		read_texts(&source);
		source_verify(&source);
		save_dump(&source, data[0], data[1]);
	}
	source_close(&source);
	close(input.fd);
	return 0;
}
