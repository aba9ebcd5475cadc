// SPDX-License-Identifier: GPL-2.0
/*
 * Translates virtual addresses of the crashed kernel. Each machine has its own
 * page table walk, see arch.h.
 *
 * Some copies of old memory are kept, because the walks for most addresses have
 * all tables but the last in common.
 */
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/swab.h>

#include "arch.h"

static struct vmcore_copy *find_oldest(struct vmcore_space *space)
{
	struct vmcore_copy *copy, *oldest = space->copies;

	for (copy = space->copies; copy < space->copies + VMCORE_NR_COPIES; copy++) {
		if (copy->used < oldest->used)
			oldest = copy;
	}
	return oldest;
}

/* Return a copy of the old memory around @old_pa. It is valid until the next call. */
static const u8 *copy_around(struct vmcore_space *space, u64 old_pa)
{
	struct vmcore_copy *copy;

	old_pa -= old_pa % VMCORE_COPY_BYTES;
	for (copy = space->copies; copy < space->copies + VMCORE_NR_COPIES; copy++) {
		if (copy->used && copy->old_pa == old_pa) {
			copy->used = ++space->looks;
			return copy->bytes;
		}
	}
	copy = find_oldest(space);
	copy->used = 0;
	if (space->tables->read(space->tables, old_pa, copy->bytes,
				VMCORE_COPY_BYTES, VMCORE_COPY_BYTES))
		return NULL;
	copy->used = ++space->looks;
	copy->old_pa = old_pa;
	return copy->bytes;
}

/**
 * vmcore_swaps() - test whether the crashed kernel has another byte order
 * @rules: of the crashed kernel
 *
 * Context: Any.
 * Return: true if so.
 */
bool vmcore_swaps(const struct vmcore_rules *rules)
{
	return rules->arch->big_endian != (ELF_DATA == ELFDATA2MSB);
}

/**
 * vmcore_word_bytes() - size of a long of the crashed kernel
 * @rules: of the crashed kernel
 *
 * Context: Any.
 * Return: 4 or 8.
 */
u32 vmcore_word_bytes(const struct vmcore_rules *rules)
{
	return rules->arch->word_bytes;
}

/**
 * vmcore_read_number() - read a number of the crashed kernel by physical address
 * @space: its addresses
 * @old_pa: old physical address, a multiple of @bytes
 * @bytes: 4 or 8
 * @number: result
 *
 * Context: The same as for the callback that reads page tables.
 * Return: 0; -EFAULT if the memory cannot be read, or @old_pa is not a multiple
 * of @bytes.
 */
int vmcore_read_number(struct vmcore_space *space, u64 old_pa, u32 bytes,
		       u64 *number)
{
	const u8 *copy;
	u32 word;

	if (old_pa & (bytes - 1))
		return -EFAULT;
	copy = copy_around(space, old_pa);
	if (!copy)
		return -EFAULT;
	copy += old_pa % VMCORE_COPY_BYTES;
	if (bytes == sizeof(u64)) {
		memcpy(number, copy, sizeof(u64));
		if (vmcore_swaps(space->rules))
			*number = swab64(*number);
		return 0;
	}
	memcpy(&word, copy, sizeof(word));
	*number = vmcore_swaps(space->rules) ? swab32(word) : word;
	return 0;
}

/**
 * vmcore_vtop() - translate a virtual address of the crashed kernel
 * @space: its addresses
 * @vaddr: the address
 * @old_pa: result: old physical address
 * @span: result: number of bytes from there on with the same translation
 *
 * Context: The same as for the callback that reads page tables.
 * Return: 0; -EFAULT if the address is not mapped, or a table cannot be read.
 */
int vmcore_vtop(struct vmcore_space *space, u64 vaddr, u64 *old_pa, u64 *span)
{
	int err;

	if (vaddr - space->vaddr >= space->size) {
		err = space->rules->arch->walk(space, vaddr);
		if (err)
			return err;
	}
	*old_pa = space->old_pa + (vaddr - space->vaddr);
	*span = space->size - (vaddr - space->vaddr);
	return 0;
}

/**
 * vmcore_read_word() - read a long of the crashed kernel by its virtual address
 * @space: its addresses
 * @vaddr: the address, a multiple of the size of a long
 * @word: result
 *
 * Context: As for vmcore_vtop().
 * Return: 0; -EFAULT if it cannot be read, or @vaddr is not such a multiple.
 */
int vmcore_read_word(struct vmcore_space *space, u64 vaddr, u64 *word)
{
	u64 old_pa, span;
	int err;

	if (vaddr & (space->rules->arch->word_bytes - 1))
		return -EFAULT;
	err = vmcore_vtop(space, vaddr, &old_pa, &span);
	if (err)
		return err;
	return vmcore_read_number(space, old_pa, space->rules->arch->word_bytes, word);
}
