// SPDX-License-Identifier: GPL-2.0
/*
 * What firmware of POWER platforms leaves after a crash: as it should be, with each
 * single defect, and with random damage. Each input is a block of just its size, so
 * that the sanitizers see every byte that is touched.
 */
#include "unit.h"
#include <linux/bits.h>
#include <linux/crash_papr.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT	BIT_ULL(40)

struct bytes {
	u8 *at;
	size_t size;
};

static struct bytes copy_of(const void *from, size_t size)
{
	struct bytes copy = { .at = malloc(size ? size : 1), .size = size };

	if (!copy.at)
		abort();
	memcpy(copy.at, from, size);
	return copy;
}

static void set_be(u8 *at, unsigned int bytes, u64 value)
{
	for (; bytes--; value >>= 8)
		at[bytes] = value;
}

static struct crash_firmware_layout random_layout(u64 *state)
{
	struct crash_firmware_layout layout = {
		.nr_copies = 1 + unit_random(state) % CRASH_FIRMWARE_MAX_COPIES,
		.cpus_size = 1 + unit_random(state) % 0x100000,
		.hpte_size = unit_random(state) % 2 ? unit_random(state) % 0x100000 : 0,
	};
	u64 at = 0;
	u32 i;

	for (i = 0; i < layout.nr_copies; i++) {
		layout.copies[i].old_pa = at;
		layout.copies[i].size = (1 + unit_random(state) % 100) * CRASH_FIRMWARE_ALIGN;
		at += layout.copies[i].size;
		at += unit_random(state) % 5 * CRASH_FIRMWARE_ALIGN;
	}
	layout.has_args = unit_random(state) % 2;
	crash_firmware_place(&layout, at);
	return layout;
}

/* What firmware makes of a structure: it has saved all. */
static size_t make_dump(const struct crash_firmware_layout *layout, u8 *buf)
{
	size_t size = crash_papr_encode(layout, buf, CRASH_PAPR_MAX_SIZE), at;

	set_be(buf + 6, 2, 0xc000);
	for (at = CRASH_PAPR_HEADER_SIZE; at < size; at += CRASH_PAPR_SECTION_SIZE)
		memcpy(buf + at + 24, buf + at + 16, 8);
	return size;
}

static bool same_layout(const struct crash_firmware_layout *a,
			const struct crash_firmware_layout *b)
{
	return a->nr_copies == b->nr_copies && a->cpus_pa == b->cpus_pa &&
	       a->cpus_size == b->cpus_size && a->hpte_pa == b->hpte_pa &&
	       a->hpte_size == b->hpte_size && a->has_args == b->has_args &&
	       !memcmp(a->copies, b->copies, a->nr_copies * sizeof(a->copies[0]));
}

/* The layout as it is after a crash of which firmware has saved all. */
static void save_all(struct crash_firmware_layout *layout)
{
	u32 i;

	layout->cpus_saved = layout->cpus_size;
	for (i = 0; i < layout->nr_copies; i++)
		layout->copies[i].saved = layout->copies[i].size;
}

/* No two parts have a byte in common, and none has one behind the limit. */
static bool parts_are_apart(const struct crash_firmware_layout *layout)
{
	u64 starts[2 * CRASH_FIRMWARE_MAX_COPIES + 3], sizes[2 * CRASH_FIRMWARE_MAX_COPIES + 3];
	u32 nr = 0, i, j;

	for (i = 0; i < layout->nr_copies; i++) {
		starts[nr] = layout->copies[i].old_pa;
		sizes[nr++] = layout->copies[i].size;
		starts[nr] = layout->copies[i].now_pa;
		sizes[nr++] = layout->copies[i].size;
	}
	starts[nr] = layout->cpus_pa;
	sizes[nr++] = layout->cpus_size;
	starts[nr] = layout->hpte_pa;
	sizes[nr++] = layout->hpte_size;
	starts[nr] = crash_firmware_header_pa(layout);
	sizes[nr++] = CRASH_FIRMWARE_HEADER_SIZE;
	for (i = 0; i < nr; i++) {
		if (starts[i] > LIMIT || sizes[i] > LIMIT - starts[i])
			return false;
		for (j = 0; j < i; j++)
			if (starts[i] < starts[j] + sizes[j] && starts[j] < starts[i] + sizes[i])
				return false;
	}
	return true;
}

static void check_round_trip(struct kunit *test, u64 seed)
{
	struct crash_firmware_layout layout = random_layout(&seed), got;
	u8 buf[CRASH_PAPR_MAX_SIZE];
	struct bytes dump = copy_of(buf, make_dump(&layout, buf));
	const char *why = crash_papr_decode(dump.at, dump.size, LIMIT, &got);

	KUNIT_EXPECT_TRUE_MSG(test, !why, "seed: %s", why ? why : "");
	save_all(&layout);
	if (!why)
		KUNIT_EXPECT_TRUE(test, same_layout(&layout, &got));
	free(dump.at);
}

static void papr_round_trip(struct kunit *test)
{
	unit_for_seeds(test, check_round_trip);
}

static void check_damaged_dump(struct kunit *test, u64 seed)
{
	struct crash_firmware_layout layout = random_layout(&seed), got;
	u8 buf[CRASH_PAPR_MAX_SIZE];
	size_t size = make_dump(&layout, buf);
	u32 nr = 1 + unit_random(&seed) % 4;
	struct bytes dump;

	while (nr--)
		buf[unit_random(&seed) % size] ^= 1 << unit_random(&seed) % 8;
	if (unit_random(&seed) % 4 == 0)
		size = unit_random(&seed) % size;
	dump = copy_of(buf, size);
	if (!crash_papr_decode(dump.at, dump.size, LIMIT, &got))
		KUNIT_EXPECT_TRUE(test, parts_are_apart(&got));
	free(dump.at);
}

static void papr_damaged_dump(struct kunit *test)
{
	unit_for_seeds(test, check_damaged_dump);
}

/* A number of the structure, changed. */
static const struct {
	const char *what;
	unsigned int offset;
	unsigned int bytes;
	u64 value;
} papr_defects[] = {
	{ "version", 0, 4, 2 },
	{ "no sections", 4, 2, 0 },
	{ "eleven sections", 4, 2, 11 },
	{ "more sections than bytes", 4, 2, 5 },
	{ "firmware failed", 6, 2, 0x2000 },
	{ "sections in the header", 8, 4, 39 },
	{ "sections behind the end", 8, 4, 4000 },
	{ "registers: elsewhere", 40 + 32, 8, 0 },
	{ "page table: elsewhere", 80 + 32, 8, 0x10000 },
	{ "page table: twice registers", 80 + 4, 2, 1 },
	{ "page table: unknown type", 80 + 4, 2, 0x55 },
	{ "memory: not aligned", 120 + 8, 8, 0x800 },
	{ "memory: from behind the limit", 120 + 8, 8, LIMIT },
	{ "memory: from its own copy", 120 + 8, 8, 0x4000000 },
	{ "memory: to where it is", 120 + 32, 8, 0 },
	{ "memory: to no address", 120 + 32, 8, ~0ULL << 16 },
};

static void papr_each_defect(struct kunit *test)
{
	struct crash_firmware_layout layout = { .nr_copies = 2, .cpus_size = 0xa00 }, got;
	u8 buf[CRASH_PAPR_MAX_SIZE];
	size_t size, i;

	layout.copies[0].size = 0x1000000;
	layout.copies[1].old_pa = 0x2000000;
	layout.copies[1].size = 0x1000000;
	crash_firmware_place(&layout, 0x4000000);
	for (i = 0; i < ARRAY_SIZE(papr_defects); i++) {
		size = make_dump(&layout, buf);
		set_be(buf + papr_defects[i].offset, papr_defects[i].bytes, papr_defects[i].value);
		KUNIT_EXPECT_TRUE_MSG(test, crash_papr_decode(buf, size, LIMIT, &got),
				      "%s", papr_defects[i].what);
	}
	size = make_dump(&layout, buf);
	KUNIT_EXPECT_TRUE(test, !crash_papr_decode(buf, size, LIMIT, &got));
	KUNIT_EXPECT_TRUE(test, crash_papr_decode(buf, size, layout.hpte_pa, &got));
	KUNIT_EXPECT_EQ(test, crash_papr_encode(&layout, buf, size - 1), 0);
}

/* What firmware could not save costs that alone. */
static void papr_partly_saved(struct kunit *test)
{
	struct crash_firmware_layout layout = { .nr_copies = 1, .cpus_size = 0xa00 }, got;
	u8 buf[CRASH_PAPR_MAX_SIZE];
	size_t size;

	layout.copies[0].size = 0x1000000;
	crash_firmware_place(&layout, 0x4000000);
	size = make_dump(&layout, buf);
	set_be(buf + 40 + 6, 2, 1);
	KUNIT_EXPECT_TRUE(test, !crash_papr_decode(buf, size, LIMIT, &got));
	KUNIT_EXPECT_EQ(test, got.cpus_saved, 0);
	KUNIT_EXPECT_EQ(test, got.copies[0].saved, 0x1000000);
	set_be(buf + 120 + 24, 8, 0x234567);
	KUNIT_EXPECT_TRUE(test, !crash_papr_decode(buf, size, LIMIT, &got));
	KUNIT_EXPECT_EQ(test, got.copies[0].saved, 0x230000);
	set_be(buf + 120 + 24, 8, ~0ULL);
	set_be(buf + 40 + 6, 2, 0);
	KUNIT_EXPECT_TRUE(test, !crash_papr_decode(buf, size, LIMIT, &got));
	KUNIT_EXPECT_EQ(test, got.copies[0].saved, 0x1000000);
	KUNIT_EXPECT_EQ(test, got.cpus_saved, 0xa00);
	set_be(buf + 120 + 6, 2, 0x8000);
	KUNIT_EXPECT_TRUE(test, !crash_papr_decode(buf, size, LIMIT, &got));
	KUNIT_EXPECT_EQ(test, got.copies[0].saved, 0);
}

static u8 *put_entry(u8 *at, const char *id, u64 value)
{
	memset(at, 0, 8);
	memcpy(at, id, strlen(id) < 8 ? strlen(id) : 8);
	set_be(at + 8, 8, value);
	return at + 16;
}

/* An area of nr CPUs; the registers of each are its number times 1000, and more. */
static size_t make_area(u8 *buf, u32 nr)
{
	char id[16];
	u8 *at = buf;
	u32 cpu, i;

	memcpy(at, "REGSAVE", 8);
	set_be(at + 8, 4, 0);
	set_be(at + 12, 4, 16);
	set_be(at + 16, 4, nr);
	at += 20;
	for (cpu = 0; cpu < nr; cpu++) {
		at = put_entry(at, "CPUSTRT", cpu);
		for (i = 0; i < 32; i++) {
			snprintf(id, sizeof(id), "GPR%02u", i);
			at = put_entry(at, id, cpu * 1000 + i);
		}
		at = put_entry(at, "NIA", cpu * 1000 + 32);
		at = put_entry(at, "MSR", cpu * 1000 + 33);
		at = put_entry(at, "GPR32", 5);
		at = put_entry(at, "GPR1", 5);
		at = put_entry(at, "GPRxy", 5);
		at = put_entry(at, "VRSAVE", 5);
		at = put_entry(at, "DSISR", cpu * 1000 + 42);
		at = put_entry(at, "CPUEND", cpu);
	}
	return at - buf;
}

static void papr_registers(struct kunit *test)
{
	static u8 buf[16384];
	size_t size = make_area(buf, 3);
	struct bytes area = copy_of(buf, size);
	struct crash_papr_cursor cur;
	struct crash_firmware_cpu cpu;
	u32 i, nr = 0;

	KUNIT_ASSERT_TRUE(test, !crash_papr_first_cpu(&cur, area.at, area.size));
	while (crash_papr_next_cpu(&cur, &cpu) == 1) {
		KUNIT_EXPECT_EQ(test, cpu.id, nr);
		for (i = 0; i < 34; i++)
			KUNIT_EXPECT_EQ(test, cpu.regs[i], nr * 1000 + i);
		KUNIT_EXPECT_EQ(test, cpu.regs[36], 0);
		KUNIT_EXPECT_EQ(test, cpu.regs[42], nr * 1000 + 42);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, 3);
	KUNIT_EXPECT_EQ(test, crash_papr_next_cpu(&cur, &cpu), 0);

	/* Without its last entry, the last CPU does not end. */
	KUNIT_ASSERT_TRUE(test, !crash_papr_first_cpu(&cur, area.at, area.size - 16));
	KUNIT_EXPECT_EQ(test, crash_papr_next_cpu(&cur, &cpu), 1);
	KUNIT_EXPECT_EQ(test, crash_papr_next_cpu(&cur, &cpu), 1);
	KUNIT_EXPECT_EQ(test, crash_papr_next_cpu(&cur, &cpu), -EBADMSG);
	free(area.at);
}

/* A machine names CPUs that may be plugged in, with no registers. */
static void papr_empty_cpus(struct kunit *test)
{
	static u8 buf[16384];
	size_t size = make_area(buf, 1);
	struct crash_papr_cursor cur;
	struct crash_firmware_cpu cpu;

	memmove(buf + 20 + 32, buf + 20, size - 20);
	put_entry(put_entry(buf + 20, "CPUSTRT", 7), "CPUEND", 7);
	put_entry(put_entry(buf + size + 32, "CPUSTRT", 8), "CPUEND", 8);
	set_be(buf + 16, 4, 3);
	KUNIT_ASSERT_TRUE(test, !crash_papr_first_cpu(&cur, buf, size + 64));
	KUNIT_EXPECT_EQ(test, crash_papr_next_cpu(&cur, &cpu), 1);
	KUNIT_EXPECT_EQ(test, cpu.id, 0);
	KUNIT_EXPECT_EQ(test, cpu.regs[32], 32);
	KUNIT_EXPECT_EQ(test, crash_papr_next_cpu(&cur, &cpu), 0);
}

static void check_damaged_area(struct kunit *test, u64 seed)
{
	static u8 buf[16384];
	size_t size = make_area(buf, 1 + unit_random(&seed) % 4);
	u32 nr = 1 + unit_random(&seed) % 8, steps = 0;
	struct crash_papr_cursor cur;
	struct crash_firmware_cpu cpu;
	struct bytes area;

	while (nr--)
		buf[unit_random(&seed) % (unit_random(&seed) % 2 ? 24 : size)] =
			unit_random(&seed);
	size = unit_random(&seed) % 2 ? size : unit_random(&seed) % size;
	area = copy_of(buf, size);
	if (!crash_papr_first_cpu(&cur, area.at, area.size))
		while (crash_papr_next_cpu(&cur, &cpu) == 1)
			steps++;
	KUNIT_EXPECT_TRUE(test, steps <= area.size / 32);
	free(area.at);
}

static void papr_damaged_area(struct kunit *test)
{
	unit_for_seeds(test, check_damaged_area);
}

static void papr_tree(struct kunit *test)
{
	static const u8 sizes[] = { 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0,
				    0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 7 };
	static const u8 first[] = { 0, 1, 0, 1 }, other[] = { 0, 2, 0, 2, 0, 3 };
	static const u8 of_qemu[] = { 1, 0, 1, 0 }, third[] = { 0, 3, 0, 3, 0, 2, 0, 1 };
	struct crash_firmware_layout layout = {};
	u8 huge[sizeof(sizes)];

	KUNIT_EXPECT_EQ(test, crash_papr_sizes(sizes, sizeof(sizes), &layout), 0);
	KUNIT_EXPECT_EQ(test, layout.cpus_size, 0xa00);
	KUNIT_EXPECT_EQ(test, layout.hpte_size, 0x10000);
	KUNIT_EXPECT_EQ(test, crash_papr_sizes(sizes, 11, &layout), -EINVAL);
	memcpy(huge, sizes, sizeof(sizes));
	huge[4] = 1;
	KUNIT_EXPECT_EQ(test, crash_papr_sizes(huge, sizeof(huge), &layout), -EINVAL);

	KUNIT_EXPECT_TRUE(test, crash_papr_is_known(NULL, 0));
	KUNIT_EXPECT_TRUE(test, crash_papr_is_known(first, sizeof(first)));
	KUNIT_EXPECT_TRUE(test, crash_papr_is_known(of_qemu, sizeof(of_qemu)));
	KUNIT_EXPECT_TRUE(test, crash_papr_is_known(third, sizeof(third)));
	KUNIT_EXPECT_FALSE(test, crash_papr_is_known(first, 2));
	KUNIT_EXPECT_FALSE(test, crash_papr_is_known(other, sizeof(other)));
}

static struct kunit_case papr_cases[] = {
	KUNIT_CASE(papr_round_trip),
	KUNIT_CASE(papr_each_defect),
	KUNIT_CASE(papr_partly_saved),
	KUNIT_CASE(papr_damaged_dump),
	KUNIT_CASE(papr_registers),
	KUNIT_CASE(papr_empty_cpus),
	KUNIT_CASE(papr_damaged_area),
	KUNIT_CASE(papr_tree),
	{}
};

static struct kunit_suite papr_suite = {
	.name = "papr",
	.test_cases = papr_cases,
};

kunit_test_suite(papr_suite);
