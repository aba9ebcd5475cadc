// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of old memory where string instructions are slow.
 *
 * copy_mc_to_kernel() and copy_mc_to_user() leave all to "rep movsb" where a processor
 * says that it is fast. QEMU's emulated one does say so and then takes a byte at a time,
 * a tenth of the speed of a loop. That is where capture kernels are tested. Real
 * processors, under a hypervisor or not, are left to those two.
 */
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/cpufeature.h>
#include <linux/init.h>
#include <linux/math.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#include <asm/asm.h>
#include <asm/crash_dump.h>
#include <asm/processor.h>

/* What a step of the loop copies. */
#define STEP	64

static bool emulated __ro_after_init;

/* Not earlier than cpuid works, and before /proc/vmcore. */
static int __init find_emulation(void)
{
	emulated = boot_cpu_has(X86_FEATURE_HYPERVISOR) &&
		   hypervisor_cpuid_base("TCGTCGTCGTCG", 0);
	return 0;
}
core_initcall(find_emulation);

#ifdef CONFIG_X86_64

#define LOAD(label, at, reg)	#label ": movq " #at "(%[from]), " reg "\n"
#define STORE(label, at, reg)	#label ": movq " reg ", " #at "(%[to])\n"
#define MAY_FAULT(label)	\
	_ASM_EXTABLE_TYPE(label ## b, %l[fault], EX_TYPE_DEFAULT_MCE_SAFE)

/* A load may find broken memory, a store a page that a process cannot write. */
static __always_inline size_t copy_steps(void *to, const void *from, size_t len)
{
	const void *start = from, *end = from + round_down(len, STEP);

	for (; from != end; from += STEP, to += STEP)
		asm goto(LOAD(1, 0, "%%r8") LOAD(2, 8, "%%r9")
			 LOAD(3, 16, "%%r10") LOAD(4, 24, "%%r11")
			 STORE(5, 0, "%%r8") STORE(6, 8, "%%r9")
			 STORE(7, 16, "%%r10") STORE(8, 24, "%%r11")
			 LOAD(11, 32, "%%r8") LOAD(12, 40, "%%r9")
			 LOAD(13, 48, "%%r10") LOAD(14, 56, "%%r11")
			 STORE(15, 32, "%%r8") STORE(16, 40, "%%r9")
			 STORE(17, 48, "%%r10") STORE(18, 56, "%%r11")
			 MAY_FAULT(1) MAY_FAULT(2) MAY_FAULT(3) MAY_FAULT(4)
			 MAY_FAULT(5) MAY_FAULT(6) MAY_FAULT(7) MAY_FAULT(8)
			 MAY_FAULT(11) MAY_FAULT(12) MAY_FAULT(13) MAY_FAULT(14)
			 MAY_FAULT(15) MAY_FAULT(16) MAY_FAULT(17) MAY_FAULT(18)
			 : : [to] "r" (to), [from] "r" (from)
			 : "memory", "r8", "r9", "r10", "r11" : fault);
fault:
	return from - start;
}

#else

/* It has other registers, and machine checks are not survived. */
static size_t copy_steps(void *to, const void *from, size_t len)
{
	return 0;
}

#endif

/**
 * arch_oldmem_copy() - copy the beginning of old memory to the kernel's own
 * @to: destination
 * @from: where the old memory is mapped
 * @len: bytes
 *
 * Context: Any.
 * Return: bytes that were copied. The rest is for copy_mc_to_kernel(), which also
 * finds out what is wrong, if anything is.
 */
size_t arch_oldmem_copy(void *to, const void *from, size_t len)
{
	return emulated ? copy_steps(to, from, len) : 0;
}

/**
 * arch_oldmem_copy_to_user() - copy the beginning of old memory to a process
 * @to: destination, which access_ok() has allowed
 * @from: where the old memory is mapped
 * @len: bytes
 *
 * Context: May sleep, if page faults may.
 * Return: bytes that were copied. The rest is for copy_mc_to_user().
 */
size_t arch_oldmem_copy_to_user(void __user *to, const void *from, size_t len)
{
	size_t done = 0;

	if (emulated) {
		__uaccess_begin();
		done = copy_steps((__force void *)to, from, len);
		__uaccess_end();
	}
	return done;
}
