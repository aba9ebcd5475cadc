/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files behind /proc/vmcore share: contents, from which editions of
 * the exported file are built.
 */
#ifndef _FS_PROC_VMCORE_INTERNAL_H
#define _FS_PROC_VMCORE_INTERNAL_H

#include <linux/crash_source.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>

#include "vmcore_layout.h"

struct file;
struct folio;
struct pipe_inode_info;
struct vm_area_struct;

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
 * struct vmcore_contents - what the exported file is made of
 * @source: headers of the crashed kernel; NULL if there is no dump
 * @class: ELF class of the exported file; changes from ELFCLASS32 to ELFCLASS64
 *         when the file outgrows the former
 * @notes: the crashed kernel's notes, from vmcore_alloc_pages(); may be NULL
 * @notes_size: bytes of them
 * @devices: of struct vmcore_device, in the order of arrival
 *
 * Notes and device dumps stay until there is no open file left, so that
 * editions need not hold them.
 */
struct vmcore_contents {
	struct crash_source *source;
	u8 class;
	void *notes;
	size_t notes_size;
	struct list_head devices;
};

/**
 * struct vmcore_edition - the exported file as it was when it was opened
 * @ref: one for the current edition, one for each open file
 * @headers: generated ELF headers, from vmcore_alloc_pages()
 * @layout: the file; @headers is its first region
 *
 * Never changes. Contents that are added make a new edition.
 */
struct vmcore_edition {
	struct kref ref;
	void *headers;
	struct vmcore_layout layout;
};

void *vmcore_alloc_pages(size_t size);
void vmcore_contents_init(struct vmcore_contents *contents,
			  struct crash_source *source);
void vmcore_contents_destroy(struct vmcore_contents *contents);
struct vmcore_edition *vmcore_edition_create(struct vmcore_contents *contents);
void vmcore_edition_put(struct vmcore_edition *edition);
struct vmcore_edition *vmcore_edition_get(void);
int vmcore_attach_device(struct vmcore_device *device);
void vmcore_device_free(struct vmcore_device *device);
loff_t vmcore_seek(struct file *file, const struct vmcore_layout *layout,
		   loff_t offset, int whence, vmcore_chunk_fn chunk, void *ctx);
int vmcore_mmap_region(const struct vmcore_layout *layout, struct vm_area_struct *vma,
		       const struct vmcore_region **first);
ssize_t vmcore_splice_read(struct file *file, loff_t *ppos, struct pipe_inode_info *pipe,
			   size_t len, unsigned int flags, struct folio **spare);
int vmcore_load(struct crash_source *source);
void vmcore_unload(void);
void vmcore_kern_load(const struct vmcore_contents *contents, u64 size);
void vmcore_kern_resize(u64 size);
void vmcore_kern_unload(void);

#endif /* _FS_PROC_VMCORE_INTERNAL_H */
