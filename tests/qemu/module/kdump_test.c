// SPDX-License-Identifier: GPL-2.0
/*
 * Crashes the kernel in a chosen way, and plants patterns that a dump must show.
 *
 * All through /sys/module/kdump_test/parameters: writing the name of a trigger
 * to "trigger" pulls it on the CPU of the writer; writing a seed to "plant"
 * fills memory, after which reading "plant" tells where: one line
 * "ADDRESS SIZE" for each range, physical and in bytes, hexadecimal. A size in
 * "leak" loses that many bytes; in "device_dump", in the capture kernel, it
 * adds a device dump of that many. A range in "veto", in the capture kernel, is
 * vetoed as by a driver. What the panic path does wrong is
 * in kdump_fail.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/console.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/crash_dump.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/panic.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>
#include <linux/sysfs.h>

#include <asm/apicdef.h>
#include <asm/desc_defs.h>
#include <asm/nmi.h>

/* Of the low 640 KiB, what nobody uses once the kernel is up. */
#define LOW_START	0x10000
#define LOW_SIZE	0x80000
#define BLOCK_ORDER	9

static struct {
	phys_addr_t start;
	size_t size;
} planted[3];

static noinline void kdump_test_panic(void)
{
	panic("kdump_test: panic on CPU %d", raw_smp_processor_id());
}

static noinline void kdump_test_oops(void)
{
	WRITE_ONCE(*(int *)8, 0);
}

static noinline void kdump_test_irq_oops(struct irq_work *work)
{
	WRITE_ONCE(*(int *)16, 0);
}

static struct irq_work irq_oops = IRQ_WORK_INIT_HARD(kdump_test_irq_oops);

static noinline void kdump_test_irq(void)
{
	irq_work_queue(&irq_oops);
	for (;;)
		cpu_relax();
}

static noinline void kdump_test_lockup(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* Two CPUs wait for each other, then panic as near to the same time as it gets. */
static atomic_t racers;

static noinline void kdump_test_race(void *unused)
{
	atomic_inc(&racers);
	while (atomic_read(&racers) < 2)
		cpu_relax();
	panic("kdump_test: race on CPU %d", raw_smp_processor_id());
}

static void kdump_test_two(void)
{
	unsigned int other;

	preempt_disable();
	other = cpumask_any_but(cpu_online_mask, smp_processor_id());
	if (other < nr_cpu_ids && !smp_call_function_single(other, kdump_test_race, NULL, 0))
		kdump_test_race(NULL);
	preempt_enable();
}

/*
 * An NMI by hand, since the kernel's own ways to send one are not for modules.
 * Inlined, so that it is the trigger that the NMI interrupts.
 */
static void __iomem *apic;

static __always_inline void send_nmi(unsigned int cpu)
{
	writel(SET_XAPIC_DEST_FIELD(per_cpu(x86_cpu_to_apicid, cpu)), apic + APIC_ICR2);
	writel(APIC_DM_NMI, apic + APIC_ICR);
}

static noinline void kdump_test_nmi(void)
{
	send_nmi(raw_smp_processor_id());
	for (;;)
		cpu_relax();
}

#define DEAF_TIMEOUT_MS	30000

/* A CPU in here gets no further NMI, so nothing can stop it. */
static atomic_t deaf;

static noinline int kdump_test_deaf(unsigned int type, struct pt_regs *regs)
{
	if (atomic_xchg(&deaf, 1))
		return NMI_DONE;
	for (;;)
		cpu_relax();
}

static void kdump_test_deafen_then_panic(void)
{
	unsigned int other, ms;
	int ret;

	ret = register_nmi_handler(NMI_LOCAL, kdump_test_deaf, NMI_FLAG_FIRST, "kdump_test");
	other = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	if (ret || other >= nr_cpu_ids)
		return;
	send_nmi(other);
	for (ms = 0; !atomic_read(&deaf) && ms < DEAF_TIMEOUT_MS; ms++)
		mdelay(1);
	if (atomic_read(&deaf))
		kdump_test_panic();
}

static void kdump_test_call_panic(void *unused)
{
	kdump_test_panic();
}

static void kdump_test_ipi(void)
{
	preempt_disable();
	smp_call_function_many(cpu_online_mask, kdump_test_call_panic, NULL, 1);
	kdump_test_panic();
}

static void kdump_test_irqs_off(void)
{
	local_irq_disable();
	kdump_test_panic();
}

static enum hrtimer_restart kdump_test_timer(struct hrtimer *timer)
{
	kdump_test_panic();
	return HRTIMER_NORESTART;
}

static void kdump_test_hrtimer(void)
{
	static struct hrtimer timer;

	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer.function = kdump_test_timer;
	hrtimer_start(&timer, ms_to_ktime(1), HRTIMER_MODE_REL_HARD);
	msleep(DEAF_TIMEOUT_MS);
}

static int kdump_test_stopped(void *unused)
{
	kdump_test_panic();
	return 0;
}

static void kdump_test_stop_machine(void)
{
	stop_machine(kdump_test_stopped, NULL, NULL);
}

static void kdump_test_console(void)
{
	console_lock();
	kdump_test_panic();
}

static void kdump_test_hotplug(void)
{
	cpus_read_lock();
	kdump_test_panic();
}

static void kdump_test_idt(void)
{
	static const struct desc_ptr nothing;

	local_irq_disable();
	asm volatile("lidt %0" : : "m" (nothing));
	kdump_test_panic();
}

static void kdump_test_nowhere(void)
{
	void (*nowhere)(void) = (void *)0xffff123400000000;

	OPTIMIZER_HIDE_VAR(nowhere);
	nowhere();
}

/* The exception that follows has no stack to run on: a double fault. */
static noinline void kdump_test_rsp(void)
{
	asm volatile("mov %0, %%rsp; push %%rax" : : "r" (0xffff123400000000) : "memory");
}

/* objtool cannot follow that, and gives a module with one such function no ORC table. */
STACK_FRAME_NON_STANDARD(kdump_test_rsp);

static noinline __noclone int kdump_test_recurse(int depth)
{
	char frame[512];

	if (depth == INT_MAX)
		return 0;
	frame[depth % sizeof(frame)] = depth;
	barrier_data(frame);
	return kdump_test_recurse(depth + 1) + frame[depth % sizeof(frame)];
}

static void kdump_test_stack(void)
{
	kdump_test_recurse(0);
}

static noinline void kdump_test_irq_recurse(struct irq_work *work)
{
	kdump_test_recurse(0);
}

static struct irq_work irq_recurse = IRQ_WORK_INIT_HARD(kdump_test_irq_recurse);

static noinline void kdump_test_irq_stack(void)
{
	irq_work_queue(&irq_recurse);
	for (;;)
		cpu_relax();
}

/* SIGKILL never reaches the first process; another signal does, without its protection. */
static void kdump_test_init_killed(void)
{
	struct task_struct *init;

	rcu_read_lock();
	init = pid_task(find_vpid(1), PIDTYPE_PID);
	init->signal->flags &= ~SIGNAL_UNKILLABLE;
	send_sig(SIGTERM, init, 1);
	rcu_read_unlock();
	msleep(DEAF_TIMEOUT_MS);
}

static const struct {
	const char *name;
	void (*pull)(void);
} triggers[] = {
	{ "panic", kdump_test_panic },
	{ "oops", kdump_test_oops },
	{ "irq", kdump_test_irq },
	{ "nmi", kdump_test_nmi },
	{ "lockup", kdump_test_lockup },
	{ "two", kdump_test_two },
	{ "deaf", kdump_test_deafen_then_panic },
	{ "ipi", kdump_test_ipi },
	{ "irqs-off", kdump_test_irqs_off },
	{ "hrtimer", kdump_test_hrtimer },
	{ "stop-machine", kdump_test_stop_machine },
	{ "console", kdump_test_console },
	{ "hotplug", kdump_test_hotplug },
	{ "idt", kdump_test_idt },
	{ "nowhere", kdump_test_nowhere },
	{ "rsp", kdump_test_rsp },
	{ "stack", kdump_test_stack },
	{ "irq-stack", kdump_test_irq_stack },
	{ "init", kdump_test_init_killed },
};

static int set_trigger(const char *val, const struct kernel_param *kp)
{
	for (size_t i = 0; i < ARRAY_SIZE(triggers); i++) {
		if (sysfs_streq(val, triggers[i].name)) {
			pr_info("%s on CPU %d\n", triggers[i].name, raw_smp_processor_id());
			triggers[i].pull();
			return -EIO;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops trigger_ops = { .set = set_trigger };
module_param_cb(trigger, &trigger_ops, NULL, 0200);
MODULE_PARM_DESC(trigger, "how to crash");

/* Each 64-bit word is made from its own physical address. */
static void fill(size_t slot, phys_addr_t start, size_t size, u64 seed)
{
	u64 *words = phys_to_virt(start);

	for (size_t i = 0; i < size / sizeof(*words); i++)
		words[i] = (start + i * sizeof(*words) + seed) * 0x9e3779b97f4a7c15ULL;
	planted[slot].start = start;
	planted[slot].size = size;
}

static int set_plant(const char *val, const struct kernel_param *kp)
{
	struct page *below_4g, *anywhere;
	u64 seed;
	int ret;

	ret = kstrtou64(val, 0, &seed);
	if (ret)
		return ret;
	/* Never freed: the dump is to show them. */
	below_4g = alloc_pages(GFP_KERNEL | GFP_DMA32, BLOCK_ORDER);
	anywhere = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
	if (!below_4g || !anywhere)
		return -ENOMEM;
	fill(0, LOW_START, LOW_SIZE, seed);
	fill(1, page_to_phys(below_4g), PAGE_SIZE << BLOCK_ORDER, seed);
	fill(2, page_to_phys(anywhere), PAGE_SIZE << BLOCK_ORDER, seed);
	return 0;
}

static int get_plant(char *buf, const struct kernel_param *kp)
{
	int len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(planted); i++)
		len += sysfs_emit_at(buf, len, "%llx %zx\n", (u64)planted[i].start,
				     planted[i].size);
	return len;
}

static const struct kernel_param_ops plant_ops = { .set = set_plant, .get = get_plant };
module_param_cb(plant, &plant_ops, NULL, 0600);
MODULE_PARM_DESC(plant, "seed of the patterns");

/*
 * For the question whether kmemleak would notice. Without zeros an object holds the pointer
 * to the next one that it had as a free one, and a single stale pointer hides all of them.
 */
static int set_leak(const char *val, const struct kernel_param *kp)
{
	unsigned long size;
	int ret = kstrtoul(val, 0, &size);

	if (ret)
		return ret;
	return kzalloc(size, GFP_KERNEL) ? 0 : -ENOMEM;
}

static const struct kernel_param_ops leak_ops = { .set = set_leak };
module_param_cb(leak, &leak_ops, NULL, 0200);
MODULE_PARM_DESC(leak, "bytes to lose");

/* In the capture kernel: what a driver has to say about its device. */
static int fill_device_dump(struct vmcoredd_data *data, void *buf)
{
	memset(buf, 0xd5, data->size);
	return 0;
}

static int set_device_dump(const char *val, const struct kernel_param *kp)
{
	struct vmcoredd_data data = {
		.dump_name = "kdump_test",
		.vmcoredd_callback = fill_device_dump,
	};
	int ret = kstrtouint(val, 0, &data.size);

	return ret ?: vmcore_add_device_dump(&data);
}

static const struct kernel_param_ops device_dump_ops = { .set = set_device_dump };
module_param_cb(device_dump, &device_dump_ops, NULL, 0200);
MODULE_PARM_DESC(device_dump, "size of a device dump to add, bytes");

/* In the capture kernel: "START END" in hexadecimal, physical, are not to be read. */
static u64 veto_start, veto_end;

static bool is_readable(struct vmcore_cb *cb, unsigned long pfn)
{
	return PFN_PHYS(pfn) < veto_start || PFN_PHYS(pfn) >= veto_end;
}

static struct vmcore_cb veto_cb = { .pfn_is_ram = is_readable };

static int set_veto(const char *val, const struct kernel_param *kp)
{
	if (veto_end)
		unregister_vmcore_cb(&veto_cb);
	veto_end = 0;
	if (sscanf(val, "%llx %llx", &veto_start, &veto_end) != 2 || veto_start >= veto_end) {
		veto_end = 0;
		return -EINVAL;
	}
	register_vmcore_cb(&veto_cb);
	return 0;
}

static const struct kernel_param_ops veto_ops = { .set = set_veto };
module_param_cb(veto, &veto_ops, NULL, 0200);
MODULE_PARM_DESC(veto, "range of old memory that must not be read");

static int __init kdump_test_init(void)
{
	apic = ioremap(APIC_DEFAULT_PHYS_BASE, PAGE_SIZE);
	return apic ? 0 : -ENOMEM;
}
module_init(kdump_test_init);

MODULE_DESCRIPTION("Crashes and patterns for the crash dump tests");
MODULE_LICENSE("GPL");
