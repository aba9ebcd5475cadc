// SPDX-License-Identifier: GPL-2.0
/*
 * The command line.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "save.h"

#define DEFAULT_THREADS_MAX 16
#define CPUS_MAX 1048576

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

static const char usage_text[] =
	"Usage: vmcore-save [OPTION...] [SOURCE] DEST\n"
	"       vmcore-save --dmesg SOURCE DEST\n"
	"       vmcore-save --info SOURCE\n"
	"       vmcore-save --verify SOURCE\n"
	"       vmcore-save --encrypt --recipient RECIPIENT DEST\n"
	"\n"
	"Save the memory of a crashed kernel. SOURCE is a dump, ELF or\n"
	"kdump-compressed, also flattened, or /proc/kcore of the kernel that runs; by\n"
	"default " VMCORE_KERN ", or " VMCORE " where there is none or with -l 0 or 1.\n"
	"DEST is a file, a block device, or - for the standard output.\n"
	"\n"
	"  -l LEVEL     what to leave out, 0 to 31: sum of 1 (zeros), 2 (page cache),\n"
	"               4 (private page cache), 8 (user), 16 (free); also -d LEVEL\n"
	"  -F FORMAT    kdump (default), elf or flat\n"
	"  -c METHOD    zstd (default), zlib, lzo or none\n"
	"  --fast       zstd in less time, to more bytes\n"
	"  -t THREADS   number of threads, by default one for each CPU\n"
	"  -m BYTES     use no more than the first BYTES of DEST\n"
	"  -q           no progress\n"
	"  -s FILE      keep the state in FILE, as NAME=VALUE lines\n"
	"  --recipient RECIPIENT\n"
	"               encrypt DEST to a public key of age, age1...\n"
	"  --check-recipient RECIPIENT\n"
	"               only tell whether it is one\n"
	"  --encrypt    encrypt the standard input instead\n"
	"  --dmesg      write the log of the crashed kernel instead, as text\n"
	"  --info       print what is known of the crash, as NAME=VALUE lines\n"
	"  --verify     read all pages, and say in a line what is wrong\n"
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

	options->for_saving |= !strchr("DIEYRs", letter);
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
	case 'f':
		options->fast = true;
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
	case 'Y':
		options->task = TASK_VERIFY;
		return true;
	case 'E':
		options->task = TASK_ENCRYPT;
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
	static const struct {
		int least, most;
		const char *names;
	} wanted[] = {
		[TASK_SAVE] = { 1, 2, "DEST" },
		[TASK_LOG] = { 2, 2, "SOURCE or DEST" },
		[TASK_INFO] = { 1, 1, "SOURCE" },
		[TASK_VERIFY] = { 1, 1, "SOURCE" },
		[TASK_ENCRYPT] = { 1, 1, "DEST" },
	};
	bool alone = options->task == TASK_INFO || options->task == TASK_VERIFY;

	if (count < wanted[options->task].least)
		return fail(RESULT_USAGE, "%s is missing, see vmcore-save -h",
			    wanted[options->task].names);
	if (count > wanted[options->task].most)
		return fail(RESULT_USAGE, "too many arguments, see vmcore-save -h");
	if (alone || options->task == TASK_LOG || count == 2)
		options->source = strcmp(files[0], "-") ? files[0] : "/dev/stdin";
	if (!alone)
		options->dest = files[count - 1];
	return RESULT_OK;
}

/* Not every option goes with every other. */
static enum result check_together(const struct options *options)
{
	if (options->fast && (options->compression != COMPRESS_ZSTD ||
			      options->format == FORMAT_ELF))
		return fail(RESULT_USAGE, "--fast is for zstd");
	if ((options->task == TASK_ENCRYPT && !options->encrypt) ||
	    (options->encrypt && options->task != TASK_ENCRYPT && options->task != TASK_SAVE))
		return fail(RESULT_USAGE,
			    "--encrypt needs --recipient; --dmesg, --info and --verify have none");
	if ((options->task != TASK_SAVE && options->for_saving) ||
	    (options->status_file && !options->encrypt && options->task != TASK_SAVE))
		return fail(RESULT_USAGE, "only saving has all options, see vmcore-save -h");
	return RESULT_OK;
}

/**
 * options_parse - read the command line
 * @options: receives what it says, or what holds by default
 * @argc:    number of its words
 * @argv:    the words
 *
 * Ends the program if all that is wanted is a text.
 *
 * Return: RESULT_OK or RESULT_USAGE, which has been told.
 */
enum result options_parse(struct options *options, int argc, char **argv)
{
	static const struct option words[] = {
		{ "dmesg", no_argument, NULL, 'D' },
		{ "info", no_argument, NULL, 'I' },
		{ "verify", no_argument, NULL, 'Y' },
		{ "fast", no_argument, NULL, 'f' },
		{ "encrypt", no_argument, NULL, 'E' },
		{ "recipient", required_argument, NULL, 'R' },
		{ "check-recipient", required_argument, NULL, 'C' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	enum result result;
	int letter;

	*options = (struct options){
		.level = -1,
		.compression = COMPRESS_ZSTD,
		.threads = cpu_count(),
	};
	while ((letter = getopt_long(argc, argv, "+d:l:F:c:t:m:s:qh", words, NULL)) != -1) {
		if (letter == 'h' || letter == 'V')
			exit(print_text(letter == 'h' ? usage_text : version_text));
		if (letter == 'C')
			exit(recipient_parse(optarg, &options->recipient));
		if (letter == '?')
			return RESULT_USAGE;
		if (letter == 'R') {
			if (recipient_parse(optarg, &options->recipient) != RESULT_OK)
				return RESULT_USAGE;
			options->encrypt = true;
			continue;
		}
		if (!set_option(options, letter, optarg))
			return fail(RESULT_USAGE, "-%c cannot be '%s', see vmcore-save -h",
				    letter, optarg);
	}
	result = check_together(options);
	if (result != RESULT_OK)
		return result;
	return take_files(options, argc - optind, argv + optind);
}
