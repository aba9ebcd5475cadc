/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entries of vmcoreinfo, the text in which a kernel describes itself.
 */
#ifndef VMCORE_SAVE_VMCOREINFO_H
#define VMCORE_SAVE_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool info_text(const char *info, const char *name, char *buf, size_t size);
bool info_decimal(const char *info, const char *name, uint64_t *value);
bool info_hex(const char *info, const char *name, uint64_t *value);

#endif
