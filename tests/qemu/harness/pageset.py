# SPDX-License-Identifier: GPL-2.0
"""Sets of page frames: integers with bit n for page frame n."""
from .dump import PAGE_SIZE


def frames(bits):
    """The page frames of a set, in order."""
    for at, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        while byte:
            lowest = byte & -byte
            yield at * 8 + lowest.bit_length() - 1
            byte ^= lowest


def from_frames(numbers):
    """The set of page frames with these numbers, which are in order."""
    numbers = list(numbers)
    bitmap = bytearray(numbers[-1] // 8 + 1 if numbers else 0)
    for number in numbers:
        bitmap[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bitmap, "little")


def ranges(bits):
    """First page frame and number of each run in a set, in order."""
    start = end = 0
    for frame in frames(bits):
        if frame != end:
            if end > start:
                yield start, end - start
            start = frame
        end = frame + 1
    if end > start:
        yield start, end - start


def describe(bits, most=8):
    """A set for a message: how many, and the first runs."""
    runs = [f"{start:#x}+{count}" for start, count in ranges(bits)]
    more = f" and {len(runs) - most} more runs" if len(runs) > most else ""
    return f"{bits.bit_count()} pages: {' '.join(runs[:most])}{more}"


def left_out(loads, extents):
    """The page frames that are holes of an ELF core file.

    loads are its segments, extents the offsets where each run of its data starts and
    ends. Of a page frame that two segments have, one hole is enough.
    """
    missing = 0
    for load in loads:
        data = 0
        for start, end in extents:
            data |= _run(load, start, end)
        missing |= _run(load, load.offset, load.offset + load.filesz) & ~data
    return missing


def _run(load, start, end):
    """The page frames that a segment has between two offsets."""
    start, end = max(start, load.offset), min(end, load.offset + load.filesz)
    if start >= end:
        return 0
    first = (load.paddr + start - load.offset) // PAGE_SIZE
    last = (load.paddr + end - 1 - load.offset) // PAGE_SIZE
    return (1 << last - first + 1) - 1 << first
