// SPDX-License-Identifier: GPL-2.0
/*
 * Which pages of a dump are worth saving, where no kernel has left them out.
 *
 * lib/crash/filter finds that out, block by block, as for /proc/vmcore-kern: memory
 * does not grow with the dump.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "source.h"

/* Behind those above: the kernel's headers define no more than there is not. */
#include <linux/crash_elf.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/vmcore_filter.h>

/* Blocks that are remembered: the kernel's text is in a dump twice. */
#define BLOCKS 4

/* What is done with a page. */
enum answer {
	ANSWER_KEPT,
	ANSWER_LEFT_OUT,
	ANSWER_UNKNOWN,		/* nothing tells what it is, so it is kept */
};

/**
 * struct block - what is done with the pages of a block
 * @number:  of the block, plus 1; 0: none
 * @answers: an enum answer for each page
 */
struct block {
	uint64_t number;
	uint8_t answers[VMCORE_BLOCK_PAGES];
};

/**
 * struct filter - a filter of a dump
 * @memory:   how struct pages and page tables are read
 * @source:   the dump
 * @level:    which pages are left out
 * @lock:     workers ask, too, and what is below changes by that
 * @views:    what is in the file at which offset, ascending, without overlap
 * @count:    of them
 * @rules:    of the kernel that left the dump
 * @map:      its struct pages
 * @blocks:   the latest ones
 * @current:  the one that is being scanned
 * @unknown:  bytes that are kept since nothing tells what they are
 * @told:     all has been asked for once, and these are no longer counted
 */
struct filter {
	struct vmcore_memory memory;
	const struct source *source;
	unsigned int level;
	pthread_mutex_t lock;
	struct segment *views;
	size_t count;
	struct vmcore_rules rules;
	struct vmcore_memmap map;
	struct block blocks[BLOCKS];
	struct block *current;
	uint64_t unknown;
	bool told;
};

/* Memory that lies in one piece may be in several segments. */
static int read_old(struct vmcore_memory *memory, u64 old_pa, void *buf, size_t size, u64 span)
{
	const struct source *source = ((struct filter *)memory)->source;
	size_t i = source_find(source, old_pa), part;
	const struct segment *range;
	uint64_t into;

	(void)span;
	for (; size; size -= part, i++) {
		if (i == source->range_count)
			return -EFAULT;
		range = &source->ranges[i];
		if (old_pa < range->paddr)
			return -EFAULT;
		into = old_pa - range->paddr;
		part = size < range->size - into ? size : range->size - into;
		if (!source_read_exact(source, range->offset + into, buf, part))
			return -EFAULT;
		old_pa += part;
		buf = (char *)buf + part;
	}
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct segment *left = a, *right = b;

	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/*
 * Several segments may have the same bytes, as they name an address for each mapping of
 * a page. But if these are two pages, nobody can say what is to be done with the bytes.
 */
static bool join_views(struct filter *filter)
{
	struct segment *views = filter->views, *last;
	size_t i, count = 0;

	for (i = 0; i < filter->source->load_count; i++) {
		if (!views[i].size)
			continue;
		last = count ? &views[count - 1] : NULL;
		if (!last || views[i].offset - last->offset >= last->size) {
			views[count++] = views[i];
			continue;
		}
		if (views[i].paddr - last->paddr != views[i].offset - last->offset)
			return false;
		if (views[i].offset + views[i].size > last->offset + last->size)
			last->size = views[i].offset + views[i].size - last->offset;
	}
	filter->count = count;
	return true;
}

/* Prepare to tell what is in the file; return why that cannot be, or NULL. */
static const char *find_views(struct filter *filter)
{
	const struct source *source = filter->source;

	filter->views = malloc(source->load_count * sizeof(*filter->views));
	if (!filter->views)
		return "there is no memory for its segments";
	memcpy(filter->views, source->loads, source->load_count * sizeof(*filter->views));
	qsort(filter->views, source->load_count, sizeof(*filter->views), by_offset);
	return join_views(filter) ? NULL : "bytes of the file are of several pages";
}

/* Prepare to tell pages apart; return why that cannot be, or NULL. */
static const char *find_rules(struct filter *filter)
{
	const struct source *source = filter->source;
	const struct crash_elf elf = { .machine = source->machine, .data = ELF_DATA };

	if (source->xen)
		return "its addresses are those of Xen, not of the kernel";
	if (!source->info_size)
		return "it has no vmcoreinfo";
	if (vmcore_rules_init(&filter->rules, &elf, source->info, source->info_size))
		return filter->rules.lacks;
	return filter->rules.page_shift == source->page_shift ? NULL : "PAGESIZE";
}

/**
 * filter_create - find out how the pages of a dump are told apart
 * @source: open dump, kept
 * @level:  which pages are left out, as makedumpfile's -d; pages of zeros are not looked for
 *
 * Return: the filter; NULL if it cannot be, which has been told if the level is about more
 * than zeros.
 */
struct filter *filter_create(const struct source *source, unsigned int level)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	const char *why = "there is no memory for that";

	if (filter) {
		filter->memory.read = read_old;
		filter->source = source;
		filter->level = level;
		pthread_mutex_init(&filter->lock, NULL);
		why = find_rules(filter);
		if (!why)
			why = find_views(filter);
	}
	if (why) {
		if (level & ~VMCORE_LEVEL_ZERO)
			note("%s: nothing but zeros can be left out, no use can be made of it: %s",
			     source->name, why);
		filter_destroy(filter);
		return NULL;
	}
	vmcore_memmap_init(&filter->map, &filter->rules, &filter->memory, &filter->memory);
	return filter;
}

/**
 * filter_destroy - give back what filter_create() took
 * @filter: filter, or NULL
 */
void filter_destroy(struct filter *filter)
{
	if (!filter)
		return;
	pthread_mutex_destroy(&filter->lock);
	free(filter->views);
	free(filter);
}

static void mark_run(void *context, u64 pfn, u64 count, enum vmcore_class class)
{
	const struct filter *filter = context;
	enum answer answer = ANSWER_KEPT;

	if (vmcore_is_left_out(class, filter->level))
		answer = ANSWER_LEFT_OUT;
	else if (class == VMCORE_CLASS_UNCLASSIFIED)
		answer = ANSWER_UNKNOWN;
	memset(filter->current->answers + pfn % VMCORE_BLOCK_PAGES, answer, count);
}

static const struct block *scan_pages(struct filter *filter, uint64_t number)
{
	struct block *block = &filter->blocks[number % BLOCKS];

	if (block->number == number + 1)
		return block;
	filter->current = block;
	vmcore_scan(&filter->map, number, filter->level, mark_run, filter);
	block->number = number + 1;
	return block;
}

/* The first view that ends above an offset, or the number of views. */
static size_t find_view(const struct filter *filter, uint64_t offset)
{
	size_t low = 0, high = filter->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (filter->views[middle].offset + filter->views[middle].size > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/*
 * What is done with the byte at an offset, and up to which one, at most *end, is it the
 * same? What is no page is kept.
 */
static enum answer ask(struct filter *filter, uint64_t offset, uint64_t *end)
{
	size_t i = find_view(filter, offset);
	const struct segment *view = &filter->views[i];
	unsigned int shift = filter->rules.page_shift;
	const struct block *block;
	uint64_t paddr, page, left;
	enum answer answer;

	if (i == filter->count)
		return ANSWER_KEPT;
	if (offset < view->offset) {
		*end = *end < view->offset ? *end : view->offset;
		return ANSWER_KEPT;
	}
	if (*end > view->offset + view->size)
		*end = view->offset + view->size;
	paddr = view->paddr + (offset - view->offset);
	block = scan_pages(filter, (paddr >> shift) / VMCORE_BLOCK_PAGES);
	page = (paddr >> shift) % VMCORE_BLOCK_PAGES;
	answer = block->answers[page];
	left = (1ULL << shift) - (paddr & ((1ULL << shift) - 1));
	while (left < *end - offset && ++page < VMCORE_BLOCK_PAGES &&
	       block->answers[page] == answer)
		left += 1ULL << shift;
	if (left < *end - offset)
		*end = offset + left;
	return answer;
}

/**
 * filter_data - find the next byte that is kept
 * @filter: filter
 * @offset: where to begin, in the file
 * @end:    where to end
 *
 * Return: its offset, @end if there is none before.
 */
uint64_t filter_data(struct filter *filter, uint64_t offset, uint64_t end)
{
	uint64_t next = end;

	pthread_mutex_lock(&filter->lock);
	for (; offset < end; offset = next) {
		next = end;
		if (ask(filter, offset, &next) != ANSWER_LEFT_OUT)
			break;
	}
	pthread_mutex_unlock(&filter->lock);
	return offset;
}

/**
 * filter_hole - find the next byte that is left out
 * @filter: filter
 * @offset: where to begin, with one that is kept
 * @end:    where to end
 *
 * Return: its offset, @end if there is none before.
 */
uint64_t filter_hole(struct filter *filter, uint64_t offset, uint64_t end)
{
	enum answer answer;
	uint64_t next;

	pthread_mutex_lock(&filter->lock);
	for (; offset < end; offset = next) {
		next = end;
		answer = ask(filter, offset, &next);
		if (answer == ANSWER_LEFT_OUT)
			break;
		if (answer == ANSWER_UNKNOWN && !filter->told)
			filter->unknown += next - offset;
	}
	pthread_mutex_unlock(&filter->lock);
	return offset;
}

/**
 * filter_tell - tell how much is kept only because nothing says what it is
 * @filter: filter, of which the holes of all of the dump have been asked for once
 */
void filter_tell(struct filter *filter)
{
	filter->told = true;
	if (filter->unknown)
		note("%s: %" PRIu64 " KiB are kept whatever they are: nothing tells",
		     filter->source->name, (filter->unknown + 1023) / 1024);
}
