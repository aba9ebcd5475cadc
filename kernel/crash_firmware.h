/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Declarations for the files of kernel/ that make dumps with the help of firmware.
 */
#ifndef _KERNEL_CRASH_FIRMWARE_H
#define _KERNEL_CRASH_FIRMWARE_H

#include <linux/crash_firmware.h>
#include <linux/range.h>
#include <linux/types.h>

struct kobject;

/* "CRASHFW1", in the byte order of the kernel that wrote it */
#define CRASH_FIRMWARE_MAGIC	0x4352415348465731ULL
#define CRASH_FIRMWARE_NO_CPU	U32_MAX

/* So many lines of the longest kind fit the page that sysfs gives to release_region. */
#define CRASH_FIRMWARE_MAX_PIECES	80
/* While the pieces are written, there are so many. */
#define CRASH_FIRMWARE_CHANGING		U32_MAX

/**
 * struct crash_firmware_header - the part of a dump that the dying kernel leaves
 * @magic: CRASH_FIRMWARE_MAGIC
 * @size: bytes of the structure
 * @cpu: firmware's number of the CPU that crashed, or CRASH_FIRMWARE_NO_CPU
 * @vmcoreinfo_pa: physical address of the note in the kernel that dies
 * @vmcoreinfo_size: bytes there
 * @note_size: bytes of @note, 0 until the crash
 * @nr_left: pieces in @left; 0 until memory of the dump has been given back
 * @tries: kernels that have begun to save the dump
 * @reserved: 0
 * @note: the note with the registers of @cpu
 * @left: memory that the dump still has. If the kernel that saves it dies, too, the one
 *	after it sees from this which memory the dump still has
 */
struct crash_firmware_header {
	u64 magic;
	u32 size;
	u32 cpu;
	u64 vmcoreinfo_pa;
	u64 vmcoreinfo_size;
	u32 note_size;
	u32 nr_left;
	u32 tries;
	u32 reserved;
	u8 note[4096];
	struct range left[CRASH_FIRMWARE_MAX_PIECES];
};

/* kernel/crash_source_firmware.c */
int crash_firmware_collect(const struct crash_firmware_ops *ops,
			   const struct crash_firmware_layout *layout,
			   const struct crash_mem *kept);
void crash_firmware_forget(void);

/* kernel/crash_release.c */
int crash_release_start(const struct crash_firmware_layout *layout,
			const struct crash_mem *kept);
int crash_release_all(void);
int crash_release_create_file(void);

/* kernel/crash_firmware.c */
int crash_firmware_register(bool wanted);
struct crash_firmware_header *crash_firmware_dump_header(void);
char *crash_firmware_args(void);
void crash_firmware_taken(void);
u64 crash_firmware_reserved(void);

#endif /* _KERNEL_CRASH_FIRMWARE_H */
