// SPDX-License-Identifier: GPL-2.0
/*
 * The way in by ELF core headers. The loader of a capture kernel leaves them in
 * memory; this file reads them once, decodes them, and hands the segments to
 * kernel/crash_source.c.
 */
#define pr_fmt(fmt) "crash_source: " fmt

#include <linux/crash_dump.h>
#include <linux/crash_elf.h>
#include <linux/crash_source.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/oldmem.h>
#include <linux/printk.h>
#include <linux/sched.h>

/**
 * struct elf_reader - reads ELF headers in old memory
 * @addr: physical address of the file header
 * @size: size of all headers in bytes; S64_MAX if it is not known
 * @win: mapping for reading them
 */
struct elf_reader {
	u64 addr;
	u64 size;
	struct oldmem_window win;
};

static int read_elf_bytes(struct elf_reader *from, u64 offset, void *buf,
			  size_t len)
{
	if (offset > from->size || len > from->size - offset)
		return -ENODATA;
	if (offset > S64_MAX - from->addr)
		return -EOVERFLOW;
	return oldmem_read_headers(&from->win, from->addr + offset, buf, len);
}

static bool is_our_machine(const struct crash_elf *elf)
{
	const struct elfhdr hdr = {
		.e_ident = {
			[EI_CLASS] = elf->class,
			[EI_DATA] = elf->data,
			[EI_OSABI] = elf->osabi,
		},
		.e_machine = elf->machine,
		.e_flags = elf->flags,
	};

	return elf->class == ELFCLASS64 ? vmcore_elf64_check_arch(&hdr) :
					  vmcore_elf32_check_arch(&hdr);
}

static int read_elf_header(struct elf_reader *from, struct crash_elf *elf)
{
	union {
		struct elf64_hdr hdr;
		struct elf64_shdr shdr;
	} raw;
	u64 limit = oldmem_limit();
	struct oldmem_use use;
	size_t len;
	int err;

	if (!from->addr || from->addr >= limit ||
	    sizeof(raw.hdr) > limit - from->addr ||
	    oldmem_find_use(from->addr, sizeof(raw.hdr), &use))
		return -EFAULT;

	err = read_elf_bytes(from, 0, &raw.hdr, sizeof(raw.hdr));
	if (!err)
		err = crash_elf_decode_header(&raw.hdr, sizeof(raw.hdr), elf);
	if (err)
		return err;
	if (!is_our_machine(elf))
		return -EOPNOTSUPP;
	if (!elf->shoff)
		return 0;

	len = elf->class == ELFCLASS64 ? sizeof(struct elf64_shdr) :
					 sizeof(struct elf32_shdr);
	err = read_elf_bytes(from, elf->shoff, &raw.shdr, len);
	return err ? err : crash_elf_decode_xnum(&raw.shdr, len, elf);
}

static int read_segment(struct elf_reader *from, const struct crash_elf *elf,
			u32 index, struct crash_segment *seg)
{
	u64 offset = elf->phoff + (u64)index * elf->phentsize;
	struct elf64_phdr raw;
	size_t len = min(sizeof(raw), elf->phentsize);
	int err = read_elf_bytes(from, offset, &raw, len);

	return err ? err : crash_elf_decode_segment(elf, &raw, len, seg);
}

static struct crash_source *read_segments(struct elf_reader *from,
					  const struct crash_elf *elf)
{
	struct crash_source_draft draft = {};
	struct crash_segment seg;
	int err = crash_source_begin(&draft, elf, elf->phnum);

	if (err)
		return ERR_PTR(err);
	for (; draft.index < elf->phnum; draft.index++) {
		cond_resched();
		err = read_segment(from, elf, draft.index, &seg);
		if (err) {
			crash_source_warn(&draft, "cannot be read (%d), nor those after it",
					  err);
			break;
		}
		crash_source_add(&draft, &seg);
	}
	return crash_source_finish(&draft);
}

static const char *explain_elf_error(long err)
{
	switch (err) {
	case -EFAULT:
		return "not in memory that the crashed kernel can have had";
	case -ENODATA:
		return "cut short";
	case -EINVAL:
		return "not ELF, or of contradictory values";
	case -ENOEXEC:
		return "not a core file of this byte order";
	case -EOPNOTSUPP:
		return "of another architecture";
	case -E2BIG:
		return "too many program headers";
	case -EOVERFLOW:
		return "program headers are at no possible address";
	case -ENXIO:
		return "no segment that can be used";
	case -ENOMEM:
		return "not enough memory to read them";
	default:
		return "cannot be read";
	}
}

/**
 * crash_source_load() - read the ELF headers of a crashed kernel
 * @addr: physical address of the ELF file header, bytes
 * @size: bytes of all headers from there on; 0 if it is not known
 *
 * Defects are reported on the console, in a bounded number of lines.
 *
 * Context: Process context, may sleep.
 * Return: a new source with one reference, or an ERR_PTR: -EFAULT if @addr is
 * not in old RAM; -ENODATA if @size ends within the file header; -EINVAL if
 * there is no ELF header, or one with wrong values; -ENOEXEC if it is not a
 * core file or has another byte order; -EOPNOTSUPP if it is of another machine;
 * -E2BIG and -EOVERFLOW for program headers that are too many, or too far away;
 * -ENXIO if none of them is usable; -ENOMEM.
 */
struct crash_source *crash_source_load(u64 addr, u64 size)
{
	struct elf_reader from = { .addr = addr, .size = size ? size : S64_MAX };
	struct crash_source *src;
	struct crash_elf elf;
	int err = read_elf_header(&from, &elf);

	src = err ? ERR_PTR(err) : read_segments(&from, &elf);
	oldmem_window_unmap(&from.win);
	if (IS_ERR(src))
		pr_err("ELF headers at 0x%llx: %s (%ld)\n", addr,
		       explain_elf_error(PTR_ERR(src)), PTR_ERR(src));
	return src;
}

/* Link order makes this run before the file systems and drivers that show the dump. */
static int __init find_elf_headers(void)
{
	struct crash_source *src;

	crash_make_headers();
	if (elfcorehdr_addr == ELFCORE_ADDR_MAX)
		return 0;

	src = elfcorehdr_addr == ELFCORE_ADDR_ERR ? ERR_PTR(-EINVAL) :
	      crash_source_load(elfcorehdr_addr, elfcorehdr_size);
	if (IS_ERR(src)) {
		crash_source_retire(CRASH_DUMP_UNUSABLE);
		elfcorehdr_addr = ELFCORE_ADDR_ERR;
		return PTR_ERR(src);
	}
	pr_info("ELF%u headers at 0x%llx: memory in %u segments, notes in %u\n",
		src->elf.class == ELFCLASS64 ? 64 : 32, elfcorehdr_addr,
		src->nr_loads, src->nr_notes);
	return crash_source_publish(src);
}
fs_initcall(find_elf_headers);
