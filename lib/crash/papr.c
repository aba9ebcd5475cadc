// SPDX-License-Identifier: GPL-2.0
/*
 * The structures by which a kernel and the firmware of POWER platforms speak of a dump.
 *
 * Format: Linux on Power Architecture Platform Reference, ibm,configure-kernel-dump.
 * Everything is big endian; nothing that firmware writes is trusted.
 *
 *	header    be32 version, be16 sections, be16 status, be32 offset of the first
 *	          section, 28 bytes for dumps to disk and a time limit
 *	section   be32 flags, be16 type, be16 error, be64 source, length, bytes
 *	          that were saved, destination
 *
 *	registers "REGSAVE\0", be32 version, be32 offset of: be32 number of CPUs, then
 *	          entries of an identifier of 8 characters and a be64
 */
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/crash_papr.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>

#define VERSION		1
#define STATUS_ERROR	0x2000
#define SECTION_WANTED	1

/* Offsets in the header and in a section. */
enum {
	HEADER_VERSION = 0,
	HEADER_SECTIONS = 4,
	HEADER_STATUS = 6,
	HEADER_FIRST = 8,

	SECTION_FLAGS = 0,
	SECTION_TYPE = 4,
	SECTION_ERROR = 6,
	SECTION_SOURCE = 8,
	SECTION_LENGTH = 16,
	SECTION_DONE = 24,
	SECTION_TARGET = 32,
};

static u64 get_be(const u8 *at, unsigned int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

static void put_be(u8 *at, unsigned int bytes, u64 value)
{
	while (bytes--) {
		at[bytes] = value;
		value >>= 8;
	}
}

static u8 *put_section(u8 *at, u16 type, u64 source, u64 length, u64 target)
{
	put_be(at + SECTION_FLAGS, 4, SECTION_WANTED);
	put_be(at + SECTION_TYPE, 2, type);
	put_be(at + SECTION_SOURCE, 8, source);
	put_be(at + SECTION_LENGTH, 8, length);
	put_be(at + SECTION_TARGET, 8, target);
	return at + CRASH_PAPR_SECTION_SIZE;
}

/**
 * crash_papr_encode() - write the dump structure that firmware is to work by
 * @layout: the memory to save, and its places
 * @buf: where to write it
 * @room: bytes of @buf
 *
 * Context: Any.
 * Return: bytes of the structure, which firmware wants to know exactly; 0 if @room
 * is less.
 */
size_t crash_papr_encode(const struct crash_firmware_layout *layout, void *buf, size_t room)
{
	u32 nr = layout->nr_copies + 2 + layout->has_args, i;
	u64 args = crash_firmware_args_pa(layout);
	size_t size = CRASH_PAPR_HEADER_SIZE + nr * CRASH_PAPR_SECTION_SIZE;
	u8 *at = buf;

	if (layout->nr_copies > CRASH_FIRMWARE_MAX_COPIES || size > room)
		return 0;
	memset(buf, 0, size);
	put_be(at + HEADER_VERSION, 4, VERSION);
	put_be(at + HEADER_SECTIONS, 2, nr);
	put_be(at + HEADER_FIRST, 4, CRASH_PAPR_HEADER_SIZE);
	at += CRASH_PAPR_HEADER_SIZE;
	at = put_section(at, CRASH_PAPR_CPUS, 0, layout->cpus_size, layout->cpus_pa);
	at = put_section(at, CRASH_PAPR_HPTE, 0, layout->hpte_size, layout->hpte_pa);
	for (i = 0; i < layout->nr_copies; i++)
		at = put_section(at, CRASH_PAPR_MEMORY, layout->copies[i].old_pa,
				 layout->copies[i].size, layout->copies[i].now_pa);
	if (layout->has_args)
		put_section(at, CRASH_PAPR_ARGS, args, CRASH_FIRMWARE_ARGS_SIZE, args);
	return size;
}

/* Take the data of a section into the layout. */
static const char *take_section(const u8 *at, struct crash_firmware_layout *layout,
				unsigned int *seen, u64 *args)
{
	u16 type = get_be(at + SECTION_TYPE, 2);
	u64 length = get_be(at + SECTION_LENGTH, 8);
	u64 target = get_be(at + SECTION_TARGET, 8);
	u64 saved = min(get_be(at + SECTION_DONE, 8), length);
	struct crash_firmware_copy *copy;

	if (type == CRASH_PAPR_ARGS)
		*args = target;
	if (type != CRASH_PAPR_CPUS && type != CRASH_PAPR_HPTE && type != CRASH_PAPR_MEMORY)
		return NULL;
	/* The rest of the dump is as good as without it. */
	if (get_be(at + SECTION_ERROR, 2))
		saved = 0;
	if (type == CRASH_PAPR_MEMORY) {
		if (layout->nr_copies == CRASH_FIRMWARE_MAX_COPIES)
			return "too many pieces of boot memory";
		copy = &layout->copies[layout->nr_copies++];
		copy->old_pa = get_be(at + SECTION_SOURCE, 8);
		copy->now_pa = target;
		copy->size = length;
		copy->saved = saved - saved % CRASH_FIRMWARE_ALIGN;
		return NULL;
	}
	if (*seen & type)
		return "a section is there twice";
	*seen |= type;
	if (type == CRASH_PAPR_CPUS) {
		layout->cpus_pa = target;
		layout->cpus_size = length;
		layout->cpus_saved = saved;
	} else {
		layout->hpte_pa = target;
		layout->hpte_size = length;
	}
	return NULL;
}

/**
 * crash_papr_decode() - read the dump structure that firmware has left
 * @buf: the structure
 * @size: bytes of @buf
 * @limit: first physical address behind the memory of the machine
 * @layout: result; undefined after an error
 *
 * Sections of other types are passed over. Memory that firmware could not save is no reason
 * to refuse the rest: @layout says how much it has saved.
 *
 * Context: Any.
 * Return: NULL, or a text that names the error. Without one, @layout is as
 * crash_firmware_check() wants it.
 */
const char *crash_papr_decode(const void *buf, size_t size, u64 limit,
			      struct crash_firmware_layout *layout)
{
	const u8 *header = buf;
	unsigned int seen = 0;
	u64 args = U64_MAX;
	const char *why;
	u32 nr, first, i;

	*layout = (struct crash_firmware_layout) {};
	if (size < CRASH_PAPR_HEADER_SIZE)
		return "too short for a header";
	if (get_be(header + HEADER_VERSION, 4) != VERSION)
		return "of an unknown version";
	if (get_be(header + HEADER_STATUS, 2) & STATUS_ERROR)
		return "firmware reports an error";
	nr = get_be(header + HEADER_SECTIONS, 2);
	first = get_be(header + HEADER_FIRST, 4);
	if (!nr || nr > CRASH_PAPR_MAX_SECTIONS || first < CRASH_PAPR_HEADER_SIZE ||
	    first > size || nr * CRASH_PAPR_SECTION_SIZE > size - first)
		return "sections that are too many, or not there";
	for (i = 0; i < nr; i++) {
		why = take_section(header + first + i * CRASH_PAPR_SECTION_SIZE, layout, &seen,
				   &args);
		if (why)
			return why;
	}
	why = crash_firmware_check(layout, limit);
	layout->has_args = !why && args == crash_firmware_args_pa(layout);
	return why;
}

/**
 * crash_papr_sizes() - read how much room firmware needs beside that for memory
 * @prop: ibm,configure-kernel-dump-sizes of the device tree
 * @size: bytes of @prop
 * @layout: its cpus_size and hpte_size are set
 *
 * Context: Any.
 * Return: 0; -EINVAL if there is no size for registers, or one is absurd: more than
 * 4 GiB, or for the page table 1 TiB.
 */
int crash_papr_sizes(const void *prop, size_t size, struct crash_firmware_layout *layout)
{
	const u8 *at = prop;

	layout->cpus_size = 0;
	layout->hpte_size = 0;
	for (; size >= 12; at += 12, size -= 12) {
		u64 bytes = get_be(at + 4, 8);

		if (get_be(at, 4) == CRASH_PAPR_CPUS)
			layout->cpus_size = bytes;
		else if (get_be(at, 4) == CRASH_PAPR_HPTE)
			layout->hpte_size = bytes;
	}
	return layout->cpus_size && layout->cpus_size >> 32 == 0 &&
	       layout->hpte_size >> 40 == 0 ? 0 : -EINVAL;
}

/**
 * crash_papr_is_known() - does firmware take dump structures of our version?
 * @prop: ibm,configure-kernel-dump-version of the device tree: be16 how many
 *	versions, be16 each of them; or NULL
 * @size: bytes of @prop
 *
 * QEMU 11.1 writes these numbers in the byte order of its host, so that both orders
 * count, and the number of them does not.
 *
 * Context: Any.
 * Return: true if so, or if firmware does not say.
 */
bool crash_papr_is_known(const void *prop, size_t size)
{
	const u8 *at = prop;

	if (!prop)
		return true;
	for (; size >= 4; size -= 2) {
		at += 2;
		if (get_be(at, 2) == VERSION || get_be(at, 2) == VERSION << 8)
			return true;
	}
	return false;
}

/* An entry of the register save area. */
struct papr_entry {
	char id[8];
	u64 value;
};

static bool take_entry(struct crash_papr_cursor *cur, struct papr_entry *entry)
{
	if (cur->left < 16)
		return false;
	memcpy(entry->id, cur->pos, sizeof(entry->id));
	entry->value = get_be(cur->pos + 8, 8);
	cur->pos += 16;
	cur->left -= 16;
	return true;
}

/* The characters end with a zero if there are fewer than eight. */
static bool is_entry(const struct papr_entry *entry, const char *id)
{
	return !strncmp(entry->id, id, sizeof(entry->id));
}

/* Where struct pt_regs, and so the note, has the registers behind the general ones. */
static const struct {
	const char *id;
	u32 index;
} papr_registers[] = {
	{ "NIA", 32 }, { "MSR", 33 }, { "CTR", 35 }, { "LR", 36 }, { "XER", 37 },
	{ "CR", 38 }, { "DAR", 41 }, { "DSISR", 42 },
};

static void take_register(const struct papr_entry *entry, u64 *regs)
{
	const char *id = entry->id;
	u32 i;

	if (!memcmp(id, "GPR", 3)) {
		if (id[3] < '0' || id[3] > '9' || id[4] < '0' || id[4] > '9')
			return;
		i = (id[3] - '0') * 10 + id[4] - '0';
		if (i < 32 && !id[5])
			regs[i] = entry->value;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(papr_registers); i++)
		if (is_entry(entry, papr_registers[i].id))
			regs[papr_registers[i].index] = entry->value;
}

/**
 * crash_papr_first_cpu() - begin a walk over the register save area
 * @cur: result
 * @buf: the area
 * @size: bytes of @buf
 *
 * Context: Any.
 * Return: NULL, or a text that names the error.
 */
const char *crash_papr_first_cpu(struct crash_papr_cursor *cur, const void *buf, size_t size)
{
	const u8 *at = buf;
	u32 offset;

	*cur = (struct crash_papr_cursor) {};
	if (size < 16 || memcmp(at, "REGSAVE", 8))
		return "there is no register save area";
	offset = get_be(at + 12, 4);
	if (offset < 16 || offset > size || size - offset < 4)
		return "the number of CPUs is outside of the area";
	cur->nr_cpus = get_be(at + offset, 4);
	cur->pos = at + offset + 4;
	cur->left = size - offset - 4;
	return NULL;
}

/**
 * crash_papr_next_cpu() - read the registers of the next CPU
 * @cur: from crash_papr_first_cpu()
 * @cpu: result; undefined unless there is one
 *
 * CPUs without registers are passed over, such as CPUs that were never there. Each step
 * takes entries off @cur, so that a walk ends.
 *
 * Context: Any.
 * Return: 1; 0 if there was the last one; -EBADMSG if there should be one, but no
 * beginning or no end of it.
 */
int crash_papr_next_cpu(struct crash_papr_cursor *cur, struct crash_firmware_cpu *cpu)
{
	struct papr_entry entry;
	bool empty;

	for (; cur->nr_cpus; cur->nr_cpus--) {
		if (!take_entry(cur, &entry) || !is_entry(&entry, "CPUSTRT"))
			return -EBADMSG;
		*cpu = (struct crash_firmware_cpu) { .id = entry.value };
		for (empty = true; ; empty = false) {
			if (!take_entry(cur, &entry))
				return -EBADMSG;
			if (is_entry(&entry, "CPUEND"))
				break;
			take_register(&entry, cpu->regs);
		}
		if (!empty) {
			cur->nr_cpus--;
			return 1;
		}
	}
	return 0;
}
