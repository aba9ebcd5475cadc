/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The crashed kernel's memory, as the capture kernel finds it.
 *
 * A source is a set of segments and a map from old physical addresses to
 * present ones, which is made of them. ELF headers, firmware or a dying kernel
 * may have described it; readers see no difference. kernel/crash_source.c owns
 * it.
 *
 * Words of the capture side, with one meaning each:
 *
 *	old_pa    a physical address in the crashed kernel
 *	now_pa    the physical address at which these bytes are now
 *	segment   a PT_LOAD or PT_NOTE, decoded
 *	run       a piece of old memory in the map that is contiguous, then and now
 *	region    a piece of the exported file
 *	edition   the exported file in its state when it was opened
 *	window    old memory that is mapped now
 *	view      old memory without the pages that a level leaves out
 *	block     the page frames that the filter scans together
 *	unit      the pages that one struct page describes
 *	class     the use of a page
 *	level     the set of classes that are left out: the bits of makedumpfile -d
 *	veto      a driver's decision that a page must not be read
 */
#ifndef _LINUX_CRASH_SOURCE_H
#define _LINUX_CRASH_SOURCE_H

#include <linux/compiler_attributes.h>
#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/refcount.h>

/**
 * enum crash_dump_state - state of the dump in this kernel
 * @CRASH_DUMP_NONE: no dump has been found so far
 * @CRASH_DUMP_PRESENT: there is a dump
 * @CRASH_DUMP_CONSUMED: the dump has been saved and its memory released
 * @CRASH_DUMP_UNUSABLE: a dump was announced, but cannot be used
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
 * @loads: PT_LOAD segments that passed the checks, in the order of the headers
 * @notes: PT_NOTE segments that passed the checks, in the order of the headers
 * @runs: the map of the memory in @loads, see crash_map_find()
 *
 * Immutable from crash_source_finish() on, and freed with the last reference.
 *
 * In each segment filesz <= memsz, and paddr + memsz and where + filesz do not
 * overflow and lie below oldmem_limit(). No segment is empty, and no note lies
 * in memory that this kernel uses. A part of a PT_LOAD segment may lie in such
 * memory: oldmem_read_extent() finds it, and readers get zeros.
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

/**
 * struct crash_source_draft - a source in the making, see crash_source_begin()
 * @src: the source
 * @segments: segments that passed the checks, in the order in which they came
 * @nr: number of entries in @segments
 * @max: number of entries that @segments has room for
 * @index: number of the present segment, for messages; the caller counts it
 * @defects: number of defects found
 */
struct crash_source_draft {
	struct crash_source *src;
	struct crash_segment *segments;
	u32 nr;
	u32 max;
	u32 index;
	u32 defects;
};

/* kernel/crash_source.c: functions that make a source */
int crash_source_begin(struct crash_source_draft *draft,
		       const struct crash_elf *elf, u32 max);
void crash_source_add(struct crash_source_draft *draft,
		      const struct crash_segment *seg);
__printf(2, 3)
void crash_source_warn(struct crash_source_draft *draft, const char *format, ...);
struct crash_source *crash_source_finish(struct crash_source_draft *draft);
void crash_source_give_up(struct crash_source_draft *draft);
int crash_source_publish(struct crash_source *src);

/* kernel/crash_source.c: functions that use a source */
struct crash_source *crash_source_get(void);
enum crash_dump_state crash_source_state(void);
void crash_source_put(struct crash_source *src);
void crash_source_retire(enum crash_dump_state state);

/* kernel/crash_source_elf.c */
struct crash_source *crash_source_load(u64 addr, u64 size);

#endif /* _LINUX_CRASH_SOURCE_H */
