/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ELF headers that a first kernel leaves for its capture kernel: their
 * contents, and their replacement while an image is loaded.
 */
#ifndef _LINUX_CRASH_HEADERS_H
#define _LINUX_CRASH_HEADERS_H

#include <linux/crash_elf.h>
#include <linux/crash_ranges.h>
#include <linux/kexec.h>
#include <linux/pgtable.h>

/* Firmware may divide the first megabyte of a PC into several RAM ranges. */
#define CRASH_LOW_SEGMENTS	16

/**
 * struct crash_low - low memory, which a capture kernel needs for itself
 * @end: physical address behind it
 * @nr: number of entries in @seg
 * @seg: PT_LOAD segments, the only ones that describe memory below @end; they
 *	have the place to which the bytes were copied, if they were
 */
struct crash_low {
	u64 end;
	unsigned int nr;
	struct crash_segment seg[CRASH_LOW_SEGMENTS];
};

/**
 * struct crash_copy - change of a piece of an image's memory
 * @dst: its mapping
 * @src: the new contents
 * @size: size of the new contents, bytes
 * @room: size of the piece; bytes behind @size become zero
 */
struct crash_copy {
	void *dst;
	const void *src;
	size_t size;
	size_t room;
};

/**
 * struct crash_update - a new image, or new headers of the present one
 * @image: the new image, installed once everything is copied; NULL: the present
 *	one
 * @nr: number of entries in @copy
 * @copy: the pieces to be copied
 */
struct crash_update {
	struct kimage *image;
	unsigned int nr;
	struct crash_copy copy[KEXEC_SEGMENT_MAX];
};

void *crash_map_pages(phys_addr_t start, size_t size, pgprot_t prot);
void crash_apply_update(struct crash_update *update);

struct crash_mem *crash_collect_ram(unsigned int extra);
int crash_create_headers(const struct crash_low *low, bool kernel_map,
			 void **addr, unsigned long *sz);

#ifdef CONFIG_CRASH_HOTPLUG
static inline void crash_set_headers_segment(struct kimage *image, int index)
{
	image->elfcorehdr_index = index;
}

void *crash_map_headers(const struct kimage *image, size_t *size);
#else
static inline void crash_set_headers_segment(struct kimage *image, int index)
{
}
#endif

#endif /* _LINUX_CRASH_HEADERS_H */
