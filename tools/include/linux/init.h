/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNIT_LINUX_INIT_H
#define _UNIT_LINUX_INIT_H

#include <linux/types.h>

#define __refdata

#endif /* _UNIT_LINUX_INIT_H */
