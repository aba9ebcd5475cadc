// SPDX-License-Identifier: GPL-2.0
/*
 * The switch /proc/kexec-dump and kexec_dump=: whether a panic jumps into the
 * crash kernel.
 *
 * The loaded image stays when the switch is off. So a machine that is being
 * debugged can stop at a panic, and be armed again without another kexec -p.
 */

#define pr_fmt(fmt) "crash: " fmt

#include <linux/capability.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kconfig.h>
#include <linux/printk.h>
#include <linux/proc_fs.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "crash_internal.h"

/* Read by a panic at any time, hence no lock. */
static bool crash_switch = true;

/**
 * crash_switch_is_on - test whether a panic jumps into the loaded image
 *
 * Context: Any, NMI included.
 * Return: The value of /proc/kexec-dump.
 */
bool crash_switch_is_on(void)
{
	return READ_ONCE(crash_switch);
}

/**
 * crash_switch_parse - read a new value of the switch
 * @text: the written text, which need not be terminated
 * @len: bytes of @text
 * @on: result: the new value; untouched on failure
 *
 * Context: Any.
 * Return: 0, or -EINVAL unless @text is "0" or "1", with or without a newline.
 */
int crash_switch_parse(const char *text, size_t len, bool *on)
{
	if (len == 2 && text[1] == '\n')
		len = 1;
	if (len != 1 || (text[0] != '0' && text[0] != '1'))
		return -EINVAL;

	*on = text[0] == '1';
	return 0;
}

static int __init crash_switch_setup(char *text)
{
	if (!text || crash_switch_parse(text, strlen(text), &crash_switch))
		pr_warn("kexec_dump=%s: must be 0 or 1\n", text ?: "");
	return 0;
}
early_param("kexec_dump", crash_switch_setup);

static ssize_t crash_switch_read(struct file *file, char __user *buf,
				 size_t len, loff_t *pos)
{
	char text[] = { crash_switch_is_on() ? '1' : '0', '\n' };

	return simple_read_from_buffer(buf, len, pos, text, sizeof(text));
}

static ssize_t crash_switch_write(struct file *file, const char __user *buf,
				  size_t len, loff_t *pos)
{
	char text[2];
	bool on;

	/* To disable an image takes the same privilege as to unload it. */
	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (len > sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	if (crash_switch_parse(text, len, &on))
		return -EINVAL;

	if (on != crash_switch_is_on())
		pr_info("dump on panic switched %s\n", on ? "on" : "off");
	WRITE_ONCE(crash_switch, on);
	return len;
}

static const struct proc_ops crash_switch_ops __maybe_unused = {
	.proc_flags	= PROC_ENTRY_PERMANENT,
	.proc_read	= crash_switch_read,
	.proc_write	= crash_switch_write,
	.proc_lseek	= default_llseek,
};

static int __init crash_switch_init(void)
{
	if (!IS_ENABLED(CONFIG_PROC_FS) ||
	    proc_create("kexec-dump", 0644, NULL, &crash_switch_ops))
		return 0;
	return -ENOMEM;
}
fs_initcall(crash_switch_init);
