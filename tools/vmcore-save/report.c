// SPDX-License-Identifier: GPL-2.0
/*
 * What the user is told: errors, progress and the status file.
 *
 * The status file is replaced as a whole each time, so that a script which
 * reads it meanwhile finds all lines, and the last state is left after a crash.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clean.h"
#include "report.h"

#define MIB 1048576.0

/* A message with the longest name of a file. */
#define TEXT_SIZE 4608

/* Only the main thread reports. */
static struct {
	bool quiet;
	bool once;		/* nothing but the first error is told */
	const char *status_file;
	const char *stage;
	uint64_t bytes;		/* of the source, done */
	uint64_t total;		/* of the source, to do */
	uint64_t written;	/* to the destination */
	uint64_t missing;	/* of the source, not readable */
	uint64_t encrypted;	/* size of the encrypted file, 0 until it has its end */
	bool incomplete;	/* something of the source is not in the destination */
	bool unwritable;	/* the status file cannot be written, and that has been told */
	double start;		/* of all */
	double copy_start;
	double shown;		/* when progress was shown last */
	char error[TEXT_SIZE];	/* the first one */
} report;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* A dump is not given up for that. */
static void complain(void)
{
	if (!report.unwritable)
		note("%s: the state cannot be kept there: %s", report.status_file, strerror(errno));
	report.unwritable = true;
}

static void write_status(void)
{
	char new_name[4096];
	FILE *file;
	bool ok;

	if (!report.status_file)
		return;
	if (snprintf(new_name, sizeof(new_name), "%s.new", report.status_file) >=
	    (int)sizeof(new_name)) {
		errno = ENAMETOOLONG;
		complain();
		return;
	}
	file = fopen(new_name, "we");
	if (!file) {
		complain();
		return;
	}
	fprintf(file, "stage=%s\nbytes=%" PRIu64 "\ntotal=%" PRIu64 "\n", report.stage,
		report.bytes, report.total);
	fprintf(file, "written=%" PRIu64 "\nmissing=%" PRIu64 "\n", report.written, report.missing);
	if (report.encrypted)
		fprintf(file, "encrypted=%" PRIu64 "\n", report.encrypted);
	fprintf(file, "seconds=%.1f\nerror=", now() - report.start);
	clean_print(file, report.error, strlen(report.error));
	fputc('\n', file);
	ok = !ferror(file);
	if (fclose(file) || !ok || rename(new_name, report.status_file)) {
		complain();
		remove(new_name);
	}
}

static void show_progress(double time)
{
	double seconds = time - report.copy_start;
	double rate = seconds > 0 ? report.bytes / seconds : 0;
	double left = rate > 0 ? (report.total - report.bytes) / rate : 0;

	fprintf(stderr, "vmcore-save: %3.0f%%, %.1f of %.1f MiB, %.1f MiB/s, %.0f s left\n",
		report.total ? 100.0 * report.bytes / report.total : 100.0,
		report.bytes / MIB, report.total / MIB, rate / MIB, left);
}

/**
 * report_init - say how to report
 * @quiet:	 no progress
 * @status_file: file to keep the state in, or NULL
 */
void report_init(bool quiet, const char *status_file)
{
	memset(&report, 0, sizeof(report));
	report.quiet = quiet;
	report.status_file = status_file;
	report.stage = "start";
	report.start = now();
	report.copy_start = report.start;
	report.shown = report.start;
	write_status();
}

/**
 * report_once - tell nothing but the first error
 */
void report_once(void)
{
	report.once = true;
}

/**
 * report_stage - a new stage begins
 * @stage: its name, kept
 *
 * What has been done stays as it is.
 */
void report_stage(const char *stage)
{
	report.stage = stage;
	write_status();
}

/**
 * report_copy - the stage begins in which the source is copied
 * @total: its bytes
 */
void report_copy(uint64_t total)
{
	report.bytes = 0;
	report.total = total;
	report.copy_start = now();
	report_stage("copy");
}

/* Once a second, whatever it is that goes on. */
static void refresh(void)
{
	double time = now();

	if (time - report.shown < 1)
		return;
	report.shown = time;
	if (!report.quiet)
		show_progress(time);
	write_status();
}

/**
 * report_done - so many more bytes of the source are done
 * @bytes: their number
 */
void report_done(uint64_t bytes)
{
	report.bytes += bytes;
	if (report.bytes > report.total)
		report.total = report.bytes;
	refresh();
}

/**
 * report_written - so many more bytes have gone to the destination
 * @bytes: their number
 *
 * While a hole is filled nothing of the source is done, for minutes maybe.
 */
void report_written(uint64_t bytes)
{
	report.written += bytes;
	refresh();
}

/**
 * report_encrypted - the encrypted file has its end
 * @bytes: its size, which on a disk nothing else tells
 */
void report_encrypted(uint64_t bytes)
{
	report.encrypted = bytes;
}

/**
 * report_missing - so many bytes of the source could not be read
 * @bytes: their number
 */
void report_missing(uint64_t bytes)
{
	if (!bytes)
		return;
	if (__builtin_add_overflow(report.missing, bytes, &report.missing))
		report.missing = UINT64_MAX;
	report.incomplete = true;
}

/**
 * report_incomplete - tell whether the destination lacks something
 *
 * The headers of each format say this.
 *
 * Return: whether a loss has been told.
 */
bool report_incomplete(void)
{
	return report.incomplete;
}

/**
 * report_end - all is over
 * @result: how it went
 */
void report_end(enum result result)
{
	if (!report.quiet && result == RESULT_OK)
		fprintf(stderr, "vmcore-save: saved %.1f MiB as %.1f MiB in %.1f s\n",
			report.bytes / MIB, report.written / MIB, now() - report.start);
	report.stage = result == RESULT_OK ? "done" : "failed";
	write_status();
}

static void print_message(const char *format, va_list arguments, char *text)
{
	vsnprintf(text, TEXT_SIZE, format, arguments);
	fputs("vmcore-save: ", stderr);
	clean_print(stderr, text, strlen(text));
	fputc('\n', stderr);
}

/* The first error is the one that the status file keeps. */
static void tell_error(const char *format, va_list arguments)
{
	char text[TEXT_SIZE];

	if (report.once && report.error[0])
		return;
	print_message(format, arguments, text);
	if (!report.error[0])
		memcpy(report.error, text, sizeof(text));
}

/**
 * fail - tell of an error
 * @result: what kind it is
 * @format: what is wrong, and where, without a newline
 *
 * Return: @result, for the caller to return.
 */
enum result fail(enum result result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell_error(format, arguments);
	va_end(arguments);
	return result;
}

/**
 * loss - tell of something that will not be in the destination
 * @format: what, without a newline
 *
 * Saving goes on with all the rest.
 */
void loss(const char *format, ...)
{
	va_list arguments;

	report.incomplete = true;
	va_start(arguments, format);
	tell_error(format, arguments);
	va_end(arguments);
}

/**
 * note - tell of something that is no error but ought to be known
 * @format: what, without a newline
 */
void note(const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	if (report.once)
		return;
	va_start(arguments, format);
	print_message(format, arguments, text);
	va_end(arguments);
}
