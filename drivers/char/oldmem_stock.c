// SPDX-License-Identifier: GPL-2.0
/*
 * Old memory on an architecture that does not select ARCH_HAS_CRASH_DUMP_HOOKS.
 *
 * The architecture's copy_oldmem_page() finds the bytes of a page of old memory and
 * copies them. So windows have no mapping here: each page takes a call.
 */
#include <linux/crash_dump.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/pfn.h>
#include <linux/uio.h>

/**
 * oldmem_copy_pages() - copy old memory by copy_oldmem_page()
 * @now_pa: physical address, bytes
 * @len: bytes
 * @to: destination
 *
 * Context: Process context, may sleep.
 * Return: bytes copied; if there are none, the errno of copy_oldmem_page().
 */
ssize_t oldmem_copy_pages(u64 now_pa, size_t len, struct iov_iter *to)
{
	size_t done = 0, part, offset;
	ssize_t got = 0;

	while (done < len) {
		offset = offset_in_page(now_pa + done);
		part = min(len - done, PAGE_SIZE - offset);
		got = copy_oldmem_page(to, PHYS_PFN(now_pa + done), part, offset);
		if (got > 0)
			done += got;
		if (got < (ssize_t)part)
			break;
	}
	return done ? done : got;
}

static int read_by_arch(ssize_t (*read)(char *buf, size_t len, u64 *at),
			u64 now_pa, void *buf, size_t len)
{
	ssize_t got = read(buf, len, &now_pa);

	if (got < 0)
		return got;
	return got == len ? 0 : -EFAULT;
}

/**
 * oldmem_read_headers() - read a part of the ELF headers
 * @win: the caller's window, which nobody else uses meanwhile
 * @now_pa: address in bytes, of the same kind as elfcorehdr_addr
 * @buf: destination
 * @len: bytes
 *
 * Context: Process context, may sleep.
 * Return: 0 or an errno; @buf is undefined then.
 */
int oldmem_read_headers(struct oldmem_window *win, u64 now_pa, void *buf,
			size_t len)
{
	if (IS_ENABLED(CONFIG_ARCH_READS_CRASH_HEADERS))
		return read_by_arch(elfcorehdr_read, now_pa, buf, len);
	return oldmem_window_read(win, now_pa, buf, len, oldmem_header_flags());
}

/**
 * oldmem_read_notes() - read a segment of notes
 * @now_pa: address in bytes, as in the ELF headers
 * @buf: destination
 * @len: bytes
 *
 * Context: Process context, may sleep.
 * Return: 0 or an errno; @buf is undefined then.
 */
int oldmem_read_notes(u64 now_pa, void *buf, size_t len)
{
	if (IS_ENABLED(CONFIG_ARCH_MAKES_CRASH_HEADERS))
		return read_by_arch(elfcorehdr_read_notes, now_pa, buf, len);
	return oldmem_read(now_pa, buf, len, oldmem_default_flags());
}

/**
 * oldmem_fault_copy() - hand a process a copy of a page that cannot be mapped
 * @vmf: the fault
 * @now_pa: physical address of the page, page aligned
 *
 * On s390, the beginning of a dump to disk is read from firmware and is at no
 * address: remap_oldmem_pfn_range() leaves it out. The copy is an ordinary page,
 * which lives as long as its mapping. That the rest of the mapping is made of page
 * frame numbers does not matter, since the page tables tell the two apart there.
 *
 * Context: In ->fault.
 * Return: 0 with the page in @vmf; VM_FAULT_OOM; VM_FAULT_SIGBUS if the page cannot
 * be read.
 */
vm_fault_t oldmem_fault_copy(struct vm_fault *vmf, u64 now_pa)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int err;

	if (!page)
		return VM_FAULT_OOM;
	err = oldmem_read(now_pa, page_address(page), PAGE_SIZE,
			  oldmem_default_flags());
	if (err) {
		__free_page(page);
		return vmf_error(err);
	}
	vmf->page = page;
	return 0;
}

#ifdef CONFIG_ARCH_MAKES_CRASH_HEADERS
/**
 * crash_make_headers - have the architecture make the ELF headers
 *
 * Headers and notes are read as long as there is a dump, so they are not freed.
 *
 * Context: Initcall, before the headers are read.
 */
void __init crash_make_headers(void)
{
	if (elfcorehdr_alloc(&elfcorehdr_addr, &elfcorehdr_size))
		elfcorehdr_addr = ELFCORE_ADDR_ERR;
}
#endif
