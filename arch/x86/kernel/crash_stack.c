// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks of the panic's own. The stack on which a panic begins may have
 * overflowed, and each fault in a stage adds the frames of an oops.
 *
 * This runs on the panicking CPU, be it in NMI context.
 */
#include <linux/array_size.h>
#include <linux/crash_core.h>
#include <linux/init.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include <asm/crash.h>
#include <asm/irq_stack.h>
#include <asm/stacktrace.h>

#define CRASH_STACK_SIZE	THREAD_SIZE
/* The stages need less, even with an oops in one of them. */
#define CRASH_STACK_NEEDED	(THREAD_SIZE * 3 / 8)

/*
 * Two stacks, because a fault on one of them calls arch_crash_call() with the frames
 * of the oops on it; then the frames on the other stack are given up. They come from
 * vmalloc(), so an overflow of one hits an unmapped page and is a fault. NULL if there
 * was no memory.
 */
static void *crash_stack[2] __ro_after_init;

/* The argument of arch_crash_call(). */
static void (*crash_stack_function)(void);

static int __init allocate_crash_stacks(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crash_stack); i++)
		crash_stack[i] = __vmalloc_node(CRASH_STACK_SIZE, CRASH_STACK_SIZE,
						GFP_KERNEL, NUMA_NO_NODE, NULL);
	return 0;
}
core_initcall(allocate_crash_stacks);

static bool on_crash_stack(void *sp, unsigned int nr)
{
	return sp >= crash_stack[nr] && sp < crash_stack[nr] + CRASH_STACK_SIZE;
}

/* An unknown stack has no known end, so it counts as full. */
static bool stack_has_room(void *sp)
{
	unsigned long visited = 0;
	struct stack_info info;
	void *begin;

	if (on_crash_stack(sp, 0))
		begin = crash_stack[0];
	else if (on_crash_stack(sp, 1))
		begin = crash_stack[1];
	else if (!get_stack_info(sp, current, &info, &visited))
		begin = info.begin;
	else
		return false;
	return sp - begin >= CRASH_STACK_NEEDED;
}

static void run_crash_stack_function(void)
{
	crash_stack_function();
}

#ifdef CONFIG_X86_64
static void switch_to_crash_stack(void *top)
{
	call_on_stack(top - sizeof(long), run_crash_stack_function,
		      ASM_CALL_ARG0);
}
#else
static void switch_to_crash_stack(void *top)
{
	asm volatile("xchgl %%ebx, %%esp\n\t"
		     "call %P[function]\n\t"
		     "movl %%ebx, %%esp"
		     : "+b" (top)
		     : [function] "i" (run_crash_stack_function)
		     : "memory", "cc", "eax", "ecx", "edx");
}
#endif

/**
 * arch_crash_call() - call a function on a stack that has room for it
 * @function: the function
 *
 * Context: Panic, any.
 */
void arch_crash_call(void (*function)(void))
{
	void *sp = (void *)current_stack_pointer;
	void *other = crash_stack[on_crash_stack(sp, 0)];

	if (stack_has_room(sp) || !other) {
		function();
		return;
	}
	crash_stack_function = function;
	switch_to_crash_stack(other + CRASH_STACK_SIZE);
}
