// SPDX-License-Identifier: GPL-2.0
/*
 * The crashed kernel's virtual addresses, by its page tables. Intel SDM volume 3,
 * "4-Level Paging and 5-Level Paging".
 *
 * Old pages that were looked at are kept, some of them, since most addresses that
 * are asked for have all but the last table in common.
 */
#include <linux/bits.h>
#include <linux/errno.h>

#include <linux/vmcore_filter.h>

#define ENTRY_PRESENT	BIT_ULL(0)
#define ENTRY_LARGE	BIT_ULL(7)
#define TABLE_BITS	9
#define TABLE_ENTRIES	512

static struct vmcore_copy *oldest_copy(struct vmcore_space *space)
{
	struct vmcore_copy *copy, *oldest = space->copies;

	for (copy = space->copies; copy < space->copies + VMCORE_NR_COPIES; copy++) {
		if (copy->used < oldest->used)
			oldest = copy;
	}
	return oldest;
}

/* The words of the old page that has @paddr, until the next call. */
static const u64 *copy_page(struct vmcore_space *space, u64 paddr)
{
	struct vmcore_copy *copy;

	paddr -= paddr % VMCORE_PAGE_BYTES;
	for (copy = space->copies; copy < space->copies + VMCORE_NR_COPIES; copy++) {
		if (copy->used && copy->paddr == paddr) {
			copy->used = ++space->looks;
			return copy->words;
		}
	}
	copy = oldest_copy(space);
	copy->used = 0;
	if (space->tables->read(space->tables, paddr, copy->words,
				sizeof(copy->words), sizeof(copy->words)))
		return NULL;
	copy->used = ++space->looks;
	copy->paddr = paddr;
	return copy->words;
}

static int walk_tables(struct vmcore_space *space, u64 vaddr)
{
	const struct vmcore_rules *rules = space->rules;
	u32 level = rules->page_table_levels;
	u64 table = rules->page_table;

	while (level--) {
		u32 shift = VMCORE_PAGE_SHIFT + level * TABLE_BITS;
		const u64 *entries = copy_page(space, table);
		u64 entry, size = 1ULL << shift;

		if (!entries)
			return -EFAULT;
		entry = entries[vaddr >> shift & (TABLE_ENTRIES - 1)];
		if (!(entry & ENTRY_PRESENT))
			return -EFAULT;
		table = entry & rules->page_table_mask;
		/* Pages of 2 MiB and 1 GiB; there are none larger. */
		if (!level || ((level == 1 || level == 2) && entry & ENTRY_LARGE)) {
			space->vaddr = vaddr & ~(size - 1);
			space->paddr = table & ~(size - 1);
			space->size = size;
			return 0;
		}
	}
	return -EFAULT;
}

/**
 * vmcore_vtop() - translate a virtual address of the crashed kernel
 * @space: its addresses
 * @vaddr: the address
 * @paddr: result: physical address
 * @span: result: bytes from there on for which the translation goes on
 *
 * Context: That of the callback which reads page tables.
 * Return: 0; -EFAULT if nothing is mapped there, or a table cannot be read.
 */
int vmcore_vtop(struct vmcore_space *space, u64 vaddr, u64 *paddr, u64 *span)
{
	int err;

	if (vaddr - space->vaddr >= space->size) {
		err = walk_tables(space, vaddr);
		if (err)
			return err;
	}
	*paddr = space->paddr + (vaddr - space->vaddr);
	*span = space->size - (vaddr - space->vaddr);
	return 0;
}

/**
 * vmcore_read_word() - read a word of the crashed kernel by its virtual address
 * @space: its addresses
 * @vaddr: a multiple of 8
 * @word: result
 *
 * Context: As for vmcore_vtop().
 * Return: 0; -EFAULT if it cannot be read, or @vaddr is no multiple of 8.
 */
int vmcore_read_word(struct vmcore_space *space, u64 vaddr, u64 *word)
{
	const u64 *words;
	u64 paddr, span;
	int err;

	if (vaddr % sizeof(u64))
		return -EFAULT;
	err = vmcore_vtop(space, vaddr, &paddr, &span);
	if (err)
		return err;
	words = copy_page(space, paddr);
	if (!words)
		return -EFAULT;
	*word = words[paddr % VMCORE_PAGE_BYTES / sizeof(u64)];
	return 0;
}
