/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the stock parser of crashkernel= needs of the kernel, and what it is called here.
 */
#ifndef _STOCK_PARAM_H
#define _STOCK_PARAM_H

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* What an architecture with ",high" has without ",low": any number does. */
#define DEFAULT_CRASH_KERNEL_LOW_SIZE	(128UL << 20)
#define CONFIG_ARCH_HAS_GENERIC_CRASHKERNEL_RESERVATION

#define __init
#define __initdata
#define noinline
#define fallthrough		__attribute__((fallthrough))
#define unlikely(x)		(x)
#define BUG_ON(x)		assert(!(x))
#define pr_warn(...)		do { } while (0)
#define pr_info(...)		do { } while (0)
#define roundup(x, y)		(((x) + (y) - 1) / (y) * (y))
#define div_u64(x, y)		((x) / (y))
#define SZ_128M			0x08000000
#define KSTRTOX_OVERFLOW	(1U << 31)
#undef _tolower
#define _tolower(c)		((char)((c) | 0x20))

#define parse_crashkernel	stock_parse_crashkernel

unsigned long long memparse(const char *ptr, char **retptr);
int stock_parse_crashkernel(char *cmdline, unsigned long long system_ram,
			    unsigned long long *crash_size,
			    unsigned long long *crash_base,
			    unsigned long long *low_size, bool *high);

#endif /* _STOCK_PARAM_H */
