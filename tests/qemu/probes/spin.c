// SPDX-License-Identifier: GPL-2.0
/*
 * spin VALUE: load VALUE, VALUE+1 ... into the registers that a debugger must
 * find again, and stay in user space on this CPU for ever.
 */
#include "probe.h"

int probe_spin(int argc, char **argv)
{
	register unsigned long r12 asm("r12"), r13 asm("r13"), r14 asm("r14"), r15 asm("r15");

	if (argc != 2)
		die("usage: spin VALUE");
	r12 = number(argv[1]);
	r13 = r12 + 1;
	r14 = r12 + 2;
	r15 = r12 + 3;
	for (;;)
		asm volatile("pause" : "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15));
}
