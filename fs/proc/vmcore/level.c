// SPDX-License-Identifier: GPL-2.0
/*
 * The level of /proc/vmcore-kern: /proc/vmcore-kern-level and vmcore_level=.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/vmcore_filter.h>

#include "level.h"

static u32 next_level = VMCORE_LEVEL_MAX;

/**
 * vmcore_level() - get the level for files that are opened now
 *
 * Context: Any.
 * Return: VMCORE_LEVEL_* bits.
 */
u32 vmcore_level(void)
{
	return READ_ONCE(next_level);
}

static int __init set_level_at_boot(char *text)
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
early_param("vmcore_level", set_level_at_boot);

static int show_level(struct seq_file *seq, void *unused)
{
	seq_printf(seq, "%u\n", vmcore_level());
	return 0;
}

static int open_level(struct inode *inode, struct file *file)
{
	return single_open(file, show_level, NULL);
}

static ssize_t write_level(struct file *file, const char __user *from,
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
	.proc_open	= open_level,
	.proc_release	= single_release,
	.proc_read	= seq_read,
	.proc_write	= write_level,
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
