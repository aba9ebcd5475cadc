/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that are the same as an earlier one of the dump.
 */
#ifndef VMCORE_SAVE_SAME_H
#define VMCORE_SAVE_SAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAME_SUMS 3
#define SAME_NONE UINT32_MAX

/**
 * struct page_hash - what tells a page from others
 * @place: where it is looked for, the same in each run
 * @sum:   the same for no two different pages
 */
struct page_hash {
	uint64_t place;
	uint64_t sum[SAME_SUMS];
};

/**
 * struct page_place - where the data of a page is in the dump
 * @offset: in the file
 * @size:   bytes
 * @flags:  how they are compressed
 */
struct page_place {
	uint64_t offset;
	uint32_t size;
	uint32_t flags;
};

struct same;

struct same *same_create(size_t page_size, uint64_t pages);
void same_destroy(struct same *same);
void same_hash(const struct same *same, const void *page, struct page_hash *ret);
bool same_find(struct same *same, const struct page_hash *hash, uint32_t *slot);
bool same_many(const struct same *same);
struct page_place *same_place(struct same *same, uint32_t slot);

#endif
