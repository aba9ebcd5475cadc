// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kernel/crash_cpu.c: the notes of CPUs.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/crash_core.h>
#include <linux/crash_elf.h>
#include <linux/elfcore.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmcore_info.h>

static void place_test(struct kunit *test)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		phys_addr_t at = per_cpu_ptr_to_phys(per_cpu_ptr(crash_notes, cpu));

		KUNIT_EXPECT_LE_MSG(test, offset_in_page(at) + sizeof(note_buf_t),
				    PAGE_SIZE, "CPU %u", cpu);
	}
}

/* Write the last CPU's note over old bytes, read it back, and clear it. */
static void save_test(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_possible_mask);
	u8 *buf = (u8 *)per_cpu_ptr(crash_notes, cpu);
	struct crash_note_cursor cur = { buf, sizeof(note_buf_t) };
	struct elf_prstatus status;
	struct crash_note note;
	elf_gregset_t expected;
	struct pt_regs regs;

	memset(&regs, 0x5a, sizeof(regs));
	memset(&expected, 0, sizeof(expected));
	elf_core_copy_regs(&expected, &regs);

	memset(buf, 0xff, sizeof(note_buf_t));
	crash_save_cpu(&regs, cpu);

	KUNIT_ASSERT_TRUE(test, crash_note_next(&cur, &note));
	KUNIT_EXPECT_TRUE(test, crash_note_is(&note, "CORE", NT_PRSTATUS));
	KUNIT_ASSERT_EQ(test, note.descsz, sizeof(status));
	memcpy(&status, note.desc, sizeof(status));
	KUNIT_EXPECT_EQ(test, status.common.pr_pid, current->pid);
	KUNIT_EXPECT_MEMEQ(test, &status.pr_reg, &expected, sizeof(expected));

	/* An empty note ends it, and the room ends there. */
	KUNIT_EXPECT_FALSE(test, crash_note_next(&cur, &note));
	KUNIT_EXPECT_EQ(test, cur.left, sizeof(struct elf_note));
	KUNIT_EXPECT_NULL(test, memchr_inv(cur.pos, 0, cur.left));

	memset(buf, 0, sizeof(note_buf_t));
}

static void no_such_cpu_test(struct kunit *test)
{
	struct pt_regs regs = { };
	unsigned int cpu;

	crash_save_cpu(&regs, -1);
	crash_save_cpu(&regs, nr_cpu_ids);

	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_NULL_MSG(test,
				      memchr_inv(per_cpu_ptr(crash_notes, cpu),
						 0, sizeof(note_buf_t)),
				      "CPU %u", cpu);
}

static struct kunit_case crash_cpu_cases[] = {
	KUNIT_CASE(place_test),
	KUNIT_CASE(save_test),
	KUNIT_CASE(no_such_cpu_test),
	{}
};

static struct kunit_suite crash_cpu_suite = {
	.name = "crash_cpu",
	.test_cases = crash_cpu_cases,
};

kunit_test_suite(crash_cpu_suite);
