# SPDX-License-Identifier: GPL-2.0
"""Reads an ELF core file such as /proc/vmcore, ELF32 or ELF64, little endian.

Only the part of the file that is asked for is read. There may be hundreds of
thousands of segments, in any order, and they may overlap.
"""
import bisect
import collections
import functools
import struct

from corenotes import CoreNotes, read_notes
from storage import NotInDump, PlainFile

PT_LOAD, PT_NOTE = 1, 4
PN_XNUM = 0xffff
ELFDATA2LSB = 1
INCOMPLETE = 1                          # of e_flags: makedumpfile and vmcore-save set it
BITS = {1: 32, 2: 64}                   # by class
HEADERS = {32: struct.Struct("<HHIIIIIHHHHHH"), 64: struct.Struct("<HHIQQQIHHHHHH")}
SEGMENTS = {32: struct.Struct("<8I"), 64: struct.Struct("<2I6Q")}
SECTION_INFO = {32: 28, 64: 44}         # where sh_info is in a section header
MAX_SEGMENTS = 1 << 20

Segment = collections.namedtuple("Segment", "type offset vaddr paddr filesz memsz")


class Ranges:
    """Ranges of physical memory, each with a number for its first byte; none overlap."""

    def __init__(self, ranges):
        self._starts, self._ends, self._places = [], [], []
        at = 0
        for start, end, place in sorted(ranges):
            if end > max(at, start):            # the rest is in an earlier range
                self._starts.append(max(at, start))
                self._ends.append(end)
                self._places.append(place + self._starts[-1] - start)
                at = end

    def find(self, at):
        """The number for a byte, and how many of its range follow; None if it is in none."""
        index = bisect.bisect_right(self._starts, at) - 1
        if index < 0 or at >= self._ends[index]:
            return None
        return self._places[index] + at - self._starts[index], self._ends[index] - at

    def between(self, start, end):
        """Yield the parts that are between two addresses, each with its number."""
        index = max(bisect.bisect_right(self._starts, start) - 1, 0)
        while index < len(self._starts) and self._starts[index] < end:
            low, high = max(self._starts[index], start), min(self._ends[index], end)
            if low < high:
                yield low, high, self._places[index] + low - self._starts[index]
            index += 1

    def __iter__(self):
        return zip(self._starts, self._ends, self._places)


class ElfCore(CoreNotes):
    """An ELF core file; raises ValueError for what is not one."""
    page_size = 4096

    def __init__(self, file):
        self.file = file
        ident = self.file.read(0, 16)
        if (len(ident) < 16 or ident[:4] != b"\x7fELF" or ident[4] not in BITS
                or ident[5] != ELFDATA2LSB):
            raise ValueError("not a little-endian ELF file")
        self.bits = BITS[ident[4]]
        fields = self._unpack(HEADERS[self.bits], 16)
        self.type, self.machine = fields[0:2]
        self._flags, (phoff, shoff) = fields[6], fields[4:6]
        phentsize, phnum = fields[8:10]
        if phnum == PN_XNUM:
            # sh_info of section 0 has the number that e_phnum cannot hold.
            phnum, = self._unpack(struct.Struct("<I"), shoff + SECTION_INFO[self.bits])
        if phnum and phentsize != SEGMENTS[self.bits].size or phnum > MAX_SEGMENTS:
            raise ValueError(f"the ELF header says {phnum} program headers of {phentsize} bytes")
        self.segments = self._read_segments(phoff, phnum)
        self.lacking_segments = phnum - len(self.segments)
        loads = [segment for segment in self.segments if segment.type == PT_LOAD]
        self._stored = Ranges((load.paddr, load.paddr + load.filesz, load.offset)
                              for load in loads)
        self._memory = Ranges((load.paddr, load.paddr + max(load.memsz, load.filesz), 0)
                              for load in loads)

    @property
    def is_plain(self):
        """Whether the file itself is the ELF file, and not its flattened form."""
        return isinstance(self.file, PlainFile)

    def _unpack(self, form, offset):
        data = self.file.read(offset, form.size)
        if len(data) < form.size:
            raise ValueError("the dump was cut off within its headers: it has "
                             f"{self.file.size} bytes")
        return form.unpack(data)

    def _read_segments(self, offset, count):
        form = SEGMENTS[self.bits]
        data = self.file.read(offset, count * form.size)
        rows = form.iter_unpack(data[:len(data) // form.size * form.size])
        if self.bits == 32:
            return [Segment(*row[:6]) for row in rows]
        return [Segment(kind, *rest[:5]) for kind, _, *rest in rows]

    @functools.cached_property
    def _notes(self):
        notes, problems = [], []
        for segment in self.segments:
            if segment.type == PT_NOTE:
                found, problem = read_notes(self.file, segment.offset, segment.filesz)
                notes += found
                problems += [problem] if problem else []
        return notes, problems

    @property
    def notes(self):
        return self._notes[0]

    @functools.cached_property
    def problems(self):
        """What is missing of the dump, and what is wrong with it, a text each."""
        found = list(self.file.problems)
        if self._flags & INCOMPLETE:
            found.append("what wrote it has marked it as incomplete")
        if self.lacking_segments:
            found.append(f"{self.lacking_segments} of its program headers are missing, and the "
                         "memory that they describe")
        total = missing = needed = 0
        first = None
        for start, end, offset in self._stored:
            lacking = self.file.missing(offset, end - start)
            total, missing = total + end - start, missing + lacking
            needed = max(needed, offset + end - start)
            if lacking and first is None:
                first = start
        if missing:
            found.append(f"it was cut off: {missing} of {total} bytes of memory are missing, the "
                         f"first of them in the segment of physical address {first:#x}; there are "
                         f"{self.file.size} bytes of a file of {needed}")
        return found + self._notes[1]

    def where(self, paddr):
        """Why a physical address is not in the dump; None if it is."""
        if place := self._stored.find(paddr):
            return "is missing: the dump was cut off" if self.file.missing(place[0], 1) else None
        if self._memory.find(paddr):
            return "was left out of the dump"
        return "is missing" if self.lacking_segments else "is in no segment of the dump"

    def physical(self, paddr, size):
        """Bytes at a physical address, up to the first that is not in the dump."""
        data = bytearray()
        while len(data) < size:
            place = self._stored.find(paddr + len(data))
            if not place:
                break
            offset, count = place
            count = min(count, size - len(data))
            piece = self.file.read(offset, count)
            data += piece
            if len(piece) < count:
                break
        if not data and size:
            raise NotInDump(f"physical address {paddr:#x} {self.where(paddr)}")
        return bytes(data)

    def in_hole(self, paddr):
        """Whether a byte is in a hole of the file: it was zero, or has been left out."""
        place = self._stored.find(paddr)
        return bool(place) and not any(self.file.data(place[0], place[0] + 1))

    def ranges(self):
        """Start and end of each range of physical memory."""
        return [(start, end) for start, end, _ in self._memory]

    def census(self, start, end):
        """Bytes of each class in a part of physical memory."""
        found = collections.Counter()
        for low, high, _ in self._memory.between(start, end):
            found["left-out"] += high - low
        for low, high, offset in self._stored.between(start, end):
            size = high - low
            data = sum(stop - at for at, stop in self.file.data(offset, offset + size))
            lost = self.file.missing(offset, size)
            found.update({"kept": data, "lost": lost, "hole": size - data - lost,
                          "left-out": -size})
        return +found
