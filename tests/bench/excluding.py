# SPDX-License-Identifier: GPL-2.0
"""What it takes to find the pages of the kernel: /proc/vmcore-kern, or makedumpfile.

makedumpfile calls the step that compares to it "Excluding unnecessary pages". It
looks for pages of zeros only while it writes, so these do not count for either.
"""
import re

from harness import initramfs, makedumpfile
from harness.guest import Guest, Machine, untouched_memory
from harness.kdump import footprint

import measure
from measure import GIB, MIB

REPEATS = 3
# The size of a machine's memory, and how much of it is written to before the crash.
MACHINES = ((2 * GIB, 0), (8 * GIB, 0), (32 * GIB, 0), (128 * GIB, 0), (2 * GIB, 85), (8 * GIB, 85))
LEVEL = 31
ZERO = 1

MAKEDUMPFILE = "/usr/bin/makedumpfile --message-level 16 --dry-run -d {level} {vmcore} /tmp/none"


def label(memory, full):
    return measure.label(memory) + (" full" if full else "")


def machine(image, initrd, memory):
    return Machine(image, initrd, "crashkernel=256M", cpus="2", memory=str(memory // MIB),
                   below_4g="2G", devices=untouched_memory(memory))


def scan(guest):
    """Seconds to find what of all memory is left out, in our kernel."""
    guest.sh(f"echo {LEVEL & ~ZERO} >{measure.KERN}-level")
    return measure.probe(guest, "extents", measure.KERN)[1]


def excluding(guest):
    """Seconds of makedumpfile's step."""
    report = guest.sh(MAKEDUMPFILE.format(level=LEVEL, vmcore=measure.VMCORE), timeout=900)
    steps = re.findall(r"STEP \[Excluding unnecessary pages\] *: ([\d.]+) seconds", report)
    return sum(map(float, steps))


def crashed(guest, full):
    guest.wait_for("first")
    measure.load(guest, 1)
    if full:
        free = int(re.search(r"MemFree: *(\d+)", guest.sh("cat /proc/meminfo"))[1]) * 1024
        # Half page cache, half of a process.
        half = free * full // 200
        measure.fill(guest, half)
        guest.sh(f"""{measure.PROBE} hold {half} /run/held >/run/hold 2>&1 &
                     until [ -e /run/held ]; do usleep 100000; kill -0 $!; done""", timeout=600)
    measure.crash(guest)


def one(image, initrd, memory, full, workdir):
    """Results of one machine: the least of a few times."""
    name = label(memory, full)
    with Guest(machine(image, initrd, memory), workdir, timeout=600) as guest:
        crashed(guest, full)
        ours = measure.has_kern(guest)
        found = {f"makedumpfile {name} seconds": min(excluding(guest) for _ in range(REPEATS))}
        found[f"filter {name} seconds"] = (min(scan(guest) for _ in range(REPEATS)) if ours
                                           else found[f"makedumpfile {name} seconds"])
        if ours:
            found[f"first byte {name} seconds"] = measure.first_byte(guest, measure.KERN)
            found[f"more memory {name}"] = (footprint(guest, measure.KERN)
                                            - footprint(guest, measure.VMCORE))
        return found


def measure_all(image, probe, workdir):
    """Of each machine, how long the filter and makedumpfile take."""
    workdir.mkdir(parents=True, exist_ok=True)
    initrd = initramfs.write(workdir / "initrd", image, [(probe, measure.PROBE),
                                                         *makedumpfile.files()])
    found = {}
    for memory, full in MACHINES:
        found |= one(image, initrd, memory, full, workdir)
    return found
