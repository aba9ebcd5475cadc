/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNIT_LINUX_KERNEL_H
#define _UNIT_LINUX_KERNEL_H

#include <linux/types.h>

#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)
#define S64_MAX		((s64)(U64_MAX >> 1))
#define S32_MAX		((s32)(U32_MAX >> 1))
#define U16_MAX		((u16)~0U)

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define ALIGN(x, a)	(((x) + ((__typeof__(x))(a) - 1)) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)

#define min(a, b) ({				\
	__auto_type _a = (a);			\
	__auto_type _b = (b);			\
	_a < _b ? _a : _b;			\
})
#define max(a, b) ({				\
	__auto_type _a = (a);			\
	__auto_type _b = (b);			\
	_a > _b ? _a : _b;			\
})
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

#endif /* _UNIT_LINUX_KERNEL_H */
