// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/note.c. tests/unit runs this file in user space, too.
 */
#include <kunit/test.h>
#include <linux/crash_elf.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#define NOTE_WORDS	12

/* "CORE", its terminator and padding, in any byte order. */
#define CORE_NAME	{ 'C', 'O', 'R', 'E', 0, 0, 0, 0 }

/* Copy bytes to a block of exactly this size, at an odd address. */
static void *odd_copy(struct kunit *test, const void *bytes, size_t len)
{
	u8 *block = kunit_kmalloc(test, len + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	return memcpy(block + 1, bytes, len);
}

/**
 * struct walk_case - a buffer, and the expected walk over it
 * @what: name of the case
 * @words: the buffer; n_namesz, n_descsz, n_type, name, desc ...
 * @len: size of the buffer, bytes
 * @notes: number of notes found
 * @left: bytes from the place where the walk stops to the end of the buffer
 */
struct walk_case {
	const char *what;
	u32 words[NOTE_WORDS];
	size_t len;
	unsigned int notes;
	size_t left;
};

static const struct walk_case walk_cases[] = {
	{ "nothing", {}, 0, 0, 0 },
	{ "less than a note header", { 0, 0, 1 }, 11, 0, 11 },
	{ "zeros", {}, 48, 0, 48 },
	{ "a header alone: no name, no contents", { 0, 0, 1 }, 12, 1, 0 },
	{ "two headers alone", { 0, 0, 1, 0, 0, 2 }, 24, 2, 0 },
	{ "a note, then zeros", { 4, 4, 1, 0, 0, 0, 0, 0 }, 32, 1, 12 },
	{ "a note, then what is no header any more", { 4, 4, 1, 0, 0, 7 }, 24, 1, 4 },
	{ "type 0 with a name", { 4, 0, 0, 0 }, 16, 1, 0 },
	{ "type 0 with contents", { 0, 4, 0, 0 }, 16, 1, 0 },
	{ "no name, contents", { 0, 8, 1, 0, 0 }, 20, 1, 0 },
	{ "a name, no contents", { 5, 0, 1, 0, 0 }, 20, 1, 0 },
	{ "contents not padded at the end of the buffer", { 4, 5, 1 }, 21, 1, 0 },
	{ "contents partly padded there", { 4, 5, 1 }, 23, 1, 0 },
	{ "name not padded at the end of the buffer", { 5, 0, 1 }, 17, 1, 0 },
	{ "name not padded, and contents claimed", { 5, 1, 1 }, 17, 0, 17 },
	{ "name padded, and contents a byte too long", { 5, 1, 1 }, 20, 0, 20 },
	{ "contents a byte too long", { 4, 5, 1 }, 20, 0, 20 },
	{ "name a byte too long", { 5, 0, 1 }, 16, 0, 16 },
	{ "name of 4 GiB - 1", { U32_MAX, 0, 1 }, 48, 0, 48 },
	{ "contents of 4 GiB - 1", { 0, U32_MAX, 1 }, 48, 0, 48 },
	{ "name whose padding wraps", { U32_MAX - 2, 4, 1 }, 48, 0, 48 },
	{ "contents whose padding wraps", { 4, U32_MAX - 2, 1 }, 48, 0, 48 },
	{ "sum of both wraps to 0", { 0x80000000, 0x80000000, 1 }, 48, 0, 48 },
	{ "sum with the header wraps", { 0xfffffff0, 4, 1 }, 48, 0, 48 },
	{ "a good one, then a bad one", { 0, 0, 1, 4, 999, 1 }, 48, 1, 36 },
};

static void walk_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(walk_cases); i++) {
		const struct walk_case *this = &walk_cases[i];
		const u8 *buf = odd_copy(test, this->words, this->len);
		struct crash_note_cursor cur = { .pos = buf, .left = this->len };
		struct crash_note note;
		unsigned int notes = 0;

		while (crash_note_next(&cur, &note))
			notes++;
		KUNIT_EXPECT_EQ_MSG(test, notes, this->notes, "%s", this->what);
		KUNIT_EXPECT_EQ_MSG(test, cur.left, this->left, "%s", this->what);
		KUNIT_EXPECT_EQ_MSG(test, cur.pos - buf, this->len - this->left,
				    "%s", this->what);
	}
}

/* A refused note does not change the result. */
static void refused_note_test(struct kunit *test)
{
	static const u32 words[] = { 4, 5, 1, 0, 0 };
	struct crash_note_cursor cur = {
		.pos = (const u8 *)words,
		.left = sizeof(words),
	};
	struct crash_note note, before;

	memset(&note, 0x5a, sizeof(note));
	before = note;
	KUNIT_EXPECT_FALSE(test, crash_note_next(&cur, &note));
	KUNIT_EXPECT_MEMEQ(test, &note, &before, sizeof(note));
}

static void members_test(struct kunit *test)
{
	/* A note with a name of 5 and contents of 6 bytes, then a header alone. */
	static const struct {
		u32 first[3];
		char name[8];
		u8 desc[8];
		u32 second[3];
	} notes = {
		{ 5, 6, 0x101 }, CORE_NAME, { 1, 2, 3, 4, 5, 6 }, { 0, 0, U32_MAX },
	};
	const u8 *buf = odd_copy(test, &notes, sizeof(notes));
	struct crash_note_cursor cur = { .pos = buf, .left = sizeof(notes) };
	struct crash_note note;

	KUNIT_ASSERT_TRUE(test, crash_note_next(&cur, &note));
	KUNIT_EXPECT_EQ(test, note.type, 0x101);
	KUNIT_EXPECT_EQ(test, note.namesz, 5);
	KUNIT_EXPECT_EQ(test, note.descsz, 6);
	KUNIT_EXPECT_PTR_EQ(test, (const u8 *)note.name, buf + 12);
	KUNIT_EXPECT_PTR_EQ(test, (const u8 *)note.desc, buf + 20);
	KUNIT_EXPECT_EQ(test, note.size, 28);

	KUNIT_ASSERT_TRUE(test, crash_note_next(&cur, &note));
	KUNIT_EXPECT_EQ(test, note.type, U32_MAX);
	KUNIT_EXPECT_EQ(test, note.namesz, 0);
	KUNIT_EXPECT_EQ(test, note.descsz, 0);
	KUNIT_EXPECT_EQ(test, note.size, 12);
	KUNIT_EXPECT_FALSE(test, crash_note_next(&cur, &note));
}

/* Cut off the buffer at every byte: all notes that are whole are found. */
static void truncation_test(struct kunit *test)
{
	/* Ends without padding: 12 + 8 + 5; 28 + 12 + 6; 48 + 12 + 1. */
	static const size_t ends[] = { 25, 46, 61 };
	u8 whole[64];
	size_t len, at = 0;

	at += crash_note_append(whole, sizeof(whole), "CORE", 1, "12345", 5);
	at += crash_note_append(whole + at, sizeof(whole) - at, "LINUX", 2, NULL, 0);
	at += crash_note_append(whole + at, sizeof(whole) - at, "", 3, NULL, 0);
	KUNIT_ASSERT_EQ(test, at, sizeof(whole));

	for (len = 0; len <= sizeof(whole); len++) {
		const u8 *buf = odd_copy(test, whole, len);
		struct crash_note_cursor cur = { .pos = buf, .left = len };
		unsigned int expected = 0, notes = 0;
		struct crash_note note;

		while (expected < ARRAY_SIZE(ends) && len >= ends[expected])
			expected++;
		while (crash_note_next(&cur, &note))
			notes++;
		KUNIT_EXPECT_EQ_MSG(test, notes, expected, "%zu bytes", len);
	}
}

static void is_test(struct kunit *test)
{
	static const struct {
		const char *name;
		u32 namesz;
		bool is_core;
	} cases[] = {
		{ "CORE", 5, true },
		{ "CORE", 4, true },		/* no terminator */
		{ "CORE\0\0\0", 8, true },	/* padding counted in */
		{ "COR", 4, false },
		{ "CORE", 3, false },
		{ "CORES", 6, false },
		{ "core", 5, false },
		{ "", 1, false },
		{ "", 0, false },
	};
	struct crash_note note = { .type = 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		note.namesz = cases[i].namesz;
		note.name = odd_copy(test, cases[i].name, cases[i].namesz);
		KUNIT_EXPECT_EQ_MSG(test, crash_note_is(&note, "CORE", 1),
				    cases[i].is_core, "%s, %u", cases[i].name,
				    cases[i].namesz);
		KUNIT_EXPECT_FALSE(test, crash_note_is(&note, "CORE", 2));
	}

	KUNIT_EXPECT_TRUE(test, crash_note_is(&note, "", 1));
}

static void size_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, crash_note_size("CORE", 0), 12 + 8);
	KUNIT_EXPECT_EQ(test, crash_note_size("CORE", 1), 12 + 8 + 4);
	KUNIT_EXPECT_EQ(test, crash_note_size("CORE", 4), 12 + 8 + 4);
	KUNIT_EXPECT_EQ(test, crash_note_size("CORE", 5), 12 + 8 + 8);
	KUNIT_EXPECT_EQ(test, crash_note_size("", 0), 12 + 4);
	KUNIT_EXPECT_EQ(test, crash_note_size("VMCOREINFO", 4096), 12 + 12 + 4096);
	KUNIT_EXPECT_EQ(test, crash_note_size("CORE", SIZE_MAX), SIZE_MAX);
	KUNIT_EXPECT_EQ(test, crash_note_size("CORE", SIZE_MAX - 3), SIZE_MAX);

	/* More than fits n_descsz, if size_t is larger. */
	if (SIZE_MAX > U32_MAX) {
		KUNIT_EXPECT_EQ(test, crash_note_size("CORE", U32_MAX),
				12 + 8 + (u64)U32_MAX + 1);
		KUNIT_EXPECT_EQ(test, crash_note_size("CORE", (size_t)U32_MAX + 1),
				SIZE_MAX);
	}
}

static void append_test(struct kunit *test)
{
	static const struct {
		u32 header[3];
		char name[8];
		u8 desc[8];
	} expected = { { 5, 6, 1 }, CORE_NAME, { 1, 2, 3, 4, 5, 6, 0, 0 } };
	static const u8 desc[] = { 1, 2, 3, 4, 5, 6 };
	static const u8 zeros[sizeof(expected)];
	u8 *block = kunit_kmalloc(test, sizeof(expected) + 1, GFP_KERNEL);
	size_t room;

	/* If the buffer is too small, nothing is written. */
	KUNIT_ASSERT_NOT_NULL(test, block);
	for (room = 0; room < sizeof(expected); room++) {
		u8 *small = kunit_kzalloc(test, room, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, small);
		KUNIT_EXPECT_EQ(test, crash_note_append(small, room, "CORE", 1, desc,
							sizeof(desc)), 0);
		KUNIT_EXPECT_MEMEQ(test, small, zeros, room);
	}

	/* The buffer is just large enough and not aligned. The padding is zeroed. */
	memset(block, 0xff, sizeof(expected) + 1);
	KUNIT_EXPECT_EQ(test, crash_note_append(block + 1, sizeof(expected), "CORE", 1,
						desc, sizeof(desc)), sizeof(expected));
	KUNIT_EXPECT_MEMEQ(test, block + 1, (const u8 *)&expected, sizeof(expected));
	KUNIT_EXPECT_EQ(test, block[0], 0xff);

	/* Sizes that are too large for any note fit nowhere. */
	KUNIT_EXPECT_EQ(test, crash_note_append(block, sizeof(expected), "CORE", 1,
						desc, SIZE_MAX), 0);
}

static struct kunit_case crash_note_cases[] = {
	KUNIT_CASE(walk_test),
	KUNIT_CASE(refused_note_test),
	KUNIT_CASE(members_test),
	KUNIT_CASE(truncation_test),
	KUNIT_CASE(is_test),
	KUNIT_CASE(size_test),
	KUNIT_CASE(append_test),
	{}
};

static struct kunit_suite crash_note_suite = {
	.name = "crash_note",
	.test_cases = crash_note_cases,
};

kunit_test_suite(crash_note_suite);
