# SPDX-License-Identifier: GPL-2.0
"""Opens a crash dump in any of the formats that dumps are saved in."""
import bisect
import os
import struct

from compressed import SIGNATURES, KdumpFile
from elfcore import ElfCore

FLAT = b"makedumpfile"
FLAT_HEADER = 4096
FLAT_RECORD = struct.Struct(">qq")      # offset in the real file, size
FLAT_END = -1


class FlatFile:
    """Undoes makedumpfile's flattened format, in which a dump goes through a pipe.

    It is a list of pieces, each with its place in the real file; of pieces that
    overlap the later one counts.
    """

    def __init__(self, stream):
        self._stream, self._at = stream, 0
        pieces, at = [], FLAT_HEADER
        while True:
            stream.seek(at)
            header = stream.read(FLAT_RECORD.size)
            if len(header) < FLAT_RECORD.size:
                break                   # the pipe broke: what came is what there is
            start, size = FLAT_RECORD.unpack(header)
            if start == FLAT_END:
                break
            if start < 0 or size <= 0:
                raise ValueError(f"the flattened format is broken at {at}")
            pieces.append((start, len(pieces), size, at + FLAT_RECORD.size))
            at += FLAT_RECORD.size + size
        self._pieces = sorted(pieces)
        self._longest = max((piece[2] for piece in pieces), default=0)
        self._end = max((start + size for start, _, size, _ in pieces), default=0)

    def seek(self, offset, whence=os.SEEK_SET):
        self._at = offset + (self._end if whence == os.SEEK_END else 0)
        return self._at

    def read(self, size):
        end, filled = self._at + size, 0
        data = bytearray(size)
        first = bisect.bisect_left(self._pieces, (self._at - self._longest,))
        last = bisect.bisect_left(self._pieces, (end,))
        for start, _, length, place in sorted(self._pieces[first:last], key=lambda it: it[1]):
            low, high = max(start, self._at), min(start + length, end)
            if low < high:
                self._stream.seek(place + low - start)
                piece = self._stream.read(high - low)
                data[low - self._at:low - self._at + len(piece)] = piece
                filled = max(filled, low - self._at + len(piece))
        self._at += filled
        return bytes(data[:filled])


def kind_of(stream):
    """The format of a dump by its first bytes, or None for another kind of file."""
    stream.seek(0)
    start = stream.read(18)
    if start[:4] == b"\x7fELF" and start[16:18] == b"\x04\0":       # ET_CORE
        return "elf"
    if start[:8] in SIGNATURES:
        return "kdump"
    return "flat" if start.startswith(FLAT) else None


def open_dump(stream):
    """A dump, with notes, vmcoreinfo and physical(); ValueError for what is not one."""
    kind = kind_of(stream)
    if kind == "flat":
        stream = FlatFile(stream)
        kind = kind_of(stream)
    if kind == "elf":
        return ElfCore(stream)
    if kind == "kdump":
        return KdumpFile(stream)
    raise ValueError("neither an ELF core file nor a kdump-compressed or flattened dump")
