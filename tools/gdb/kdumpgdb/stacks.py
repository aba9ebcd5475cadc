# SPDX-License-Identifier: GPL-2.0
"""The stacks that a CPU changes to: for interrupts, NMIs and other exceptions.

gdb ends a backtrace where a caller's stack lies below that of what it called, since
on one stack that is impossible. So these stacks are shown at low addresses as well
(no kernel address is low), in the order in which one can interrupt the other, and
stack pointers into them are taken as ones into that image.
"""
import functools

import gdb

from . import kernel

ENTRY_AREA, ENTRY_SIZE = 0xfffffe0000000000, 1 << 39    # stacks of NMI, #DF, #DB, #MC
IRQ_SIZE = 16384
ENTRY_ALIAS, IRQ_ALIAS = 1 << 60, 2 << 60
WITHIN = (1 << 56) - 1


@functools.cache
def images():
    """(address, size, address of the image) of each of these stacks."""
    found = [(ENTRY_AREA, ENTRY_SIZE, ENTRY_ALIAS | ENTRY_AREA & WITHIN)]
    for cpu in kernel.cpus():
        for name in ("pcpu_hot.hardirq_stack_ptr", "hardirq_stack_ptr"):
            at = kernel.per_cpu(name, cpu)
            top = kernel.word(at) + 8 & ~4095 if at else 0  # it points to the last word
            if top:
                start = top - IRQ_SIZE
                found.append((start, IRQ_SIZE, IRQ_ALIAS | start & WITHIN))
                break
    return found


def image_of(sp):
    """The stack pointer into the image of a stack, or as it is on a task's own stack."""
    for address, size, alias in images():
        if 0 <= sp - address < size:
            return sp - address + alias
    return sp


def show_images():
    """Have gdb-target show the images, and the registers of CPUs point into them."""
    for address, size, alias in images():
        kernel.send(f"QKdumpAlias:{address:x}:{size:x}:{alias:x}")
    gdb.execute("maintenance flush register-cache", to_string=True)
