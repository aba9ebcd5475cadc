// SPDX-License-Identifier: GPL-2.0
/*
 * The dump that this kernel was started to save: where the crashed kernel's memory
 * and notes are, stripped of everything that cannot be true.
 *
 * A way in describes the dump segment by segment; kernel/crash_source_elf.c, which
 * reads ELF headers, is one. Each segment is checked here, whatever the way. A
 * defect costs the segment that has it, or a part of that. /proc/vmcore and
 * /dev/oldmem work from the result and cannot tell which way it was.
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

/* The dump, and what became of it. The lock nests inside no other, and none in it. */
static struct {
	struct mutex lock;		/* for all members */
	struct crash_source *src;	/* NULL unless @state is CRASH_DUMP_PRESENT */
	enum crash_dump_state state;
} crash_source = {
	.lock = __MUTEX_INITIALIZER(crash_source.lock),
};

/* One line for each defect, as long as there are only a few. */
#define MAX_MESSAGES	8

/**
 * crash_source_warn() - tell the console of a defect in what describes a dump
 * @draft: the source that is being made; its @index names the segment
 * @format: as for printk(), without a newline
 *
 * Only the first few are told, crash_source_finish() counts the others.
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

/* Can the segment's bytes be where it says? Clips it where they cannot. */
static bool check_now_pa(struct crash_source_draft *draft, struct crash_segment *seg)
{
	u64 limit = oldmem_limit();
	struct oldmem_use use;

	/* An empty segment has no data: ignore where that is said to be. */
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
		/* Notes are read from the first on, and those in front may be good. */
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
	/* Notes have no address; they must not look as if they had one. */
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
 * @elf: the file header that the exported file is to have
 * @max: segments that are going to be added, at most
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
 * crash_source_add() - add a segment to a dump that is being described
 * @draft: between crash_source_begin() and crash_source_finish()
 * @seg: the segment; nothing in it is trusted. Other types than PT_LOAD and
 *	PT_NOTE are ignored
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
 * crash_source_give_up() - end a description that leads to nothing
 * @draft: as crash_source_begin() has left it, whatever it returned
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
 * @draft: all segments are added; it is of no use afterwards
 *
 * Context: May sleep.
 * Return: a new source with one reference; ERR_PTR(-ENXIO) if no segment is of
 * use; ERR_PTR(-ENOMEM).
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
 * @src: source; the reference is taken over
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
 * crash_source_get() - the dump that this kernel was started to save
 *
 * Context: Process context, may sleep.
 * Return: a reference to be given back by crash_source_put(), or NULL if there is
 * no dump, or it cannot be used, or it is gone.
 */
struct crash_source *crash_source_get(void)
{
	guard(mutex)(&crash_source.lock);

	if (crash_source.src)
		refcount_inc(&crash_source.src->users);
	return crash_source.src;
}

/**
 * crash_source_put() - give back a reference
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
 * crash_source_state() - what the capture side has
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
 * crash_source_retire() - the dump has been taken, or turned out to be unusable
 * @state: CRASH_DUMP_CONSUMED or CRASH_DUMP_UNUSABLE; both are final
 *
 * crash_source_get() returns NULL from now on. References that others hold stay
 * valid, but the memory that they describe is not protected by them.
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
