// SPDX-License-Identifier: GPL-2.0
/*
 * Has kexec_file_load() take an ELF vmlinux, as kexec_load() always did.
 *
 * A vmlinux differs from a bzImage in how its bytes are packed, and in lacking a
 * setup header. Its 64-bit entry finds out where it has been loaded, and copes
 * with any multiple of 2 MiB. So its segments are laid out as in memory behind a
 * setup header that is made here (Documentation/arch/x86/boot.rst), and the bzImage
 * loader sees to the rest: boot_params, command line, initrd, purgatory.
 *
 *	0		setup header, in the two sectors of a boot loader's view
 *	SETUP_SIZE	first byte of the first PT_LOAD segment
 *			...
 *			last byte that the file has for a PT_LOAD segment
 *
 * Nothing in a vmlinux tells whether it knows 5-level paging. One that does not
 * must not be loaded where this kernel uses it.
 */
#define pr_fmt(fmt) "kexec-elf: " fmt

#include <linux/align.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/kexec.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/boot.h>
#include <asm/bootparam.h>
#include <asm/kexec-bzimage64.h>
#include <asm/kexec-elf.h>
#include <asm/page_types.h>
#include <asm/setup.h>

#define SECTOR_SIZE	512
#define SETUP_SECTORS	1
#define SETUP_SIZE	((SETUP_SECTORS + 1) * SECTOR_SIZE)

/* Where a bzImage's protected-mode part is entered in 64-bit mode. */
#define BZIMAGE_ENTRY	0x200

#define HDR_OFFSET	offsetof(struct boot_params, hdr)
#define HDR_END		(HDR_OFFSET + sizeof(struct setup_header))
/* The second byte of the jump over the header counts from behind the jump. */
#define JUMP_END	(HDR_OFFSET + offsetof(struct setup_header, header))

static_assert(HDR_END <= SETUP_SIZE);
static_assert(HDR_END - JUMP_END <= S8_MAX);

/**
 * struct elf_layout - a vmlinux in memory, addresses counted from its first byte
 * @base: physical address that the first byte is linked for
 * @file_size: bytes up to the last one that comes from the file
 * @mem_size: bytes up to the last one, of .bss and .brk too
 * @entry: where the kernel is entered
 */
struct elf_layout {
	u64 base;
	u64 file_size;
	u64 mem_size;
	u64 entry;
};

/**
 * struct elf_loader_data - what has to live until the segments are loaded
 * @bzimage: the vmlinux in the guise of a bzImage
 * @inner: what the bzImage loader wants to keep
 */
struct elf_loader_data {
	char *bzimage;
	void *inner;
};

/*
 * Measure the PT_LOAD segments. They ascend in the physical addresses of any
 * vmlinux, without overlaps, so whatever does not is none.
 */
static int measure(const struct kexec_elf_info *info, struct elf_layout *layout)
{
	const struct elf_phdr *phdr = info->proghdrs;
	const struct elf_phdr *end = phdr + info->ehdr->e_phnum;
	u64 start;

	*layout = (struct elf_layout){};
	for (; phdr < end; phdr++) {
		if (phdr->p_type != PT_LOAD || !phdr->p_memsz)
			continue;
		if (!layout->mem_size)
			layout->base = phdr->p_paddr;
		/* That paddr + memsz does not wrap, kexec_build_elf_info() has checked. */
		start = phdr->p_paddr - layout->base;
		if (phdr->p_paddr < layout->base || start < layout->mem_size ||
		    phdr->p_filesz > phdr->p_memsz ||
		    start + phdr->p_memsz > KERNEL_IMAGE_SIZE)
			return -ENOEXEC;
		layout->mem_size = start + phdr->p_memsz;
		if (phdr->p_filesz)
			layout->file_size = start + phdr->p_filesz;
	}

	layout->entry = info->ehdr->e_entry - layout->base;
	if (info->ehdr->e_entry < layout->base || layout->entry >= layout->file_size ||
	    !IS_ALIGNED(layout->base, MIN_KERNEL_ALIGN))
		return -ENOEXEC;
	return 0;
}

static void make_setup_header(struct setup_header *hdr,
			      const struct elf_layout *layout)
{
	hdr->setup_sects = SETUP_SECTORS;
	hdr->boot_flag = 0xaa55;
	hdr->jump = (HDR_END - JUMP_END) << 8 | 0xeb;
	memcpy(&hdr->header, "HdrS", sizeof(hdr->header));
	hdr->version = 0x020f;
	hdr->loadflags = LOADED_HIGH;
	hdr->kernel_alignment = MIN_KERNEL_ALIGN;
	hdr->relocatable_kernel = 1;
	hdr->xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G;
	hdr->cmdline_size = COMMAND_LINE_SIZE - 1;
	hdr->pref_address = layout->base;
	hdr->init_size = layout->mem_size;
}

static char *make_bzimage(const struct kexec_elf_info *info,
			  const struct elf_layout *layout)
{
	const struct elf_phdr *phdr = info->proghdrs;
	const struct elf_phdr *end = phdr + info->ehdr->e_phnum;
	char *bzimage, *kernel;

	bzimage = vzalloc(SETUP_SIZE + layout->file_size);
	if (!bzimage)
		return NULL;
	make_setup_header((struct setup_header *)(bzimage + HDR_OFFSET), layout);
	kernel = bzimage + SETUP_SIZE;
	for (; phdr < end; phdr++)
		if (phdr->p_type == PT_LOAD && phdr->p_filesz)
			memcpy(kernel + (phdr->p_paddr - layout->base),
			       info->buffer + phdr->p_offset, phdr->p_filesz);
	return bzimage;
}

/* Have the purgatory enter the kernel where a vmlinux has its entry. */
static int move_entry(struct kimage *image, const struct elf_layout *layout)
{
	struct kexec_entry64_regs regs;
	int ret;

	ret = kexec_purgatory_get_set_symbol(image, "entry64_regs", &regs,
					     sizeof(regs), true);
	if (ret)
		return ret;
	regs.rip += layout->entry - BZIMAGE_ENTRY;
	return kexec_purgatory_get_set_symbol(image, "entry64_regs", &regs,
					      sizeof(regs), false);
}

static int read_layout(const char *kernel, unsigned long kernel_len,
		       struct elfhdr *ehdr, struct kexec_elf_info *info,
		       struct elf_layout *layout)
{
	int ret = kexec_build_elf_info(kernel, kernel_len, ehdr, info);

	if (ret)
		return ret;
	ret = measure(info, layout);
	if (ret) {
		pr_err("not a 64-bit vmlinux\n");
		kexec_free_elf_info(info);
	}
	return ret;
}

/* The caller frees @loader_data itself. */
static int elf64_cleanup(void *loader_data)
{
	struct elf_loader_data *data = loader_data;

	if (!data)
		return 0;
	kexec_bzImage64_ops.cleanup(data->inner);
	kfree(data->inner);
	data->inner = NULL;
	vfree(data->bzimage);
	data->bzimage = NULL;
	return 0;
}

static void *elf64_load(struct kimage *image, char *kernel,
			unsigned long kernel_len, char *initrd,
			unsigned long initrd_len, char *cmdline,
			unsigned long cmdline_len)
{
	struct kexec_elf_info info = {};
	struct elf_loader_data *data;
	struct elf_layout layout;
	struct elfhdr ehdr;
	void *inner;
	int ret;

	ret = read_layout(kernel, kernel_len, &ehdr, &info, &layout);
	if (ret)
		return ERR_PTR(ret);
	data = kzalloc(sizeof(*data), GFP_KERNEL);
	if (data)
		data->bzimage = make_bzimage(&info, &layout);
	kexec_free_elf_info(&info);
	if (!data || !data->bzimage) {
		kfree(data);
		return ERR_PTR(-ENOMEM);
	}

	inner = kexec_bzImage64_ops.load(image, data->bzimage,
					 SETUP_SIZE + layout.file_size, initrd,
					 initrd_len, cmdline, cmdline_len);
	ret = PTR_ERR_OR_ZERO(inner);
	if (!ret) {
		data->inner = inner;
		ret = move_entry(image, &layout);
	}
	if (ret) {
		elf64_cleanup(data);
		kfree(data);
		return ERR_PTR(ret);
	}
	return data;
}

static int elf64_probe(const char *buf, unsigned long len)
{
	if (len <= EI_CLASS || buf[EI_CLASS] != ELFCLASS64)
		return -ENOEXEC;
	return kexec_elf_probe(buf, len);
}

const struct kexec_file_ops kexec_elf64_ops = {
	.probe = elf64_probe,
	.load = elf64_load,
	.cleanup = elf64_cleanup,
};
