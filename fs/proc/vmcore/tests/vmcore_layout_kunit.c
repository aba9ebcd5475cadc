// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of fs/proc/vmcore/layout.c. tests/unit runs this file in user space,
 * too. Old memory is synthetic: the value of each byte follows from its
 * address.
 */
#include <asm/page.h>
#include <kunit/test.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "../layout.h"

#define P		((u64)PAGE_SIZE)
#define MAX_REGIONS	16
#define RANDOM_FILES	200
#define RANDOM_WALKS	50

static struct vmcore_layout *make_layout(struct kunit *test, u32 room)
{
	struct vmcore_layout *layout;

	layout = kunit_kzalloc(test, sizeof(*layout), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, layout);
	layout->regions = kunit_kzalloc(test, room * sizeof(*layout->regions),
					GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, layout->regions);
	layout->max_regions = room;
	return layout;
}

static int put_load(struct vmcore_layout *layout, u64 where, u64 filesz,
		    struct crash_segment *exported)
{
	struct crash_segment old = {
		.type = PT_LOAD, .flags = PF_R, .paddr = 0xabc000, .vaddr = 0xdef000,
		.where = where, .filesz = filesz, .memsz = filesz,
	};

	return vmcore_layout_add_load(layout, &old, exported);
}

/**
 * struct load_case - a segment behind one page of headers
 * @what: name of the case
 * @where: present address of the segment
 * @filesz: its size, bytes
 * @paddr: expected address of the region
 * @pages: expected size of the region; 0: no region is expected
 * @exported: expected offset of the segment in the file
 */
struct load_case {
	const char *what;
	u64 where, filesz;
	u64 paddr, pages;
	u64 exported;
};

static const struct load_case load_cases[] = {
	{ "a page", 7 * P, P, 7 * P, 1, P },
	{ "pages", 7 * P, 5 * P, 7 * P, 5, P },
	{ "at address 0", 0, P, 0, 1, P },
	{ "a byte", 7 * P, 1, 7 * P, 1, P },
	{ "the last byte of a page", 8 * P - 1, 1, 7 * P, 1, 2 * P - 1 },
	{ "two bytes of two pages", 8 * P - 1, 2, 7 * P, 2, 2 * P - 1 },
	{ "the middle of a page", 7 * P + 100, 200, 7 * P, 1, P + 100 },
	{ "a page less a byte at its start", 7 * P + 1, P - 1, 7 * P, 1, P + 1 },
	{ "a page and a byte", 7 * P, P + 1, 7 * P, 2, P },
	{ "a page, shifted", 7 * P + 5, P, 7 * P, 2, P + 5 },
	{ "above 4 GiB", (1ULL << 40) + 5, P, 1ULL << 40, 2, P + 5 },
	{ "no bytes at all", 7 * P + 5, 0, 0, 0, P + 5 },
};

static void load_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(load_cases); i++) {
		const struct load_case *this = &load_cases[i];
		struct vmcore_layout *layout = make_layout(test, 2);
		const struct vmcore_region *region = &layout->regions[1];
		struct crash_segment seg;

		KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_HEADERS,
							       layout, 1), 0);
		KUNIT_EXPECT_EQ_MSG(test, put_load(layout, this->where, this->filesz,
						   &seg), 0, "%s", this->what);
		KUNIT_EXPECT_EQ_MSG(test, seg.where, this->exported, "%s", this->what);
		KUNIT_EXPECT_EQ_MSG(test, seg.filesz, this->filesz, "%s", this->what);
		KUNIT_EXPECT_EQ(test, seg.type, PT_LOAD);
		KUNIT_EXPECT_EQ(test, seg.flags, PF_R);
		KUNIT_EXPECT_EQ(test, seg.paddr, 0xabc000);
		KUNIT_EXPECT_EQ(test, seg.vaddr, 0xdef000);
		KUNIT_EXPECT_EQ_MSG(test, layout->size, (1 + this->pages) * P, "%s",
				    this->what);
		KUNIT_ASSERT_EQ_MSG(test, layout->nr_regions, this->pages ? 2 : 1,
				    "%s", this->what);
		if (!this->pages)
			continue;
		KUNIT_EXPECT_EQ(test, region->kind, VMCORE_OLDMEM);
		KUNIT_EXPECT_EQ_MSG(test, region->start, P, "%s", this->what);
		KUNIT_EXPECT_EQ_MSG(test, region->now_pa, this->paddr, "%s", this->what);
		KUNIT_EXPECT_EQ_MSG(test, region->size, this->pages * P, "%s",
				    this->what);
	}
}

static void buffer_test(struct kunit *test)
{
	struct vmcore_layout *layout = make_layout(test, 3);
	char a, b, c;

	KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_HEADERS, &a, 1), 0);
	KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_NOTES, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_DEVICE, &b, P), 0);
	KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_NOTES, &c, P + 1), 0);

	KUNIT_ASSERT_EQ(test, layout->nr_regions, 3);
	KUNIT_EXPECT_EQ(test, layout->size, 4 * P);
	KUNIT_EXPECT_PTR_EQ(test, layout->regions[0].buf, (void *)&a);
	KUNIT_EXPECT_PTR_EQ(test, layout->regions[1].buf, (void *)&b);
	KUNIT_EXPECT_PTR_EQ(test, layout->regions[2].buf, (void *)&c);
	KUNIT_EXPECT_EQ(test, layout->regions[1].start, P);
	KUNIT_EXPECT_EQ(test, layout->regions[2].start, 2 * P);
	KUNIT_EXPECT_EQ(test, layout->regions[2].size, 2 * P);
	KUNIT_EXPECT_EQ(test, layout->regions[2].kind, VMCORE_NOTES);
}

/* A region that cannot be added changes nothing, and a small one still can be added. */
static void refused_test(struct kunit *test)
{
	struct vmcore_layout *layout = make_layout(test, 2), before;
	struct crash_segment seg = { .where = 4711 };
	char buf;

	KUNIT_EXPECT_EQ(test, put_load(layout, P, S64_MAX - 2 * P, &seg), 0);
	before = *layout;
	seg.where = 4711;

	KUNIT_EXPECT_EQ(test, put_load(layout, P, 4 * P, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, put_load(layout, P, U64_MAX - P, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, put_load(layout, P, U64_MAX - P + 1, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, put_load(layout, P, U64_MAX, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, put_load(layout, U64_MAX, 1, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, put_load(layout, U64_MAX - 1, 1, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, put_load(layout, U64_MAX - P - 1, 4, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, put_load(layout, U64_MAX, 0, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_NOTES, &buf,
						       SIZE_MAX), -EFBIG);
	KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_NOTES, &buf,
						       4 * P), -EFBIG);
	KUNIT_EXPECT_EQ(test, seg.where, 4711);
	KUNIT_EXPECT_MEMEQ(test, layout, &before, sizeof(before));

	KUNIT_EXPECT_EQ(test, put_load(layout, P, 1, &seg), 0);
	KUNIT_EXPECT_EQ(test, put_load(layout, P, 1, &seg), -EFBIG);

	layout = make_layout(test, 1);
	KUNIT_EXPECT_EQ(test, put_load(layout, P, 1, &seg), 0);
	KUNIT_EXPECT_EQ(test, put_load(layout, P, 1, &seg), -ENOSPC);
	KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_NOTES, &buf, 1),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, layout->size, P);
}

static void find_test(struct kunit *test)
{
	struct vmcore_layout *layout = make_layout(test, MAX_REGIONS);
	struct crash_segment seg;
	u32 i, last;

	KUNIT_EXPECT_NULL(test, vmcore_layout_find(layout, 0));

	/* Try every number of regions, since the halves of a search depend on it. */
	for (last = 0; last < MAX_REGIONS; last++) {
		KUNIT_ASSERT_EQ(test, put_load(layout, 0, (last % 3 + 1) * P, &seg), 0);
		for (i = 0; i <= last; i++) {
			const struct vmcore_region *region = &layout->regions[i];
			u64 end = region->start + region->size;

			KUNIT_EXPECT_PTR_EQ(test, vmcore_layout_find(layout, region->start),
					    region);
			KUNIT_EXPECT_PTR_EQ(test, vmcore_layout_find(layout, end - 1),
					    region);
		}
		KUNIT_EXPECT_NULL(test, vmcore_layout_find(layout, layout->size));
		KUNIT_EXPECT_NULL(test, vmcore_layout_find(layout, U64_MAX));
	}
}

/* Return the byte at an address of the synthetic memory, for both kinds of region. */
static u8 byte_at(u64 addr)
{
	return (addr * 0x9e3779b97f4a7c15ULL) >> 56;
}

static u64 region_addr(const struct vmcore_region *region)
{
	return region->kind == VMCORE_OLDMEM ? region->now_pa :
					       (uintptr_t)region->buf;
}

/**
 * struct reader - a client of walks that copies
 * @test: the test
 * @to: place for the next byte
 * @stop: number of bytes after which to stop
 * @err: result if no byte was read before the stop
 * @calls: number of calls
 */
struct reader {
	struct kunit *test;
	u8 *to;
	u64 stop;
	int err;
	unsigned int calls;
};

static s64 read_piece(const struct vmcore_region *region, u64 offset, u64 len,
		      void *ctx)
{
	struct reader *reader = ctx;
	u64 i, end = min(len, reader->stop);

	reader->calls++;
	KUNIT_EXPECT_GT(reader->test, len, 0);
	KUNIT_EXPECT_LE(reader->test, offset, region->size);
	KUNIT_EXPECT_LE(reader->test, len, region->size - offset);
	for (i = 0; i < end; i++)
		*reader->to++ = byte_at(region_addr(region) + offset + i);
	reader->stop -= end;
	return end ? end : reader->err;
}

static u32 next_random(u64 *state, u32 below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(*state >> 33) % below;
}

/* Make a file of some pages, and a model with the bytes that it must have. */
static struct vmcore_layout *random_file(struct kunit *test, u64 *state, u8 *model)
{
	struct vmcore_layout *layout = make_layout(test, MAX_REGIONS);
	u32 i, nr = 1 + next_random(state, MAX_REGIONS);
	struct crash_segment seg;

	for (i = 0; i < nr; i++) {
		u64 at, j, where = next_random(state, 9 * PAGE_SIZE);
		u32 size = 1 + next_random(state, 2 * PAGE_SIZE);

		at = layout->size;
		if (next_random(state, 2)) {
			KUNIT_ASSERT_EQ(test, put_load(layout, where, size, &seg), 0);
			KUNIT_EXPECT_EQ(test, seg.where % P, where % P);
			where -= where % P;
		} else {
			where -= where % P;
			KUNIT_ASSERT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_NOTES,
								       (void *)(uintptr_t)where,
								       size), 0);
		}
		for (j = at; j < layout->size; j++)
			model[j] = byte_at(where + j - at);
	}
	return layout;
}

static void random_walk_test(struct kunit *test)
{
	u64 max_size = 3 * MAX_REGIONS * P;
	u8 *model = kunit_kmalloc(test, max_size, GFP_KERNEL);
	u8 *got = kunit_kmalloc(test, max_size, GFP_KERNEL);
	u64 state = 20241122;
	u32 i, j;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, model);
	KUNIT_ASSERT_NOT_NULL(test, got);
	for (i = 0; i < RANDOM_FILES; i++) {
		struct vmcore_layout *layout = random_file(test, &state, model);

		for (j = 0; j < RANDOM_WALKS; j++) {
			struct reader reader = { test, got, U64_MAX, 0, 0 };
			u64 pos = next_random(&state, layout->size + P);
			u64 done, left, len = next_random(&state, 5 * PAGE_SIZE);

			left = pos < layout->size ? layout->size - pos : 0;
			err = vmcore_walk(layout, pos, len, read_piece, &reader, &done);
			KUNIT_EXPECT_EQ(test, err, 0);
			KUNIT_ASSERT_EQ_MSG(test, done, min(len, left), "file %u", i);
			KUNIT_EXPECT_MEMEQ_MSG(test, got, model + pos, done, "file %u", i);
		}
	}
}

static void walk_ends_test(struct kunit *test)
{
	struct vmcore_layout *layout = make_layout(test, 3);
	u8 *got = kunit_kmalloc(test, 8 * P, GFP_KERNEL);
	struct crash_segment seg;
	struct reader reader;
	u64 done;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, got);
	KUNIT_EXPECT_EQ(test, put_load(layout, 0, P, &seg), 0);
	KUNIT_EXPECT_EQ(test, put_load(layout, 7 * P, 2 * P, &seg), 0);
	KUNIT_EXPECT_EQ(test, put_load(layout, 4 * P, P, &seg), 0);

	/* A short piece ends the walk, and is not an error. */
	reader = (struct reader){ test, got, P + 5, -EFAULT, 0 };
	err = vmcore_walk(layout, 0, 4 * P, read_piece, &reader, &done);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, done, P + 5);
	KUNIT_EXPECT_EQ(test, reader.calls, 2);

	/* A walk from there on returns the error. */
	err = vmcore_walk(layout, done, 3 * P - 5, read_piece, &reader, &done);
	KUNIT_EXPECT_EQ(test, err, -EFAULT);
	KUNIT_EXPECT_EQ(test, done, 0);

	/* An error behind a whole piece does not hide the bytes that were read. */
	reader = (struct reader){ test, got, 3 * P, -EIO, 0 };
	err = vmcore_walk(layout, 0, U64_MAX, read_piece, &reader, &done);
	KUNIT_EXPECT_EQ(test, err, -EIO);
	KUNIT_EXPECT_EQ(test, done, 3 * P);
	KUNIT_EXPECT_EQ(test, reader.calls, 3);

	/* An empty walk does not call the client. */
	reader = (struct reader){ test, got, U64_MAX, 0, 0 };
	err = vmcore_walk(layout, 1, 0, read_piece, &reader, &done);
	KUNIT_EXPECT_EQ(test, err, 0);
	err = vmcore_walk(layout, 4 * P, 1, read_piece, &reader, &done);
	KUNIT_EXPECT_EQ(test, err, 0);
	err = vmcore_walk(layout, U64_MAX, U64_MAX, read_piece, &reader, &done);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, done, 0);
	KUNIT_EXPECT_EQ(test, reader.calls, 0);
}

static s64 take_all(const struct vmcore_region *region, u64 offset, u64 len,
		    void *ctx)
{
	*(u64 *)ctx = region->start + offset + len;
	return len;
}

/* Lengths that do not fit size_t of a 32-bit kernel reach the client whole. */
static void huge_test(struct kunit *test)
{
	struct vmcore_layout *layout = make_layout(test, 1);
	struct crash_segment seg;
	u64 done, end = 0;
	int err;

	KUNIT_EXPECT_EQ(test, put_load(layout, P, 1ULL << 52, &seg), 0);
	err = vmcore_walk(layout, 1, U64_MAX, take_all, &end, &done);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, end, 1ULL << 52);
	KUNIT_EXPECT_EQ(test, done, (1ULL << 52) - 1);
}

#define H		((u64)512 * PAGE_SIZE)

/**
 * struct fill_case - a segment behind one page of headers, with huge pages
 * @what: name of the case
 * @where: present address of the segment
 * @filesz: its size, bytes
 * @fill: expected pages of zeros before it
 */
struct fill_case {
	const char *what;
	u64 where, filesz, fill;
};

static const struct fill_case fill_cases[] = {
	{ "a huge page", 8 * H, H, 511 },
	{ "a huge page less a byte", 8 * H, H - 1, 0 },
	{ "as much in two halves", 8 * H + H / 2, H, 0 },
	{ "a half, and a huge page", 8 * H + H / 2, H + H / 2, 255 },
	{ "congruent as it is", 8 * H + P, 2 * H, 0 },
	{ "almost a huge page of zeros", 8 * H, 5 * H, 511 },
	{ "a byte before the huge page", 8 * H - 1, H + 1, 510 },
	{ "huge pages behind a byte", 7 * H + P - 1, 3 * H, 511 },
	{ "a page", 8 * H, P, 0 },
	{ "no bytes at all", 8 * H, 0, 0 },
};

static void fill_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fill_cases); i++) {
		const struct fill_case *this = &fill_cases[i];
		struct vmcore_layout *layout = make_layout(test, 3);
		struct crash_segment seg;
		u64 at;

		layout->huge = H;
		KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_HEADERS,
							       layout, 1), 0);
		KUNIT_EXPECT_EQ_MSG(test, put_load(layout, this->where, this->filesz,
						   &seg), 0, "%s", this->what);
		at = (1 + this->fill) * P;
		KUNIT_EXPECT_EQ_MSG(test, seg.where, at + this->where % P, "%s",
				    this->what);
		KUNIT_ASSERT_EQ_MSG(test, layout->nr_regions,
				    1 + !!this->fill + !!this->filesz, "%s", this->what);
		if (!this->fill)
			continue;
		KUNIT_EXPECT_EQ(test, layout->regions[1].kind, VMCORE_FILL);
		KUNIT_EXPECT_EQ(test, layout->regions[1].size, this->fill * P);
		KUNIT_EXPECT_EQ(test, layout->regions[2].kind, VMCORE_OLDMEM);
		KUNIT_EXPECT_EQ(test, layout->regions[2].start, at);
		KUNIT_EXPECT_EQ_MSG(test, (at - layout->regions[2].now_pa) % H, 0, "%s",
				    this->what);
	}
}

/* If a segment cannot be added, the zeros before it are removed. */
static void fill_refused_test(struct kunit *test)
{
	struct vmcore_layout *layout = make_layout(test, 2), before;
	struct crash_segment seg = { .where = 4711 };

	layout->huge = H;
	KUNIT_EXPECT_EQ(test, vmcore_layout_add_buffer(layout, VMCORE_HEADERS,
						       layout, 1), 0);
	before = *layout;
	KUNIT_EXPECT_EQ(test, put_load(layout, 8 * H, H, &seg), -ENOSPC);
	KUNIT_EXPECT_EQ(test, put_load(layout, 8 * H, S64_MAX - H, &seg), -EFBIG);
	KUNIT_EXPECT_EQ(test, seg.where, 4711);
	KUNIT_EXPECT_MEMEQ(test, layout, &before, sizeof(before));
	KUNIT_EXPECT_EQ(test, put_load(layout, 8 * H + P, H + P, &seg), 0);
}

static struct kunit_case vmcore_layout_cases[] = {
	KUNIT_CASE(load_test),
	KUNIT_CASE(buffer_test),
	KUNIT_CASE(refused_test),
	KUNIT_CASE(find_test),
	KUNIT_CASE(random_walk_test),
	KUNIT_CASE(walk_ends_test),
	KUNIT_CASE(huge_test),
	KUNIT_CASE(fill_test),
	KUNIT_CASE(fill_refused_test),
	{}
};

static struct kunit_suite vmcore_layout_suite = {
	.name = "vmcore_layout",
	.test_cases = vmcore_layout_cases,
};

kunit_test_suite(vmcore_layout_suite);
