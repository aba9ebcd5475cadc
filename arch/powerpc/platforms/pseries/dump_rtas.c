// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps by the firmware of pseries: the calls.
 */
#define pr_fmt(fmt) "pseries dump: " fmt

#include <linux/crash_papr.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/printk.h>
#include <linux/seq_file.h>

#include <asm/page.h>
#include <asm/ptrace.h>
#include <asm/rtas.h>

#include "dump.h"

/* What ibm,configure-kernel-dump is to do. */
enum dump_command {
	DUMP_REGISTER = 1,
	DUMP_UNREGISTER = 2,
	DUMP_INVALIDATE = 3,
};

/* Firmware that is busy for longer than this is given up, in milliseconds. */
#define MAX_BUSY_MS	60000

/* Firmware reads it by its real address, of 32 bits. */
static u8 dump_structure[CRASH_PAPR_MAX_SIZE] __aligned(8);

static struct crash_papr_cursor dump_cpus;

/* What fadump_region of debugfs shows. */
static const struct crash_firmware_layout *shown_layout;

/* Also called when the machine goes down, when nothing may sleep. */
static int call_firmware(enum dump_command command, size_t size)
{
	int token = rtas_function_token(RTAS_FN_IBM_CONFIGURE_KERNEL_DUMP);
	unsigned int busy, waited = 0;
	int status;

	do {
		status = rtas_call(token, 3, 1, NULL, command,
				   (u32)__pa(dump_structure), (u32)size);
		busy = rtas_busy_delay_time(status);
		waited += busy;
		if (busy)
			mdelay(busy);
	} while (busy && waited < MAX_BUSY_MS);

	switch (status) {
	case 0:
		return 0;
	case -3:
		return -EINVAL;
	case -9:
		return -EEXIST;
	default:
		return busy ? -ETIMEDOUT : -EIO;
	}
}

static int enlist_rtas_dump(const struct crash_firmware_layout *layout)
{
	size_t size = crash_papr_encode(layout, dump_structure, sizeof(dump_structure));
	int err = call_firmware(DUMP_REGISTER, size);

	/* What firmware knows may be of a kernel before this one. */
	if (err == -EEXIST && !call_firmware(DUMP_UNREGISTER, size))
		err = call_firmware(DUMP_REGISTER, size);
	if (err)
		pr_err("firmware does not register a dump (%d)\n", err);
	return err;
}

static int withdraw_rtas_dump(const struct crash_firmware_layout *layout)
{
	return call_firmware(DUMP_UNREGISTER,
			     crash_papr_encode(layout, dump_structure, sizeof(dump_structure)));
}

static int invalidate_rtas_dump(const struct crash_firmware_layout *layout)
{
	return call_firmware(DUMP_INVALIDATE,
			     crash_papr_encode(layout, dump_structure, sizeof(dump_structure)));
}

static void trigger_rtas_dump(const char *why)
{
	rtas_os_term((char *)why);
}

static const char *find_first_rtas_cpu(const void *buf, size_t size)
{
	return crash_papr_first_cpu(&dump_cpus, buf, size);
}

static int find_next_rtas_cpu(struct crash_firmware_cpu *cpu)
{
	int got = crash_papr_next_cpu(&dump_cpus, cpu);

	/* The crashed CPU's are of the kernel that died. */
	if (got > 0 && !cpu->regs[PT_LNK])
		pr_info_once("firmware has not saved LR: 0 stands for it in the registers\n");
	return got;
}

const struct crash_firmware_ops rtas_dump_ops = {
	.enlist = enlist_rtas_dump,
	.withdraw = withdraw_rtas_dump,
	.trigger = trigger_rtas_dump,
	.first_cpu = find_first_rtas_cpu,
	.next_cpu = find_next_rtas_cpu,
	.invalidate = invalidate_rtas_dump,
	.elf_flags = IS_ENABLED(CONFIG_PPC64_ELF_ABI_V2) ? 2 : 1,
};

static void show_area(struct seq_file *m, const char *kind, u64 start, u64 size, u64 saved)
{
	seq_printf(m, "%s:[%#016llx-%#016llx] %#llx bytes, Dumped: %#llx\n",
		   kind, start, start + size - 1, size, saved);
}

static int fadump_region_show(struct seq_file *m, void *unused)
{
	const struct crash_firmware_layout *layout = shown_layout;
	bool dump = crash_firmware_state() == CRASH_FIRMWARE_DUMP;
	const struct crash_firmware_copy *copy = layout->copies;
	u64 args = crash_firmware_args_pa(layout);
	u32 i;

	show_area(m, "CPU ", layout->cpus_pa, layout->cpus_size, dump ? layout->cpus_saved : 0);
	show_area(m, "HPTE", layout->hpte_pa, layout->hpte_size, dump ? layout->hpte_size : 0);
	for (i = 0; i < layout->nr_copies; i++, copy++)
		seq_printf(m, "DUMP: Src: %#016llx, Dest: %#016llx, Size: %#llx, Dumped: %#llx bytes\n",
			   copy->old_pa, copy->now_pa, copy->size, dump ? copy->saved : 0);
	if (layout->has_args)
		seq_printf(m, "\n[%#016llx-%#016llx]: cmdline append: '%.*s'\n",
			   args, args + CRASH_FIRMWARE_ARGS_SIZE - 1,
			   CRASH_FIRMWARE_ARGS_SIZE, (const char *)__va(args));
	if (dump)
		seq_printf(m, "\nMemory above %#016llx is reserved for saving crash dump\n",
			   crash_firmware_boot_end(layout));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fadump_region);

/**
 * rtas_dump_create_file() - make powerpc/fadump_region in debugfs
 * @layout: what it shows; stays
 *
 * Context: Once, while the kernel starts.
 */
void __init rtas_dump_create_file(const struct crash_firmware_layout *layout)
{
	shown_layout = layout;
	debugfs_create_file("fadump_region", 0444, arch_debugfs_dir, NULL, &fadump_region_fops);
}
