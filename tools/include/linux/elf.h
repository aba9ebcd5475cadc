/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNIT_LINUX_ELF_H
#define _UNIT_LINUX_ELF_H

#include_next <linux/elf.h>

/* What the kernel has from asm/elf.h. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ELF_DATA	ELFDATA2LSB
#else
#define ELF_DATA	ELFDATA2MSB
#endif

#endif /* _UNIT_LINUX_ELF_H */
