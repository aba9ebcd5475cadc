/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Crash dumps on architectures that do not select ARCH_HAS_CRASH_DUMP_HOOKS: the
 * functions of their stock code, and the functions that this code calls.
 *
 * Include linux/crash_dump.h instead of this file.
 */
#ifndef _LINUX_CRASH_STOCK_H
#define _LINUX_CRASH_STOCK_H

#include <linux/elf.h>
#include <linux/kexec.h>	/* asm/kexec.h may have a vmcore_elf_check_arch_cross() */
#include <linux/pgtable.h>
#include <linux/types.h>

struct iov_iter;
struct vm_area_struct;

/* Machine types of a dump; an architecture may define its own tests. */
#ifndef vmcore_elf_check_arch_cross
#define vmcore_elf_check_arch_cross(hdr) ((void)(hdr), false)
#endif
#ifndef vmcore_elf32_check_arch
#define vmcore_elf32_check_arch(hdr) elf_check_arch(hdr)
#endif
#ifndef vmcore_elf64_check_arch
#define vmcore_elf64_check_arch(hdr) \
	(elf_check_arch(hdr) || vmcore_elf_check_arch_cross(hdr))
#endif

/*
 * Each such architecture has copy_oldmem_page(): it copies a part of a page of old
 * memory, and returns the number of bytes or an errno. With ARCH_READS_CRASH_HEADERS
 * the architecture reads the ELF headers as well. With ARCH_MAKES_CRASH_HEADERS it
 * makes headers and notes while the capture kernel starts, reads both by addresses
 * of its own, and maps old memory.
 */
ssize_t copy_oldmem_page(struct iov_iter *iter, unsigned long pfn, size_t csize,
			 unsigned long offset);
ssize_t elfcorehdr_read(char *buf, size_t count, u64 *ppos);
ssize_t elfcorehdr_read_notes(char *buf, size_t count, u64 *ppos);
int elfcorehdr_alloc(unsigned long long *addr, unsigned long long *size);
void elfcorehdr_free(unsigned long long addr);
int remap_oldmem_pfn_range(struct vm_area_struct *vma, unsigned long from,
			   unsigned long pfn, unsigned long size, pgprot_t prot);

/* kernel/crash_stock.c */
Elf_Word *append_elf_note(Elf_Word *buf, char *name, unsigned int type,
			  void *data, size_t data_len);
void final_note(Elf_Word *buf);

/* drivers/char/oldmem_stock.c */
#ifdef CONFIG_ARCH_MAKES_CRASH_HEADERS
void crash_make_headers(void);
#else
static inline void crash_make_headers(void)
{
}
#endif

#endif /* _LINUX_CRASH_STOCK_H */
