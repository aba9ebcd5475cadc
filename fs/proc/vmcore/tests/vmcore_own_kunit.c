// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the rules that this kernel states, on its own struct pages.
 */
#include <kunit/test.h>
#include <linux/crash_elf.h>
#include <linux/elf.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmcore_info.h>

#include "../../../../lib/crash/tests/vmcore_rules_compare.h"

static const struct crash_elf own_elf = { .machine = ELF_ARCH, .data = ELF_DATA };

/* Number of page frames to test; enough to have all kinds of pages. */
#define MAX_PFN		(SZ_1G >> PAGE_SHIFT)

/**
 * struct own - the kernel's own note, read in two ways
 * @stated: rules that the note states
 * @inferred: rules that follow from its other lines
 * @seen_stated: the latest page, for @stated
 * @seen_inferred: the latest page, for @inferred
 */
struct own {
	struct vmcore_rules stated;
	struct vmcore_rules inferred;
	struct vmcore_seen seen_stated;
	struct vmcore_seen seen_inferred;
};

static struct own *read_own(struct kunit *test)
{
	struct own *own = kunit_kzalloc(test, sizeof(*own), GFP_KERNEL);
	char *note = kunit_kzalloc(test, vmcoreinfo_size + 1, GFP_KERNEL);
	char *line;

	KUNIT_ASSERT_NOT_NULL(test, own);
	KUNIT_ASSERT_NOT_NULL(test, note);
	memcpy(note, vmcoreinfo_data, vmcoreinfo_size);
	KUNIT_ASSERT_EQ(test, vmcore_rules_init(&own->stated, &own_elf, note, vmcoreinfo_size), 0);
	line = strstr(note, "RULES(page)");
	KUNIT_ASSERT_NOT_NULL(test, line);
	*line = '#';
	KUNIT_ASSERT_EQ(test,
			vmcore_rules_init(&own->inferred, &own_elf, note, vmcoreinfo_size), 0);
	return own;
}

static void own_rules_test(struct kunit *test)
{
	struct own *own = read_own(test);

	KUNIT_EXPECT_EQ(test, own->stated.stated, 1);
	KUNIT_EXPECT_STREQ(test, own->stated.refused, "");
	KUNIT_EXPECT_EQ(test, own->inferred.stated, 0);
	KUNIT_EXPECT_STREQ(test, own->inferred.refused, "");
	/*
	 * Only the stated rules have memory that is not accepted; 6.12 has no
	 * entry for it.
	 */
	if (!IS_ENABLED(CONFIG_UNACCEPTED_MEMORY))
		expect_same_rules(test, &own->stated, &own->inferred);
}

/* Struct pages may change, so both readers get one copy. */
static bool copy_pair(unsigned long pfn, struct page *copy)
{
	struct page *page = pfn_to_online_page(pfn);
	struct page *next = pfn_to_online_page(pfn + 1);

	if (!page || !next)
		return false;
	memcpy(&copy[0], page, sizeof(*page));
	memcpy(&copy[1], next, sizeof(*next));
	return true;
}

static void own_pages_test(struct kunit *test)
{
	struct own *own = read_own(test);
	struct page copy[2];
	const u64 *words = (const u64 *)copy;
	u32 pages[VMCORE_NR_CLASSES] = {};
	unsigned long pfn;

	for (pfn = 0; pfn < MAX_PFN; pfn++) {
		struct vmcore_unit unit, other;

		cond_resched();
		if (!copy_pair(pfn, copy))
			continue;
		unit = vmcore_classify(&own->stated, &own->seen_stated, words, pfn);
		other = vmcore_classify(&own->inferred, &own->seen_inferred, words, pfn);
		KUNIT_ASSERT_EQ_MSG(test, unit.class, other.class, "page frame %lx", pfn);
		KUNIT_ASSERT_EQ_MSG(test, unit.order, other.order, "page frame %lx", pfn);
		pages[unit.class]++;
	}
	KUNIT_EXPECT_GT(test, pages[VMCORE_CLASS_FREE], 0);
	KUNIT_EXPECT_GT(test, pages[VMCORE_CLASS_KERNEL], 0);
}

static struct kunit_case own_cases[] = {
	KUNIT_CASE(own_rules_test),
	KUNIT_CASE_SLOW(own_pages_test),
	{}
};

static struct kunit_suite own_suite = {
	.name = "vmcore_own",
	.test_cases = own_cases,
};

kunit_test_suite(own_suite);
