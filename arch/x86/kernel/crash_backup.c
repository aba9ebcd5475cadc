// SPDX-License-Identifier: GPL-2.0
/*
 * The first 640 KiB of RAM, which any x86 kernel overwrites while it starts.
 *
 * kexec-tools has its own code copy them, on the way to the capture kernel. For
 * images of kexec_file_load() that is done here: an empty segment of the image
 * receives a copy during the panic, and the ELF headers give its address.
 *
 *	old memory	0 ....RRRRRRRRRRRRR 640K		R: RAM, copied
 *	segment		  ....RRRRRRRRRRRRR			.: stays zero
 *
 * The direct map of the segment is read-only once the image is loaded, hence
 * the mapping of its own, which lives as long as the image.
 */
#define pr_fmt(fmt) "crash: " fmt

#include <linux/cleanup.h>
#include <linux/crash_headers.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/crash.h>

static_assert(CRASH_BACKUP_RANGES == CRASH_LOW_SEGMENTS);

static int add_ram(struct resource *res, void *arg)
{
	struct crash_low *low = arg;

	if (low->nr == ARRAY_SIZE(low->seg))
		return -E2BIG;

	low->seg[low->nr++] = (struct crash_segment) {
		.type = PT_LOAD,
		.flags = PF_R | PF_W | PF_X,
		.paddr = res->start,
		.vaddr = (unsigned long)__va(res->start),
		.filesz = resource_size(res),
		.memsz = resource_size(res),
	};
	return 0;
}

/**
 * crash_backup_describe() - say where low memory will be found
 * @image: the image, of kexec_file_load()
 * @low: where to return the description. RAM between 640 KiB and 1 MiB, if a
 *       machine has any, is reserved from boot on and not described.
 *
 * Context: Process context, may sleep.
 * Return: 0; -E2BIG if there are more than CRASH_LOW_SEGMENTS ranges of RAM.
 */
int crash_backup_describe(const struct kimage *image, struct crash_low *low)
{
	unsigned int i;
	int ret;

	low->end = SZ_1M;
	low->nr = 0;
	ret = walk_system_ram_res(0, CRASH_BACKUP_SIZE - 1, low, add_ram);
	if (ret == -E2BIG)
		return ret;

	for (i = 0; i < low->nr; i++)
		low->seg[i].where = image->arch.backup.mem + low->seg[i].paddr;
	return 0;
}

/**
 * crash_backup_add_segment() - make room for the backup in an image
 * @image: the image that is being loaded
 *
 * Near the start of the reservation, where ELF headers are and the kernel is
 * not, so that what is left stays in one piece.
 *
 * Context: Process context with the kexec lock held.
 * Return: 0 or the error of kexec_add_buffer().
 */
int crash_backup_add_segment(struct kimage *image)
{
	struct kexec_buf kbuf = {
		.image = image,
		.memsz = CRASH_BACKUP_SIZE,
		.buf_align = PAGE_SIZE,
		.buf_max = ULONG_MAX,
		.mem = KEXEC_BUF_MEM_UNKNOWN,
	};
	int ret = kexec_add_buffer(&kbuf);

	if (ret)
		return ret;

	image->arch.backup.mem = kbuf.mem;
	return 0;
}

/**
 * crash_backup_prepare() - get all that crash_backup_save() will need
 * @image: an image whose segments have all been placed
 *
 * Context: Process context with the kexec lock held.
 * Return: 0, also if the image has no backup segment; -ENOMEM; -E2BIG.
 */
int crash_backup_prepare(struct kimage *image)
{
	struct crash_backup *backup = &image->arch.backup;
	unsigned int i;
	int ret;

	if (!backup->mem)
		return 0;

	struct crash_low *low __free(kfree) = kzalloc(sizeof(*low), GFP_KERNEL);
	if (!low)
		return -ENOMEM;
	ret = crash_backup_describe(image, low);
	if (ret)
		return ret;

	for (i = 0; i < low->nr; i++) {
		backup->range[i].start = low->seg[i].paddr;
		backup->range[i].size = low->seg[i].memsz;
		/* To touch unaccepted memory is fatal; there will be no time for it. */
		accept_memory(low->seg[i].paddr, low->seg[i].memsz);
	}
	backup->nr_ranges = low->nr;
	backup->copy = crash_map_pages(backup->mem, CRASH_BACKUP_SIZE,
				       PAGE_KERNEL);
	return backup->copy ? 0 : -ENOMEM;
}

/**
 * crash_backup_cleanup() - undo crash_backup_prepare()
 * @image: an image that is being freed, whether or not it was prepared
 *
 * Context: Process context.
 */
void crash_backup_cleanup(struct kimage *image)
{
	vunmap(image->arch.backup.copy);
	image->arch.backup.copy = NULL;
}

/* The direct map may have holes, such as pages with memory errors. */
static void save_low_range(void *copy, u32 start, u32 end)
{
	while (start < end) {
		u32 next = min_t(u32, ALIGN_DOWN(start, PAGE_SIZE) + PAGE_SIZE,
				 end);

		copy_from_kernel_nofault(copy + start, __va(start),
					 next - start);
		start = next;
	}
}

/**
 * crash_backup_save() - copy low memory to where the ELF headers say it is
 * @image: the capture kernel's image; it may be damaged
 *
 * Whatever the image says, nothing behind the segment's end is written, and the
 * work is bounded.
 *
 * Context: Panic, any, when the other CPUs have been stopped.
 */
void crash_backup_save(const struct kimage *image)
{
	const struct crash_backup *backup = image ? &image->arch.backup : NULL;
	unsigned int i, nr;

	if (!backup || !backup->mem || !is_vmalloc_addr(backup->copy))
		return;

	nr = min_t(unsigned int, backup->nr_ranges, ARRAY_SIZE(backup->range));
	for (i = 0; i < nr; i++) {
		u64 start = backup->range[i].start;
		u64 end = min_t(u64, start + backup->range[i].size,
				CRASH_BACKUP_SIZE);

		if (start < end)
			save_low_range(backup->copy, start, end);
	}
}
