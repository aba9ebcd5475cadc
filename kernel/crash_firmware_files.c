// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/fadump: the files by which tools have known dumps by firmware so far.
 */
#define pr_fmt(fmt) "crash_firmware: " fmt

#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <asm/setup.h>

#include "crash_firmware.h"

static ssize_t enabled_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", crash_firmware_state() != CRASH_FIRMWARE_OFF);
}

static ssize_t registered_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", crash_firmware_state() == CRASH_FIRMWARE_REGISTERED);
}

static ssize_t registered_store(struct kobject *kobj, struct kobj_attribute *attr,
				const char *buf, size_t count)
{
	int value, err;

	if (crash_firmware_state() == CRASH_FIRMWARE_OFF ||
	    crash_firmware_state() == CRASH_FIRMWARE_DUMP)
		return -EPERM;
	if (kstrtoint(buf, 0, &value) || value < 0 || value > 1)
		return -EINVAL;
	err = crash_firmware_register(value);
	return err ? err : count;
}

static ssize_t mem_reserved_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", crash_firmware_reserved());
}

/* The next kernel finds the memory of the machine by itself. */
static ssize_t hotplug_ready_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "1\n");
}

static ssize_t bootargs_append_show(struct kobject *kobj, struct kobj_attribute *attr,
				    char *buf)
{
	return sysfs_emit(buf, "%.*s\n", CRASH_FIRMWARE_ARGS_SIZE, crash_firmware_args());
}

/* The next kernel has no way to refuse, so this one does. */
static ssize_t bootargs_append_store(struct kobject *kobj, struct kobj_attribute *attr,
				     const char *buf, size_t count)
{
	size_t len = count && buf[count - 1] == '\n' ? count - 1 : count;

	if (crash_firmware_state() == CRASH_FIRMWARE_DUMP)
		return -EPERM;
	if (len >= CRASH_FIRMWARE_ARGS_SIZE || !crash_firmware_is_args(buf, len))
		return -EINVAL;
	if (saved_command_line_len + 1 + len >= COMMAND_LINE_SIZE)
		return -ENOSPC;
	memset(crash_firmware_args(), 0, CRASH_FIRMWARE_ARGS_SIZE);
	memcpy(crash_firmware_args(), buf, len);
	return count;
}

static ssize_t release_mem_store(struct kobject *kobj, struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	int value, err;

	if (crash_firmware_state() != CRASH_FIRMWARE_DUMP)
		return -EPERM;
	if (kstrtoint(buf, 0, &value) || value != 1)
		return -EINVAL;
	err = crash_release_all();
	return err ? err : count;
}

static struct kobj_attribute enabled = __ATTR_RO(enabled);
static struct kobj_attribute registered = __ATTR_RW(registered);
static struct kobj_attribute mem_reserved = __ATTR_RO(mem_reserved);
static struct kobj_attribute hotplug_ready = __ATTR_RO(hotplug_ready);
static struct kobj_attribute bootargs_append = __ATTR_RW(bootargs_append);
static struct kobj_attribute release_mem = __ATTR_WO(release_mem);

static const struct attribute *firmware_files[] = {
	&enabled.attr,
	&registered.attr,
	&mem_reserved.attr,
	&hotplug_ready.attr,
	NULL,
};

/* Where these files were before they had a folder. */
static const struct {
	const char *target;
	const char *name;
} firmware_links[] = {
	{ "enabled", "fadump_enabled" },
	{ "registered", "fadump_registered" },
	{ "release_mem", "fadump_release_mem" },
};

/**
 * crash_firmware_create_files() - make /sys/kernel/fadump and release_region
 *
 * Context: Once, while the kernel starts.
 * Return: 0 or an errno. After an error some of the files are there.
 */
int crash_firmware_create_files(void)
{
	struct kobject *folder = kobject_create_and_add("fadump", kernel_kobj);
	bool dump = crash_firmware_state() == CRASH_FIRMWARE_DUMP;
	int err = folder ? sysfs_create_files(folder, firmware_files) : -ENOMEM;
	int i;

	if (!err && crash_firmware_args())
		err = sysfs_create_file(folder, &bootargs_append.attr);
	if (!err && dump)
		err = sysfs_create_file(folder, &release_mem.attr);
	for (i = 0; !err && i < ARRAY_SIZE(firmware_links) - !dump; i++)
		err = compat_only_sysfs_link_entry_to_kobj(kernel_kobj, folder,
							   firmware_links[i].target,
							   firmware_links[i].name);
	if (!err)
		err = crash_release_create_file();
	if (err)
		pr_err("not all files can be made in /sys/kernel (%d)\n", err);
	return err;
}
