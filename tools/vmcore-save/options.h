/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line.
 */
#ifndef VMCORE_SAVE_OPTIONS_H
#define VMCORE_SAVE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "age.h"
#include "compress.h"
#include "report.h"

/* Tests have a folder of their own for that. */
#ifndef PROC
#define PROC "/proc"
#endif

#define VMCORE PROC "/vmcore"
#define VMCORE_KERN PROC "/vmcore-kern"

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
	TASK_VERIFY,
	TASK_ENCRYPT,
};

/**
 * struct options - what the user wants
 * @task:	 what is to be done
 * @level:	 what to leave out, or -1 if that is not given
 * @format:	 of the dump
 * @compression: of its pages
 * @threads:	 how many read and compress
 * @quiet:	 without progress
 * @limit:	 bytes of the destination that may be used; 0: all
 * @status_file: where the state is kept, or NULL
 * @fast:	 take less time, for more space
 * @for_saving:	 an option was given that only saving has
 * @encrypt:	 to the recipient
 * @recipient:	 whose key that is
 * @source:	 file to read, or NULL
 * @dest:	 file to write, or NULL
 */
struct options {
	enum task task;
	int level;
	enum format format;
	enum compression compression;
	unsigned int threads;
	bool quiet;
	uint64_t limit;
	const char *status_file;
	bool fast;
	bool for_saving;
	bool encrypt;
	struct recipient recipient;
	const char *source;
	const char *dest;
};

enum result options_parse(struct options *options, int argc, char **argv);

#endif
