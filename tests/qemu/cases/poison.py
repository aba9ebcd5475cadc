# SPDX-License-Identifier: GPL-2.0
"""Pages that the processor has reported broken, inside compound pages."""
from harness import debian
from harness.kdump import load, on_cpu, open_dump
from harness.pageset import describe, left_out
from harness.suite import check, test

from .pagesets import read_extents

HUGE_PAGES = 4
# Nothing but users' pages, or all that is not the kernel's; no look for pages of zeros.
LEVELS = {22: ("slab", "kernel", "hugetlb", "thp"), 30: ("slab", "kernel")}

POISON = f"""
echo {HUGE_PAGES} >/proc/sys/vm/nr_hugepages
probe poison >/run/poison 2>/run/errors &
until grep -q ready /run/poison; do
    usleep 100000
    kill -0 $! || {{ cat /run/errors; exit 1; }}
done
cat /run/poison
"""
SAVE = """
set -e
mount -t 9p -o trans=virtio,msize=512000,cache=mmap share /mnt
for level in %s; do
    echo $level >/proc/vmcore-kern-level
    probe extents /proc/vmcore-kern >/run/extents
    probe copy /run/extents /mnt/extents-$level
done
umount /mnt
"""

# A machine check that asks for nothing: VAL, UC, EN, MISCV, ADDRV and S of MCi_STATUS, found
# by a memory scrubber; RIPV and MCIP of MCG_STATUS. Intel SDM volume 3, "Machine-Check
# Architecture".
SCRUB_ERROR = "9 0xbd000000000000cf 5 0x2000000 0x8c"
COPY = """
while [ ! -e /run/enough ]; do
    dd if=/proc/vmcore bs=1M status=none of=/dev/null || echo failed
done >/run/copy 2>&1 &
echo $! >/run/pid
"""


def run_of(first, count):
    """A set of page frames that follow each other."""
    return (1 << count) - 1 << first


@test
def one_by_one(context):
    """A broken page costs itself alone, head or tail: of slab, other kernel memory, a huge page
    of hugetlb and a transparent one, and it is not read at any level but 0."""
    with debian.boot("6.12", context.workdir, memory="768M", share=context.workdir) as guest:
        units = [line.split() for line in guest.sh(POISON, timeout=300).splitlines()[:-1]]
        load(guest)
        guest.crash("echo c >/proc/sysrq-trigger")
        guest.sh(SAVE % " ".join(map(str, LEVELS)), timeout=600)
        loads = open_dump(guest).core.loads
    check(len(units) == 7, f"not all kinds of pages were marked: {units}")
    for level, kept in LEVELS.items():
        missing = left_out(loads, read_extents(context.workdir / f"extents-{level}"))
        for name, *numbers in units:
            first, count, broken = map(int, numbers)
            unit = run_of(first, count)
            wanted = run_of(broken, 1) if name.startswith(kept) else unit
            check(missing & unit == wanted,
                  f"level {level}: of {name}, {describe(unit)}, page {broken:#x} is broken, and "
                  f"these are left out: {describe(missing & unit)}")


@test
def machine_check(context):
    """A broken page that the hardware finds while the dump is read, and tells all CPUs of, those
    too that the crash has halted, costs a line of the log. (With mce=off it resets the machine.)"""
    with context.boot("crashkernel=64M", model="Nehalem") as guest:
        load(guest)
        guest.crash(on_cpu(0, "echo c >/proc/sysrq-trigger"))
        guest.sh(COPY)
        guest.monitor.execute("human-monitor-command", command_line=f"mce -b 0 {SCRUB_ERROR}")
        guest.sh("until dmesg | grep -q 'Bank 9: bd000000000000cf'; do sleep 0.1; done\n"
                 ": >/run/enough; while kill -0 $(cat /run/pid); do sleep 0.1; done 2>/dev/null")
        check(not guest.sh("cat /run/copy"), "the dump cannot be read any more")
        guest.sh("dd if=/proc/vmcore bs=1M status=none of=/dev/null")
