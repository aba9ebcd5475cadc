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
#include <linux/crash_map.h>
#include <linux/refcount.h>

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
 * @users: references
 * @elf: the file header; class and machine are kept for the exported file
 * @nr_loads: entries in @loads
 * @nr_notes: entries in @notes
 * @nr_runs: entries in @runs
 * @loads: PT_LOAD segments that can be trusted, in the order of the headers
 * @notes: PT_NOTE segments that can be trusted, in the order of the headers
 * @runs: the memory that @loads have, as a map, see crash_map_find()
 *
 * Immutable from crash_source_load() on, and freed with the last reference.
 *
 * In each segment filesz <= memsz, and paddr + memsz and where + filesz do not
 * overflow and lie below oldmem_limit(). No segment is empty, and no note lies in
 * memory that this kernel uses. A part of a PT_LOAD segment may: oldmem_ram_extent()
 * tells, and readers get zeros.
 */
struct crash_source {
	refcount_t users;
	struct crash_elf elf;
	u32 nr_loads;
	u32 nr_notes;
	u32 nr_runs;
	struct crash_segment *loads;
	struct crash_segment *notes;
	struct crash_run *runs;
};

/* kernel/elfcorehdr.c */
enum crash_dump_state crash_dump_state(void);
void crash_dump_set_state(enum crash_dump_state state);

/* kernel/crash_source.c */
struct crash_source *crash_source_load(u64 addr, u64 size);
struct crash_source *crash_source_get(void);
void crash_source_put(struct crash_source *src);
void crash_source_retire(enum crash_dump_state state);

#endif /* _LINUX_CRASH_SOURCE_H */
