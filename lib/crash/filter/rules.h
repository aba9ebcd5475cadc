/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface between the files that make rules from the crashed kernel's note.
 */
#ifndef _LIB_CRASH_FILTER_RULES_H
#define _LIB_CRASH_FILTER_RULES_H

#include <linux/sizes.h>
#include <linux/vmcore_filter.h>

#define VMCORE_RELEASE(major, minor)	((major) << 16 | (minor))

/* Limits for a note; the rest is ignored. Kernels write up to a page and 150 lines. */
#define VMCORE_NOTE_BYTES	SZ_64K
#define VMCORE_NOTE_LINES	512

/**
 * struct vmcore_note_reader - a note, and the rules that are made from it
 * @text: lines of the form key=value, not terminated
 * @len: bytes of text
 * @nr_lines: number of lines found
 * @lines: offset of each line in @text
 * @rules: result; rules->lacks is set to the first key that is needed and
 *	missing
 * @version: VMCORE_RELEASE() of the crashed kernel
 */
struct vmcore_note_reader {
	const char *text;
	u32 len;
	u32 nr_lines;
	u16 lines[VMCORE_NOTE_LINES];
	struct vmcore_rules *rules;
	u32 version;
};

/* lib/crash/filter/note.c */
void vmcore_note_open(struct vmcore_note_reader *from, const char *text, size_t len);
const char *vmcore_note_find(const struct vmcore_note_reader *from,
			     const char *key, size_t *len);
bool vmcore_parse_number(const char *text, size_t len, unsigned int base,
			 u64 *number);
bool vmcore_note_number(const struct vmcore_note_reader *from, const char *key,
			unsigned int base, u64 *number);
u64 vmcore_note_need(struct vmcore_note_reader *from, const char *key,
		     unsigned int base, u64 low, u64 high);

/* lib/crash/filter/vtop.c */
bool vmcore_swaps(const struct vmcore_rules *rules);
u32 vmcore_word_bytes(const struct vmcore_rules *rules);

/* lib/crash/filter/rules.c */
void vmcore_clear_table(struct vmcore_rules *rules);
bool vmcore_add_rule(struct vmcore_rules *rules, const struct vmcore_rule *rule);

/* lib/crash/filter/stated.c */
bool vmcore_read_rules(struct vmcore_note_reader *from);

/* lib/crash/filter/infer.c */
void vmcore_infer_rules(struct vmcore_note_reader *from);

#endif /* _LIB_CRASH_FILTER_RULES_H */
