/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flattened form of a dump file, which can be sent through a pipe: a
 * header, then records, each with an offset and so many bytes to put there.
 * All numbers are big-endian. Described in makedumpfile's file IMPLEMENTATION;
 * "makedumpfile -R" makes a dump file of it, and crash reads it as it is.
 */
#ifndef VMCORE_SAVE_FLAT_H
#define VMCORE_SAVE_FLAT_H

#include <assert.h>
#include <stdint.h>

#define FLAT_SIGNATURE "makedumpfile"
#define FLAT_TYPE 1
#define FLAT_VERSION 1
#define FLAT_END (-1ULL)	/* offset and size of the last record */

struct flat_header {
	char signature[16];
	uint64_t type;
	uint64_t version;
	char unused[4096 - 32];
};

static_assert(sizeof(struct flat_header) == 4096, "the records follow at 4096");

struct flat_record {
	uint64_t offset;
	uint64_t size;
};

#endif
