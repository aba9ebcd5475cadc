// SPDX-License-Identifier: GPL-2.0
/*
 * Makes rules from the VMCOREINFO note of the crashed kernel: the place and the
 * meaning of its struct pages.
 */
#include <linux/crash_elf.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "arch.h"

#define OLDEST			VMCORE_RELEASE(5, 10)

/* Pages of 4 KiB to 256 KiB. */
#define MIN_PAGE_SHIFT		12
#define MAX_PAGE_SHIFT		18
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

/* Names of machines for messages. Not all of them are supported. */
static const struct {
	u16 machine;
	const char *name;
} machines[] = {
	{ EM_386, "machine type i386" },
	{ EM_MIPS, "machine type MIPS" },
	{ EM_PPC, "machine type PowerPC" },
	{ EM_PPC64, "machine type PowerPC64" },
	{ EM_S390, "machine type S/390" },
	{ EM_ARM, "machine type ARM" },
	{ EM_X86_64, "machine type x86-64" },
	{ EM_AARCH64, "machine type AArch64" },
	{ EM_RISCV, "machine type RISC-V" },
	{ EM_LOONGARCH, "machine type LoongArch" },
};

static const char *name_machine(u16 machine)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		if (machines[i].machine == machine)
			return machines[i].name;
	}
	return "unknown machine type";
}

/* The machines whose page tables can be read. */
static const struct vmcore_arch *find_arch(const struct crash_elf *elf)
{
	static const struct vmcore_arch * const archs[] = {
		&vmcore_x86_64,
	};
	bool big_endian = elf->data == ELFDATA2MSB;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(archs); i++) {
		if (archs[i]->machine == elf->machine &&
		    archs[i]->big_endian == big_endian)
			return archs[i];
	}
	return NULL;
}

static void read_page_size(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u64 bytes = vmcore_note_need(from, "PAGESIZE", 10, 1ULL << MIN_PAGE_SHIFT,
				     1ULL << MAX_PAGE_SHIFT);

	rules->page_shift = MIN_PAGE_SHIFT;
	while (1ULL << rules->page_shift < bytes)
		rules->page_shift++;
	if ((1ULL << rules->page_shift != bytes || !(rules->arch->page_sizes & bytes)) &&
	    !rules->lacks)
		rules->lacks = "PAGESIZE";
}

static void read_page_struct(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u32 bytes = vmcore_note_need(from, "SIZE(page)", 10, 32, VMCORE_MAX_PAGE_STRUCT);

	rules->page_words = bytes / rules->arch->word_bytes;
	if (bytes % rules->arch->word_bytes && !rules->lacks)
		rules->lacks = "SIZE(page)";
}

/*
 * All kernels give the offset of page.lru. Without it, pages in lists are not
 * recognised.
 */
static void read_list(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u32 word = rules->arch->word_bytes;
	u64 offset;

	rules->list_word = rules->page_words;
	if (vmcore_note_number(from, "OFFSET(page.lru)", 10, &offset) &&
	    offset < rules->page_words * word && !((u32)offset & (word - 1)))
		rules->list_word = (u32)offset / word;
}

static u64 read_section_bits(struct vmcore_note_reader *from)
{
	u64 bits;

	if (from->rules->arch->section_bits &&
	    !vmcore_note_number(from, "NUMBER(SECTION_SIZE_BITS)", 10, &bits))
		return from->rules->arch->section_bits;
	return vmcore_note_need(from, "NUMBER(SECTION_SIZE_BITS)", 10, 20, 40);
}

static void read_sections(struct vmcore_note_reader *from)
{
	struct vmcore_rules *rules = from->rules;
	u32 word = rules->arch->word_bytes;

	rules->mem_section = vmcore_note_need(from, "SYMBOL(mem_section)", 16, 1, U64_MAX);
	rules->nr_roots = vmcore_note_need(from, "LENGTH(mem_section)", 10, 1, U32_MAX);
	rules->section_bytes = vmcore_note_need(from, "SIZE(mem_section)", 10, word,
						MAX_SECTION_STRUCT);
	rules->section_map = vmcore_note_need(from, "OFFSET(mem_section.section_mem_map)",
					      10, 0, rules->section_bytes - word);
	rules->section_shift = read_section_bits(from) - rules->page_shift;
}

/* End the table with a rule that matches every page: other pages are kept. */
static void end_table(struct vmcore_rules *rules)
{
	rules->table[rules->nr_rules] = (struct vmcore_rule) {
		.class = VMCORE_CLASS_KERNEL,
	};
}

/**
 * vmcore_clear_table() - remove all rules from a table
 * @rules: has the table
 *
 * Context: Any.
 */
void vmcore_clear_table(struct vmcore_rules *rules)
{
	rules->nr_rules = 0;
	rules->nr_unreadable = 0;
	rules->nr_asked = 0;
	end_table(rules);
}

static bool add_asked(struct vmcore_rules *rules, const struct vmcore_test *test)
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
 * vmcore_add_rule() - add a rule behind the others
 * @rules: has the table
 * @rule: the rule
 *
 * A rule for VMCORE_CLASS_UNREADABLE without an order applies to each single
 * page, also within a compound page.
 *
 * Context: Any.
 * Return: false if there are too many rules, or too many words that they test.
 */
bool vmcore_add_rule(struct vmcore_rules *rules, const struct vmcore_rule *rule)
{
	bool single = rule->class == VMCORE_CLASS_UNREADABLE && !rule->order.mask &&
		      !rule->fixed_order;
	u32 i;

	if (single ? rules->nr_unreadable == VMCORE_MAX_UNREADABLE :
		     rules->nr_rules == VMCORE_MAX_RULES)
		return false;
	for (i = 0; i < VMCORE_RULE_TESTS && rule->tests[i].mask; i++) {
		if (!add_asked(rules, &rule->tests[i]))
			return false;
	}
	if (single) {
		rules->unreadable[rules->nr_unreadable++] = *rule;
		return true;
	}
	rules->table[rules->nr_rules++] = *rule;
	end_table(rules);
	return true;
}

/**
 * vmcore_rules_init_for() - make rules for a kernel of a known machine
 * @rules: result; valid on success only, except release and lacks
 * @arch: the machine
 * @note: contents of the kernel's VMCOREINFO note; not trusted
 * @len: bytes of it
 *
 * Context: Any.
 * Return: As vmcore_rules_init().
 */
int vmcore_rules_init_for(struct vmcore_rules *rules, const struct vmcore_arch *arch,
			  const char *note, size_t len)
{
	struct vmcore_note_reader from = { .rules = rules };

	*rules = (struct vmcore_rules) { .arch = arch };
	vmcore_note_open(&from, note, len);
	if (!read_release(&from))
		return -ENODATA;
	if (!arch)
		return -EOPNOTSUPP;
	if (from.version < OLDEST) {
		rules->lacks = "OSRELEASE";
		return -EOPNOTSUPP;
	}
	rules->kernel_start = arch->kernel_start;
	read_page_size(&from);
	read_page_struct(&from);
	read_list(&from);
	if (!vmcore_read_rules(&from))
		vmcore_infer_rules(&from);
	arch->read_note(&from);
	read_sections(&from);
	return rules->lacks ? -ENODATA : 0;
}

/**
 * vmcore_rules_init() - make rules from the note of the crashed kernel
 * @rules: result; valid on success only, except release and lacks
 * @elf: file header of the dump, with the machine type
 * @note: contents of the kernel's VMCOREINFO note; not trusted
 * @len: bytes of it
 *
 * Context: Any.
 * Return: 0; -ENODATA if the note lacks an entry that is needed to find or
 * classify pages, or has a senseless value there; -EOPNOTSUPP if the kernel is
 * older than 5.10, or its machine is not supported. @rules->lacks names the
 * reason.
 */
int vmcore_rules_init(struct vmcore_rules *rules, const struct crash_elf *elf,
		      const char *note, size_t len)
{
	int err = vmcore_rules_init_for(rules, find_arch(elf), note, len);

	if (err && !rules->lacks)
		rules->lacks = name_machine(elf->machine);
	return err;
}
