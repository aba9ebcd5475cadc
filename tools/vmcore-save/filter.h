/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which pages of a dump are worth saving, where no kernel has left them out: the
 * filter of /proc/vmcore-kern, on the same files.
 */
#ifndef VMCORE_SAVE_FILTER_H
#define VMCORE_SAVE_FILTER_H

#include <stdint.h>

struct filter;
struct source;

struct filter *filter_create(const struct source *source, unsigned int level);
void filter_destroy(struct filter *filter);
uint64_t filter_data(struct filter *filter, uint64_t offset, uint64_t end);
uint64_t filter_hole(struct filter *filter, uint64_t offset, uint64_t end);
void filter_tell(struct filter *filter);

#endif
