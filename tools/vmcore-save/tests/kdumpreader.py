# SPDX-License-Identifier: GPL-2.0
"""A reader of the kdump-compressed format, by its description alone."""
import ctypes
import dataclasses
import functools
import io
import os
import struct
import zlib

ZLIB, LZO, INCOMPLETE, ZSTD = 1, 2, 8, 0x20
FLAT_HEADER = 4096


@dataclasses.dataclass
class Layout:
    """The structures of a machine: formats and sizes."""
    header: str
    sub_header: str


LAYOUTS = {
    64: Layout("<8si390s6xqqIiiIIIIIIi", "<QiiQQqQqQqQQQQ"),
    32: Layout("<8si390s2xiiIiiIIIIIIi", "<IiiIIqIqIqIQQQ"),
}
SUB_HEADER = ("phys_base dump_level split start_pfn end_pfn offset_vmcoreinfo size_vmcoreinfo"
              " offset_note size_note offset_eraseinfo size_eraseinfo start_pfn_64 end_pfn_64"
              " max_mapnr_64").split()


@functools.cache
def _library(name):
    return ctypes.CDLL(name)


def _unzstd(data, size):
    library = _library("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(size)
    got = library.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)))
    assert got == size, f"zstd: {got} bytes"
    return out.raw


def _unlzo(data, size):
    library = _library("liblzo2.so.2")
    out, got = ctypes.create_string_buffer(size), ctypes.c_size_t(size)
    error = library.lzo1x_decompress_safe(data, ctypes.c_size_t(len(data)), out,
                                          ctypes.byref(got), None)
    assert not error and got.value == size, f"lzo: error {error}, {got.value} bytes"
    return out.raw


def unflatten(data, whole=True, padded=False, file=None):
    """Put the records of the flattened form where they belong, in the file if one is given.

    Unless it is whole, the end may be missing; if it is padded, more may follow.
    """
    signature, kind, version = struct.unpack_from(">16sqq", data)
    assert signature.rstrip(b"\0") == b"makedumpfile" and (kind, version) == (1, 1)
    memory, at = io.BytesIO(), FLAT_HEADER
    file = file or memory
    while at + 16 <= len(data):
        offset, size = struct.unpack_from(">qq", data, at)
        at += 16
        if offset == -1:
            assert size == -1 and (padded or at == len(data)), "something behind the end"
            return memory.getvalue()
        file.seek(offset)
        file.write(data[at:at + size])
        at += size
    assert not whole, "no end"
    return memory.getvalue()


class KdumpFile:
    """A dump: header fields, and pages by page number."""

    def __init__(self, data, bits=64, fd=None):
        self.data, self.fd, layout = data, fd, LAYOUTS[bits]
        (self.signature, self.version, self.names, self.time, _, self.status, self.block,
         sub_blocks, bitmap_blocks, _, _, _, _, _, self.cpus) = struct.unpack_from(layout.header,
                                                                                   data)
        assert self.signature == b"KDUMP   " and self.version == 6
        self.sub = dict(zip(SUB_HEADER, struct.unpack_from(layout.sub_header, data, self.block)))
        size = bitmap_blocks // 2 * self.block
        first = (1 + sub_blocks) * self.block
        self.existing = self._bits(first, size)
        self.saved = self._bits(first + size, size)
        self.descriptors = first + 2 * size

    def _pieces(self, offset, end, piece=4096):
        """Offsets of what is not in a hole, if the data is that of a file."""
        while offset < end:
            if self.fd is not None:
                try:
                    found = os.lseek(self.fd, offset, os.SEEK_DATA)
                except OSError:         # there is no more
                    return
                offset += max(found - offset, 0) // piece * piece
            if offset < end:
                yield offset
            offset += piece

    def _bits(self, offset, size, piece=4096):
        found = []
        for start in self._pieces(offset, offset + size):
            data = self.data[start:min(start + piece, offset + size)]
            if any(data):
                first = 8 * (start - offset)
                found += [first + 8 * at + bit for at, byte in enumerate(data) if byte
                          for bit in range(8) if byte & 1 << bit]
        return found

    def blob(self, name):
        at = self.sub[f"offset_{name}"]
        return self.data[at:at + self.sub[f"size_{name}"]]

    @property
    def uts(self):
        return [self.names[at:at + 65].rstrip(b"\0").decode() for at in range(0, 390, 65)]

    def pages(self):
        """Map page numbers to contents; None where a page is lost."""
        found = {}
        for rank, number in enumerate(self.saved):
            offset, size, flags, _ = struct.unpack_from("<qIIQ", self.data,
                                                        self.descriptors + 24 * rank)
            found[number] = self._page(offset, size, flags) if offset else None
        return found

    def _page(self, offset, size, flags):
        data = self.data[offset:offset + size]
        assert len(data) == size, f"page at {offset}: {len(data)} of {size} bytes"
        if flags == ZLIB:
            data = zlib.decompress(data)
        elif flags == ZSTD:
            data = _unzstd(data, self.block)
        elif flags == LZO:
            data = _unlzo(data, self.block)
        else:
            assert not flags, f"flags {flags:#x}"
        assert len(data) == self.block
        return data
