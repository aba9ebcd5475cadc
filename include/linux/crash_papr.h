/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The dump structure and the register save area of POWER platforms, in the order of
 * bytes that they have on any kernel: big endian.
 */
#ifndef _LINUX_CRASH_PAPR_H
#define _LINUX_CRASH_PAPR_H

#include <linux/crash_firmware.h>
#include <linux/types.h>

/* Bytes of a dump structure of version 1: header and ten sections. */
#define CRASH_PAPR_HEADER_SIZE	40
#define CRASH_PAPR_SECTION_SIZE	40
#define CRASH_PAPR_MAX_SECTIONS	10
#define CRASH_PAPR_MAX_SIZE \
	(CRASH_PAPR_HEADER_SIZE + CRASH_PAPR_MAX_SECTIONS * CRASH_PAPR_SECTION_SIZE)

/* Types of sections, in the structure and in the device tree. */
#define CRASH_PAPR_CPUS		0x0001
#define CRASH_PAPR_HPTE		0x0002
#define CRASH_PAPR_MEMORY	0x0011
#define CRASH_PAPR_ARGS		0x0100

size_t crash_papr_encode(const struct crash_firmware_layout *layout, void *buf, size_t room);
const char *crash_papr_decode(const void *buf, size_t size, u64 limit,
			      struct crash_firmware_layout *layout);
int crash_papr_sizes(const void *prop, size_t size, struct crash_firmware_layout *layout);
bool crash_papr_is_known(const void *prop, size_t size);

/**
 * struct crash_papr_cursor - where a walk over the register save area stands
 * @pos: the next entry
 * @left: bytes from there to the end of the area
 * @nr_cpus: CPUs that are still to come
 */
struct crash_papr_cursor {
	const u8 *pos;
	size_t left;
	u32 nr_cpus;
};

const char *crash_papr_first_cpu(struct crash_papr_cursor *cur, const void *buf, size_t size);
int crash_papr_next_cpu(struct crash_papr_cursor *cur, struct crash_firmware_cpu *cpu);

#endif /* _LINUX_CRASH_PAPR_H */
