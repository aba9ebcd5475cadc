# SPDX-License-Identifier: GPL-2.0
"""What is measured in one guest, from the crash to the last byte.

Each measurement is a name and a number. Bytes per second are measured REPEATS times, in
turn with what they are compared to. The best of them counts for this boot, since
what else the host does can only slow down a guest; medians are of boots.
"""
import dataclasses
import re
import time

from harness.core import ElfCore
from harness.dump import GuestFile
from harness.guest import BUSY_HOST, CONSOLE

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
READS = (4 * KIB, 64 * KIB, MIB)
WINDOWS = (64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 64 * MIB)
PROBE = "/bin/bench"
VMCORE, KERN = "/proc/vmcore", "/proc/vmcore-kern"
REPEATS = 7
QUICK_REPEATS = 3


def label(size):
    """A size in words: 64 KiB."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


@dataclasses.dataclass
class Place:
    """Where in a file old memory is read: what is longest without a break."""
    file: str
    offset: int
    size: int

    @classmethod
    def find(cls, guest):
        core = ElfCore(GuestFile(guest, VMCORE))
        longest = max(core.loads, key=lambda load: load.filesz)
        return cls(VMCORE, longest.offset, longest.filesz)

    def total(self, size, most):
        """Bytes to read in blocks of a size: all, but not more than most."""
        return min(most, self.size) // size * size


def probe(guest, *words):
    """Run the probe; return bytes and seconds."""
    out = guest.sh(" ".join(str(word) for word in (PROBE, *words)), timeout=900)
    count, nanoseconds = out.split()[-2:]
    return int(count), int(nanoseconds) / 1e9


def rate(guest, *words):
    """The same as bytes per second."""
    count, seconds = probe(guest, *words)
    return count / seconds


def rates(guest, commands, repeats):
    """Run each named command a few times, in turn; return the best of their rates."""
    found = {name: [] for name in commands}
    for _ in range(repeats or REPEATS):
        for name, words in commands.items():
            found[name].append(rate(guest, *words))
    return {name: max(values) for name, values in found.items()}


def reading(guest, place, repeats=None):
    """read() of each size, and memcpy."""
    results = {}
    for size in READS:
        total = place.total(size, 64 * MIB)
        results |= rates(guest, {
            f"memcpy {label(size)}": ("memcpy", size, total),
            f"read {label(size)}": ("read", place.file, place.offset, size, total)}, repeats)
    for size in READS:
        results[f"read/memcpy {label(size)}"] = (results[f"read {label(size)}"]
                                                 / results[f"memcpy {label(size)}"])
    return results


def mapping(guest, place, repeats=None):
    """mmap() of each window, every byte touched; beside it what touching and mapping cost."""
    results = rates(guest, {"touch": ("touch", MIB, 128 * MIB)}, repeats)
    for size in WINDOWS:
        total = place.total(size, 128 * MIB)
        where = (place.file, place.offset, size, total)
        results |= rates(guest, {f"mmap {label(size)}": ("mmap", *where),
                                 f"mmap untouched {label(size)}": ("mapping", *where),
                                 f"mmap anonymous {label(size)}": ("anonymous", size, total)},
                         repeats)
        results[f"page tables {label(size)}"] = probe(guest, "tables", *where[:3])[0]
    return results


def copy_seconds(guest):
    """cp of the whole dump."""
    return min(probe(guest, "run", "cp", VMCORE, "/dev/null")[1] for _ in range(3))


def copying(guest):
    """cp of the whole dump, in seconds, and the sizes of dumps."""
    results = {"cp seconds": copy_seconds(guest),
               "dump bytes": int(guest.sh(f"stat -c %s {VMCORE}"))}
    if has_kern(guest):
        count, took = probe(guest, "sparse", KERN)
        results |= {"kernel pages bytes": count, "kernel pages seconds": took}
    return results


def has_kern(guest):
    return not guest.run(f"test -e {KERN}").status


def first_byte(guest, file):
    """Seconds until the first page of old memory is there."""
    return min(probe(guest, "run", "dd", f"if={file}", "of=/dev/null", "bs=64k", "count=1",
                     f"skip={Place.find(guest).offset // (64 * KIB)}")[1] for _ in range(3))


def memory(guest):
    """What the capture kernel has, and what of it is taken when user space starts."""
    fields = {name: int(size) * KIB for name, size in
              re.findall(r"(\w+): +(\d+) kB", guest.sh("cat /proc/meminfo"))}
    return {"memory total": fields["MemTotal"],
            "memory used": fields["MemTotal"] - fields["MemAvailable"]}


def readers(guest, place):
    """One reader, and two at a time on a CPU each; beside it the same of memcpy, since the
    host may not have two CPUs to give."""
    total = place.total(MIB, 1536 * MIB) // 2
    results = {}
    for _ in range(REPEATS):
        for name, words in (("readers", (place.file, place.offset, MIB, total)),
                            ("copiers", (MIB, total))):
            for count in (1, 2):
                key = f"{name} {count}"
                results[key] = max(results.get(key, 0), rate(guest, name, count, *words))
    for name in ("readers", "copiers"):
        results[f"{name} 2/1"] = results[f"{name} 2"] / results[f"{name} 1"]
    return results


def load(guest, cpus):
    guest.sh("kexec -p -c /boot/image --initrd=/boot/initrd --command-line="
             f"'{CONSOLE} {BUSY_HOST} nr_cpus={cpus}'")


def fill(guest, size):
    """Have memory that has been written to, as that of a machine in use has."""
    guest.sh("mount -t tmpfs -o size=100% fill /mnt"
             f" && dd if=/dev/zero of=/mnt/fill bs=1M count={size // MIB} status=none", 600)


def crash(guest, timeout=600):
    """Crash on CPU 0; return the seconds until user space answers."""
    start = time.monotonic()
    guest.crash("taskset 1 sh -c 'echo c >/proc/sysrq-trigger'", timeout)
    return {"panic to user space": time.monotonic() - start}
