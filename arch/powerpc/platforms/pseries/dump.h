/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files that make dumps by the firmware of pseries share.
 */
#ifndef _PSERIES_DUMP_H
#define _PSERIES_DUMP_H

#include <linux/crash_firmware.h>
#include <linux/types.h>

/* arch/powerpc/platforms/pseries/dump_rtas.c */
extern const struct crash_firmware_ops rtas_dump_ops;
void rtas_dump_create_file(const struct crash_firmware_layout *layout);

#endif /* _PSERIES_DUMP_H */
