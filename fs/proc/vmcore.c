// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/vmcore: the crashed kernel's memory as an ELF core file, in the kernel
 * that was started to save it. /proc/vmcore-kern: the same file without the
 * pages that readers hardly ever need.
 *
 * This file owns the dump: it creates and removes the files, and chooses the
 * edition for an open. The files of fs/proc/vmcore/ do the rest.
 *
 * Lock order: vmcore_owner.lock is the innermost of our locks. Reading, mapping
 * and seeking never take it.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/crash_source.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/proc_fs.h>

#include "internal.h"
#include "vmcore/account.h"
#include "vmcore/edition.h"
#include "vmcore/file.h"
#include "vmcore/level.h"
#include "vmcore/owner.h"
#include "vmcore/summary.h"

/**
 * struct vmcore_owner - the dump and its files
 * @lock: protects all members
 * @contents: contents of the dump; NULL if there is none
 * @edition: the edition for an open
 * @next: the edition for an open once all files are closed; NULL if no contents
 *	have been added since
 * @nr_open: number of open files
 * @told: the lost memory has been reported on the console
 * @dump: /proc/vmcore
 * @kern: /proc/vmcore-kern
 * @level: /proc/vmcore-kern-level
 * @summary: /proc/vmcore-kern-summary
 */
struct vmcore_owner {
	struct mutex lock;	/* for all members */
	struct vmcore_contents *contents;
	struct vmcore_edition *edition;
	struct vmcore_edition *next;
	unsigned int nr_open;
	bool told;
	struct proc_dir_entry *dump;
	struct proc_dir_entry *kern;
	struct proc_dir_entry *level;
	struct proc_dir_entry *summary;
};

static struct vmcore_owner vmcore_owner = {
	.lock = __MUTEX_INITIALIZER(vmcore_owner.lock),
};

/* Make @edition the one for later opens. */
static void publish_edition(struct vmcore_edition *edition)
{
	lockdep_assert_held(&vmcore_owner.lock);

	vmcore_edition_put(vmcore_owner.edition);
	vmcore_owner.edition = edition;
	if (vmcore_owner.dump)
		proc_set_size(vmcore_owner.dump, edition->layout.size);
	if (vmcore_owner.kern)
		proc_set_size(vmcore_owner.kern, edition->layout.size);
}

/* Count an open file. The edition does not change until release_edition(). */
static struct vmcore_edition *use_edition(void)
{
	guard(mutex)(&vmcore_owner.lock);

	if (!vmcore_owner.edition)
		return NULL;
	vmcore_owner.nr_open++;
	kref_get(&vmcore_owner.edition->ref);
	return vmcore_owner.edition;
}

static void release_edition(void)
{
	guard(mutex)(&vmcore_owner.lock);

	if (--vmcore_owner.nr_open || !vmcore_owner.next)
		return;
	publish_edition(vmcore_owner.next);
	vmcore_owner.next = NULL;
	pr_info("device dumps that came while the dump was open are in it now, offsets have changed\n");
}

/* Report the lost memory on the console, at the first open. */
static void tell_once(const struct vmcore_contents *contents)
{
	scoped_guard(mutex, &vmcore_owner.lock) {
		if (vmcore_owner.told)
			return;
		vmcore_owner.told = true;
	}
	vmcore_tell_lost(contents->source, contents->filter);
}

/* Update the size: a device dump may have been added since the inode was made. */
static void update_inode_size(struct inode *inode, u64 size)
{
	inode_lock(inode);
	if (i_size_read(inode) != size)
		i_size_write(inode, size);
	inode_unlock(inode);
}

/* The data of the proc entry is the filter; NULL if no pages are left out. */
static int open_dump(struct inode *inode, struct file *file)
{
	struct vmcore_edition *edition = use_edition();
	struct vmcore_file *vf;

	if (!edition)
		return -ENODEV;
	tell_once(edition->contents);
	vf = vmcore_file_create(edition, pde_data(inode));
	if (!IS_ERR(vf))
		update_inode_size(inode, edition->layout.size);
	vmcore_edition_put(edition);
	if (IS_ERR(vf)) {
		release_edition();
		return PTR_ERR(vf);
	}
	file->private_data = vf;
	return 0;
}

static int release_dump(struct inode *inode, struct file *file)
{
	vmcore_file_put(file->private_data);
	release_edition();
	return 0;
}

static const struct proc_ops dump_proc_ops = {
	.proc_open	= open_dump,
	.proc_release	= release_dump,
	.proc_read_iter	= vmcore_file_read,
	.proc_splice_read = vmcore_file_splice,
	.proc_lseek	= vmcore_file_seek,
	.proc_mmap	= vmcore_file_mmap,
	.proc_get_unmapped_area = thp_get_unmapped_area,
};

/**
 * vmcore_attach_device() - add a device dump to the exported file
 * @device: the dump; belongs to the file afterwards, unless this fails
 *
 * The dump moves everything behind it. It is shown once all files are closed,
 * so that a reader that opens the file again sees the same offsets.
 *
 * Context: May sleep.
 * Return: 0; -ENODEV if there is no dump; -ENOMEM; an errno of
 * crash_elf_encode().
 */
int vmcore_attach_device(struct vmcore_device *device)
{
	struct vmcore_edition *edition;

	guard(mutex)(&vmcore_owner.lock);
	if (!vmcore_owner.contents)
		return -ENODEV;

	list_add_tail(&device->node, &vmcore_owner.contents->devices);
	edition = vmcore_edition_create(vmcore_owner.contents);
	if (IS_ERR(edition)) {
		list_del(&device->node);
		return PTR_ERR(edition);
	}
	if (!vmcore_owner.nr_open) {
		publish_edition(edition);
		return 0;
	}
	pr_warn("a device dump has come while the dump is open: it is shown once all files are closed\n");
	vmcore_edition_put(vmcore_owner.next);
	vmcore_owner.next = edition;
	return 0;
}

static struct proc_dir_entry *create_dump_entry(const char *name, void *data,
						u64 size)
{
	struct proc_dir_entry *entry =
		proc_create_data(name, 0400, NULL, &dump_proc_ops, data);

	if (entry) {
		proc_set_size(entry, size);
		/* A cached inode would keep the size of the present edition. */
		pde_force_lookup(entry);
	}
	return entry;
}

/* If these files cannot be created, /proc/vmcore is left. */
static void create_kern_entries(struct vmcore_filter *filter, u64 size)
{
	if (filter) {
		vmcore_owner.kern = create_dump_entry("vmcore-kern", filter, size);
		vmcore_owner.level = vmcore_level_create();
		vmcore_owner.summary = vmcore_summary_create(filter);
	}
	if (!vmcore_owner.kern || !vmcore_owner.level || !vmcore_owner.summary)
		pr_err("not all of /proc/vmcore-kern* can be made\n");
}

static int load_dump(struct crash_source *source)
{
	struct vmcore_edition *edition;
	u64 size;

	vmcore_owner.told = false;
	vmcore_owner.contents = vmcore_contents_create(source);
	if (!vmcore_owner.contents)
		return -ENOMEM;
	edition = vmcore_edition_create(vmcore_owner.contents);
	if (IS_ERR(edition))
		return PTR_ERR(edition);

	publish_edition(edition);
	size = edition->layout.size;
	vmcore_owner.dump = create_dump_entry("vmcore", NULL, size);
	if (!vmcore_owner.dump)
		return -ENOMEM;
	create_kern_entries(vmcore_owner.contents->filter, size);
	return 0;
}

static void unload_dump(void)
{
	vmcore_edition_put(vmcore_owner.next);
	vmcore_edition_put(vmcore_owner.edition);
	vmcore_contents_put(vmcore_owner.contents);
	vmcore_owner.next = NULL;
	vmcore_owner.edition = NULL;
	vmcore_owner.contents = NULL;
}

/**
 * vmcore_load() - create /proc/vmcore and the files beside it
 * @source: the dump; takes over the caller's reference, also on failure
 *
 * Context: May sleep.
 * Return: 0; -EBUSY if there is a dump already; -ENOMEM; an errno of
 * crash_elf_encode().
 */
int vmcore_load(struct crash_source *source)
{
	int err;

	guard(mutex)(&vmcore_owner.lock);
	if (vmcore_owner.contents) {
		crash_source_put(source);
		return -EBUSY;
	}

	err = load_dump(source);
	if (err) {
		pr_err("/proc/vmcore cannot be made (%pe)\n", ERR_PTR(err));
		unload_dump();
	}
	return err;
}

/**
 * vmcore_unload() - remove /proc/vmcore and the files beside it, if there are any
 *
 * Open files are closed. Mappings stay, and keep the memory behind them.
 *
 * Context: May sleep.
 */
void vmcore_unload(void)
{
	struct proc_dir_entry *dump, *kern, *level, *summary;

	/* Removing an entry waits for an open in progress, which waits for the lock. */
	scoped_guard(mutex, &vmcore_owner.lock) {
		dump = vmcore_owner.dump;
		kern = vmcore_owner.kern;
		level = vmcore_owner.level;
		summary = vmcore_owner.summary;
		vmcore_owner.dump = NULL;
		vmcore_owner.kern = NULL;
		vmcore_owner.level = NULL;
		vmcore_owner.summary = NULL;
	}
	proc_remove(dump);
	proc_remove(kern);
	proc_remove(level);
	proc_remove(summary);

	guard(mutex)(&vmcore_owner.lock);
	unload_dump();
}

/**
 * vmcore_cleanup() - end access to a dump whose memory is to be reused
 *
 * A process that has mapped /proc/vmcore still sees that memory.
 *
 * Context: May sleep.
 */
void vmcore_cleanup(void)
{
	vmcore_unload();
	crash_source_retire(CRASH_DUMP_CONSUMED);
}

/* Link order makes this run after find_elf_headers(). */
static int __init vmcore_init(void)
{
	struct crash_source *source = crash_source_get();

	/* Without this file, /dev/oldmem is left. */
	return source ? vmcore_load(source) : 0;
}
fs_initcall(vmcore_init);
