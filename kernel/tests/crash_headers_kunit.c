// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kernel/crash_headers.c.
 */
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/crash_headers.h>
#include <linux/cpumask.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <asm/sections.h>

/**
 * struct headers - headers that a test has made, decoded
 * @elf: the file header
 * @segs: its program headers
 * @nr_loads: number of PT_LOAD segments
 */
struct headers {
	struct crash_elf elf;
	struct crash_segment *segs;
	u32 nr_loads;
};

KUNIT_DEFINE_ACTION_WRAPPER(vfree_action, vfree, const void *);
KUNIT_DEFINE_ACTION_WRAPPER(kvfree_action, kvfree, const void *);

static struct headers *decode_headers(struct kunit *test, void *buf, unsigned long size)
{
	struct headers *found = kunit_kzalloc(test, sizeof(*found), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, found);
	KUNIT_ASSERT_TRUE(test, is_vmalloc_addr(buf));
	kunit_add_action_or_reset(test, vfree_action, buf);
	KUNIT_ASSERT_EQ(test, size % ELF_CORE_HEADER_ALIGN, 0);
	KUNIT_ASSERT_EQ(test, crash_elf_decode_header(buf, size, &found->elf), 0);

	found->segs = kunit_kcalloc(test, found->elf.phnum, sizeof(*found->segs),
				    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, found->segs);
	for (i = 0; i < found->elf.phnum; i++) {
		u64 pos = found->elf.phoff + i * found->elf.phentsize;

		KUNIT_ASSERT_LE(test, pos, size);
		KUNIT_ASSERT_EQ(test, 0,
				crash_elf_decode_segment(&found->elf, buf + pos,
							 size - pos,
							 &found->segs[i]));
		found->nr_loads += found->segs[i].type == PT_LOAD;
	}
	return found;
}

static struct crash_mem *make_mem(struct kunit *test, unsigned int nr)
{
	struct crash_mem *mem;
	unsigned int i;

	mem = kvzalloc(struct_size(mem, ranges, nr), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mem);
	kunit_add_action_or_reset(test, kvfree_action, mem);
	mem->max_nr_ranges = nr;
	mem->nr_ranges = nr;
	for (i = 0; i < nr; i++) {
		mem->ranges[i].start = (u64)i * SZ_1M;
		mem->ranges[i].end = (u64)i * SZ_1M + SZ_64K - 1;
	}
	return mem;
}

/* Callers change the segment at physical address 0, and free the headers. */
static void given_ranges(struct kunit *test)
{
	struct crash_mem *mem = make_mem(test, 3);
	const struct crash_segment *load;
	struct headers *found;
	unsigned long size;
	void *buf;
	u32 i;

	KUNIT_ASSERT_EQ(test, 0, crash_prepare_elf64_headers(mem, 0, &buf, &size));
	found = decode_headers(test, buf, size);
	KUNIT_EXPECT_EQ(test, found->elf.class, ELFCLASS64);
	KUNIT_EXPECT_EQ(test, found->elf.machine, ELF_ARCH);
	KUNIT_EXPECT_EQ(test, found->elf.phoff, sizeof(struct elf64_hdr));
	KUNIT_EXPECT_EQ(test, found->nr_loads, 3);
	KUNIT_ASSERT_EQ(test, found->elf.phnum, num_possible_cpus() + 1 + 3);

	load = found->segs + num_possible_cpus() + 1;
	for (i = 0; i < 3; i++, load++) {
		KUNIT_EXPECT_EQ(test, load->paddr, mem->ranges[i].start);
		KUNIT_EXPECT_EQ(test, load->where, mem->ranges[i].start);
		KUNIT_EXPECT_EQ(test, load->memsz, SZ_64K);
		KUNIT_EXPECT_EQ(test, load->filesz, SZ_64K);
		KUNIT_EXPECT_EQ(test, load->flags, PF_R | PF_W | PF_X);
		KUNIT_EXPECT_EQ(test, load->vaddr,
				(unsigned long)__va(mem->ranges[i].start));
	}
}

static void kernel_image(struct kunit *test)
{
	struct crash_mem *mem = make_mem(test, 1);
	const struct crash_segment *load;
	struct headers *found;
	unsigned long size;
	void *buf;

	KUNIT_ASSERT_EQ(test, 0, crash_prepare_elf64_headers(mem, 1, &buf, &size));
	found = decode_headers(test, buf, size);
	KUNIT_ASSERT_EQ(test, found->nr_loads, 2);
	load = found->segs + num_possible_cpus() + 1;
	KUNIT_EXPECT_EQ(test, load->vaddr, (unsigned long)_text);
	KUNIT_EXPECT_EQ(test, load->paddr, __pa_symbol(_text));
	KUNIT_EXPECT_EQ(test, load->memsz, _end - _text);
}

/* There is one PT_NOTE for each possible CPU, and one for vmcoreinfo. */
static void notes_test(struct kunit *test)
{
	struct crash_mem *mem = make_mem(test, 1);
	struct headers *found;
	unsigned long size;
	unsigned int cpu;
	void *buf;
	u32 i = 0;

	KUNIT_ASSERT_EQ(test, 0, crash_prepare_elf64_headers(mem, 0, &buf, &size));
	found = decode_headers(test, buf, size);
	for_each_possible_cpu(cpu) {
		KUNIT_EXPECT_EQ(test, found->segs[i].type, PT_NOTE);
		KUNIT_EXPECT_EQ(test, found->segs[i].where,
				per_cpu_ptr_to_phys(per_cpu_ptr(crash_notes, cpu)));
		KUNIT_EXPECT_EQ(test, found->segs[i].filesz, sizeof(note_buf_t));
		i++;
	}
	KUNIT_EXPECT_EQ(test, found->segs[i].type, PT_NOTE);
	KUNIT_EXPECT_EQ(test, found->segs[i].where, paddr_vmcoreinfo_note());
}

static void too_many(struct kunit *test)
{
	struct crash_mem *mem = make_mem(test, PN_XNUM);
	unsigned long size;
	void *buf;

	KUNIT_EXPECT_EQ(test, -E2BIG,
			crash_prepare_elf64_headers(mem, 0, &buf, &size));
	mem->nr_ranges = PN_XNUM - 1 - num_possible_cpus() - 1;
	KUNIT_ASSERT_EQ(test, 0, crash_prepare_elf64_headers(mem, 0, &buf, &size));
	vfree(buf);
	mem->nr_ranges++;
	KUNIT_EXPECT_EQ(test, -E2BIG,
			crash_prepare_elf64_headers(mem, 0, &buf, &size));
}

static void all_ram(struct kunit *test)
{
	struct crash_mem *mem = crash_collect_ram(0);
	u64 used = virt_to_phys(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mem);
	kunit_add_action_or_reset(test, kvfree_action, mem);
	KUNIT_EXPECT_TRUE(test, crash_mem_covers(mem, used, used));
	KUNIT_EXPECT_TRUE(test, crash_mem_covers(mem, __pa_symbol(_text),
						 __pa_symbol(_end) - 1));
	for (i = 1; i < mem->nr_ranges; i++)
		KUNIT_EXPECT_GT(test, mem->ranges[i].start,
				mem->ranges[i - 1].end);

	if (!crashk_res.end)
		kunit_skip(test, "no memory is reserved for a capture kernel");
	for (i = 0; i < mem->nr_ranges; i++)
		KUNIT_EXPECT_TRUE(test,
				  mem->ranges[i].start > crashk_res.end ||
				  mem->ranges[i].end < crashk_res.start);
}

/* Only the segments of the caller describe low memory. */
static void low_memory(struct kunit *test)
{
	struct crash_low *low = kunit_kzalloc(test, sizeof(*low), GFP_KERNEL);
	struct headers *found;
	unsigned long size;
	u32 i, nr = 0;
	void *buf;

	KUNIT_ASSERT_NOT_NULL(test, low);
	low->end = SZ_1M;
	low->nr = 1;
	low->seg[0] = (struct crash_segment) {
		.type = PT_LOAD, .paddr = SZ_4K, .where = SZ_1G,
		.memsz = SZ_64K, .filesz = SZ_64K,
	};
	KUNIT_ASSERT_EQ(test, 0, crash_create_headers(low, false, &buf, &size));
	found = decode_headers(test, buf, size);
	for (i = 0; i < found->elf.phnum; i++) {
		const struct crash_segment *seg = &found->segs[i];

		if (seg->type != PT_LOAD || seg->paddr >= SZ_1M)
			continue;
		nr++;
		KUNIT_EXPECT_EQ(test, seg->where, SZ_1G);
		KUNIT_EXPECT_EQ(test, seg->memsz, SZ_64K);
	}
	KUNIT_EXPECT_EQ(test, nr, 1);
	KUNIT_EXPECT_GT(test, found->nr_loads, 1);
}

static struct kunit_case crash_headers_cases[] = {
	KUNIT_CASE(given_ranges),
	KUNIT_CASE(kernel_image),
	KUNIT_CASE(notes_test),
	KUNIT_CASE(too_many),
	KUNIT_CASE(all_ram),
	KUNIT_CASE(low_memory),
	{}
};

static struct kunit_suite crash_headers_suite = {
	.name = "crash_headers",
	.test_cases = crash_headers_cases,
};

kunit_test_suite(crash_headers_suite);
