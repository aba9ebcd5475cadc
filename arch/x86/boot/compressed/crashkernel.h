/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BOOT_COMPRESSED_CRASHKERNEL_H
#define BOOT_COMPRESSED_CRASHKERNEL_H

#include "misc.h"

/* cmdline.c */
unsigned long get_cmd_line_ptr(void);

/* crashkernel.c */
void crashkernel_region(u64 mem_limit, struct mem_vector *region);

#endif /* BOOT_COMPRESSED_CRASHKERNEL_H */
