# SPDX-License-Identifier: GPL-2.0
"""Reads the kdump-compressed format, version 1 to 6, of 64-bit kernels.

The format is that of makedumpfile and crash (their diskdump_mod.h): a header, a sub
header, two bitmaps (pages that exist, pages that were saved), one descriptor for
each saved page, and the pages, each compressed by itself. zlib comes with Python;
zstd, lzo and snappy are used through their libraries, where installed.
"""
import collections
import ctypes
import functools
import struct
import zlib

from elfcore import NO_SIZE, CoreNotes, parse_notes, size_of

SIGNATURES = (b"KDUMP   ", b"DISKDUMP")
HEADER = struct.Struct("<8si390x6x16xIiiII")    # to max_mapnr
SUB_HEADER = struct.Struct("<QiiQQQQQQQQQQQ")   # to max_mapnr_64
DESCRIPTOR = struct.Struct("<QIIQ")
ZLIB, LZO, SNAPPY, ZSTD = 1, 2, 4, 0x20
MAX_NOTES = 1 << 26
CHUNK = 512                 # bytes of the bitmap between counts of what is before
CACHED_PAGES = 2048


@functools.cache
def _library(name):
    try:
        return ctypes.CDLL(name)
    except OSError:
        raise ValueError(f"pages are compressed in a way that needs {name}: install it") from None


def _zstd(data, size):
    library = _library("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t,
                                        ctypes.c_char_p, ctypes.c_size_t]
    page = ctypes.create_string_buffer(size)
    done = library.ZSTD_decompress(page, size, data, len(data))
    return page.raw if done == size else b""        # an error is a very large size


def _lzo(data, size):
    page, length = ctypes.create_string_buffer(size), ctypes.c_size_t(size)
    failed = _library("liblzo2.so.2").lzo1x_decompress_safe(
        ctypes.c_char_p(data), ctypes.c_size_t(len(data)), page, ctypes.byref(length), None)
    return b"" if failed else page.raw[:length.value]


def _snappy(data, size):
    page, length = ctypes.create_string_buffer(size), ctypes.c_size_t(size)
    failed = _library("libsnappy.so.1").snappy_uncompress(
        ctypes.c_char_p(data), ctypes.c_size_t(len(data)), page, ctypes.byref(length))
    return b"" if failed else page.raw[:length.value]


def _zlib(data, size):
    return zlib.decompressobj().decompress(data, size)


METHODS = {ZLIB: _zlib, LZO: _lzo, SNAPPY: _snappy, ZSTD: _zstd}


class KdumpFile(CoreNotes):
    """An open dump in the kdump-compressed format; raises ValueError for what is not one."""

    def __init__(self, stream):
        self._stream, self._size = stream, size_of(stream)
        data = self._at(0, HEADER.size)
        if len(data) < HEADER.size or data[:8] not in SIGNATURES:
            raise ValueError("not a kdump-compressed dump")
        _, version, _, block, sub_blocks, bitmap_blocks, max_pages = HEADER.unpack(data)
        if block < 4096 or block & block - 1 or block > 65536 or not 0 < sub_blocks < 1024:
            raise ValueError(f"the header says pages of {block} bytes")
        sub = SUB_HEADER.unpack(self._at(block, SUB_HEADER.size).ljust(SUB_HEADER.size, b"\0"))
        self.page_size, self.version = block, version
        self.max_pages = sub[13] if version >= 6 else max_pages
        if version < 4:
            raise ValueError(f"version {version} of the format has no notes of CPUs")
        self._notes = sub[7:9]
        self._read_bitmap((1 + sub_blocks) * block, bitmap_blocks * block)
        self._pages = collections.OrderedDict()

    def _at(self, offset, size):
        if offset >= NO_SIZE:
            raise ValueError(f"a header points out of the file, to {offset:#x}")
        self._stream.seek(offset)
        return self._stream.read(max(min(size, self._size - offset), 0))

    def _read_bitmap(self, start, size):
        """The second bitmap, with the number of pages before each chunk of it."""
        self._descriptors = start + size
        self._bitmap = self._at(start + size // 2, min(size // 2, self.max_pages // 8 + 1))
        self._before, total = [], 0
        for at in range(0, len(self._bitmap), CHUNK):
            self._before.append(total)
            total += int.from_bytes(self._bitmap[at:at + CHUNK], "little").bit_count()

    @property
    def notes(self):
        offset, size = self._notes
        if size > MAX_NOTES:
            raise ValueError(f"the header says that there are {size} bytes of notes")
        return list(parse_notes(self._at(offset, size)))

    def _index(self, pfn):
        """Number of a page among those that were saved, or None."""
        byte, bit = divmod(pfn, 8)
        if pfn < 0 or byte >= len(self._bitmap) or not self._bitmap[byte] >> bit & 1:
            return None
        first = byte // CHUNK * CHUNK
        before = int.from_bytes(self._bitmap[first:byte + 1], "little")
        before &= (1 << 8 * (byte - first) + bit) - 1
        return self._before[byte // CHUNK] + before.bit_count()

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
        index = self._index(pfn)
        if index is None:
            raise ValueError(f"page {pfn:#x} was left out of the dump")
        data = self._at(self._descriptors + index * DESCRIPTOR.size, DESCRIPTOR.size)
        if len(data) < DESCRIPTOR.size:
            raise ValueError("the dump is incomplete: its page descriptors are cut off")
        offset, size, flags, _ = DESCRIPTOR.unpack(data)
        data = self._at(offset, min(size, 2 * self.page_size))
        method = METHODS.get(flags & (ZLIB | LZO | SNAPPY | ZSTD), lambda data, _: data)
        try:
            page = method(data, self.page_size)
        except zlib.error:
            page = b""
        if len(page) != self.page_size:
            raise ValueError(f"page {pfn:#x} cannot be uncompressed")
        return page

    def physical(self, paddr, size):
        """Bytes at a physical address."""
        data = bytearray()
        while len(data) < size:
            pfn, within = divmod(paddr + len(data), self.page_size)
            data += self._page(pfn)[within:within + size - len(data)]
        return bytes(data)
