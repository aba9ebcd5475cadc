// SPDX-License-Identifier: GPL-2.0
/*
 * kexec_file_load() of a capture kernel on x86: the segments that it has beside
 * the kernel itself, and the memory map that it is given.
 */
#define pr_fmt(fmt) "crash: " fmt

#include <linux/cleanup.h>
#include <linux/crash_headers.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <asm/bootparam.h>
#include <asm/crash.h>
#include <asm/e820/types.h>

/* The reservation, without ELF headers and backup: two splits at most. */
#define CRASHK_RANGES	3

/**
 * struct e820_fill - memory map entries of one kind on their way
 * @params: boot parameters of the capture kernel
 * @type: E820_TYPE_*
 */
struct e820_fill {
	struct boot_params *params;
	enum e820_type type;
};

static int add_e820(struct boot_params *params, u64 start, u64 end,
		    enum e820_type type)
{
	if (params->e820_entries >= ARRAY_SIZE(params->e820_table)) {
		pr_err("the memory map has no room for more than %zu entries\n",
		       ARRAY_SIZE(params->e820_table));
		return -E2BIG;
	}
	params->e820_table[params->e820_entries++] = (struct boot_e820_entry) {
		.addr = start,
		.size = end - start + 1,
		.type = type,
	};
	return 0;
}

static int add_resource(struct resource *res, void *arg)
{
	const struct e820_fill *fill = arg;

	return add_e820(fill->params, res->start, res->end, fill->type);
}

/* What this kernel's own memory map has, and a capture kernel needs to know. */
static int add_firmware_map(struct boot_params *params)
{
	static const struct {
		enum e820_type type;
		unsigned long desc;
		unsigned long flags;
		u64 end;
	} kinds[] = {
		{ E820_TYPE_RAM, IORES_DESC_NONE,
		  IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, SZ_1M - 1 },
		{ E820_TYPE_ACPI, IORES_DESC_ACPI_TABLES,
		  IORESOURCE_MEM | IORESOURCE_BUSY, U64_MAX },
		{ E820_TYPE_NVS, IORES_DESC_ACPI_NV_STORAGE,
		  IORESOURCE_MEM | IORESOURCE_BUSY, U64_MAX },
		{ E820_TYPE_RESERVED, IORES_DESC_RESERVED,
		  IORESOURCE_MEM, U64_MAX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct e820_fill fill = { params, kinds[i].type };
		int ret = walk_iomem_res_desc(kinds[i].desc, kinds[i].flags, 0,
					      kinds[i].end, &fill, add_resource);

		/* -EINVAL is the answer if there is none of that kind. */
		if (ret == -E2BIG)
			return ret;
	}
	return 0;
}

/* Headers and backup are to be read as old memory, not to be overwritten. */
static int exclude_segments(struct crash_mem *mem, const struct kimage *image)
{
	int ret;

	ret = crash_exclude_mem_range(mem, image->elf_load_addr,
				      image->elf_load_addr +
				      image->elf_headers_sz - 1);
	if (ret)
		return ret;

	return crash_exclude_mem_range(mem, image->arch.backup.mem,
				       image->arch.backup.mem +
				       CRASH_BACKUP_SIZE - 1);
}

/**
 * crash_setup_memmap_entries() - make the memory map of the capture kernel
 * @image: the image, with the segments of crash_load_segments()
 * @params: its boot parameters; e820_table is filled, e820_entries updated
 *
 * RAM is what has been reserved for it, and low memory.
 *
 * Context: Process context with the kexec lock held.
 * Return: 0; -ENOMEM; -E2BIG if the table overflows. A capture kernel that does
 * not know all of its RAM may fail to boot, which is better known now.
 */
int crash_setup_memmap_entries(struct kimage *image, struct boot_params *params)
{
	unsigned int i;
	int ret;

	struct crash_mem *mem __free(kvfree) =
		kvzalloc(struct_size(mem, ranges, CRASHK_RANGES), GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	mem->max_nr_ranges = CRASHK_RANGES;

	ret = add_firmware_map(params);
	if (!ret && crashk_low_res.end)
		ret = add_e820(params, crashk_low_res.start, crashk_low_res.end,
			       E820_TYPE_RAM);
	ret = ret ?: crash_add_mem_range(mem, crashk_res.start, crashk_res.end);
	ret = ret ?: exclude_segments(mem, image);

	for (i = 0; !ret && i < mem->nr_ranges; i++)
		ret = add_e820(params, mem->ranges[i].start, mem->ranges[i].end,
			       E820_TYPE_RAM);
	return ret;
}

static int add_headers(struct kimage *image, const struct crash_low *low)
{
	struct kexec_buf kbuf = {
		.image = image,
		.buf_align = ELF_CORE_HEADER_ALIGN,
		.buf_max = ULONG_MAX,
		.mem = KEXEC_BUF_MEM_UNKNOWN,
	};
	int ret;

	ret = crash_create_headers(low, true, &kbuf.buffer, &kbuf.bufsz);
	if (ret)
		return ret;

	/* Freed with the image from here on, whatever happens. */
	image->elf_headers = kbuf.buffer;

	/* Memory that is plugged in later is described in the same place. */
	kbuf.memsz = max_t(unsigned long, kbuf.bufsz, crash_get_elfcorehdr_size());
	crash_set_headers_segment(image, image->nr_segments);
	ret = kexec_add_buffer(&kbuf);
	if (ret)
		return ret;

	image->elf_load_addr = kbuf.mem;
	image->elf_headers_sz = kbuf.memsz;
	return 0;
}

/**
 * crash_load_segments() - add ELF headers and backup of low memory to an image
 * @image: the image that is being loaded, without any segment so far
 *
 * Context: Process context with the kexec lock held.
 * Return: 0; the error of kexec_add_buffer() if they do not fit into what is
 * reserved; the error of crash_create_headers().
 */
int crash_load_segments(struct kimage *image)
{
	int ret;

	struct crash_low *low __free(kfree) = kzalloc(sizeof(*low), GFP_KERNEL);
	if (!low)
		return -ENOMEM;

	ret = crash_backup_add_segment(image);
	ret = ret ?: crash_backup_describe(image, low);
	ret = ret ?: add_headers(image, low);
	if (ret)
		return ret;

	kexec_dprintk("ELF headers at %#lx, %#lx bytes; low memory is saved at %#lx\n",
		      image->elf_load_addr, image->elf_headers_sz,
		      image->arch.backup.mem);
	return 0;
}
