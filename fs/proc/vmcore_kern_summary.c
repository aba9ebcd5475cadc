// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/vmcore-kern-level: what /proc/vmcore-kern is to leave out.
 * /proc/vmcore-kern-summary: how much that is, by kind of page.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "vmcore_kern.h"

static u32 next_level = VMCORE_LEVEL_MAX;

/**
 * vmcore_kern_level() - what is to be left out
 *
 * Context: Any.
 * Return: VMCORE_LEVEL_* bits for files that are opened now.
 */
u32 vmcore_kern_level(void)
{
	return READ_ONCE(next_level);
}

static int __init set_boot_level(char *text)
{
	u32 level;

	if (!text || kstrtou32(text, 10, &level) || level > VMCORE_LEVEL_MAX) {
		pr_warn("vmcore_level=%s is not a number from 0 to %u, ignored\n",
			text ?: "", VMCORE_LEVEL_MAX);
		return 0;
	}
	next_level = level;
	return 0;
}
early_param("vmcore_level", set_boot_level);

static int level_show(struct seq_file *seq, void *unused)
{
	seq_printf(seq, "%u\n", vmcore_kern_level());
	return 0;
}

static int level_open(struct inode *inode, struct file *file)
{
	return single_open(file, level_show, NULL);
}

static ssize_t level_write(struct file *file, const char __user *from,
			   size_t count, loff_t *ppos)
{
	u32 level;
	int err = kstrtou32_from_user(from, count, 10, &level);

	if (err || level > VMCORE_LEVEL_MAX)
		return err == -EFAULT ? err : -EINVAL;
	WRITE_ONCE(next_level, level);
	return count;
}

static const struct proc_ops level_proc_ops = {
	.proc_open	= level_open,
	.proc_release	= single_release,
	.proc_read	= seq_read,
	.proc_write	= level_write,
	.proc_lseek	= seq_lseek,
};

/**
 * vmcore_level_create() - create /proc/vmcore-kern-level
 *
 * Context: May sleep.
 * Return: the entry, or NULL.
 */
struct proc_dir_entry *vmcore_level_create(void)
{
	return proc_create("vmcore-kern-level", 0600, NULL, &level_proc_ops);
}

/**
 * struct summary - pages, counted
 * @source: the dump
 * @level: which of them are left out
 * @page_shift: bytes of one, as a power of two
 * @run: the run of @source that is being counted, or the next one
 * @tables: to read page tables
 * @struct_pages: to read struct pages
 * @map: the crashed kernel's struct pages
 * @window: to look for zeros
 * @page: where that is done
 * @pages: result, by class
 */
struct summary {
	const struct crash_source *source;
	u32 level;
	u32 page_shift;
	u32 run;
	struct vmcore_old tables;
	struct vmcore_old struct_pages;
	struct vmcore_memmap map;
	struct oldmem_window window;
	u8 page[PAGE_SIZE];
	u64 pages[VMCORE_NR_CLASSES];
};

/* Of the pages from @pfn to @end, which lie in a run, how many are zeros? */
static u64 count_zeros(struct summary *sum, const struct crash_run *run,
		       u64 pfn, u64 end)
{
	u64 zeros = 0;

	for (; pfn < end && !fatal_signal_pending(current); pfn++) {
		/* The first and the last page may be there in part. */
		u64 paddr = max(pfn << sum->page_shift, run->paddr);
		u64 into = paddr - run->paddr;

		cond_resched();
		zeros += vmcore_is_zeros(&sum->window, run->where + into,
					 run->size - into,
					 ((pfn + 1) << sum->page_shift) - paddr,
					 sum->page);
	}
	return zeros;
}

static void count_pages(struct summary *sum, const struct crash_run *run,
			u64 pfn, u64 end, enum vmcore_class class)
{
	u64 zeros = 0;

	if (sum->level & VMCORE_LEVEL_ZERO &&
	    !vmcore_is_left_out(class, sum->level))
		zeros = count_zeros(sum, run, pfn, end);
	sum->pages[VMCORE_CLASS_ZERO] += zeros;
	sum->pages[class] += end - pfn - zeros;
}

/* Of what was found, count the pages that the dump has. */
static void count_found(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	const struct crash_source *source = ((struct summary *)ctx)->source;
	struct summary *sum = ctx;
	u64 end = pfn + nr;

	for (; sum->run < source->nr_runs && pfn < end; sum->run++) {
		const struct crash_run *run = &source->runs[sum->run];
		u64 run_end = ((run->paddr + run->size - 1) >> sum->page_shift) + 1;
		u64 first = max(pfn, run->paddr >> sum->page_shift);
		u64 last = min(end, run_end);

		/* A page that has a part of several runs is counted once. */
		if (first < last) {
			count_pages(sum, run, first, last, class);
			pfn = last;
		}
		if (run_end > end)
			break;
	}
}

/* Where there are no rules, all pages are of the same kind. */
static void scan_block(struct summary *sum, u64 block)
{
	if (sum->map.space.rules)
		vmcore_scan(&sum->map, block, sum->level, count_found, sum);
	else
		count_found(sum, block * VMCORE_BLOCK_PAGES, VMCORE_BLOCK_PAGES,
			    VMCORE_CLASS_UNCLASSIFIED);
}

static void count_source(struct summary *sum)
{
	const struct crash_source *source = sum->source;
	u64 next = 0, block, last;
	u32 i;

	for (i = 0; i < source->nr_runs; i++) {
		const struct crash_run *run = &source->runs[i];

		block = max(next, (run->paddr >> sum->page_shift) / VMCORE_BLOCK_PAGES);
		last = ((run->paddr + run->size - 1) >> sum->page_shift) /
		       VMCORE_BLOCK_PAGES;
		for (; block <= last; block++) {
			cond_resched();
			if (fatal_signal_pending(current))
				return;
			scan_block(sum, block);
		}
		next = block;
	}
}

static void print_pages(struct seq_file *seq, const struct summary *sum,
			const char *name, u64 pages)
{
	seq_printf(seq, "%s: pages %llu bytes %llu\n", name, pages,
		   pages << sum->page_shift);
}

static void print_summary(struct seq_file *seq, const struct summary *sum)
{
	u64 left_out = 0, kept = 0;
	u32 i;

	for (i = 0; i < VMCORE_NR_CLASSES; i++) {
		print_pages(seq, sum, vmcore_class_names[i], sum->pages[i]);
		if (vmcore_is_left_out(i, sum->level))
			left_out += sum->pages[i];
		else
			kept += sum->pages[i];
	}
	print_pages(seq, sum, "left-out", left_out);
	print_pages(seq, sum, "kept", kept);
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

static struct summary *summary_alloc(const struct vmcore_filter *filter)
{
	struct summary *sum = kvzalloc(sizeof(*sum), GFP_KERNEL);

	if (!sum)
		return NULL;
	sum->source = filter->source;
	sum->level = vmcore_kern_level();
	sum->page_shift = filter->err ? PAGE_SHIFT : filter->rules.page_shift;
	vmcore_old_init(&sum->tables, filter->source, 0);
	vmcore_old_init(&sum->struct_pages, filter->source, VMCORE_MEMMAP_WINDOW);
	if (!filter->err)
		vmcore_memmap_init(&sum->map, &filter->rules, &sum->tables.memory,
				   &sum->struct_pages.memory);
	return sum;
}

static void summary_free(struct summary *sum)
{
	oldmem_window_unmap(&sum->tables.window);
	oldmem_window_unmap(&sum->struct_pages.window);
	oldmem_window_unmap(&sum->window);
	kvfree(sum);
}

static int summary_show(struct seq_file *seq, void *unused)
{
	const struct vmcore_filter *filter = seq->private;
	struct summary *sum = summary_alloc(filter);

	if (!sum)
		return -ENOMEM;

	seq_printf(seq, "release: %s\n", filter->rules.release);
	seq_printf(seq, "level: %u\n", sum->level);
	print_rules(seq, &filter->rules, filter->err);
	count_source(sum);
	print_summary(seq, sum);
	summary_free(sum);
	return fatal_signal_pending(current) ? -EINTR : 0;
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
				       summary_show, filter);
}
