/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of the crashed kernel, by physical and by virtual address.
 */
#ifndef VMCORE_SAVE_MEMORY_H
#define VMCORE_SAVE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

#define UTS_FIELD 65	/* bytes of a text in struct new_utsname */

/**
 * struct memory - how to find things in a dump
 * @source:    dump
 * @phys_base: x86: what is to be added to an address in the kernel's image
 * @image:     where the mapping of the kernel's image begins, 0 if unknown
 * @linear:    where the mapping of all memory begins, 0 if unknown
 * @page_table: x86_64: physical address of the top page table, 0 if unknown
 * @levels:    of page tables
 * @encrypted: x86_64: bit of an entry that says encrypted, or 0
 */
struct memory {
	const struct source *source;
	uint64_t phys_base;
	uint64_t image;
	uint64_t linear;
	uint64_t page_table;
	unsigned int levels;
	uint64_t encrypted;
};

/* struct new_utsname: sysname, nodename, release, version, machine, domainname */
struct uts_names {
	char field[6][UTS_FIELD];
};

void memory_init(struct memory *memory, const struct source *source);
bool memory_physical(const struct memory *memory, uint64_t paddr, void *buf, size_t size);
bool memory_virtual(const struct memory *memory, uint64_t vaddr, void *buf, size_t size);
bool memory_names(const struct memory *memory, struct uts_names *names);

#endif
