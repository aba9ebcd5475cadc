/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNIT_LINUX_SWAB_H
#define _UNIT_LINUX_SWAB_H

#include_next <linux/swab.h>

#define swab32	__swab32
#define swab64	__swab64

#endif /* _UNIT_LINUX_SWAB_H */
