// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of the crashed kernel, by physical and by virtual address.
 *
 * A virtual address is looked up in three ways, in this order: the virtual
 * addresses of the dump's headers; the mappings of image and memory that each
 * architecture has; on x86_64, the kernel's page tables.
 */
#include <elf.h>
#include <string.h>

#include "memory.h"
#include "vmcoreinfo.h"

#define X86_64_IMAGE 0xffffffff80000000ULL
#define I386_LINEAR 0xc0000000ULL
#define PPC64_LINEAR 0xc000000000000000ULL

/* Page tables of x86_64: Intel SDM volume 3, 4.5 */
#define ENTRY_PRESENT 0x1
#define ENTRY_LARGE 0x80
#define ENTRY_ADDRESS 0x000ffffffffff000ULL
#define INDEX_BITS 9

static bool image_physical(const struct memory *memory, uint64_t vaddr, uint64_t *paddr)
{
	if (memory->image && vaddr >= memory->image) {
		*paddr = vaddr - memory->image + memory->phys_base;
		return true;
	}
	if (memory->linear && vaddr >= memory->linear) {
		*paddr = vaddr - memory->linear;
		return true;
	}
	return false;
}

static void init_x86_64(struct memory *memory, const char *info)
{
	uint64_t table, five_levels = 0;

	memory->image = X86_64_IMAGE;
	info_decimal(info, "NUMBER(phys_base)", &memory->phys_base);
	info_decimal(info, "NUMBER(pgtable_l5_enabled)", &five_levels);
	info_decimal(info, "NUMBER(sme_mask)", &memory->encrypted);
	memory->levels = five_levels ? 5 : 4;
	if (info_hex(info, "SYMBOL(swapper_pg_dir)", &table))
		image_physical(memory, table, &memory->page_table);
}

static void init_aarch64(struct memory *memory, const char *info)
{
	uint64_t offset;

	/* Of the image, physical = virtual - kimage_voffset. */
	if (info_hex(info, "NUMBER(kimage_voffset)", &offset) &&
	    info_hex(info, "SYMBOL(_stext)", &memory->image))
		memory->phys_base = memory->image - offset;
}

/**
 * memory_init - learn where things are
 * @memory: receives the result
 * @source: open dump, kept
 */
void memory_init(struct memory *memory, const struct source *source)
{
	memset(memory, 0, sizeof(*memory));
	memory->source = source;
	switch (source->machine) {
	case EM_X86_64:
		init_x86_64(memory, source->info);
		break;
	case EM_AARCH64:
		init_aarch64(memory, source->info);
		break;
	case EM_386:
		memory->linear = I386_LINEAR;
		break;
	case EM_PPC64:
		memory->linear = PPC64_LINEAR;
		break;
	}
}

/**
 * memory_physical - read memory by physical address
 * @memory: of the crashed kernel
 * @paddr:  address
 * @buf:    receives the bytes
 * @size:   how many
 *
 * Return: whether the dump has all of them.
 */
bool memory_physical(const struct memory *memory, uint64_t paddr, void *buf, size_t size)
{
	const struct source *source = memory->source;
	uint64_t skip, part;
	size_t i;

	while (size) {
		i = source_find(source, paddr);
		if (i == source->range_count || paddr < source->ranges[i].paddr)
			return false;
		skip = paddr - source->ranges[i].paddr;
		part = source->ranges[i].size - skip;
		if (part > size)
			part = size;
		if (!source_read_exact(source, source->ranges[i].offset + skip, buf, part))
			return false;
		buf = (char *)buf + part;
		paddr += part;
		size -= part;
	}
	return true;
}

static bool walk_page_table(const struct memory *memory, uint64_t vaddr, uint64_t *paddr)
{
	unsigned int level = memory->levels, shift;
	uint64_t table = memory->page_table, entry, index;

	while (table && level--) {
		shift = 12 + level * INDEX_BITS;
		index = vaddr >> shift & ((1 << INDEX_BITS) - 1);
		table += index * sizeof(entry);
		if (!memory_physical(memory, table, &entry, sizeof(entry)) ||
		    !(entry & ENTRY_PRESENT))
			return false;
		table = entry & ENTRY_ADDRESS & ~memory->encrypted;
		if (!level || (entry & ENTRY_LARGE)) {
			*paddr = (table >> shift << shift) | (vaddr & ((1ULL << shift) - 1));
			return true;
		}
	}
	return false;
}

static bool translate(const struct memory *memory, uint64_t vaddr, uint64_t *paddr)
{
	const struct source *source = memory->source;
	size_t i;

	for (i = 0; i < source->load_count; i++) {
		const struct segment *load = &source->loads[i];

		/* User addresses are none: a header without addresses says 0. */
		if (load->vaddr && vaddr - load->vaddr < load->size) {
			*paddr = load->paddr + (vaddr - load->vaddr);
			return true;
		}
	}
	return image_physical(memory, vaddr, paddr) || walk_page_table(memory, vaddr, paddr);
}

/**
 * memory_virtual - read memory by the kernel's virtual address
 * @memory: of the crashed kernel
 * @vaddr:  address
 * @buf:    receives the bytes
 * @size:   how many
 *
 * Return: whether the dump has all of them.
 */
bool memory_virtual(const struct memory *memory, uint64_t vaddr, void *buf, size_t size)
{
	uint64_t page_size = memory->source->page_size, paddr, part;

	while (size) {
		part = page_size - vaddr % page_size;
		if (part > size)
			part = size;
		if (!translate(memory, vaddr, &paddr) || !memory_physical(memory, paddr, buf, part))
			return false;
		buf = (char *)buf + part;
		vaddr += part;
		size -= part;
	}
	return true;
}

/**
 * memory_names - read what uname() said
 * @memory: of the crashed kernel
 * @names:  receives the texts, each ended by NUL
 *
 * Return: whether they could be read.
 */
bool memory_names(const struct memory *memory, struct uts_names *names)
{
	const char *info = memory->source->info;
	uint64_t uts, offset;
	size_t i;

	if (!info_hex(info, "SYMBOL(init_uts_ns)", &uts) ||
	    !info_decimal(info, "OFFSET(uts_namespace.name)", &offset) ||
	    !memory_virtual(memory, uts + offset, names, sizeof(*names)))
		return false;
	for (i = 0; i < 6; i++)
		names->field[i][UTS_FIELD - 1] = '\0';
	return !strcmp(names->field[0], "Linux");
}
