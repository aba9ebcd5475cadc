/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the user is told: errors, progress and the status file.
 */
#ifndef VMCORE_SAVE_REPORT_H
#define VMCORE_SAVE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#define __printf(text, arguments) __attribute__((format(printf, text, arguments)))

/* Exit statuses, which functions return as well. */
enum result {
	RESULT_OK = 0,
	RESULT_FAILED = 1,
	RESULT_USAGE = 2,
	RESULT_NO_SPACE = 3,
	RESULT_UNREADABLE = 4,
};

void report_init(bool quiet, const char *status_file);
void report_once(void);
void report_stage(const char *stage);
void report_copy(uint64_t total);
void report_done(uint64_t bytes);
void report_written(uint64_t bytes);
void report_encrypted(uint64_t bytes);
void report_missing(uint64_t bytes);
bool report_incomplete(void);
void report_end(enum result result);

__printf(2, 3)
enum result fail(enum result result, const char *format, ...);
__printf(1, 2)
void loss(const char *format, ...);
__printf(1, 2)
void note(const char *format, ...);

#endif
