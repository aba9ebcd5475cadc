// SPDX-License-Identifier: GPL-2.0
/*
 * Where the crashed kernel's memory is: its ELF headers, read once, decoded, and
 * stripped of what cannot be true.
 *
 * /proc/vmcore and /dev/oldmem work from the result, and never look at the
 * headers themselves. A defect costs the segment that has it, or a part of that.
 */
#define pr_fmt(fmt) "crash_source: " fmt

#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/crash_source.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>

#ifndef vmcore_elf_check_arch_cross
#define vmcore_elf_check_arch_cross(hdr) ((void)(hdr), false)
#endif

/* The headers that elfcorehdr= names; gone once the dump is. */
static struct {
	struct mutex lock;		/* for @src */
	struct crash_source *src;
} crash_source = {
	.lock = __MUTEX_INITIALIZER(crash_source.lock),
};

/* One line for each defect, as long as there are only a few. */
#define MAX_MESSAGES	8

/**
 * struct header_reader - where reading the headers stands
 * @addr: physical address of the file header
 * @size: bytes of all headers, or S64_MAX if nobody said
 * @win: the mapping that they are read through
 * @index: program header in hand
 * @defects: how many were found
 */
struct header_reader {
	u64 addr;
	u64 size;
	struct oldmem_window win;
	u32 index;
	u32 defects;
};

static __printf(2, 3) void report(struct header_reader *from,
				  const char *format, ...)
{
	struct va_format text = { .fmt = format };
	va_list args;

	if (from->defects++ >= MAX_MESSAGES)
		return;
	va_start(args, format);
	text.va = &args;
	pr_warn("program header %u: %pV\n", from->index, &text);
	va_end(args);
}

static int read_header(struct header_reader *from, u64 offset, void *buf,
		       size_t len)
{
	if (offset > from->size || len > from->size - offset)
		return -ENODATA;
	if (offset > S64_MAX - from->addr)
		return -EOVERFLOW;
	return oldmem_window_read(&from->win, from->addr + offset, buf, len,
				  oldmem_header_flags());
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

	return elf_check_arch(&hdr) || vmcore_elf_check_arch_cross(&hdr);
}

static int load_file_header(struct header_reader *from, struct crash_elf *elf)
{
	union {
		struct elf64_hdr hdr;
		struct elf64_shdr shdr;
	} raw;
	struct oldmem_use use;
	size_t len;
	int err;

	if (!from->addr || from->addr >= oldmem_limit() ||
	    oldmem_find_use(from->addr, sizeof(raw.hdr), &use))
		return -EFAULT;

	err = read_header(from, 0, &raw.hdr, sizeof(raw.hdr)) ?:
	      crash_elf_decode_header(&raw.hdr, sizeof(raw.hdr), elf);
	if (err)
		return err;
	if (!is_our_machine(elf))
		return -EOPNOTSUPP;
	if (!elf->shoff)
		return 0;

	len = elf->class == ELFCLASS64 ? sizeof(struct elf64_shdr) :
					 sizeof(struct elf32_shdr);
	return read_header(from, elf->shoff, &raw.shdr, len) ?:
	       crash_elf_decode_xnum(&raw.shdr, len, elf);
}

/* Can the segment's bytes be where it says? Clips it where they cannot. */
static bool check_place(struct header_reader *from, struct crash_segment *seg)
{
	u64 limit = oldmem_limit();
	struct oldmem_use use;

	/* What is said of no bytes may be absurd, and matters to nobody. */
	if (!seg->filesz) {
		seg->where = 0;
		return true;
	}
	if (seg->where >= limit) {
		report(from, "offset 0x%llx is no physical address, dropped",
		       seg->where);
		return false;
	}
	if (seg->filesz > limit - seg->where) {
		report(from, "0x%llx bytes at 0x%llx leave the physical addresses, cut off",
		       seg->filesz, seg->where);
		seg->filesz = limit - seg->where;
	}
	if (!oldmem_find_use(seg->where, seg->filesz, &use))
		return true;
	if (use.start <= seg->where &&
	    (seg->type == PT_NOTE || use.last - seg->where >= seg->filesz - 1)) {
		report(from, "0x%llx bytes at 0x%llx are not the crashed kernel's, dropped",
		       seg->filesz, seg->where);
		return false;
	}
	if (seg->type == PT_NOTE) {
		/* Notes are read from the first on, and those in front may be good. */
		report(from, "0x%llx bytes at 0x%llx are too many, cut off",
		       seg->filesz, seg->where);
		seg->filesz = use.start - seg->where;
		return true;
	}
	report(from, "0x%llx-0x%llx is not the crashed kernel's, reads as zeros",
	       use.start, use.last);
	return true;
}

static bool check_load(struct header_reader *from, struct crash_segment *seg)
{
	u64 limit = oldmem_limit();

	if (!seg->memsz)
		return false;
	if (seg->paddr >= limit) {
		report(from, "0x%llx is no physical address, dropped",
		       seg->paddr);
		return false;
	}
	if (seg->memsz > limit - seg->paddr) {
		report(from, "0x%llx bytes from 0x%llx leave the physical addresses, cut off",
		       seg->memsz, seg->paddr);
		seg->memsz = limit - seg->paddr;
	}
	if (seg->filesz > seg->memsz) {
		report(from, "0x%llx bytes saved of 0x%llx, cut off",
		       seg->filesz, seg->memsz);
		seg->filesz = seg->memsz;
	}
	return check_place(from, seg);
}

static bool check_note(struct header_reader *from, struct crash_segment *seg)
{
	if (!seg->filesz || !check_place(from, seg))
		return false;
	/* Notes have no address; they must not look as if they had one. */
	seg->paddr = 0;
	seg->memsz = seg->filesz;
	return true;
}

static int next_segment(struct header_reader *from, const struct crash_elf *elf,
			struct crash_segment *seg)
{
	u64 offset = elf->phoff + (u64)from->index * elf->phentsize;
	struct elf64_phdr raw;
	size_t len = min(sizeof(raw), elf->phentsize);

	return read_header(from, offset, &raw, len) ?:
	       crash_elf_decode_segment(elf, &raw, len, seg);
}

static struct crash_segment *alloc_segments(u32 nr)
{
	return kvcalloc(nr, sizeof(struct crash_segment),
			GFP_KERNEL | __GFP_NOWARN);
}

/*
 * Read all program headers into segs, which has room for them, and keep there
 * those of use, in their order.
 */
static void collect_segments(struct header_reader *from,
			     struct crash_source *src,
			     struct crash_segment *segs)
{
	u32 kept = 0;
	int err;

	for (from->index = 0; from->index < src->elf.phnum; from->index++) {
		struct crash_segment *seg = &segs[kept];

		cond_resched();
		err = next_segment(from, &src->elf, seg);
		if (err) {
			report(from, "cannot be read (%d), nor those after it",
			       err);
			break;
		}
		if (seg->type == PT_LOAD && check_load(from, seg)) {
			src->nr_loads++;
			kept++;
		} else if (seg->type == PT_NOTE && check_note(from, seg)) {
			src->nr_notes++;
			kept++;
		}
	}
	if (from->defects > MAX_MESSAGES)
		pr_warn("%u more defects\n", from->defects - MAX_MESSAGES);
}

/* Sort segs into the arrays of src, by type. */
static int store_segments(struct crash_source *src,
			  const struct crash_segment *segs)
{
	u32 nr = src->nr_loads + src->nr_notes;
	u32 i, load = 0, note = 0;

	src->loads = alloc_segments(src->nr_loads);
	src->notes = alloc_segments(src->nr_notes);
	src->runs = kvcalloc(src->nr_loads, sizeof(*src->runs),
			     GFP_KERNEL | __GFP_NOWARN);
	if (!src->loads || !src->notes || !src->runs)
		return -ENOMEM;

	for (i = 0; i < nr; i++) {
		if (segs[i].type == PT_LOAD)
			src->loads[load++] = segs[i];
		else
			src->notes[note++] = segs[i];
	}
	src->nr_runs = crash_map_build(src->loads, src->nr_loads, src->runs);
	return 0;
}

static int load_segments(struct header_reader *from, struct crash_source *src)
{
	struct crash_segment *segs __free(kvfree) =
		alloc_segments(src->elf.phnum);

	if (!segs)
		return -ENOMEM;
	collect_segments(from, src, segs);
	if (!src->nr_loads && !src->nr_notes)
		return -ENXIO;
	return store_segments(src, segs);
}

static const char *reason(int err)
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
 * crash_source_load() - read the headers of a crashed kernel
 * @addr: physical address of the ELF file header, bytes
 * @size: bytes of all headers from there on; 0 if it is not known
 *
 * What is wrong with them is said on the console, in a bounded number of lines.
 *
 * Context: Process context, may sleep.
 * Return: a new source with one reference, or an ERR_PTR: -EFAULT if @addr is not
 * in old RAM; -ENODATA if @size ends within the file header; -EINVAL if there is
 * no ELF, or a nonsensical one; -ENOEXEC if it is not a core file or of another
 * byte order; -EOPNOTSUPP if it is of another machine; -E2BIG and -EOVERFLOW for
 * program headers that are too many, or too far away; -ENXIO if none of them is
 * of use; -ENOMEM.
 */
struct crash_source *crash_source_load(u64 addr, u64 size)
{
	struct header_reader from = { .addr = addr, .size = size ?: S64_MAX };
	struct crash_source *src;
	int err;

	src = kzalloc(sizeof(*src), GFP_KERNEL);
	if (!src)
		return ERR_PTR(-ENOMEM);
	refcount_set(&src->users, 1);

	err = load_file_header(&from, &src->elf) ?: load_segments(&from, src);
	oldmem_window_unmap(&from.win);
	if (!err)
		return src;

	pr_err("ELF headers at 0x%llx: %s (%d)\n", addr, reason(err), err);
	crash_source_put(src);
	return ERR_PTR(err);
}

/**
 * crash_source_get() - the dump that this kernel was started to save
 *
 * Context: Process context, may sleep.
 * Return: a reference to be given back by crash_source_put(), or NULL if there is
 * no dump, or it cannot be used, or it is gone.
 */
struct crash_source *crash_source_get(void)
{
	guard(mutex)(&crash_source.lock);

	if (crash_source.src)
		refcount_inc(&crash_source.src->users);
	return crash_source.src;
}

/**
 * crash_source_put() - give back a reference
 * @src: source, or NULL
 *
 * Context: Process context, may sleep.
 */
void crash_source_put(struct crash_source *src)
{
	if (!src || !refcount_dec_and_test(&src->users))
		return;
	kvfree(src->runs);
	kvfree(src->notes);
	kvfree(src->loads);
	kfree(src);
}

/**
 * crash_source_retire() - the dump has been taken, or turned out to be unusable
 * @state: CRASH_DUMP_CONSUMED or CRASH_DUMP_UNUSABLE
 *
 * crash_source_get() returns NULL from now on. References that others hold stay
 * valid, but the memory that they describe is not protected by them.
 *
 * Context: Process context, may sleep.
 */
void crash_source_retire(enum crash_dump_state state)
{
	guard(mutex)(&crash_source.lock);

	crash_dump_set_state(state);
	crash_source_put(crash_source.src);
	crash_source.src = NULL;
}

/* Before the file systems and drivers that show the dump, by link order. */
static int __init crash_source_init(void)
{
	struct crash_source *src;

	if (crash_dump_state() != CRASH_DUMP_PRESENT)
		return 0;

	src = crash_source_load(elfcorehdr_addr, elfcorehdr_size);
	if (IS_ERR(src)) {
		crash_source_retire(CRASH_DUMP_UNUSABLE);
		return PTR_ERR(src);
	}
	pr_info("ELF%u headers at 0x%llx: memory in %u segments, notes in %u\n",
		src->elf.class == ELFCLASS64 ? 64 : 32, elfcorehdr_addr,
		src->nr_loads, src->nr_notes);

	scoped_guard(mutex, &crash_source.lock)
		crash_source.src = src;
	return 0;
}
fs_initcall(crash_source_init);
