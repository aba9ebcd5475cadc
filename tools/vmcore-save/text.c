// SPDX-License-Identifier: GPL-2.0
/*
 * What is written as text: the log, and what is known of the crash.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clean.h"
#include "log.h"
#include "sink.h"
#include "vmcoreinfo.h"

#define NSEC_PER_SEC 1000000000ULL

static void print_prefix(FILE *file, const struct log_record *record)
{
	char caller[16];

	snprintf(caller, sizeof(caller), "%c%u", record->caller & LOG_CALLER_CPU ? 'C' : 'T',
		 record->caller & ~LOG_CALLER_CPU);
	fprintf(file, "[%5llu.%06llu] [%8s] ", record->time / NSEC_PER_SEC,
		record->time % NSEC_PER_SEC / 1000, caller);
}

/* As dmesg: a prefix for each line. */
static void print_message(void *context, const struct log_record *record)
{
	const char *text = record->text, *end = text + record->size, *line_end;
	FILE *file = context;

	for (;; text = line_end + 1) {
		print_prefix(file, record);
		line_end = memchr(text, '\n', end - text);
		clean_print(file, text, (line_end ? line_end : end) - text);
		fputc('\n', file);
		if (!line_end)
			return;
	}
}

static void print_gap(void *context, uint64_t count)
{
	fprintf(context, "<%" PRIu64 " messages could not be read>\n", count);
}

static enum result write_error(const char *name)
{
	return fail(errno == ENOSPC || errno == EDQUOT || errno == EFBIG ?
		    RESULT_NO_SPACE : RESULT_FAILED, "%s: cannot write: %s", name, strerror(errno));
}

/**
 * log_save - write the log to a file
 * @memory: of the crashed kernel
 * @dest:   file, or "-" for the standard output
 *
 * Return: RESULT_OK when all of it could be read and written, or the error, which
 * has been told; then the file has what could be read.
 */
enum result log_save(const struct memory *memory, const char *dest)
{
	static const struct log_reader reader = {
		.message = print_message,
		.gap = print_gap,
	};
	enum result result = RESULT_OK;
	int fd = STDOUT_FILENO;
	FILE *file;

	if (strcmp(dest, "-"))
		result = open_dest(dest, 0, memory->source->fd, &fd);
	if (fd < 0)
		return write_error(dest);
	if (result != RESULT_OK) {
		close(fd);
		return result;
	}
	file = fdopen(fd, "w");
	if (!file)
		return write_error(dest);
	result = log_read(memory, &reader, file);
	if (fflush(file) || ferror(file) || (fsync(fd) && errno != EINVAL && errno != EROFS))
		result = write_error(dest);
	if (fclose(file) && result == RESULT_OK)
		result = write_error(dest);
	return result;
}

/* How messages of a crash begin, in all kernels that have this ring buffer. */
static const char *const signs[] = {
	"Kernel panic - not syncing: ", "BUG: ", "kernel BUG at ", "Oops", "sysrq: Trigger a crash",
	"general protection fault", "divide error: ", "invalid opcode: ", "double fault: ",
	"stack segment: ", "traps: PANIC", "watchdog: BUG: ", "NMI watchdog: BUG: ",
	"watchdog: Watchdog detected hard LOCKUP", "NMI watchdog: Watchdog detected hard LOCKUP",
	"Internal error: ", "Unable to handle kernel ",
};

/* What the log says of the crash. */
struct crash {
	char reason[256];
	unsigned int cpu;
	unsigned int pid;
	bool has_cpu;
	bool has_pid;
	bool settled;	/* these are of the CPU that crashed, not of others that follow */
};

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_sign(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (starts(text, signs[i]))
			return true;
	return false;
}

static void take_reason(struct crash *crash, const char *text, uint32_t caller)
{
	unsigned int number = caller & ~LOG_CALLER_CPU;

	snprintf(crash->reason, sizeof(crash->reason), "%s", text);
	crash->has_cpu = caller & LOG_CALLER_CPU;
	crash->has_pid = !crash->has_cpu;
	crash->settled = false;
	crash->cpu = number;
	crash->pid = number;
}

/* "CPU: 2 UID: 0 PID: 71 Comm: sh" follows the reason, in older kernels without UID. */
static void look_at_message(void *context, const struct log_record *record)
{
	struct crash *crash = context;
	char text[sizeof(crash->reason)];
	size_t size = record->size < sizeof(text) ? record->size : sizeof(text) - 1;
	const char *pid;

	memcpy(text, record->text, size);
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (is_sign(text))
		take_reason(crash, text, record->caller);
	if (!starts(text, "CPU: ") || !crash->reason[0] || crash->settled)
		return;
	crash->settled = true;
	if (sscanf(text, "CPU: %u", &crash->cpu) == 1)
		crash->has_cpu = true;
	pid = strstr(text, " PID: ");
	if (pid && sscanf(pid, " PID: %u", &crash->pid) == 1)
		crash->has_pid = true;
}

static void ignore_gap(void *context, uint64_t count)
{
	(void)context;
	(void)count;
}

static void print_text(const char *name, const char *value)
{
	printf("%s=", name);
	clean_print(stdout, value, strlen(value));
	putchar('\n');
}

static void print_entry(const char *name, const char *info, const char *entry)
{
	char value[256];

	if (info_text(info, entry, value, sizeof(value)))
		print_text(name, value);
}

static void print_names(const struct memory *memory)
{
	struct uts_names names;

	print_entry("release", memory->source->info, "OSRELEASE");
	if (!memory_names(memory, &names))
		return;
	print_text("host", names.field[1]);
	print_text("version", names.field[3]);
	print_text("machine", names.field[4]);
}

/**
 * info_print - print what is known of a crash
 * @memory: of the crashed kernel
 *
 * Lines of NAME=VALUE on the standard output, without those that are not known.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result info_print(const struct memory *memory)
{
	static const struct log_reader reader = {
		.message = look_at_message,
		.gap = ignore_gap,
	};
	const struct source *source = memory->source;
	struct crash crash = { .reason = "" };
	uint64_t bytes = 0;
	size_t i;

	print_names(memory);
	print_entry("build_id", source->info, "BUILD-ID");
	print_entry("crash_time", source->info, "CRASHTIME");
	print_entry("kernel_offset", source->info, "KERNELOFFSET");
	for (i = 0; i < source->range_count; i++)
		bytes += source->ranges[i].size;
	printf("page_size=%u\ncpus=%u\nmemory=%" PRIu64 "\n",
	       source->page_size, source->cpus, bytes);
	log_read(memory, &reader, &crash);
	if (crash.reason[0])
		print_text("reason", crash.reason);
	/* The reason comes from a task as a rule, of which the log does not say where it is. */
	if (!crash.has_cpu && crash.has_pid)
		crash.has_cpu = source_cpu_of(source, crash.pid, &crash.cpu);
	if (crash.has_cpu)
		printf("cpu=%u\n", crash.cpu);
	if (crash.has_pid)
		printf("pid=%u\n", crash.pid);
	return fflush(stdout) ? write_error("standard output") : RESULT_OK;
}
