# SPDX-License-Identifier: GPL-2.0
"""Dumps in every format show the same; damaged ones are refused, not believed."""
import bz2
import ctypes
import random
import resource
import struct
import sys
import tempfile
import unittest
import zlib

import dumps
from dumpfile import kind_of, open_dump
from decompress import ZSTD

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

    def test_segments_that_touch_and_overlap(self):
        """A read goes on from one segment to the next, and what two have is there once."""
        rng = random.Random(3)
        memory = rng.randbytes(64 * dumps.PAGE)
        for seed in range(200):
            rng = random.Random(seed)
            pieces, at = {}, 0
            while at < len(memory):
                start = max(at - rng.choice((0, 0, rng.randrange(5000))), 0)
                size = rng.randrange(1, 20000)
                pieces[dumps.PAGE + start] = memory[start:start + size]
                at = start + size
            dump = open_dump(dumps.stream(dumps.elf(pieces, self.notes)))
            for _ in range(20):
                low = rng.randrange(len(memory) - 1)
                size = rng.randrange(1, len(memory) - low)
                self.assertEqual(dump.physical(dumps.PAGE + low, size), memory[low:low + size],
                                 f"seed {seed}")

    def test_headers_anywhere(self):
        self.check(dumps.elf(pages(), self.notes, headers_last=True))

    def test_many_segments(self):
        """A read takes as many steps as the number of segments has digits."""
        count = 70000
        content = {2 * pfn * dumps.PAGE: struct.pack("<Q", pfn) for pfn in range(count)}
        dump = open_dump(dumps.stream(dumps.elf(content, self.notes)))
        self.assertEqual(dump.problems, [])
        for pfn in random.Random(4).sample(range(count), 1000):
            self.assertEqual(dump.physical(2 * pfn * dumps.PAGE, 8), struct.pack("<Q", pfn))
            with self.assertRaises(ValueError):
                dump.physical((2 * pfn + 1) * dumps.PAGE, 8)
        steps = 0

        def count_steps(*_):
            nonlocal steps
            steps += 1
            return count_steps

        sys.settrace(count_steps)
        try:
            dump.physical(count * dumps.PAGE, 8)
        finally:
            sys.settrace(None)
        self.assertLess(steps, 100)

    def test_far_page(self):
        """A page at 2^45 costs the tables for that page, not for what is before it."""
        near, far = {dumps.PAGE: bytes(range(256)) * 16}, {1 << 45: b"far!" * 1024}
        with tempfile.TemporaryFile() as file:
            bits = (1 << 45 - 12 - 3) + dumps.PAGE
            for at, data in dumps.sparse_kdump(near | far, self.notes, bits):
                file.seek(at)
                file.write(data)
            dump = open_dump(file)
            for paddr, data in (near | far).items():
                self.assertEqual(dump.physical(paddr, dumps.PAGE), data)
            self.assertEqual(dump.problems, [])
        pieces = dumps.sparse_kdump(near | far, self.notes, bits)
        dump = open_dump(dumps.stream(dumps.flat_pieces(pieces)))
        for paddr, data in (near | far).items():
            self.assertEqual(dump.physical(paddr, dumps.PAGE), data)
        self.assertEqual(dump.problems, [])

    def test_info_beside_the_notes(self):
        """The sub header of the kdump format may point to VMCOREINFO's text."""
        content = bytearray(dumps.kdump(pages(), dumps.prstatus(7, range(27))))
        text = b"OSRELEASE=6.12.1\n"
        struct.pack_into("<QQ", content, dumps.PAGE + 32, len(content), len(text))
        dump = open_dump(dumps.stream(bytes(content) + text))
        self.assertEqual(dump.vmcoreinfo, {"OSRELEASE": "6.12.1"})


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

    def test_header_counts(self):
        """More segments, or larger notes, than the file can have are refused, not read."""
        core = bytearray(dumps.elf(pages(), self.notes))
        struct.pack_into("<Q", core, 40, len(core))                 # e_shoff
        struct.pack_into("<HH", core, 54, 0, 0xffff)                # e_phentsize, PN_XNUM
        core += struct.pack("<2I4Q2I2Q", 0, 0, 0, 0, 0, 0, 0, 0xffffffff, 0, 0)
        with self.assertRaisesRegex(ValueError, "4294967295 program headers of 0 bytes"):
            open_dump(dumps.stream(bytes(core)))
        struct.pack_into("<H", core, 54, 56)
        with self.assertRaisesRegex(ValueError, "4294967295 program headers"):
            open_dump(dumps.stream(bytes(core)))
        core = bytearray(dumps.elf(pages(), self.notes))
        struct.pack_into("<H", core, 56, 5000)
        dump = open_dump(dumps.stream(bytes(core)))
        self.assertIn("program headers are missing", dump.problems[0])

    def test_notes_larger_than_memory(self):
        """However large notes are said to be, those that are there are read."""
        content = bytearray(dumps.elf(pages(), self.notes))
        struct.pack_into("<Q", content, 64 + 32, 1 << 36)           # p_filesz
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.truncate(6 << 30)
            dump = open_dump(file)
            self.assertEqual(dump.vmcoreinfo["OSRELEASE"], "6.12.1")
            self.assertRegex(" ".join(dump.problems), "notes make no sense|of the notes")

    def test_notes_of_devices(self):
        """Notes of many MiB before VMCOREINFO are passed over, in each format."""
        notes = dumps.note("LINUX", 0x700, bytes(8 << 20)) + self.notes
        for make in (dumps.elf, dumps.kdump):
            dump = open_dump(dumps.stream(make(pages(), notes)))
            self.assertEqual(dump.vmcoreinfo["OSRELEASE"], "6.12.1")
            self.assertEqual(dump.physical(dumps.PAGE, 8), pages()[dumps.PAGE][:8])
            self.assertEqual(dump.problems, [])

    def test_flat_piece_far_away(self):
        """A piece at 2^61 makes no size in a header come true."""
        content = bytearray(dumps.kdump(pages(), self.notes))
        struct.pack_into("<I", content, 436, 0x400000)              # blocks of both bitmaps
        struct.pack_into("<Q", content, 4096 + 96, 1 << 40)         # pages
        far = dumps.flat_pieces([(0, bytes(content)), (1 << 61, b"x")])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        dump = open_dump(dumps.stream(far))
        self.assertTrue(dump.problems)
        with self.assertRaises(ValueError):
            dump.physical(5 * dumps.PAGE, 8)
        self.assertLess(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, 100 << 10)

    def test_descriptor_out_of_the_file(self):
        """A descriptor that points beyond what a file system can hold costs its page."""
        content = bytearray(dumps.kdump(pages(), self.notes))
        at = dumps.descriptors_at(content)
        struct.pack_into("<Q", content, at, 1 << 50)
        with tempfile.TemporaryFile() as file:
            file.write(content)
            dump = open_dump(file)
            with self.assertRaises(ValueError):
                dump.physical(dumps.PAGE, 8)
            self.assertEqual(dump.physical(2 * dumps.PAGE, 8), pages()[2 * dumps.PAGE][:8])
            self.assertEqual(dump.problems, ["1 of 6 pages (4096 bytes) are where no page can be"])

    def test_other_kernels(self):
        """A dump of a 32-bit kernel is called one."""
        head = struct.pack("<8si", b"KDUMP   ", 6) + bytes(390)
        head = head.ljust(412, b"\0") + struct.pack("<Iii2I", 1, 4096, 1, 2, 286)
        with self.assertRaisesRegex(ValueError, "32-bit"):
            open_dump(dumps.stream(head.ljust(8192, b"\0")))

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
