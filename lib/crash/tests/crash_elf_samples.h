/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Core files of both classes, decoded and encoded, for tests of lib/crash/elf.c.
 */
#ifndef _KERNEL_TESTS_CRASH_ELF_SAMPLES_H
#define _KERNEL_TESTS_CRASH_ELF_SAMPLES_H

#include <kunit/test.h>
#include <linux/crash_elf.h>
#include <linux/kernel.h>
#include <linux/limits.h>

/* All members differ, and some have the largest value of the class. */
static const struct crash_segment segs32[] = {
	{ PT_NOTE, 0, U32_MAX, 0xf0000002, 0xf0000003, 0xf0000004, 0xf0000005 },
	{ 0x89abcdef, PF_R | PF_W | PF_X, 0xf0000011, 0xf0000012, 0xf0000013,
	  0xf0000014, 0xf0000015 },
};

static const struct crash_segment segs64[] = {
	{ PT_NOTE, 0, U64_MAX, 0xf00000000002, 0xf00000000003, 0xf00000000004,
	  0xf00000000005 },
	{ 0x89abcdef, PF_R | PF_W | PF_X, 0xf00000000011, 0xf00000000012,
	  0xf00000000013, 0xf00000000014, 0xf00000000015 },
};

/* The same segments in the layout of the compiler. */
static const struct {
	struct elf32_hdr header;
	struct elf32_phdr segs[2];
} image32 = {
	.header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', 1, ELF_DATA, 1, 3 },
		.e_type = ET_CORE,
		.e_machine = 0xfedc,
		.e_version = 1,
		.e_phoff = 52,
		.e_flags = 0x89abcdef,
		.e_ehsize = 52,
		.e_phentsize = 32,
		.e_phnum = 2,
	},
	.segs = {
		{
			.p_type = PT_NOTE,
			.p_paddr = U32_MAX,
			.p_vaddr = 0xf0000002,
			.p_filesz = 0xf0000003,
			.p_memsz = 0xf0000004,
			.p_offset = 0xf0000005,
			.p_align = 4,
		}, {
			.p_type = 0x89abcdef,
			.p_flags = 7,
			.p_paddr = 0xf0000011,
			.p_vaddr = 0xf0000012,
			.p_filesz = 0xf0000013,
			.p_memsz = 0xf0000014,
			.p_offset = 0xf0000015,
		},
	},
};

static const struct {
	struct elf64_hdr header;
	struct elf64_phdr segs[2];
} image64 = {
	.header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', 2, ELF_DATA, 1, 3 },
		.e_type = ET_CORE,
		.e_machine = 0xfedc,
		.e_version = 1,
		.e_phoff = 64,
		.e_flags = 0x89abcdef,
		.e_ehsize = 64,
		.e_phentsize = 56,
		.e_phnum = 2,
	},
	.segs = {
		{
			.p_type = PT_NOTE,
			.p_paddr = U64_MAX,
			.p_vaddr = 0xf00000000002,
			.p_filesz = 0xf00000000003,
			.p_memsz = 0xf00000000004,
			.p_offset = 0xf00000000005,
			.p_align = 4,
		}, {
			.p_type = 0x89abcdef,
			.p_flags = 7,
			.p_paddr = 0xf00000000011,
			.p_vaddr = 0xf00000000012,
			.p_filesz = 0xf00000000013,
			.p_memsz = 0xf00000000014,
			.p_offset = 0xf00000000015,
		},
	},
};

/**
 * struct sample - a core file of one class, decoded and encoded
 * @class: ELFCLASS32 or ELFCLASS64
 * @segs: its two segments
 * @image: its headers
 * @size: bytes of @image
 * @ehsize: bytes of a file header
 * @phentsize: bytes of a program header
 * @shentsize: bytes of a section header
 */
struct sample {
	u8 class;
	const struct crash_segment *segs;
	const void *image;
	size_t size;
	size_t ehsize;
	size_t phentsize;
	size_t shentsize;
};

static const struct sample samples[] = {
	{ ELFCLASS32, segs32, &image32, sizeof(image32), 52, 32, 40 },
	{ ELFCLASS64, segs64, &image64, sizeof(image64), 64, 56, 64 },
};

#define for_each_sample(sample) \
	for (sample = samples; sample < samples + ARRAY_SIZE(samples); sample++)

static inline struct crash_elf elf_of(const struct sample *sample, u32 phnum)
{
	return (struct crash_elf) {
		.class = sample->class,
		.data = ELF_DATA,
		.osabi = 3,
		.machine = 0xfedc,
		.flags = 0x89abcdef,
		.phentsize = sample->phentsize,
		.phnum = phnum,
		.phoff = sample->ehsize,
	};
}

static inline void *alloc(struct kunit *test, size_t size)
{
	void *block = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	return block;
}

static inline void expect_elf(struct kunit *test, const struct crash_elf *elf,
			      const struct crash_elf *expected)
{
	KUNIT_EXPECT_EQ(test, elf->class, expected->class);
	KUNIT_EXPECT_EQ(test, elf->data, expected->data);
	KUNIT_EXPECT_EQ(test, elf->osabi, expected->osabi);
	KUNIT_EXPECT_EQ(test, elf->machine, expected->machine);
	KUNIT_EXPECT_EQ(test, elf->flags, expected->flags);
	KUNIT_EXPECT_EQ(test, elf->phentsize, expected->phentsize);
	KUNIT_EXPECT_EQ(test, elf->phnum, expected->phnum);
	KUNIT_EXPECT_EQ(test, elf->phoff, expected->phoff);
	KUNIT_EXPECT_EQ(test, elf->shoff, expected->shoff);
}

static inline void expect_segment(struct kunit *test,
				  const struct crash_segment *seg,
				  const struct crash_segment *expected)
{
	KUNIT_EXPECT_EQ(test, seg->type, expected->type);
	KUNIT_EXPECT_EQ(test, seg->flags, expected->flags);
	KUNIT_EXPECT_EQ(test, seg->paddr, expected->paddr);
	KUNIT_EXPECT_EQ(test, seg->vaddr, expected->vaddr);
	KUNIT_EXPECT_EQ(test, seg->filesz, expected->filesz);
	KUNIT_EXPECT_EQ(test, seg->memsz, expected->memsz);
	KUNIT_EXPECT_EQ(test, seg->where, expected->where);
}

#endif /* _KERNEL_TESTS_CRASH_ELF_SAMPLES_H */
