// SPDX-License-Identifier: GPL-2.0
/*
 * Crash dumps that firmware makes: the agreement with it, and the steps of the dying
 * kernel. The steps of the next kernel are in crash_source_firmware.c and
 * crash_release.c.
 */
#define pr_fmt(fmt) "crash_firmware: " fmt

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/crash_core.h>
#include <linux/crash_dump.h>
#include <linux/crash_ranges.h>
#include <linux/crash_source.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/panic.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/ptrace.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmcore_info.h>

#include "crash_firmware.h"

/* So many kernels may begin to save a dump, and die. */
#define MAX_TRIES	3

/* The agreement. A panic reads all members without the lock. */
static struct {
	struct mutex lock;		/* for changes of @state, and calls of @ops */
	enum crash_firmware_state state;
	const struct crash_firmware_ops *ops;
	struct crash_firmware_layout layout;
	struct crash_firmware_header *header;
} crash_firmware = {
	.lock = __MUTEX_INITIALIZER(crash_firmware.lock),
};

static_assert(sizeof(struct crash_firmware_header) <= CRASH_FIRMWARE_ARGS_OFFSET);
static_assert(CRASH_FIRMWARE_ARGS_OFFSET + CRASH_FIRMWARE_ARGS_SIZE <= CRASH_FIRMWARE_HEADER_SIZE);
static_assert(sizeof(note_buf_t) <= sizeof_field(struct crash_firmware_header, note));

/**
 * crash_firmware_state() - the agreement of firmware and kernel
 *
 * Context: Any.
 * Return: the state.
 */
enum crash_firmware_state crash_firmware_state(void)
{
	return READ_ONCE(crash_firmware.state);
}

/**
 * crash_firmware_reserved() - how much memory is set aside for a dump
 *
 * Context: Any.
 * Return: bytes.
 */
u64 crash_firmware_reserved(void)
{
	struct range area = crash_firmware_area(&crash_firmware.layout);

	return crash_firmware.ops ? range_len(&area) : 0;
}

/**
 * crash_firmware_dump_header() - the header that the kernel that died has left
 *
 * Context: After crash_firmware_start() has begun.
 * Return: the header, or NULL if it is none of this version.
 */
struct crash_firmware_header *crash_firmware_dump_header(void)
{
	struct crash_firmware_header *header = crash_firmware.header;

	if (header->magic != CRASH_FIRMWARE_MAGIC || header->size != sizeof(*header))
		return NULL;
	return header;
}

/**
 * crash_firmware_args() - parameters that the next kernel appends to its command line
 *
 * Context: Any.
 * Return: CRASH_FIRMWARE_ARGS_SIZE bytes, or NULL if it could not read them.
 */
char *crash_firmware_args(void)
{
	if (!crash_firmware.layout.has_args)
		return NULL;
	return (char *)crash_firmware.header + CRASH_FIRMWARE_ARGS_OFFSET;
}

static void reset_header(struct crash_firmware_header *header)
{
	memset(header, 0, sizeof(*header));
	header->magic = CRASH_FIRMWARE_MAGIC;
	header->size = sizeof(*header);
	header->cpu = CRASH_FIRMWARE_NO_CPU;
	header->vmcoreinfo_pa = paddr_vmcoreinfo_note();
	header->vmcoreinfo_size = VMCOREINFO_NOTE_SIZE;
}

static int enlist_kernel(void)
{
	int err;

	lockdep_assert_held(&crash_firmware.lock);
	reset_header(crash_firmware.header);
	err = crash_firmware.ops->enlist(&crash_firmware.layout);
	if (!err)
		WRITE_ONCE(crash_firmware.state, CRASH_FIRMWARE_REGISTERED);
	return err;
}

static int withdraw_kernel(void)
{
	int err;

	lockdep_assert_held(&crash_firmware.lock);
	if (crash_firmware.state != CRASH_FIRMWARE_REGISTERED)
		return 0;
	err = crash_firmware.ops->withdraw(&crash_firmware.layout);
	if (!err)
		WRITE_ONCE(crash_firmware.state, CRASH_FIRMWARE_IDLE);
	return err;
}

/**
 * crash_firmware_register() - have firmware make a dump when the kernel dies, or not
 * @wanted: it is to do so; if it does already, it is told again
 *
 * Context: May sleep.
 * Return: 0; -EPERM while there is a dump, or without such firmware; an errno of the
 * platform's.
 */
int crash_firmware_register(bool wanted)
{
	int err;

	guard(mutex)(&crash_firmware.lock);
	if (crash_firmware.state == CRASH_FIRMWARE_OFF ||
	    crash_firmware.state == CRASH_FIRMWARE_DUMP)
		return -EPERM;
	err = withdraw_kernel();
	return err || !wanted ? err : enlist_kernel();
}

/* Let firmware forget its dump, and wait for the next crash. */
static void renew_agreement(void)
{
	int err;

	lockdep_assert_held(&crash_firmware.lock);
	err = crash_firmware.ops->invalidate(&crash_firmware.layout);
	if (!err) {
		WRITE_ONCE(crash_firmware.state, CRASH_FIRMWARE_IDLE);
		err = enlist_kernel();
	}
	if (err)
		pr_err("a further crash leaves no dump (%d)\n", err);
	else
		pr_info("ready for the next crash\n");
}

/**
 * crash_firmware_taken() - the memory of the dump has all been given back
 *
 * Context: May sleep.
 */
void crash_firmware_taken(void)
{
	if (IS_ENABLED(CONFIG_PROC_VMCORE))
		vmcore_cleanup();
	crash_source_retire(CRASH_DUMP_CONSUMED);
	crash_firmware_forget();

	guard(mutex)(&crash_firmware.lock);
	if (crash_firmware.state == CRASH_FIRMWARE_DUMP)
		renew_agreement();
}

/* A kernel that panics keeps its dump. One that always dies of it has to stop some time. */
static int count_tries(void)
{
	struct crash_firmware_header *header = crash_firmware_dump_header();

	if (!header || header->tries++ < MAX_TRIES)
		return 0;
	pr_err("%u kernels have died with this dump, it is given up\n", MAX_TRIES);
	return -ELOOP;
}

static int show_dump(const struct crash_firmware_layout *layout,
		     const struct crash_mem *kept)
{
	int err = crash_release_start(layout, kept);

	if (!err)
		err = count_tries();
	WRITE_ONCE(crash_firmware.state, CRASH_FIRMWARE_DUMP);
	if (!err)
		err = crash_firmware_collect(crash_firmware.ops, layout, kept);
	if (!err)
		return 0;
	crash_source_retire(CRASH_DUMP_UNUSABLE);
	return crash_release_all();
}

/**
 * crash_firmware_start() - begin to work with firmware
 * @ops: the platform's part, of static life
 * @layout: the memory that is set aside, or in case of a dump that firmware has used
 * @kept: memory of the kernel that died which was kept, @layout's included; NULL if none
 *	died
 *
 * Context: Once, while the kernel starts, before file systems. May sleep.
 * Return: 0 or an errno.
 */
int crash_firmware_start(const struct crash_firmware_ops *ops,
			 const struct crash_firmware_layout *layout,
			 const struct crash_mem *kept)
{
	int err;

	crash_firmware.header = memremap(crash_firmware_header_pa(layout),
					 CRASH_FIRMWARE_HEADER_SIZE, MEMREMAP_WB);
	if (!crash_firmware.header)
		return -ENOMEM;
	crash_firmware.layout = *layout;
	crash_firmware.ops = ops;
	if (kept) {
		err = show_dump(layout, kept);
	} else {
		guard(mutex)(&crash_firmware.lock);
		memset((char *)crash_firmware.header + CRASH_FIRMWARE_ARGS_OFFSET, 0,
		       CRASH_FIRMWARE_ARGS_SIZE);
		WRITE_ONCE(crash_firmware.state, CRASH_FIRMWARE_IDLE);
		err = enlist_kernel();
	}
	if (err)
		pr_err("no dump by firmware (%d)\n", err);
	return crash_firmware_create_files();
}

/**
 * crash_firmware_crash() - the kernel dies: let firmware make the dump
 * @regs: of this CPU
 * @id: firmware's number of this CPU
 * @why: for firmware's log
 *
 * Context: On the CPU that panics, which is alone in this. Any other context.
 * Returns only if there is no agreement, or firmware does nothing.
 */
void crash_firmware_crash(struct pt_regs *regs, u32 id, const char *why)
{
	struct crash_firmware_header *header = crash_firmware.header;
	int cpu = raw_smp_processor_id();

	if (crash_firmware_state() != CRASH_FIRMWARE_REGISTERED)
		return;
	crash_save_vmcoreinfo();
	crash_save_cpu(regs, cpu);
	if (crash_notes) {
		memcpy(header->note, per_cpu_ptr(crash_notes, cpu), sizeof(note_buf_t));
		header->note_size = sizeof(note_buf_t);
	}
	header->cpu = id;
	crash_firmware.ops->trigger(why);

	/* Firmware has not acted. kdump or panic= take over. */
	pr_emerg("firmware makes no dump\n");
	WRITE_ONCE(crash_firmware.state, CRASH_FIRMWARE_IDLE);
}

/**
 * crash_firmware_stop() - this kernel ends by itself
 *
 * A dump that nobody has taken is given up, as its memory is; but not if the kernel that was to
 * save it panics: the next one may.
 *
 * Context: Any in which the platform's firmware can be called.
 */
void crash_firmware_stop(void)
{
	/* Others may have been stopped with the lock held. */
	bool locked = mutex_trylock(&crash_firmware.lock);
	enum crash_firmware_state state = crash_firmware.state;

	if (state == CRASH_FIRMWARE_DUMP && atomic_read(&panic_cpu) == PANIC_CPU_INVALID)
		crash_firmware.ops->invalidate(&crash_firmware.layout);
	else if (state == CRASH_FIRMWARE_REGISTERED)
		crash_firmware.ops->withdraw(&crash_firmware.layout);
	if (state != CRASH_FIRMWARE_OFF)
		WRITE_ONCE(crash_firmware.state, CRASH_FIRMWARE_IDLE);
	if (locked)
		mutex_unlock(&crash_firmware.lock);
}
