// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of drivers/char/oldmem.c and oldmem_ram.c, as far as they are possible
 * without a crashed kernel: memory that must not be touched is not touched.
 */
#include <kunit/test.h>
#include <linux/crash_dump.h>
#include <linux/crash_source.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/string.h>
#include <linux/uio.h>

/* Pages of the range that tests use as old memory; nothing maps or touches them. */
#define PAGES	8

static u64 veto_first, veto_last;

static bool veto_page(struct vmcore_cb *cb, unsigned long pfn)
{
	return pfn < veto_first || pfn > veto_last;
}

static struct vmcore_cb veto_cb = { .pfn_is_ram = veto_page };
static struct vmcore_cb indifferent_cb;

/*
 * Return addresses that the CPU has but this machine does not use; 0 if there
 * are none.
 */
static u64 unused_range(void)
{
	u64 start = oldmem_limit() / 2;
	struct oldmem_use use;

	if (!oldmem_find_use(start, PAGES * PAGE_SIZE, &use))
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

/* A window is invalid once the callbacks have changed. */
static void window_version_test(struct kunit *test)
{
	struct oldmem_window win = {};
	u64 start = veto_pages(test, 0, PAGES - 1);
	unsigned int version = oldmem_veto_version();
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
	KUNIT_EXPECT_NE(test, oldmem_veto_version(), version);
	oldmem_window_unmap(&win);
	KUNIT_EXPECT_EQ(test, win.size, 0);
}

static void own_memory_test(struct kunit *test)
{
	u8 *own = (u8 *)__get_free_pages(GFP_KERNEL, 1);
	size_t len = 2 * PAGE_SIZE;
	struct oldmem_use use;
	bool is_ram = true;
	u8 *buf;

	KUNIT_ASSERT_NOT_NULL(test, own);
	memset(own, 0x5a, len);
	buf = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, oldmem_find_use(virt_to_phys(own), len, &use));
	KUNIT_EXPECT_LE(test, use.start, (u64)virt_to_phys(own));
	KUNIT_EXPECT_GE(test, use.last, (u64)virt_to_phys(own) + len - 1);
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

/* iomem does not list the local APIC. */
static void interrupt_range_test(struct kunit *test)
{
	u64 start = 0xfee00000, last = 0xfeefffff;
	struct oldmem_use use;
	bool is_ram = true;

	if (!IS_ENABLED(CONFIG_X86))
		kunit_skip(test, "of x86 only");
	KUNIT_EXPECT_TRUE(test, oldmem_find_use(start - PAGE_SIZE, 2 * PAGE_SIZE, &use));
	KUNIT_EXPECT_LE(test, use.start, start);
	KUNIT_EXPECT_GE(test, use.last, start + PAGE_SIZE - 1);
	KUNIT_EXPECT_EQ(test, oldmem_ram_extent(start, 16, &is_ram), 16);
	KUNIT_EXPECT_FALSE(test, is_ram);
	is_ram = true;
	KUNIT_EXPECT_EQ(test, oldmem_ram_extent(last, 1, &is_ram), 1);
	KUNIT_EXPECT_FALSE(test, is_ram);
}

/* An entry of iomem, in pages of unused_range(), with at most one entry in it. */
struct iomem_entry {
	unsigned int first, nr;
	unsigned long flags, desc;
};

struct iomem_case {
	const char *name;
	struct iomem_entry outer, inner;
	unsigned int first, nr;		/* pages that are not read */
	enum oldmem_reason reason;
};

#define BUSY_MEM	(IORESOURCE_MEM | IORESOURCE_BUSY)
#define BUSY_RAM	(IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY)
#define BAR		(IORESOURCE_MEM | IORESOURCE_SIZEALIGN)

static const struct iomem_case iomem_cases[] = {
	{ "firmware table", { 1, 4, IORESOURCE_MEM, IORES_DESC_NONE } },
	{ "firmware table, a driver within", { 0, 6, IORESOURCE_MEM, IORES_DESC_NONE },
	  { 2, 1, BUSY_MEM, IORES_DESC_NONE }, 2, 1, OLDMEM_OWN },
	{ "reserved by e820", { 1, 4, IORESOURCE_MEM, IORES_DESC_RESERVED } },
	{ "reserved by e820, below 1 MiB", { 1, 4, BUSY_MEM, IORES_DESC_RESERVED } },
	{ "reserved by e820, a driver within", { 1, 4, IORESOURCE_MEM, IORES_DESC_RESERVED },
	  { 3, 2, BUSY_MEM, IORES_DESC_RESERVED }, 3, 2, OLDMEM_OWN },
	{ "ACPI tables", { 1, 4, BUSY_MEM, IORES_DESC_ACPI_TABLES } },
	{ "ACPI's memory", { 1, 4, BUSY_MEM, IORES_DESC_ACPI_NV_STORAGE } },
	{ "CXL window", { 0, 8, IORESOURCE_MEM, IORES_DESC_CXL } },
	{ "CXL window, claimed", { 0, 8, IORESOURCE_MEM, IORES_DESC_CXL },
	  { 0, 8, BUSY_MEM, IORES_DESC_CXL } },
	{ "CXL window, RAM on line", { 0, 8, IORESOURCE_MEM, IORES_DESC_CXL },
	  { 2, 4, BUSY_RAM, IORES_DESC_CXL }, 2, 4, OLDMEM_OWN },
	{ "dax over special-purpose memory", { 0, 8, BUSY_MEM, IORES_DESC_SOFT_RESERVED } },
	{ "dax, RAM on line", { 0, 8, BUSY_MEM, IORES_DESC_SOFT_RESERVED },
	  { 1, 1, BUSY_RAM, IORES_DESC_SOFT_RESERVED }, 1, 1, OLDMEM_OWN },
	{ "persistent memory", { 0, 8, BUSY_MEM, IORES_DESC_PERSISTENT_MEMORY } },
	{ "persistent memory, legacy", { 0, 8, BUSY_MEM, IORES_DESC_PERSISTENT_MEMORY_LEGACY } },
	{ "bridge window", { 0, 8, IORESOURCE_MEM | IORESOURCE_WINDOW, IORES_DESC_NONE } },
	{ "bridge window, BAR within",
	  { 0, 8, IORESOURCE_MEM | IORESOURCE_WINDOW, IORES_DESC_NONE },
	  { 5, 2, BAR, IORES_DESC_NONE }, 5, 2, OLDMEM_BAR },
	{ "BAR with a driver", { 2, 2, BAR, IORES_DESC_NONE },
	  { 2, 2, BUSY_MEM, IORES_DESC_NONE }, 2, 2, OLDMEM_BAR },
	{ "device with a driver", { 2, 2, BUSY_MEM, IORES_DESC_NONE }, {}, 2, 2, OLDMEM_OWN },
	{ "RAM of this kernel", { 2, 2, BUSY_RAM, IORES_DESC_NONE }, {}, 2, 2, OLDMEM_OWN },
};

static bool add_entry(struct resource *res, struct resource *parent, u64 start,
		      const struct iomem_entry *entry)
{
	*res = (struct resource) {
		.name = "made up",
		.start = start + entry->first * PAGE_SIZE,
		.end = start + (entry->first + entry->nr) * PAGE_SIZE - 1,
		.flags = entry->flags,
		.desc = entry->desc,
	};
	return !entry->nr || !request_resource(parent, res);
}

/* Check each page by itself, so that no result hides another. */
static void check_pages(struct kunit *test, u64 start, const struct iomem_case *this)
{
	enum oldmem_reason reason, wanted;
	unsigned int page;

	for (page = 0; page < PAGES; page++) {
		wanted = page - this->first < this->nr ? this->reason : OLDMEM_READ;
		oldmem_read_extent(start + page * PAGE_SIZE, PAGE_SIZE, &reason);
		KUNIT_EXPECT_EQ_MSG(test, reason, wanted, "%s: page %u", this->name, page);
	}
}

static void check_whole(struct kunit *test, u64 start, const struct iomem_case *this)
{
	u64 len = PAGES * PAGE_SIZE, wanted = this->nr ? this->first * PAGE_SIZE : len;
	enum oldmem_reason reason;

	KUNIT_EXPECT_EQ_MSG(test, oldmem_read_extent(start, len, &reason), wanted,
			    "%s", this->name);
	KUNIT_EXPECT_EQ_MSG(test, reason, OLDMEM_READ, "%s", this->name);
}

/* Only memory in use counts more than the headers of the crashed kernel. */
static void iomem_entries_test(struct kunit *test)
{
	struct resource *res = kunit_kcalloc(test, 2, sizeof(*res), GFP_KERNEL);
	u64 start = unused_range();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, res);
	if (!start)
		kunit_skip(test, "the middle of the address space is in use");
	for (i = 0; i < ARRAY_SIZE(iomem_cases); i++) {
		const struct iomem_case *this = &iomem_cases[i];
		bool outer = add_entry(&res[0], &iomem_resource, start, &this->outer);
		bool inner = outer && add_entry(&res[1], &res[0], start, &this->inner);

		KUNIT_EXPECT_TRUE_MSG(test, inner, "%s", this->name);
		if (inner) {
			check_pages(test, start, this);
			check_whole(test, start, this);
		}
		if (inner && this->inner.nr)
			release_resource(&res[1]);
		if (outer)
			release_resource(&res[0]);
	}
}

static struct kunit_case oldmem_cases[] = {
	KUNIT_CASE(filter_extent_test),
	KUNIT_CASE(vetoed_pages_are_zero_test),
	KUNIT_CASE(window_version_test),
	KUNIT_CASE(own_memory_test),
	KUNIT_CASE(no_address_test),
	KUNIT_CASE(interrupt_range_test),
	KUNIT_CASE(iomem_entries_test),
	{}
};

static struct kunit_suite oldmem_suite = {
	.name = "crash_oldmem",
	.test_cases = oldmem_cases,
};

kunit_test_suite(oldmem_suite);
