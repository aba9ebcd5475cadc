// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kernel/vmcore_info.c: the ends of lines, and the kernel's own note.
 */
#include <kunit/test.h>
#include <linux/crash_elf.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/stdarg.h>
#include <linux/string.h>
#include <linux/vmcore_info.h>

#include "../crash_internal.h"

#define ROOM	16

static __printf(3, 4) size_t print_line(char *buf, size_t room,
					const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = vmcoreinfo_vline(buf, room, fmt, args);
	va_end(args);
	return len;
}

static void line_fits_test(struct kunit *test)
{
	char buf[ROOM + 1];

	memset(buf, 0xff, sizeof(buf));
	KUNIT_EXPECT_EQ(test, print_line(buf, ROOM, "%s=%d\n", "KEY", 7), 6);
	KUNIT_EXPECT_STREQ(test, buf, "KEY=7\n");

	/* The longest line: one byte is left for the terminator. */
	memset(buf, 0xff, sizeof(buf));
	KUNIT_EXPECT_EQ(test, print_line(buf, ROOM, "%013d.\n", 7), ROOM - 1);
	KUNIT_EXPECT_STREQ(test, buf, "0000000000007.\n");
	KUNIT_EXPECT_EQ(test, (u8)buf[ROOM], 0xff);
}

static void line_refused_test(struct kunit *test)
{
	size_t room, len;
	char buf[ROOM + 1];

	/* One byte too long, and much too long. */
	for (len = ROOM; len < 10 * ROOM; len += 9 * ROOM - 1) {
		memset(buf, 0xff, sizeof(buf));
		KUNIT_EXPECT_EQ(test, print_line(buf, ROOM, "%0*d\n",
						 (int)len - 1, 7), 0);
		KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0, ROOM));
		KUNIT_EXPECT_EQ(test, (u8)buf[ROOM], 0xff);
	}

	/* Too little room, of any size, never leaves half a line. */
	for (room = 0; room <= 6; room++) {
		memset(buf, 0xff, sizeof(buf));
		KUNIT_EXPECT_EQ(test, print_line(buf, room, "KEY=%d\n", 7), 0);
		KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0, room));
		KUNIT_EXPECT_EQ(test, (u8)buf[room], 0xff);
	}

	/* A line without a newline is refused: the next one would be appended to it. */
	memset(buf, 0, sizeof(buf));
	KUNIT_EXPECT_EQ(test, print_line(buf, ROOM, "KEY=%d", 7), 0);
	KUNIT_EXPECT_EQ(test, print_line(buf, ROOM, "%s", ""), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0, sizeof(buf)));
}

static void crashtime_test(struct kunit *test)
{
	static const struct {
		s64 seconds;
		const char *line;
	} cases[] = {
		{ 0, "CRASHTIME=0\n" },
		{ 9, "CRASHTIME=9\n" },
		{ 10, "CRASHTIME=10\n" },
		{ 1700000000, "CRASHTIME=1700000000\n" },
		{ U32_MAX, "CRASHTIME=4294967295\n" },
		{ -1, "CRASHTIME=-1\n" },
		{ S64_MAX, "CRASHTIME=9223372036854775807\n" },
		{ S64_MIN, "CRASHTIME=-9223372036854775808\n" },
	};
	char buf[VMCOREINFO_CRASHTIME_MAX + 1];
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(buf, 0xff, sizeof(buf));
		len = vmcoreinfo_crashtime(buf, cases[i].seconds);
		KUNIT_ASSERT_EQ(test, len, strlen(cases[i].line));
		KUNIT_ASSERT_LT(test, len, sizeof(buf));
		KUNIT_EXPECT_EQ(test, (u8)buf[len], 0xff);
		buf[len] = '\0';
		KUNIT_EXPECT_STREQ(test, buf, cases[i].line);
	}
}

/* Find the kernel's note by the address that readers get. */
static void find_note(struct kunit *test, struct crash_note *note)
{
	struct crash_note_cursor cur = {
		.pos = __va(paddr_vmcoreinfo_note()),
		.left = VMCOREINFO_NOTE_SIZE,
	};
	struct crash_note more;

	KUNIT_ASSERT_TRUE(test, crash_note_next(&cur, note));
	KUNIT_ASSERT_TRUE(test, crash_note_is(note, "VMCOREINFO", 0));
	KUNIT_EXPECT_FALSE(test, crash_note_next(&cur, &more));
	KUNIT_EXPECT_NULL(test, memchr_inv(cur.pos, 0, cur.left));
}

static unsigned int count_key(const struct crash_note *note, const char *key)
{
	const char *at = note->desc, *end = at + note->descsz;
	size_t len = strlen(key);
	unsigned int nr = 0;

	while (at < end) {
		const char *newline = memchr(at, '\n', end - at);

		if (end - at > len && !memcmp(at, key, len) && at[len] == '=')
			nr++;
		at = newline ? newline + 1 : end;
	}
	return nr;
}

static void note_test(struct kunit *test)
{
	struct crash_note note;
	const char *at, *end;

	find_note(test, &note);
	KUNIT_ASSERT_GE(test, note.descsz, vmcoreinfo_size);
	KUNIT_EXPECT_MEMEQ(test, (const char *)note.desc,
			   (const char *)vmcoreinfo_data, vmcoreinfo_size);

	/* There are only lines with a key and a value. */
	for (at = note.desc, end = at + note.descsz; at < end; at++) {
		const char *line = at;

		at = memchr(line, '\n', end - line);
		KUNIT_ASSERT_NOT_NULL(test, at);
		KUNIT_EXPECT_NOT_NULL(test, memchr(line + 1, '=', at - line));
	}

	KUNIT_EXPECT_EQ(test, count_key(&note, "OSRELEASE"), 1);
	KUNIT_EXPECT_EQ(test, count_key(&note, "PAGESIZE"), 1);
	KUNIT_EXPECT_EQ(test, count_key(&note, "SYMBOL(init_uts_ns)"), 1);
	KUNIT_EXPECT_EQ(test, count_key(&note, "SYMBOL(prb)"), 1);
	KUNIT_EXPECT_EQ(test, count_key(&note, "RULES(page)"),
			IS_ENABLED(CONFIG_64BIT));
}

/* Do the same as a panic. The time stays in the note until a panic replaces it. */
static void panic_test(struct kunit *test)
{
	size_t size = vmcoreinfo_size;
	struct crash_note note;

	crash_save_vmcoreinfo();
	crash_save_vmcoreinfo();

	find_note(test, &note);
	KUNIT_EXPECT_EQ(test, count_key(&note, "CRASHTIME"), 1);
	KUNIT_EXPECT_EQ(test, count_key(&note, "OSRELEASE"), 1);
	KUNIT_EXPECT_EQ(test, ((const char *)note.desc)[note.descsz - 1], '\n');
	KUNIT_EXPECT_EQ(test, vmcoreinfo_size, size);
}

static struct kunit_case crash_vmcoreinfo_cases[] = {
	KUNIT_CASE(line_fits_test),
	KUNIT_CASE(line_refused_test),
	KUNIT_CASE(crashtime_test),
	KUNIT_CASE(note_test),
	KUNIT_CASE(panic_test),
	{}
};

static struct kunit_suite crash_vmcoreinfo_suite = {
	.name = "crash_vmcoreinfo",
	.test_cases = crash_vmcoreinfo_cases,
};

kunit_test_suite(crash_vmcoreinfo_suite);
