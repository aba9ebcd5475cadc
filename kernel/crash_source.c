// SPDX-License-Identifier: GPL-2.0
/*
 * The dump that this kernel was started to save: the crashed kernel's memory and
 * notes, at the places where they can be.
 *
 * A way in describes the dump segment by segment. kernel/crash_source_elf.c,
 * which reads ELF headers, is one. This file checks each segment, from any way
 * in. A defect costs its segment, or a part of it. /proc/vmcore and /dev/oldmem
 * use the result, which is the same for all ways in.
 */
#define pr_fmt(fmt) "crash_source: " fmt

#include <linux/cleanup.h>
#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/crash_source.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/oldmem.h>
#include <linux/printk.h>
#include <linux/slab.h>

/*
 * The dump and its state. No other lock is taken inside the lock, nor it inside
 * another.
 */
static struct {
	struct mutex lock;		/* for all members */
	struct crash_source *src;	/* NULL unless @state is CRASH_DUMP_PRESENT */
	enum crash_dump_state state;
} crash_source = {
	.lock = __MUTEX_INITIALIZER(crash_source.lock),
};

/* Maximum number of lines about defects, one for each. */
#define MAX_MESSAGES	8

/**
 * crash_source_warn() - report a defect of a segment on the console
 * @draft: the source that is being made; its @index names the segment
 * @format: as for printk(), without a newline
 *
 * Only the first few are printed; crash_source_finish() prints the number of
 * the others.
 *
 * Context: Any.
 */
void crash_source_warn(struct crash_source_draft *draft, const char *format, ...)
{
	struct va_format text = { .fmt = format };
	va_list args;

	if (draft->defects++ >= MAX_MESSAGES)
		return;
	va_start(args, format);
	text.va = &args;
	pr_warn("segment %u: %pV\n", draft->index, &text);
	va_end(args);
}

/* Check the present address of the segment's bytes. Cut off bytes that cannot exist. */
static bool check_now_pa(struct crash_source_draft *draft, struct crash_segment *seg)
{
	u64 limit = oldmem_limit();
	struct oldmem_use use;

	/* An empty segment has no data: ignore its p_offset. */
	if (!seg->filesz) {
		seg->where = 0;
		return true;
	}
	if (seg->where >= limit) {
		crash_source_warn(draft, "offset 0x%llx is no physical address, dropped",
				  seg->where);
		return false;
	}
	if (seg->filesz > limit - seg->where) {
		crash_source_warn(draft, "0x%llx bytes at 0x%llx leave the physical addresses, cut off",
				  seg->filesz, seg->where);
		seg->filesz = limit - seg->where;
	}
	if (!oldmem_find_use(seg->where, seg->filesz, &use))
		return true;
	if (use.start <= seg->where &&
	    (seg->type == PT_NOTE || use.last - seg->where >= seg->filesz - 1)) {
		crash_source_warn(draft, "0x%llx bytes at 0x%llx are not the crashed kernel's, dropped",
				  seg->filesz, seg->where);
		return false;
	}
	if (seg->type == PT_NOTE) {
		/* Notes are read in order, and those before the cut may be good. */
		crash_source_warn(draft, "0x%llx bytes at 0x%llx are too many, cut off",
				  seg->filesz, seg->where);
		seg->filesz = use.start - seg->where;
		return true;
	}
	crash_source_warn(draft, "0x%llx-0x%llx is not the crashed kernel's, reads as zeros",
			  use.start, use.last);
	return true;
}

static bool check_load(struct crash_source_draft *draft, struct crash_segment *seg)
{
	u64 limit = oldmem_limit();

	if (!seg->memsz)
		return false;
	if (seg->paddr >= limit) {
		crash_source_warn(draft, "0x%llx is no physical address, dropped",
				  seg->paddr);
		return false;
	}
	if (seg->memsz > limit - seg->paddr) {
		crash_source_warn(draft, "0x%llx bytes from 0x%llx leave the physical addresses, cut off",
				  seg->memsz, seg->paddr);
		seg->memsz = limit - seg->paddr;
	}
	if (seg->filesz > seg->memsz) {
		crash_source_warn(draft, "0x%llx bytes saved of 0x%llx, cut off",
				  seg->filesz, seg->memsz);
		seg->filesz = seg->memsz;
	}
	return check_now_pa(draft, seg);
}

static bool check_note(struct crash_source_draft *draft, struct crash_segment *seg)
{
	if (!seg->filesz || !check_now_pa(draft, seg))
		return false;
	/* A note has no physical address: clear the field. */
	seg->paddr = 0;
	seg->memsz = seg->filesz;
	return true;
}

static struct crash_segment *alloc_segments(u32 nr)
{
	return kvcalloc(nr, sizeof(struct crash_segment),
			GFP_KERNEL | __GFP_NOWARN);
}

/**
 * crash_source_begin() - begin to describe a dump
 * @draft: all zero; crash_source_finish() or crash_source_give_up() ends it
 * @elf: file header for the exported file
 * @max: maximum number of segments to be added
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int crash_source_begin(struct crash_source_draft *draft,
		       const struct crash_elf *elf, u32 max)
{
	draft->src = kzalloc(sizeof(*draft->src), GFP_KERNEL);
	draft->segments = alloc_segments(max);
	draft->max = max;
	if (!draft->src || !draft->segments) {
		crash_source_give_up(draft);
		return -ENOMEM;
	}
	refcount_set(&draft->src->users, 1);
	draft->src->elf = *elf;
	return 0;
}

/**
 * crash_source_add() - check a segment and add it to a source
 * @draft: between crash_source_begin() and crash_source_finish()
 * @seg: the segment; not trusted. Types other than PT_LOAD and PT_NOTE are
 *	ignored
 *
 * Context: Process context.
 */
void crash_source_add(struct crash_source_draft *draft,
		      const struct crash_segment *seg)
{
	struct crash_segment *to = &draft->segments[draft->nr];

	if (draft->nr == draft->max)
		return;
	*to = *seg;
	if (seg->type == PT_LOAD && check_load(draft, to)) {
		draft->src->nr_loads++;
		draft->nr++;
	} else if (seg->type == PT_NOTE && check_note(draft, to)) {
		draft->src->nr_notes++;
		draft->nr++;
	}
}

/* Sort the segments into the arrays of the source, by type. */
static int sort_segments(struct crash_source *src,
			 const struct crash_segment *segs)
{
	u32 nr = src->nr_loads + src->nr_notes;
	u32 i, load = 0, note = 0;

	src->loads = alloc_segments(src->nr_loads);
	src->notes = alloc_segments(src->nr_notes);
	src->runs = kvcalloc(src->nr_loads, sizeof(*src->runs),
			     GFP_KERNEL | __GFP_NOWARN);
	if (!src->loads || !src->notes || !src->runs)
		return -ENOMEM;

	for (i = 0; i < nr; i++) {
		if (segs[i].type == PT_LOAD)
			src->loads[load++] = segs[i];
		else
			src->notes[note++] = segs[i];
	}
	src->nr_runs = crash_map_build(src->loads, src->nr_loads, src->runs);
	return 0;
}

/**
 * crash_source_give_up() - end a description without a result
 * @draft: from crash_source_begin(), also if that failed
 *
 * Context: May sleep.
 */
void crash_source_give_up(struct crash_source_draft *draft)
{
	kvfree(draft->segments);
	kfree(draft->src);
	*draft = (struct crash_source_draft) {};
}

/**
 * crash_source_finish() - make a source from a description
 * @draft: all segments are added; must not be used afterwards
 *
 * Context: May sleep.
 * Return: a new source with one reference; ERR_PTR(-ENXIO) if no segment is
 * usable; ERR_PTR(-ENOMEM).
 */
struct crash_source *crash_source_finish(struct crash_source_draft *draft)
{
	struct crash_source *src = draft->src;
	int err = src->nr_loads || src->nr_notes ? 0 : -ENXIO;

	if (draft->defects > MAX_MESSAGES)
		pr_warn("%u more defects\n", draft->defects - MAX_MESSAGES);
	if (!err)
		err = sort_segments(src, draft->segments);
	draft->src = NULL;
	crash_source_give_up(draft);
	if (!err)
		return src;
	crash_source_put(src);
	return ERR_PTR(err);
}

/**
 * crash_source_publish() - make a source the dump of this kernel
 * @src: source; takes over the caller's reference
 *
 * Context: Process context, may sleep.
 * Return: 0; -EBUSY if there is, or was, a dump already.
 */
int crash_source_publish(struct crash_source *src)
{
	scoped_guard(mutex, &crash_source.lock) {
		if (crash_source.state == CRASH_DUMP_NONE) {
			crash_source.state = CRASH_DUMP_PRESENT;
			crash_source.src = src;
			return 0;
		}
	}
	crash_source_put(src);
	return -EBUSY;
}

/**
 * crash_source_get() - get the dump that this kernel was started to save
 *
 * Context: Process context, may sleep.
 * Return: a reference, for crash_source_put(); NULL if there is no dump, or it
 * is unusable, or consumed.
 */
struct crash_source *crash_source_get(void)
{
	guard(mutex)(&crash_source.lock);

	if (crash_source.src)
		refcount_inc(&crash_source.src->users);
	return crash_source.src;
}

/**
 * crash_source_put() - drop a reference
 * @src: source, or NULL
 *
 * Context: Process context, may sleep.
 */
void crash_source_put(struct crash_source *src)
{
	if (!src || !refcount_dec_and_test(&src->users))
		return;
	kvfree(src->runs);
	kvfree(src->notes);
	kvfree(src->loads);
	kfree(src);
}

/**
 * crash_source_state() - get the state of the dump
 *
 * Context: Process context, may sleep.
 * Return: the state.
 */
enum crash_dump_state crash_source_state(void)
{
	guard(mutex)(&crash_source.lock);

	return crash_source.state;
}

/**
 * crash_source_retire() - mark the dump as consumed or unusable
 * @state: CRASH_DUMP_CONSUMED or CRASH_DUMP_UNUSABLE; both are final
 *
 * crash_source_get() returns NULL from now on. Existing references stay valid,
 * but they do not protect the memory that they describe.
 *
 * Context: Process context, may sleep.
 */
void crash_source_retire(enum crash_dump_state state)
{
	struct crash_source *src;

	scoped_guard(mutex, &crash_source.lock) {
		if (crash_source.state == CRASH_DUMP_NONE ||
		    crash_source.state == CRASH_DUMP_PRESENT)
			crash_source.state = state;
		src = crash_source.src;
		crash_source.src = NULL;
	}
	crash_source_put(src);
}
