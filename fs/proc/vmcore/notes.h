/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The crashed kernel's notes, gathered from its PT_NOTE segments into one.
 */
#ifndef _FS_PROC_VMCORE_NOTES_H
#define _FS_PROC_VMCORE_NOTES_H

#include <linux/types.h>

/* 8192 CPUs with 500 bytes each in one segment, as firmware leaves them. */
#define VMCORE_MAX_NOTE_SEGMENT	(4U << 20)
/* All notes together, where they are read and where they are gathered. */
#define VMCORE_MAX_NOTES	(16U << 20)

/*
 * Thread ids of idle tasks: PID_MAX_LIMIT of 64-bit kernels, so that no task of
 * the crashed kernel has any of them, plus the number of the CPU.
 */
#define VMCORE_IDLE_PID		0x400000U

/**
 * struct vmcore_notes - notes that have been gathered
 * @buf: where they go; NULL to find out how much room they need
 * @room: bytes at @buf, up to VMCORE_MAX_NOTES
 * @size: bytes that they take so far
 * @nr_bad: notes left out because they cannot be right, or are too much
 * @nr_cpus: CPUs whose registers have been met, and those passed over
 * @machine: e_machine of the crashed kernel, which the form of notes depends on
 */
struct vmcore_notes {
	void *buf;
	size_t room;
	size_t size;
	u32 nr_bad;
	u32 nr_cpus;
	u16 machine;
};

void vmcore_notes_add(struct vmcore_notes *notes, u32 index,
		      const void *segment, size_t len);

#endif /* _FS_PROC_VMCORE_NOTES_H */
