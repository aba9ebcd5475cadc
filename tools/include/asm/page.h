/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNIT_ASM_PAGE_H
#define _UNIT_ASM_PAGE_H

#define PAGE_SIZE	4096UL

#endif /* _UNIT_ASM_PAGE_H */
