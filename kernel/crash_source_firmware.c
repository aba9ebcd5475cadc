// SPDX-License-Identifier: GPL-2.0
/*
 * The way in by firmware, which has saved the low memory and the registers of a
 * kernel that died: the memory that both have left becomes a source.
 */
#define pr_fmt(fmt) "crash_source: " fmt

#include <linux/crash_core.h>
#include <linux/crash_elf.h>
#include <linux/crash_ranges.h>
#include <linux/crash_source.h>
#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/vmcore_info.h>

#include "crash_firmware.h"

/* More CPUs than this are not believed. */
#define MAX_CPUS	8192

/* The notes with the registers, in this kernel's memory. */
static struct {
	u8 *buf;
	size_t room;
	size_t size;
} firmware_notes;

static size_t prstatus_note_size(void)
{
	return crash_note_size(CRASH_CORE_NOTE_NAME, sizeof(struct elf_prstatus));
}

static void add_registers(const struct crash_firmware_cpu *cpu)
{
	struct elf_prstatus status = {};

	memcpy(&status.pr_reg, cpu->regs, min(sizeof(status.pr_reg), sizeof(cpu->regs)));
	firmware_notes.size += crash_note_append(firmware_notes.buf + firmware_notes.size,
						 firmware_notes.room - firmware_notes.size,
						 CRASH_CORE_NOTE_NAME, NT_PRSTATUS,
						 &status, sizeof(status));
}

/* The registers of the CPU that crashed, as it has saved them itself. */
static bool add_crashed_cpu(const struct crash_firmware_header *header)
{
	struct crash_note_cursor cur = {
		.pos = header->note,
		.left = min_t(size_t, header->note_size, sizeof(header->note)),
	};
	struct crash_note note;

	if (!crash_note_next(&cur, &note) ||
	    !crash_note_is(&note, CRASH_CORE_NOTE_NAME, NT_PRSTATUS) ||
	    note.descsz != sizeof(struct elf_prstatus))
		return false;
	firmware_notes.size += crash_note_append(firmware_notes.buf + firmware_notes.size,
						 firmware_notes.room - firmware_notes.size,
						 CRASH_CORE_NOTE_NAME, NT_PRSTATUS,
						 note.desc, note.descsz);
	return true;
}

/* One note for each CPU, in firmware's order. */
static void collect_registers(const struct crash_firmware_ops *ops,
			      const struct crash_firmware_header *header,
			      const void *area, size_t size)
{
	struct crash_firmware_cpu cpu;
	const char *why = ops->first_cpu(area, size);
	bool found = false;
	int got = 0;

	if (why)
		pr_warn("registers of firmware: %s\n", why);
	while (!why && (got = ops->next_cpu(&cpu)) > 0) {
		if (cpu.id == header->cpu && !found && add_crashed_cpu(header))
			found = true;
		else
			add_registers(&cpu);
	}
	if (got < 0)
		pr_warn("registers of firmware: damaged behind those of %zu CPUs\n",
			firmware_notes.size / prstatus_note_size());
	if (!found && !add_crashed_cpu(header))
		pr_warn("the crashed kernel has not left the registers of its CPU\n");
}

static int make_notes(const struct crash_firmware_ops *ops,
		      const struct crash_firmware_header *header,
		      const struct crash_firmware_layout *layout)
{
	/* A CPU takes two entries of 16 bytes at least. */
	size_t nr = min_t(u64, layout->cpus_size / 32, MAX_CPUS) + 1;
	void *area;

	firmware_notes.room = PAGE_ALIGN(nr * prstatus_note_size());
	firmware_notes.buf = alloc_pages_exact(firmware_notes.room, GFP_KERNEL | __GFP_ZERO);
	if (!firmware_notes.buf)
		return -ENOMEM;
	area = memremap(layout->cpus_pa, layout->cpus_size, MEMREMAP_WB);
	if (!area)
		return -ENOMEM;
	collect_registers(ops, header, area, layout->cpus_saved);
	memunmap(area);
	return 0;
}

/**
 * crash_firmware_forget() - nobody reads the notes any more
 *
 * Context: May sleep.
 */
void crash_firmware_forget(void)
{
	if (firmware_notes.buf)
		free_pages_exact(firmware_notes.buf, firmware_notes.room);
	firmware_notes.buf = NULL;
}

/* Where bytes of the crashed kernel are now, if they are in one piece; else 0. */
static u64 find_now_pa(const struct crash_firmware_layout *layout,
		       const struct crash_mem *loads, u64 old_pa, u64 size)
{
	const struct crash_firmware_copy *copy = layout->copies;
	u32 i;

	for (i = 0; i < layout->nr_copies; i++, copy++) {
		if (old_pa >= copy->old_pa && old_pa - copy->old_pa < copy->saved &&
		    size <= copy->saved - (old_pa - copy->old_pa))
			return copy->now_pa + (old_pa - copy->old_pa);
	}
	if (!size || size > U64_MAX - old_pa ||
	    !crash_mem_covers(loads, old_pa, old_pa + size - 1))
		return 0;
	return old_pa;
}

static void add_kept_memory(struct crash_source_draft *draft, u64 old_pa, u64 now_pa, u64 size)
{
	struct crash_segment seg = {
		.type = PT_LOAD,
		.flags = PF_R | PF_W | PF_X,
		.paddr = old_pa,
		.vaddr = (unsigned long)phys_to_virt(old_pa),
		.filesz = size,
		.memsz = size,
		.where = now_pa,
	};

	crash_source_add(draft, &seg);
	draft->index++;
}

static void add_note_segment(struct crash_source_draft *draft, u64 now_pa, u64 size)
{
	struct crash_segment seg = { .type = PT_NOTE, .filesz = size, .where = now_pa };

	crash_source_add(draft, &seg);
	draft->index++;
}

static struct crash_source *describe_dump(const struct crash_firmware_ops *ops,
					  const struct crash_firmware_header *header,
					  const struct crash_firmware_layout *layout,
					  const struct crash_mem *loads)
{
	const struct crash_elf elf = {
		.class = ELF_CLASS,
		.data = ELF_DATA,
		.osabi = ELF_OSABI,
		.machine = ELF_ARCH,
		.flags = ops->elf_flags,
	};
	u64 info = find_now_pa(layout, loads, header->vmcoreinfo_pa,
			       header->vmcoreinfo_size);
	const struct crash_firmware_copy *copy;
	struct crash_source_draft draft = {};
	u32 i;
	int err = crash_source_begin(&draft, &elf,
				     2 + layout->nr_copies + loads->nr_ranges);

	if (err)
		return ERR_PTR(err);
	if (firmware_notes.size)
		add_note_segment(&draft, virt_to_phys(firmware_notes.buf), firmware_notes.size);
	if (info && header->vmcoreinfo_size <= SZ_1M)
		add_note_segment(&draft, info, header->vmcoreinfo_size);
	else
		crash_source_warn(&draft, "vmcoreinfo is not in the crashed kernel's memory");
	for (copy = layout->copies; copy < layout->copies + layout->nr_copies; copy++) {
		if (copy->saved)
			add_kept_memory(&draft, copy->old_pa, copy->now_pa, copy->saved);
		if (copy->saved < copy->size)
			crash_source_warn(&draft, "firmware has not saved all of boot memory");
	}
	for (i = 0; i < loads->nr_ranges; i++)
		add_kept_memory(&draft, loads->ranges[i].start, loads->ranges[i].start,
				range_len(&loads->ranges[i]));
	return crash_source_finish(&draft);
}

static struct crash_source *make_source(const struct crash_firmware_ops *ops,
					const struct crash_firmware_layout *layout,
					struct crash_mem *loads)
{
	const struct crash_firmware_header *header = crash_firmware_dump_header();
	struct range area = crash_firmware_area(layout);
	int err;

	if (!header) {
		pr_err("the crashed kernel has left no header for this one\n");
		return ERR_PTR(-ENOENT);
	}

	/* Firmware has overwritten the area: it has no memory of the crashed kernel. */
	err = crash_exclude_mem_range(loads, area.start, area.end);
	if (!err)
		err = make_notes(ops, header, layout);
	return err ? ERR_PTR(err) : describe_dump(ops, header, layout, loads);
}

/**
 * crash_firmware_collect() - make a source of the memory that firmware has kept and saved
 * @ops: the platform's part
 * @layout: of the dump, checked
 * @kept: old memory that was kept, @layout's area included
 *
 * Context: May sleep.
 * Return: 0 or an errno.
 */
int crash_firmware_collect(const struct crash_firmware_ops *ops,
			   const struct crash_firmware_layout *layout,
			   const struct crash_mem *kept)
{
	unsigned int nr = kept->nr_ranges + 1;
	struct crash_mem *loads = kzalloc(struct_size(loads, ranges, nr), GFP_KERNEL);
	struct crash_source *src;

	if (!loads)
		return -ENOMEM;
	loads->max_nr_ranges = nr;
	loads->nr_ranges = kept->nr_ranges;
	memcpy(loads->ranges, kept->ranges, array_size(kept->nr_ranges, sizeof(loads->ranges[0])));
	src = make_source(ops, layout, loads);
	kfree(loads);
	if (IS_ERR(src)) {
		pr_err("the dump that firmware has made cannot be used (%ld)\n", PTR_ERR(src));
		return PTR_ERR(src);
	}
	pr_info("dump by firmware: memory in %u segments, notes in %u\n",
		src->nr_loads, src->nr_notes);
	return crash_source_publish(src);
}
