// SPDX-License-Identifier: GPL-2.0
/*
 * Device dumps: drivers save the state of their hardware before they initialise
 * it, as notes of /proc/vmcore.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/elf.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <uapi/linux/vmcore.h>

#include "edition.h"
#include "owner.h"

static bool device_dumps_off;
core_param(novmcoredd, device_dumps_off, bool, 0);

/* The header, the padding to the end of the last page, and the dump must fit n_descsz. */
#define MAX_DUMP_SIZE	(U32_MAX - sizeof(struct vmcoredd_header) - PAGE_SIZE)

/* Size of the note header and the name, which n_descsz does not include. */
#define NOTE_HEAD_SIZE	offsetof(struct vmcoredd_header, dump_name)

static_assert(NOTE_HEAD_SIZE == 20);
static_assert(sizeof(struct vmcoredd_header) == 64);

DEFINE_FREE(vmcore_device, struct vmcore_device *, vmcore_device_free(_T))

/* Allocate a note of whole pages, with a header and no contents yet. */
static struct vmcore_device *alloc_device_note(const struct vmcoredd_data *data)
{
	struct vmcore_device *device __free(vmcore_device) =
		kzalloc(sizeof(*device), GFP_KERNEL);
	struct vmcoredd_header *header;

	if (!device)
		return NULL;

	device->size = PAGE_ALIGN(sizeof(*header) + data->size);
	device->note = vmcore_alloc_pages(device->size);
	if (!device->note)
		return NULL;

	header = device->note;
	header->n_namesz = sizeof(header->name);
	header->n_descsz = device->size - NOTE_HEAD_SIZE;
	header->n_type = NT_VMCOREDD;
	strscpy_pad(header->name, VMCOREDD_NOTE_NAME);
	strscpy_pad(header->dump_name, data->dump_name);
	return_ptr(device);
}

/**
 * vmcore_add_device_dump() - add a device dump to the crash dump
 * @data: name and size in bytes of the dump, and a callback that writes it
 *
 * Drivers call this when they probe a device in a capture kernel, before they
 * change the state that is to be saved. The callback is called once, from here,
 * with @data and a zeroed buffer of the requested size. The dump becomes a note
 * of type NT_VMCOREDD in /proc/vmcore, see uapi/linux/vmcore.h. Files that are
 * open already do not show it.
 *
 * Context: May sleep. The callback is called without a lock held here.
 * Return: 0; -EINVAL if @data is incomplete or too large, or device dumps are
 * switched off by novmcoredd; -ENOMEM if the available memory is less than
 * twice the size of the dump; -ENODEV if there is no crash dump; an errno of
 * the callback.
 */
int vmcore_add_device_dump(struct vmcoredd_data *data)
{
	struct vmcore_device *device __free(vmcore_device) = NULL;
	int err;

	if (device_dumps_off) {
		pr_info_once("device dumps are off, as novmcoredd asks\n");
		return -EINVAL;
	}
	if (!data || !data->dump_name[0] || !data->vmcoredd_callback ||
	    !data->size || data->size > MAX_DUMP_SIZE)
		return -EINVAL;

	device = alloc_device_note(data);
	if (!device)
		return -ENOMEM;

	err = data->vmcoredd_callback(data, device->note +
				      sizeof(struct vmcoredd_header));
	if (!err)
		err = vmcore_attach_device(device);
	if (!err)
		device = NULL;		/* belongs to the file now */
	return err;
}
EXPORT_SYMBOL(vmcore_add_device_dump);
