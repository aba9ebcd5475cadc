// SPDX-License-Identifier: GPL-2.0
/*
 * A protected record of the loaded image, for the panic.
 *
 * The struct kimage is an object of the slab allocator, and the text of
 * vmcoreinfo is in an ordinary page. Heap corruption, a common cause of panics,
 * may have changed either. So a record of both lies in the crash kernel's
 * memory, which is write-protected while an image is loaded. The record has a
 * checksum. If the checksum is wrong, the panic uses the originals.
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
 * struct crash_record - copies of an image's data
 * @sum: checksum of the members below
 * @image: the image, with all data that is needed to start it
 * @text: vmcoreinfo in its state at boot
 */
struct crash_record {
	u64 sum;
	struct kimage image;
	char text[VMCOREINFO_BYTES];
};

/* The checksum detects damage; it does not protect against an attacker. */
static const siphash_key_t crash_record_key = { { 1, 2 } };

/* Record of the published image; a read-only mapping. */
static const struct crash_record *crash_record;

/* The copy that is started. Architectures may be unable to read the record itself. */
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
	/* kimage_terminate() is called later. No segment has to be moved. */
	record->image.head = IND_DONE;
	memcpy(record->text, vmcoreinfo_data, vmcoreinfo_size);
	record->sum = sum_record(record);
}

/**
 * crash_map_pages - map memory of the crash kernel
 * @start: physical address, page aligned
 * @size: bytes
 * @prot: protection of the mapping; the direct map may be write-protected
 *
 * Context: Process; may sleep.
 * Return: The mapping, for vunmap(); NULL if there is no memory for the
 * mapping.
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
 * The pages are freed with the image. The mapping is read-only, like the direct
 * map of the pages later; crash_release_record() undoes it.
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
 * crash_publish_record - make a panic use the record of an image
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
 * crash_use_record - read the record, if it is intact
 * @image: the image that the panic has just completed; NULL: the published one
 * @text: result: vmcoreinfo; untouched if the record is not used
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
