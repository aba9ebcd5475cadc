// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs vmcore/elfcorehdr: makes /proc/vmcore from other headers, so that one
 * boot can try thousands of malformed ones. For tests only.
 */
#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/crash_source.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "owner.h"

#define TEXT_SIZE	64

static struct {
	struct mutex lock;	/* for @addr, and serialises reloading */
	u64 addr;		/* address of the latest headers */
} reload = { .lock = __MUTEX_INITIALIZER(reload.lock) };

static ssize_t read_reload_address(struct file *file, char __user *to, size_t count,
				   loff_t *ppos)
{
	char text[TEXT_SIZE];
	int len;

	scoped_guard(mutex, &reload.lock)
		len = scnprintf(text, sizeof(text), "%#llx\n", reload.addr);
	return simple_read_from_buffer(to, count, ppos, text, len);
}

static ssize_t write_reload_address(struct file *file, const char __user *from,
				    size_t count, loff_t *ppos)
{
	char text[TEXT_SIZE] = {};
	struct crash_source *source;
	u64 addr, size = 0;
	char *end;
	int err;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;

	addr = memparse(text, &end);
	if (*end == '@') {
		size = addr;
		addr = memparse(end + 1, &end);
	}
	if (end == text || *skip_spaces(end))
		return -EINVAL;

	guard(mutex)(&reload.lock);
	vmcore_unload();
	reload.addr = addr;
	source = crash_source_load(addr, size);
	if (IS_ERR(source))
		return PTR_ERR(source);
	err = vmcore_load(source);
	return err ? err : count;
}

static const struct file_operations reload_fops = {
	.owner	= THIS_MODULE,
	.read	= read_reload_address,
	.write	= write_reload_address,
	.llseek	= default_llseek,
};

static int __init init_reload(void)
{
	reload.addr = elfcorehdr_addr;
	debugfs_create_file("elfcorehdr", 0600,
			    debugfs_create_dir("vmcore", NULL), NULL,
			    &reload_fops);
	return 0;
}
late_initcall(init_reload);
