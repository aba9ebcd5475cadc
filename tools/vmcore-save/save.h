/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Saving a dump in one of the formats.
 */
#ifndef VMCORE_SAVE_SAVE_H
#define VMCORE_SAVE_SAVE_H

#include <stdbool.h>

#include "compress.h"
#include "pipeline.h"
#include "sink.h"
#include "source.h"

#define THREADS_MAX 64

#define LEVEL_ZERO 1

/**
 * struct save - a dump to be saved
 * @source:	 from
 * @sink:	 to
 * @compression: of pages
 * @fast:	 compress faster, to more
 * @level:	 what is left out, as makedumpfile's -d; for the record
 * @threads:	 workers, from 1 to THREADS_MAX
 * @cut:	 headers name more than could be written: what there is has been cut off
 */
struct save {
	struct source *source;
	struct sink *sink;
	enum compression compression;
	bool fast;
	unsigned int level;
	unsigned int threads;
	bool cut;
};

enum result save_elf(struct save *save);
enum result save_kdump(struct save *save);

#endif
