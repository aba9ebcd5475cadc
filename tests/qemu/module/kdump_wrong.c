// SPDX-License-Identifier: GPL-2.0
/*
 * Mistakes, one of each kind that a kernel can find by itself: a kind written to
 * "make" is made. They show that the kernel looks, and that it is heard.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static DEFINE_MUTEX(first_lock);
static DEFINE_MUTEX(second_lock);
static DEFINE_SPINLOCK(spinning_lock);
static unsigned int number = 31;

/* A byte behind an object. */
static void read_too_far(void)
{
	char *object = kzalloc(16, GFP_KERNEL);

	if (!object)
		return;
	OPTIMIZER_HIDE_VAR(object);
	pr_info("%d\n", object[16]);
	kfree(object);
}

/* More bits than there are. */
static void shift_too_far(void)
{
	OPTIMIZER_HIDE_VAR(number);
	pr_info("%d\n", 4 << (number + 1));
}

/* Two locks in one order, then in the other. */
static void lock_in_both_orders(void)
{
	mutex_lock(&first_lock);
	mutex_lock(&second_lock);
	mutex_unlock(&second_lock);
	mutex_unlock(&first_lock);
	mutex_lock(&second_lock);
	mutex_lock(&first_lock);
	mutex_unlock(&first_lock);
	mutex_unlock(&second_lock);
}

static void sleep_in_atomic_context(void)
{
	spin_lock(&spinning_lock);
	might_sleep();
	spin_unlock(&spinning_lock);
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "far", read_too_far },
	{ "shift", shift_too_far },
	{ "order", lock_in_both_orders },
	{ "sleep", sleep_in_atomic_context },
};

static int set_make(const char *val, const struct kernel_param *kp)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (sysfs_streq(val, mistakes[i].name)) {
			mistakes[i].make();
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops make_ops = { .set = set_make };
module_param_cb(make, &make_ops, NULL, 0200);
MODULE_PARM_DESC(make, "kind of the mistake to make");

MODULE_DESCRIPTION("Mistakes for kernels that look for them");
MODULE_LICENSE("GPL");
