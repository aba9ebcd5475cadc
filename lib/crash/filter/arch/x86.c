// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of x86_64 kernels: Intel SDM volume 3, "4-Level Paging and
 * 5-Level Paging".
 */
#include <linux/bits.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/sizes.h>

#include "../arch.h"

/* Virtual base of the kernel image, see Documentation/arch/x86/x86_64/mm.rst. */
#define IMAGE_BASE	0xffffffff80000000ULL
/* The lowest kernel address, with page tables of five levels. */
#define X86_KERNEL_START	0xff00000000000000ULL

#define ENTRY_PRESENT	BIT_ULL(0)
#define ENTRY_LARGE	BIT_ULL(7)
#define ENTRY_ADDRESS	0x000ffffffffff000ULL
#define ENTRY_BYTES	8
#define TABLE_BITS	9
#define TABLE_ENTRIES	512

/* SME sets bits within the address of an entry to mark encrypted memory. */
static u64 read_encryption_mask(const struct vmcore_note_reader *from)
{
	u64 mask;

	return vmcore_note_number(from, "NUMBER(sme_mask)", 10, &mask) ? mask : 0;
}

static void read_note_x86_64(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u64 top = vmcore_note_need(from, "SYMBOL(swapper_pg_dir)", 16, IMAGE_BASE, U64_MAX);
	u64 phys_base = vmcore_note_need(from, "NUMBER(phys_base)", 10, 0, U64_MAX);
	u64 five_levels;

	rules->page_table_levels = 4;
	if (vmcore_note_number(from, "NUMBER(pgtable_l5_enabled)", 10, &five_levels) &&
	    five_levels)
		rules->page_table_levels = 5;
	rules->page_table_mask = ENTRY_ADDRESS & ~read_encryption_mask(from);
	rules->page_table = (top - IMAGE_BASE + phys_base) & ENTRY_ADDRESS;
}

static int walk_x86_64(struct vmcore_space *space, u64 vaddr)
{
	const struct vmcore_rules *rules = space->rules;
	u32 level = rules->page_table_levels;
	u64 table = rules->page_table;

	while (level--) {
		u32 shift = rules->page_shift + level * TABLE_BITS;
		u64 entry, size = 1ULL << shift;
		u64 at = vaddr >> shift & (TABLE_ENTRIES - 1);

		if (vmcore_read_number(space, table + at * ENTRY_BYTES, ENTRY_BYTES, &entry) ||
		    !(entry & ENTRY_PRESENT))
			return -EFAULT;
		table = entry & rules->page_table_mask;
		/* Large pages have 2 MiB or 1 GiB. */
		if (!level || ((level == 1 || level == 2) && entry & ENTRY_LARGE)) {
			space->vaddr = vaddr & ~(size - 1);
			space->old_pa = table & ~(size - 1);
			space->size = size;
			return 0;
		}
	}
	return -EFAULT;
}

const struct vmcore_arch vmcore_x86_64 = {
	.machine	= EM_X86_64,
	.word_bytes	= 8,
	.page_sizes	= SZ_4K,
	.section_bits	= 27,
	.kernel_start	= X86_KERNEL_START,
	.prstatus_bytes	= 336,
	.prstatus_sp	= 264,
	.read_note	= read_note_x86_64,
	.walk		= walk_x86_64,
};
