// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the pages of a dump by class, and the pages that are not read by
 * reason. /proc/vmcore-kern-summary prints all counts. The first open of the
 * dump reports the lost memory on the console.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>

#include "account.h"

/* Maximum time in jiffies that the first open spends on counting lost memory. */
#define TELL_MAX	HZ

/* Count the pages of zeros from @pfn to before @end, which lie in @run. */
static u64 count_zero_pages(struct vmcore_account *acc, const struct crash_run *run,
			    u64 pfn, u64 end)
{
	u64 zeros = 0;

	for (; pfn < end && !fatal_signal_pending(current); pfn++) {
		/* A run may have only a part of its first and last page. */
		u64 paddr = max(pfn << acc->page_shift, run->paddr);
		u64 into = paddr - run->paddr;

		cond_resched();
		zeros += vmcore_is_zeros(&acc->window, run->where + into,
					 run->size - into,
					 ((pfn + 1) << acc->page_shift) - paddr,
					 acc->page);
	}
	return zeros;
}

static void count_pages_of_class(struct vmcore_account *acc, const struct crash_run *run,
				 u64 pfn, u64 end, enum vmcore_class class)
{
	u64 zeros = 0;

	if (acc->level & VMCORE_LEVEL_ZERO &&
	    !vmcore_is_left_out(class, acc->level))
		zeros = count_zero_pages(acc, run, pfn, end);
	acc->pages[VMCORE_CLASS_ZERO] += zeros;
	acc->pages[class] += end - pfn - zeros;
}

/*
 * Find the reason for which the page at @pfn of a run is not read, and the page
 * up to which it applies. iomem is walked once for a range, not for each page.
 */
static enum oldmem_reason find_reason_of_page(struct vmcore_account *acc,
					      const struct crash_run *run, u64 pfn,
				      u64 *end)
{
	u64 into = max(pfn << acc->page_shift, run->paddr) - run->paddr;
	u64 now_pa = run->where + into, extent;

	if (now_pa < acc->same_start || now_pa >= acc->same_end ||
	    acc->veto_version != oldmem_veto_version()) {
		acc->veto_version = oldmem_veto_version();
		extent = oldmem_read_extent(now_pa, run->size - into,
					    &acc->same_reason);
		acc->same_start = now_pa;
		acc->same_end = now_pa + extent;
	}
	extent = min(acc->same_end - now_pa, run->size - into);
	*end = min(*end, ((run->paddr + into + extent - 1) >> acc->page_shift) + 1);
	return acc->same_reason;
}

static void count_pages_of_run(struct vmcore_account *acc, const struct crash_run *run,
			       u64 pfn, u64 end, enum vmcore_class class)
{
	while (pfn < end) {
		u64 same = end;
		enum oldmem_reason reason = find_reason_of_page(acc, run, pfn, &same);

		if (reason == OLDMEM_READ)
			count_pages_of_class(acc, run, pfn, same, class);
		else
			acc->not_read[reason] += same - pfn;
		pfn = same;
	}
}

/* Count those of the found pages that are in the dump. */
static void count_found_pages(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	struct vmcore_account *acc = ctx;
	const struct crash_source *source = acc->source;
	u64 end = pfn + nr;

	for (; acc->run < source->nr_runs && pfn < end; acc->run++) {
		const struct crash_run *run = &source->runs[acc->run];
		u64 run_end = ((run->paddr + run->size - 1) >> acc->page_shift) + 1;
		u64 first = max(pfn, run->paddr >> acc->page_shift);
		u64 last = min(end, run_end);

		/* Count a page once if it has parts of several runs. */
		if (first < last) {
			count_pages_of_run(acc, run, first, last, class);
			pfn = last;
		}
		if (run_end > end)
			break;
	}
}

/* Count the pages of a block. Without rules, all of them have the same class. */
static void count_pages_of_block(struct vmcore_account *acc, u64 block)
{
	if (acc->map.space.rules)
		vmcore_scan(&acc->map, block, acc->level, count_found_pages, acc);
	else
		count_found_pages(acc, block * VMCORE_BLOCK_PAGES, VMCORE_BLOCK_PAGES,
				  VMCORE_CLASS_UNCLASSIFIED);
	acc->blocks++;
}

/**
 * vmcore_account_count() - count the pages of the dump
 * @acc: from vmcore_account_create()
 * @until: time in jiffies at which to stop, even if pages are left; 0: never
 *
 * Context: Process context, may sleep.
 * Return: true if all pages are counted; false if the time is over or the task
 * is being killed.
 */
bool vmcore_account_count(struct vmcore_account *acc, unsigned long until)
{
	const struct crash_source *source = acc->source;
	u64 next = 0, block, last;
	u32 i;

	for (i = 0; i < source->nr_runs; i++) {
		const struct crash_run *run = &source->runs[i];

		block = max(next, (run->paddr >> acc->page_shift) / VMCORE_BLOCK_PAGES);
		last = ((run->paddr + run->size - 1) >> acc->page_shift) /
		       VMCORE_BLOCK_PAGES;
		for (; block <= last; block++) {
			cond_resched();
			if (fatal_signal_pending(current) ||
			    (until && time_after(jiffies, until)))
				return false;
			count_pages_of_block(acc, block);
		}
		next = block;
	}
	return true;
}

/**
 * vmcore_account_create() - prepare to count the pages of a dump
 * @filter: of the dump; must outlive the account
 * @level: VMCORE_LEVEL_* bits; with VMCORE_LEVEL_ZERO, pages of zeros are
 *	counted
 *
 * Context: May sleep.
 * Return: an account for vmcore_account_destroy(), or NULL.
 */
struct vmcore_account *vmcore_account_create(const struct vmcore_filter *filter,
					     u32 level)
{
	struct vmcore_account *acc = kvzalloc(sizeof(*acc), GFP_KERNEL);

	if (!acc)
		return NULL;
	acc->source = filter->source;
	acc->level = level;
	acc->page_shift = filter->err ? PAGE_SHIFT : filter->rules.page_shift;
	vmcore_old_init(&acc->tables, filter->source, 0);
	vmcore_old_init(&acc->struct_pages, filter->source, VMCORE_MEMMAP_WINDOW);
	if (!filter->err)
		vmcore_memmap_init(&acc->map, &filter->rules, &acc->tables.memory,
				   &acc->struct_pages.memory);
	return acc;
}

/**
 * vmcore_account_destroy() - free an account
 * @acc: account; NULL is ignored
 *
 * Context: May sleep.
 */
void vmcore_account_destroy(struct vmcore_account *acc)
{
	if (!acc)
		return;
	oldmem_window_unmap(&acc->tables.window);
	oldmem_window_unmap(&acc->struct_pages.window);
	oldmem_window_unmap(&acc->window);
	kvfree(acc);
}

/*
 * Count the bytes of the PT_LOADs that are not read, by reason. Return false if
 * the time is over or the task is being killed.
 */
static bool count_bytes_not_read(const struct crash_source *source, unsigned long until,
				 u64 *bytes)
{
	u32 i;

	for (i = 0; i < source->nr_runs; i++) {
		const struct crash_run *run = &source->runs[i];
		u64 done = 0, extent;

		for (; done < run->size; done += extent) {
			enum oldmem_reason reason;

			cond_resched();
			if (fatal_signal_pending(current) || time_after(jiffies, until))
				return false;
			extent = oldmem_read_extent(run->where + done,
						    run->size - done, &reason);
			bytes[reason] += extent;
		}
	}
	return true;
}

static void tell_bytes_not_read(const u64 *bytes, bool all)
{
	static const char *const why[OLDMEM_NR_REASONS] = {
		[OLDMEM_VETO] = "vetoed by a driver",
		[OLDMEM_OWN] = "in use by this kernel",
		[OLDMEM_BAR] = "PCI BARs",
		[OLDMEM_BROKEN] = "on pages marked as broken",
	};
	u64 total = 0;
	char text[200];
	struct seq_buf buf;
	u32 i;

	seq_buf_init(&buf, text, sizeof(text));
	for (i = OLDMEM_READ + 1; i < OLDMEM_NR_REASONS; i++) {
		if (bytes[i])
			seq_buf_printf(&buf, "%s %llu %s", total ? "," : "",
				       bytes[i], why[i]);
		total += bytes[i];
	}
	if (total)
		pr_warn("%s%llu bytes of the crashed kernel's memory are not read:%s\n",
			all ? "" : "at least ", total, seq_buf_str(&buf));
}

/**
 * vmcore_tell_lost() - report on the console the memory that the dump lacks
 * @source: the dump
 * @filter: filter of the dump; NULL if there is none
 *
 * Counting stops after a second; then the report has the counts so far.
 * /proc/vmcore-kern-summary counts everything.
 *
 * Context: Process context, may sleep.
 */
void vmcore_tell_lost(const struct crash_source *source,
		      const struct vmcore_filter *filter)
{
	unsigned long until = jiffies + TELL_MAX;
	u64 bytes[OLDMEM_NR_REASONS] = {};
	bool all = count_bytes_not_read(source, until, bytes);
	struct vmcore_account *acc;

	acc = filter && !filter->err ?
	      vmcore_account_create(filter, VMCORE_LEVEL_MAX & ~VMCORE_LEVEL_ZERO) :
	      NULL;
	if (acc) {
		all &= vmcore_account_count(acc, until);
		bytes[OLDMEM_BROKEN] = acc->pages[VMCORE_CLASS_UNREADABLE] <<
					acc->page_shift;
	}
	tell_bytes_not_read(bytes, all);
	if (acc && acc->blocks && !acc->pages[VMCORE_CLASS_KERNEL])
		pr_warn("no kernel page is found in %llu MiB of the dump: it may be of no use\n",
			acc->blocks * VMCORE_BLOCK_PAGES >> (20 - acc->page_shift));
	vmcore_account_destroy(acc);
}
