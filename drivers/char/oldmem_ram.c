// SPDX-License-Identifier: GPL-2.0
/*
 * Decides which addresses of the crashed kernel's RAM are read: all, except
 * memory that this kernel uses itself, PCI BARs, and pages that a driver
 * vetoes, for instance because the hypervisor has taken them away.
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

/* Number of bytes to ask callbacks about before the caller checks for signals. */
#define VETO_MAX	((u64)SZ_128M)

DEFINE_STATIC_SRCU(veto_srcu);

/*
 * The callbacks that may veto a page. They can be registered before memory
 * allocation and RCU work, hence the static list under a spinlock. They may
 * sleep, hence SRCU.
 */
static struct {
	spinlock_t lock;	/* for changes of the list and the version */
	struct list_head list;	/* of struct vmcore_cb; read under SRCU */
	unsigned int version;	/* changes with the list, read without a lock */
} vetoes = {
	.lock = __SPIN_LOCK_UNLOCKED(vetoes.lock),
	.list = LIST_HEAD_INIT(vetoes.list),
};

static void change_veto_version(void)
{
	/*
	 * A reader that sees the new version in oldmem_veto_version() sees the
	 * new list.
	 */
	smp_store_release(&vetoes.version, vetoes.version + 1);
}

/**
 * oldmem_veto_version() - get the version of the set of vetoing callbacks
 *
 * Context: Any.
 * Return: a number that changes with the set. A result of oldmem_read_extent()
 * is valid as long as the number that was read before is current.
 */
unsigned int oldmem_veto_version(void)
{
	/* Pairs with change_veto_version(). */
	return smp_load_acquire(&vetoes.version);
}

/**
 * register_vmcore_cb() - register a callback that may veto old pages
 * @cb: the callback; must live as long as it is registered
 *
 * Existing windows are checked again before their next use. A copy in progress
 * is not waited for.
 *
 * Context: Any but interrupt. Does not allocate or sleep.
 */
void register_vmcore_cb(struct vmcore_cb *cb)
{
	spin_lock(&vetoes.lock);
	list_add_tail_rcu(&cb->next, &vetoes.list);
	change_veto_version();
	spin_unlock(&vetoes.lock);
}
EXPORT_SYMBOL_GPL(register_vmcore_cb);

/**
 * unregister_vmcore_cb() - unregister a callback
 * @cb: the callback; unused after the return
 *
 * Context: Process context. Sleeps until no reader runs @cb.
 */
void unregister_vmcore_cb(struct vmcore_cb *cb)
{
	spin_lock(&vetoes.lock);
	list_del_rcu(&cb->next);
	change_veto_version();
	spin_unlock(&vetoes.lock);

	synchronize_srcu(&veto_srcu);
}
EXPORT_SYMBOL_GPL(unregister_vmcore_cb);

/**
 * oldmem_forget_ram() - callbacks veto more pages than before
 *
 * Windows ask them again. A read that is under way may still go by the former answers.
 *
 * Context: Process context.
 */
void oldmem_forget_ram(void)
{
	spin_lock(&vetoes.lock);
	change_veto_version();
	spin_unlock(&vetoes.lock);
}

static bool is_vetoed(unsigned long pfn)
{
	struct vmcore_cb *cb;

	list_for_each_entry_srcu(cb, &vetoes.list, next,
				 srcu_read_lock_held(&veto_srcu)) {
		if (cb->pfn_is_ram && !cb->pfn_is_ram(cb, pfn))
			return true;
	}
	return false;
}

/* Find the place, from the page aligned @start on, where the vetoes change. */
static u64 find_veto_end(u64 start, u64 end, enum oldmem_reason *reason)
{
	u64 at = start;
	bool vetoed;
	int idx;

	*reason = OLDMEM_READ;
	if (list_empty(&vetoes.list))
		return end;

	end = min(end, start + VETO_MAX);
	idx = srcu_read_lock(&veto_srcu);
	vetoed = is_vetoed(PHYS_PFN(at));
	do {
		at += PAGE_SIZE;
		cond_resched();
	} while (at < end && is_vetoed(PHYS_PFN(at)) == vetoed);
	srcu_read_unlock(&veto_srcu, idx);
	if (vetoed)
		*reason = OLDMEM_VETO;
	return at;
}

/*
 * Test for an entry that x86 makes: the gap from the end of System RAM to a
 * multiple of at most 64 MiB, which keeps devices away from RAM that firmware
 * may have taken. In a capture kernel, old memory starts in this gap, with the
 * ELF headers.
 */
static bool is_gap_after_ram(const struct resource *res)
{
	resource_size_t block = round_down(res->start, SZ_64M);

	return res->parent == &iomem_resource &&
	       res->desc == IORES_DESC_NONE && block < res->start &&
	       region_intersects(block, res->start - block,
				 IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

/*
 * Decide whether an entry of iomem keeps this kernel from reading old memory.
 * Its own memory does, the registers of devices that its drivers have claimed,
 * and PCI BARs.
 *
 * All other entries only describe addresses, and the crashed kernel's headers
 * count more than a description: firmware tables (e820, ACPI's PNP0C01 and
 * PNP0C02) often list RAM, and memory that this kernel's drivers for CXL and
 * persistent memory hold may have been System RAM of the crashed kernel. A
 * driver's entry inherits the descriptor of the entry around it.
 */
static enum oldmem_reason find_use(const struct resource *res)
{
	if (res->flags & IORESOURCE_SYSRAM)
		return OLDMEM_OWN;

	switch (res->desc) {
	case IORES_DESC_ACPI_TABLES:
	case IORES_DESC_ACPI_NV_STORAGE:
	case IORES_DESC_PERSISTENT_MEMORY:
	case IORES_DESC_PERSISTENT_MEMORY_LEGACY:
	case IORES_DESC_SOFT_RESERVED:
	case IORES_DESC_CXL:
		return OLDMEM_READ;
	case IORES_DESC_RESERVED:
		/* An entry of e820 is at the top level, a driver's entry is inside it. */
		if (res->parent == &iomem_resource)
			return OLDMEM_READ;
		break;
	default:
		break;
	}

	if (res->flags & IORESOURCE_SIZEALIGN)
		return OLDMEM_BAR;
	if (res->flags & IORESOURCE_BUSY && !is_gap_after_ram(res))
		return OLDMEM_OWN;
	return OLDMEM_READ;
}

/*
 * Keep the first entry in use, in whole pages. Of this kernel's memory, only
 * whole pages count: no kernel uses a part of one, and the rest of the page may
 * be old RAM, such as kexec-tools' copy of low memory. Of devices, all pages
 * count that they touch.
 */
static int keep_first_use(struct resource *res, void *arg)
{
	bool memory = res->flags & IORESOURCE_SYSRAM;
	u64 start = res->start, end = (u64)res->end + 1;
	enum oldmem_reason reason = find_use(res);
	struct oldmem_use *use = arg;

	if (reason == OLDMEM_READ)
		return 0;
	start = memory ? round_up(start, PAGE_SIZE) : round_down(start, PAGE_SIZE);
	end = memory ? round_down(end, PAGE_SIZE) : round_up(end, PAGE_SIZE);
	if (start >= end || start >= use->start)
		return start < end;
	*use = (struct oldmem_use) {
		.start = start,
		.last = end - 1,
		.reason = reason,
	};
	return 1;
}

/*
 * A walk does not visit entries inside an entry that it has visited, so each
 * kind that may be inside another has its own walk.
 */
static const unsigned long use_flags[] = {
	IORESOURCE_SYSTEM_RAM,
	IORESOURCE_MEM | IORESOURCE_SIZEALIGN,
	IORESOURCE_MEM | IORESOURCE_BUSY,
};

/**
 * oldmem_find_use() - find addresses that this kernel must not read as old memory
 * @now_pa: present physical address to begin with, bytes
 * @len: bytes to look through, not 0; @now_pa + @len must not overflow
 * @use: result: the first such pages
 *
 * These are the kernel's own memory, devices, and PCI BARs. Vetoes are not
 * considered. On an architecture without ARCH_HAS_CRASH_DUMP_HOOKS there are none:
 * only its copy_oldmem_page() knows where the bytes are, and they may lie in this
 * kernel's own memory.
 *
 * Context: Process context.
 * Return: true if there are any.
 */
bool oldmem_find_use(u64 now_pa, u64 len, struct oldmem_use *use)
{
	struct range never = arch_oldmem_never_ram();
	u64 start = round_down(now_pa, PAGE_SIZE);
	u64 last = PAGE_ALIGN(now_pa + len) - 1;
	unsigned int i;

	*use = (struct oldmem_use) { .start = U64_MAX };
	if (!IS_ENABLED(CONFIG_ARCH_HAS_CRASH_DUMP_HOOKS))
		return false;
	for (i = 0; i < ARRAY_SIZE(use_flags); i++)
		walk_iomem_res_desc(IORES_DESC_NONE, use_flags[i], start, last,
				    use, keep_first_use);

	never.start = max(never.start, start);
	never.end = min(never.end, last);
	if (never.start <= never.end && never.start < use->start)
		*use = (struct oldmem_use) {
			.start = never.start,
			.last = never.end,
			.reason = OLDMEM_OWN,
		};
	return use->start != U64_MAX;
}

/**
 * oldmem_limit() - end of the addresses that the CPU can reach
 *
 * Context: Any.
 * Return: the first physical address behind them, in bytes.
 */
u64 oldmem_limit(void)
{
	return arch_oldmem_limit();
}

/**
 * oldmem_read_extent() - find out whether, and how far, old memory is read
 * @now_pa: present physical address, bytes
 * @len: number of bytes of interest; @now_pa + @len must not overflow
 * @reason: result: OLDMEM_READ, or the reason for which the bytes read as zeros
 *
 * It does not know the crashed kernel's RAM: the addresses have to come from
 * that kernel's headers.
 *
 * Context: Process context, may sleep.
 * Return: number of bytes from @now_pa on to which @reason applies, at most
 * @len; 0 only if @len is. With vetoes, it may apply to more bytes than these.
 */
u64 oldmem_read_extent(u64 now_pa, u64 len, enum oldmem_reason *reason)
{
	u64 limit = oldmem_limit();
	u64 start = round_down(now_pa, PAGE_SIZE);
	struct oldmem_use use;
	u64 end;

	*reason = OLDMEM_OWN;
	if (now_pa >= limit || !len)
		return len;

	end = PAGE_ALIGN(now_pa + min(len, limit - now_pa));
	if (!oldmem_find_use(start, end - start, &use)) {
		end = find_veto_end(start, end, reason);
	} else if (use.start > start) {
		end = find_veto_end(start, use.start, reason);
	} else {
		*reason = use.reason;
		end = use.last + 1;
	}
	return min(len, end - now_pa);
}
