/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Machine dependent parts of finding and reading struct pages. A new machine is
 * a file in arch/ and a line in find_arch() in rules.c.
 */
#ifndef _LIB_CRASH_FILTER_ARCH_H
#define _LIB_CRASH_FILTER_ARCH_H

#include "rules.h"

/**
 * struct vmcore_arch - a kind of machine
 * @machine: e_machine of its dumps
 * @big_endian: the order of bytes in the crashed kernel's own data
 * @word_bytes: size of a long and of a pointer: 4 or 8
 * @page_sizes: possible sizes of a page in bytes, added up
 * @section_bits: SECTION_SIZE_BITS of kernels whose note lacks it; 0: the note
 *	must have it
 * @kernel_start: the lowest address that the kernel's own data may have
 * @prstatus_bytes: size of struct elf_prstatus; 0: stacks are not looked for
 * @prstatus_sp: offset of the stack pointer in it, 8 bytes
 * @read_note: set page_table, page_table_levels and page_table_mask of the
 *	rules, as far as @walk uses them; page_shift is set
 * @walk: translate a virtual address; set vaddr, old_pa and size of @space.
 *	Returns 0, or -EFAULT if the address is not mapped or a table cannot be
 *	read
 */
struct vmcore_arch {
	u16 machine;
	bool big_endian;
	u8 word_bytes;
	u8 section_bits;
	u64 page_sizes;
	u64 kernel_start;
	u16 prstatus_bytes;
	u16 prstatus_sp;
	void (*read_note)(struct vmcore_note_reader *from);
	int (*walk)(struct vmcore_space *space, u64 vaddr);
};

/* lib/crash/filter/arch/ */
extern const struct vmcore_arch vmcore_x86_64;

/* lib/crash/filter/rules.c */
int vmcore_rules_init_for(struct vmcore_rules *rules, const struct vmcore_arch *arch,
			  const char *note, size_t len);

/* lib/crash/filter/vtop.c */
int vmcore_read_number(struct vmcore_space *space, u64 old_pa, u32 bytes,
		       u64 *number);

#endif /* _LIB_CRASH_FILTER_ARCH_H */
