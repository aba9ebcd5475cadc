# SPDX-License-Identifier: GPL-2.0
"""Crashes on a kernel that looks at itself, which has nothing to report: not before the crash, not
on the way to the capture kernel, and not in it.

Its reports are read from the console: what the crashing kernel prints last is nowhere else
until there is a dump.
"""
import functools
import re

from harness import artifacts, paths, suite
from harness.kdump import LOADERS, capture_options
from harness.pairwise import all_pairs
from harness.platforms import LINUX
from harness.suite import Failure, check, full_test

from . import crash
from .load import leaks

# With KASAN, UBSAN, lockdep and kmemleak.
OBJECTS = LINUX / "sanitized"
# The shadow takes an eighth of the memory, and what is checked is slow.
MACHINE = {"memory": "1536M", "below_4g": "1G"}
RESERVED = "384M"
TIMEOUT = 600
REPORT = re.compile(r"BUG: KASAN: .*|UBSAN: .*|ODEBUG: .*|WARNING: .*"
                    r"|BUG: sleeping function .*|BUG: scheduling while atomic.*"
                    r"|BUG: Invalid wait context.*|page dumped because: VM_BUG_ON.*"
                    r"|list_(?:add|del) corruption.*")
# What each of the mistakes of kdump_wrong.c is reported as. Once KASAN has found something
# lockdep is off.
MISTAKES = {
    "order": "WARNING: possible circular locking",
    "far": "BUG: KASAN: slab-out-of-bounds",
    "shift": "UBSAN: shift-out-of-bounds",
    "sleep": "BUG: sleeping function",
}
FACTORS = {"trigger": crash.FACTORS["trigger"], "cpus": (2, 4), "loader": tuple(LOADERS)}
PLACED = {"where": "last", "kaslr": "kaslr"}
READ = """
readers=
for file in vmcore vmcore-kern; do
    cat /proc/$file >/dev/null &
    readers="$readers $!"
    probe map-all /proc/$file >/dev/null &
    readers="$readers $!"
done
dd if=/dev/oldmem of=/dev/null bs=64k count=4096 || exit
for reader in $readers; do
    wait $reader || exit
done
"""
WITHOUT_CRASH = """
for round in 1 2 3 4; do
    for online in 0 1; do
        echo $online >/sys/devices/system/cpu/cpu1/online
        usleep 100000
    done
done &
for round in $(seq 100); do
    cat /sys/kernel/kexec_crash_* /sys/kernel/vmcoreinfo /proc/kexec-dump
done >/dev/null &
for loader in -c -s -c -s; do
    # The kernel is busy while it follows a CPU that comes or goes.
    until kexec -p $loader /boot/image --initrd=/boot/initrd --command-line='{options}'; do
        usleep 50000
    done
done
wait
kexec -p -u || exit
echo 0 >/sys/kernel/kexec_crash_size
"""


def machine():
    """What boots it; the capture kernel is the same."""
    if not (OBJECTS / "vmlinux").is_file():
        raise Failure("no such kernel: make sanitized builds it")
    return MACHINE | {"kernel": paths.bzimage(OBJECTS), "vmlinux": OBJECTS / "vmlinux",
                      "initrd": artifacts.initrd_of(OBJECTS), "timeout": TIMEOUT}


def check_silence(guest):
    found = REPORT.findall(guest.console())
    check(not found, f"{len(found)} reports: {found[:5]}")


def check_nothing_lost(guest):
    """Of memory; and lockdep, which switches itself off where it has something to say, is on."""
    found = leaks(guest)
    check(not found, f"kmemleak: {found}")
    locks = guest.sh("grep debug_locks: /proc/lockdep_stats").split()[-1]
    check(locks == "1", "lockdep has switched itself off")


def read_all(guest):
    """Read all files in all ways; nothing is lost by that."""
    guest.sh(READ, timeout=TIMEOUT)
    check_silence(guest)
    check_nothing_lost(guest)


def crashes(context, row):
    crash.crash(context, row | PLACED, RESERVED, read_all, **machine())


def declare():
    for row in all_pairs(FACTORS, lambda row: True):
        name = "sanitized.{trigger}-{cpus}cpu-{loader}".format(**row)
        suite.add(name, functools.partial(crashes, row=row),
                  "A kernel that looks at itself has nothing to report of a crash.", full=True)


declare()


@full_test
def without_crash(context):
    """Nor has it of loading and unloading while CPUs come and go and sysfs is read, and of giving
    the reservation back."""
    with context.boot(f"crashkernel={RESERVED}", **machine()) as guest:
        guest.sh(WITHOUT_CRASH.format(options=capture_options(guest)), timeout=TIMEOUT)
        check_silence(guest)
        check_nothing_lost(guest)


@full_test
def tells(context):
    """Such a kernel tells of mistakes, each in its own words."""
    with context.boot("", **machine()) as guest:
        guest.sh("insmod /lib/kdump_wrong.ko")
        for mistake, words in MISTAKES.items():
            guest.sh(f"echo {mistake} >/sys/module/kdump_wrong/parameters/make")
            found = REPORT.findall(guest.console())
            check(any(line.startswith(words) for line in found), f"no {words} in {found}")
