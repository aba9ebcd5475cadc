// SPDX-License-Identifier: GPL-2.0
/*
 * Where memory goes that firmware saves when a kernel dies. The kernel that
 * asks for it and the one that finds it use the same arithmetic.
 */
#include <linux/align.h>
#include <linux/crash_firmware.h>
#include <linux/ctype.h>
#include <linux/stddef.h>

static u64 align_part(u64 size)
{
	return ALIGN(size, CRASH_FIRMWARE_ALIGN);
}

/**
 * crash_firmware_place() - say where everything is to go that firmware saves
 * @layout: has the pieces of boot memory, and the sizes; the places are filled in
 * @area: physical address of the memory that is set aside, or 0 to know its size
 *
 * Context: Any.
 * Return: bytes that the area takes.
 */
u64 crash_firmware_place(struct crash_firmware_layout *layout, u64 area)
{
	u64 at = area;
	u32 i;

	for (i = 0; i < layout->nr_copies; i++) {
		layout->copies[i].now_pa = at;
		at += layout->copies[i].size;
	}
	layout->cpus_pa = at;
	layout->hpte_pa = at + align_part(layout->cpus_size);
	return crash_firmware_header_pa(layout) + CRASH_FIRMWARE_HEADER_SIZE - area;
}

/**
 * crash_firmware_header_pa() - where the dying kernel leaves its header
 * @layout: placed
 *
 * Context: Any.
 * Return: the physical address.
 */
u64 crash_firmware_header_pa(const struct crash_firmware_layout *layout)
{
	return layout->hpte_pa + align_part(layout->hpte_size);
}

/**
 * crash_firmware_args_pa() - where the next kernel finds parameters for its command
 * line
 * @layout: placed
 *
 * Context: Any.
 * Return: the physical address.
 */
u64 crash_firmware_args_pa(const struct crash_firmware_layout *layout)
{
	return crash_firmware_header_pa(layout) + CRASH_FIRMWARE_ARGS_OFFSET;
}

/**
 * crash_firmware_is_args() - can that be appended to a command line?
 * @args: the text
 * @len: its bytes
 *
 * Context: Any.
 * Return: true if all characters are printable ones of ASCII.
 */
bool crash_firmware_is_args(const char *args, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isascii(args[i]) || !isprint(args[i]))
			return false;
	return true;
}

/**
 * crash_firmware_boot_end() - where boot memory ends
 * @layout: has one piece of it at least
 *
 * Context: Any.
 * Return: the physical address behind it.
 */
u64 crash_firmware_boot_end(const struct crash_firmware_layout *layout)
{
	const struct crash_firmware_copy *last = &layout->copies[layout->nr_copies - 1];

	return last->old_pa + last->size;
}

/**
 * crash_firmware_area() - the memory that is set aside for a dump
 * @layout: placed
 *
 * Context: Any.
 * Return: its first and its last byte.
 */
struct range crash_firmware_area(const struct crash_firmware_layout *layout)
{
	return (struct range) {
		.start = layout->copies[0].now_pa,
		.end = crash_firmware_header_pa(layout) + CRASH_FIRMWARE_HEADER_SIZE - 1,
	};
}

static bool is_part(u64 start, u64 size, u64 limit)
{
	return start % CRASH_FIRMWARE_ALIGN == 0 && start < limit &&
	       size <= limit - start &&
	       align_part(size) <= limit - start;
}

static const char *check_copies(const struct crash_firmware_layout *layout, u64 limit)
{
	const struct crash_firmware_copy *copy, *last = NULL;
	u32 i;

	if (!layout->nr_copies || layout->nr_copies > CRASH_FIRMWARE_MAX_COPIES)
		return "no boot memory, or too many pieces";
	for (i = 0; i < layout->nr_copies; i++, last = copy) {
		copy = &layout->copies[i];
		if (!copy->size || copy->size % CRASH_FIRMWARE_ALIGN ||
		    !is_part(copy->old_pa, copy->size, limit) ||
		    !is_part(copy->now_pa, copy->size, limit))
			return "a piece of boot memory is empty, not aligned, or at no address";
		if (last && copy->old_pa < last->old_pa + last->size)
			return "pieces of boot memory overlap";
		if (last && copy->now_pa != last->now_pa + last->size)
			return "copies of boot memory are not in one piece";
	}
	if (layout->copies[0].now_pa < crash_firmware_boot_end(layout))
		return "boot memory was copied to itself";
	return NULL;
}

/**
 * crash_firmware_check() - can that be a layout that this code has made?
 * @layout: nothing in it is trusted
 * @limit: first physical address behind the memory of the machine
 *
 * Context: Any.
 * Return: NULL if so, or a text that names the error. Then boot memory, its copies, registers, hash
 * page table and header lie below @limit and do not overlap.
 */
const char *crash_firmware_check(const struct crash_firmware_layout *layout, u64 limit)
{
	const struct crash_firmware_copy *last;
	const char *why = check_copies(layout, limit);

	if (why)
		return why;
	last = &layout->copies[layout->nr_copies - 1];
	if (!layout->cpus_size || !is_part(layout->cpus_pa, layout->cpus_size, limit) ||
	    layout->cpus_pa != last->now_pa + last->size)
		return "the registers are not behind the copies";
	if (!is_part(layout->hpte_pa, layout->hpte_size, limit) ||
	    layout->hpte_pa != layout->cpus_pa + align_part(layout->cpus_size))
		return "the hash page table is not behind the registers";
	if (!is_part(crash_firmware_header_pa(layout), CRASH_FIRMWARE_HEADER_SIZE, limit))
		return "no memory is behind the hash page table";
	return NULL;
}
