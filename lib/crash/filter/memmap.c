// SPDX-License-Identifier: GPL-2.0
/*
 * Finds and reads the struct page of a page frame. The crashed kernel's sparse
 * memory model (include/linux/mmzone.h) has the address of the struct pages in
 * each section, with and without vmemmap.
 *
 * Struct pages are read ahead, up to the end of the page that they are in, and
 * further while the reads stay close together. If many pages are skipped, as in
 * free memory, most of the memmap is not read.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/swab.h>

#include "arch.h"

/* Read at least two: the order of a compound page is in its second struct page. */
#define MIN_AHEAD	2U

/*
 * Flags in the low bits of the address of a section's struct pages:
 * SECTION_MARKED_PRESENT and more, by kernel version. These bits are free
 * because the struct pages of a section fill whole pages of 4 KiB, even if
 * pages are larger.
 */
#define SECTION_PRESENT		1
#define SECTION_FLAGS		4095ULL

static u32 get_stride(const struct vmcore_memmap *map)
{
	const struct vmcore_rules *rules = map->space.rules;

	return rules->page_words * rules->arch->word_bytes;
}

/* A word takes 8 bytes in the buffer, even if a long of that kernel has 4. */
static u32 get_max_ahead(const struct vmcore_memmap *map)
{
	return VMCORE_MEMMAP_BYTES / (map->space.rules->page_words * sizeof(u64));
}

/**
 * vmcore_memmap_init() - prepare to read struct pages
 * @map: to be set up
 * @rules: of the crashed kernel; must outlive @map
 * @tables: reads page tables and sections
 * @pages: reads struct pages
 *
 * Context: Any; the caller serialises all use of @map.
 */
void vmcore_memmap_init(struct vmcore_memmap *map,
			const struct vmcore_rules *rules,
			struct vmcore_memory *tables,
			struct vmcore_memory *pages)
{
	u32 i;

	map->space.rules = rules;
	map->space.tables = tables;
	map->space.looks = 0;
	map->space.size = 0;
	for (i = 0; i < VMCORE_NR_COPIES; i++)
		map->space.copies[i].used = 0;
	map->seen.rule = NULL;
	map->pages = pages;
	map->section = 0;
	map->base = 0;
	map->nr = 0;
	map->ahead = MIN_AHEAD;
}

/**
 * vmcore_memmap_vaddr() - find the virtual address of a struct page
 * @map: struct pages
 * @pfn: page frame number, in the section that was used last
 *
 * Context: Any.
 * Return: the virtual address. Addresses of 32 bits wrap around.
 */
u64 vmcore_memmap_vaddr(const struct vmcore_memmap *map, u64 pfn)
{
	u64 vaddr = map->base + pfn * get_stride(map);

	return vmcore_word_bytes(map->space.rules) == sizeof(u32) ? (u32)vaddr : vaddr;
}

/**
 * vmcore_memmap_section_end() - find the end of the section of a page frame
 * @map: struct pages
 * @pfn: page frame number
 *
 * Context: Any.
 * Return: the first page frame behind the section.
 */
u64 vmcore_memmap_section_end(const struct vmcore_memmap *map, u64 pfn)
{
	u32 shift = map->space.rules->section_shift;

	return ((pfn >> shift) + 1) << shift;
}

/*
 * Return the address that the struct page of page frame 0 would have by the
 * section's entry, 0 if the section has no struct pages.
 */
static u64 find_base(struct vmcore_memmap *map, u64 nr)
{
	const struct vmcore_rules *rules = map->space.rules;
	u32 per_root = (1U << rules->page_shift) / rules->section_bytes;
	u64 root, section;
	u32 nr_root, in_root;

	if (nr > U32_MAX)
		return 0;
	nr_root = (u32)nr / per_root;
	in_root = (u32)nr % per_root;
	if (nr_root >= rules->nr_roots ||
	    vmcore_read_word(&map->space, rules->mem_section +
			     nr_root * rules->arch->word_bytes, &root) || !root ||
	    vmcore_read_word(&map->space, root + in_root *
			     rules->section_bytes + rules->section_map,
			     &section) ||
	    !(section & SECTION_PRESENT))
		return 0;
	return section & ~SECTION_FLAGS;
}

static void enter_section(struct vmcore_memmap *map, u64 pfn)
{
	u64 nr = pfn >> map->space.rules->section_shift;

	if (map->section == nr + 1)
		return;
	map->section = nr + 1;
	map->base = find_base(map, nr);
}

/* Read at most @len bytes from @vaddr on. Return the number of bytes read. */
static u64 read_virtual(struct vmcore_memmap *map, u64 vaddr, void *buf, u64 len)
{
	u64 old_pa, span, done = 0;

	while (done < len) {
		if (vmcore_vtop(&map->space, vaddr + done, &old_pa, &span) ||
		    map->pages->read(map->pages, old_pa, buf + done,
				     min(span, len - done), span))
			break;
		done += min(span, len - done);
	}
	return done;
}

/* Count the struct pages from @pfn's on to the end of the page that holds it. */
static u32 to_page_end(const struct vmcore_memmap *map, u64 pfn)
{
	u32 size = 1U << map->space.rules->page_shift;
	u32 into = vmcore_memmap_vaddr(map, pfn) & (size - 1);

	return (size - into + get_stride(map) - 1) / get_stride(map);
}

/* Convert words from the form in old memory to numbers of this machine, in place. */
static void convert_words(const struct vmcore_rules *rules, u64 *words, u32 nr)
{
	bool swaps = vmcore_swaps(rules);
	const u32 *narrow = (const u32 *)words;

	if (rules->arch->word_bytes == sizeof(u64)) {
		for (; swaps && nr; nr--, words++)
			*words = swab64(*words);
		return;
	}
	/* Start with the last word, so that no word is overwritten unread. */
	while (nr--)
		words[nr] = swaps ? swab32(narrow[nr]) : narrow[nr];
}

/* Read the struct pages of @nr page frames. Return the number of those read. */
static u32 read_structs(struct vmcore_memmap *map, u64 pfn, u32 nr, u64 *words)
{
	u32 stride = get_stride(map);
	u32 got = (u32)read_virtual(map, vmcore_memmap_vaddr(map, pfn), words,
				    nr * stride) / stride;

	convert_words(map->space.rules, words, got * map->space.rules->page_words);
	return got;
}

static void read_ahead(struct vmcore_memmap *map, u64 pfn, u64 left)
{
	bool near = map->nr && pfn >= map->first &&
		    pfn < map->first + map->nr + map->ahead;
	u64 ahead = near ? map->ahead * 2ULL : max(to_page_end(map, pfn), MIN_AHEAD);

	map->ahead = min_t(u64, ahead, get_max_ahead(map));
	/* Read one more: the last struct page is followed by its next, too. */
	map->nr = read_structs(map, pfn, min_t(u64, map->ahead + 1, left), map->words);
	map->first = pfn;
}

/**
 * vmcore_memmap_ahead() - count the struct pages that have been read ahead
 * @map: struct pages
 * @pfn: page frame number, behind one that was read
 * @page: result: words of the struct page of @pfn; untouched if there is none
 *
 * Context: Any.
 * Return: number of struct pages in the buffer from @pfn on, without the last
 * one; 0 if the struct page of @pfn has not been read yet.
 */
u32 vmcore_memmap_ahead(const struct vmcore_memmap *map, u64 pfn,
			const u64 **page)
{
	if (!map->nr || pfn - map->first >= map->nr - 1)
		return 0;
	*page = &map->words[(pfn - map->first) * map->space.rules->page_words];
	return map->nr - 1 - (pfn - map->first);
}

/* Put zeros behind the last struct page. */
static void end_structs(const struct vmcore_memmap *map, u64 *words, u32 nr)
{
	u32 page_words = map->space.rules->page_words;

	memset(words + nr * page_words, 0, page_words * sizeof(u64));
}

/**
 * vmcore_memmap_peek() - get a struct page from another place
 * @map: struct pages
 * @pfn: its page frame number
 *
 * The struct pages read ahead for vmcore_memmap_get() stay. The result is
 * followed by the next struct page, or by zeros if that is in another section
 * or cannot be read.
 *
 * Context: The same as for the callbacks of @map.
 * Return: its words, until the next call; NULL if it cannot be read.
 */
const u64 *vmcore_memmap_peek(struct vmcore_memmap *map, u64 pfn)
{
	u64 left = vmcore_memmap_section_end(map, pfn) - pfn;
	const u64 *page;
	u32 got;

	enter_section(map, pfn);
	if (vmcore_memmap_ahead(map, pfn, &page))
		return page;
	if (!map->base)
		return NULL;
	got = read_structs(map, pfn, min_t(u64, MIN_AHEAD, left), map->aside);
	if (!got)
		return NULL;
	if (got < MIN_AHEAD)
		end_structs(map, map->aside, got);
	return map->aside;
}

/**
 * vmcore_memmap_get() - get a struct page
 * @map: struct pages
 * @pfn: its page frame number
 * @missing: set if the result is NULL: the number of page frames from @pfn on,
 *	within the section, whose struct pages cannot be read; not 0
 *
 * The result is followed by the next struct page, or by zeros if that is in
 * another section or cannot be read.
 *
 * Context: The same as for the callbacks of @map.
 * Return: its words, until the next call; NULL if it cannot be read.
 */
const u64 *vmcore_memmap_get(struct vmcore_memmap *map, u64 pfn, u64 *missing)
{
	const u64 *page;
	u64 left;

	/* Most are read in turn. All that were read ahead are of one section. */
	if (vmcore_memmap_ahead(map, pfn, &page))
		return page;

	left = vmcore_memmap_section_end(map, pfn) - pfn;
	enter_section(map, pfn);
	if (!map->base) {
		*missing = left;
		return NULL;
	}
	if (pfn < map->first || pfn - map->first >= map->nr ||
	    (pfn - map->first == map->nr - 1 && left > 1))
		read_ahead(map, pfn, left);
	if (!map->nr) {
		*missing = min(left, to_page_end(map, pfn));
		return NULL;
	}
	if (pfn - map->first == map->nr - 1)
		end_structs(map, map->words, map->nr);
	return &map->words[(pfn - map->first) * map->space.rules->page_words];
}
