// SPDX-License-Identifier: GPL-2.0
/*
 * The ELF headers that a first kernel prepares for its capture kernel:
 *
 *	PT_NOTE		one for each possible CPU, for its registers
 *	PT_NOTE		vmcoreinfo
 *	PT_LOAD		the kernel image at its own virtual address, if the
 *			direct map does not have it
 *	PT_LOAD ...	low memory, if the capture kernel needs it for itself
 *	PT_LOAD ...	all other RAM
 *
 * Possible CPUs that are not present are described, too. A note that was never
 * written reads as empty, so CPU hotplug does not change the headers.
 */
#define pr_fmt(fmt) "crash: " fmt

#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/crash_headers.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/vmcore_info.h>

#include <asm/sections.h>

/* Number of ranges that crashk_res and crashk_low_res add by splitting others. */
#define CRASHK_SPLITS	2
#define COLLECT_TRIES	8

/**
 * struct ram_walk - state of a walk over RAM
 * @mem: result; NULL: only count the ranges
 * @nr: number of ranges so far
 */
struct ram_walk {
	struct crash_mem *mem;
	unsigned int nr;
};

#ifdef CONFIG_MEMORY_HOTPLUG
/*
 * Test the section's bit, because a section goes on and off line as a whole.
 * The first page of a resource may be unknown to memory management.
 */
static bool ram_online(u64 addr)
{
	unsigned long section = pfn_to_section_nr(PFN_DOWN(addr));

	return section < NR_MEM_SECTIONS && online_section_nr(section);
}

/* Return the last byte, up to @end, of the section of @addr, which is on or off line. */
static u64 unit_end(u64 addr, u64 end)
{
	return min(addr | (PFN_PHYS((u64)PAGES_PER_SECTION) - 1), end);
}
#else
static bool ram_online(u64 addr)
{
	return true;
}

static u64 unit_end(u64 addr, u64 end)
{
	return end;
}
#endif

/*
 * Add the parts of a RAM resource that are on line. Memory that is plugged in
 * but off line has no contents, and may be gone at the crash: the resource
 * stays until the memory is unplugged, and no event reports that.
 */
static int visit_ram(struct resource *res, void *arg)
{
	u64 addr = res->start, end = res->end, last;
	struct ram_walk *walk = arg;
	bool was_online = false;
	int ret = 0;

	for (;; addr = last + 1) {
		bool online = ram_online(addr);

		last = unit_end(addr, end);
		walk->nr += online && !was_online;
		was_online = online;
		if (online && walk->mem)
			ret = crash_add_mem_range(walk->mem, addr, last);
		if (ret || last == end)
			return ret;
	}
}

static struct crash_mem *alloc_ranges(unsigned int max)
{
	struct crash_mem *mem;

	mem = kvzalloc(struct_size(mem, ranges, max), GFP_KERNEL);
	if (mem)
		mem->max_nr_ranges = max;
	return mem;
}

static int exclude_resource(struct crash_mem *mem, const struct resource *res)
{
	return res->end ? crash_exclude_mem_range(mem, res->start, res->end) : 0;
}

/**
 * crash_collect_ram() - list the RAM for a dump
 * @extra: number of ranges that the caller may add, also by splitting others
 *
 * The list has all RAM that is on line, without the memory reserved for the
 * capture kernel.
 *
 * Context: Process context, may sleep.
 * Return: the ranges, for kvfree(); ERR_PTR(-ENOMEM); ERR_PTR(-EAGAIN) if
 * memory is plugged in faster than it can be listed.
 */
struct crash_mem *crash_collect_ram(unsigned int extra)
{
	unsigned int tries;
	int ret;

	for (tries = 0; tries < COLLECT_TRIES; tries++) {
		struct ram_walk count = { }, fill = { };

		walk_system_ram_res(0, U64_MAX, &count, visit_ram);
		struct crash_mem *mem __free(kvfree) =
			alloc_ranges(count.nr + CRASHK_SPLITS + extra);
		if (!mem)
			return ERR_PTR(-ENOMEM);

		/*
		 * If there is more RAM than was counted, start again: the spare
		 * room is needed.
		 */
		fill.mem = mem;
		ret = walk_system_ram_res(0, U64_MAX, &fill, visit_ram);
		if (fill.nr > count.nr)
			continue;

		ret = ret ?: exclude_resource(mem, &crashk_res) ?:
			     exclude_resource(mem, &crashk_low_res);
		return ret ? ERR_PTR(ret) : no_free_ptr(mem);
	}
	return ERR_PTR(-EAGAIN);
}

static bool in_highmem(u64 paddr)
{
	return IS_ENABLED(CONFIG_HIGHMEM) && PFN_DOWN(paddr) >= max_low_pfn;
}

/*
 * Return the last byte, up to @end, that is in the direct map like @start, or
 * not in it.
 */
static u64 end_of_map(u64 start, u64 end)
{
	if (!in_highmem(start) && in_highmem(end))
		return PFN_PHYS((u64)max_low_pfn) - 1;
	return end;
}

/* Return the address in the direct map; all ones for highmem, as kexec-tools does it. */
static u64 direct_map_vaddr(u64 start)
{
	return in_highmem(start) ? U64_MAX : (unsigned long)__va(start);
}

static struct crash_segment *add_segment(struct crash_segment *seg, u32 type,
					 u64 paddr, u64 size)
{
	*seg = (struct crash_segment) {
		.type = type,
		.paddr = paddr,
		.where = paddr,
		.filesz = size,
		.memsz = size,
	};
	return seg;
}

static struct crash_segment *add_notes(struct crash_segment *seg)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		add_segment(seg++, PT_NOTE,
			    per_cpu_ptr_to_phys(per_cpu_ptr(crash_notes, cpu)),
			    sizeof(note_buf_t));

	add_segment(seg++, PT_NOTE, paddr_vmcoreinfo_note(), VMCOREINFO_NOTE_SIZE);
	return seg;
}

static struct crash_segment *add_load(struct crash_segment *seg, u64 paddr,
				      u64 size, u64 vaddr)
{
	add_segment(seg, PT_LOAD, paddr, size);
	seg->flags = PF_R | PF_W | PF_X;
	seg->vaddr = vaddr;
	return seg + 1;
}

static struct crash_segment *add_ranges(struct crash_segment *seg,
					const struct crash_mem *mem)
{
	unsigned int i;

	for (i = 0; i < mem->nr_ranges; i++) {
		u64 start = mem->ranges[i].start, end = mem->ranges[i].end, last;

		for (;; start = last + 1) {
			last = end_of_map(start, end);
			seg = add_load(seg, start, last - start + 1,
				       direct_map_vaddr(start));
			if (last == end)
				break;
		}
	}
	return seg;
}

static void print_loads(const struct crash_segment *seg, u32 nr)
{
	for (; nr; nr--, seg++) {
		if (seg->type == PT_LOAD)
			kexec_dprintk("dump: %#llx bytes of %#llx at %#llx, virtual %#llx\n",
				      seg->memsz, seg->paddr, seg->where,
				      seg->vaddr);
	}
}

static int encode_headers(const struct crash_segment *segs, u32 nr,
			  void **addr, unsigned long *sz)
{
	const struct crash_elf elf = {
		.class = ELFCLASS64,
		.data = ELF_DATA,
		.osabi = ELF_OSABI,
		.machine = ELF_ARCH,
		.phnum = nr,
	};
	size_t size = ALIGN(crash_elf_encoded_size(elf.class, nr),
			    ELF_CORE_HEADER_ALIGN);
	void *buf;
	int ret;

	/* Earlier capture kernels do not support the extended count. */
	if (nr >= PN_XNUM)
		return -E2BIG;

	buf = vzalloc(size);
	if (!buf)
		return -ENOMEM;

	ret = crash_elf_encode(&elf, segs, buf, size);
	if (ret) {
		vfree(buf);
		return ret;
	}
	print_loads(segs, nr);
	*addr = buf;
	*sz = size;
	return 0;
}

static int prepare_headers(const struct crash_mem *mem,
			   const struct crash_low *low, bool kernel_map,
			   void **addr, unsigned long *sz)
{
	/* 3: vmcoreinfo, the kernel image, and one range that is split */
	size_t max = num_possible_cpus() + 3 + CRASH_LOW_SEGMENTS + mem->nr_ranges;
	struct crash_segment *seg;

	struct crash_segment *segs __free(kvfree) =
		kvcalloc(max, sizeof(*segs), GFP_KERNEL);
	if (!segs)
		return -ENOMEM;

	seg = add_notes(segs);
	if (kernel_map)
		seg = add_load(seg, __pa_symbol(_text), _end - _text,
			       (unsigned long)_text);
	if (low) {
		memcpy(seg, low->seg, low->nr * sizeof(*seg));
		seg += low->nr;
	}
	seg = add_ranges(seg, mem);
	return encode_headers(segs, seg - segs, addr, sz);
}

/**
 * crash_prepare_elf64_headers() - make ELF headers for given memory
 * @mem: the memory; each range becomes a PT_LOAD
 * @need_kernel_map: whether to describe the kernel image at its own virtual
 *	address, too
 * @addr: result: the headers, for vfree()
 * @sz: result: their size in bytes, a multiple of ELF_CORE_HEADER_ALIGN
 *
 * The form is an ELF-64 core file (System V ABI, chapter 4 and 5), but p_offset
 * is a physical address. Program headers follow the ELF header.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM; -E2BIG if there are too many segments for ELF.
 */
int crash_prepare_elf64_headers(struct crash_mem *mem, int need_kernel_map,
				void **addr, unsigned long *sz)
{
	return prepare_headers(mem, NULL, need_kernel_map, addr, sz);
}

/**
 * crash_create_headers() - make ELF headers for this machine
 * @low: segments of low memory; NULL if it is like other RAM
 * @kernel_map: as for crash_prepare_elf64_headers()
 * @addr: result: the headers, for vfree()
 * @sz: result: their size in bytes, a multiple of ELF_CORE_HEADER_ALIGN
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM; -E2BIG if there are too many segments for ELF; -EAGAIN if
 * memory is plugged in faster than it can be listed.
 */
int crash_create_headers(const struct crash_low *low, bool kernel_map,
			 void **addr, unsigned long *sz)
{
	struct crash_mem *mem __free(kvfree) = crash_collect_ram(1);
	int ret = 0;

	if (IS_ERR(mem))
		return PTR_ERR(mem);

	if (low && low->end)
		ret = crash_exclude_mem_range(mem, 0, low->end - 1);
	return ret ?: prepare_headers(mem, low, kernel_map, addr, sz);
}
