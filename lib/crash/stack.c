// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the pages of the crashed kernel's stacks by stack pointers, and makes
 * PT_LOAD segments with the virtual addresses of these pages.
 *
 * A debugger that does not walk page tables finds memory by the virtual addresses
 * in the program headers. The loader writes the addresses of the direct mapping
 * and of the kernel image. A kernel with CONFIG_VMAP_STACK has its stacks at
 * other addresses.
 */
#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/elf.h>
#include <linux/string.h>

#include "filter/arch.h"

/* Maximum distance of the stack pointer below a stack that has overflowed, pages. */
#define GUARD_PAGES	4

/* One of this number of words at the end of a stack may be a stack pointer. */
#define LINK_WORDS	2

/**
 * vmcore_read_sp() - read the stack pointer of a CPU from its note
 * @rules: of the crashed kernel
 * @note: any note of the crashed kernel; not trusted
 * @sp: result: the stack pointer
 *
 * Context: Any.
 * Return: true if the note contains the registers of a CPU, and the position of
 * the stack pointer is known for this machine.
 */
bool vmcore_read_sp(const struct vmcore_rules *rules, const struct crash_note *note, u64 *sp)
{
	const struct vmcore_arch *arch = rules->arch;

	if (!arch->prstatus_bytes || note->descsz != arch->prstatus_bytes ||
	    !crash_note_is(note, "CORE", NT_PRSTATUS))
		return false;
	memcpy(sp, note->desc + arch->prstatus_sp, sizeof(*sp));
	return true;
}

static bool translate_page(struct vmcore_space *space, u64 vaddr, u64 *old_pa)
{
	u64 span;

	return vaddr >= space->rules->kernel_start &&
	       !vmcore_vtop(space, vaddr, old_pa, &span);
}

/**
 * vmcore_find_stack() - find the pages of a stack
 * @space: the crashed kernel's address space
 * @sp: stack pointer, not trusted
 * @pages: result, in ascending order of addresses
 * @max: number of entries in @pages; at most VMCORE_STACK_PAGES are filled
 *
 * The pages around @sp up to the first unmapped page in each direction are the
 * stack, because the kernel leaves unmapped pages around each stack. If the stack
 * has overflowed, @sp is in the unmapped pages below the stack.
 *
 * Context: As for vmcore_vtop().
 * Return: number of pages; 0 if @sp is no kernel address, or no page near it is
 * mapped.
 */
u32 vmcore_find_stack(struct vmcore_space *space, u64 sp,
		      struct vmcore_stack_page *pages, u32 max)
{
	u64 size = 1ULL << space->rules->page_shift, old_pa;
	u64 vaddr = sp & ~(size - 1);
	u32 i, nr = 0;

	if (sp < space->rules->kernel_start)
		return 0;
	for (i = 0; !translate_page(space, vaddr, &old_pa); i++) {
		if (i == GUARD_PAGES)
			return 0;
		vaddr += size;
	}
	for (i = 1; i < VMCORE_STACK_PAGES / 2; i++) {
		if (!translate_page(space, vaddr - size, &old_pa))
			break;
		vaddr -= size;
	}
	for (; nr < max && nr < VMCORE_STACK_PAGES; nr++) {
		if (!translate_page(space, vaddr + nr * size, &old_pa))
			break;
		pages[nr] = (struct vmcore_stack_page) {
			.vaddr = vaddr + nr * size,
			.old_pa = old_pa,
		};
	}
	return nr;
}

/**
 * vmcore_find_interrupted() - find the stack of the interrupted code
 * @space: the crashed kernel's address space
 * @pages: pages of the interrupt's stack, from vmcore_find_stack()
 * @nr: number of pages, not 0
 * @sp: result: stack pointer of the interrupted code, not trusted
 *
 * On x86 the last word of an interrupt stack is the interrupted stack pointer. On
 * an exception stack it is the last word but one, in the frame that the processor
 * has pushed.
 *
 * Context: As for vmcore_vtop().
 * Return: false if neither word is a kernel address outside of @pages.
 */
bool vmcore_find_interrupted(struct vmcore_space *space,
			     const struct vmcore_stack_page *pages, u32 nr, u64 *sp)
{
	u64 size = 1ULL << space->rules->page_shift;
	u64 start = pages[0].vaddr, end = pages[nr - 1].vaddr + size;
	u32 i;

	for (i = 1; i <= LINK_WORDS; i++) {
		u64 at = end - i * vmcore_word_bytes(space->rules);

		if (!vmcore_read_word(space, at, sp) &&
		    *sp >= space->rules->kernel_start && *sp - start >= end - start)
			return true;
	}
	return false;
}

/* Does @next continue @seg in virtual memory, in physical memory and in the file? */
static bool is_followed_by(const struct crash_segment *seg, const struct crash_segment *next)
{
	return seg->vaddr + seg->filesz == next->vaddr &&
	       seg->paddr + seg->filesz == next->paddr &&
	       seg->where + seg->filesz == next->where;
}

/* Set the addresses and the file offset of a page; false if the file lacks a part. */
static bool locate_page(const struct vmcore_stack_page *page, const struct crash_run *runs,
			u32 nr_runs, struct crash_segment *seg)
{
	u32 at = crash_map_find(runs, nr_runs, page->old_pa);
	u64 into;

	if (at == nr_runs || page->old_pa < runs[at].paddr)
		return false;
	into = page->old_pa - runs[at].paddr;
	if (runs[at].size - into < seg->filesz)
		return false;
	seg->vaddr = page->vaddr;
	seg->paddr = page->old_pa;
	seg->where = runs[at].where + into;
	return true;
}

/**
 * vmcore_describe_stacks() - make PT_LOAD segments for the pages of stacks
 * @stacks: the pages
 * @runs: map of the exported file from crash_map_build(), with file offsets
 * @nr_runs: number of entries in @runs
 * @segs: result
 * @max: number of entries in @segs
 *
 * The new segments have file offsets within other segments, so the file contains
 * no byte twice. A page that the file does not contain as a whole is skipped.
 *
 * Context: Any.
 * Return: number of segments.
 */
u32 vmcore_describe_stacks(const struct vmcore_stacks *stacks,
			   const struct crash_run *runs, u32 nr_runs,
			   struct crash_segment *segs, u32 max)
{
	u32 i, nr = 0;

	for (i = 0; i < stacks->nr; i++) {
		struct crash_segment seg = {
			.type = PT_LOAD,
			.flags = PF_R | PF_W,
			.filesz = stacks->page_size,
			.memsz = stacks->page_size,
		};

		if (!locate_page(&stacks->pages[i], runs, nr_runs, &seg))
			continue;
		if (nr && is_followed_by(&segs[nr - 1], &seg)) {
			segs[nr - 1].filesz += seg.filesz;
			segs[nr - 1].memsz += seg.memsz;
		} else if (nr < max) {
			segs[nr++] = seg;
		}
	}
	return nr;
}
