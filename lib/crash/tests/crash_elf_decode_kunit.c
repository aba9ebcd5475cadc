// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of decoding in lib/crash/elf.c. tests/unit runs this file in user
 * space, too.
 */
#include <kunit/test.h>
#include <linux/crash_elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include "crash_elf_samples.h"

static void decode_test(struct kunit *test)
{
	const struct sample *sample;
	struct crash_segment seg;
	unsigned int i;

	for_each_sample(sample) {
		struct crash_elf elf, expected = elf_of(sample, 2);
		u8 *buf = alloc(test, sample->size + 1);
		const u8 *phdr = buf + 1 + sample->ehsize;

		memcpy(buf + 1, sample->image, sample->size);
		KUNIT_ASSERT_EQ(test, crash_elf_decode_header(buf + 1, sample->ehsize, &elf), 0);
		expect_elf(test, &elf, &expected);

		for (i = 0; i < elf.phnum; i++, phdr += elf.phentsize) {
			KUNIT_EXPECT_EQ(test, crash_elf_decode_segment(&elf, phdr,
								       sample->phentsize, &seg),
					0);
			expect_segment(test, &seg, &sample->segs[i]);
		}
	}
}

/* Cut off a header at every byte: nothing behind the cut is read, no result changes. */
static void truncated_test(struct kunit *test)
{
	const struct sample *sample;
	size_t len;

	for_each_sample(sample) {
		const u8 *phdr = sample->image + sample->ehsize;
		struct crash_elf elf = elf_of(sample, 2), before = elf;
		struct crash_segment seg = sample->segs[1];

		for (len = 0; len < sample->ehsize; len++) {
			u8 *buf = alloc(test, len);

			memcpy(buf, sample->image, len);
			KUNIT_EXPECT_EQ(test, crash_elf_decode_header(buf, len, &elf), -ENODATA);
		}
		for (len = 0; len < sample->phentsize; len++) {
			u8 *buf = alloc(test, len);

			memcpy(buf, phdr, len);
			KUNIT_EXPECT_EQ(test, crash_elf_decode_segment(&elf, buf, len, &seg),
					-ENODATA);
		}
		for (len = 0; len < sample->shentsize; len++)
			KUNIT_EXPECT_EQ(test, crash_elf_decode_xnum(alloc(test, len), len, &elf),
					-ENODATA);
		expect_elf(test, &elf, &before);
		expect_segment(test, &seg, &sample->segs[1]);
	}
}

/**
 * struct damage - another value for a member of a file header
 * @offset: offset of the member in ELF32 and in ELF64, bytes
 * @size: its size in both
 * @value: its value in both
 */
struct damage {
	size_t offset[2];
	size_t size[2];
	u64 value[2];
};

#define OTHER_DATA	(ELFDATA2LSB + ELFDATA2MSB - ELF_DATA)

#define MEMBER(member, value32, value64) {				\
	.offset = { offsetof(struct elf32_hdr, member),			\
		    offsetof(struct elf64_hdr, member) },		\
	.size = { sizeof_field(struct elf32_hdr, member),		\
		  sizeof_field(struct elf64_hdr, member) },		\
	.value = { value32, value64 },					\
}

static void apply_damage(u8 *header, const struct sample *sample,
			 const struct damage *damage)
{
	unsigned int column = sample->class == ELFCLASS64;
	size_t size = damage->size[column];
	const u8 *value = (const u8 *)&damage->value[column];

	if (ELF_DATA == ELFDATA2MSB)
		value += sizeof(u64) - size;
	memcpy(header + damage->offset[column], value, size);
}

static const struct damage_case {
	const char *what;
	struct damage damage;
	int ret[2];
} damage_cases[] = {
	{ "magic, first byte", MEMBER(e_ident[EI_MAG0], 0x7e, 0x7e),
	  { -EINVAL, -EINVAL } },
	{ "magic, last byte", MEMBER(e_ident[EI_MAG3], 'f', 'f'), { -EINVAL, -EINVAL } },
	{ "no class", MEMBER(e_ident[EI_CLASS], ELFCLASSNONE, ELFCLASSNONE),
	  { -EINVAL, -EINVAL } },
	{ "class of the future", MEMBER(e_ident[EI_CLASS], 3, 3), { -EINVAL, -EINVAL } },
	{ "no byte order", MEMBER(e_ident[EI_DATA], ELFDATANONE, ELFDATANONE),
	  { -ENOEXEC, -ENOEXEC } },
	{ "other byte order", MEMBER(e_ident[EI_DATA], OTHER_DATA, OTHER_DATA),
	  { -ENOEXEC, -ENOEXEC } },
	{ "no file version", MEMBER(e_ident[EI_VERSION], EV_NONE, EV_NONE),
	  { -ENOEXEC, -ENOEXEC } },
	{ "file version of the future", MEMBER(e_ident[EI_VERSION], 2, 2),
	  { -ENOEXEC, -ENOEXEC } },
	{ "not a core", MEMBER(e_type, ET_EXEC, ET_EXEC), { -ENOEXEC, -ENOEXEC } },
	{ "no type", MEMBER(e_type, ET_NONE, ET_NONE), { -ENOEXEC, -ENOEXEC } },
	{ "no version", MEMBER(e_version, 0, 0), { -ENOEXEC, -ENOEXEC } },
	{ "version of the future", MEMBER(e_version, 0x101, 0x101),
	  { -ENOEXEC, -ENOEXEC } },
	{ "version in another byte order", MEMBER(e_version, 1 << 24, 1 << 24),
	  { -ENOEXEC, -ENOEXEC } },
	{ "no program header size", MEMBER(e_phentsize, 0, 0), { -EINVAL, -EINVAL } },
	{ "program headers too small", MEMBER(e_phentsize, 31, 55),
	  { -EINVAL, -EINVAL } },
	{ "program headers further apart", MEMBER(e_phentsize, 33, 64), { 0, 0 } },
	{ "program headers very far apart", MEMBER(e_phentsize, 0xffff, 0xffff),
	  { 0, 0 } },
	{ "none of them", MEMBER(e_phnum, 0, 0), { 0, 0 } },
	{ "as many as e_phnum can say", MEMBER(e_phnum, 0xfffe, 0xfffe), { 0, 0 } },
	{ "more, but no section header", MEMBER(e_phnum, 0xffff, 0xffff),
	  { -EINVAL, -EINVAL } },
	{ "program headers at 0", MEMBER(e_phoff, 0, 0), { -EINVAL, -EINVAL } },
	{ "inside the file header", MEMBER(e_phoff, 51, 63), { -EINVAL, -EINVAL } },
	{ "not right behind it", MEMBER(e_phoff, 53, 4096), { 0, 0 } },
	{ "up to the last byte of any file", MEMBER(e_phoff, U32_MAX, U64_MAX - 112),
	  { 0, 0 } },
	{ "a byte further", MEMBER(e_phoff, U32_MAX, U64_MAX - 111), { 0, -EOVERFLOW } },
	{ "as far as can be", MEMBER(e_phoff, U32_MAX, U64_MAX), { 0, -EOVERFLOW } },
	{ "a header size that nobody needs", MEMBER(e_ehsize, 0, 0), { 0, 0 } },
	{ "a section header that nobody needs", MEMBER(e_shoff, U32_MAX, U64_MAX),
	  { 0, 0 } },
};

static void damaged_header_test(struct kunit *test)
{
	const struct damage_case *this = damage_cases;
	const struct sample *sample;

	for (; this < damage_cases + ARRAY_SIZE(damage_cases); this++) {
		for_each_sample(sample) {
			u8 *buf = alloc(test, sample->ehsize);
			struct crash_elf elf = {};
			int ret = this->ret[sample->class == ELFCLASS64];

			memcpy(buf, sample->image, sample->ehsize);
			apply_damage(buf, sample, &this->damage);
			KUNIT_EXPECT_EQ_MSG(test,
					    crash_elf_decode_header(buf, sample->ehsize, &elf),
					    ret, "%s, class %u", this->what, sample->class);
			KUNIT_EXPECT_EQ_MSG(test, elf.class, ret ? 0 : sample->class,
					    "%s, class %u", this->what, sample->class);
		}
	}
}

/* The size of the table of program headers is limited, also with a large stride. */
static void table_size_test(struct kunit *test)
{
	static const struct damage stride = MEMBER(e_phentsize, 0xffff, 0xffff);
	static const struct damage most = MEMBER(e_phnum, 256, 256);
	static const struct damage too_many = MEMBER(e_phnum, 257, 257);
	static const struct damage none = MEMBER(e_phnum, 0, 0);
	static const struct damage nowhere = MEMBER(e_phoff, 0, 0);
	const struct sample *sample;

	for_each_sample(sample) {
		u8 *buf = alloc(test, sample->ehsize);
		struct crash_elf elf;

		memcpy(buf, sample->image, sample->ehsize);
		apply_damage(buf, sample, &stride);
		apply_damage(buf, sample, &most);
		KUNIT_EXPECT_EQ(test, crash_elf_decode_header(buf, sample->ehsize, &elf), 0);
		apply_damage(buf, sample, &too_many);
		KUNIT_EXPECT_EQ(test, crash_elf_decode_header(buf, sample->ehsize, &elf), -E2BIG);

		/* An empty table may have any place. */
		apply_damage(buf, sample, &none);
		apply_damage(buf, sample, &nowhere);
		KUNIT_EXPECT_EQ(test, crash_elf_decode_header(buf, sample->ehsize, &elf), 0);
	}
}

static void xnum_test(struct kunit *test)
{
	static const struct damage many = MEMBER(e_phnum, 0xffff, 0xffff);
	static const struct {
		struct damage shoff, shentsize;
		int ret[2];
	} cases[] = {
		{ MEMBER(e_shoff, 0, 0), MEMBER(e_shentsize, 40, 64),
		  { -EINVAL, -EINVAL } },
		{ MEMBER(e_shoff, 51, 63), MEMBER(e_shentsize, 40, 64),
		  { -EINVAL, -EINVAL } },
		{ MEMBER(e_shoff, 52, 64), MEMBER(e_shentsize, 39, 63),
		  { -EINVAL, -EINVAL } },
		{ MEMBER(e_shoff, 52, 64), MEMBER(e_shentsize, 40, 64), { 0, 0 } },
		{ MEMBER(e_shoff, U32_MAX, U64_MAX - 64), MEMBER(e_shentsize, 40, 64),
		  { 0, 0 } },
		{ MEMBER(e_shoff, U32_MAX, U64_MAX - 63), MEMBER(e_shentsize, 40, 64),
		  { 0, -EOVERFLOW } },
	};
	const struct sample *sample;
	unsigned int i;

	for_each_sample(sample) {
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			u8 *buf = alloc(test, sample->ehsize);
			struct crash_elf elf;

			memcpy(buf, sample->image, sample->ehsize);
			apply_damage(buf, sample, &many);
			apply_damage(buf, sample, &cases[i].shoff);
			apply_damage(buf, sample, &cases[i].shentsize);
			KUNIT_EXPECT_EQ_MSG(test,
					    crash_elf_decode_header(buf, sample->ehsize, &elf),
					    cases[i].ret[sample->class == ELFCLASS64],
					    "case %u, class %u", i, sample->class);
		}
	}
}

/* Numbers of segments in a section header, and the expected results. */
static void xnum_value_test(struct kunit *test)
{
	static const struct {
		u32 sh_info;
		u16 phentsize;
		u64 phoff;
		int ret;
	} cases[] = {
		{ 0, 56, 64, -EINVAL },
		{ 0xfffe, 56, 64, -EINVAL },
		{ 0xffff, 56, 64, 0 },
		{ CRASH_ELF_MAX_SEGMENTS, 56, 64, 0 },
		{ CRASH_ELF_MAX_SEGMENTS + 1, 56, 64, -E2BIG },
		{ U32_MAX, 56, 64, -E2BIG },
		{ 0x10000, 0x100, 64, 0 },
		{ 0x10000, 0x101, 64, -E2BIG },
		{ 0xffff, 56, U64_MAX - 0xffff * 56, 0 },
		{ 0xffff, 56, U64_MAX - 0xffff * 56 + 1, -EOVERFLOW },
		{ 0xffff, 56, 0, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct elf64_shdr section = { .sh_info = cases[i].sh_info };
		struct crash_elf elf = elf_of(&samples[1], 0);
		u32 phnum = 0;

		if (!cases[i].ret)
			phnum = cases[i].sh_info;
		elf.phentsize = cases[i].phentsize;
		elf.phoff = cases[i].phoff;
		elf.shoff = 64;
		KUNIT_EXPECT_EQ_MSG(test, crash_elf_decode_xnum(&section, sizeof(section), &elf),
				    cases[i].ret, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, elf.phnum, phnum, "case %u", i);
	}
}

static struct kunit_case crash_elf_decode_cases[] = {
	KUNIT_CASE(decode_test),
	KUNIT_CASE(truncated_test),
	KUNIT_CASE(damaged_header_test),
	KUNIT_CASE(table_size_test),
	KUNIT_CASE(xnum_test),
	KUNIT_CASE(xnum_value_test),
	{}
};

static struct kunit_suite crash_elf_decode_suite = {
	.name = "crash_elf_decode",
	.test_cases = crash_elf_decode_cases,
};

kunit_test_suite(crash_elf_decode_suite);
