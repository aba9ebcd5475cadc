// SPDX-License-Identifier: GPL-2.0
/*
 * CPU and memory hotplug, as far as a loaded capture kernel is concerned: its
 * ELF headers are replaced by such that describe the machine as it is now.
 *
 * A panic may come at any moment of this, and then has to find an image that
 * works. The image therefore stays in place all the time; new headers are made
 * in ordinary memory and copied over the old ones in the end; and two things
 * change hands by atomic operations, each of them once at most:
 *
 *	the kexec lock	While its value is KEXEC_LOCK_UPDATING, the panicking
 *			CPU may make it its own.
 *	the copy	While copying goes on, headers_copy says what is copied
 *			where. The panicking CPU takes that out, to do it again
 *			from the beginning.
 *
 * Whoever updated the headers finds out when it wants to give either back, and
 * then does nothing any more.
 */
#define pr_fmt(fmt) "crash hotplug: " fmt

#include <linux/atomic.h>
#include <linux/cc_platform.h>
#include <linux/cleanup.h>
#include <linux/cpuhotplug.h>
#include <linux/crash_headers.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/memory.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "crash_internal.h"
#include "kexec_internal.h"

/* How soon to look again whether the kexec lock is free. */
#define RETRY_DELAY	(HZ / 10)

/* For how long somebody who reads sysfs waits for it. */
#define LOCK_TRIES	50
#define LOCK_WAIT_MS	10

/* Values of __kexec_lock; to kexec itself, all but the first mean "held". */
enum {
	KEXEC_LOCK_FREE = 0,
	KEXEC_LOCK_HELD = 1,
	KEXEC_LOCK_UPDATING = 2,
};

/**
 * struct headers_copy - headers on their way into the image
 * @dst: the segment, mapped
 * @src: the new headers
 * @size: bytes of them
 */
struct headers_copy {
	void *dst;
	const void *src;
	size_t size;
};

/* Whoever exchanges the pointer for NULL owns what it points to. */
static struct headers_copy *headers_copy;

/* Events come in bursts; they wait here, not for the kexec lock. */
static DEFINE_MUTEX(crash_hotplug_mutex);

static void retry_update(struct work_struct *work);
static DECLARE_DELAYED_WORK(retry_work, retry_update);

static bool update_trylock(void)
{
	int old = KEXEC_LOCK_FREE;

	return atomic_try_cmpxchg_acquire(&__kexec_lock, &old,
					  KEXEC_LOCK_UPDATING);
}

/* The panicking CPU uses what this one was about to give back. */
static void __noreturn park(void)
{
	for (;;)
		cpu_relax();
}

static void update_unlock(void)
{
	int old = KEXEC_LOCK_UPDATING;

	if (!atomic_try_cmpxchg_release(&__kexec_lock, &old, KEXEC_LOCK_FREE))
		park();
}

/**
 * crash_hotplug_take_over() - inherit the kexec lock from an update of headers
 *
 * For the panicking CPU, after kexec_trylock() has failed.
 *
 * Context: Any, NMI included.
 * Return: true if the caller now holds the kexec lock, with the image in place;
 * it has to call crash_hotplug_finish_update() before it starts that.
 */
bool crash_hotplug_take_over(void)
{
	int old = atomic_read(&__kexec_lock);

	/* It may come free as well, while we look. */
	do {
		if (old == KEXEC_LOCK_HELD)
			return false;
	} while (!atomic_try_cmpxchg_acquire(&__kexec_lock, &old,
					     KEXEC_LOCK_HELD));
	return true;
}

/**
 * crash_hotplug_finish_update() - complete headers that are half replaced
 *
 * For the panicking CPU, which holds the kexec lock and has stopped the other
 * CPUs. Without an update in progress it does nothing.
 *
 * Context: Any, NMI included.
 */
void crash_hotplug_finish_update(void)
{
	struct headers_copy *copy = xchg(&headers_copy, NULL);

	if (copy)
		memcpy(copy->dst, copy->src, copy->size);
}

/**
 * crash_replace_headers() - replace the ELF headers of the loaded image
 * @headers: the present ones, from crash_map_headers()
 * @new: the new ones
 * @size: bytes of @new, not more than are mapped at @headers
 *
 * If this machine panics meanwhile, the capture kernel finds the new headers.
 *
 * Context: arch_crash_handle_hotplug_event(). Does not return after a panic.
 */
void crash_replace_headers(void *headers, const void *new, size_t size)
{
	struct headers_copy copy = {
		.dst = headers,
		.src = new,
		.size = size,
	};

	/* Fully ordered: published before the first byte changes. */
	xchg(&headers_copy, &copy);
	memcpy(headers, new, size);
	if (!xchg(&headers_copy, NULL))
		park();
}

/* Writable even where the direct map of crash memory is not. */
static void *map_segment(const struct kexec_segment *seg, size_t size)
{
	unsigned int i, nr = PFN_UP(size);
	pgprot_t prot = PAGE_KERNEL;

	struct page **pages __free(kvfree) =
		kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;

	for (i = 0; i < nr; i++)
		pages[i] = boot_pfn_to_page(PFN_DOWN(seg->mem) + i);

	/* kexec loads images decrypted where the next kernel starts like that. */
	if (cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT))
		prot = pgprot_decrypted(prot);

	return vmap(pages, nr, VM_MAP, prot);
}

/**
 * crash_map_headers() - map the segment with the ELF headers of an image
 * @image: the image that is loaded
 * @size: where to return the size of the segment in bytes
 *
 * Context: arch_crash_handle_hotplug_event(), may sleep.
 * Return: the mapping, for vunmap(); NULL if there is no memory for that.
 */
void *crash_map_headers(const struct kimage *image, size_t *size)
{
	const struct kexec_segment *seg =
		&image->segment[image->elfcorehdr_index];

	*size = seg->memsz;
	return map_segment(seg, seg->memsz);
}

/* Those of the other class may lack the room for what ELF-64 needs. */
static bool has_elf64_headers(const struct kexec_segment *seg)
{
	size_t size = min(seg->memsz, PAGE_SIZE);
	struct crash_elf elf;
	void *start;
	int ret;

	start = map_segment(seg, size);
	if (!start)
		return false;

	ret = crash_elf_decode_header(start, size, &elf);
	vunmap(start);
	return !ret && elf.class == ELFCLASS64;
}

/* kexec_load() does not say which segment holds the headers. */
static bool find_headers(struct kimage *image)
{
	unsigned long i;

	for (i = 0; image->elfcorehdr_index < 0 && i < image->nr_segments; i++) {
		if (has_elf64_headers(&image->segment[i]))
			image->elfcorehdr_index = i;
	}
	return image->elfcorehdr_index >= 0;
}

static void update_image(struct kimage *image, unsigned int action, void *arg)
{
	if (!image->hotplug_support || !find_headers(image)) {
		pr_info_ratelimited("the ELF headers of the image stay as they were loaded: %s\n",
				    image->hotplug_support ?
				    "not found, or not ELF-64" :
				    "the loader did not permit changes");
		return;
	}
	image->hp_action = action;
	arch_crash_handle_hotplug_event(image, arg);
	image->hp_action = KEXEC_CRASH_HP_NONE;
}

/*
 * Headers are made from what the machine is like at that time, so that an event
 * which finds the lock held is not lost, but handled later.
 */
static void handle_event(unsigned int action, void *arg)
{
	guard(mutex)(&crash_hotplug_mutex);

	if (!update_trylock()) {
		schedule_delayed_work(&retry_work, RETRY_DELAY);
		return;
	}
	if (kexec_crash_image)
		update_image(kexec_crash_image, action, arg);
	update_unlock();
}

static void retry_update(struct work_struct *work)
{
	handle_event(KEXEC_CRASH_HP_ADD_MEMORY, NULL);
}

/**
 * crash_check_hotplug_support() - does the kernel keep the image up to date
 *
 * Behind the sysfs files crash_hotplug, by which udev rules decide whether they
 * have to load the image anew.
 *
 * Context: Process context, may sleep.
 * Return: 1 if the kernel updates the ELF headers of the image that is loaded;
 * 0 if not, if there is no image, or if kexec is busy for long.
 */
int crash_check_hotplug_support(void)
{
	unsigned int tries = 0;
	int ret = 0;

	guard(mutex)(&crash_hotplug_mutex);

	while (!update_trylock()) {
		if (++tries > LOCK_TRIES)
			return 0;
		msleep(LOCK_WAIT_MS);
	}
	if (kexec_crash_image)
		ret = kexec_crash_image->hotplug_support &&
		      find_headers(kexec_crash_image);
	update_unlock();
	return ret;
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

/* Never a reason to refuse the CPU. */
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
