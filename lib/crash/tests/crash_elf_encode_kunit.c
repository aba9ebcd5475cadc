// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of encoding in lib/crash/elf.c. tests/unit runs this file in user
 * space, too.
 */
#include <kunit/test.h>
#include <linux/crash_elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include "crash_elf_samples.h"

static void encode_test(struct kunit *test)
{
	const struct sample *sample;

	for_each_sample(sample) {
		struct crash_elf elf = elf_of(sample, 2);
		u8 *buf = alloc(test, sample->size + 2);

		/*
		 * The buffer is neither aligned nor zeroed. Bytes around it
		 * must not change.
		 */
		memset(buf, 0xa5, sample->size + 2);
		KUNIT_EXPECT_EQ(test, crash_elf_encoded_size(sample->class, 2),
				sample->size);
		KUNIT_EXPECT_EQ(test, crash_elf_encode(&elf, sample->segs, buf + 1,
						       sample->size), 0);
		KUNIT_EXPECT_MEMEQ(test, buf + 1, (const u8 *)sample->image,
				   sample->size);
		KUNIT_EXPECT_EQ(test, buf[0], 0xa5);
		KUNIT_EXPECT_EQ(test, buf[sample->size + 1], 0xa5);
	}
}

static void encode_refuses_test(struct kunit *test)
{
	static const u8 no_classes[] = { ELFCLASSNONE, 3, 0xff };
	const struct sample *sample;
	unsigned int i;

	for_each_sample(sample) {
		u8 *buf = alloc(test, sample->size);
		struct crash_elf elf = elf_of(sample, 2);

		KUNIT_EXPECT_EQ(test, crash_elf_encode(&elf, sample->segs, buf,
						       sample->size - 1), -ENOSPC);
		KUNIT_EXPECT_EQ(test, crash_elf_encode(&elf, sample->segs, NULL, 0),
				-ENOSPC);

		elf.phnum = CRASH_ELF_MAX_SEGMENTS;
		KUNIT_EXPECT_EQ(test, crash_elf_encode(&elf, sample->segs, buf, sample->size),
				-ENOSPC);
		elf.phnum = CRASH_ELF_MAX_SEGMENTS + 1;
		KUNIT_EXPECT_EQ(test, crash_elf_encode(&elf, sample->segs, buf, SIZE_MAX),
				-E2BIG);
		elf.phnum = U32_MAX;
		KUNIT_EXPECT_EQ(test, crash_elf_encode(&elf, sample->segs, buf, SIZE_MAX),
				-E2BIG);

		elf = elf_of(sample, 2);
		for (i = 0; i < ARRAY_SIZE(no_classes); i++) {
			elf.class = no_classes[i];
			KUNIT_EXPECT_EQ(test, crash_elf_encode(&elf, sample->segs, buf,
							       sample->size), -EINVAL);
			KUNIT_EXPECT_EQ(test, crash_elf_encoded_size(elf.class, 2), 0);
		}
	}
}

/* Each member in turn is one too large for ELF32. */
static void encode_overflow_test(struct kunit *test)
{
	static const size_t members[] = {
		offsetof(struct crash_segment, paddr),
		offsetof(struct crash_segment, vaddr),
		offsetof(struct crash_segment, filesz),
		offsetof(struct crash_segment, memsz),
		offsetof(struct crash_segment, where),
	};
	struct crash_elf elf32 = elf_of(&samples[0], 2);
	struct crash_elf elf64 = elf_of(&samples[1], 2);
	u8 *buf = alloc(test, sizeof(image64));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		const u64 too_large = 1ULL << 32;
		struct crash_segment segs[2];

		memcpy(segs, segs32, sizeof(segs));
		memcpy((u8 *)&segs[i % 2] + members[i], &too_large, sizeof(too_large));
		KUNIT_EXPECT_EQ_MSG(test, crash_elf_encode(&elf32, segs, buf, sizeof(image64)),
				    -EOVERFLOW, "member %u", i);
		KUNIT_EXPECT_EQ_MSG(test, crash_elf_encode(&elf64, segs, buf, sizeof(image64)),
				    0, "member %u", i);
	}
}

/* Test numbers of segments around 0xffff, from where section header 0 holds it. */
static void many_segments_test(struct kunit *test)
{
	static const u32 numbers[] = { 0, 1, 0xfffe, 0xffff, 0x10000 };
	const struct sample *sample;
	struct crash_segment seg;
	unsigned int i;

	for_each_sample(sample) {
		for (i = 0; i < ARRAY_SIZE(numbers); i++) {
			u32 nr = numbers[i];
			struct crash_elf elf, expected = elf_of(sample, nr);
			size_t shoff = sample->ehsize + nr * sample->phentsize;
			size_t size = shoff + (nr < 0xffff ? 0 : sample->shentsize);
			struct crash_segment *segs = alloc(test, nr * sizeof(*segs));
			u8 *buf = alloc(test, size);

			if (nr)
				segs[nr - 1] = sample->segs[1];
			KUNIT_EXPECT_EQ(test, crash_elf_encoded_size(sample->class, nr), size);
			KUNIT_ASSERT_EQ(test, crash_elf_encode(&expected, segs, buf, size), 0);
			KUNIT_ASSERT_EQ(test, crash_elf_decode_header(buf, size, &elf), 0);
			if (nr >= 0xffff) {
				KUNIT_EXPECT_EQ(test, elf.phnum, 0);
				KUNIT_ASSERT_EQ(test, elf.shoff, shoff);
				expected.shoff = shoff;
				KUNIT_EXPECT_EQ(test, crash_elf_decode_xnum(buf + shoff,
									    sample->shentsize,
									    &elf), 0);
			}
			expect_elf(test, &elf, &expected);
			if (!nr)
				continue;
			crash_elf_decode_segment(&elf, buf + shoff - sample->phentsize,
						 sample->phentsize, &seg);
			expect_segment(test, &seg, &segs[nr - 1]);
		}
	}
}

/* Check the members that readers expect beside sh_info, by System V's rules. */
static void section_header_test(struct kunit *test)
{
	const u32 nr = 0xffff;
	struct crash_elf elf = elf_of(&samples[1], nr);
	size_t size = crash_elf_encoded_size(ELFCLASS64, nr);
	struct crash_segment *segs = alloc(test, nr * sizeof(*segs));
	struct elf64_shdr section, expected = { .sh_info = nr };
	struct elf64_hdr header;
	u8 *buf = alloc(test, size);

	KUNIT_ASSERT_EQ(test, crash_elf_encode(&elf, segs, buf, size), 0);
	memcpy(&header, buf, sizeof(header));
	KUNIT_EXPECT_EQ(test, header.e_phnum, PN_XNUM);
	KUNIT_EXPECT_EQ(test, header.e_shnum, 1);
	KUNIT_EXPECT_EQ(test, header.e_shentsize, sizeof(section));
	KUNIT_EXPECT_EQ(test, header.e_shstrndx, SHN_UNDEF);
	KUNIT_ASSERT_EQ(test, header.e_shoff, size - sizeof(section));
	memcpy(&section, buf + header.e_shoff, sizeof(section));
	KUNIT_EXPECT_MEMEQ(test, &section, &expected, sizeof(section));
}

static void encoded_size_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, crash_elf_encoded_size(ELFCLASS32, 0), 52);
	KUNIT_EXPECT_EQ(test, crash_elf_encoded_size(ELFCLASS64, 0), 64);
	KUNIT_EXPECT_EQ(test, crash_elf_encoded_size(ELFCLASS64, 3), 64 + 3 * 56);
	KUNIT_EXPECT_EQ(test, crash_elf_encoded_size(ELFCLASS32, 0x20000),
			52 + 0x20000 * 32 + 40);
	/* The true size, or SIZE_MAX if that does not fit. */
	KUNIT_EXPECT_EQ(test, crash_elf_encoded_size(ELFCLASS64, U32_MAX),
			min_t(u64, 64 + U32_MAX * 56ULL + 64, SIZE_MAX));
}

static struct kunit_case crash_elf_encode_cases[] = {
	KUNIT_CASE(encode_test),
	KUNIT_CASE(encode_refuses_test),
	KUNIT_CASE(encode_overflow_test),
	KUNIT_CASE(many_segments_test),
	KUNIT_CASE(section_header_test),
	KUNIT_CASE(encoded_size_test),
	{}
};

static struct kunit_suite crash_elf_encode_suite = {
	.name = "crash_elf_encode",
	.test_cases = crash_elf_encode_cases,
};

kunit_test_suite(crash_elf_encode_suite);
