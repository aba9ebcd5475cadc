// SPDX-License-Identifier: GPL-2.0
/*
 * vmcoreinfo: facts that a reader of this kernel's memory needs.
 *
 * Lines of text, "KEY=value" or "KIND(name)=value", in an ELF note. Readers
 * find the note by a program header (/proc/vmcore, /proc/kcore) or by the
 * address in /sys/kernel/vmcoreinfo.
 * Documentation/admin-guide/kdump/vmcoreinfo.rst documents the meaning of each
 * key.
 *
 * The note is written at boot and is complete from then on. A panic adds the
 * time, after the text that a reader of /proc/kcore may be reading.
 */

#define pr_fmt(fmt) "vmcoreinfo: " fmt

#include <linux/buildid.h>
#include <linux/cache.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/linkage.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include <linux/vmcore_info.h>

#include <asm/sections.h>

#include "crash_internal.h"
#include "kallsyms_internal.h"

/* The note in the form for readers. Zero bytes behind the text end the note. */
static struct {
	struct elf_note head;
	char name[VMCOREINFO_NOTE_NAME_BYTES];
	char text[VMCOREINFO_BYTES];
	struct elf_note end;
} note __page_aligned_bss;

static_assert(sizeof(note) == VMCOREINFO_NOTE_SIZE);
static_assert(sizeof(note.head) == CRASH_CORE_NOTE_HEAD_BYTES);

unsigned char *vmcoreinfo_data __ro_after_init = (unsigned char *)note.text;
size_t vmcoreinfo_size __ro_after_init;

/* Maximum length of the text. */
static size_t text_limit __ro_after_init =
	VMCOREINFO_ENTRY_BYTES - VMCOREINFO_CRASHTIME_MAX;

/* Number of lines that did not fit. */
static unsigned int lines_lost __ro_after_init;

static void set_text_size(size_t size)
{
	note.head.n_namesz = sizeof(VMCOREINFO_NOTE_NAME);
	note.head.n_type = 0;
	memcpy(note.name, VMCOREINFO_NOTE_NAME, sizeof(VMCOREINFO_NOTE_NAME));
	note.head.n_descsz = size;
}

/**
 * vmcoreinfo_vline - format whole lines, or nothing
 * @buf: destination
 * @room: size of @buf in bytes, including the terminator
 * @fmt: as for vprintf()
 * @args: for @fmt
 *
 * Context: Any.
 * Return: Bytes of text in @buf. 0 if it did not fit or does not end in a
 * newline; then all bytes that were written are zero.
 */
size_t vmcoreinfo_vline(char *buf, size_t room, const char *fmt, va_list args)
{
	size_t len = vsnprintf(buf, room, fmt, args);

	if (len && len < room && buf[len - 1] == '\n')
		return len;

	memset(buf, 0, min(len, room));
	return 0;
}

/**
 * vmcoreinfo_append_str - add a line to vmcoreinfo
 * @fmt: as for printf(), with the newline
 *
 * A line that does not fit is left out, and counted for a warning.
 *
 * Context: Boot, one caller at a time: from arch_crash_save_vmcoreinfo() and
 *	    log_buf_vmcoreinfo_setup().
 */
void vmcoreinfo_append_str(const char *fmt, ...)
{
	va_list args;
	size_t len;

	if (WARN_ON_ONCE(system_state >= SYSTEM_FREEING_INITMEM))
		return;

	va_start(args, fmt);
	len = vmcoreinfo_vline(note.text + vmcoreinfo_size,
			       text_limit - vmcoreinfo_size, fmt, args);
	va_end(args);

	vmcoreinfo_size += len;
	lines_lost += !len;
	set_text_size(vmcoreinfo_size);
}

/**
 * vmcoreinfo_add - add a number to vmcoreinfo
 * @kind: meaning of the number
 * @name: name of the symbol, type, member or value
 * @value: the number
 *
 * Context: As for vmcoreinfo_append_str().
 */
void vmcoreinfo_add(enum vmcoreinfo_kind kind, const char *name,
		    unsigned long value)
{
	switch (kind) {
	case VMCOREINFO_IS_SYMBOL:
		vmcoreinfo_append_str("SYMBOL(%s)=%lx\n", name, value);
		break;
	case VMCOREINFO_IS_SIZE:
		vmcoreinfo_append_str("SIZE(%s)=%lu\n", name, value);
		break;
	case VMCOREINFO_IS_OFFSET:
		vmcoreinfo_append_str("OFFSET(%s)=%lu\n", name, value);
		break;
	case VMCOREINFO_IS_LENGTH:
		vmcoreinfo_append_str("LENGTH(%s)=%lu\n", name, value);
		break;
	case VMCOREINFO_IS_NUMBER:
		vmcoreinfo_append_str("NUMBER(%s)=%ld\n", name, (long)value);
		break;
	}
}

/**
 * paddr_vmcoreinfo_note - physical address of the note
 *
 * Context: Any.
 * Return: Physical address for readers outside, which for a Xen PV guest
 * differs from the guest's own. The note takes VMCOREINFO_NOTE_SIZE bytes
 * there.
 */
phys_addr_t paddr_vmcoreinfo_note(void)
{
	if (IS_ENABLED(CONFIG_ARCH_HAS_VMCOREINFO_PADDR))
		return arch_vmcoreinfo_paddr(&note);
	return __pa_symbol(&note);
}
EXPORT_SYMBOL(paddr_vmcoreinfo_note);

/**
 * vmcoreinfo_restore - restore the text of boot time
 * @text: a protected copy of the text; NULL: nothing is done
 *
 * Context: Panic, NMI included.
 */
void vmcoreinfo_restore(const char *text)
{
	if (text)
		memcpy(note.text, text, vmcoreinfo_size);
}

/**
 * vmcoreinfo_crashtime - format the time of the crash
 * @buf: VMCOREINFO_CRASHTIME_MAX bytes; no terminator is written
 * @seconds: since 1970, UTC
 *
 * Context: Any, NMI included. This avoids vsnprintf(), and all functions that
 * it may call.
 * Return: Bytes of the line in @buf.
 */
size_t vmcoreinfo_crashtime(char *buf, s64 seconds)
{
	static const char key[] = "CRASHTIME=";
	u64 rest = seconds < 0 ? -(u64)seconds : seconds;
	size_t len = sizeof(key) - 1, digits = 0;
	char digit[20];
	u32 last;

	do {
		rest = div_u64_rem(rest, 10, &last);
		digit[digits++] = '0' + last;
	} while (rest);

	memcpy(buf, key, len);
	if (seconds < 0)
		buf[len++] = '-';
	while (digits)
		buf[len++] = digit[--digits];
	buf[len++] = '\n';
	return len;
}

/**
 * crash_save_vmcoreinfo - make the note ready for a dump
 *
 * Adds the time. A second call replaces the time of the first one.
 *
 * Context: Panic, NMI included.
 */
void crash_save_vmcoreinfo(void)
{
	size_t size = vmcoreinfo_size;

	/* Do not use the seqcount: the panic may have interrupted its write section. */
	size += vmcoreinfo_crashtime(note.text + size,
				     __ktime_get_real_seconds());
	memset(note.text + size, 0, sizeof(note.text) - size);
	memset(&note.end, 0, sizeof(note.end));
	set_text_size(size);
}

/* The table of all values that the compiler and the linker know. */
struct vmcoreinfo_entry {
	enum vmcoreinfo_kind kind;
	const char *name;
	unsigned long value;
};

#define SYMBOL(sym) \
	{ VMCOREINFO_IS_SYMBOL, #sym, (unsigned long)&(sym) }
#define SIZE(type) \
	{ VMCOREINFO_IS_SIZE, #type, sizeof(type) }
#define STRUCT_SIZE(tag) \
	{ VMCOREINFO_IS_SIZE, #tag, sizeof(struct tag) }
#define OFFSET(tag, member) \
	{ VMCOREINFO_IS_OFFSET, #tag "." #member, offsetof(struct tag, member) }
#define LENGTH(array, count) \
	{ VMCOREINFO_IS_LENGTH, #array, (count) }
#define NUMBER(number) \
	{ VMCOREINFO_IS_NUMBER, #number, (unsigned long)(number) }
/* The page type is in the top byte of _mapcount, which is an int. */
#define PAGE_TYPE(name, type) \
	{ VMCOREINFO_IS_NUMBER, "PAGE_" #name "_MAPCOUNT_VALUE",	\
	  (unsigned long)(int)((u32)(type) << 24) }

static const struct vmcoreinfo_entry vmcoreinfo_table[] __initconst = {
	/* the kernel image */
	SYMBOL(_stext),
	SYMBOL(init_uts_ns),
	OFFSET(uts_namespace, name),
	SIZE(nodemask_t),
	SYMBOL(node_online_map),

	/* lists */
	STRUCT_SIZE(list_head),
	OFFSET(list_head, next),
	OFFSET(list_head, prev),

	/* nodes, zones and free lists */
#ifndef CONFIG_NUMA
	SYMBOL(contig_page_data),
#endif
	STRUCT_SIZE(pglist_data),
	OFFSET(pglist_data, node_zones),
	OFFSET(pglist_data, nr_zones),
#ifdef CONFIG_FLATMEM
	OFFSET(pglist_data, node_mem_map),
#endif
	OFFSET(pglist_data, node_start_pfn),
	OFFSET(pglist_data, node_spanned_pages),
	OFFSET(pglist_data, node_id),
	STRUCT_SIZE(zone),
	OFFSET(zone, free_area),
	LENGTH(zone.free_area, NR_PAGE_ORDERS),
	OFFSET(zone, vm_stat),
	OFFSET(zone, spanned_pages),
	NUMBER(NR_FREE_PAGES),
	STRUCT_SIZE(free_area),
	OFFSET(free_area, free_list),
	LENGTH(free_area.free_list, MIGRATE_TYPES),

	/* where the page structures are */
#ifndef CONFIG_NUMA
	SYMBOL(mem_map),
#endif
#ifdef CONFIG_SPARSEMEM
	STRUCT_SIZE(mem_section),
	OFFSET(mem_section, section_mem_map),
#endif

	/* members of a page structure */
	STRUCT_SIZE(page),
	OFFSET(page, flags),
	OFFSET(page, _refcount),
	OFFSET(page, _mapcount),
	OFFSET(page, mapping),
	OFFSET(page, lru),
	OFFSET(page, private),
	OFFSET(page, compound_head),
	NUMBER(PG_lru),
	NUMBER(PG_private),
	NUMBER(PG_swapcache),
	NUMBER(PG_swapbacked),
	NUMBER(PG_head_mask),
#ifdef CONFIG_MEMORY_FAILURE
	NUMBER(PG_hwpoison),
#endif
	PAGE_TYPE(SLAB, PGTY_slab),
	PAGE_TYPE(BUDDY, PGTY_buddy),
	PAGE_TYPE(HUGETLB, PGTY_hugetlb),
	PAGE_TYPE(OFFLINE, PGTY_offline),

	/* names of symbols */
#ifdef CONFIG_KALLSYMS
	SYMBOL(kallsyms_names),
	SYMBOL(kallsyms_num_syms),
	SYMBOL(kallsyms_token_table),
	SYMBOL(kallsyms_token_index),
	SYMBOL(kallsyms_offsets),
	SYMBOL(kallsyms_relative_base),
#endif
};

/* Add the values that are constants on some architectures only. */
#ifdef CONFIG_MMU
static void __init add_page_table(void)
{
	VMCOREINFO_SYMBOL_ARRAY(swapper_pg_dir);
}
#else
static void __init add_page_table(void) { }
#endif

#ifdef CONFIG_SPARSEMEM
static void __init add_sections(void)
{
	VMCOREINFO_SYMBOL_ARRAY(mem_section);
	VMCOREINFO_LENGTH(mem_section, NR_SECTION_ROOTS);
	VMCOREINFO_NUMBER(SECTION_SIZE_BITS);
	VMCOREINFO_NUMBER(MAX_PHYSMEM_BITS);
}
#else
static void __init add_sections(void) { }
#endif

#ifdef CONFIG_SPARSEMEM_VMEMMAP
static void __init add_vmemmap(void)
{
	VMCOREINFO_SYMBOL_ARRAY(vmemmap);
}
#else
static void __init add_vmemmap(void) { }
#endif

static int __init vmcoreinfo_init(void)
{
	const struct vmcoreinfo_entry *entry;

	/* Readers choose by these how to go on, so they come first. */
	vmcoreinfo_append_str("OSRELEASE=%s\n", init_uts_ns.name.release);
	vmcoreinfo_append_str("BUILD-ID=%*phN\n", (int)sizeof(vmlinux_build_id),
			      vmlinux_build_id);
	vmcoreinfo_append_str("PAGESIZE=%lu\n", PAGE_SIZE);

	for (entry = vmcoreinfo_table;
	     entry < vmcoreinfo_table + ARRAY_SIZE(vmcoreinfo_table); entry++)
		vmcoreinfo_add(entry->kind, entry->name, entry->value);

	add_page_table();
	add_sections();
	add_vmemmap();
	vmcoreinfo_append_str("NUMBER(VMALLOC_START)=0x%lx\n",
			      (unsigned long)VMALLOC_START);

	log_buf_vmcoreinfo_setup();
	arch_crash_save_vmcoreinfo();
	text_limit = VMCOREINFO_BYTES - VMCOREINFO_CRASHTIME_MAX;
	vmcoreinfo_add_rules();
	if (lines_lost)
		pr_warn("%u lines left out, for which there is no room\n",
			lines_lost);
	return 0;
}
subsys_initcall(vmcoreinfo_init);
