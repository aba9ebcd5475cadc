# SPDX-License-Identifier: GPL-2.0
"""A bitmap of pages in a dump, of which only a table of what is not zero is kept."""
import array
import bisect
import collections

CHUNK = 4096                            # bytes, between counts of the bits before
BITS = 8 * CHUNK
BLOCK = 1 << 20                         # bytes read at once
CACHED_CHUNKS = 256


class PageMap:
    """A bitmap: which pages are in it, and how many are before a page."""

    def __init__(self, file, start, pages):
        self._file, self._start = file, start
        self._size = (pages + 7) // 8
        self._numbers, self._before = array.array("Q"), array.array("Q")
        self._cache = collections.OrderedDict()
        self.count = 0
        for low, high in file.data(start, start + self._size):
            first, last = (low - start) // CHUNK, (high - 1 - start) // CHUNK
            if self._numbers and first <= self._numbers[-1]:
                first = self._numbers[-1] + 1       # an earlier piece has ended within it
            self._count(first, last + 1)

    def _count(self, first, stop):
        """Note the chunks with bits in them, of those from one number up to another."""
        while first < stop:
            size = min(BLOCK, (stop - first) * CHUNK)
            data = self._read(first, size)
            for at in range(0, len(data), CHUNK):
                if bits := int.from_bytes(data[at:at + CHUNK], "little").bit_count():
                    self._numbers.append(first + at // CHUNK)
                    self._before.append(self.count)
                    self.count += bits
            first += size // CHUNK

    def _read(self, number, size):
        at = number * CHUNK
        return self._file.read(self._start + at, min(size, self._size - at))

    def _chunk(self, index):
        """A chunk as one number, by its place in the table."""
        number = self._numbers[index]
        if number not in self._cache:
            if len(self._cache) >= CACHED_CHUNKS:
                self._cache.popitem(last=False)
            self._cache[number] = int.from_bytes(self._read(number, CHUNK), "little")
        return self._cache[number]

    def find(self, page):
        """How many pages of the map are before a page of it; None if it is not in the map."""
        number, bit = divmod(page, BITS)
        index = bisect.bisect_left(self._numbers, number)
        if index == len(self._numbers) or self._numbers[index] != number:
            return None
        chunk = self._chunk(index)
        if not chunk >> bit & 1:
            return None
        return self._before[index] + (chunk & (1 << bit) - 1).bit_count()

    def before(self, page):
        """How many pages of the map are before a page."""
        number, bit = divmod(page, BITS)
        index = bisect.bisect_left(self._numbers, number)
        if index == len(self._numbers):
            return self.count
        if self._numbers[index] != number:
            return self._before[index]
        return self._before[index] + (self._chunk(index) & (1 << bit) - 1).bit_count()

    def lacks(self, page):
        """Whether the bit of a page is not in the file."""
        return page // 8 < self._size and self._file.missing(self._start + page // 8, 1) > 0

    def gaps(self):
        """The first page and the last + 1 of each piece of the map that is not in the file."""
        return [(8 * (low - self._start), 8 * (high - self._start))
                for low, high in self._file.gaps(self._start, self._start + self._size)]

    def ranges(self):
        """The same of each range that has pages, at the precision of a chunk."""
        found = []
        for number in self._numbers:
            first = number * BITS
            if found and found[-1][1] == first:
                found[-1] = found[-1][0], first + BITS
            else:
                found.append((first, first + BITS))
        return found
