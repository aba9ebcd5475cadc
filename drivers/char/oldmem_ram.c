// SPDX-License-Identifier: GPL-2.0
/*
 * What of the physical address space is the crashed kernel's RAM, and can be
 * touched without harm: not what this kernel uses itself, and not what a driver
 * vetoes, who knows for instance that the hypervisor has taken pages away.
 */
#include <linux/crash_dump.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oldmem.h>
#include <linux/pfn.h>
#include <linux/range.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

#include <asm/crash_dump.h>

/* Bytes to ask filters about before whoever wants to know may be killed. */
#define FILTER_MAX	((u64)SZ_128M)

DEFINE_STATIC_SRCU(oldmem_filter_srcu);

/*
 * Who may veto a page. Registering is possible before memory allocation and RCU
 * work, hence the static list under a spinlock; the callbacks sleep, hence SRCU.
 */
static struct {
	spinlock_t lock;	/* for changes of what follows */
	struct list_head list;	/* of struct vmcore_cb; read under SRCU */
	unsigned int version;	/* changes with the list, read without a lock */
} oldmem_filter = {
	.lock = __SPIN_LOCK_UNLOCKED(oldmem_filter.lock),
	.list = LIST_HEAD_INIT(oldmem_filter.list),
};

static void filters_changed(void)
{
	/* Whoever sees the new version, see oldmem_filter_version(), sees the list. */
	smp_store_release(&oldmem_filter.version, oldmem_filter.version + 1);
}

/**
 * oldmem_filter_version() - has the set of RAM filters changed?
 *
 * Context: Any.
 * Return: a number that changes with the set. Answers of oldmem_ram_extent() are
 * good as long as the number that was read before asking is current.
 */
unsigned int oldmem_filter_version(void)
{
	/* Pairs with filters_changed(). */
	return smp_load_acquire(&oldmem_filter.version);
}

/**
 * register_vmcore_cb() - have a say in which old pages are touched
 * @cb: filter, of static or at least as long life as its registration
 *
 * Windows that exist are checked anew before their next use; a copy that is
 * under way is not waited for.
 *
 * Context: Any but interrupt. Does not allocate or sleep.
 */
void register_vmcore_cb(struct vmcore_cb *cb)
{
	spin_lock(&oldmem_filter.lock);
	list_add_tail_rcu(&cb->next, &oldmem_filter.list);
	filters_changed();
	spin_unlock(&oldmem_filter.lock);
}
EXPORT_SYMBOL_GPL(register_vmcore_cb);

/**
 * unregister_vmcore_cb() - the opposite of register_vmcore_cb()
 * @cb: filter; unused once this returns
 *
 * Context: Process context. Sleeps until no reader is within @cb.
 */
void unregister_vmcore_cb(struct vmcore_cb *cb)
{
	spin_lock(&oldmem_filter.lock);
	list_del_rcu(&cb->next);
	filters_changed();
	spin_unlock(&oldmem_filter.lock);

	synchronize_srcu(&oldmem_filter_srcu);
}
EXPORT_SYMBOL_GPL(unregister_vmcore_cb);

static bool filters_allow(unsigned long pfn)
{
	struct vmcore_cb *cb;

	list_for_each_entry_srcu(cb, &oldmem_filter.list, next,
				 srcu_read_lock_held(&oldmem_filter_srcu)) {
		if (cb->pfn_is_ram && !cb->pfn_is_ram(cb, pfn))
			return false;
	}
	return true;
}

/* How far from start, page aligned, do the filters say the same? */
static u64 filtered_extent(u64 start, u64 end, bool *is_ram)
{
	u64 at = start;
	int idx;

	*is_ram = true;
	if (list_empty(&oldmem_filter.list))
		return end;

	end = min(end, start + FILTER_MAX);
	idx = srcu_read_lock(&oldmem_filter_srcu);
	*is_ram = filters_allow(PHYS_PFN(at));
	do {
		at += PAGE_SIZE;
		cond_resched();
	} while (at < end && filters_allow(PHYS_PFN(at)) == *is_ram);
	srcu_read_unlock(&oldmem_filter_srcu, idx);
	return at;
}

/*
 * x86 claims the gap from the end of System RAM to the next multiple of, at most,
 * 64 MiB, to keep devices out of what firmware may have stolen from RAM. In a
 * capture kernel, old memory starts in just that gap, ELF headers first.
 */
static bool is_gap_after_ram(const struct resource *res)
{
	resource_size_t block = round_down(res->start, SZ_64M);

	return res->parent == &iomem_resource &&
	       res->desc == IORES_DESC_NONE &&
	       !(res->flags & IORESOURCE_SYSRAM) && block < res->start &&
	       region_intersects(block, res->start - block,
				 IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

/*
 * An entry of iomem that does not say what is there. A bridge's window is only
 * where devices may be; what drives persistent and special-purpose memory in this
 * kernel may have been RAM of the crashed one.
 */
static bool says_nothing(const struct resource *res)
{
	if (res->flags & (IORESOURCE_BUSY | IORESOURCE_SYSRAM))
		return is_gap_after_ram(res);

	switch (res->desc) {
	case IORES_DESC_PERSISTENT_MEMORY:
	case IORES_DESC_PERSISTENT_MEMORY_LEGACY:
	case IORES_DESC_SOFT_RESERVED:
	case IORES_DESC_CXL:
		return true;
	default:
		return res->flags & IORESOURCE_WINDOW;
	}
}

/*
 * Take whole pages. Of memory, only those that are in use as a whole: no kernel
 * uses a part, and the rest of the page may be old RAM, as kexec-tools' copy of
 * low memory is. Of devices, all that they have a part of.
 */
static int take_used(struct resource *res, void *arg)
{
	bool memory = res->flags & IORESOURCE_SYSRAM ||
		      res->desc != IORES_DESC_NONE;
	u64 start = res->start, end = (u64)res->end + 1;
	struct range *used = arg;

	if (says_nothing(res))
		return 0;
	start = memory ? round_up(start, PAGE_SIZE) : round_down(start, PAGE_SIZE);
	end = memory ? round_down(end, PAGE_SIZE) : round_up(end, PAGE_SIZE);
	if (start >= end || start >= used->start)
		return start < end;
	used->start = start;
	used->end = end - 1;
	return 1;
}

/*
 * A walk does not go below an entry that it has shown, so each kind that may lie
 * within another is asked for by itself. The last one shows the top level.
 */
static const struct {
	unsigned long flags;
	unsigned long desc;
} used_kinds[] = {
	/* memory of this kernel, and devices that have a driver */
	{ IORESOURCE_MEM | IORESOURCE_BUSY, IORES_DESC_NONE },
	/* devices on PCI that have none */
	{ IORESOURCE_MEM | IORESOURCE_SIZEALIGN, IORES_DESC_NONE },
	/* what firmware keeps */
	{ IORESOURCE_MEM, IORES_DESC_RESERVED },
	/* devices on no bus */
	{ IORESOURCE_MEM, IORES_DESC_NONE },
};

/**
 * oldmem_find_used() - find what this kernel knows to be no old RAM
 * @paddr: physical address to begin with, bytes
 * @len: bytes to look through, not 0; @paddr + @len must not overflow
 * @used: result: the first such pages; the end belongs to them
 *
 * These are its own memory, devices, and what firmware reserved. What filters say
 * is not looked at.
 *
 * Context: Process context.
 * Return: true if there is any.
 */
bool oldmem_find_used(u64 paddr, u64 len, struct range *used)
{
	struct range never = arch_oldmem_never_ram();
	u64 start = round_down(paddr, PAGE_SIZE);
	u64 last = PAGE_ALIGN(paddr + len) - 1;
	unsigned int i;

	*used = (struct range) { .start = U64_MAX };
	for (i = 0; i < ARRAY_SIZE(used_kinds); i++)
		walk_iomem_res_desc(used_kinds[i].desc, used_kinds[i].flags,
				    start, last, used, take_used);

	never.start = max(never.start, start);
	never.end = min(never.end, last);
	if (never.start <= never.end && never.start < used->start)
		*used = never;
	return used->start != U64_MAX;
}

/**
 * oldmem_limit() - the end of what the CPU can reach
 *
 * Context: Any.
 * Return: the first physical address, in bytes, beyond it.
 */
u64 oldmem_limit(void)
{
	return arch_oldmem_limit();
}

/**
 * oldmem_ram_extent() - is this old RAM, and how far is the answer the same?
 * @paddr: physical address, bytes
 * @len: bytes of interest from there on; @paddr + @len must not overflow
 * @is_ram: result: the bytes may be touched. If not, they read as zeros
 *
 * It cannot tell old RAM from addresses where nothing is: those have to come
 * from the crashed kernel's headers.
 *
 * Context: Process context, may sleep.
 * Return: bytes from @paddr on that @is_ram is true of, at most @len; 0 only if
 * @len is. With filters, it may be true of more.
 */
u64 oldmem_ram_extent(u64 paddr, u64 len, bool *is_ram)
{
	u64 limit = oldmem_limit();
	u64 start = round_down(paddr, PAGE_SIZE);
	struct range used;
	u64 end;

	*is_ram = false;
	if (paddr >= limit || !len)
		return len;

	end = PAGE_ALIGN(paddr + min(len, limit - paddr));
	if (!oldmem_find_used(start, end - start, &used))
		end = filtered_extent(start, end, is_ram);
	else if (used.start > start)
		end = filtered_extent(start, used.start, is_ram);
	else
		end = used.end + 1;
	return min(len, end - paddr);
}
