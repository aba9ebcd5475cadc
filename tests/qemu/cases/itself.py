# SPDX-License-Identifier: GPL-2.0
"""The harness: that it covers what it says, and that it can fail."""
import io
import struct

from elfcore import ElfCore, parse_notes

from harness.guest import GuestError
from harness.kdump import compare
from harness.pairwise import all_pairs, pairs, product
from harness.suite import Failure, check, test

from . import crash


@test
def every_pair(context):
    """The combinations that are crashed without --full have every pair of values."""
    del context
    chosen = list(all_pairs(crash.FACTORS, crash.allowed))
    everything = list(product(crash.FACTORS, crash.allowed))
    wanted = set().union(*map(pairs, everything))
    found = set().union(*map(pairs, chosen))
    check(found == wanted, f"missing: {wanted - found}")
    check(all(map(crash.allowed, chosen)), "a combination that does not exist")
    for factor, values in crash.FACTORS.items():
        check({row[factor] for row in everything} == set(values), f"{factor} lost a value")


def small_core(content, descsz=4):
    """An ELF core file with one note and one segment, at physical 0x1000."""
    note = struct.pack("<3I", 5, descsz, 1) + b"CORE\0\0\0\0" + b"desc"
    data = 64 + 2 * 56
    headers = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, 64, 0, 0,
                          64, 56, 2, 0, 0, 0)
    headers += struct.pack("<2I6Q", 4, 0, data, 0, 0, len(note), len(note), 0)
    headers += struct.pack("<2I6Q", 1, 0, data + len(note), 0, 0x1000, len(content),
                           len(content), 0)
    return io.BytesIO(headers + note + content)


@test
def elf_reader(context):
    """The reader of ELF core files finds notes and memory, and refuses damage."""
    del context
    core = ElfCore(small_core(b"memory"))
    check([(note.name, note.desc) for note in core.notes] == [("CORE", b"desc")], "notes")
    check(core.physical(0x1002, 4) == b"mory", "memory")
    check(core.offset_of(0x1006) is None, "the end of a segment")
    for damage in (lambda: list(parse_notes(struct.pack("<3I", 5, 100, 1) + b"CORE\0\0\0\0")),
                   lambda: ElfCore(io.BytesIO(b"no ELF file at all")),
                   lambda: core.physical(0x2000, 1)):
        try:
            damage()
        except ValueError:
            continue
        raise Failure("damage was not noticed")


@test
def comparison(context):
    """A single byte that differs, is missing or is not there fails a comparison."""
    del context
    core = ElfCore(small_core(b"memory"))
    compare(core, 0x1000, b"memory", "equal memory")
    for start, wanted, place in ((0x1000, b"memorY", "0x1005"), (0x1003, b"oryx", "0x1006"),
                                 (0x900, b"m", "0x900")):
        try:
            compare(core, start, wanted, "other memory")
        except Failure as failure:
            check(place in str(failure), f"{failure} does not name {place}")
            continue
        raise Failure(f"{wanted} was taken for equal")


@test
def dead_capture_kernel(context):
    """A capture kernel that panics is noticed at once, not when the time is up."""
    with context.boot("crashkernel=64M") as guest:
        guest.sh("kexec -p /boot/image --command-line='console=ttyS0 panic=-1 rdinit=/nothing'")
        try:
            guest.crash("echo c >/proc/sysrq-trigger", timeout=100)
        except GuestError as error:
            check("has ended" in str(error), str(error))
            return
        raise Failure("a crash without a capture kernel passed")
