// SPDX-License-Identifier: GPL-2.0
/*
 * Replaces a loaded image, or its ELF headers, so that a panic at any moment
 * finds an image that works.
 *
 * New contents are made in ordinary memory and finally copied over the old
 * ones. During the copy, crash_update points to the list of pieces. The
 * panicking CPU stops the other CPUs, takes the pointer, and copies again from
 * the beginning. A CPU that does not stop copies the same bytes. The CPU that
 * made the update finds the pointer gone, and waits.
 *
 *	kexec_crash_image	crash_update		a panic starts
 *	old			NULL			old
 *	old			new			new, copied by the panic
 *	new			new			the same
 *	new			NULL			new
 *
 * Control pages of the new image lie beside the old image, see
 * kimage_alloc_crash_control_pages().
 */
#define pr_fmt(fmt) "crash: " fmt

#include <linux/atomic.h>
#include <linux/cc_platform.h>
#include <linux/compiler.h>
#include <linux/crash_core.h>
#include <linux/crash_headers.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kconfig.h>
#include <linux/kexec.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "crash_internal.h"
#include "kexec_internal.h"

/* The update in progress. A CPU takes it by exchanging it for NULL. */
static struct crash_update *crash_update;

/* The image that is being loaded beside the published one, under the kexec lock. */
static struct crash_update crash_staged;

/* An image has been taken out to make room, and no image replaces it yet. */
static bool crash_image_withdrawn;

/**
 * crash_image_was_withdrawn - test whether an image was taken out for another one
 *
 * Context: Any.
 * Return: true from crash_withdraw_image() until an image is in place.
 */
bool crash_image_was_withdrawn(void)
{
	return READ_ONCE(crash_image_withdrawn);
}

/**
 * crash_update_pending - test whether an image or its headers are half replaced
 *
 * Context: Any.
 * Return: true if crash_finish_update() has something to do.
 */
bool crash_update_pending(void)
{
	return READ_ONCE(crash_update);
}

static __always_inline void copy_update(const struct crash_update *update)
{
	const struct crash_copy *copy = update->copy;

	for (; copy < update->copy + update->nr; copy++) {
		memcpy(copy->dst, copy->src, copy->size);
		memset(copy->dst + copy->size, 0, copy->room - copy->size);
	}
}

/**
 * crash_finish_update - complete the update in progress
 *
 * The panicking CPU calls it after stopping the other CPUs.
 *
 * Context: Panic, any.
 * Return: The image that is complete now and has to be started; NULL if the
 * published image has to be started.
 */
struct kimage *crash_finish_update(void)
{
	struct crash_update *update = xchg(&crash_update, NULL);

	if (!update)
		return NULL;
	copy_update(update);
	return update->image;
}

/*
 * A panicking CPU has taken over this CPU's update. Wait until the machine
 * ends, or until the panic returns without having begun a dump: then nothing is
 * left to do.
 */
static void wait_for_crash(void)
{
	while (crash_is_under_way())
		cpu_relax();
}

/**
 * crash_apply_update - copy new headers, or a new image, over the old
 * @update: the pieces to copy; its image, if there is one, is published
 *
 * If the machine panics meanwhile, the crash kernel finds the new contents.
 *
 * Context: Process, under the kexec lock. Does not return after a panic.
 */
void crash_apply_update(struct crash_update *update)
{
	/* Fully ordered: publish the update before the first byte changes. */
	xchg(&crash_update, update);
	copy_update(update);
	if (update->image) {
		crash_publish_record(update->image);
		xchg(&kexec_crash_image, update->image);
	}
	if (!xchg(&crash_update, NULL))
		wait_for_crash();
}

static void *copy_from_loader(const struct kimage *image,
			      const struct kexec_segment *segment)
{
	void *copy;

	copy = kvmalloc(segment->bufsz, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, segment->buf, segment->bufsz)) {
		kvfree(copy);
		return ERR_PTR(-EFAULT);
	}
	return copy;
}

/*
 * With kexec_file_load(), the segments stay in the kernel's buffers. With
 * kexec_load() they are in user space, and are copied here.
 */
static int stage_segment(const struct kimage *image,
			 const struct kexec_segment *segment)
{
	struct crash_copy *copy = &crash_staged.copy[crash_staged.nr];
	const void *src = segment->kbuf;

	if (!image->file_mode && segment->bufsz)
		src = copy_from_loader(image, segment);
	if (IS_ERR(src))
		return PTR_ERR(src);

	*copy = (struct crash_copy) {
		.dst = phys_to_virt(boot_phys_to_phys(segment->mem)),
		.src = src,
		.size = segment->bufsz,
		.room = segment->memsz,
	};
	crash_staged.image = (struct kimage *)image;
	crash_staged.nr++;
	return 0;
}

/**
 * crash_load_segment - load a segment of an image
 * @image: the image
 * @segment: the segment
 *
 * If the segment would overwrite an image that a panic could start, the segment
 * is kept for crash_install_image().
 *
 * Context: Process, under the kexec lock; may sleep.
 * Return: 0; -EFAULT; -ENOMEM if there is no memory to keep the segment;
 * without the present image there may be enough.
 */
int crash_load_segment(struct kimage *image, struct kexec_segment *segment)
{
	if (image->type != KEXEC_TYPE_CRASH || !kexec_crash_image)
		return kimage_load_segment(image, segment);
	return stage_segment(image, segment);
}

/*
 * Test whether an image can be loaded beside another. With memory encryption,
 * decrypting the pages for the copy needs other CPUs. The architecture has to
 * allow a copy by the panic.
 */
static bool loads_beside(void)
{
	return IS_ENABLED(CONFIG_ARCH_CRASH_LOAD_BESIDE) &&
	       !cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT);
}

static bool withdraw_image(void)
{
	struct kimage *old = kexec_crash_image;

	if (!old)
		return false;
	WRITE_ONCE(crash_image_withdrawn, true);
	xchg(&kexec_crash_image, NULL);
	kimage_free(old);
	return true;
}

/**
 * crash_prepare_to_load - take the present image out if it cannot stay
 *
 * Context: Process, under the kexec lock, before a crash image is loaded; its
 *	    memory is not write-protected.
 */
void crash_prepare_to_load(void)
{
	if (!loads_beside())
		withdraw_image();
}

/**
 * crash_skip_image - find memory that the loaded image does not use
 * @start: physical address of memory for a control page of another image
 * @size: its size in bytes, a power of two
 *
 * Control pages of the loaded image lie between its control code page, the
 * first of them, and image->control_page, where the search for the next one
 * starts.
 *
 * Context: Process, under the kexec lock.
 * Return: @start if that memory is not in use; else the next address to try.
 */
unsigned long crash_skip_image(unsigned long start, unsigned long size)
{
	const struct kimage *image = kexec_crash_image;
	unsigned long first, i;

	if (!image)
		return start;

	first = page_to_boot_pfn(image->control_code_page) << PAGE_SHIFT;
	if (start < image->control_page && start + size > first)
		return ALIGN(image->control_page, size);

	for (i = 0; i < image->nr_segments; i++) {
		const struct kexec_segment *seg = &image->segment[i];

		if (start < seg->mem + seg->memsz && start + size > seg->mem)
			return ALIGN(seg->mem + seg->memsz, size);
	}
	return start;
}

/**
 * crash_install_image - replace an image by another
 * @where: kexec_image or kexec_crash_image
 * @image: the new image; NULL removes the present one
 *
 * Context: Process, under the kexec lock.
 * Return: The image that was there before; NULL if there was none.
 */
struct kimage *crash_install_image(struct kimage **where, struct kimage *image)
{
	struct kimage *old = *where;

	if (where != &kexec_crash_image || !image)
		return xchg(where, image);

	if (crash_staged.nr) {
		crash_apply_update(&crash_staged);
		crash_drop_segments();
	} else {
		crash_publish_record(image);
		xchg(where, image);
	}
	WRITE_ONCE(crash_image_withdrawn, false);
	crash_hotplug_check_image(image);
	return old;
}

/**
 * crash_drop_segments - free the segments that crash_load_segment() has kept
 *
 * Context: Process, under the kexec lock.
 */
void crash_drop_segments(void)
{
	while (crash_staged.nr) {
		struct crash_copy *copy = &crash_staged.copy[--crash_staged.nr];

		if (!crash_staged.image->file_mode)
			kvfree(copy->src);
	}
}

/**
 * crash_withdraw_image - take the present image out after loading another has failed
 * @error: error of the failed load
 * @crash: true if the new image is a crash image
 *
 * Context: Process, without the kexec lock.
 * Return: true if an image was taken out, and the load can be tried again.
 */
bool crash_withdraw_image(int error, bool crash)
{
	bool found;

	if (error != -ENOMEM || !crash || !kexec_trylock())
		return false;
	if (kexec_crash_image)
		arch_kexec_unprotect_crashkres();
	found = withdraw_image();
	kexec_unlock();
	if (found)
		pr_warn("no memory to load an image beside the present one, which is taken out: no dump until the new one is in place\n");
	return found;
}
