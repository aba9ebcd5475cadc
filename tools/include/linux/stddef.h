/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNIT_LINUX_STDDEF_H
#define _UNIT_LINUX_STDDEF_H

#include_next <linux/stddef.h>
#include <stddef.h>

#define sizeof_field(type, member)	sizeof(((type *)0)->member)

#endif /* _UNIT_LINUX_STDDEF_H */
