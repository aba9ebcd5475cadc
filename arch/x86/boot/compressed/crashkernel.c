// SPDX-License-Identifier: GPL-2.0
/*
 * Which memory a crashkernel= option reserves at a fixed address: the kernel
 * must not be put there. Used by kaslr.c and by the EFI stub, which place the
 * kernel.
 */

/* Word splitting wants isspace(), so linux/ctype.h, not boot/ctype.h. */
#define BOOT_CTYPE_H

#include "misc.h"
#include "crashkernel.h"

#include <linux/crash_param.h>
#include <linux/init.h>
#include <asm/crashkernel.h>
#include <asm/e820/types.h>

#define _SETUP
#include <asm/setup.h>	/* For COMMAND_LINE_SIZE */
#undef _SETUP

/* Here all code is for boot time only. */
#undef __init
#define __init
#include "../../../../lib/crash/param.c"
#include "../../../../lib/crash/param_value.c"

#ifdef CONFIG_CMDLINE_BOOL
static const char built_in[] = CONFIG_CMDLINE;
#else
static const char built_in[] = "";
#endif

/* The command line as the kernel proper will have it; used by one at a time. */
static char cmdline[COMMAND_LINE_SIZE];

static size_t append_text(size_t len, const char *text)
{
	while (*text && len < sizeof(cmdline) - 1)
		cmdline[len++] = *text++;
	cmdline[len] = '\0';
	return len;
}

/* Join it as setup_arch() does. */
static void read_cmdline(void)
{
	const char *args = (const char *)get_cmd_line_ptr();
	size_t len = append_text(0, built_in);

	if (IS_ENABLED(CONFIG_CMDLINE_OVERRIDE) || !args)
		return;
	if (len)
		len = append_text(len, " ");
	append_text(len, args);
}

/*
 * A capture kernel runs inside the reservation of the kernel before it, and has
 * often been given that kernel's command line: there the option does not count.
 */
static bool is_capture_kernel(void)
{
	const char *found = strstr(cmdline, "elfcorehdr=");

	return found && (found == cmdline || isspace(found[-1]));
}

/**
 * crashkernel_fixed - find the memory that crashkernel= fixes
 * @ram: RAM of this machine, bytes
 * @start: result: physical address
 * @size: result: bytes
 *
 * An option that is wrong reserves nothing. The kernel proper reports it.
 *
 * Context: Decompressor or EFI stub, with boot_params_ptr set up.
 * Return: whether there is any; without it the results are not set.
 */
bool crashkernel_fixed(u64 ram, u64 *start, u64 *size)
{
	struct crashkernel_error err;
	struct crashkernel_spec spec;

	read_cmdline();
	if (is_capture_kernel() ||
	    crashkernel_parse(cmdline, ram, &spec, &err) || !spec.fixed)
		return false;
	*start = spec.base;
	*size = spec.size;
	return true;
}

/* RAM below @mem_limit as the e820 table has it, bytes. */
static u64 count_ram(u64 mem_limit)
{
	const struct boot_e820_entry *entry = boot_params_ptr->e820_table;
	u64 ram = 0;
	int i;

	for (i = 0; i < boot_params_ptr->e820_entries; i++, entry++)
		if (entry->type == E820_TYPE_RAM && entry->addr < mem_limit)
			ram += min(entry->size, mem_limit - entry->addr);
	return ram;
}

/**
 * crashkernel_region - crashkernel_fixed() for kaslr.c
 * @mem_limit: memory from this address on is not used
 * @region: result; of size 0 if the option does not fix an address
 *
 * Context: Decompressor, with boot_params_ptr set up.
 */
void crashkernel_region(u64 mem_limit, struct mem_vector *region)
{
	if (!crashkernel_fixed(count_ram(mem_limit), &region->start, &region->size))
		region->size = 0;
}
