// SPDX-License-Identifier: GPL-2.0
/*
 * Old memory in the page tables of processes, by huge pages where they fit.
 *
 * If the kernel tracks cache modes, as on x86, a mapping gets the mode that the
 * memory has at this time.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/pfn.h>
#include <linux/pfn_t.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include <asm/crash_dump.h>

/* Number of bytes that one fault maps by small pages. */
#define FAULT_AROUND	((unsigned long)SZ_64K)

static bool has_huge_pages(void)
{
	return IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) &&
	       has_transparent_hugepage();
}

/**
 * oldmem_huge_size() - size of a huge page that a process may map
 *
 * Context: Any.
 * Return: size of a huge page in bytes; file offset, physical and virtual
 * address should be congruent modulo this size. 0 if there are no huge pages.
 */
unsigned long oldmem_huge_size(void)
{
	return has_huge_pages() ? PMD_SIZE : 0;
}

/* Map memory by small pages, with the cache mode that it has. */
static int map_held_pages(struct vm_area_struct *vma, unsigned long addr,
			  u64 now_pa, u64 size)
{
	pgprot_t prot = vma->vm_page_prot;
	int err = arch_oldmem_hold(now_pa, size, &prot);

	if (err)
		return err;
	arch_oldmem_release(now_pa, size);
	if (IS_ENABLED(CONFIG_ARCH_MAKES_CRASH_HEADERS))
		return remap_oldmem_pfn_range(vma, addr, PHYS_PFN(now_pa), size, prot);
	return remap_pfn_range_notrack(vma, addr, PHYS_PFN(now_pa), size, prot);
}

/**
 * oldmem_remap() - map old memory into a process, by small pages
 * @vma: the process's mapping, VM_PFNMAP, not writable now or later
 * @addr: address in @vma to begin with, page aligned
 * @now_pa: present physical address to begin with, page aligned
 * @size: bytes, page aligned; they must fit @vma
 *
 * Pages that are not read stay unmapped: ->fault maps them, see oldmem_fault(). An
 * architecture's remap_oldmem_pfn_range() may leave out others.
 *
 * Context: In ->mmap, with the mmap lock held for writing.
 * Return: 0; -EINVAL if something is not aligned, no CPU has the addresses, or
 * @vma is or can be made writable; -EBUSY if the memory is in use with another
 * cache mode; -ENOMEM. After an error a part may be mapped; the caller's error
 * path removes it with @vma.
 */
int oldmem_remap(struct vm_area_struct *vma, unsigned long addr, u64 now_pa,
		 size_t size)
{
	bool is_ram;
	u64 extent;
	int err = 0;

	if (!PAGE_ALIGNED(addr) || !PAGE_ALIGNED(now_pa) ||
	    !PAGE_ALIGNED(size) || now_pa > S64_MAX || size > S64_MAX - now_pa ||
	    vma->vm_flags & (VM_WRITE | VM_MAYWRITE))
		return -EINVAL;

	for (; size && !err; addr += extent, now_pa += extent, size -= extent) {
		extent = oldmem_ram_extent(now_pa, size, &is_ram);
		if (is_ram)
			err = map_held_pages(vma, addr, now_pa, extent);
		cond_resched();
	}
	return err;
}

/**
 * oldmem_fault_around() - choose how much a fault maps by small pages
 * @vmf: the fault
 * @len: number of bytes from the touched page on of the same kind
 *
 * Context: In ->fault.
 * Return: number of bytes, whole pages, that fit the mapping.
 */
u64 oldmem_fault_around(const struct vm_fault *vmf, u64 len)
{
	unsigned long addr = vmf->address & PAGE_MASK;

	return min3(len, (u64)(round_up(addr + 1, FAULT_AROUND) - addr),
		    (u64)(vmf->vma->vm_end - addr));
}

/*
 * Inserting a small page fails with VM_FAULT_OOM if another thread has just
 * inserted a huge one. The huge page serves the process as well.
 */
static vm_fault_t check_for_huge(const struct vm_fault *vmf, vm_fault_t ret)
{
	if (ret == VM_FAULT_OOM && pmd_trans_huge(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;
	return ret;
}

/**
 * oldmem_fault_zeros() - map the zero page at the place of a fault
 * @vmf: the fault
 * @len: number of bytes from the touched page on that are zeros
 *
 * Context: In ->fault of a mapping that is VM_PFNMAP.
 * Return: VM_FAULT_NOPAGE or VM_FAULT_OOM.
 */
vm_fault_t oldmem_fault_zeros(struct vm_fault *vmf, u64 len)
{
	unsigned long addr = vmf->address & PAGE_MASK, end;
	vm_fault_t ret = VM_FAULT_NOPAGE;

	for (end = addr + oldmem_fault_around(vmf, len);
	     addr < end && ret == VM_FAULT_NOPAGE; addr += PAGE_SIZE)
		ret = vmf_insert_pfn(vmf->vma, addr, my_zero_pfn(addr));
	return check_for_huge(vmf, ret);
}

/*
 * Insert @len bytes of RAM. The functions that insert pages look up the cache
 * mode, which has to be recorded for that.
 */
static vm_fault_t insert_held_pages(struct vm_fault *vmf, u64 now_pa, u64 len)
{
	unsigned long addr = vmf->address & PAGE_MASK;
	pgprot_t prot = vmf->vma->vm_page_prot;
	vm_fault_t ret = VM_FAULT_NOPAGE;
	int err = arch_oldmem_hold(now_pa, len, &prot);
	u64 at;

	/* The error may concern a page behind the needed one. */
	if (err && len > PAGE_SIZE) {
		len = PAGE_SIZE;
		err = arch_oldmem_hold(now_pa, len, &prot);
	}
	if (err)
		return vmf_error(err);
	for (at = 0; at < len && ret == VM_FAULT_NOPAGE; at += PAGE_SIZE)
		ret = vmf_insert_pfn(vmf->vma, addr + at, PHYS_PFN(now_pa + at));
	arch_oldmem_release(now_pa, len);
	return check_for_huge(vmf, ret);
}

/* Return false if a part of the huge page is in use with another cache mode. */
static bool insert_held_huge(struct vm_fault *vmf, u64 now_pa, vm_fault_t *ret)
{
	pgprot_t prot = vmf->vma->vm_page_prot;

	if (arch_oldmem_hold(now_pa, PMD_SIZE, &prot))
		return false;
	*ret = vmf_insert_pfn_pmd(vmf, phys_to_pfn_t(now_pa, PFN_DEV), false);
	arch_oldmem_release(now_pa, PMD_SIZE);
	return true;
}

/* Test whether the huge page around the fault fits the mapping, and is RAM to read. */
static bool fits_huge_page(const struct vm_fault *vmf, u64 now_pa, u64 start,
			   u64 end)
{
	unsigned long addr = vmf->address & PAGE_MASK;
	const struct vm_area_struct *vma = vmf->vma;
	u64 huge = round_down(now_pa, PMD_SIZE);
	bool is_ram;

	if (!has_huge_pages() || (addr - now_pa) % PMD_SIZE ||
	    !pmd_none(*vmf->pmd))
		return false;
	addr &= PMD_MASK;
	if (addr < vma->vm_start || vma->vm_end - addr < PMD_SIZE ||
	    huge < start || huge >= end || end - huge < PMD_SIZE)
		return false;
	return oldmem_ram_extent(huge, PMD_SIZE, &is_ram) == PMD_SIZE && is_ram;
}

/**
 * oldmem_fault() - map old memory at the place of a fault
 * @vmf: the fault, in a mapping that is VM_PFNMAP
 * @now_pa: present physical address of the touched page, page aligned
 * @start: lowest present physical address that may be mapped with it
 * @end: end of the present physical addresses that may be mapped with it
 *
 * Pages that are not read are mapped to the zero page. A page that an architecture
 * can read but not map is copied.
 *
 * Context: In ->fault.
 * Return: VM_FAULT_NOPAGE; 0 with a page in @vmf; VM_FAULT_SIGBUS if the memory is
 * in use with another cache mode, or cannot be read; VM_FAULT_OOM.
 */
vm_fault_t oldmem_fault(struct vm_fault *vmf, u64 now_pa, u64 start, u64 end)
{
	vm_fault_t ret;
	bool is_ram;
	u64 len;

	if (fits_huge_page(vmf, now_pa, start, end) &&
	    insert_held_huge(vmf, round_down(now_pa, PMD_SIZE), &ret))
		return ret;

	len = oldmem_ram_extent(now_pa, oldmem_fault_around(vmf, end - now_pa),
				&is_ram);
	if (!is_ram)
		return oldmem_fault_zeros(vmf, len);
	if (IS_ENABLED(CONFIG_ARCH_MAKES_CRASH_HEADERS))
		return oldmem_fault_copy(vmf, now_pa);
	return insert_held_pages(vmf, now_pa, len);
}
