// SPDX-License-Identifier: GPL-2.0
/*
 * Makes code of the kernel fail that a panic runs, and damages what it needs.
 *
 * All through /sys/module/kdump_fail/parameters:
 *
 *	fail	 "HOW FUNCTION [once]"	the function, or its first call, fails
 *	notifier "HOW"			a panic notifier that fails each time
 *	dumper	 "HOW"			a kmsg dumper that does
 *	write	 "POINTER WHERE"	tries to write to memory; EACCES if it cannot
 *	damage	 "POINTER OFFSET SIZE"	overwrites memory: POINTER is the address of
 *					a pointer to it, all numbers hexadecimal
 *
 * HOW is fault, panic, hang or overflow, of the stack; for functions that say so,
 * enomem too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kmsg_dump.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define MAX_PROBES	16
#define MAX_NAME	64

static noinline void kdump_fail_fault(void)
{
	WRITE_ONCE(*(int *)24, 0);
}

static noinline void kdump_fail_panic(void)
{
	panic("kdump_fail: panic");
}

static noinline void kdump_fail_hang(void)
{
	for (;;)
		cpu_relax();
}

static noinline __noclone int kdump_fail_recurse(int depth)
{
	char frame[256];

	if (depth == INT_MAX)
		return 0;
	frame[depth % sizeof(frame)] = depth;
	barrier_data(frame);
	return kdump_fail_recurse(depth + 1) + frame[depth % sizeof(frame)];
}

static noinline void kdump_fail_overflow(void)
{
	kdump_fail_recurse(0);
}

static noinline long kdump_fail_enomem(void)
{
	return -ENOMEM;
}

static const struct {
	const char *name;
	void (*function)(void);
} ways[] = {
	{ "enomem", (void *)kdump_fail_enomem },
	{ "fault", kdump_fail_fault },
	{ "panic", kdump_fail_panic },
	{ "hang", kdump_fail_hang },
	{ "overflow", kdump_fail_overflow },
};

static void (*find_way(const char *name))(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (sysfs_streq(name, ways[i].name))
			return ways[i].function;
	}
	return NULL;
}

static struct probe {
	struct kprobe kprobe;
	char name[MAX_NAME];
	void (*way)(void);
	bool once;
	bool done;
} probes[MAX_PROBES];

/* The function is left out: another one runs in its place. */
static int go_elsewhere(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct probe *probe = container_of(kprobe, struct probe, kprobe);

	if (probe->once && probe->done)
		return 0;
	probe->done = true;
	instruction_pointer_set(regs, (unsigned long)probe->way);
	return 1;
}

/* With one, the probe is not turned into a jump, which cannot go elsewhere. */
static void nothing_after(struct kprobe *kprobe, struct pt_regs *regs, unsigned long flags)
{
}

static int set_fail(const char *val, const struct kernel_param *kp)
{
	char how[MAX_NAME], often[MAX_NAME] = "";
	static unsigned int nr_probes;
	struct probe *probe;
	int ret;

	if (nr_probes == MAX_PROBES)
		return -ENOSPC;
	probe = &probes[nr_probes];
	if (sscanf(val, "%63s %63s %63s", how, probe->name, often) < 2)
		return -EINVAL;
	probe->way = find_way(how);
	if (!probe->way)
		return -EINVAL;
	probe->once = !strcmp(often, "once");
	probe->kprobe.symbol_name = probe->name;
	probe->kprobe.pre_handler = go_elsewhere;
	probe->kprobe.post_handler = nothing_after;
	ret = register_kprobe(&probe->kprobe);
	nr_probes += !ret;
	return ret;
}

static const struct kernel_param_ops fail_ops = { .set = set_fail };
module_param_cb(fail, &fail_ops, NULL, 0200);
MODULE_PARM_DESC(fail, "how a function fails: HOW FUNCTION [once]");

static void (*notifier_way)(void);

static int notify(struct notifier_block *block, unsigned long event, void *arg)
{
	notifier_way();
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = notify };

static int set_notifier(const char *val, const struct kernel_param *kp)
{
	notifier_way = find_way(val);
	if (!notifier_way)
		return -EINVAL;
	return atomic_notifier_chain_register(&panic_notifier_list, &notifier);
}

static const struct kernel_param_ops notifier_ops = { .set = set_notifier };
module_param_cb(notifier, &notifier_ops, NULL, 0200);
MODULE_PARM_DESC(notifier, "how a panic notifier fails");

static void (*dumper_way)(void);

static void dump(struct kmsg_dumper *dumper, struct kmsg_dump_detail *detail)
{
	if (detail->reason == KMSG_DUMP_PANIC)
		dumper_way();
}

static struct kmsg_dumper dumper = { .dump = dump };

static int set_dumper(const char *val, const struct kernel_param *kp)
{
	dumper_way = find_way(val);
	if (!dumper_way)
		return -EINVAL;
	return kmsg_dump_register(&dumper);
}

static const struct kernel_param_ops dumper_ops = { .set = set_dumper };
module_param_cb(dumper, &dumper_ops, NULL, 0200);
MODULE_PARM_DESC(dumper, "how a kmsg dumper fails");

/* Through a mapping of its own: the memory may be write-protected. */
static int invert_page(void *start, size_t size)
{
	struct page *page = is_vmalloc_addr(start) ? vmalloc_to_page(start) : virt_to_page(start);
	u8 *mapping = vmap(&page, 1, VM_MAP, PAGE_KERNEL);

	if (!mapping)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		mapping[offset_in_page(start) + i] ^= 0xff;
	vunmap(mapping);
	return 0;
}

static int set_damage(const char *val, const struct kernel_param *kp)
{
	unsigned long pointer, offset, size;
	void *start, *end;

	if (sscanf(val, "%lx %lx %lx", &pointer, &offset, &size) != 3)
		return -EINVAL;
	start = *(void **)pointer + offset;
	end = start + size;
	while (start < end) {
		size_t part = min_t(size_t, end - start, PAGE_SIZE - offset_in_page(start));
		int ret = invert_page(start, part);

		if (ret)
			return ret;
		start += part;
	}
	return 0;
}

static const struct kernel_param_ops damage_ops = { .set = set_damage };
module_param_cb(damage, &damage_ops, NULL, 0200);
MODULE_PARM_DESC(damage, "what to overwrite: POINTER OFFSET SIZE");

/* Whether memory is write-protected: "POINTER mapping" or "POINTER direct". */
static int set_write(const char *val, const struct kernel_param *kp)
{
	unsigned long pointer;
	char where[MAX_NAME];
	void *target;
	u8 byte;

	if (sscanf(val, "%lx %63s", &pointer, where) != 2)
		return -EINVAL;
	target = *(void **)pointer;
	if (!strcmp(where, "direct"))
		target = page_address(vmalloc_to_page(target));
	byte = *(u8 *)target;
	pagefault_disable();
	__put_kernel_nofault(target, &byte, u8, denied);
	pagefault_enable();
	return 0;
denied:
	pagefault_enable();
	return -EACCES;
}

static const struct kernel_param_ops write_ops = { .set = set_write };
module_param_cb(write, &write_ops, NULL, 0200);
MODULE_PARM_DESC(write, "memory to write to: POINTER mapping|direct");

MODULE_DESCRIPTION("Failures in the way of a panic for the crash dump tests");
MODULE_LICENSE("GPL");
