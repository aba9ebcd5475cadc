/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Texts of others, printed so that they do nothing but be read.
 */
#ifndef VMCORE_SAVE_CLEAN_H
#define VMCORE_SAVE_CLEAN_H

#include <stddef.h>
#include <stdio.h>

void clean_print(FILE *file, const char *text, size_t size);

#endif
