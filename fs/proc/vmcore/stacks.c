// SPDX-License-Identifier: GPL-2.0
/*
 * Adds PT_LOADs with the virtual addresses of the crashed CPUs' stacks to the
 * exported file. Plain gdb finds memory by the virtual addresses in the program
 * headers, and the headers from the loader do not contain the addresses of stacks
 * in a kernel with CONFIG_VMAP_STACK.
 *
 * The memory of the stacks is in other PT_LOADs, too. The new PT_LOADs have the
 * same physical addresses and the same file offsets as these.
 *
 * An error, or damage to page tables or registers, affects only the new PT_LOADs.
 */
#include <linux/cleanup.h>
#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/elf.h>
#include <linux/minmax.h>
#include <linux/oldmem.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "edition.h"
#include "old_reader.h"
#include "stacks.h"
#include "view.h"

#define GFP_STACKS	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* Maximum number of CPUs of x86. */
#define MAX_CPUS	8192U
/*
 * Maximum per CPU: the stacks of a task, of an interrupt and of an NMI. With KASAN
 * they have 8, 8 and 4 pages.
 */
#define CPU_PAGES	20
#define CPU_STACKS	3

/**
 * struct stack_search - state of the search for stacks
 * @source: the dump
 * @tables: reader of page tables
 * @space: the crashed kernel's address space
 */
struct stack_search {
	const struct crash_source *source;
	struct vmcore_old tables;
	struct vmcore_space space;
};

/* Does a PT_LOAD from the loader contain a virtual address? */
static bool is_covered(const struct crash_source *source, u64 vaddr)
{
	u32 i;

	for (i = 0; i < source->nr_loads; i++) {
		if (vaddr - source->loads[i].vaddr < source->loads[i].filesz)
			return true;
	}
	return false;
}

/* Find the stack that a CPU used, and the stacks of the interrupted code. */
static u32 find_stacks_of_cpu(struct stack_search *search, u64 sp,
			      struct vmcore_stack_page *pages)
{
	u32 i, got, nr = 0;

	for (i = 0; i < CPU_STACKS; i++) {
		got = vmcore_find_stack(&search->space, sp, pages + nr, CPU_PAGES - nr);
		if (!got || is_covered(search->source, pages[nr].vaddr))
			break;
		nr += got;
		if (!vmcore_find_interrupted(&search->space, pages + nr - got, got, &sp))
			break;
	}
	return nr;
}

/* Find the stack pointer in the next note with registers. */
static bool find_next_cpu(struct crash_note_cursor *cur,
			  const struct vmcore_rules *rules, u64 *sp)
{
	struct crash_note note;

	while (crash_note_next(cur, &note)) {
		if (vmcore_read_sp(rules, &note, sp))
			return true;
	}
	return false;
}

static u32 count_cpus(struct crash_note_cursor cur, const struct vmcore_rules *rules)
{
	u32 nr = 0;
	u64 sp;

	while (nr < MAX_CPUS && find_next_cpu(&cur, rules, &sp))
		nr++;
	return nr;
}

/**
 * vmcore_stacks_find() - find the stacks of all CPUs
 * @contents: its source, notes and filter are set; its stacks receive the result
 *
 * Context: May sleep.
 */
void vmcore_stacks_find(struct vmcore_contents *contents)
{
	struct crash_note_cursor cur = {
		.pos = contents->notes,
		.left = contents->notes_size,
	};
	struct stack_search *search __free(kvfree) = NULL;
	struct vmcore_stacks *stacks = &contents->stacks;
	const struct vmcore_filter *filter = contents->filter;
	u32 nr_cpus;
	u64 sp;

	/* An ELF32 file cannot contain such addresses. */
	if (!filter || filter->err || contents->class != ELFCLASS64)
		return;
	nr_cpus = count_cpus(cur, &filter->rules);
	if (!nr_cpus)
		return;
	search = kvzalloc(sizeof(*search), GFP_STACKS);
	stacks->pages = kvcalloc(nr_cpus * CPU_PAGES, sizeof(*stacks->pages), GFP_STACKS);
	if (!search || !stacks->pages)
		return;

	search->source = contents->source;
	vmcore_old_init(&search->tables, contents->source, 0);
	search->space.rules = &filter->rules;
	search->space.tables = &search->tables.memory;
	stacks->page_size = 1U << filter->rules.page_shift;
	while (nr_cpus-- && find_next_cpu(&cur, &filter->rules, &sp)) {
		cond_resched();
		stacks->nr += find_stacks_of_cpu(search, sp, stacks->pages + stacks->nr);
	}
	oldmem_window_unmap(&search->tables.window);
}

/*
 * Insert before the last PT_LOAD with a lower virtual address. This PT_LOAD belongs
 * to the direct mapping. makedumpfile takes page_offset from the last PT_LOAD below
 * the kernel image (its old versions take it from the first).
 */
static void insert_segments(struct crash_segment *segs, u32 nr,
			    const struct crash_segment *more, u32 nr_more)
{
	u32 at = nr;

	while (at && segs[at - 1].vaddr >= more->vaddr)
		at--;
	at -= !!at;
	memmove(segs + at + nr_more, segs + at, (nr - at) * sizeof(*segs));
	memcpy(segs + at, more, nr_more * sizeof(*segs));
}

/**
 * vmcore_stacks_add() - add PT_LOADs for the stacks to those of the exported file
 * @contents: of the dump
 * @segs: the file's PT_LOADs, with room for one more per page of a stack
 * @nr: number of PT_LOADs without the stacks
 *
 * If @nr fits in e_phnum, the result does, too, because some readers do not know
 * extended numbering.
 *
 * Context: May sleep.
 * Return: number of PT_LOADs with the stacks.
 */
u32 vmcore_stacks_add(const struct vmcore_contents *contents,
		      struct crash_segment *segs, u32 nr)
{
	const struct vmcore_stacks *stacks = &contents->stacks;
	/* Leaves room for the PT_NOTE. */
	u32 most = nr + 1 < PN_XNUM ? PN_XNUM - 2 : CRASH_ELF_MAX_SEGMENTS - 1;
	struct crash_segment *more __free(kvfree) = NULL;
	struct crash_run *runs __free(kvfree) = NULL;
	u32 nr_runs, nr_more;

	if (!stacks->nr || nr >= most)
		return nr;
	runs = kvcalloc(nr, sizeof(*runs), GFP_STACKS);
	more = kvcalloc(stacks->nr, sizeof(*more), GFP_STACKS);
	if (!runs || !more)
		return nr;
	nr_runs = crash_map_build(segs, nr, runs);
	nr_more = vmcore_describe_stacks(stacks, runs, nr_runs, more,
					 min(stacks->nr, most - nr));
	if (nr_more)
		insert_segments(segs, nr, more, nr_more);
	return nr + nr_more;
}
