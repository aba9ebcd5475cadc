// SPDX-License-Identifier: GPL-2.0
/*
 * What a panic needs of the loaded image, where a wild write cannot get at it.
 *
 * The struct kimage is an object of the slab allocator and the text of
 * vmcoreinfo a page among others; heap corruption, of which panics are made,
 * may have changed either. A record of both lies in the crash kernel's memory,
 * which is write-protected as long as an image is loaded. It has a checksum,
 * and is used only if that holds; the originals are what is left otherwise.
 */
#define pr_fmt(fmt) "crash: " fmt

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/crash_core.h>
#include <linux/crash_headers.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/vmalloc.h>
#include <linux/vmcore_info.h>

#include "crash_internal.h"

/**
 * struct crash_record - what is kept of an image
 * @sum: of all that follows
 * @image: the image, with all that is needed to start it
 * @text: vmcoreinfo as it was at boot
 */
struct crash_record {
	u64 sum;
	struct kimage image;
	char text[VMCOREINFO_BYTES];
};

/* It tells a damaged record from a good one, and is not to withstand malice. */
static const siphash_key_t crash_record_key = { { 1, 2 } };

/* Of the published image; a read-only mapping. */
static const struct crash_record *crash_record;

/* The copy that is started: the record may be where an architecture cannot read. */
static struct kimage crash_image_copy;

static u64 sum_record(const struct crash_record *record)
{
	size_t start = offsetof(struct crash_record, image);

	return siphash((const u8 *)record + start, sizeof(*record) - start,
		       &crash_record_key);
}

static void fill_record(struct crash_record *record, const struct kimage *image)
{
	memset(record, 0, sizeof(*record));
	record->image = *image;
	/* kimage_terminate() is still to come. All is loaded in its place. */
	record->image.head = IND_DONE;
	memcpy(record->text, vmcoreinfo_data, vmcoreinfo_size);
	record->sum = sum_record(record);
}

/**
 * crash_map_pages - map memory of the crash kernel
 * @start: its physical address, of a page
 * @size: bytes
 * @prot: how; the direct map may be write-protected
 *
 * Context: Process; may sleep.
 * Return: The mapping, for vunmap(); NULL if there is no memory for that.
 */
void *crash_map_pages(phys_addr_t start, size_t size, pgprot_t prot)
{
	unsigned int i, nr = PFN_UP(size);

	struct page **pages __free(kvfree) =
		kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;

	for (i = 0; i < nr; i++)
		pages[i] = pfn_to_page(PHYS_PFN(start) + i);
	return vmap(pages, nr, VM_MAP, prot);
}

/**
 * kimage_crash_copy_vmcoreinfo - make the record of an image
 * @image: the image being loaded, after machine_kexec_prepare()
 *
 * The pages go with the image; crash_release_record() undoes the mapping, which
 * is read-only, as the direct map of the pages is going to be.
 *
 * Context: Process, under the kexec lock; may sleep.
 * Return: 0, also if @image is not for a crash; -ENOMEM.
 */
int kimage_crash_copy_vmcoreinfo(struct kimage *image)
{
	const size_t size = sizeof(struct crash_record);
	struct crash_record *record = NULL;
	struct page *page;

	if (image->type != KEXEC_TYPE_CRASH)
		return 0;

	page = kimage_alloc_control_pages(image, get_order(size));
	if (page)
		record = crash_map_pages(page_to_phys(page), size, PAGE_KERNEL);
	if (record) {
		image->vmcoreinfo_data_copy =
			crash_map_pages(page_to_phys(page), size, PAGE_KERNEL_RO);
		fill_record(record, image);
		vunmap(record);
	}
	if (!image->vmcoreinfo_data_copy) {
		pr_warn("no memory for a record of the image\n");
		return -ENOMEM;
	}
	return 0;
}

/**
 * crash_publish_record - have a panic use the record of an image
 * @image: the image
 *
 * Context: Process, under the kexec lock.
 */
void crash_publish_record(const struct kimage *image)
{
	WRITE_ONCE(crash_record, image->vmcoreinfo_data_copy);
}

/**
 * crash_release_record - undo kimage_crash_copy_vmcoreinfo()
 * @image: an image that is being freed, with or without a record
 *
 * Context: Process, under the kexec lock.
 */
void crash_release_record(struct kimage *image)
{
	if (!image->vmcoreinfo_data_copy)
		return;
	if (crash_record == image->vmcoreinfo_data_copy)
		WRITE_ONCE(crash_record, NULL);
	vunmap(image->vmcoreinfo_data_copy);
	image->vmcoreinfo_data_copy = NULL;
}

/**
 * crash_use_record - take from the record what it has, if it is intact
 * @image: the image that a panic has just completed; NULL: the published one
 * @text: where to return vmcoreinfo; untouched if the record is of no use
 *
 * Context: Panic, any. Reads memory that may have been damaged: may fault.
 * Return: The image to start; NULL if there is none.
 */
struct kimage *crash_use_record(struct kimage *image, const char **text)
{
	const struct crash_record *record = READ_ONCE(crash_record);

	if (image)
		record = image->vmcoreinfo_data_copy;
	else
		image = READ_ONCE(kexec_crash_image);

	if (!image || !record)
		return image;
	if (record->sum != sum_record(record)) {
		printk_deferred(pr_fmt("the record of the image is damaged and not used\n"));
		return image;
	}
	crash_image_copy = record->image;
	*text = record->text;
	return &crash_image_copy;
}
