# SPDX-License-Identifier: GPL-2.0
"""Generated headers, by the thousand in one kernel. A seed is the number of a set of headers.

What lies around a set in memory is part of the case, since sizes may lie. So
the sets of a batch are always planted together, and a seed always has the same
place in the same batch, however many are run.
"""
from harness.generate import SLOT, headers
from harness.guest import GuestError
from harness.plant import OldMemory
from harness.suite import Failure, add, check

BATCH = 500
DEFAULT = 2000
WARM_UP = 20                # sets after which memory that is kept for good has been taken
LEAK_MAX = 8 << 10          # KiB
KERNEL = "panic_on_warn=1 oops=panic softlockup_panic=1 hung_task_panic=1 loglevel=3"


def free_memory(guest):
    """KiB that are free once what can be dropped is."""
    guest.sh("sync; echo 3 >/proc/sys/vm/drop_caches; sleep 1")
    return int(guest.sh("awk '/^MemFree/ { print $2 }' /proc/meminfo"))


def walk(guest, address, seed, count):
    """Let the probe try some sets; return how many of them made a dump."""
    first = seed // BATCH * BATCH
    return int(guest.sh(f"probe fuzz /run/progress {address + (seed - first) * SLOT:#x} "
                        f"{SLOT} {seed} {count}", timeout=120 + 2 * count))


def devices(progress):
    """A second port, to which the probe writes what it is at."""
    return ("-device", "virtio-serial-pci,id=second",
            "-chardev", f"file,id=progress,path={progress}",
            "-device", "virtserialport,bus=second.0,chardev=progress,nr=2")


def latest(progress):
    """The seed that the probe was at."""
    lines = progress.read_text().split() if progress.is_file() else []
    return lines[-1] if lines else "none"


def run_batch(context, seed, count):
    first = seed // BATCH * BATCH
    old = OldMemory()
    address = old.add(b"".join(headers(first + index) for index in range(BATCH)))
    progress = context.workdir / "progress"
    try:
        with old.boot(context.workdir, KERNEL, devices(progress)) as guest:
            guest.sh("ln -s /dev/vport*p2 /run/progress")
            dumps = walk(guest, address, seed, min(count, WARM_UP))
            before = free_memory(guest)
            if count > WARM_UP:
                dumps += walk(guest, address, seed + WARM_UP, count - WARM_UP)
            lost = before - free_memory(guest)
    except GuestError as error:
        at = latest(progress)
        raise Failure(f"seed {at}: {error}\n"
                      f"  again: tests/qemu/run-tests --fuzz 1 --seed {at}") from error
    check(lost < LEAK_MAX, f"seeds {seed} to {seed + count - 1}: {lost} KiB are lost")
    check(count < 100 or count // 10 < dumps < count, f"only {dumps} of {count} made a dump")


def declare(seed, count):
    """Add a test for each batch of that many seeds from a first one on."""
    end = seed + count
    while seed < end:
        limit = min(end, (seed // BATCH + 1) * BATCH)
        add(f"fuzz.{seed}-{limit - 1}",
            lambda context, seed=seed, limit=limit: run_batch(context, seed, limit - seed),
            f"Generated ELF headers, seeds {seed} to {limit - 1}: no oops, no hang, nothing lost.")
        seed = limit


declare(0, DEFAULT)
