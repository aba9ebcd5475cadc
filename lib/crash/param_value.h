/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The value of a crashkernel= option: between param.c, which finds the option,
 * and param_value.c, which reads the value.
 */
#ifndef _LIB_CRASH_PARAM_VALUE_H
#define _LIB_CRASH_PARAM_VALUE_H

#include <linux/types.h>

struct crashkernel_spec;

/**
 * enum crashkernel_kind - kinds of crashkernel= options
 * @CRASHKERNEL_PLAIN: a size, a list of ranges, or "auto"
 * @CRASHKERNEL_HIGH: a size with ",high"
 * @CRASHKERNEL_LOW: a size with ",low"
 * @CRASHKERNEL_KINDS: number of kinds
 */
enum crashkernel_kind {
	CRASHKERNEL_PLAIN,
	CRASHKERNEL_HIGH,
	CRASHKERNEL_LOW,
	CRASHKERNEL_KINDS,
};

/**
 * struct crashkernel_scan - reading position in a value
 * @at: next character; the place of the error once @reason is set
 * @end: end of the value
 * @reason: text of the first error, NULL if there is none. After an error,
 *	nothing more is read
 * @doubt_at: place of the first doubt
 * @doubt: text of the first doubt, NULL if there is none. Reading goes on
 */
struct crashkernel_scan {
	const char *at;
	const char *end;
	const char *reason;
	const char *doubt_at;
	const char *doubt;
};

void crashkernel_read_value(struct crashkernel_scan *scan,
			    enum crashkernel_kind kind, u64 system_ram,
			    struct crashkernel_spec *spec);

#endif /* _LIB_CRASH_PARAM_VALUE_H */
