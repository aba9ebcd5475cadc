// SPDX-License-Identifier: GPL-2.0
/*
 * Old memory in the page tables of processes. What one huge page can map is left
 * to page faults, which insert that; the rest is mapped at once, page by page, as
 * a fault for each would cost more.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/pfn.h>
#include <linux/pfn_t.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>

#include <asm/crash_dump.h>

/* Bytes to look ahead for RAM: programs map windows of a file one after the other. */
#define LOOK_AHEAD	((u64)SZ_4M)

/* Bytes that one fault maps of small pages. */
#define FAULT_AROUND	((unsigned long)SZ_64K)

/*
 * RAM found last that processes can map as usual. With small windows, finding out
 * would take longer than mapping. What it depends on is compared, or changes so
 * seldom that a tick makes no difference.
 */
static struct {
	seqlock_t lock;
	u64 start, end;
	unsigned int version;		/* of the filters */
	unsigned long good_until;	/* jiffies */
} known = {
	.lock = __SEQLOCK_UNLOCKED(known.lock),
};

/* Bytes of RAM from paddr on that are known, at most len. */
static u64 known_extent(u64 paddr, u64 len)
{
	unsigned int seq;
	u64 extent;

	do {
		seq = read_seqbegin(&known.lock);
		extent = 0;
		if (paddr >= known.start && paddr < known.end &&
		    known.version == oldmem_veto_version() &&
		    time_before_eq(jiffies, known.good_until))
			extent = min(len, known.end - paddr);
	} while (read_seqretry(&known.lock, seq));
	return extent;
}

static void remember(u64 start, u64 end, unsigned int version)
{
	write_seqlock(&known.lock);
	known.start = start;
	known.end = end;
	known.version = version;
	known.good_until = jiffies + 1;
	write_sequnlock(&known.lock);
}

/* What the page tables of a process have to say about the cache. */
static int find_prot(u64 paddr, u64 len, pgprot_t *prot)
{
	int err = arch_oldmem_hold(paddr, len, prot);

	if (!err)
		arch_oldmem_release(paddr, len);
	return err;
}

/*
 * How far from paddr on is everything the same for the page tables: RAM that is
 * mapped with the same @prot, or no RAM?
 */
static s64 map_extent(u64 paddr, u64 len, pgprot_t *prot, bool *is_ram)
{
	unsigned int version = oldmem_veto_version();
	u64 extent = known_extent(paddr, len);
	pgprot_t usual = *prot;
	int err;

	*is_ram = true;
	if (extent)
		return extent;

	extent = oldmem_ram_extent(paddr, clamp(LOOK_AHEAD, len, (u64)S64_MAX - paddr),
				   is_ram);
	if (!*is_ram)
		return min(len, extent);

	err = find_prot(paddr, extent, prot);
	if (!err && pgprot_val(*prot) == pgprot_val(usual)) {
		remember(paddr, paddr + extent, version);
		return min(len, extent);
	}

	/* The reason may be in what is ahead only. */
	extent = min(len, extent);
	*prot = usual;
	return find_prot(paddr, extent, prot) ?: (s64)extent;
}

/**
 * oldmem_map_zeros() - map the zero page into a process
 * @vma: the process's mapping, as for oldmem_remap()
 * @addr: where in it to begin, page aligned
 * @size: bytes, page aligned; they must fit @vma
 *
 * Context: In ->mmap, with the mmap lock held for writing.
 * Return: 0, or -ENOMEM.
 */
int oldmem_map_zeros(struct vm_area_struct *vma, unsigned long addr, u64 size)
{
	u64 at;
	int err;

	for (at = 0; at < size; at += PAGE_SIZE) {
		err = remap_pfn_range_notrack(vma, addr + at, my_zero_pfn(addr + at),
					      PAGE_SIZE, vma->vm_page_prot);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static bool has_huge_pages(void)
{
	return IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) &&
	       has_transparent_hugepage();
}

/* All RAM: what is before the first whole huge page, and behind the last one. */
static int map_edges(struct vm_area_struct *vma, unsigned long addr, u64 paddr,
		     u64 size, pgprot_t prot)
{
	u64 head = min(size, round_up(paddr, PMD_SIZE) - paddr);
	u64 tail = (size - head) % PMD_SIZE;
	int err = 0;

	if (head)
		err = remap_pfn_range_notrack(vma, addr, PHYS_PFN(paddr), head, prot);
	if (!err && tail)
		err = remap_pfn_range_notrack(vma, addr + size - tail,
					      PHYS_PFN(paddr + size - tail), tail,
					      prot);
	return err;
}

/**
 * oldmem_huge_size() - what a process may map as one page
 *
 * Context: Any.
 * Return: bytes of a huge page, to which file offset, physical and virtual address
 * should be congruent; 0 if there are no huge pages.
 */
unsigned long oldmem_huge_size(void)
{
	return has_huge_pages() ? PMD_SIZE : 0;
}

/**
 * oldmem_remap() - map old memory into a process
 * @vma: the process's mapping, not writable and not to become so
 * @addr: where in it to begin, page aligned
 * @paddr: physical address to begin with, page aligned
 * @size: bytes, page aligned; they must fit @vma
 * @flags: OLDMEM_*. With OLDMEM_FAULT, whole huge pages are left to ->fault, which
 *         has to call oldmem_fault(); @vma is VM_PFNMAP and not VM_MIXEDMAP then
 *
 * Pages that are not RAM are the zero page.
 *
 * Where the kernel keeps track of cache modes, as x86 does, what a process maps
 * gets the mode that the memory may be used with at this time.
 *
 * Context: In ->mmap, with the mmap lock held for writing.
 * Return: 0; -EINVAL if something is not aligned, no CPU has the addresses, or
 * @vma is or can be made writable; -EBUSY if the memory is in use with another
 * cache mode; -ENOMEM. Undoing a part that was mapped is left to whoever tears
 * down @vma.
 */
int oldmem_remap(struct vm_area_struct *vma, unsigned long addr, u64 paddr,
		 size_t size, unsigned int flags)
{
	bool is_ram, huge;
	s64 got;
	int err = 0;

	if (!PAGE_ALIGNED(addr) || !PAGE_ALIGNED(paddr) ||
	    !PAGE_ALIGNED(size) || paddr > S64_MAX || size > S64_MAX - paddr ||
	    vma->vm_flags & (VM_WRITE | VM_MAYWRITE))
		return -EINVAL;
	if (flags & OLDMEM_ENCRYPTED)
		vma->vm_page_prot = pgprot_encrypted(vma->vm_page_prot);
	huge = flags & OLDMEM_FAULT && has_huge_pages() &&
	       (addr - paddr) % PMD_SIZE == 0;

	for (; size && !err; addr += got, paddr += got, size -= got) {
		pgprot_t prot = vma->vm_page_prot;

		got = map_extent(paddr, size, &prot, &is_ram);
		if (got < 0)
			return got;
		if (!is_ram)
			err = oldmem_map_zeros(vma, addr, got);
		else if (huge)
			err = map_edges(vma, addr, paddr, got, prot);
		else
			err = remap_pfn_range_notrack(vma, addr, PHYS_PFN(paddr),
						      got, prot);
		cond_resched();
	}
	return err;
}

/*
 * Insert all RAM of len bytes by one function. What inserts looks up the cache
 * mode, which has to be on record for that.
 */
static vm_fault_t insert_held(struct vm_fault *vmf, u64 paddr, u64 len,
			      vm_fault_t (*insert)(struct vm_fault *vmf,
						   u64 paddr, u64 len))
{
	pgprot_t prot = vmf->vma->vm_page_prot;
	int err = arch_oldmem_hold(paddr, len, &prot);
	vm_fault_t ret;

	if (err)
		return vmf_error(err);
	ret = insert(vmf, paddr, len);
	arch_oldmem_release(paddr, len);
	return ret;
}

static vm_fault_t insert_huge(struct vm_fault *vmf, u64 paddr, u64 len)
{
	return vmf_insert_pfn_pmd(vmf, phys_to_pfn_t(paddr, PFN_DEV), false);
}

static vm_fault_t insert_pages(struct vm_fault *vmf, u64 paddr, u64 len)
{
	unsigned long addr = vmf->address & PAGE_MASK;
	vm_fault_t ret = VM_FAULT_NOPAGE;
	u64 at;

	for (at = 0; at < len && ret == VM_FAULT_NOPAGE; at += PAGE_SIZE)
		ret = vmf_insert_pfn(vmf->vma, addr + at, PHYS_PFN(paddr + at));
	return ret;
}

/* Does the huge page around the fault fit, here and there? */
static bool fits_huge(const struct vm_fault *vmf, u64 paddr, u64 start, u64 end)
{
	unsigned long addr = vmf->address & PMD_MASK;
	const struct vm_area_struct *vma = vmf->vma;

	paddr = round_down(paddr, PMD_SIZE);
	return has_huge_pages() && pmd_none(*vmf->pmd) &&
	       addr >= vma->vm_start && vma->vm_end - addr >= PMD_SIZE &&
	       paddr >= start && paddr < end && end - paddr >= PMD_SIZE;
}

/**
 * oldmem_fault() - map old memory where a process has touched it
 * @vmf: the fault; the mapping is one that oldmem_remap() has left parts of
 * @paddr: physical address of what is mapped there, page aligned
 * @start: physical address from which on the headers vouch for memory
 * @end: physical address where that ends
 *
 * The mapping may have been cut, moved or protected since, so that where a huge
 * page was intended now are small ones.
 *
 * Context: In ->fault.
 * Return: VM_FAULT_NOPAGE; VM_FAULT_SIGBUS if the memory is in use with another
 * cache mode; VM_FAULT_OOM.
 */
vm_fault_t oldmem_fault(struct vm_fault *vmf, u64 paddr, u64 start, u64 end)
{
	unsigned long addr = vmf->address & PAGE_MASK;
	u64 len, huge = round_down(paddr, PMD_SIZE);
	bool is_ram;

	if ((addr - paddr) % PMD_SIZE == 0 && fits_huge(vmf, paddr, start, end) &&
	    oldmem_ram_extent(huge, PMD_SIZE, &is_ram) == PMD_SIZE && is_ram)
		return insert_held(vmf, huge, PMD_SIZE, insert_huge);

	/* It does not fit any more, because another thread has just mapped it. */
	if (pmd_trans_huge(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;

	len = min3(end - paddr, (u64)(round_up(addr + 1, FAULT_AROUND) - addr),
		   (u64)(vmf->vma->vm_end - addr));
	len = oldmem_ram_extent(paddr, len, &is_ram);
	if (!is_ram)
		return vmf_insert_pfn(vmf->vma, addr, my_zero_pfn(addr));
	return insert_held(vmf, paddr, len, insert_pages);
}
