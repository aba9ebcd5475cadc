// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are the same as an earlier one of the dump: a third of a kernel's pages,
 * most of them of its page array.
 *
 * Of each page there is a hash, not the page, for which there is no room. It is NH, the sum
 * of products of pairs of 32-bit numbers with a number of a random key added to each. For
 * any two different pages of the same size, whoever has made them, as long as he does not
 * know the key, such a sum is the same for one key in 2^32; three sums, with the key moved
 * by four numbers each, for one in 2^96. A dump of 64 GiB has 2^47 pairs of pages.
 *
 * A fourth sum is of a key that is always the same. It says where a page is looked for, so
 * that what is found does not depend on the random one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "same.h"

#ifndef GRND_INSECURE
#define GRND_INSECURE 4		/* do not wait: it is for no secret that outlives the dump */
#endif

#define SLOTS_MAX 65536
#define MANY 4			/* many pages are the same if one of so many is */
#define GROUP 16		/* bytes that are added at once, and by which a key is moved */

/**
 * struct same - pages so far
 * @page_size: bytes of a page, a multiple of GROUP
 * @key:       random, and long enough to be moved
 * @place_key: not random
 * @sums:      of the page that has been in a slot last
 * @places:    where its data is
 * @mask:      number of slots less one
 * @looked:    pages that have been looked for
 * @found:     how many of them had been there before
 */
struct same {
	size_t page_size;
	uint32_t *key;
	uint32_t *place_key;
	uint64_t (*sums)[SAME_SUMS];
	struct page_place *places;
	uint32_t mask;
	uint64_t looked;
	uint64_t found;
};

static uint32_t count_slots(uint64_t pages)
{
	uint32_t slots = 64;

	/* Two pages that have the same slot drive each other out. */
	while (slots / 4 < pages && slots < SLOTS_MAX)
		slots *= 2;
	return slots;
}

static bool make_keys(struct same *same)
{
	size_t size = same->page_size + (SAME_SUMS - 1) * GROUP, i;
	uint32_t number = 1;

	same->key = malloc(size);
	same->place_key = malloc(same->page_size);
	if (!same->key || !same->place_key ||
	    getrandom(same->key, size, GRND_INSECURE) != (ssize_t)size)
		return false;
	for (i = 0; i < same->page_size / sizeof(number); i++) {
		number = number * 1664525 + 1013904223;
		same->place_key[i] = number ^ number >> 15;
	}
	return true;
}

/**
 * same_create - begin without any page
 * @page_size: bytes of a page
 * @pages:     at most so many will come
 *
 * Return: the pages so far, or NULL if there is no memory, or no random key.
 */
struct same *same_create(size_t page_size, uint64_t pages)
{
	struct same *same = calloc(1, sizeof(*same));

	if (!same)
		return NULL;
	same->page_size = page_size;
	same->mask = count_slots(pages) - 1;
	same->sums = calloc(same->mask + 1, sizeof(*same->sums));
	same->places = calloc(same->mask + 1, sizeof(*same->places));
	if (same->sums && same->places && make_keys(same))
		return same;
	same_destroy(same);
	return NULL;
}

/**
 * same_destroy - give back what same_create() took
 * @same: pages so far, or NULL
 */
void same_destroy(struct same *same)
{
	if (!same)
		return;
	free(same->key);
	free(same->place_key);
	free(same->sums);
	free(same->places);
	free(same);
}

#ifdef __SSE2__
static __m128i load(const void *at)
{
	return _mm_loadu_si128(at);
}

/* Add two products: of the first and the second number, and of the third and the fourth. */
static __m128i add_products(__m128i sum, __m128i data, __m128i key)
{
	__m128i number = _mm_add_epi32(data, key);

	return _mm_add_epi64(sum, _mm_mul_epu32(number, _mm_srli_epi64(number, 32)));
}

static uint64_t both(__m128i sum)
{
	uint64_t half[2];

	_mm_storeu_si128((void *)half, sum);
	return half[0] + half[1];
}

/**
 * same_hash - make the hash of a page
 * @same: pages so far; any thread may call this
 * @page: the page
 * @ret:  receives the hash
 */
void same_hash(const struct same *same, const void *page, struct page_hash *ret)
{
	__m128i place = _mm_setzero_si128(), first = place, second = place, third = place, data;
	const char *key = (const char *)same->key, *place_key = (const char *)same->place_key;
	size_t at;

	for (at = 0; at < same->page_size; at += GROUP) {
		data = load((const char *)page + at);
		place = add_products(place, data, load(place_key + at));
		first = add_products(first, data, load(key + at));
		second = add_products(second, data, load(key + at + GROUP));
		third = add_products(third, data, load(key + at + 2 * GROUP));
	}
	ret->place = both(place);
	ret->sum[0] = both(first);
	ret->sum[1] = both(second);
	ret->sum[2] = both(third);
}
#else
static uint64_t products(const void *page, size_t size, const uint32_t *key)
{
	uint32_t pair[2];
	uint64_t sum = 0;
	size_t at;

	for (at = 0; at < size; at += sizeof(pair), key += 2) {
		memcpy(pair, (const char *)page + at, sizeof(pair));
		sum += (uint64_t)(pair[0] + key[0]) * (pair[1] + key[1]);
	}
	return sum;
}

void same_hash(const struct same *same, const void *page, struct page_hash *ret)
{
	unsigned int i;

	ret->place = products(page, same->page_size, same->place_key);
	for (i = 0; i < SAME_SUMS; i++)
		ret->sum[i] = products(page, same->page_size,
				       same->key + i * GROUP / sizeof(*same->key));
}
#endif

/**
 * same_find - find out whether a page has been there before
 * @same: pages so far, in their order
 * @hash: of the page; is remembered, in place of that of another page maybe
 * @slot: receives where it is remembered
 *
 * Return: whether the page that was in the slot last is the same.
 */
bool same_find(struct same *same, const struct page_hash *hash, uint32_t *slot)
{
	uint64_t *sums;

	*slot = (hash->place * 0x9e3779b97f4a7c15) >> 40 & same->mask;
	sums = same->sums[*slot];
	same->looked++;
	if (!memcmp(sums, hash->sum, sizeof(hash->sum))) {
		same->found++;
		return true;
	}
	memcpy(sums, hash->sum, sizeof(hash->sum));
	return false;
}

/**
 * same_many - tell whether many pages have been there before
 * @same: pages so far
 *
 * Return: whether of the pages that have been looked for more than a quarter had been there.
 */
bool same_many(const struct same *same)
{
	return same->found * MANY > same->looked;
}

/**
 * same_place - the place of the page that is in a slot
 * @same: pages so far
 * @slot: as same_find() said
 *
 * Only whoever writes the pages, in the order in which they have been looked for, may use it.
 *
 * Return: where its data is, which is to be set when it is written.
 */
struct page_place *same_place(struct same *same, uint32_t slot)
{
	return &same->places[slot];
}
