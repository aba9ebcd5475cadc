# SPDX-License-Identifier: GPL-2.0
"""How small crashkernel= can be so that a dump still can be taken.

A reservation works if the image can be loaded, the capture kernel comes up, and
what is in the dump can be read to the end by a program that needs next to nothing
itself. Search by bisection: what works with less works with more.
"""
import sys

from harness.guest import Guest, GuestError, Machine, untouched_memory

import measure
from measure import GIB, MIB

STEP = 2 * MIB
LOW, HIGH = 16 * MIB, 256 * MIB
SAMPLES = 64


def machine(image, initrd, memory, reserved):
    return Machine(image, initrd, f"crashkernel={reserved // MIB}M", cpus="2",
                   memory=str(memory // MIB), below_4g="2G", devices=untouched_memory(memory))


def take_dump(guest, memory):
    """Copy the kernel's pages; if the kernel has no such file, some of all pages."""
    if measure.has_kern(guest):
        measure.probe(guest, "sparse", measure.KERN)
        return
    if memory <= 2 * GIB:
        guest.sh(f"cp {measure.VMCORE} /dev/null", timeout=900)
        return
    size = int(guest.sh(f"stat -c %s {measure.VMCORE}"))
    for number in range(SAMPLES):
        at = (size - 4 * MIB) // SAMPLES * number // MIB
        guest.sh(f"dd if={measure.VMCORE} of=/dev/null bs=1M skip={at} count=4 status=none")


def works(image, initrd, memory, reserved, workdir):
    """Crash with that much reserved, and take a dump."""
    with Guest(machine(image, initrd, memory, reserved), workdir, timeout=600) as guest:
        guest.wait_for("first")
        if guest.run("[ $(cat /sys/kernel/kexec_crash_size) -gt 0 ]").status:
            return False
        try:
            measure.load(guest, 1)
            measure.crash(guest, timeout=180)
            take_dump(guest, memory)
        except GuestError:
            return False
    return True


def find(image, initrd, memory, workdir):
    """The least reservation that works, in bytes; None if not even HIGH does."""
    low, high = LOW, HIGH
    guess = 40 * MIB
    while high - low > STEP:
        good = works(image, initrd, memory, guess, workdir)
        print(f"smallest: {memory // GIB} GiB, {guess // MIB} MiB: "
              f"{'works' if good else 'does not work'}", file=sys.stderr)
        if good:
            high = guess
        else:
            low = guess
        # Close to a size that works there most likely is another one.
        guess = (low + high) // 2 // STEP * STEP
        if high == HIGH:
            guess = min(guess, 2 * low)
    return high if high < HIGH else None
