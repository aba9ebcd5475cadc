// SPDX-License-Identifier: GPL-2.0
/*
 * From the note in which the crashed kernel describes itself to rules for its
 * struct pages: where they are, and what they say.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "rules.h"

#define OLDEST			VMCORE_RELEASE(5, 10)

/* x86_64: where the kernel image is mapped, Documentation/arch/x86/x86_64/mm.rst */
#define IMAGE_BASE		0xffffffff80000000ULL
/* Intel SDM volume 3, "Paging": the address in an entry of a page table */
#define TABLE_ADDRESS_MASK	0x000ffffffffff000ULL

#define MAX_SECTION_STRUCT	256

static bool read_release(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u32 part[2] = {}, i = 0;
	size_t len;
	const char *text = vmcore_note_find(from, "OSRELEASE", &len), *c;

	if (!text) {
		rules->lacks = "OSRELEASE";
		return false;
	}
	len = min(len, sizeof(rules->release) - 1);
	memcpy(rules->release, text, len);
	for (c = rules->release; *c && i < 2; c++) {
		if (*c == '.')
			i++;
		else if (*c >= '0' && *c <= '9' && part[i] < 1000)
			part[i] = part[i] * 10 + (*c - '0');
		else
			break;
	}
	from->version = VMCORE_RELEASE(part[0], part[1]);
	return true;
}

/* Bits that say how memory is encrypted are not of the address. */
static u64 encryption_mask(const struct vmcore_note_reader *from)
{
	u64 mask;

	return vmcore_note_number(from, "NUMBER(sme_mask)", 10, &mask) ? mask : 0;
}

static void read_page_tables(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u64 top = vmcore_note_need(from, "SYMBOL(swapper_pg_dir)", 16, IMAGE_BASE, U64_MAX);
	u64 phys_base = vmcore_note_need(from, "NUMBER(phys_base)", 10, 0, U64_MAX);
	u64 five_levels;

	rules->page_table_levels = 4;
	if (vmcore_note_number(from, "NUMBER(pgtable_l5_enabled)", 10, &five_levels) &&
	    five_levels)
		rules->page_table_levels = 5;
	rules->page_table_mask = TABLE_ADDRESS_MASK & ~encryption_mask(from);
	rules->page_table = (top - IMAGE_BASE + phys_base) & TABLE_ADDRESS_MASK;
}

static void read_sections(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;

	rules->mem_section = vmcore_note_need(from, "SYMBOL(mem_section)", 16, 1, U64_MAX);
	rules->nr_roots = vmcore_note_need(from, "LENGTH(mem_section)", 10, 1, U32_MAX);
	rules->section_bytes = vmcore_note_need(from, "SIZE(mem_section)", 10, 8,
						MAX_SECTION_STRUCT);
	rules->section_map = vmcore_note_need(from, "OFFSET(mem_section.section_mem_map)",
					      10, 0, rules->section_bytes - 8);
	rules->section_shift = vmcore_note_need(from, "NUMBER(SECTION_SIZE_BITS)",
						10, 20, 40) - VMCORE_PAGE_SHIFT;
}

/* What no rule is about is the kernel's. */
static void end_table(struct vmcore_rules *rules)
{
	rules->table[rules->nr_rules] = (struct vmcore_rule) {
		.class = VMCORE_CLASS_KERNEL,
	};
}

/**
 * vmcore_clear_table() - begin with a table of rules
 * @rules: theirs; all that are there are forgotten
 *
 * Context: Any.
 */
void vmcore_clear_table(struct vmcore_rules *rules)
{
	rules->nr_rules = 0;
	rules->nr_asked = 0;
	end_table(rules);
}

static bool ask(struct vmcore_rules *rules, const struct vmcore_test *test)
{
	u32 i = 0;

	while (i < rules->nr_asked && rules->asked[i].word != test->word)
		i++;
	if (i == VMCORE_MAX_ASKED)
		return false;
	if (i == rules->nr_asked)
		rules->asked[rules->nr_asked++] = (struct vmcore_test) {
			.word = test->word,
		};
	rules->asked[i].mask |= test->mask;
	return true;
}

/**
 * vmcore_add_rule() - add a rule, to be asked after those that there are
 * @rules: to whose table
 * @rule: what to add
 *
 * Context: Any.
 * Return: false if there are too many rules, or words that they ask.
 */
bool vmcore_add_rule(struct vmcore_rules *rules, const struct vmcore_rule *rule)
{
	u32 i;

	if (rules->nr_rules == VMCORE_MAX_RULES)
		return false;
	for (i = 0; i < VMCORE_RULE_TESTS && rule->tests[i].mask; i++) {
		if (!ask(rules, &rule->tests[i]))
			return false;
	}
	rules->table[rules->nr_rules++] = *rule;
	end_table(rules);
	return true;
}

/**
 * vmcore_rules_init() - make rules from what the crashed kernel says of itself
 * @rules: result; of use only on success, but for release and lacks
 * @note: contents of its VMCOREINFO note; not trusted
 * @len: bytes of it
 *
 * Context: Any.
 * Return: 0; -ENODATA if the note lacks an entry without which no page can be
 * found or classified, or has a senseless value there; -EOPNOTSUPP if the kernel
 * is older than 5.10. @rules->lacks says what is wrong.
 */
int vmcore_rules_init(struct vmcore_rules *rules, const char *note, size_t len)
{
	struct vmcore_note_reader from = { .text = note, .len = len, .rules = rules };

	*rules = (struct vmcore_rules) {};
	if (!read_release(&from))
		return -ENODATA;
	if (from.version < OLDEST) {
		rules->lacks = "OSRELEASE";
		return -EOPNOTSUPP;
	}
	vmcore_note_need(&from, "PAGESIZE", 10, VMCORE_PAGE_BYTES, VMCORE_PAGE_BYTES);
	rules->page_words = vmcore_note_need(&from, "SIZE(page)", 10, 32,
					     VMCORE_MAX_PAGE_STRUCT) / sizeof(u64);
	if (!vmcore_read_rules(&from))
		vmcore_infer_rules(&from);
	read_page_tables(&from);
	read_sections(&from);
	return rules->lacks ? -ENODATA : 0;
}
