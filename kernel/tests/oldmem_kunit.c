// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of drivers/char/oldmem.c and oldmem_ram.c, as far as they can go where no
 * kernel has crashed: what must not be touched is not touched.
 */
#include <kunit/test.h>
#include <linux/crash_dump.h>
#include <linux/crash_source.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/range.h>
#include <linux/string.h>
#include <linux/uio.h>

/* Pages of the range that tests call old memory; nothing maps or touches them. */
#define PAGES	8

static u64 veto_first, veto_last;

static bool veto(struct vmcore_cb *cb, unsigned long pfn)
{
	return pfn < veto_first || pfn > veto_last;
}

static struct vmcore_cb veto_cb = { .pfn_is_ram = veto };
static struct vmcore_cb indifferent_cb;

/* Addresses that the CPU has and this machine does not, or none: 0. */
static u64 unused_range(void)
{
	u64 start = oldmem_limit() / 2;
	struct range used;

	if (!oldmem_find_used(start, PAGES * PAGE_SIZE, &used))
		return start;
	return 0;
}

static u64 veto_pages(struct kunit *test, unsigned int first, unsigned int last)
{
	u64 start = unused_range();

	if (!start)
		kunit_skip(test, "the middle of the address space is in use");
	veto_first = PHYS_PFN(start) + first;
	veto_last = PHYS_PFN(start) + last;
	register_vmcore_cb(&indifferent_cb);
	register_vmcore_cb(&veto_cb);
	return start;
}

static void veto_end(void)
{
	unregister_vmcore_cb(&veto_cb);
	unregister_vmcore_cb(&indifferent_cb);
}

static void filter_extent_test(struct kunit *test)
{
	/* Pages 3 and 4 are vetoed; from and len are bytes. */
	static const struct {
		u64 from, len, extent;
		bool is_ram;
	} cases[] = {
		{ 0, PAGES * PAGE_SIZE, 3 * PAGE_SIZE, true },
		{ 0, 10, 10, true },
		{ 0, 3 * PAGE_SIZE, 3 * PAGE_SIZE, true },
		{ 3 * PAGE_SIZE - 1, 2, 1, true },
		{ 3 * PAGE_SIZE, 1, 1, false },
		{ 3 * PAGE_SIZE, PAGES * PAGE_SIZE, 2 * PAGE_SIZE, false },
		{ 5 * PAGE_SIZE - 1, 2, 1, false },
		{ 5 * PAGE_SIZE, 3 * PAGE_SIZE - 7, 3 * PAGE_SIZE - 7, true },
		{ 0, 0, 0, false },
	};
	u64 start = veto_pages(test, 3, 4);
	unsigned int i;
	bool is_ram;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, oldmem_ram_extent(start + cases[i].from,
							    cases[i].len, &is_ram),
				    cases[i].extent, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, is_ram, cases[i].is_ram, "case %u", i);
	}
	veto_end();

	KUNIT_EXPECT_EQ(test, oldmem_ram_extent(start, PAGES * PAGE_SIZE, &is_ram),
			PAGES * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, is_ram);
}

static void vetoed_pages_are_zero_test(struct kunit *test)
{
	size_t len = 2 * PAGE_SIZE + 100;
	u8 *buf = kunit_kmalloc(test, len, GFP_KERNEL);
	u64 start;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 0xa5, len);
	start = veto_pages(test, 0, PAGES - 1);
	KUNIT_EXPECT_EQ(test, oldmem_read(start + 50, buf, len - 1, 0), 0);
	veto_end();
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0, len - 1));
	KUNIT_EXPECT_EQ(test, buf[len - 1], 0xa5);
}

/* A window must not outlive the filters that it was made under. */
static void window_version_test(struct kunit *test)
{
	struct oldmem_window win = {};
	u64 start = veto_pages(test, 0, PAGES - 1);
	unsigned int version = oldmem_filter_version();
	struct iov_iter to;
	struct kvec vec;
	u8 byte = 1;

	vec = (struct kvec) { .iov_base = &byte, .iov_len = 1 };
	iov_iter_kvec(&to, ITER_DEST, &vec, 1, 1);
	KUNIT_EXPECT_EQ(test, oldmem_read_iter(&win, start, 4 * PAGE_SIZE, 0, &to), 1);
	KUNIT_EXPECT_EQ(test, byte, 0);
	KUNIT_EXPECT_EQ(test, win.start, start);
	KUNIT_EXPECT_EQ(test, win.size, 4 * PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, win.vaddr);
	KUNIT_EXPECT_EQ(test, win.version, version);
	veto_end();
	KUNIT_EXPECT_NE(test, oldmem_filter_version(), version);
	oldmem_window_unmap(&win);
	KUNIT_EXPECT_EQ(test, win.size, 0);
}

static void own_memory_test(struct kunit *test)
{
	u8 *own = (u8 *)__get_free_pages(GFP_KERNEL, 1);
	size_t len = 2 * PAGE_SIZE;
	struct range used;
	bool is_ram = true;
	u8 *buf;

	KUNIT_ASSERT_NOT_NULL(test, own);
	memset(own, 0x5a, len);
	buf = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, oldmem_find_used(virt_to_phys(own), len, &used));
	KUNIT_EXPECT_LE(test, used.start, (u64)virt_to_phys(own));
	KUNIT_EXPECT_GE(test, used.end, (u64)virt_to_phys(own) + len - 1);
	KUNIT_EXPECT_EQ(test, oldmem_ram_extent(virt_to_phys(own) + 3, 70, &is_ram), 70);
	KUNIT_EXPECT_FALSE(test, is_ram);
	if (buf) {
		memset(buf, 0xa5, len);
		KUNIT_EXPECT_EQ(test, oldmem_read(virt_to_phys(own), buf, len, 0), 0);
		KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0, len));
	}
	KUNIT_EXPECT_EQ(test, PTR_ERR(crash_source_load(virt_to_phys(own), 0)), -EFAULT);
	free_pages((unsigned long)own, 1);
}

static void no_address_test(struct kunit *test)
{
	u64 limit = oldmem_limit();
	bool is_ram = true;
	u8 bytes[16];

	KUNIT_EXPECT_EQ(test, oldmem_ram_extent(limit, 4096, &is_ram), 4096);
	KUNIT_EXPECT_FALSE(test, is_ram);
	KUNIT_EXPECT_LE(test, oldmem_ram_extent(limit - 10, 4096, &is_ram), 10);

	memset(bytes, 0xa5, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, oldmem_read(limit, bytes, sizeof(bytes), 0), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes, 0, sizeof(bytes)));
	memset(bytes, 0xa5, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, oldmem_read(S64_MAX - sizeof(bytes), bytes,
					  sizeof(bytes), 0), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes, 0, sizeof(bytes)));

	KUNIT_EXPECT_EQ(test, oldmem_read(S64_MAX - 3, bytes, 4, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, oldmem_read(U64_MAX, bytes, 1, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, oldmem_read(U64_MAX, bytes, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(crash_source_load(0, 0)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(crash_source_load(limit, 0)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(crash_source_load(U64_MAX, U64_MAX)), -EFAULT);
}

/* iomem does not tell of the local APIC. */
static void interrupt_range_test(struct kunit *test)
{
	u64 start = 0xfee00000, last = 0xfeefffff;
	struct range used;
	bool is_ram = true;

	if (!IS_ENABLED(CONFIG_X86))
		kunit_skip(test, "of x86 only");
	KUNIT_EXPECT_TRUE(test, oldmem_find_used(start - PAGE_SIZE, 2 * PAGE_SIZE, &used));
	KUNIT_EXPECT_LE(test, used.start, start);
	KUNIT_EXPECT_GE(test, used.end, start + PAGE_SIZE - 1);
	KUNIT_EXPECT_EQ(test, oldmem_ram_extent(start, 16, &is_ram), 16);
	KUNIT_EXPECT_FALSE(test, is_ram);
	is_ram = true;
	KUNIT_EXPECT_EQ(test, oldmem_ram_extent(last, 1, &is_ram), 1);
	KUNIT_EXPECT_FALSE(test, is_ram);
}

static struct kunit_case oldmem_cases[] = {
	KUNIT_CASE(filter_extent_test),
	KUNIT_CASE(vetoed_pages_are_zero_test),
	KUNIT_CASE(window_version_test),
	KUNIT_CASE(own_memory_test),
	KUNIT_CASE(no_address_test),
	KUNIT_CASE(interrupt_range_test),
	{}
};

static struct kunit_suite oldmem_suite = {
	.name = "crash_oldmem",
	.test_cases = oldmem_cases,
};

kunit_test_suite(oldmem_suite);
