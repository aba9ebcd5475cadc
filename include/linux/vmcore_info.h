/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Information for the readers of a kernel's memory: vmcoreinfo, as text in an
 * ELF note, and the layout of the notes at the beginning of a dump.
 */
#ifndef _LINUX_VMCORE_INFO_H
#define _LINUX_VMCORE_INFO_H

#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/linkage.h>

/*
 * An ELF note is a header, a name and a descriptor. Each is padded to four
 * bytes in both classes (System V ABI; Linux does not use eight).
 */
#define CRASH_CORE_NOTE_NAME		"CORE"
#define CRASH_CORE_NOTE_HEAD_BYTES	ALIGN(sizeof(struct elf_note), 4)
#define CRASH_CORE_NOTE_NAME_BYTES	ALIGN(sizeof(CRASH_CORE_NOTE_NAME), 4)
#define CRASH_CORE_NOTE_DESC_BYTES	ALIGN(sizeof(struct elf_prstatus), 4)

/* The note of a CPU: its registers, and an empty note as the end. */
#define CRASH_CORE_NOTE_BYTES						\
	(CRASH_CORE_NOTE_HEAD_BYTES + CRASH_CORE_NOTE_NAME_BYTES +	\
	 CRASH_CORE_NOTE_DESC_BYTES + CRASH_CORE_NOTE_HEAD_BYTES)

typedef u32 note_buf_t[CRASH_CORE_NOTE_BYTES / sizeof(u32)];
extern note_buf_t __percpu *crash_notes;

/*
 * vmcoreinfo has the same form, with text. One page is for the entries that
 * every reader needs; behind them is room for rules, see vmcore_rules.c.
 */
#define VMCOREINFO_ENTRY_BYTES		PAGE_SIZE
#define VMCOREINFO_RULE_BYTES		1024
#define VMCOREINFO_BYTES						\
	(VMCOREINFO_ENTRY_BYTES + VMCOREINFO_RULE_BYTES)
#define VMCOREINFO_NOTE_NAME		"VMCOREINFO"
#define VMCOREINFO_NOTE_NAME_BYTES	ALIGN(sizeof(VMCOREINFO_NOTE_NAME), 4)
#define VMCOREINFO_NOTE_SIZE						\
	(CRASH_CORE_NOTE_HEAD_BYTES + VMCOREINFO_NOTE_NAME_BYTES +	\
	 VMCOREINFO_BYTES + CRASH_CORE_NOTE_HEAD_BYTES)

/* The text of boot time; neither changes afterwards. */
extern unsigned char *vmcoreinfo_data;
extern size_t vmcoreinfo_size;

/**
 * enum vmcoreinfo_kind - the meaning of a number in vmcoreinfo
 * @VMCOREINFO_IS_SYMBOL: virtual address of a symbol
 * @VMCOREINFO_IS_SIZE: sizeof() of a type, bytes
 * @VMCOREINFO_IS_OFFSET: offset of a member, bytes
 * @VMCOREINFO_IS_LENGTH: number of elements of an array
 * @VMCOREINFO_IS_NUMBER: any other value, signed
 */
enum vmcoreinfo_kind {
	VMCOREINFO_IS_SYMBOL,
	VMCOREINFO_IS_SIZE,
	VMCOREINFO_IS_OFFSET,
	VMCOREINFO_IS_LENGTH,
	VMCOREINFO_IS_NUMBER,
};

void vmcoreinfo_add(enum vmcoreinfo_kind kind, const char *name,
		    unsigned long value);
__printf(1, 2) void vmcoreinfo_append_str(const char *fmt, ...);

#define VMCOREINFO_SYMBOL(sym) \
	vmcoreinfo_add(VMCOREINFO_IS_SYMBOL, #sym, (unsigned long)&(sym))
#define VMCOREINFO_SYMBOL_ARRAY(sym) \
	vmcoreinfo_add(VMCOREINFO_IS_SYMBOL, #sym, (unsigned long)(sym))
#define VMCOREINFO_SIZE(type) \
	vmcoreinfo_add(VMCOREINFO_IS_SIZE, #type, sizeof(type))
#define VMCOREINFO_STRUCT_SIZE(tag) \
	vmcoreinfo_add(VMCOREINFO_IS_SIZE, #tag, sizeof(struct tag))
#define VMCOREINFO_OFFSET(tag, member)					\
	vmcoreinfo_add(VMCOREINFO_IS_OFFSET, #tag "." #member,		\
		       offsetof(struct tag, member))
#define VMCOREINFO_TYPE_OFFSET(type, member)				\
	vmcoreinfo_add(VMCOREINFO_IS_OFFSET, #type "." #member,		\
		       offsetof(type, member))
#define VMCOREINFO_LENGTH(array, count) \
	vmcoreinfo_add(VMCOREINFO_IS_LENGTH, #array, (unsigned long)(count))
#define VMCOREINFO_NUMBER(value) \
	vmcoreinfo_add(VMCOREINFO_IS_NUMBER, #value, (unsigned long)(value))
#define VMCOREINFO_CONFIG(option) \
	vmcoreinfo_append_str("CONFIG_%s=y\n", #option)

phys_addr_t paddr_vmcoreinfo_note(void);
void vmcoreinfo_restore(const char *text);
void crash_save_vmcoreinfo(void);

/* The architecture's own entries, and its translation of the note's address. */
#ifdef CONFIG_ARCH_HAS_VMCOREINFO
void arch_crash_save_vmcoreinfo(void);
#else
static inline void arch_crash_save_vmcoreinfo(void) { }
#endif
phys_addr_t arch_vmcoreinfo_paddr(void *note);

#endif /* _LINUX_VMCORE_INFO_H */
