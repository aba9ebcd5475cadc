/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the capture kernel finds the crashed kernel's memory.
 *
 * A source is a set of ELF core headers and, with it, a map from old physical
 * addresses to where the bytes are now. kexec, firmware or a dying kernel may
 * have made it; readers cannot tell. kernel/crash_source.c owns it.
 */
#ifndef _LINUX_CRASH_SOURCE_H
#define _LINUX_CRASH_SOURCE_H

#include <linux/crash_elf.h>

/**
 * enum crash_dump_state - what the capture side has
 * @CRASH_DUMP_NONE: this kernel was not started after a crash
 * @CRASH_DUMP_PRESENT: headers were announced, and not found wanting so far
 * @CRASH_DUMP_CONSUMED: the dump has been taken and its memory given back
 * @CRASH_DUMP_UNUSABLE: headers were announced, but cannot be used
 */
enum crash_dump_state {
	CRASH_DUMP_NONE,
	CRASH_DUMP_PRESENT,
	CRASH_DUMP_CONSUMED,
	CRASH_DUMP_UNUSABLE,
};

/**
 * struct crash_source - decoded headers of the crashed kernel
 * @elf: the file header; class and machine are kept for the exported file
 * @nr_loads: entries in @loads
 * @nr_notes: entries in @notes
 * @loads: PT_LOAD segments that can be trusted, in the order of the headers
 * @notes: PT_NOTE segments that can be trusted, in the order of the headers
 *
 * Immutable from crash_source_load() on, and freed with the last reference.
 * In each segment filesz <= memsz, paddr + memsz and where + filesz do not
 * overflow and lie below the CPU's physical address limit, and no byte at
 * where belongs to memory that this kernel uses.
 */
struct crash_source {
	struct crash_elf elf;
	u32 nr_loads;
	u32 nr_notes;
	struct crash_segment *loads;
	struct crash_segment *notes;
};

enum crash_dump_state crash_dump_state(void);
void crash_dump_set_state(enum crash_dump_state state);

struct crash_source *crash_source_load(u64 addr, u64 size);
struct crash_source *crash_source_get(void);
void crash_source_put(struct crash_source *src);

#endif /* _LINUX_CRASH_SOURCE_H */
