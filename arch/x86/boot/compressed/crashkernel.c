// SPDX-License-Identifier: GPL-2.0
/*
 * Which memory a crashkernel= option reserves at a fixed address: the kernel
 * must not be put there. Used by kaslr.c, which places the kernel.
 */

/* Word splitting wants isspace(), so linux/ctype.h, not boot/ctype.h. */
#define BOOT_CTYPE_H

#include "misc.h"
#include "crashkernel.h"

#include <linux/crash_param.h>
#include <linux/init.h>
#include <asm/e820/types.h>

#define _SETUP
#include <asm/setup.h>	/* For COMMAND_LINE_SIZE */
#undef _SETUP

/* Here all code is for boot time only. */
#undef __init
#define __init
#include "../../../../lib/crash/param.c"

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
 * crashkernel_region - find the region that crashkernel= reserves, if fixed
 * @mem_limit: memory from this address on is not used
 * @region: result; of size 0 if the option does not fix an address
 *
 * A capture kernel runs inside the reservation of the kernel before it, and has
 * often been given that kernel's command line: there the option does not count.
 * elfcorehdr= tells a capture kernel.
 *
 * An option with errors reserves nothing. The kernel proper reports them.
 *
 * Context: Decompressor, with boot_params_ptr and the heap set up.
 */
void crashkernel_region(u64 mem_limit, struct mem_vector *region)
{
	const char *args = (const char *)get_cmd_line_ptr();
	struct crashkernel_error err;
	struct crashkernel_spec spec;
	char *cmdline;
	size_t len;

	region->start = 0;
	region->size = 0;
	if (!args || cmdline_find_option("crashkernel", NULL, 0) < 0 ||
	    cmdline_find_option("elfcorehdr", NULL, 0) >= 0)
		return;

	len = strnlen(args, COMMAND_LINE_SIZE - 1);
	cmdline = malloc(len + 1);
	if (!cmdline)
		return;
	memcpy(cmdline, args, len);
	cmdline[len] = '\0';

	if (!crashkernel_parse(cmdline, count_ram(mem_limit), &spec, &err) && spec.fixed) {
		region->start = spec.base;
		region->size = spec.size;
	}
	free(cmdline);
}
