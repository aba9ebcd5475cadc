// SPDX-License-Identifier: GPL-2.0
/*
 * vmcore-save: save the memory of a crashed kernel, from the kernel that runs
 * after the crash, or convert a saved dump.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "log.h"
#include "save.h"

/* Tests have a folder of their own for that. */
#ifndef PROC
#define PROC "/proc"
#endif

#define VMCORE PROC "/vmcore"
#define VMCORE_KERN PROC "/vmcore-kern"
#define VMCORE_KERN_LEVEL PROC "/vmcore-kern-level"
#define DEFAULT_THREADS_MAX 16
#define CPUS_MAX 1048576

#define LEVEL_MAX 31

enum format {
	FORMAT_KDUMP,
	FORMAT_ELF,
	FORMAT_FLAT,
};

enum task {
	TASK_SAVE,
	TASK_LOG,
	TASK_INFO,
};

struct options {
	enum task task;
	int level;		/* -1: not given */
	enum format format;
	enum compression compression;
	unsigned int threads;
	bool quiet;
	uint64_t limit;		/* 0: none */
	const char *status_file;
	bool for_saving;	/* an option was given that only saving has */
	const char *source;
	const char *dest;
};

static const char usage_text[] =
	"Usage: vmcore-save [OPTION...] [SOURCE] DEST\n"
	"       vmcore-save --dmesg SOURCE DEST\n"
	"       vmcore-save --info SOURCE\n"
	"\n"
	"Save the memory of a crashed kernel. SOURCE is an ELF core file of a machine,\n"
	"by default " VMCORE_KERN ", or " VMCORE " where there is none or with -l 0 or 1.\n"
	"DEST is a file, a block device, or - for the standard output.\n"
	"\n"
	"  -l LEVEL     what to leave out, 0 to 31: sum of 1 (zeros), 2 (page cache),\n"
	"               4 (private page cache), 8 (user), 16 (free); also -d LEVEL\n"
	"  -F FORMAT    kdump (default), elf or flat\n"
	"  -c METHOD    zstd (default), zlib, lzo or none\n"
	"  -t THREADS   number of threads, by default one for each CPU\n"
	"  -m BYTES     use no more than the first BYTES of DEST\n"
	"  -q           no progress\n"
	"  -s FILE      keep the state in FILE, as NAME=VALUE lines\n"
	"  --dmesg      write the log of the crashed kernel instead, as text\n"
	"  --info       print what is known of the crash, as NAME=VALUE lines\n"
	"  --version    print the version\n"
	"  -h, --help   show this text\n"
	"\n"
	"Exit status: 0 all saved, 1 error, 2 wrong usage, 3 no space, 4 not all could be read.\n";

static const char version_text[] = "vmcore-save, for Linux 6.12 (" VERSION ")\n";

static bool parse_number(const char *text, long min, long max, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno && *ret >= min && *ret <= max;
}

static bool parse_format(const char *name, enum format *ret)
{
	static const char *const names[] = {
		[FORMAT_KDUMP] = "kdump",
		[FORMAT_ELF] = "elf",
		[FORMAT_FLAT] = "flat",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(name, names[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool set_option(struct options *options, int letter, const char *value)
{
	long number;

	options->for_saving |= letter != 'D' && letter != 'I';
	switch (letter) {
	case 'd':
	case 'l':
		if (!parse_number(value, 0, LEVEL_MAX, &number))
			return false;
		options->level = number;
		return true;
	case 't':
		if (!parse_number(value, 1, THREADS_MAX, &number))
			return false;
		options->threads = number;
		return true;
	case 'm':
		if (!parse_number(value, SINK_ALIGN, LONG_MAX, &number))
			return false;
		options->limit = number / SINK_ALIGN * SINK_ALIGN;
		return true;
	case 'F':
		return parse_format(value, &options->format);
	case 'c':
		return compression_parse(value, &options->compression);
	case 's':
		options->status_file = value;
		return true;
	case 'q':
		options->quiet = true;
		return true;
	case 'D':
		options->task = TASK_LOG;
		return true;
	case 'I':
		options->task = TASK_INFO;
		return true;
	}
	return false;
}

/* Print a text that was asked for. */
static enum result print_text(const char *text)
{
	if (fputs(text, stdout) >= 0 && !fflush(stdout))
		return RESULT_OK;
	return fail(RESULT_FAILED, "standard output: cannot write: %s", strerror(errno));
}

static enum result take_files(struct options *options, int count, char **files)
{
	static const int wanted[] = { [TASK_SAVE] = 1, [TASK_LOG] = 2, [TASK_INFO] = 1 };
	int missing = wanted[options->task] - count;

	if (missing > 0)
		return fail(RESULT_USAGE, "%s is missing, see vmcore-save -h",
			    options->task == TASK_SAVE ? "DEST" : "SOURCE or DEST");
	if (count > 2 || (options->task == TASK_INFO && count > 1))
		return fail(RESULT_USAGE, "too many arguments, see vmcore-save -h");
	if (options->task != TASK_SAVE || count == 2)
		options->source = files[0];
	if (options->task != TASK_INFO)
		options->dest = files[count - 1];
	return RESULT_OK;
}

static enum result parse_options(struct options *options, int argc, char **argv)
{
	static const struct option words[] = {
		{ "dmesg", no_argument, NULL, 'D' },
		{ "info", no_argument, NULL, 'I' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "+d:l:F:c:t:m:s:qh", words, NULL)) != -1) {
		if (letter == 'h' || letter == 'V')
			exit(print_text(letter == 'h' ? usage_text : version_text));
		if (letter == '?')
			return RESULT_USAGE;
		if (!set_option(options, letter, optarg))
			return fail(RESULT_USAGE, "-%c cannot be '%s', see vmcore-save -h",
				    letter, optarg);
	}
	if (options->task != TASK_SAVE && options->for_saving)
		return fail(RESULT_USAGE, "--dmesg and --info have no other options");
	return take_files(options, argc - optind, argv + optind);
}

/* Of the CPUs that there may be; the kernel says how many these are by what it refuses. */
static unsigned int cpu_count(void)
{
	unsigned int possible, count = 1;
	cpu_set_t *set;

	for (possible = 1024; possible <= CPUS_MAX; possible *= 2) {
		set = CPU_ALLOC(possible);
		if (!set)
			break;
		if (!sched_getaffinity(0, CPU_ALLOC_SIZE(possible), set)) {
			count = CPU_COUNT_S(CPU_ALLOC_SIZE(possible), set);
			CPU_FREE(set);
			break;
		}
		CPU_FREE(set);
	}
	return count < DEFAULT_THREADS_MAX ? count : DEFAULT_THREADS_MAX;
}

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
		source->filtered = source->filter;
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
		.level = options->level,
		.threads = options->threads,
	};
	enum result result;

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
	enum result result = source_open(&source, options->source);
	struct memory memory;

	if (result == RESULT_OK) {
		memory_init(&memory, &source);
		result = options->task == TASK_LOG ? log_save(&memory, options->dest) :
						     info_print(&memory);
	}
	source_close(&source);
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
	struct options options = {
		.level = -1,
		.compression = COMPRESS_ZSTD,
		.threads = cpu_count(),
	};
	enum result result;

	keep_standard_streams();
	result = parse_options(&options, argc, argv);
	if (result != RESULT_OK)
		return result;
	return options.task == TASK_SAVE ? save(&options) : print(&options);
}
