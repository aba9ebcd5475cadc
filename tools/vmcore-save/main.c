// SPDX-License-Identifier: GPL-2.0
/*
 * vmcore-save: save the memory of a crashed kernel, from the kernel that runs
 * after the crash, or convert a saved dump.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "age.h"
#include "interrupt.h"
#include "log.h"
#include "options.h"
#include "save.h"

#define VMCORE_KERN_LEVEL PROC "/vmcore-kern-level"

static bool set_filter_level(unsigned int level)
{
	char text[8];
	int length = snprintf(text, sizeof(text), "%u\n", level);
	int fd = open(VMCORE_KERN_LEVEL, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, length) == length;

	if (fd >= 0)
		close(fd);
	return ok;
}

static unsigned int filter_level(void)
{
	unsigned int level = LEVEL_MAX;
	FILE *file = fopen(VMCORE_KERN_LEVEL, "re");

	if (file) {
		if (fscanf(file, "%u", &level) != 1 || level > LEVEL_MAX)
			level = LEVEL_MAX;
		fclose(file);
	}
	return level;
}

/*
 * Pages of zeros are found here, while they are read anyway, and stay known as
 * such; as holes they could not be told from those left out.
 */
static enum result open_filtered(struct options *options, struct source *source)
{
	unsigned int before = filter_level();
	enum result result;

	if (options->level < 0)
		options->level = before;
	if (!set_filter_level(options->level & ~LEVEL_ZERO)) {
		/* Better another set of pages than no dump. */
		note(VMCORE_KERN_LEVEL ": cannot set level %d, so it is %u: %s", options->level,
		     before, strerror(errno));
		options->level = before;
	}
	result = source_open(source, options->source);
	source->filtered = true;
	source_set_content(source, VMCORE);
	set_filter_level(before);
	return result;
}

/*
 * The kernel that shows the dump leaves nothing out, so that is done here. At level 1
 * that is what must not be read.
 */
static enum result open_unfiltered(struct options *options, struct source *source)
{
	bool asked = options->level > 0;
	enum result result = source_open(source, options->source);

	/* Of a file that somebody has named, nothing is left out unless that is asked for. */
	if (!asked)
		options->level = LEVEL_ZERO;
	if (result == RESULT_OK && asked) {
		source->filter = filter_create(source, options->level);
		source->filtered |= !!source->filter;
		if (!source->filter)
			options->level = LEVEL_ZERO;
	}
	return result;
}

static enum result open_source(struct options *options, struct source *source)
{
	if (!options->source) {
		if (options->level < 0)
			options->level = filter_level();
		options->source = options->level > LEVEL_ZERO && !access(VMCORE_KERN, R_OK) ?
				  VMCORE_KERN : VMCORE;
	}
	if (!strcmp(options->source, VMCORE_KERN))
		return open_filtered(options, source);
	return open_unfiltered(options, source);
}

/* What the result cannot say by itself. */
static void tell_input(const struct source *source)
{
	if (source->left_out)
		note("%s: %" PRIu64 " pages have been left out of it already", source->name,
		     source->left_out >> source->page_shift);
	if (source->live)
		note("%s: the kernel runs meanwhile, so pages are of different times",
		     source->name);
}

static enum result save_format(struct options *options, struct source *source)
{
	static const enum sink_form forms[] = {
		[FORMAT_KDUMP] = SINK_FLAT_PIPE,
		[FORMAT_ELF] = SINK_AS_IS,
		[FORMAT_FLAT] = SINK_FLAT,
	};
	enum sink_form form = forms[options->format];
	struct sink sink = { .fd = -1 };
	struct save save = {
		.source = source,
		.sink = &sink,
		.compression = options->compression,
		.fast = options->fast,
		.level = options->level | source->input->level,
		.threads = options->threads,
	};
	enum result result;

	tell_input(source);
	if (source->lost)
		loss("%s: %" PRIu64 " bytes that its headers name are not in it", source->name,
		     source->lost);
	report_missing(source->lost);
	result = sink_open(&sink, options->dest, form, source->fd);
	if (options->limit && options->limit < sink.limit)
		sink.limit = options->limit;
	/* Nothing of an earlier dump is to be taken for this one. */
	if (result == RESULT_OK && sink.kind == SINK_BLOCK)
		result = sink_zero(&sink, 0, SINK_ALIGN);
	if (result == RESULT_OK && options->encrypt)
		result = sink_encrypt(&sink, &options->recipient, form);
	if (result == RESULT_OK)
		result = options->format == FORMAT_ELF ? save_elf(&save) : save_kdump(&save);
	sink_close(&sink);
	if (result == RESULT_OK && report_incomplete())
		result = fail(RESULT_UNREADABLE,
			      "%s: not all of it could be read; the dump is marked as incomplete",
			      source->name);
	return result;
}

/* The state may not replace what is read or written. */
static enum result check_status_file(const struct options *options)
{
	const char *const others[] = { options->source, options->dest };
	struct stat status, other;
	size_t i;

	for (i = 0; options->status_file && i < 2; i++) {
		if (!others[i])
			continue;
		if (!strcmp(options->status_file, others[i]) ||
		    (!stat(options->status_file, &status) && !stat(others[i], &other) &&
		     S_ISREG(status.st_mode) && status.st_dev == other.st_dev &&
		     status.st_ino == other.st_ino))
			return fail(RESULT_USAGE, "-s and %s are the same file", others[i]);
	}
	return RESULT_OK;
}

static enum result save(struct options *options)
{
	struct source source = { .fd = -1 };
	enum result result = check_status_file(options);

	if (result != RESULT_OK)
		return result;
	report_init(options->quiet, options->status_file);
	interrupt_init();
	result = open_source(options, &source);
	if (result == RESULT_OK)
		result = save_format(options, &source);
	source_close(&source);
	report_end(result);
	return result;
}

static enum result print(const struct options *options)
{
	struct source source = { .fd = -1 };
	struct memory memory;
	enum result result;

	if (options->task == TASK_VERIFY)
		report_once();
	result = source_open(&source, options->source);
	if (result == RESULT_OK && options->task == TASK_VERIFY) {
		result = source_verify(&source);
	} else if (result == RESULT_OK) {
		memory_init(&memory, &source);
		result = options->task == TASK_LOG ? log_save(&memory, options->dest) :
						     info_print(&memory);
	}
	source_close(&source);
	return result;
}

/* Encrypt the standard input. */
static enum result encrypt(const struct options *options)
{
	enum result result;

	report_init(true, options->status_file);
	interrupt_init();
	result = age_filter(options->dest, &options->recipient);
	report_end(result);
	return result;
}

/*
 * Without standard streams the next files to be opened would take their place, and a
 * message would go into the dump. Whatever stands in for them cannot be written.
 */
static void keep_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		if (fd < 0)
			fd = open("/", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct options options;
	enum result result;

	keep_standard_streams();
	result = options_parse(&options, argc, argv);
	if (result != RESULT_OK)
		return result;
	if (options.task == TASK_SAVE)
		return save(&options);
	if (options.task == TASK_ENCRYPT)
		return encrypt(&options);
	return print(&options);
}
