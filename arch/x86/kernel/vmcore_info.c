// SPDX-License-Identifier: GPL-2.0
/*
 * What tools must know about x86 to read a dump, for the vmcoreinfo note.
 */
#include <linux/mmzone.h>
#include <linux/pgtable.h>
#include <linux/vmcore_info.h>

#include <asm/setup.h>

#ifdef CONFIG_NUMA
static void save_nodes(void)
{
	VMCOREINFO_SYMBOL(node_data);
	VMCOREINFO_LENGTH(node_data, MAX_NUMNODES);
}
#else
static void save_nodes(void)
{
}
#endif

#ifdef CONFIG_X86_64
static void save_page_tables(void)
{
	VMCOREINFO_NUMBER(phys_base);
	VMCOREINFO_SYMBOL(init_top_pgt);
	vmcoreinfo_append_str("NUMBER(pgtable_l5_enabled)=%d\n",
			      pgtable_l5_enabled());
}

static void save_address_space(void)
{
	u64 sme_mask = sme_me_mask;

	vmcoreinfo_append_str("KERNELOFFSET=%lx\n", kaslr_offset());
	VMCOREINFO_NUMBER(KERNEL_IMAGE_SIZE);
	VMCOREINFO_NUMBER(sme_mask);
}
#else
static void save_page_tables(void)
{
}

static void save_address_space(void)
{
	if (IS_ENABLED(CONFIG_X86_PAE))
		VMCOREINFO_CONFIG(X86_PAE);
}
#endif

/**
 * arch_crash_save_vmcoreinfo() - add what x86 has to say to vmcoreinfo
 *
 * Entry names are those that makedumpfile, crash and drgn look for.
 *
 * Context: Boot, once, from the initcall that makes the note.
 */
void arch_crash_save_vmcoreinfo(void)
{
	save_page_tables();
	save_nodes();
	save_address_space();
}
