// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/vmcore-kern-summary: number of pages that /proc/vmcore-kern leaves out,
 * by class, and number of pages that are not read.
 */
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "account.h"
#include "level.h"
#include "summary.h"

static void print_pages(struct seq_file *seq, const struct vmcore_account *acc,
			const char *name, u64 pages)
{
	seq_printf(seq, "%s: pages %llu bytes %llu\n", name, pages,
		   pages << acc->page_shift);
}

static const char *const reason_names[] = {
	[OLDMEM_VETO] = "not-read-veto",
	[OLDMEM_OWN] = "not-read-own",
	[OLDMEM_BAR] = "not-read-bar",
	[OLDMEM_BROKEN] = "not-read-broken",
};

static_assert(ARRAY_SIZE(reason_names) == OLDMEM_NR_REASONS);

/* Each page counts once: as left out by its class, as not read, or as kept. */
static void print_counts(struct seq_file *seq, struct vmcore_account *acc)
{
	u64 left_out = 0, kept = 0, not_read = 0;
	u32 i;

	for (i = 0; i < VMCORE_NR_CLASSES; i++) {
		bool is_left_out = vmcore_is_left_out(i, acc->level);

		print_pages(seq, acc, vmcore_class_names[i], acc->pages[i]);
		if (!is_left_out)
			kept += acc->pages[i];
		else if (i == VMCORE_CLASS_UNREADABLE)
			acc->not_read[OLDMEM_BROKEN] = acc->pages[i];
		else
			left_out += acc->pages[i];
	}
	print_pages(seq, acc, "left-out", left_out);
	print_pages(seq, acc, "kept", kept);
	for (i = OLDMEM_READ + 1; i < OLDMEM_NR_REASONS; i++)
		not_read += acc->not_read[i];
	print_pages(seq, acc, "not-read", not_read);
	for (i = OLDMEM_READ + 1; i < OLDMEM_NR_REASONS; i++)
		print_pages(seq, acc, reason_names[i], acc->not_read[i]);
}

/* Report whether kernel pages were found: without any, the dump is hardly useful. */
static void print_verdict(struct seq_file *seq, const struct vmcore_account *acc,
			  bool is_off)
{
	const char *verdict = is_off ? "unknown" :
			      acc->pages[VMCORE_CLASS_KERNEL] ? "found" : "none";

	seq_printf(seq, "kernel-pages: %s\n", verdict);
}

static void print_rules(struct seq_file *seq, const struct vmcore_rules *rules,
			int err)
{
	if (err) {
		seq_printf(seq, "filter: off, no use can be made of %s\n",
			   rules->lacks);
		return;
	}
	seq_puts(seq, "filter: on\n");
	if (rules->stated)
		seq_printf(seq, "rules: stated, version %u\n", rules->stated);
	else if (rules->refused[0])
		seq_printf(seq, "rules: inferred, no use can be made of %s\n",
			   rules->refused);
	else
		seq_puts(seq, "rules: inferred\n");
}

static int show_summary(struct seq_file *seq, void *unused)
{
	const struct vmcore_filter *filter = seq->private;
	struct vmcore_account *acc =
		vmcore_account_create(filter, vmcore_level());
	bool all;

	if (!acc)
		return -ENOMEM;

	seq_printf(seq, "release: %s\n", filter->rules.release);
	seq_printf(seq, "level: %u\n", acc->level);
	print_rules(seq, &filter->rules, filter->err);
	all = vmcore_account_count(acc, 0);
	print_counts(seq, acc);
	print_verdict(seq, acc, filter->err);
	vmcore_account_destroy(acc);
	return all ? 0 : -EINTR;
}

/**
 * vmcore_summary_create() - create /proc/vmcore-kern-summary
 * @filter: of the dump; must outlive the entry
 *
 * Context: May sleep.
 * Return: the entry, or NULL.
 */
struct proc_dir_entry *vmcore_summary_create(struct vmcore_filter *filter)
{
	return proc_create_single_data("vmcore-kern-summary", 0400, NULL,
				       show_summary, filter);
}
