// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of the kernel that runs: of /proc/kcore, what is physical memory.
 *
 * The rest is the same memory by other addresses. The registers there are those of
 * nobody, so no note is taken but vmcoreinfo.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "input_image.h"
#include "source.h"

static void close_live(struct input *input)
{
	image_destroy((struct image *)input);
	free(input);
}

static bool add_parts(struct image *image, const struct source *source)
{
	size_t i;

	if (source->info_size &&
	    !image_add_note(image, "VMCOREINFO", source->info, source->info_size))
		return false;
	for (i = 0; i < source->load_count; i++) {
		const struct segment *load = &source->loads[i];
		struct image_part part = {
			.type = PT_LOAD,
			.paddr = load->paddr,
			.vaddr = load->vaddr,
			.size = load->size,
			.where = load->offset,
		};

		if (load->size && !image_add(image, &part))
			return false;
	}
	return image_finish(image);
}

/**
 * live_input - read /proc/kcore as a dump
 * @source: dump whose headers have been decoded; is one of physical memory alone then
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result live_input(struct source *source)
{
	static const struct input_ops ops = {
		.read = image_read,
		.data = image_data,
		.hole = image_hole,
		.close = close_live,
	};
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return fail(RESULT_FAILED, "%s: no memory to read it", source->name);
	source_notes(source);
	image_init(image, source->input);
	image->input.ops = &ops;
	image->input.form = "kcore";
	image->machine = source->machine;
	source->input = &image->input;
	if (!add_parts(image, source))
		return fail(RESULT_FAILED, "%s: no memory for its headers", source->name);
	return source_take(source, &image->input);
}
