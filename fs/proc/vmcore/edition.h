/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contents of the dump, and editions of the exported file that are built from them.
 */
#ifndef _FS_PROC_VMCORE_EDITION_H
#define _FS_PROC_VMCORE_EDITION_H

#include <linux/crash_source.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/vmcore_filter.h>

#include "layout.h"

struct vmcore_filter;

/**
 * struct vmcore_device - a device dump
 * @node: in vmcore_contents.devices
 * @size: bytes at @note, whole pages
 * @note: the dump as one NT_VMCOREDD note, from vmcore_alloc_pages()
 */
struct vmcore_device {
	struct list_head node;
	size_t size;
	void *note;
};

/**
 * struct vmcore_contents - the parts of the exported file
 * @ref: one for the owner, one for each edition
 * @source: the dump
 * @filter: decides which pages are left out; NULL if there was no memory for it
 * @class: ELF class of the exported file; changes from ELFCLASS32 to ELFCLASS64
 *	when the file becomes too large for the former
 * @notes: the crashed kernel's notes, from vmcore_alloc_pages(); may be NULL
 * @notes_size: size of the notes, bytes
 * @stacks: stacks of the CPUs whose virtual addresses are in no PT_LOAD of @source
 * @devices: of struct vmcore_device, in the order of arrival
 *
 * Only @class and @devices change, under the lock of fs/proc/vmcore.c.
 */
struct vmcore_contents {
	struct kref ref;
	struct crash_source *source;
	struct vmcore_filter *filter;
	u8 class;
	void *notes;
	size_t notes_size;
	struct vmcore_stacks stacks;
	struct list_head devices;
};

/**
 * struct vmcore_edition - the exported file in its state when it was opened
 * @ref: one for the owner, one for each open file
 * @contents: its contents
 * @headers: generated ELF headers, from vmcore_alloc_pages()
 * @layout: the file; @headers is its first region
 *
 * Never changes. Added contents make a new edition.
 */
struct vmcore_edition {
	struct kref ref;
	struct vmcore_contents *contents;
	void *headers;
	struct vmcore_layout layout;
};

void *vmcore_alloc_pages(size_t size);
struct vmcore_contents *vmcore_contents_create(struct crash_source *source);
void vmcore_contents_put(struct vmcore_contents *contents);
struct vmcore_edition *vmcore_edition_create(struct vmcore_contents *contents);
void vmcore_edition_put(struct vmcore_edition *edition);
void vmcore_device_free(struct vmcore_device *device);

#endif /* _FS_PROC_VMCORE_EDITION_H */
