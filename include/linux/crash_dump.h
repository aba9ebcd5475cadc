/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface between the capture kernel's dump code and the rest of the kernel:
 * test for a capture kernel, vetoes of pages, device dumps.
 *
 * The files that read the dump use crash_source.h and oldmem.h as well.
 */
#ifndef _LINUX_CRASH_DUMP_H
#define _LINUX_CRASH_DUMP_H

#include <linux/crash_stock.h>
#include <linux/errno.h>
#include <linux/kexec.h>
#include <linux/list.h>
#include <linux/proc_fs.h>
#include <linux/types.h>
#include <uapi/linux/vmcore.h>

/* Values of elfcorehdr_addr that are not addresses. */
#define ELFCORE_ADDR_MAX	(~0ULL)		/* not started after a crash */
#define ELFCORE_ADDR_ERR	(~0ULL - 1)	/* was, but no dump is left */

/* Physical address and size of the saved ELF headers; size 0: not known. */
extern unsigned long long elfcorehdr_addr;
extern unsigned long long elfcorehdr_size;

#ifdef CONFIG_CRASH_DUMP

#ifndef is_kdump_kernel
/**
 * is_kdump_kernel() - test whether this kernel was started to save a crash dump
 *
 * The result stays true if the dump is unusable, or has been saved: drivers
 * call this because devices were not shut down, and that does not change.
 *
 * Context: Any, from the parsing of early parameters on.
 * Return: true in a capture kernel.
 */
static inline bool is_kdump_kernel(void)
{
	return elfcorehdr_addr != ELFCORE_ADDR_MAX;
}
#endif

/**
 * struct vmcore_cb - callback that vetoes pages of old memory
 * @pfn_is_ram: return false to veto a page frame, because a read of it is
 *	harmful or makes no sense: for instance, a hypervisor has taken the page
 *	away. Such a page reads as zeros. Return true also if it is not known.
 *	May sleep. The result for a page frame must not change while the
 *	callback is registered.
 * @next: used by the registry
 */
struct vmcore_cb {
	bool (*pfn_is_ram)(struct vmcore_cb *cb, unsigned long pfn);
	struct list_head next;
};

void register_vmcore_cb(struct vmcore_cb *cb);
void unregister_vmcore_cb(struct vmcore_cb *cb);

void vmcore_cleanup(void);

#else /* !CONFIG_CRASH_DUMP */

static inline bool is_kdump_kernel(void)
{
	return false;
}

#endif /* CONFIG_CRASH_DUMP */

/**
 * struct vmcoredd_data - a device dump that a driver offers
 * @dump_name: unique name
 * @size: bytes that @vmcoredd_callback writes
 * @vmcoredd_callback: writes the dump into a buffer of @size bytes; may sleep;
 *                     0 or a negative errno
 */
struct vmcoredd_data {
	char dump_name[VMCOREDD_MAX_NAME_BYTES];
	unsigned int size;
	int (*vmcoredd_callback)(struct vmcoredd_data *data, void *buf);
};

#ifdef CONFIG_PROC_VMCORE_DEVICE_DUMP
int vmcore_add_device_dump(struct vmcoredd_data *data);
#else
static inline int vmcore_add_device_dump(struct vmcoredd_data *data)
{
	return -EOPNOTSUPP;
}
#endif

#endif /* _LINUX_CRASH_DUMP_H */
