# SPDX-License-Identifier: GPL-2.0
"""Reads from the file that a dump is in, plain or in makedumpfile's flattened form.

Both forms have the same interface. read(offset, size) returns bytes up to the first
that the file does not have. gaps(start, end) yields the pieces of a range that it does
not have, data(start, end) those that it has and that can hold other bytes than zeros.
problems says what is wrong with the file as a whole.

No size that is asked for takes memory that the file could not fill.
"""
import array
import bisect
import errno
import heapq
import os
import struct

FLAT = b"makedumpfile"
FLAT_HEADER = 4096
FLAT_RECORD = struct.Struct(">qq")      # offset in the real file, size
FLAT_END = -1
MAX_READ = 1 << 27                      # of one read
MAX_OFFSET = 1 << 62                    # more than any file has


class NotInDump(ValueError):
    """The dump is in order, or was cut off, but what was asked for is not in it."""


def check_size(size):
    if size > MAX_READ:
        raise ValueError(f"a header makes no sense: {size} bytes in one piece")


class _File:
    size = 0

    def gaps(self, start, end):
        if end > self.size:
            yield max(start, self.size), end

    def missing(self, offset, size):
        """How many bytes of a range the file does not have."""
        return sum(high - low for low, high in self.gaps(offset, offset + size))


class PlainFile(_File):
    """A file as it is."""

    def __init__(self, stream):
        self._stream = stream
        self.size = stream.seek(0, os.SEEK_END)
        self.problems = []
        try:
            self._descriptor = stream.fileno()
        except OSError:                 # it is in memory
            self._descriptor = None

    def read(self, offset, size):
        size = min(size, self.size - offset)
        if size <= 0 or offset < 0:
            return b""
        check_size(size)
        if self._descriptor is None:
            self._stream.seek(offset)
            return self._stream.read(size)
        pieces, left = [], size
        try:
            while left and (piece := os.pread(self._descriptor, left, offset + size - left)):
                pieces.append(piece)
                left -= len(piece)
        except OSError as error:
            raise ValueError(f"the file cannot be read at {offset}: {error.strerror}") from None
        return b"".join(pieces)

    def data(self, start, end):
        """The pieces that are no holes, where the file system tells."""
        end = min(end, self.size)
        while start < end:
            try:
                start = os.lseek(self._descriptor, start, os.SEEK_DATA)
                stop = os.lseek(self._descriptor, start, os.SEEK_HOLE)
            except (OSError, TypeError) as error:
                if getattr(error, "errno", None) != errno.ENXIO:    # that is: no data follows
                    yield start, end
                return
            if start < end:
                yield start, min(stop, end)
            start = stop


class FlatFile(_File):
    """The real file, of the list of pieces that went through a pipe.

    Each piece has its place in the real file; of pieces that overlap the later one
    counts. What no piece has is zeros. But if the list has no end mark, more pieces
    would have followed, and what no piece has is missing.
    """

    def __init__(self, plain):
        self._file, self.problems = plain, []
        places, starts, sizes = (array.array("Q") for _ in range(3))
        at, self._ended = FLAT_HEADER, False
        while len(header := self._file.read(at, FLAT_RECORD.size)) == FLAT_RECORD.size:
            start, size = FLAT_RECORD.unpack(header)
            if start == FLAT_END:
                self._ended = True
                break
            if not 0 <= start < MAX_OFFSET or not 0 < size < MAX_OFFSET:
                self.problems.append(f"the flattened form makes no sense from {at} bytes on, and is"
                                     " read up to there")
                break
            at += FLAT_RECORD.size
            there = min(size, max(self._file.size - at, 0))
            if there:
                starts.append(start)
                sizes.append(there)
                places.append(at)
            at += size
        if not self._ended and not self.problems:
            self.problems.append(
                f"the flattened form has no end mark: it was cut off after {self._file.size} bytes")
        self._arrange(starts, sizes, places)

    def _arrange(self, starts, sizes, places):
        """Sort the pieces, and cut those that overlap: each byte is in one of them."""
        order = sorted(range(len(starts)), key=starts.__getitem__)
        self._starts, self._ends, self._places = (array.array("Q") for _ in range(3))
        waiting = []                    # of pieces that cover a place, the last one counts
        at = 0
        for index in [*order, None]:
            limit = MAX_OFFSET * 2 if index is None else starts[index]
            while waiting and at < limit:
                piece = -waiting[0]
                end = starts[piece] + sizes[piece]
                if end <= at:
                    heapq.heappop(waiting)
                    continue
                self._append(at, min(end, limit), places[piece] + at - starts[piece])
                at = min(end, limit)
            if index is not None:
                at = max(at, limit)
                heapq.heappush(waiting, -index)
        self.size = self._ends[-1] if self._ends else 0

    def _append(self, start, end, place):
        self._starts.append(start)
        self._ends.append(end)
        self._places.append(place)

    def _pieces(self, start, end):
        """Yield start, end and place of the parts of pieces that are in a range."""
        index = max(bisect.bisect_right(self._starts, start) - 1, 0)
        while index < len(self._starts) and self._starts[index] < end:
            low, high = max(self._starts[index], start), min(self._ends[index], end)
            if low < high:
                yield low, high, self._places[index] + low - self._starts[index]
            index += 1

    def read(self, offset, size):
        end = min(offset + size, self.size)
        if offset < 0 or end <= offset:
            return b""
        check_size(end - offset)
        pieces, filled = [], offset
        for low, high, place in self._pieces(offset, end):
            if low > filled and not self._ended:
                break
            pieces += [bytes(low - filled), self._file.read(place, high - low)]
            filled = high
        if self._ended:
            pieces.append(bytes(end - filled))
        return b"".join(pieces)

    def gaps(self, start, end):
        if self._ended:
            yield from super().gaps(start, end)
            return
        for low, high, _ in self._pieces(start, end):
            if low > start:
                yield start, low
            start = high
        if start < end:
            yield start, end

    def data(self, start, end):
        for low, high, _ in self._pieces(start, end):
            yield low, high
