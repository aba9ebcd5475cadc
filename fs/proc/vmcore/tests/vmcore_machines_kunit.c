// SPDX-License-Identifier: GPL-2.0
/*
 * Memory maps of real machines, as program headers: RAM that starts and ends at
 * odd bytes, pages that two segments share, addresses of many TiB, tens of
 * thousands of segments. Each byte must be found by its old and by its present
 * address.
 */
#include <asm/page.h>
#include <kunit/test.h>
#include <linux/crash_map.h>
#include <linux/elf.h>
#include <linux/kernel.h>

#include "../layout.h"

#define HUGE_BYTES	0x200000ULL
#define MANY		70000

/* First and last byte of RAM. */
struct ram_piece {
	u64 first, last;
};

/* The setup data of a firmware cuts RAM; memory up to 826 GiB round AMD's holes. */
static const struct ram_piece server_cut_by_setup_data[] = {
	{ 0x0, 0x8efff }, { 0x90000, 0x9ffff },
	{ 0x100000, 0x4bd0701f }, { 0x4bd07020, 0x4bd6965f },
	{ 0x4bd69660, 0x4bd6a01f }, { 0x4bd6a020, 0x4bdcc65f },
	{ 0x4bdcc660, 0x4bdcd01f }, { 0x4bdcd020, 0x4be01c5f },
	{ 0x4be01c60, 0x4be0201f }, { 0x4be02020, 0x4be36c5f },
	{ 0x4be36c60, 0x4be3701f }, { 0x4be37020, 0x4be3f05f },
	{ 0x4be3f060, 0x4be4001f }, { 0x4be40020, 0x4be5325f },
	{ 0x4be53260, 0x4be5401f }, { 0x4be54020, 0x4be8a45f },
	{ 0x4be8a460, 0x4be8b01f }, { 0x4be8b020, 0x4bec145f },
	{ 0x4bec1460, 0x4bec201f }, { 0x4bec2020, 0x4bef845f },
	{ 0x4bef8460, 0x4bef901f }, { 0x4bef9020, 0x4bf2f45f },
	{ 0x4bf2f460, 0x59cccfff }, { 0x59cd0000, 0x677cefff },
	{ 0x6efff000, 0x6effffff }, { 0x100000000, 0x187fdfffff },
	{ 0x1880000000, 0x307fdfffff }, { 0x3080000000, 0x487fdfffff },
	{ 0x4880000000, 0x607edfffff }, { 0x6080000000, 0x787fdfffff },
	{ 0x7880000000, 0x907fdfffff }, { 0x9080000000, 0xa87fdfffff },
	{ 0xa880000000, 0xc07e7bffff }, { 0xc07fc00000, 0xc07fcfffff },
};

static const struct ram_piece laptop_with_reserved_high[] = {
	{ 0x0, 0x9ffff }, { 0x100000, 0x9afefff }, { 0xa000000, 0xa1fffff },
	{ 0xa212000, 0x8e43dfff }, { 0x9a5ff000, 0x9bffafff },
	{ 0x100000000, 0x837ffffff }, { 0x858000000, 0x85de7ffff },
};

static const struct ram_piece xen_dom0[] = {
	{ 0x0, 0x9efff }, { 0x100000, 0x40060f1d },
};

static const struct ram_piece small_vmm[] = {
	{ 0x0, 0x9fffe }, { 0x100000, 0x1ffffff },
};

static const struct ram_piece laptop_single_page[] = {
	{ 0x0, 0x57fff }, { 0x59000, 0x9efff }, { 0x100000, 0x65a6efff },
	{ 0x65a7e000, 0x6a5acfff }, { 0x6a5af000, 0x79e83fff },
	{ 0x7b5ff000, 0x7b5fffff },
};

/* RAM of CXL expanders and of persistent memory, up to 7 TiB. */
static const struct ram_piece expanders[] = {
	{ 0x100000, 0x7fffffff }, { 0x880000000, 0x27ffffffff },
	{ 0x3040000000, 0xbfffffffff }, { 0xc050000000, 0xfcffffffff },
	{ 0x10000000000, 0x1034fffffff }, { 0x68e80000000, 0x70e7fffffff },
};

/* Blocks of virtio-mem with holes between them, the last at 8 TiB and beyond. */
static const struct ram_piece beyond_8_tib[] = {
	{ 0x338000000, 0x33fffffff }, { 0x340000000, 0x347ffffff },
	{ 0x7ffffffff01, 0x80000000f00 }, { 0x80000000f01, 0x80000001fff },
	{ 0xfffc0000123, 0xfffffffffff },
};

struct machine {
	const struct ram_piece *ram;
	u32 nr;
};

static const struct machine machines[] = {
	{ server_cut_by_setup_data, ARRAY_SIZE(server_cut_by_setup_data) },
	{ laptop_with_reserved_high, ARRAY_SIZE(laptop_with_reserved_high) },
	{ xen_dom0, ARRAY_SIZE(xen_dom0) },
	{ small_vmm, ARRAY_SIZE(small_vmm) },
	{ laptop_single_page, ARRAY_SIZE(laptop_single_page) },
	{ expanders, ARRAY_SIZE(expanders) },
	{ beyond_8_tib, ARRAY_SIZE(beyond_8_tib) },
};

static struct vmcore_layout *make_machine_layout(struct kunit *test,
						 const struct crash_segment *loads, u32 nr)
{
	struct vmcore_layout *layout = kunit_kzalloc(test, sizeof(*layout), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, layout);
	layout->huge = HUGE_BYTES;
	layout->max_regions = nr;
	for (i = 0; i < nr; i++)
		layout->max_regions += vmcore_layout_is_huge(&loads[i], HUGE_BYTES);
	layout->regions = kunit_kzalloc(test, layout->max_regions *
					sizeof(*layout->regions), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, layout->regions);
	return layout;
}

/* Check that a byte of the exported segment is the same byte of the old one. */
static void check_byte(struct kunit *test, const struct vmcore_layout *layout,
		       const struct crash_segment *old,
		       const struct crash_segment *exported, u64 into)
{
	const struct vmcore_region *region =
		vmcore_layout_find(layout, exported->where + into);
	u64 offset;

	KUNIT_ASSERT_NOT_NULL(test, region);
	offset = exported->where + into - region->start;
	KUNIT_EXPECT_EQ(test, region->kind, VMCORE_OLDMEM);
	KUNIT_EXPECT_EQ(test, region->now_pa + offset, old->where + into);
	KUNIT_EXPECT_EQ(test, region->old_pa + offset, old->paddr + into);
	KUNIT_EXPECT_EQ(test, region->now_pa % PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, region->size % PAGE_SIZE, 0);
}

static void check_segment(struct kunit *test, struct vmcore_layout *layout,
			  const struct crash_segment *old)
{
	struct crash_segment exported;

	KUNIT_ASSERT_EQ(test, vmcore_layout_add_load(layout, old, &exported), 0);
	KUNIT_EXPECT_EQ(test, exported.paddr, old->paddr);
	KUNIT_EXPECT_EQ(test, exported.filesz, old->filesz);
	KUNIT_EXPECT_EQ(test, exported.where % PAGE_SIZE, old->where % PAGE_SIZE);
	check_byte(test, layout, old, &exported, 0);
	check_byte(test, layout, old, &exported, old->filesz / 2);
	check_byte(test, layout, old, &exported, old->filesz - 1);
	if (vmcore_layout_is_huge(old, HUGE_BYTES))
		KUNIT_EXPECT_EQ(test, (exported.where - old->where) % HUGE_BYTES, 0);
}

static void check_map(struct kunit *test, const struct crash_segment *loads, u32 nr,
		      struct crash_run *runs)
{
	u32 nr_runs = crash_map_build(loads, nr, runs), i, at;

	for (i = 0; i < nr; i++) {
		u64 last = loads[i].paddr + loads[i].filesz - 1;

		at = crash_map_find(runs, nr_runs, loads[i].paddr);
		KUNIT_ASSERT_LT(test, at, nr_runs);
		KUNIT_EXPECT_LE(test, runs[at].paddr, loads[i].paddr);
		at = crash_map_find(runs, nr_runs, last);
		KUNIT_ASSERT_LT(test, at, nr_runs);
		KUNIT_EXPECT_LE(test, runs[at].paddr, last);
		KUNIT_EXPECT_EQ(test, runs[at].where + (last - runs[at].paddr),
				loads[i].where + loads[i].filesz - 1);
	}
}

static void check_segments(struct kunit *test, const struct crash_segment *loads, u32 nr)
{
	struct vmcore_layout *layout = make_machine_layout(test, loads, nr);
	struct crash_run *runs = kunit_kzalloc(test, nr * sizeof(*runs), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, runs);
	for (i = 0; i < nr; i++)
		check_segment(test, layout, &loads[i]);
	check_map(test, loads, nr, runs);
}

static struct crash_segment make_load(u64 first, u64 size, u64 moved)
{
	return (struct crash_segment) {
		.type = PT_LOAD, .paddr = first, .where = first + moved,
		.filesz = size, .memsz = size,
	};
}

static void real_machines_keep_every_byte_test(struct kunit *test)
{
	struct crash_segment loads[ARRAY_SIZE(server_cut_by_setup_data)];
	const struct machine *machine;
	u32 i;

	for (machine = machines; machine < machines + ARRAY_SIZE(machines); machine++) {
		for (i = 0; i < machine->nr; i++)
			loads[i] = make_load(machine->ram[i].first,
					     machine->ram[i].last + 1 -
					     machine->ram[i].first, 0);
		check_segments(test, loads, machine->nr);
	}
}

/* Use pieces of odd sizes, with and without gaps; some have moved since. */
static void many_segments_keep_every_byte_test(struct kunit *test)
{
	struct crash_segment *loads =
		kunit_kzalloc(test, MANY * sizeof(*loads), GFP_KERNEL);
	u64 at = 0x7ff00000001ULL, size;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, loads);
	for (i = 0; i < MANY; i++, at += size + (i % 3 ? 0 : 777)) {
		size = 1 + (i * 2654435761U >> 16) % 20000;
		loads[i] = make_load(at, size, i % 5 ? 0 : 0x10000000123ULL);
	}
	check_segments(test, loads, MANY);
}

static struct kunit_case vmcore_machines_cases[] = {
	KUNIT_CASE(real_machines_keep_every_byte_test),
	KUNIT_CASE(many_segments_keep_every_byte_test),
	{}
};

static struct kunit_suite vmcore_machines_suite = {
	.name = "vmcore_machines",
	.test_cases = vmcore_machines_cases,
};

kunit_test_suite(vmcore_machines_suite);
