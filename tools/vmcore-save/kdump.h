/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing the kdump-compressed format.
 */
#ifndef VMCORE_SAVE_KDUMP_H
#define VMCORE_SAVE_KDUMP_H

#include "kdump_format.h"
#include "save.h"

/* A map is written in pieces of so many bytes. */
#define MAP_PIECE SINK_ALIGN
#define MAP_PAGES (MAP_PIECE * 8)

/**
 * struct map - a bitmap on its way into the file, by ascending page number
 * @sink:   destination
 * @offset: where the map is
 * @index:  which piece is in @buf
 * @used:   it has bits
 * @next:   first piece that has not been written
 * @buf:    the piece, aligned
 */
struct map {
	struct sink *sink;
	uint64_t offset;
	uint64_t index;
	bool used;
	uint64_t next;
	unsigned char *buf;
};

enum result map_init(struct map *map, struct sink *sink, uint64_t offset);
void map_destroy(struct map *map);
void map_set(struct map *map, uint64_t pfn);
void map_keep(struct map *map, unsigned int bits);
enum result map_flush(struct map *map);
enum result map_write_first(const struct source *source, struct sink *sink, uint64_t offset);

void kdump_layout(struct kdump_layout *layout, const struct source *source, uint64_t pages);
enum result kdump_begin_header(const struct save *save, const struct kdump_layout *layout);
enum result kdump_end_header(const struct save *save, const struct kdump_layout *layout);
enum result kdump_write_sub_header(const struct save *save, const struct kdump_layout *layout);

#endif
