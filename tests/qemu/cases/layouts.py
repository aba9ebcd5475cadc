# SPDX-License-Identifier: GPL-2.0
"""Odd program headers of honest machines: RAM that begins or ends within a page, pages that two
segments share, tens of thousands of segments, dumps of many GiB."""
import io
import random

from harness.core import ElfCore
from harness.dump import GuestFile, PAGE_SIZE
from harness.guest import untouched_memory
from harness.kdump import Patterns, insert_module, load, open_dump
from harness.plant import (HOOK, OLD, PATTERN_SIZE, Header, OldMemory, Segment, extended, note,
                           notes_at, pattern)
from harness.suite import check, test

from .kern import (KERN, SUMMARY, extents, kept_pages, read_summary, set_level, write_physical)

MANY = 70000
PIECES = 1500
SEED = random.randrange(1 << 32)
GIB = 1 << 30

# First and last byte of RAM of machines that people have.
SERVER = """0-8efff 90000-9ffff 100000-4bd0701f 4bd07020-4bd6965f 4bd69660-4bd6a01f
    4bd6a020-4bdcc65f
    4bdcc660-4bdcd01f 4bdcd020-4be01c5f 4be01c60-4be0201f 4be02020-4be36c5f 4be36c60-4be3701f
    4be37020-4be3f05f 4be3f060-4be4001f 4be40020-4be5325f 4be53260-4be5401f 4be54020-4be8a45f
    4be8a460-4be8b01f 4be8b020-4bec145f 4bec1460-4bec201f 4bec2020-4bef845f 4bef8460-4bef901f
    4bef9020-4bf2f45f 4bf2f460-59cccfff 59cd0000-677cefff 6efff000-6effffff 100000000-187fdfffff
    1880000000-307fdfffff 3080000000-487fdfffff 4880000000-607edfffff 6080000000-787fdfffff
    7880000000-907fdfffff 9080000000-a87fdfffff a880000000-c07e7bffff c07fc00000-c07fcfffff"""
MACHINES = {
    "a server of two sockets": SERVER,
    "a laptop with reserved memory high up":
        "0-9ffff 100000-9afefff a000000-a1fffff "
        "a212000-8e43dfff 9a5ff000-9bffafff 100000000-837ffffff 858000000-85de7ffff",
    "Xen's first domain": "0-9efff 100000-40060f1d",
    "a small virtual machine": "0-9fffe 100000-1ffffff",
    "a laptop with a single page": "0-57fff 59000-9efff 100000-65a6efff 65a7e000-6a5acfff "
        "6a5af000-79e83fff 7b5ff000-7b5fffff",
    "another laptop": "0-57fff 59000-9dfff 9f000-9ffff 100000-c70fafff c7eff000-c7efffff",
    "persistent memory": "0-93fff 100000-5a7a0fff 5b5e1000-790fefff 7b7ff000-7b7fffff "
        "100000000-1ffffffff 200000000-87fffffff 1840000000-d53fffffff",
    "blocks of virtio-mem": "338000000-33fffffff 340000000-347ffffff 348000000-34fffffff",
}


def planted(first, size, index):
    """A segment of RAM from first on, the beginning of which is found in the pattern."""
    filesz = min(size, 5001 + index % 13)
    offset = OLD + first % PAGE_SIZE + index % 14 * PAGE_SIZE
    check(offset + filesz <= OLD + PATTERN_SIZE, "the pattern is too small")
    return Segment(offset=offset, paddr=first, filesz=filesz, memsz=size)


def machine_segments(ranges):
    for index, piece in enumerate(ranges.split()):
        first, last = (int(word, 16) for word in piece.split("-"))
        yield planted(first, last + 1 - first, index)


def head_of(guest, path, size):
    """Headers and notes of a dump, as one file."""
    return ElfCore(io.BytesIO(guest.bytes(f"head -c {size} {path}")))


def check_segments(guest, core, segments, chosen):
    """All segments are in the dump; the chosen ones have the bytes of the pattern."""
    found = [(found.paddr, found.filesz, found.memsz) for found in core.loads]
    check(found == [(segment.paddr, segment.filesz, segment.memsz) for segment in segments],
          f"other segments: {found[:4]} ...")
    for path in ("/proc/vmcore", KERN):
        data = GuestFile(guest, path)
        for index in chosen:
            data.seek(core.loads[index].offset)
            segment = segments[index]
            check(data.read(segment.filesz) == pattern(segment.offset, segment.filesz),
                  f"{path}: other bytes at {segment.paddr:#x}")


@test
def real_machines(context):
    """Memory maps of real machines, with odd edges and up to 850 GiB: each segment is in the dump
    and has its bytes, in both files."""
    old = OldMemory()
    machines = {name: list(machine_segments(ranges)) for name, ranges in MACHINES.items()}
    addresses = {name: old.add(Header([old.good_notes, *segments]).encode())
                 for name, segments in machines.items()}
    with old.boot(context.workdir, "panic_on_warn=1 oops=panic") as guest:
        for name, segments in machines.items():
            guest.sh(f"dmesg -c >/dev/null; echo {addresses[name]:#x} >{HOOK}")
            said = [line for line in guest.sh("dmesg").splitlines() if "segment " in line]
            check(not said, f"{name}: {said}")
            check_segments(guest, head_of(guest, "/proc/vmcore", 64 << 10), segments,
                           range(len(segments)))


@test
def many_segments(context):
    """70,000 segments of odd sizes: all are in the dump, and those that are tried have their
    bytes."""
    old = OldMemory()
    segments, at = [], 4 * GIB + 1
    for index in range(MANY):
        size = 1 + index * 2654435761 % (1 << 32) // 65536 % 3000
        segments.append(planted(at, size, index))
        at += size + (777 if index % 3 == 0 else 0)
    address = old.add(extended([old.good_notes, *segments]))
    with old.boot(context.workdir, "panic_on_warn=1 oops=panic") as guest:
        guest.sh(f"echo {address:#x} >{HOOK}")
        check_segments(guest, head_of(guest, "/proc/vmcore", (MANY + 10) * 56), segments,
                       range(0, MANY, MANY // 20))


def cut(loads, rng):
    """The same memory in pieces that begin and end anywhere, in pages or within."""
    pieces = []
    for segment in loads:
        number = max(1, PIECES * segment.filesz // sum(load.filesz for load in loads))
        edges = sorted({0, segment.filesz, *(rng.randrange(1, segment.filesz)
                                             for _ in range(number))})
        pieces += [(segment, low, high) for low, high in zip(edges, edges[1:])]
    return pieces


@test
def odd_segments(context):
    """A dump whose segments are cut at odd bytes is filtered as the one that they were cut from:
    the same pages are kept and counted, and all bytes are the same. The seed is printed."""
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    with context.boot("crashkernel=64M") as guest:
        insert_module(guest)
        load(guest)
        place, room = Patterns(guest, seed=7).ranges[1]
        guest.crash("echo c >/proc/sysrq-trigger")
        core = open_dump(guest).core
        set_level(guest, 30)
        kept = kept_pages(core, extents(guest))
        _, counted = read_summary(guest.sh(f"cat {SUMMARY}", timeout=300))

        # Where the bytes are now: the same address, but for low memory, which was moved.
        low = [segment for segment in core.loads if segment.paddr < 1 << 20]
        pieces = cut([segment for segment in core.loads if segment not in low], rng)
        segments = [Segment(offset=segment.paddr + first, paddr=segment.paddr + first,
                            filesz=last - first, memsz=last - first)
                    for segment, first, last in pieces]
        notes = b"".join(note(found.name.encode() + b"\0", found.type, found.desc)
                         for found in core.notes if found.name == "VMCOREINFO")
        headers = Header([notes_at(place, len(notes)), *segments]).encode()
        check(len(notes) + PAGE_SIZE + len(headers) <= room, "the place is too small")
        at = place + -(-len(notes) // PAGE_SIZE) * PAGE_SIZE
        write_physical(guest, [(place, notes), (at, headers)])
        guest.sh(f"echo {at:#x} >{HOOK}")

        odd = head_of(guest, "/proc/vmcore", len(headers) + len(notes) + 2 * PAGE_SIZE)
        now = kept_pages(odd, extents(guest))
        gone = {page for segment in low
                for page in range(segment.paddr // PAGE_SIZE,
                                  (segment.paddr + segment.filesz) // PAGE_SIZE + 1)}
        check(now == kept - gone, f"{len(now - kept)} pages too many, "
                                  f"{len(kept - gone - now)} missing")
        _, recounted = read_summary(guest.sh(f"cat {SUMMARY}", timeout=300))
        check(abs(recounted["left-out"] - counted["left-out"]) <= len(gone), f"{recounted}")
        data = GuestFile(guest, "/proc/vmcore")
        for found, segment in rng.sample(list(zip(odd.loads, segments)), 40):
            size = min(segment.filesz, 70001)
            data.seek(found.offset)
            check(data.read(size) == guest.physical_memory(segment.paddr, size),
                  f"other bytes at {segment.paddr:#x}")


@test
def mapping_64_gib(context):
    """All of a dump of 64 GiB is mapped from offset 0, and touched everywhere, with page tables
    of a hundredth of what one small page each would take; /proc/vmcore-kern, too."""
    old = OldMemory()
    size = 60 * GIB
    address = old.add(Header([old.good_notes, Segment(filesz=size, memsz=size)]).encode())
    with old.boot(context.workdir, "", untouched_memory("66G"), memory="66G") as guest:
        guest.sh(f"echo {address:#x} >{HOOK}")
        for path in ("/proc/vmcore", KERN):
            tables = int(guest.sh(f"probe map-all {path}", timeout=600))
            check(tables <= size // PAGE_SIZE * 8 // 100, f"{path}: {tables} bytes of page tables")
