# SPDX-License-Identifier: GPL-2.0
"""Dumps in every format show the same; damaged ones are refused, not believed."""
import bz2
import ctypes
import random
import struct
import unittest
import zlib

import dumps
from dumpfile import kind_of, open_dump
from compressed import ZSTD

INFO = {"OSRELEASE": "6.12.1", "KERNELOFFSET": "1f000000", "NUMBER(phys_base)": 0x1000000}


def pages():
    rng = random.Random(1)
    return {pfn * dumps.PAGE: rng.randbytes(64) * 64 for pfn in (1, 2, 3, 4095, 9000, 9001)}


def zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compress.restype = ctypes.c_size_t
    library.ZSTD_compress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p,
                                      ctypes.c_size_t, ctypes.c_int]
    out = ctypes.create_string_buffer(2 * len(data))
    size = library.ZSTD_compress(out, len(out), data, len(data), 1)
    return out.raw[:size]


def read_damaged(content):
    """Read a dump that may be refused, as one that is none."""
    try:
        dump = open_dump(dumps.stream(content))
        _ = dump.vmcoreinfo
        dump.physical(dumps.PAGE, 64)
    except ValueError:
        pass


class Formats(unittest.TestCase):
    def setUp(self):
        self.notes = dumps.prstatus(7, range(27)) + dumps.vmcoreinfo(**INFO)

    def check(self, content):
        dump = open_dump(dumps.stream(content))
        self.assertEqual(dump.vmcoreinfo["OSRELEASE"], "6.12.1")
        self.assertEqual(dump.kaslr_offset, 0x1f000000)
        for paddr, data in pages().items():
            self.assertEqual(dump.physical(paddr, dumps.PAGE), data)
            self.assertEqual(dump.physical(paddr + 100, 50), data[100:150])
        with self.assertRaises(ValueError):
            dump.physical(5 * dumps.PAGE, 8)
        return dump

    def test_elf(self):
        self.check(dumps.elf(pages(), self.notes))

    def test_zlib(self):
        dump = self.check(dumps.kdump(pages(), self.notes))
        two = dump.physical(9001 * dumps.PAGE - 8, 16)      # over the edge of two pages
        self.assertEqual(two, pages()[9000 * dumps.PAGE][-8:] + pages()[9001 * dumps.PAGE][:8])

    def test_uncompressed(self):
        self.check(dumps.kdump(pages(), self.notes, bytes, 0))

    def test_zstd(self):
        self.check(dumps.kdump(pages(), self.notes, zstd, ZSTD))

    def test_flat(self):
        self.check(dumps.flat(dumps.elf(pages(), self.notes)))
        self.check(dumps.flat(dumps.kdump(pages(), self.notes)))

    def test_bitmap_beyond_a_chunk(self):
        """The number of a page is right on both sides of each multiple of the chunk."""
        wanted = {pfn * dumps.PAGE: struct.pack("<Q", pfn) * 512 for pfn in range(4080, 4120)}
        dump = open_dump(dumps.stream(dumps.kdump(wanted, self.notes)))
        for paddr, data in wanted.items():
            self.assertEqual(dump.physical(paddr, 8), data[:8])

    def test_incomplete(self):
        """Of a dump that was cut off, what is there can be read."""
        content = dumps.elf(pages(), self.notes)[:-dumps.PAGE - 10]
        dump = open_dump(dumps.stream(content))
        self.assertEqual(dump.physical(dumps.PAGE, 8), pages()[dumps.PAGE][:8])
        self.assertLess(len(dump.physical(9001 * dumps.PAGE, 8)), 8)
        content = dumps.flat(dumps.elf(pages(), self.notes))[:-3000]
        dump = open_dump(dumps.stream(content))
        self.assertEqual(dump.vmcoreinfo["OSRELEASE"], "6.12.1")


class Damage(unittest.TestCase):
    def setUp(self):
        self.notes = dumps.vmcoreinfo(**INFO)

    def test_other_files(self):
        for content in (b"", b"\x7fELF", b"#!/bin/sh\n", bytes(5000), b"KDUMP   "):
            with self.assertRaises(ValueError):
                open_dump(dumps.stream(content))
        executable = bytearray(dumps.elf(pages(), self.notes))
        executable[16] = 2          # ET_EXEC
        self.assertIsNone(kind_of(dumps.stream(bytes(executable))))

    def test_page_that_does_not_uncompress(self):
        for flag in (1, ZSTD):
            content = dumps.kdump(pages(), self.notes, bz2.compress, flag)
            with self.assertRaises(ValueError):
                open_dump(dumps.stream(content)).physical(dumps.PAGE, 8)

    def test_page_that_grows(self):
        """A page is never larger than a page, whatever its data says."""
        big = {dumps.PAGE: bytes(1 << 20)}
        for compress, flag in ((zlib.compress, 1), (zstd, ZSTD)):
            dump = open_dump(dumps.stream(dumps.kdump(big, self.notes, compress, flag)))
            try:
                self.assertEqual(len(dump.physical(dumps.PAGE, dumps.PAGE)), dumps.PAGE)
            except ValueError as error:
                self.assertIn("cannot be uncompressed", str(error))

    def test_sizes_beyond_the_file(self):
        """No size in a header makes memory be taken that the file could not fill."""
        core = bytearray(dumps.elf(pages(), self.notes))
        struct.pack_into("<Q", core, 64 + 32, 1 << 44)              # p_filesz of the notes
        kdump = bytearray(dumps.kdump(pages(), self.notes))
        struct.pack_into("<I", kdump, 436, 0xffffffff)              # blocks of both bitmaps
        struct.pack_into("<Q", kdump, 4096 + 96, 1 << 60)           # pages
        for content in (core, kdump):
            for form in (bytes, dumps.flat):
                read_damaged(form(content))

    def test_every_byte_of_the_headers(self):
        """No single damaged byte does anything but end in ValueError or other data."""
        rng = random.Random(2)
        for content in (dumps.elf(pages(), self.notes), dumps.kdump(pages(), self.notes)):
            places = [*range(0, 640), *range(4096, 4096 + 104), *range(16384, 16384 + 144)]
            for at in places:
                damaged = bytearray(content)
                damaged[at] ^= 1 << rng.randrange(8)
                read_damaged(bytes(damaged))


if __name__ == "__main__":
    unittest.main()
