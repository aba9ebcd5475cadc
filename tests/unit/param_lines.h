/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random command lines, for the tests of lib/crash/param.c.
 */
#ifndef _PARAM_LINES_H
#define _PARAM_LINES_H

#include <linux/types.h>

/* Bytes that a line takes at most, with a few mutations. */
#define PARAM_LINE_MAX	512

void param_make_line(u64 *random, char *to);
void param_mutate(u64 *random, char *text);

#endif /* _PARAM_LINES_H */
