/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random input for tests in user space.
 */
#ifndef _UNIT_H
#define _UNIT_H

#include <kunit/test.h>

/* Calls @run with as many seeds as N in the environment says, from SEED on. */
void unit_for_seeds(struct kunit *test,
		    void (*run)(struct kunit *test, u64 seed));

/* Splitmix64 (Steele, Lea, Flood 2014): any seed is as good as another. */
static inline u64 unit_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* 0 to @limit - 1 */
static inline u64 unit_below(u64 *state, u64 limit)
{
	return unit_random(state) % limit;
}

static inline bool unit_one_in(u64 *state, u64 n)
{
	return !unit_below(state, n);
}

/* A number as errors like them: of any magnitude, or at the edge of one. */
static inline u64 unit_number(u64 *state)
{
	u64 value = 1ULL << unit_below(state, 64);

	switch (unit_below(state, 4)) {
	case 0:
		return value + unit_below(state, 5) - 2;
	case 1:
		return -value + unit_below(state, 5) - 2;
	case 2:
		return unit_below(state, 64);
	default:
		return unit_random(state) & (value - 1);
	}
}

#endif /* _UNIT_H */
