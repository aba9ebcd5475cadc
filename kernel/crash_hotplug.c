// SPDX-License-Identifier: GPL-2.0
/*
 * CPU and memory hotplug: replaces the ELF headers of a loaded image by headers
 * that describe the present machine.
 *
 * The image stays in place all the time. New headers are made in ordinary
 * memory. crash_apply_update() copies them over the old ones, and a panic can
 * complete the copy.
 *
 * If kexec is busy, the event is kept and handled later. New headers always
 * describe the present machine, so one bit for each kind of event is enough.
 * Only removed memory is kept one by one, because architectures need to know
 * its place.
 */
#define pr_fmt(fmt) "crash hotplug: " fmt

#include <linux/bits.h>
#include <linux/cc_platform.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/cpuhotplug.h>
#include <linux/crash_headers.h>
#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/list.h>
#include <linux/memory.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "crash_internal.h"
#include "kexec_internal.h"

/* Time between attempts to take the kexec lock. */
#define RETRY_DELAY	(HZ / 10)

/**
 * struct removed_memory - memory that was removed while kexec was busy
 * @list: in removed_memory
 * @notify: arguments of the event
 */
struct removed_memory {
	struct list_head list;
	struct memory_notify notify;
};

/* Held while headers are replaced; protects the two variables below. */
static DEFINE_MUTEX(crash_hotplug_mutex);
static unsigned long pending_events;
static LIST_HEAD(removed_memory);

/* The image whose headers the kernel can update; never dereferenced. */
static const struct kimage *updatable_image;

static void retry_update(struct work_struct *work);
static DECLARE_DELAYED_WORK(retry_work, retry_update);

static void *map_headers(const struct kexec_segment *seg, size_t size)
{
	pgprot_t prot = PAGE_KERNEL;

	/*
	 * If the next kernel starts with memory encryption off, kexec loads it
	 * decrypted.
	 */
	if (cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT))
		prot = pgprot_decrypted(prot);
	return crash_map_pages(boot_phys_to_phys(seg->mem), size, prot);
}

/**
 * crash_map_headers() - map the segment with the ELF headers of an image
 * @image: the image that is loaded
 * @size: result: size of the segment in bytes
 *
 * Context: arch_crash_handle_hotplug_event(), may sleep.
 * Return: the mapping, for vunmap(); NULL if there is no memory for the
 * mapping.
 */
void *crash_map_headers(const struct kimage *image, size_t *size)
{
	const struct kexec_segment *seg =
		&image->segment[image->elfcorehdr_index];

	*size = seg->memsz;
	return map_headers(seg, seg->memsz);
}

/* Test for ELF-64 headers. The segment of other headers may be too small for ELF-64. */
static bool has_elf64_headers(const struct kexec_segment *seg)
{
	size_t size = min(seg->memsz, PAGE_SIZE);
	struct crash_elf elf;
	void *start;
	int ret;

	start = map_headers(seg, size);
	if (!start)
		return false;

	ret = crash_elf_decode_header(start, size, &elf);
	vunmap(start);
	return !ret && elf.class == ELFCLASS64;
}

/* Find the segment with the headers, because kexec_load() does not name it. */
static bool find_headers(struct kimage *image)
{
	unsigned long i;

	for (i = 0; image->elfcorehdr_index < 0 && i < image->nr_segments; i++) {
		if (has_elf64_headers(&image->segment[i]))
			image->elfcorehdr_index = i;
	}
	return image->elfcorehdr_index >= 0;
}

/**
 * crash_hotplug_check_image() - find out whether the kernel can update an image
 * @image: an image that has just been installed
 *
 * Context: Process context with the kexec lock held, may sleep.
 */
void crash_hotplug_check_image(struct kimage *image)
{
	bool updatable = image->hotplug_support && find_headers(image);

	WRITE_ONCE(updatable_image, updatable ? image : NULL);
}

/**
 * crash_check_hotplug_support() - test whether the kernel updates the image
 *
 * The sysfs files crash_hotplug show the result. udev rules use it to decide
 * whether to load the image again.
 *
 * Context: Any; does not wait.
 * Return: 1 if the kernel updates the ELF headers of the loaded image; 0 if
 * not, or if there is no image.
 */
int crash_check_hotplug_support(void)
{
	const struct kimage *image = READ_ONCE(kexec_crash_image);

	return image && image == READ_ONCE(updatable_image);
}

/* Update the headers for one event. The caller holds the kexec lock. */
static void update_image(unsigned int action, void *arg)
{
	struct kimage *image = kexec_crash_image;

	if (!image)
		return;
	if (image != updatable_image) {
		pr_debug("the ELF headers of the image stay as they were loaded\n");
		return;
	}
	image->hp_action = action;
	arch_crash_handle_hotplug_event(image, arg);
	image->hp_action = KEXEC_CRASH_HP_NONE;
}

static void remember_event(unsigned int action, const struct memory_notify *arg)
{
	struct removed_memory *removed;

	if (action != KEXEC_CRASH_HP_REMOVE_MEMORY) {
		pending_events |= BIT(action);
		return;
	}
	removed = kmalloc(sizeof(*removed), GFP_KERNEL);
	if (removed) {
		removed->notify = *arg;
		list_add_tail(&removed->list, &removed_memory);
	} else {
		pr_warn("page frames from %#lx on have gone, but may be in a dump\n",
			arg->start_pfn);
	}
}

static void handle_event(unsigned int action, void *arg)
{
	guard(mutex)(&crash_hotplug_mutex);

	if (!kexec_trylock()) {
		remember_event(action, arg);
		schedule_delayed_work(&retry_work, RETRY_DELAY);
		return;
	}
	update_image(action, arg);
	kexec_unlock();
}

/* Memory and CPUs may be removed and added again: handle additions after removals. */
static void replay_events(void)
{
	static const unsigned int actions[] = {
		KEXEC_CRASH_HP_ADD_MEMORY,
		KEXEC_CRASH_HP_REMOVE_CPU,
		KEXEC_CRASH_HP_ADD_CPU,
	};
	struct removed_memory *removed, *next;
	unsigned int i;

	list_for_each_entry_safe(removed, next, &removed_memory, list) {
		update_image(KEXEC_CRASH_HP_REMOVE_MEMORY, &removed->notify);
		list_del(&removed->list);
		kfree(removed);
	}
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		if (pending_events & BIT(actions[i]))
			update_image(actions[i], NULL);
	}
	pending_events = 0;
}

static void retry_update(struct work_struct *work)
{
	guard(mutex)(&crash_hotplug_mutex);

	if (!kexec_trylock()) {
		schedule_delayed_work(&retry_work, RETRY_DELAY);
		return;
	}
	replay_events();
	kexec_unlock();
}

static int on_memory_event(struct notifier_block *nb, unsigned long event,
			   void *arg)
{
	if (event == MEM_ONLINE)
		handle_event(KEXEC_CRASH_HP_ADD_MEMORY, arg);
	else if (event == MEM_OFFLINE)
		handle_event(KEXEC_CRASH_HP_REMOVE_MEMORY, arg);

	return NOTIFY_OK;
}

static struct notifier_block memory_notifier = {
	.notifier_call = on_memory_event,
};

/* Always succeed: the CPU must come up. */
static int on_cpu_up(unsigned int cpu)
{
	handle_event(KEXEC_CRASH_HP_ADD_CPU, NULL);
	return 0;
}

static int on_cpu_down(unsigned int cpu)
{
	handle_event(KEXEC_CRASH_HP_REMOVE_CPU, NULL);
	return 0;
}

static int __init crash_hotplug_init(void)
{
	int state;

	if (IS_ENABLED(CONFIG_MEMORY_HOTPLUG))
		register_memory_notifier(&memory_notifier);

	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "crash/cpuhp",
					  on_cpu_up, on_cpu_down);
	return min(state, 0);
}
subsys_initcall(crash_hotplug_init);
