// SPDX-License-Identifier: GPL-2.0
/*
 * Builds editions of the exported file from its contents. This file keeps no
 * state; fs/proc/vmcore.c owns the contents and the current edition.
 */
#define pr_fmt(fmt) "vmcore: " fmt

#include <linux/cleanup.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/threads.h>
#include <linux/vmalloc.h>

#include "edition.h"
#include "notes.h"
#include "stacks.h"
#include "view.h"

static_assert(VMCORE_IDLE_PID >= PID_MAX_LIMIT);

/* Headers claim sizes: an allocation fails before tasks are killed for it. */
#define GFP_VMCORE	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * vmcore_alloc_pages() - allocate memory that can be part of the exported file
 * @size: bytes
 *
 * Takes at most half of the available memory: the rest of the dump is worth
 * more than the part that needs this memory.
 *
 * Context: May sleep.
 * Return: zeroed pages that may be mapped to user space, for vfree(); NULL if
 * there is not enough memory.
 */
void *vmcore_alloc_pages(size_t size)
{
	long available = si_mem_available();

	if (available <= 0 || size >> PAGE_SHIFT > available / 2)
		return NULL;
	return vmalloc_user(PAGE_ALIGN(size));
}

/*
 * Read each PT_NOTE segment into @scratch and gather its notes. The total size
 * is limited, because headers that claim thousands of large segments would take
 * hours.
 */
static void gather_notes(struct vmcore_notes *notes,
			 const struct crash_source *source, void *scratch)
{
	size_t budget = VMCORE_MAX_NOTES;
	u32 i;

	for (i = 0; i < source->nr_notes; i++) {
		const struct crash_segment *seg = &source->notes[i];
		size_t len = min_t(u64, seg->filesz, VMCORE_MAX_NOTE_SEGMENT);

		cond_resched();
		if (len > budget ||
		    oldmem_read_notes(seg->where, scratch, len)) {
			notes->nr_bad++;
			continue;
		}
		budget -= len;
		vmcore_notes_add(notes, i, scratch, len);
	}
}

/* Return the size of the largest PT_NOTE segment, limited to the part that is read. */
static size_t find_largest_notes(const struct crash_source *source)
{
	u64 largest = 0;
	u32 i;

	for (i = 0; i < source->nr_notes; i++)
		largest = max(largest, source->notes[i].filesz);
	return min_t(u64, largest, VMCORE_MAX_NOTE_SEGMENT);
}

/*
 * Old memory may change between the first pass, which measures, and the second:
 * a device that was not stopped may still write there. The second pass is
 * limited to the size that the first has measured.
 */
static int read_old_notes(struct vmcore_contents *contents)
{
	void *scratch __free(kvfree) = NULL;
	const struct crash_source *source = contents->source;
	struct vmcore_notes measured = { .machine = source->elf.machine };
	struct vmcore_notes notes = measured;

	if (find_largest_notes(source)) {
		scratch = kvmalloc(find_largest_notes(source), GFP_VMCORE);
		if (!scratch)
			return -ENOMEM;
		gather_notes(&measured, source, scratch);
	}
	if (measured.nr_bad)
		pr_warn("%u of the crashed kernel's notes are damaged and left out\n",
			measured.nr_bad);
	if (!measured.size) {
		pr_warn("the crashed kernel has left no notes: no registers, no vmcoreinfo\n");
		return 0;
	}

	notes.room = measured.size;
	notes.buf = vmcore_alloc_pages(notes.room);
	if (!notes.buf)
		return -ENOMEM;
	gather_notes(&notes, source, scratch);
	contents->notes = notes.buf;
	contents->notes_size = notes.size;
	return 0;
}

/**
 * vmcore_contents_create() - make the contents of a dump
 * @source: the dump; takes over the caller's reference, also on failure
 *
 * Without memory for the notes, or for the filter, only these are lost: a dump
 * without notes is still useful.
 *
 * Context: May sleep.
 * Return: contents with one reference, for vmcore_contents_put(); NULL if there
 * is no memory.
 */
struct vmcore_contents *vmcore_contents_create(struct crash_source *source)
{
	struct vmcore_contents *contents = kzalloc(sizeof(*contents), GFP_KERNEL);
	struct vmcore_filter *filter;

	if (!contents) {
		crash_source_put(source);
		return NULL;
	}
	kref_init(&contents->ref);
	INIT_LIST_HEAD(&contents->devices);
	contents->source = source;
	contents->class = source->elf.class;
	if (read_old_notes(contents))
		pr_warn("no memory for the crashed kernel's notes, left out\n");

	filter = vmcore_filter_create(source, contents->notes, contents->notes_size);
	contents->filter = IS_ERR(filter) ? NULL : filter;
	vmcore_stacks_find(contents);
	return contents;
}

/**
 * vmcore_device_free() - free a device dump
 * @device: not attached, or not any more; NULL is ignored
 *
 * Context: May sleep.
 */
void vmcore_device_free(struct vmcore_device *device)
{
	if (!device)
		return;
	vfree(device->note);
	kfree(device);
}

static void free_contents(struct kref *ref)
{
	struct vmcore_contents *contents =
		container_of(ref, struct vmcore_contents, ref);
	struct vmcore_device *device, *next;

	list_for_each_entry_safe(device, next, &contents->devices, node) {
		list_del(&device->node);
		vmcore_device_free(device);
	}
	vfree(contents->notes);
	kvfree(contents->stacks.pages);
	vmcore_filter_destroy(contents->filter);
	crash_source_put(contents->source);
	kfree(contents);
}

/**
 * vmcore_contents_put() - drop a reference to contents
 * @contents: the contents; NULL is ignored
 *
 * Context: May sleep.
 */
void vmcore_contents_put(struct vmcore_contents *contents)
{
	if (contents)
		kref_put(&contents->ref, free_contents);
}

static void free_edition(struct kref *ref)
{
	struct vmcore_edition *edition = container_of(ref, typeof(*edition), ref);

	vfree(edition->headers);
	kvfree(edition->layout.regions);
	vmcore_contents_put(edition->contents);
	kfree(edition);
}

/**
 * vmcore_edition_put() - drop a reference to an edition
 * @edition: the edition; NULL is ignored
 *
 * Context: May sleep.
 */
void vmcore_edition_put(struct vmcore_edition *edition)
{
	if (edition)
		kref_put(&edition->ref, free_edition);
}

DEFINE_FREE(vmcore_edition, struct vmcore_edition *, vmcore_edition_put(_T))

/* Allocate an empty edition with room for @nr_regions, and @headers_size of headers. */
static struct vmcore_edition *alloc_edition(size_t nr_regions,
					    size_t headers_size)
{
	struct vmcore_edition *edition __free(vmcore_edition) =
		kzalloc(sizeof(*edition), GFP_KERNEL);

	if (!edition)
		return NULL;

	kref_init(&edition->ref);
	edition->layout.huge = oldmem_huge_size();
	edition->layout.max_regions = nr_regions;
	edition->layout.regions = kvcalloc(nr_regions,
					   sizeof(*edition->layout.regions),
					   GFP_VMCORE);
	edition->headers = vmcore_alloc_pages(headers_size);
	if (!edition->layout.regions || !edition->headers)
		return NULL;
	return_ptr(edition);
}

/* Add all regions of the one PT_NOTE, and fill in its segment. */
static int add_note_regions(struct vmcore_layout *layout,
			    const struct vmcore_contents *contents,
		     struct crash_segment *seg)
{
	struct vmcore_device *device;
	int err;

	seg->type = PT_NOTE;
	seg->where = layout->size;
	list_for_each_entry(device, &contents->devices, node) {
		err = vmcore_layout_add_buffer(layout, VMCORE_DEVICE,
					       device->note, device->size);
		if (err)
			return err;
	}
	seg->filesz = layout->size - seg->where + contents->notes_size;
	seg->memsz = seg->filesz;
	return vmcore_layout_add_buffer(layout, VMCORE_NOTES, contents->notes,
					contents->notes_size);
}

/* Add the PT_LOADs. Skip a segment if the file would become too large. */
static u32 add_load_regions(struct vmcore_layout *layout,
			    const struct crash_source *source,
		     struct crash_segment *segs)
{
	u32 i, nr = 0;

	/* The PT_NOTE counts as a segment, too. */
	for (i = 0; i < source->nr_loads && nr + 1 < CRASH_ELF_MAX_SEGMENTS; i++) {
		if (!vmcore_layout_add_load(layout, &source->loads[i], &segs[nr]))
			nr++;
	}
	if (nr < source->nr_loads)
		pr_warn("%u segments are left out, the file would be too large with them\n",
			source->nr_loads - nr);
	return nr;
}

/* Count the regions for all PT_LOADs, with the zeros before some of them. */
static size_t count_load_regions(const struct crash_source *source)
{
	size_t nr = source->nr_loads;
	u32 i;

	for (i = 0; i < source->nr_loads; i++)
		nr += vmcore_layout_is_huge(&source->loads[i],
					    oldmem_huge_size());
	return nr;
}

static struct vmcore_edition *build_edition(struct vmcore_contents *contents)
{
	const struct crash_source *source = contents->source;
	u32 max_segs = 1 + source->nr_loads + contents->stacks.nr;
	size_t headers_size = crash_elf_encoded_size(contents->class, max_segs);
	size_t nr_devices = list_count_nodes(&contents->devices);
	struct vmcore_edition *edition __free(vmcore_edition) =
		alloc_edition(count_load_regions(source) + nr_devices + 2,
			      headers_size);
	struct crash_segment *segs __free(kvfree) =
		kvcalloc(max_segs, sizeof(*segs), GFP_VMCORE);
	struct crash_elf elf = source->elf;
	u32 nr_loads;
	int err;

	if (!edition || !segs)
		return ERR_PTR(-ENOMEM);

	err = vmcore_layout_add_buffer(&edition->layout, VMCORE_HEADERS,
				       edition->headers, headers_size);
	if (!err)
		err = add_note_regions(&edition->layout, contents, &segs[0]);
	if (err)
		return ERR_PTR(err);

	edition->contents = contents;
	kref_get(&contents->ref);
	elf.class = contents->class;
	nr_loads = add_load_regions(&edition->layout, source, &segs[1]);
	elf.phnum = 1 + vmcore_stacks_add(contents, &segs[1], nr_loads);
	err = crash_elf_encode(&elf, segs, edition->headers, headers_size);
	if (err)
		return ERR_PTR(err);
	return_ptr(edition);
}

/**
 * vmcore_edition_create() - make the exported file from the present contents
 * @contents: contents of the dump; the edition gets its own reference
 *
 * An ELF32 file ends at 4 GiB. A larger one becomes an ELF64 file of the same
 * machine, because the alternative is to leave out memory. Readers know this
 * combination: loaders choose it themselves for a 32-bit kernel whose memory
 * ends above 4 GiB.
 *
 * Context: May sleep; the caller serialises access to @contents.
 * Return: a new edition with one reference, for vmcore_edition_put();
 * ERR_PTR(-ENOMEM), or an errno of crash_elf_encode().
 */
struct vmcore_edition *vmcore_edition_create(struct vmcore_contents *contents)
{
	struct vmcore_edition *edition = build_edition(contents);

	if (edition == ERR_PTR(-EOVERFLOW) && contents->class == ELFCLASS32) {
		pr_warn("larger than an ELF32 file can be, exported as ELF64\n");
		contents->class = ELFCLASS64;
		edition = build_edition(contents);
	}
	return edition;
}
