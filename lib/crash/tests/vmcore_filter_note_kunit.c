// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lib/crash/filter: the note of the crashed kernel, and the page tables
 * that it leads to. tests/unit runs this file in user space, too.
 */
#include "vmcore_filter_samples.h"

/* Each entry that is needed is reported by its key if it is missing. */
static void needed_test(struct kunit *test)
{
	static const char * const needed[] = {
		"OSRELEASE", "PAGESIZE", "SYMBOL(swapper_pg_dir)",
		"NUMBER(phys_base)", "SYMBOL(mem_section)", "LENGTH(mem_section)",
		"SIZE(mem_section)", "OFFSET(mem_section.section_mem_map)",
		"SIZE(page)", "OFFSET(page.flags)",
		"OFFSET(page._refcount)", "OFFSET(page.mapping)",
		"OFFSET(page._mapcount)", "OFFSET(page.private)",
		"OFFSET(page.compound_head)", "LENGTH(zone.free_area)",
		"NUMBER(PG_head_mask)",
	};
	size_t len = strlen(note_6_12);
	char *note = kunit_kzalloc(test, len + 1, GFP_KERNEL);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, note);
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		memcpy(note, note_6_12, len);
		/* This text is in no other key. */
		*strstr(note, needed[i]) = '#';
		KUNIT_EXPECT_EQ_MSG(test, vmcore_rules_init(rules, &sample_elf, note, len),
				    -ENODATA, "%s", needed[i]);
		KUNIT_EXPECT_STREQ(test, rules->lacks, needed[i]);
	}
}

static void old_release_test(struct kunit *test)
{
	static const char * const releases[] = {
		"OSRELEASE=5.9.16\n" NOTE_COMMON, "OSRELEASE=4.19\n", "OSRELEASE=2\n",
		"OSRELEASE=\n", "OSRELEASE=six\n",
	};
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(releases); i++)
		KUNIT_EXPECT_EQ_MSG(test, vmcore_rules_init(rules, &sample_elf, releases[i],
							    strlen(releases[i])),
				    -EOPNOTSUPP, "%s", releases[i]);
}

/* An unknown machine is refused by name, also if the note is valid. */
static void machine_test(struct kunit *test)
{
	static const struct {
		struct crash_elf elf;
		const char *name;
	} cases[] = {
		{ { .machine = EM_386, .data = ELFDATA2LSB }, "machine type i386" },
		{ { .machine = EM_AARCH64, .data = ELFDATA2LSB }, "machine type AArch64" },
		{ { .machine = EM_PPC64, .data = ELFDATA2LSB }, "machine type PowerPC64" },
		{ { .machine = EM_X86_64, .data = ELFDATA2MSB }, "machine type x86-64" },
		{ { .machine = EM_NONE, .data = ELFDATA2LSB }, "unknown machine type" },
	};
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &cases[i].elf, note_6_12,
							strlen(note_6_12)), -EOPNOTSUPP);
		KUNIT_EXPECT_STREQ(test, rules->lacks, cases[i].name);
		KUNIT_EXPECT_STREQ(test, rules->release, "6.12.117");
	}
}

/* Replace the value of a line of the note by a value that is not longer. */
static void put_value(char *note, const char *key, const char *value)
{
	char *at = strstr(note, key) + strlen(key) + 1;
	size_t room = strchr(at, '\n') - at, len = strlen(value);

	/* Leading zeros do not change a number. */
	memset(at, '0', room);
	memcpy(at + room - len, value, len);
}

/* Numbers that the machine, or a struct page of whole words, cannot have. */
static void odd_number_test(struct kunit *test)
{
	static const struct {
		const char *key, *value;
	} cases[] = {
		{ "PAGESIZE", "8192" }, { "PAGESIZE", "4095" }, { "PAGESIZE", "0" },
		{ "SIZE(page)", "60" }, { "SIZE(page)", "65" },
	};
	char *note = kunit_kzalloc(test, sizeof(note_6_12), GFP_KERNEL);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, note);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(note, note_6_12, sizeof(note_6_12));
		put_value(note, cases[i].key, cases[i].value);
		KUNIT_EXPECT_EQ_MSG(test, vmcore_rules_init(rules, &sample_elf, note,
							    strlen(note)),
				    -ENODATA, "%s=%s", cases[i].key, cases[i].value);
		KUNIT_EXPECT_STREQ(test, rules->lacks, cases[i].key);
	}
}

/* Kernels before 5.13 do not give the size of a section. On x86_64 it is 128 MiB. */
static void section_size_test(struct kunit *test)
{
	char *note = kunit_kzalloc(test, sizeof(note_6_12), GFP_KERNEL);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;

	KUNIT_ASSERT_NOT_NULL(test, note);
	memcpy(note, note_6_12, sizeof(note_6_12));
	*strstr(note, "NUMBER(SECTION_SIZE_BITS)") = '#';
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, strlen(note)), 0);
	KUNIT_EXPECT_EQ(test, rules->section_shift, 27 - 12);
}

/* A note that was cut off lacks an entry, until it is complete. */
static void cut_note_test(struct kunit *test)
{
	size_t len, whole = strlen(note_6_12);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	char *note;

	for (len = 0; len <= whole; len++) {
		note = kunit_kmalloc(test, len + 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, note);
		memcpy(note, note_6_12, len);
		if (vmcore_rules_init(rules, &sample_elf, note, len))
			KUNIT_EXPECT_TRUE(test, rules->lacks);
	}
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note_6_12, whole), 0);
}

/* A number that was cut off is ignored: of 11 orders, 1 would be left. */
static void cut_number_test(struct kunit *test)
{
	size_t len = strlen(note_6_12), cut;
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	char *note = kunit_kzalloc(test, len + 32, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, note);
	memcpy(note, note_6_12, len);
	*strstr(note, "LENGTH(zone.free_area)") = '#';
	cut = len + strlen("LENGTH(zone.free_area)=1");
	memcpy(note + len, "LENGTH(zone.free_area)=11\n", 26);
	KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, len + 26), 0);
	for (; cut < len + 26; cut++) {
		KUNIT_EXPECT_EQ(test, vmcore_rules_init(rules, &sample_elf, note, cut), -ENODATA);
		KUNIT_EXPECT_STREQ(test, rules->lacks, "LENGTH(zone.free_area)");
	}
}

/*
 * Reading a note of any size takes a bounded time. The notes here have more
 * lines, or longer ones, than any kernel writes. Entries behind the limit are
 * not found.
 */
static void large_note_test(struct kunit *test)
{
	static const struct {
		const char *line;
		u32 times;
		int err;
	} cases[] = {
		{ "\n", 60000, 0 }, { "\n", 70000, -ENODATA },
		{ "no value\n", 6000, 0 }, { "no value\n", 8000, -ENODATA },
		{ "KEY=value\n", 400, 0 }, { "KEY=value\n", 512, -ENODATA },
		{ "=\n", 400, 0 }, { "=\n", 30000, -ENODATA }, { "=", 60000, 0 },
	};
	size_t len = strlen(note_6_12), line, room = 80000 + len;
	char *note = kunit_kmalloc(test, room, GFP_KERNEL);
	struct vmcore_rules *rules = &sample_alloc(test)->rules;
	unsigned int i, k;

	KUNIT_ASSERT_NOT_NULL(test, note);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		line = strlen(cases[i].line);
		KUNIT_ASSERT_LE(test, cases[i].times * line + 1 + len, room);
		for (k = 0; k < cases[i].times; k++)
			memcpy(note + k * line, cases[i].line, line);
		note[k * line] = '\n';
		memcpy(note + k * line + 1, note_6_12, len);
		KUNIT_EXPECT_EQ_MSG(test, vmcore_rules_init(rules, &sample_elf, note,
							    k * line + 1 + len),
				    cases[i].err, "%u times %s", k, cases[i].line);
	}
}

static void expect_vtop(struct kunit *test, struct sample *sample, u64 vaddr,
			int err, u64 paddr, u64 span)
{
	u64 found = 0, left = 0;

	sample->map.space.size = 0;
	vmcore_memmap_init(&sample->map, &sample->rules, &sample->memory,
			   &sample->memory);
	KUNIT_EXPECT_EQ(test, vmcore_vtop(&sample->map.space, vaddr, &found, &left), err);
	if (err)
		return;
	KUNIT_EXPECT_EQ(test, found, paddr);
	KUNIT_EXPECT_EQ(test, left, span);
}

static void vtop_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);
	u64 *words = sample->bytes;

	expect_vtop(test, sample, SAMPLE_BASE + 0x5123, 0, 0x5123, 0xedd);
	expect_vtop(test, sample, SAMPLE_BASE + SAMPLE_SIZE, -EFAULT, 0, 0);
	expect_vtop(test, sample, 0, -EFAULT, 0, 0);
	/*
	 * Pages of 2 MiB and 1 GiB, with bits around the address that do not
	 * belong to it.
	 */
	words[0x2000 / 8 + 1] = 0x8000000000000000ULL | 0x40001000 | 0x81;
	expect_vtop(test, sample, SAMPLE_BASE + 0x234567, 0, 0x40034567, 0x1cba99);
	words[0x1000 / 8 + 1] = 0x80000000 | 0x81;
	expect_vtop(test, sample, SAMPLE_BASE + 0x40000010, 0, 0x80000010, 0x3ffffff0);
	/* An entry that is not present; one that is, but its table is not in memory. */
	words[0x2000 / 8 + 2] = 0x3000 | 2;
	expect_vtop(test, sample, SAMPLE_BASE + 0x400000, -EFAULT, 0, 0);
	words[0x2000 / 8 + 3] = 0x7000000000ULL | 3;
	expect_vtop(test, sample, SAMPLE_BASE + 0x600000, -EFAULT, 0, 0);
	/* A table that contains itself ends as a page. */
	words[5] = 3;
	expect_vtop(test, sample, 5ULL << 39 | 5ULL << 30 | 5ULL << 21 | 5ULL << 12,
		    0, 0, 0x1000);
	KUNIT_EXPECT_LT(test, sample->reads, 100);
}

static void five_levels_test(struct kunit *test)
{
	struct sample *sample = sample_create(test, note_6_12);

	sample->rules.page_table_levels = 5;
	sample->rules.page_table = 0x6000;
	expect_vtop(test, sample, 0xff11000000000000ULL + 273 * (1ULL << 39), -EFAULT, 0, 0);
	sample->bytes[0x6000 / 8 + 0x111] = 3;
	expect_vtop(test, sample, 0xff11000000000000ULL + 273 * (1ULL << 39) + 0x5008,
		    0, 0x5008, 0xff8);
}

static struct kunit_case filter_note_cases[] = {
	KUNIT_CASE(needed_test),
	KUNIT_CASE(old_release_test),
	KUNIT_CASE(machine_test),
	KUNIT_CASE(odd_number_test),
	KUNIT_CASE(section_size_test),
	KUNIT_CASE(cut_note_test),
	KUNIT_CASE(cut_number_test),
	KUNIT_CASE(large_note_test),
	KUNIT_CASE(vtop_test),
	KUNIT_CASE(five_levels_test),
	{}
};

static struct kunit_suite filter_note_suite = {
	.name = "vmcore_filter_note",
	.test_cases = filter_note_cases,
};

kunit_test_suite(filter_note_suite);
