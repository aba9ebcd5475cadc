# SPDX-License-Identifier: GPL-2.0
"""Reads the kdump-compressed format, version 4 to 6, of 64-bit kernels.

The format is that of makedumpfile and crash (their diskdump_mod.h): a header, a sub
header, two bitmaps (pages that exist, pages that were saved), one descriptor for
each saved page, and the pages, each compressed by itself.
"""
import bisect
import collections
import functools
import itertools
import struct

import decompress
from corenotes import MAX_DESC, CoreNotes, read_notes
from pagemap import PageMap
from storage import NotInDump

SIGNATURES = (b"KDUMP   ", b"DISKDUMP")
HEADER = struct.Struct("<8si390x6x16xIiiII")    # to max_mapnr
HEADER_32 = struct.Struct("<8si390x2x8xIiiII")  # the same, of a 32-bit kernel
SUB_HEADER = struct.Struct("<QiiQQQQQQQQQQQ")   # to max_mapnr_64
DESCRIPTOR = struct.Struct("<QIIQ")
INCOMPLETE = 8                                  # of the status
MAX_SUB_BLOCKS = 1 << 22
CACHED_PAGES = 2048
BATCH = 1 << 16                                 # descriptors looked at together
BEHIND_PAGES = 1 << 30


def add_run(runs, first, last, what):
    """Add a run of numbers to a list of them, in order."""
    if runs and runs[-1][1:] == (first, what):
        first = runs.pop()[0]
    runs.append((first, last, what))


def is_page_size(size):
    return 4096 <= size <= 65536 and not size & size - 1


class KdumpFile(CoreNotes):
    """A dump in the kdump-compressed format; raises ValueError for what is not one."""

    def __init__(self, file):
        self.file = file
        data = self.file.read(0, HEADER.size)
        if len(data) < HEADER.size or data[:8] not in SIGNATURES:
            raise ValueError("not a kdump-compressed dump")
        _, version, self._status, block, sub_blocks, map_blocks, pages = HEADER.unpack(data)
        if not is_page_size(block):
            if is_page_size(HEADER_32.unpack_from(data)[3]):
                raise ValueError("this is a dump of a 32-bit kernel: no reader here knows these")
            raise ValueError(f"the header says pages of {block} bytes")
        if not 0 < sub_blocks <= MAX_SUB_BLOCKS:
            raise ValueError(f"the header says {sub_blocks} blocks of further headers")
        if version < 4:
            raise ValueError(f"version {version} of the format has no notes of CPUs")
        self.page_size = block
        data = self.file.read(block, SUB_HEADER.size)
        if len(data) < SUB_HEADER.size:
            raise ValueError("the dump was cut off within its headers: it has "
                             f"{self.file.size} bytes")
        self._sub = sub = SUB_HEADER.unpack(data)
        self._max_pages = sub[13] if version >= 6 else pages
        self._maps_at, self._map_size = (1 + sub_blocks) * block, map_blocks * block // 2
        self._descriptors = self._maps_at + 2 * self._map_size
        self._pages = collections.OrderedDict()

    def _map(self, number):
        pages = min(self._max_pages + 1, 8 * self._map_size)
        return PageMap(self.file, self._maps_at + number * self._map_size, pages)

    @functools.cached_property
    def _memory(self):
        """The pages that the machine had."""
        return self._map(0)

    @functools.cached_property
    def _saved(self):
        """The pages that were saved."""
        return self._map(1)

    @functools.cached_property
    def _notes(self):
        return read_notes(self.file, *self._sub[7:9])

    @property
    def notes(self):
        return self._notes[0]

    def info_beside_notes(self):
        offset, size = self._sub[5:7]
        return self.file.read(offset, size) if size <= MAX_DESC else b""

    @functools.cached_property
    def problems(self):
        """What is missing of the dump, and what is wrong with it, a text each."""
        found = list(self.file.problems)
        if self._status & INCOMPLETE:
            found.append("what wrote it has marked it as incomplete")
        if self._sub[2]:
            first, stop = self._sub[10:12] if self._sub[11] else self._sub[3:5]
            found.append(f"it is one of several parts, with pages {first:#x} to {stop:#x}; "
                         "makedumpfile --reassemble makes one of them")
        if library := decompress.lacking_library(self._status):
            found.append(f"its pages are compressed in a way that needs {library}: install it")
        if gaps := self._saved.gaps():
            pages = sum(self._memory.before(last) - self._memory.before(first)
                        for first, last in gaps)
            found.append("it was cut off: of the map of saved pages "
                         f"{sum(last - first for first, last in gaps) // 8} bytes are missing, "
                         f"about {pages} pages of memory ({pages * self.page_size} bytes)")
        return found + self._problems_of_pages() + ([self._notes[1]] if self._notes[1] else [])

    def _problems_of_pages(self):
        total, (lost, needed) = self._saved.count, self._survey
        if not total and not self._memory.gaps():
            return ["there is no page in it"]
        texts = {"missing": f"it was cut off: {{}} of {total} saved pages are missing ({{}} bytes "
                            f"of memory); there are {self.file.size} bytes of a file of at least "
                            f"{needed}",
                 "unread": f"{{}} of {total} pages ({{}} bytes) could not be read when the dump "
                           "was saved",
                 "damaged": f"{{}} of {total} pages ({{}} bytes) are where no page can be"}
        return [text.format(count, count * self.page_size) for why, text in texts.items()
                if (count := sum(last - first for first, last, what in lost if what == why))]

    @functools.cached_property
    def _survey(self):
        """Which saved pages are not there, and how many bytes the file should have.

        The pages are runs of their numbers: first, last + 1, and why.
        """
        found, total = [], self._saved.count
        needed = self._descriptors + total * DESCRIPTOR.size
        # Behind the last page that could be there come notes and the like.
        limit = needed + total * 2 * self.page_size + BEHIND_PAGES
        for first in range(0, total, BATCH):
            count = min(BATCH, total - first)
            words = self._descriptor_words(first, count)
            offsets, sizes = words[0::3], words[1::3]
            end = max(offsets, default=0) + 2 * self.page_size
            if not all(offsets) or self.file.missing(0, end):
                for index, offset, word in zip(itertools.count(first), offsets, sizes):
                    size = word & 0xffffffff
                    if why := self._why_lost(offset, size, limit):
                        add_run(found, index, index + 1, why)
                    if why != "damaged":
                        needed = max(needed, offset + size)
            if len(offsets) < count:
                add_run(found, first + len(offsets), first + count, "missing")
        return found, needed

    def _descriptor_words(self, first, count):
        """Three words for each descriptor that is there."""
        data = self.file.read(self._descriptors + first * DESCRIPTOR.size, count * DESCRIPTOR.size)
        return struct.unpack_from(f"<{3 * (len(data) // DESCRIPTOR.size)}Q", data)

    def _why_lost(self, offset, size, limit):
        if not offset:
            return "unread"
        if size > 2 * self.page_size or offset + size > limit:
            return "damaged"
        return "missing" if self.file.missing(offset, size) else None

    def _page(self, pfn):
        if pfn in self._pages:
            self._pages.move_to_end(pfn)
            return self._pages[pfn]
        page = self._load(pfn)
        self._pages[pfn] = page
        if len(self._pages) > CACHED_PAGES:
            self._pages.popitem(last=False)
        return page

    def _load(self, pfn):
        index = self._saved.find(pfn)
        if index is None:
            raise NotInDump(f"page {pfn:#x} {self._why_not_saved(pfn)}")
        data = self.file.read(self._descriptors + index * DESCRIPTOR.size, DESCRIPTOR.size)
        if len(data) < DESCRIPTOR.size:
            raise NotInDump(f"page {pfn:#x} is missing: the dump was cut off")
        offset, size, flags, _ = DESCRIPTOR.unpack(data)
        if not offset:
            raise NotInDump(f"page {pfn:#x} could not be read when the dump was saved")
        if size > 2 * self.page_size:
            raise ValueError(f"page {pfn:#x} cannot be uncompressed: {size} bytes")
        data = self.file.read(offset, size)
        if len(data) < size:
            raise NotInDump(f"page {pfn:#x} is missing: the dump was cut off")
        page = decompress.uncompress(data, flags, self.page_size)
        if len(page) != self.page_size:
            raise ValueError(f"page {pfn:#x} cannot be uncompressed")
        return page

    def _why_not_saved(self, pfn):
        if self._saved.lacks(pfn):
            return "is missing: the dump was cut off"
        if self._memory.find(pfn) is None:
            return "is no memory that the dump knows of"
        return "was left out of the dump"

    def where(self, paddr):
        """Why a physical address is not in the dump; None if it is."""
        try:
            self._page(paddr // self.page_size)
        except ValueError as error:
            return str(error).split(" ", 2)[2]
        return None

    def physical(self, paddr, size):
        """Bytes at a physical address, up to the first that is not in the dump."""
        data = bytearray()
        while len(data) < size:
            pfn, within = divmod(paddr + len(data), self.page_size)
            try:
                data += self._page(pfn)[within:within + size - len(data)]
            except ValueError:
                if not data:
                    raise
                break
        return bytes(data)

    def in_hole(self, _):
        """Pages of zeros are saved, those left out are marked so: nothing is in doubt."""
        return False

    def ranges(self):
        """Start and end of each range of physical memory, not more precise than a chunk."""
        return [(first * self.page_size, last * self.page_size)
                for first, last in self._memory.ranges()]

    def census(self, start, end):
        """Bytes of each class in a part of physical memory."""
        first, last = start // self.page_size, end // self.page_size
        memory = self._memory.before(last) - self._memory.before(first)
        low, high = self._saved.before(first), self._saved.before(last)
        lost = self._lost_between(low, high)
        unknown = sum(self._memory.before(min(stop, last)) - self._memory.before(max(at, first))
                      for at, stop in self._saved.gaps() if at < last and stop > first)
        pages = collections.Counter({"kept": high - low - lost, "lost": lost + unknown,
                                     "left-out": memory - (high - low) - unknown})
        return {name: number * self.page_size for name, number in (+pages).items()}

    def _lost_between(self, low, high):
        lost, _ = self._survey
        index, count = max(bisect.bisect_right(lost, (low,)) - 1, 0), 0
        while index < len(lost) and lost[index][0] < high:
            first, last, _ = lost[index]
            count += max(min(last, high) - max(first, low), 0)
            index += 1
        return count
