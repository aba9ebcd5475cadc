// SPDX-License-Identifier: GPL-2.0
/*
 * crashkernel=SIZE@ADDRESS under the EFI stub: the free parts of that memory are
 * allocated while the stub chooses a place for the kernel, and then freed.
 */
#include <linux/efi.h>
#include <linux/minmax.h>

#include <asm/crashkernel.h>
#include <asm/efi.h>

#include "efistub.h"

/* Firmware cuts that memory into few pieces. Those beyond the limit are not held. */
#define MOST_PIECES	32

struct held_piece {
	efi_physical_addr_t start;
	unsigned long pages;
};

static struct held_piece held[MOST_PIECES];
static unsigned int nr_held;

static efi_memory_desc_t *nth_descriptor(struct efi_boot_memmap *map, unsigned long nr)
{
	return (void *)map->map + nr * map->desc_size;
}

/* Bytes that the kernel will have as RAM. */
static u64 count_efi_ram(struct efi_boot_memmap *map)
{
	unsigned long nr;
	u64 ram = 0;

	for (nr = 0; nr < map->map_size / map->desc_size; nr++) {
		efi_memory_desc_t *md = nth_descriptor(map, nr);

		switch (md->type) {
		case EFI_LOADER_CODE:
		case EFI_LOADER_DATA:
		case EFI_BOOT_SERVICES_CODE:
		case EFI_BOOT_SERVICES_DATA:
		case EFI_CONVENTIONAL_MEMORY:
			ram += md->num_pages * EFI_PAGE_SIZE;
		}
	}
	return ram;
}

static void hold_part(const efi_memory_desc_t *md, u64 start, u64 end)
{
	u64 md_end = md->phys_addr + md->num_pages * EFI_PAGE_SIZE;
	u64 from = max(md->phys_addr, round_down(start, EFI_PAGE_SIZE));
	u64 to = min(md_end, round_up(end, EFI_PAGE_SIZE));
	struct held_piece *piece = &held[nr_held];

	if (md->type != EFI_CONVENTIONAL_MEMORY || from >= to || nr_held == MOST_PIECES)
		return;
	piece->start = from;
	piece->pages = (to - from) / EFI_PAGE_SIZE;
	if (efi_bs_call(allocate_pages, EFI_ALLOCATE_ADDRESS, EFI_LOADER_DATA,
			piece->pages, &piece->start) == EFI_SUCCESS)
		nr_held++;
}

/**
 * efi_hold_crashkernel - keep others out of the memory of crashkernel=SIZE@ADDRESS
 *
 * Parts that firmware uses stay in use. The kernel proper reports them.
 *
 * Context: EFI stub, with boot_params_ptr set up, before boot services end.
 */
void efi_hold_crashkernel(void)
{
	struct efi_boot_memmap *map;
	unsigned long nr;
	u64 start, size;

	if (efi_get_memory_map(&map, false) != EFI_SUCCESS)
		return;
	if (crashkernel_fixed(count_efi_ram(map), &start, &size))
		for (nr = 0; nr < map->map_size / map->desc_size; nr++)
			hold_part(nth_descriptor(map, nr), start, start + size);
	efi_bs_call(free_pool, map);
}

/**
 * efi_release_crashkernel - free the memory that efi_hold_crashkernel() allocated
 *
 * Context: As for efi_hold_crashkernel().
 * Return: whether there was any.
 */
bool efi_release_crashkernel(void)
{
	bool any = nr_held;

	while (nr_held) {
		nr_held--;
		efi_bs_call(free_pages, held[nr_held].start, held[nr_held].pages);
	}
	return any;
}
