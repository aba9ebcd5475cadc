/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Crash dumps with the help of firmware: it saves low memory and the registers of
 * the CPUs when the kernel dies, and starts the same kernel again in low memory
 * only. All other memory is left as it was.
 *
 *	0            boot memory            area                         end of RAM
 *	|............|......................|.....................|............|
 *	 saved, then   kept as it was        copy of boot memory,   kept as it was
 *	 used again                          registers, header
 */
#ifndef _LINUX_CRASH_FIRMWARE_H
#define _LINUX_CRASH_FIRMWARE_H

#include <linux/range.h>
#include <linux/types.h>

struct pt_regs;
struct crash_mem;

/* Pieces of boot memory at most: firmware takes ten sections, three are not memory. */
#define CRASH_FIRMWARE_MAX_COPIES	7
/* All addresses and sizes below are multiples of it: the largest page of a kernel. */
#define CRASH_FIRMWARE_ALIGN		0x10000ULL
/* Room for the header that the dying kernel leaves for the next one. */
#define CRASH_FIRMWARE_HEADER_SIZE	CRASH_FIRMWARE_ALIGN
/* In that room, parameters that the next kernel appends to its command line. */
#define CRASH_FIRMWARE_ARGS_OFFSET	0x8000
#define CRASH_FIRMWARE_ARGS_SIZE	0x800

/**
 * struct crash_firmware_copy - a piece of boot memory that firmware saves
 * @old_pa: where the kernel has it
 * @now_pa: where firmware copies it to
 * @size: bytes
 * @saved: after a crash: bytes of it that firmware has copied, in whole pages
 */
struct crash_firmware_copy {
	u64 old_pa;
	u64 now_pa;
	u64 size;
	u64 saved;
};

/**
 * struct crash_firmware_layout - the memory that firmware saves, and its places
 * @nr_copies: entries in @copies
 * @copies: boot memory, ascending by both addresses, the copies in one piece
 * @cpus_pa: where the registers of the CPUs go, behind the copies
 * @cpus_size: bytes that firmware needs for that
 * @cpus_saved: after a crash: bytes of that which firmware has written
 * @hpte_pa: where the hash page table goes, behind the registers
 * @hpte_size: bytes, 0 where firmware does not save it
 * @has_args: early code of the next kernel can read the parameters that it appends to its
 *	command line, and firmware knows their place
 */
struct crash_firmware_layout {
	u32 nr_copies;
	struct crash_firmware_copy copies[CRASH_FIRMWARE_MAX_COPIES];
	u64 cpus_pa;
	u64 cpus_size;
	u64 cpus_saved;
	u64 hpte_pa;
	u64 hpte_size;
	bool has_args;
};

/* lib/crash/firmware.c */
u64 crash_firmware_place(struct crash_firmware_layout *layout, u64 area);
u64 crash_firmware_args_pa(const struct crash_firmware_layout *layout);
u64 crash_firmware_header_pa(const struct crash_firmware_layout *layout);
u64 crash_firmware_boot_end(const struct crash_firmware_layout *layout);
struct range crash_firmware_area(const struct crash_firmware_layout *layout);
bool crash_firmware_is_args(const char *args, size_t len);
const char *crash_firmware_check(const struct crash_firmware_layout *layout, u64 limit);

/**
 * enum crash_firmware_state - the agreement of firmware and kernel
 * @CRASH_FIRMWARE_OFF: there is no such firmware, or it was not asked for
 * @CRASH_FIRMWARE_IDLE: memory is set aside, firmware does not know of it
 * @CRASH_FIRMWARE_REGISTERED: firmware makes a dump if the kernel dies
 * @CRASH_FIRMWARE_DUMP: the kernel before this one died; its memory is kept
 */
enum crash_firmware_state {
	CRASH_FIRMWARE_OFF,
	CRASH_FIRMWARE_IDLE,
	CRASH_FIRMWARE_REGISTERED,
	CRASH_FIRMWARE_DUMP,
};

/**
 * struct crash_firmware_cpu - registers that firmware has saved of a CPU
 * @id: firmware's number of it
 * @regs: as in the note, struct elf_prstatus
 */
struct crash_firmware_cpu {
	u32 id;
	u64 regs[48];
};

/**
 * struct crash_firmware_ops - the part of a platform's firmware in a dump
 * @enlist: ask firmware to make a dump by the layout when the kernel dies. 0 or an errno
 * @withdraw: the opposite. 0 or an errno
 * @trigger: tell firmware that the kernel dies. Returns if firmware does not act.
 *	From a panic: no locks, no allocation
 * @first_cpu: begin to read the registers that firmware has saved. NULL, or a
 *	text that names the error in them
 * @next_cpu: those of the next CPU. 1; 0 if there is none; -EBADMSG if the rest is
 *	damaged
 * @invalidate: tell firmware that its dump has been taken. 0 or an errno
 * @elf_flags: e_flags of a core file
 *
 * Each but @trigger may sleep, and no two are called at a time, but for @trigger.
 */
struct crash_firmware_ops {
	int (*enlist)(const struct crash_firmware_layout *layout);
	int (*withdraw)(const struct crash_firmware_layout *layout);
	void (*trigger)(const char *why);
	const char *(*first_cpu)(const void *buf, size_t size);
	int (*next_cpu)(struct crash_firmware_cpu *cpu);
	int (*invalidate)(const struct crash_firmware_layout *layout);
	u32 elf_flags;
};

/* kernel/crash_firmware.c */
int crash_firmware_start(const struct crash_firmware_ops *ops,
			 const struct crash_firmware_layout *layout,
			 const struct crash_mem *kept);
enum crash_firmware_state crash_firmware_state(void);
int crash_firmware_create_files(void);
void crash_firmware_crash(struct pt_regs *regs, u32 id, const char *why);
void crash_firmware_stop(void);

#endif /* _LINUX_CRASH_FIRMWARE_H */
