// SPDX-License-Identifier: GPL-2.0
/*
 * CPU and memory hotplug on x86: the ELF headers of a loaded image are all that
 * depends on it.
 */
#define pr_fmt(fmt) "crash hotplug: " fmt

#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/crash_headers.h>
#include <linux/kexec.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

/**
 * arch_crash_hotplug_support() - may the ELF headers of an image be replaced
 * @image: the image that is being loaded
 * @kexec_flags: flags of the system call that loads it
 *
 * With either flag kexec_load() vouches that it has left the headers out of the
 * checksum, as kexec_file_load() always does, and made room for growth.
 *
 * Context: Process context with the kexec lock held.
 * Return: nonzero if they may be replaced.
 */
int arch_crash_hotplug_support(struct kimage *image, unsigned long kexec_flags)
{
	return image->file_mode ||
	       kexec_flags & (KEXEC_UPDATE_ELFCOREHDR |
			      KEXEC_CRASH_HOTPLUG_SUPPORT);
}

/**
 * arch_crash_get_elfcorehdr_size() - room for the ELF headers, whatever is
 *				      plugged in later
 *
 * kexec-tools reads it in /sys/kernel/crash_elfcorehdr_size.
 *
 * Context: Any.
 * Return: size in bytes.
 */
unsigned int arch_crash_get_elfcorehdr_size(void)
{
	/* 2: vmcoreinfo and the kernel image */
	u32 phnum = num_possible_cpus() + 2 + CRASH_LOW_SEGMENTS;

	if (IS_ENABLED(CONFIG_MEMORY_HOTPLUG))
		phnum += CONFIG_CRASH_MAX_MEMORY_RANGES;

	return crash_elf_encoded_size(ELFCLASS64, min(phnum, PN_XNUM - 1U));
}

static bool is_low(const struct crash_segment *seg)
{
	return seg->type == PT_LOAD && seg->paddr < SZ_1M &&
	       seg->memsz <= SZ_1M - seg->paddr;
}

/*
 * Whoever loaded the image, user space even, has decided where low memory is
 * saved. Nothing can be plugged in or out there, so that stays right.
 */
static int describe_low_again(const void *headers, size_t size,
			      struct crash_low *low)
{
	struct crash_elf elf;
	u32 i;
	int ret;

	low->end = SZ_1M;
	low->nr = 0;
	ret = crash_elf_decode_header(headers, size, &elf);
	if (ret)
		return ret;

	for (i = 0; i < elf.phnum; i++) {
		u64 pos = elf.phoff + (u64)i * elf.phentsize;
		struct crash_segment seg;

		if (pos > size)
			return -EINVAL;
		ret = crash_elf_decode_segment(&elf, headers + pos, size - pos,
					       &seg);
		if (ret)
			return ret;
		if (!is_low(&seg))
			continue;
		if (low->nr == ARRAY_SIZE(low->seg))
			return -E2BIG;
		low->seg[low->nr++] = seg;
	}
	return 0;
}

static int create_headers(const void *old, size_t size, void **new,
			  unsigned long *new_size)
{
	int ret;

	struct crash_low *low __free(kfree) = kzalloc(sizeof(*low), GFP_KERNEL);
	if (!low)
		return -ENOMEM;

	ret = describe_low_again(old, size, low);
	return ret ?: crash_create_headers(low, IS_ENABLED(CONFIG_X86_64), new,
					   new_size);
}

/**
 * arch_crash_handle_hotplug_event() - bring the loaded image up to date
 * @image: the image; its headers have been located and may be replaced
 * @arg: for memory events struct memory_notify; not needed
 *
 * After an error the headers are as they were.
 *
 * Context: Process context with the kexec lock held.
 */
void arch_crash_handle_hotplug_event(struct kimage *image, void *arg)
{
	bool cpu_event = image->hp_action == KEXEC_CRASH_HP_ADD_CPU ||
			 image->hp_action == KEXEC_CRASH_HP_REMOVE_CPU;
	struct crash_update update = { .nr = 1 };
	struct crash_copy *copy = update.copy;
	unsigned long size = 0;
	void *new = NULL;
	int ret = -ENOMEM;

	/* Headers made by the kernel describe all possible CPUs at once. */
	if (cpu_event && (image->file_mode || image->elfcorehdr_updated))
		return;

	copy->dst = crash_map_headers(image, &copy->room);
	if (copy->dst)
		ret = create_headers(copy->dst, copy->room, &new, &size);
	if (!ret && size > copy->room)
		ret = -ENOSPC;
	if (!ret) {
		copy->src = new;
		copy->size = size;
		crash_apply_update(&update);
		image->elfcorehdr_updated = true;
	} else {
		pr_err("the ELF headers of the image could not be replaced: %pe\n",
		       ERR_PTR(ret));
	}
	vfree(new);
	vunmap(copy->dst);
}
