# SPDX-License-Identifier: GPL-2.0
"""The harness: that it covers what it says, and that it can fail."""
import io
import struct

from harness import makedumpfile, pageset, suite
from harness.core import PT_LOAD, ElfCore, Segment, parse_notes
from harness.dump import PAGE_SIZE
from harness.guest import GuestError
from harness.kdump import compare
from harness.pairwise import all_pairs, pairs, product
from harness.suite import Failure, check, test

from . import crash, pagesets


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


def pages(start, count):
    """The set of page frames from start on."""
    return (1 << count) - 1 << start


@test
def page_sets(context):
    """A page that is in a hole of any segment is left out, one with a byte of data is not."""
    del context
    loads = [Segment(PT_LOAD, offset, 0, paddr, size, size) for offset, paddr, size in
             ((0x1000, 0x10000, 0x8000), (0x9000, 0x12000, 0x2000), (0xb000, 0x40000, 0x1800))]
    extents = [(0, 0x1000), (0x3000, 0x5001), (0x8fff, 0x9000), (0xa000, 0xc000)]
    found = pageset.left_out(loads, extents)
    wanted = pages(0x10, 2) | pages(0x12, 1) | pages(0x15, 2) | pages(0x41, 1)
    check(found == wanted, f"{found:#x} instead of {wanted:#x}")
    check(pageset.left_out(loads, [(0, 1 << 20)]) == 0, "a file without holes")
    check(pageset.left_out(loads, []) == pages(0x10, 8) | pages(0x40, 2), "a file without data")
    check(list(pageset.ranges(wanted)) == [(0x10, 3), (0x15, 2), (0x41, 1)], "ranges of a set")
    check(pageset.from_frames(pageset.frames(wanted)) == wanted, "page frames of a set")


def kdump_file(level, existing, in_file, zero):
    """A kdump-compressed file without its pages; blocks of a page, bitmaps of one block."""
    header = bytearray(2 * PAGE_SIZE)
    header[:8] = b"KDUMP   "
    struct.pack_into("<iiI", header, 428, PAGE_SIZE, 1, 2)
    struct.pack_into("<i", header, PAGE_SIZE + 8, level)
    bitmaps = b"".join(bits.to_bytes(PAGE_SIZE, "little") for bits in (existing, in_file))
    data = len(header) + len(bitmaps) + 24 * in_file.bit_count()
    offsets = (data if zero >> frame & 1 else data + PAGE_SIZE * (index + 1)
               for index, frame in enumerate(pageset.frames(in_file)))
    return bytes(header) + bitmaps + b"".join(struct.pack("<QIIQ", offset, PAGE_SIZE, 0, 0)
                                              for offset in offsets)


@test
def kdump_files(context):
    """What makedumpfile kept is read from its file, pages of zeros aside if its level says so."""
    path = context.workdir / "file"
    existing, in_file, zero = pages(16, 100), pages(20, 50), pages(33, 7)
    for level, kept in ((31, in_file & ~zero), (30, in_file)):
        path.write_bytes(kdump_file(level, existing, in_file, zero))
        found = makedumpfile.KdumpFile(path)
        check((found.level, found.existing, found.kept) == (level, existing, kept),
              f"level {found.level}, {found.existing:#x}, {found.kept:#x}")
    path.write_bytes(b"\x7fELF" + bytes(8192))
    try:
        makedumpfile.KdumpFile(path)
    except makedumpfile.FormatError:
        return
    raise Failure("another file was taken for makedumpfile's")


@test
def page_set_comparison(context):
    """One page too few fails the comparison of page sets, and so does more than 1 % too many."""
    del context
    existing, theirs = pages(0, 1000), pages(0, 500)
    pagesets.check_level(31, existing, theirs, theirs | pages(500, 5))
    for ours, what in ((theirs & ~pages(77, 1), "1 pages: 0x4d+1"),
                       (theirs | pages(500, 6), "6 pages: 0x1f4+6")):
        try:
            pagesets.check_level(31, existing, theirs, ours)
        except Failure as failure:
            check(what in str(failure), f"{failure} does not name {what}")
            continue
        raise Failure(f"no failure for {what}")
    pagesets.check_level(31, existing, theirs, existing, lambda kept: kept & pages(504, 1000))


@test
def tail_pages(context):
    """The mask of a tail page says of how many pages it is; what is no such mask says nothing."""
    del context
    for word, wanted in ((0xffffffffffffff81, 2), (0xffffffffffff8001, 512),
                         (0xffffffffff000001, 1 << 18), (0xfffffffffe000001, 1),
                         (0xffffffffffffff80, 1), (0xffffffffffffff41, 1), (0xffffea0000010001, 1),
                         (1, 1), (0, 1), (0xffffffffffffffff, 1)):
        found = pagesets.pages_of_mask(word, 64)
        check(found == wanted, f"{word:#x}: {found} pages, not {wanted}")


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


def run_twice(names, good_after):
    """Outcomes of tests that pass at their run number good_after, run as run-tests does."""
    runs = []

    def run(context):
        runs.append(context.workdir)
        check(runs.count(context.workdir) >= good_after, "not yet")

    entries = [suite.Test(name, run, "") for name in names]
    results = suite.run_all(entries, 1, lambda result: None)
    results, unstable = suite.run_again(results, lambda result: None)
    return [result.outcome for result in results], unstable


@test
def runs_again(context):
    """A few tests that fail are run once more and named as unstable if they pass then; what stays
    wrong, or breaks many tests, counts."""
    many = [f"{context.workdir.name}/{number}" for number in range(suite.RUN_AGAIN_MAX + 1)]
    one = many[:1]
    for names, good_after, wanted in ((one, 1, (["passed"], [])), (one, 2, (["passed"], one)),
                                      (one, 3, (["failed"], [])),
                                      (many, 2, (["failed"] * len(many), []))):
        found = run_twice(names, good_after)
        check(found == wanted, f"{len(names)} tests, good at run {good_after}: {found}")
