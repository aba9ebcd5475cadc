// SPDX-License-Identifier: GPL-2.0
/*
 * Random and damaged input for the pure files, checked against models that are
 * too slow or too simple for the kernel. User space only: the sanitizers see
 * every byte that is touched, since each input is a block of just its size.
 */
#include "unit.h"
#include <linux/crash_elf.h>
#include <linux/crash_ranges.h>
#include <linux/overflow.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>

/* An unaligned copy that ends where its block ends. */
static u8 *copy_bytes(const u8 *bytes, size_t len, u8 **block)
{
	*block = malloc(len + 1);
	if (!*block)
		abort();
	return memcpy(*block + 1, bytes, len);
}

static bool readable(const void *bytes, size_t len)
{
	return !__asan_region_is_poisoned((void *)bytes, len);
}

/*
 * Notes
 */

/* Where the next note begins, or 0 at the end. As slow as it is simple. */
static u64 model_next_note(const u8 *buf, u64 len, u64 start)
{
	u64 end = start + 12;
	u32 words[3];

	if (end > len)
		return 0;
	memcpy(words, buf + start, 12);
	if (!words[0] && !words[1] && !words[2])
		return 0;
	end += words[0];
	if (end > len)
		return 0;
	while (end < len && end % 4)
		end++;
	end += words[1];
	if (end > len)
		return 0;
	while (end < len && end % 4)
		end++;
	return end;
}

static void check_notes(struct kunit *test, const u8 *buf, size_t len)
{
	struct crash_note_cursor cur = { .pos = buf, .left = len };
	struct crash_note note;
	u64 start = 0, end;

	while (crash_note_next(&cur, &note)) {
		end = model_next_note(buf, len, start);
		KUNIT_EXPECT_EQ(test, note.size, end - start);
		KUNIT_EXPECT_EQ(test, cur.pos - buf, end);
		KUNIT_EXPECT_EQ(test, cur.left, len - end);
		if (test->failures)
			return;
		KUNIT_EXPECT_TRUE(test, readable(note.name, note.namesz));
		KUNIT_EXPECT_TRUE(test, readable(note.desc, note.descsz));
		crash_note_is(&note, "CORE", note.type);
		start = end;
	}
	KUNIT_EXPECT_EQ(test, model_next_note(buf, len, start), 0);
}

/* Up to @room bytes of notes, well formed. */
static size_t make_notes(u64 *random, u8 *buf, size_t room)
{
	static const char *const names[] = { "CORE", "LINUX", "VMCOREINFO", "", "VMCOREDD" };
	size_t len = 0, written;

	do {
		const char *name = names[unit_below(random, ARRAY_SIZE(names))];
		u8 desc[40];

		memset(desc, (u8)unit_random(random), sizeof(desc));
		written = crash_note_append(buf + len, room - len, name,
					    (u32)unit_number(random), desc,
					    unit_below(random, sizeof(desc)));
		len += written;
	} while (written && !unit_one_in(random, 4));
	return len;
}

static void overwrite(u64 *random, u8 *buf, size_t len)
{
	static const u8 sizes[] = { 1, 2, 4, 8 };
	size_t size = sizes[unit_below(random, ARRAY_SIZE(sizes))];
	u64 value = unit_number(random);

	if (len < size)
		return;
	/* Most members are aligned, and most matter at the start. */
	if (!unit_one_in(random, 4))
		len = min(len, (size_t)128);
	memcpy(buf + unit_below(random, len - size + 1) / size * size, &value, size);
}

static void random_notes(struct kunit *test, u64 seed)
{
	u64 random = seed;
	u8 bytes[256] = {};
	u8 *block;
	size_t len = make_notes(&random, bytes, sizeof(bytes));
	unsigned int changes = unit_below(&random, 4);

	while (changes--)
		overwrite(&random, bytes, sizeof(bytes));
	if (unit_one_in(&random, 2))
		len = unit_below(&random, sizeof(bytes) + 1);
	check_notes(test, copy_bytes(bytes, len, &block), len);
	free(block);
}

static void random_notes_test(struct kunit *test)
{
	unit_for_seeds(test, random_notes);
}

/*
 * ELF headers
 */

/* What a program header says, read through the compiler's idea of it. */
#define MODEL_SEGMENT(bits, bytes) ({					\
	struct elf##bits##_phdr _phdr;					\
									\
	memcpy(&_phdr, bytes, sizeof(_phdr));				\
	(struct crash_segment) {					\
		_phdr.p_type, _phdr.p_flags, _phdr.p_paddr,		\
		_phdr.p_vaddr, _phdr.p_filesz, _phdr.p_memsz,		\
		_phdr.p_offset,						\
	};								\
})

static bool same_segment(const struct crash_segment *a, const struct crash_segment *b)
{
	return a->type == b->type && a->flags == b->flags && a->paddr == b->paddr &&
	       a->vaddr == b->vaddr && a->filesz == b->filesz &&
	       a->memsz == b->memsz && a->where == b->where;
}

/* The walk that a capture kernel makes, over a file that anybody may have made. */
static void check_file(struct kunit *test, const u8 *file, size_t len)
{
	struct crash_segment seg, model;
	struct crash_elf elf;
	u64 at, left;
	u32 i;

	if (crash_elf_decode_header(file, len, &elf))
		return;
	if (elf.shoff) {
		KUNIT_EXPECT_EQ(test, elf.phnum, 0);
		if (elf.shoff > len ||
		    crash_elf_decode_xnum(file + elf.shoff, len - elf.shoff, &elf))
			return;
		KUNIT_EXPECT_GE(test, elf.phnum, 0xffff);
	}

	KUNIT_EXPECT_LE(test, elf.phnum, CRASH_ELF_MAX_SEGMENTS);
	KUNIT_EXPECT_LE(test, (u64)elf.phnum * elf.phentsize, CRASH_ELF_MAX_TABLE);
	KUNIT_EXPECT_LE(test, elf.phoff, U64_MAX - (u64)elf.phnum * elf.phentsize);
	KUNIT_EXPECT_GE(test, elf.phentsize, elf.class == ELFCLASS64 ? 56 : 32);
	for (i = 0; i < elf.phnum && !test->failures; i++) {
		at = elf.phoff + (u64)i * elf.phentsize;
		if (at > len)
			return;
		left = len - at;
		if (crash_elf_decode_segment(&elf, file + at, left, &seg)) {
			KUNIT_EXPECT_LT(test, left, elf.class == ELFCLASS64 ? 56 : 32);
			return;
		}
		model = elf.class == ELFCLASS64 ? MODEL_SEGMENT(64, file + at) :
						  MODEL_SEGMENT(32, file + at);
		KUNIT_EXPECT_TRUE(test, same_segment(&seg, &model));
		if (seg.type == PT_NOTE && seg.where <= len)
			check_notes(test, file + seg.where, min(seg.filesz, len - seg.where));
	}
}

static struct crash_segment random_segment(u64 *random, u8 class)
{
	u64 mask = class == ELFCLASS64 ? U64_MAX : U32_MAX;

	return (struct crash_segment) {
		.type = unit_one_in(random, 8) ? (u32)unit_number(random) : PT_LOAD,
		.flags = (u32)unit_number(random),
		.paddr = unit_number(random) & mask,
		.vaddr = unit_number(random) & mask,
		.filesz = unit_number(random) & mask,
		.memsz = unit_number(random) & mask,
		.where = unit_number(random) & mask,
	};
}

static void check_round_trip(struct kunit *test, const u8 *file, size_t len,
			     const struct crash_elf *expected,
			     const struct crash_segment *segs)
{
	struct crash_segment seg;
	struct crash_elf elf;
	u32 i;

	KUNIT_EXPECT_EQ(test, crash_elf_decode_header(file, len, &elf), 0);
	if (expected->phnum >= 0xffff)
		KUNIT_EXPECT_EQ(test, crash_elf_decode_xnum(file + elf.shoff,
							    len - elf.shoff, &elf), 0);
	KUNIT_EXPECT_EQ(test, elf.class, expected->class);
	KUNIT_EXPECT_EQ(test, elf.osabi, expected->osabi);
	KUNIT_EXPECT_EQ(test, elf.machine, expected->machine);
	KUNIT_EXPECT_EQ(test, elf.flags, expected->flags);
	KUNIT_EXPECT_EQ(test, elf.phnum, expected->phnum);
	for (i = 0; i < expected->phnum && !test->failures; i++) {
		size_t at = elf.phoff + (size_t)i * elf.phentsize;

		KUNIT_EXPECT_EQ(test, crash_elf_decode_segment(&elf, file + at,
							       len - at, &seg), 0);
		KUNIT_EXPECT_TRUE(test, same_segment(&seg, &segs[i]));
	}
}

/* Have the file claim that a section header counts its program headers. */
static void claim_many(u64 *random, u8 *file, size_t len, u8 class)
{
	static const struct {
		size_t phnum, shentsize, shoff, shoff_size;
	} places[] = {
		{ offsetof(struct elf32_hdr, e_phnum), offsetof(struct elf32_hdr, e_shentsize),
		  offsetof(struct elf32_hdr, e_shoff), 4 },
		{ offsetof(struct elf64_hdr, e_phnum), offsetof(struct elf64_hdr, e_shentsize),
		  offsetof(struct elf64_hdr, e_shoff), 8 },
	};
	unsigned int column = class == ELFCLASS64;
	u64 shoff = unit_one_in(random, 4) ? unit_number(random) :
					     unit_below(random, len);
	u16 shentsize = 39 + unit_below(random, 40);
	u16 phnum = PN_XNUM;

	memcpy(file + places[column].phnum, &phnum, sizeof(phnum));
	memcpy(file + places[column].shentsize, &shentsize, sizeof(shentsize));
	memcpy(file + places[column].shoff, &shoff, places[column].shoff_size);
}

static void random_file(struct kunit *test, u64 seed)
{
	u64 random = seed;
	struct crash_elf elf = {
		.class = unit_one_in(&random, 2) ? ELFCLASS32 : ELFCLASS64,
		.osabi = (u8)unit_random(&random),
		.machine = (u16)unit_random(&random),
		.flags = (u32)unit_number(&random),
		/* Many segments take time, so they are rare. */
		.phnum = unit_one_in(&random, 2000) ? 0xfffd + unit_below(&random, 5) :
						      unit_below(&random, 6),
	};
	size_t headers = crash_elf_encoded_size(elf.class, elf.phnum);
	struct crash_segment *segs = calloc(elf.phnum + 1, sizeof(*segs));
	size_t len = headers + 200;
	u8 *file = calloc(1, len), *block;
	unsigned int changes;
	u32 i;

	if (!segs || !file)
		abort();
	for (i = 0; i < elf.phnum; i++)
		segs[i] = random_segment(&random, elf.class);
	len = headers + make_notes(&random, file + headers, len - headers);
	if (elf.phnum) {
		segs[0].type = PT_NOTE;
		segs[0].where = headers;
		segs[0].filesz = len - headers;
	}
	KUNIT_EXPECT_EQ(test, crash_elf_encode(&elf, segs, file, headers), 0);
	check_round_trip(test, file, headers, &elf, segs);

	if (unit_one_in(&random, 8))
		claim_many(&random, file, len, elf.class);
	for (changes = unit_below(&random, 5); changes; changes--)
		overwrite(&random, file, len);
	if (unit_one_in(&random, 3))
		len = unit_below(&random, len + 1);
	check_file(test, copy_bytes(file, len, &block), len);
	free(block);
	free(file);
	free(segs);
}

static void random_file_test(struct kunit *test)
{
	unit_for_seeds(test, random_file);
}

/*
 * Ranges: a model of 64 bytes of memory, a bit for each
 */

static u64 bits_between(unsigned int first, unsigned int last)
{
	return (U64_MAX >> (63 - (last - first))) << first;
}

static unsigned int count_runs(u64 bits)
{
	return __builtin_popcountll(bits & ~(bits << 1));
}

static void check_ranges(struct kunit *test, const struct crash_mem *mem,
			 u64 base, u64 bits)
{
	u64 found = 0;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, mem->nr_ranges, count_runs(bits));
	for (i = 0; i < mem->nr_ranges; i++) {
		u64 first = mem->ranges[i].start - base;
		u64 last = mem->ranges[i].end - base;

		KUNIT_EXPECT_LE(test, first, last);
		KUNIT_EXPECT_LT(test, last, 64);
		if (i)
			KUNIT_EXPECT_GT(test, mem->ranges[i].start,
					mem->ranges[i - 1].end + 1);
		if (test->failures)
			return;
		found |= bits_between(first, last);
	}
	KUNIT_EXPECT_EQ(test, found, bits);
}

static void random_ranges(struct kunit *test, u64 seed)
{
	/* The start of memory, 4 GiB, the end of what there can be. */
	static const u64 bases[] = { 0, 0x100000000 - 32, U64_MAX - 63 };
	u64 random = seed, bits = 0;
	u64 base = bases[unit_below(&random, ARRAY_SIZE(bases))];
	unsigned int room = unit_below(&random, 8);
	struct crash_mem *mem = malloc(struct_size(mem, ranges, room));
	unsigned int step;

	if (!mem)
		abort();
	mem->max_nr_ranges = room;
	mem->nr_ranges = 0;
	for (step = 0; step < 24 && !test->failures; step++) {
		unsigned int first = unit_below(&random, 64);
		unsigned int last = first + unit_below(&random, min(64 - first, 24u));
		u64 change = bits_between(first, last), after;
		bool add = unit_one_in(&random, 2);
		int ret;

		KUNIT_EXPECT_EQ(test, crash_mem_covers(mem, base + first, base + last),
				(bits & change) == change);
		after = add ? bits | change : bits & ~change;
		ret = add ? crash_add_mem_range(mem, base + first, base + last) :
			    crash_exclude_mem_range(mem, base + first, base + last);
		if (count_runs(after) > room) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
		} else {
			KUNIT_EXPECT_EQ(test, ret, 0);
			bits = after;
		}
		check_ranges(test, mem, base, bits);
	}
	free(mem);
}

static void random_ranges_test(struct kunit *test)
{
	unit_for_seeds(test, random_ranges);
}

static struct kunit_case random_cases[] = {
	KUNIT_CASE(random_notes_test),
	KUNIT_CASE(random_file_test),
	KUNIT_CASE(random_ranges_test),
	{}
};

static struct kunit_suite random_suite = {
	.name = "random",
	.test_cases = random_cases,
};

kunit_test_suite(random_suite);
