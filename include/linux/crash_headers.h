/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ELF headers that a first kernel leaves for its capture kernel: what goes
 * into them, and how they are replaced while an image is loaded.
 */
#ifndef _LINUX_CRASH_HEADERS_H
#define _LINUX_CRASH_HEADERS_H

#include <linux/crash_elf.h>
#include <linux/crash_ranges.h>
#include <linux/kexec.h>

/* Firmware cuts the first megabyte of a PC into a handful of RAM ranges. */
#define CRASH_LOW_SEGMENTS	16

/**
 * struct crash_low - low memory, which a capture kernel needs for itself
 * @end: physical address behind it
 * @nr: how many of @seg are in use
 * @seg: PT_LOAD segments, the only ones that describe memory below @end; their
 *       bytes may have been moved to wherever @seg says
 */
struct crash_low {
	u64 end;
	unsigned int nr;
	struct crash_segment seg[CRASH_LOW_SEGMENTS];
};

struct crash_mem *crash_collect_ram(unsigned int extra);
int crash_create_headers(const struct crash_low *low, bool kernel_map,
			 void **addr, unsigned long *sz);

#ifdef CONFIG_CRASH_HOTPLUG
static inline void crash_set_headers_segment(struct kimage *image, int index)
{
	image->elfcorehdr_index = index;
}

void *crash_map_headers(const struct kimage *image, size_t *size);
void crash_replace_headers(void *headers, const void *new, size_t size);
#else
static inline void crash_set_headers_segment(struct kimage *image, int index)
{
}
#endif

#endif /* _LINUX_CRASH_HEADERS_H */
