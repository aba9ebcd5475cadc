/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log of the crashed kernel.
 */
#ifndef VMCORE_SAVE_LOG_H
#define VMCORE_SAVE_LOG_H

#include "memory.h"

#define LOG_TEXT_MAX 65536	/* its length has 16 bits */

/**
 * struct log_record - a message
 * @time:   nanoseconds since boot
 * @caller: thread number, or CPU number with the topmost bit set
 * @size:   bytes of @text
 * @text:   may have several lines, without the last newline
 */
struct log_record {
	uint64_t time;
	uint32_t caller;
	size_t size;
	const char *text;
};

#define LOG_CALLER_CPU 0x80000000U

/**
 * struct log_reader - what is done with a log
 * @message: called for each message in their order
 * @gap:     called where so many messages could not be read
 */
struct log_reader {
	void (*message)(void *context, const struct log_record *record);
	void (*gap)(void *context, uint64_t count);
};

enum result log_read(const struct memory *memory, const struct log_reader *reader, void *context);
enum result log_save(const struct memory *memory, const char *dest);
enum result info_print(const struct memory *memory);

#endif
