// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of fs/proc/vmcore/notes.c. tests/unit runs this file in user space, too.
 */
#include <kunit/test.h>
#include <linux/crash_elf.h>
#include <linux/elf.h>
#include <linux/kernel.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "../notes.h"

#define MAX_SEGMENTS	6
#define SEGMENT_SIZE	2048

/**
 * struct dump - PT_NOTE segments of a crashed kernel, and the merged notes
 * @machine: e_machine
 * @nr: number of segments
 * @len: size of each segment, bytes
 * @segment: the segments, each in its own block
 * @merged: the result, in a block of exactly the measured size
 */
struct dump {
	u16 machine;
	u32 nr;
	size_t len[MAX_SEGMENTS];
	u8 *segment[MAX_SEGMENTS];
	struct vmcore_notes merged;
};

static struct dump *make_dump(struct kunit *test, u16 machine, u32 nr)
{
	struct dump *dump = kunit_kzalloc(test, sizeof(*dump), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, dump);
	dump->machine = machine;
	dump->nr = nr;
	for (i = 0; i < nr; i++) {
		dump->segment[i] = kunit_kzalloc(test, SEGMENT_SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, dump->segment[i]);
	}
	return dump;
}

static void put_note(struct kunit *test, struct dump *dump, u32 i,
		     const char *name, u32 type, const void *desc, size_t size)
{
	size_t put = crash_note_append(dump->segment[i] + dump->len[i],
				       SEGMENT_SIZE - dump->len[i], name, type,
				       desc, size);

	KUNIT_ASSERT_GE(test, put, 1);
	dump->len[i] += put;
}

/* Registers as x86_64 has them: 336 bytes, pr_pid at 32, pr_reg from 112 on. */
static void put_prstatus(struct kunit *test, struct dump *dump, u32 i, u32 pid,
			 u8 mark)
{
	u8 desc[336] = {};

	memcpy(desc + 32, &pid, sizeof(pid));
	memset(desc + 112, mark, 27 * 8);
	put_note(test, dump, i, "CORE", NT_PRSTATUS, desc, sizeof(desc));
}

static void add_all_notes(const struct dump *dump, struct vmcore_notes *notes)
{
	u32 i;

	for (i = 0; i < dump->nr; i++)
		vmcore_notes_add(notes, i, dump->segment[i], dump->len[i]);
}

/* Make both passes. The second must find as much as the first has measured. */
static void merge_notes(struct kunit *test, struct dump *dump)
{
	struct vmcore_notes measured = { .machine = dump->machine };

	add_all_notes(dump, &measured);
	dump->merged = (struct vmcore_notes){
		.machine = dump->machine,
		.buf = kunit_kzalloc(test, measured.size, GFP_KERNEL),
		.room = measured.size,
	};
	KUNIT_ASSERT_NOT_NULL(test, dump->merged.buf);
	add_all_notes(dump, &dump->merged);
	KUNIT_EXPECT_EQ(test, dump->merged.size, measured.size);
	KUNIT_EXPECT_EQ(test, dump->merged.nr_bad, measured.nr_bad);
	KUNIT_EXPECT_EQ(test, dump->merged.nr_cpus, measured.nr_cpus);
}

/* Check the next note of the result. */
static void expect_note(struct kunit *test, struct crash_note_cursor *cur,
			const char *name, u32 type, size_t descsz,
			struct crash_note *note)
{
	KUNIT_ASSERT_TRUE(test, crash_note_next(cur, note));
	KUNIT_EXPECT_TRUE_MSG(test, crash_note_is(note, name, type),
			      "type %u where %s %u is expected", note->type, name, type);
	KUNIT_ASSERT_EQ(test, note->descsz, descsz);
}

static void expect_psinfo(struct kunit *test, struct crash_note_cursor *cur, u32 cpu)
{
	struct crash_note note;
	char args[32];
	u32 pid;

	expect_note(test, cur, "CORE", NT_PRPSINFO, 136, &note);
	memcpy(&pid, note.desc + 24, sizeof(pid));
	KUNIT_EXPECT_EQ(test, pid, VMCORE_IDLE_PID + cpu);
	snprintf(args, sizeof(args), "vmlinux (CPU %u idle)", cpu);
	KUNIT_EXPECT_STREQ(test, (const char *)note.desc + 40, "vmlinux");
	KUNIT_EXPECT_STREQ(test, (const char *)note.desc + 56, args);
}

static void expect_prstatus(struct kunit *test, struct crash_note_cursor *cur,
			    u32 pid, u8 mark)
{
	struct crash_note note;
	u32 found;

	expect_note(test, cur, "CORE", NT_PRSTATUS, 336, &note);
	memcpy(&found, note.desc + 32, sizeof(found));
	KUNIT_EXPECT_EQ(test, found, pid);
	KUNIT_EXPECT_EQ(test, ((const u8 *)note.desc)[112], mark);
	KUNIT_EXPECT_EQ(test, ((const u8 *)note.desc)[112 + 27 * 8 - 1], mark);
}

static struct crash_note_cursor merged_cursor(const struct dump *dump)
{
	return (struct crash_note_cursor){ .pos = dump->merged.buf,
					   .left = dump->merged.size };
}

/*
 * The notes have the form of kexec: CPU 1 has a task, CPU 2 was off, vmcoreinfo
 * is last.
 */
static void per_cpu_test(struct kunit *test)
{
	struct dump *dump = make_dump(test, EM_X86_64, 5);
	struct crash_note_cursor cur;
	struct crash_note note;

	put_prstatus(test, dump, 0, 0, 0x10);
	put_prstatus(test, dump, 1, 77, 0x11);
	put_prstatus(test, dump, 3, 0, 0x13);
	put_note(test, dump, 4, "VMCOREINFO", 0, "PAGESIZE=4096", 13);
	dump->len[0] = SEGMENT_SIZE;
	dump->len[2] = 356;
	merge_notes(test, dump);

	cur = merged_cursor(dump);
	expect_psinfo(test, &cur, 0);
	expect_prstatus(test, &cur, 0, 0x10);
	expect_prstatus(test, &cur, 77, 0x11);
	expect_psinfo(test, &cur, 3);
	expect_prstatus(test, &cur, 0, 0x13);
	expect_note(test, &cur, "VMCOREINFO", 0, 13, &note);
	KUNIT_EXPECT_MEMEQ(test, note.desc, "PAGESIZE=4096", 13);
	KUNIT_EXPECT_EQ(test, cur.left, 0);
	KUNIT_EXPECT_EQ(test, dump->merged.nr_bad, 0);
}

/* The notes have the form of firmware: all in one segment, in the order of CPUs. */
static void one_segment_test(struct kunit *test)
{
	struct dump *dump = make_dump(test, EM_X86_64, 1);
	struct crash_note_cursor cur;
	struct crash_note note;
	u32 cpu;

	for (cpu = 0; cpu < 4; cpu++)
		put_prstatus(test, dump, 0, cpu == 2 ? 5 : 0, cpu);
	put_note(test, dump, 0, "VMCOREINFO", 0, "", 1);
	merge_notes(test, dump);

	cur = merged_cursor(dump);
	for (cpu = 0; cpu < 4; cpu++) {
		if (cpu != 2)
			expect_psinfo(test, &cur, cpu);
		expect_prstatus(test, &cur, cpu == 2 ? 5 : 0, cpu);
	}
	expect_note(test, &cur, "VMCOREINFO", 0, 1, &note);
	KUNIT_EXPECT_EQ(test, cur.left, 0);
}

/* Use registers of an unknown form, and notes that only look like registers. */
static void not_registers_test(struct kunit *test)
{
	static const u8 desc[400];
	struct dump *dump = make_dump(test, EM_X86_64, 1);
	struct crash_note_cursor cur;
	struct crash_note note;

	put_note(test, dump, 0, "CORE", NT_PRSTATUS, desc, 335);
	put_note(test, dump, 0, "CORE", NT_PRSTATUS, desc, 144);
	put_note(test, dump, 0, "CORE", NT_PRSTATUS, desc, 0);
	put_note(test, dump, 0, "LINUX", NT_PRSTATUS, desc, 336);
	put_note(test, dump, 0, "CORE", NT_PRFPREG, desc, 336);
	merge_notes(test, dump);

	cur = merged_cursor(dump);
	expect_note(test, &cur, "CORE", NT_PRSTATUS, 335, &note);
	expect_note(test, &cur, "CORE", NT_PRSTATUS, 144, &note);
	expect_note(test, &cur, "CORE", NT_PRSTATUS, 0, &note);
	expect_note(test, &cur, "LINUX", NT_PRSTATUS, 336, &note);
	expect_note(test, &cur, "CORE", NT_PRFPREG, 336, &note);
	KUNIT_EXPECT_EQ(test, cur.left, 0);
	KUNIT_EXPECT_EQ(test, dump->merged.nr_bad, 0);
}

/**
 * struct form_case - the notes that are added to idle registers on a machine
 * @machine: e_machine
 * @prstatus: size of the registers, bytes
 * @prpsinfo: expected size of the note before them; 0 if there is none
 * @pid: expected offset of the CPU's number in it
 */
struct form_case {
	u16 machine;
	size_t prstatus, prpsinfo, pid;
};

static void forms_test(struct kunit *test)
{
	static const struct form_case cases[] = {
		{ EM_X86_64, 336, 136, 24 },
		{ EM_386, 144, 124, 12 },
		{ EM_AARCH64, 392, 136, 24 },
		{ EM_PPC64, 504, 136, 24 },
		{ EM_PPC, 268, 128, 16 },
		{ EM_386, 336, 0, 0 },
		{ EM_SPARC, 336, 0, 0 },
	};
	static const u8 desc[600];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dump *dump = make_dump(test, cases[i].machine, 1);
		struct crash_note_cursor cur;
		struct crash_note note;
		u32 pid;

		put_note(test, dump, 0, "CORE", NT_PRSTATUS, desc, cases[i].prstatus);
		merge_notes(test, dump);
		cur = merged_cursor(dump);
		if (cases[i].prpsinfo) {
			expect_note(test, &cur, "CORE", NT_PRPSINFO, cases[i].prpsinfo,
				    &note);
			memcpy(&pid, note.desc + cases[i].pid, sizeof(pid));
			KUNIT_EXPECT_EQ(test, pid, VMCORE_IDLE_PID);
		}
		expect_note(test, &cur, "CORE", NT_PRSTATUS, cases[i].prstatus, &note);
		KUNIT_EXPECT_EQ(test, cur.left, 0);
	}
}

static void damaged_test(struct kunit *test)
{
	static const u32 too_long[] = { 5, 1000, NT_PRSTATUS, 0, 0, 0 };
	static const u32 nameless[] = { 0, 4, NT_PRSTATUS, 0xdeadbeef };
	struct dump *dump = make_dump(test, EM_X86_64, 5);
	struct crash_note_cursor cur;
	struct crash_note note;

	/* A wrong length costs the notes behind it, in this segment only. */
	put_note(test, dump, 0, "A", 1, "a", 1);
	memcpy(dump->segment[0] + dump->len[0], too_long, sizeof(too_long));
	dump->len[0] += sizeof(too_long);

	/* A note without a name costs only itself. */
	memcpy(dump->segment[1], nameless, sizeof(nameless));
	dump->len[1] = sizeof(nameless);
	put_note(test, dump, 1, "B", 2, "b", 1);

	/* Cut off in the padding: nothing is lost, and the next note is aligned. */
	put_note(test, dump, 2, "C", 3, "c", 1);
	dump->len[2] -= 3;

	/* Garbage behind the end mark is ignored. */
	put_note(test, dump, 3, "D", 4, "d", 1);
	memset(dump->segment[3] + dump->len[3] + 12, 0xff, 100);
	dump->len[3] += 112;

	/* Only garbage. */
	memset(dump->segment[4], 0xff, 100);
	dump->len[4] = 100;
	merge_notes(test, dump);

	cur = merged_cursor(dump);
	expect_note(test, &cur, "A", 1, 1, &note);
	expect_note(test, &cur, "B", 2, 1, &note);
	expect_note(test, &cur, "C", 3, 1, &note);
	expect_note(test, &cur, "D", 4, 1, &note);
	KUNIT_EXPECT_EQ(test, cur.left, 0);
	KUNIT_EXPECT_EQ(test, dump->merged.nr_bad, 3);
}

static void nothing_test(struct kunit *test)
{
	struct dump *dump = make_dump(test, EM_X86_64, 3);

	dump->len[1] = 5;
	dump->len[2] = SEGMENT_SIZE;
	merge_notes(test, dump);
	KUNIT_EXPECT_EQ(test, dump->merged.size, 0);
	KUNIT_EXPECT_EQ(test, dump->merged.nr_bad, 0);
}

/* Valid segments that are larger than the limit. */
static void limit_test(struct kunit *test)
{
	struct vmcore_notes notes = { .machine = EM_X86_64 };
	struct dump *dump = make_dump(test, EM_X86_64, 1);
	size_t each = 20 + 2000;
	u32 i, nr = VMCORE_MAX_NOTES / each + 10;
	static const u8 desc[2000];

	put_note(test, dump, 0, "CORE", 99, desc, sizeof(desc));
	for (i = 0; i < nr; i++)
		vmcore_notes_add(&notes, i, dump->segment[0], dump->len[0]);
	KUNIT_EXPECT_EQ(test, notes.size, VMCORE_MAX_NOTES / each * each);
	KUNIT_EXPECT_EQ(test, notes.nr_bad, 10);
}

/* Old memory that has grown since it was measured does not overrun the buffer. */
static void grown_test(struct kunit *test)
{
	struct dump *dump = make_dump(test, EM_X86_64, 2);

	put_prstatus(test, dump, 0, 42, 1);
	merge_notes(test, dump);

	put_prstatus(test, dump, 0, 43, 2);
	put_prstatus(test, dump, 1, 0, 3);
	dump->merged.size = 0;
	add_all_notes(dump, &dump->merged);
	KUNIT_EXPECT_EQ(test, dump->merged.size, dump->merged.room);
	KUNIT_EXPECT_EQ(test, dump->merged.nr_bad, 3);
}

static struct kunit_case vmcore_notes_cases[] = {
	KUNIT_CASE(per_cpu_test),
	KUNIT_CASE(one_segment_test),
	KUNIT_CASE(not_registers_test),
	KUNIT_CASE(forms_test),
	KUNIT_CASE(damaged_test),
	KUNIT_CASE(nothing_test),
	KUNIT_CASE(limit_test),
	KUNIT_CASE(grown_test),
	{}
};

static struct kunit_suite vmcore_notes_suite = {
	.name = "vmcore_notes",
	.test_cases = vmcore_notes_cases,
};

kunit_test_suite(vmcore_notes_suite);
