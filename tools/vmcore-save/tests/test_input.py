# SPDX-License-Identifier: GPL-2.0
"""Dumps of other forms than ELF: what is read is what is in them, and nothing else."""
import re
import struct
import unittest

import printk
from case import UNREADABLE, USAGE
from corefile import Core, PAGE
from kdumpreader import INCOMPLETE, LZO, ZLIB, ZSTD, KdumpFile
from kdumpwriter import METHODS, RAW, SNAPPY, flat, flatten, kdump
from kernelcase import KernelCase


class InputTest(KernelCase):
    """What the tests here share: a machine of 373 pages."""

    def setUp(self):
        super().setUp()
        self.core = Core()
        self.core.add(0x100000, self.pages(300), vaddr=0xffff888000100000)
        self.core.add(0x40000000, self.pages(70))
        self.core.add(1 << 33, self.pages(3))
        self.frames = sorted(self.core.memory())

    def write(self, data):
        self.source.write_bytes(data)
        return data

    def some(self, count=100):
        return set(self.random.sample(self.frames, count))

    def check_memory(self, dump, gone=()):
        """Exactly the pages that are not gone are there."""
        wanted, found = self.core.memory(), dump.pages()
        self.assertEqual(sorted(found), [frame for frame in self.frames if frame not in gone])
        self.assertEqual([hex(frame) for frame in found if found[frame] != wanted[frame]], [],
                         self.seed)

    def check_part(self, gone=()):
        """Some pages are there, or none; each is right or lost, and that is told."""
        self.dest.unlink(missing_ok=True)
        self.save("-q", self.source, self.dest, status=UNREADABLE)
        self.assertTrue(self.errors)
        if not self.dest.exists() or not self.dest.stat().st_size:
            return 0
        dump, memory = KdumpFile(self.dest.read_bytes()), self.core.memory()
        found = dump.pages()
        self.assertTrue(dump.status & INCOMPLETE)
        self.assertFalse(set(found) & set(gone))
        wrong = [hex(frame) for frame in found if found[frame] not in (None, memory[frame])]
        self.assertEqual(wrong, [], self.seed)
        return sum(page is not None for page in found.values())


class KdumpInput(InputTest):
    """The kdump-compressed format."""

    def test_methods(self):
        """Of each method, to each format; what has been left out stays so, and is told."""
        for method in METHODS:
            gone = self.some()
            self.write(kdump(self.core, method, gone))
            for form in ("kdump", "flat"):
                self.save("-q", "-F", form, self.source, self.dest)
                dump = self.dump(form)
                self.check_memory(dump, gone)
                self.assertEqual(dump.existing, self.frames)
                self.assertEqual((dump.status, dump.sub["dump_level"]), (0x20, 30))
                self.assertEqual(dump.blob("note"), self.core.note_segment())
                self.assertTrue(dump.blob("vmcoreinfo").startswith(b"OSRELEASE="))
                self.assertIn("100 pages have been left out of it already", self.errors)

    def test_elf(self):
        """To ELF: what is left out is a hole, and nothing is lost."""
        gone = self.some()
        self.write(kdump(self.core, left_out=gone))
        self.save("-q", "-F", "elf", self.source, self.dest)
        self.assertFalse(self.is_marked(self.dest.read_bytes()))
        self.save("-q", self.dest, self.folder / "again")
        found, memory = KdumpFile((self.folder / "again").read_bytes()).pages(), self.core.memory()
        self.assertEqual(sorted(found), self.frames)
        for frame, page in found.items():
            self.assertEqual(page, bytes(PAGE) if frame in gone else memory[frame])

    def test_machines(self):
        """Machines of 32 bits, and pages of 64 KiB, with vmcoreinfo or without."""
        for machine, name, bits, page in (("i386", b"i686", 32, PAGE), ("i386", b"", 32, PAGE),
                                          ("aarch64", b"aarch64", 64, 65536),
                                          ("x86_64", b"X86_64", 64, PAGE)):
            for whole in (False, True):
                self.core = Core(machine, page=page, bits=bits)
                if not whole:
                    self.core.note_segment = lambda: b""
                self.core.add(0x100000, [self.page(size=page) for _ in range(60)])
                self.frames = sorted(self.core.memory())
                gone = self.some(9)
                self.write(kdump(self.core, ZLIB, gone, bits=bits, machine=name,
                                 whole_notes=whole))
                self.save("-q", self.source, self.dest)
                dump = KdumpFile(self.dest.read_bytes(), bits=bits)
                self.assertEqual(dump.block, page)
                self.check_memory(dump, gone)
                self.assertEqual(dump.sub["phys_base"], 0)  # as vmcoreinfo has it

    def test_no_notes(self):
        """What the headers say takes the place of notes."""
        self.core.note_segment = lambda: b""
        self.core.info = {}
        self.write(kdump(self.core, whole_notes=False))
        self.save("-q", self.source, self.dest)
        dump = KdumpFile(self.dest.read_bytes())
        self.check_memory(dump)
        self.assertEqual((dump.sub["phys_base"], dump.time), (0x1000000, 1600000000))

    def test_versions(self):
        """Older versions have less in the header."""
        for version in range(1, 7):
            self.core = Core()
            self.core.add(0x100000, self.pages(60))
            self.frames = sorted(self.core.memory())
            self.write(kdump(self.core, version=version, whole_notes=version > 3,
                             erased=b"erased" if version > 4 else b""))
            self.save("-q", self.source, self.dest)
            dump = KdumpFile(self.dest.read_bytes())
            self.check_memory(dump)
            self.assertEqual(dump.blob("vmcoreinfo")[:10], b"OSRELEASE=" if version > 2 else b"")
            self.assertEqual(b"ERASEINFO\0" in dump.blob("note"), version > 4)

    def test_lost(self):
        """A page that had been lost is lost; a dump that is marked stays marked."""
        lost = self.some(3)
        self.write(kdump(self.core, lost=lost))
        self.save("-q", self.source, self.dest, status=UNREADABLE)
        dump = KdumpFile(self.dest.read_bytes())
        found = dump.pages()
        self.assertEqual({frame for frame in found if found[frame] is None}, lost)
        self.assertTrue(dump.status & INCOMPLETE)
        self.write(kdump(self.core, status=INCOMPLETE))
        for form, marked in (("kdump", lambda: self.dump("kdump").status & INCOMPLETE),
                             ("flat", lambda: self.dump("flat").status & INCOMPLETE),
                             ("elf", lambda: self.is_marked(self.dest.read_bytes()))):
            self.save("-q", "-F", form, self.source, self.dest, status=UNREADABLE)
            self.assertIn("it is marked as incomplete", self.errors)
            self.assertTrue(marked(), form)

    def test_texts(self):
        """Log and summary come from any form."""
        buffer = printk.RingBuffer()
        buffer.add(b"Kernel panic - not syncing: any form")
        buffer.into(self.core)
        self.core.write(self.source)
        wanted = (self.save("--dmesg", self.source, "-"), self.save("--info", self.source))
        for data in (kdump(self.core, ZSTD), flatten(kdump(self.core, LZO), self.random),
                     flatten(self.source.read_bytes(), self.random)):
            self.write(data)
            self.assertEqual(self.save("--dmesg", self.source, "-"), wanted[0])
            # Of a page that no segment has as a whole, here all is there.
            self.assertEqual(re.sub(b"memory=.*", b"", self.save("--info", self.source)),
                             re.sub(b"memory=.*", b"", wanted[1]))

    def test_filter_further(self):
        """Of a dump that has been filtered, more can be left out, and nothing comes back."""
        for _ in range(6):
            kernel = self.kernel()
            before, further = self.random.randrange(32), self.random.randrange(1, 32)
            options = self.random.choice((("-c", "lzo"), ("-c", "none"), ("-F", "flat"), ()))
            middle = self.folder / "middle"
            self.save("-q", "-d", before, *options, self.source, middle)
            self.save("-q", "-d", further, middle, self.dest)
            dump = KdumpFile(self.dest.read_bytes())
            found, what = dump.pages(), f"{self.seed} {before} {further}"
            wanted = set(kernel.kept(before)) & set(kernel.kept(further))
            self.assertEqual(sorted(found), sorted(wanted), what)
            self.assertEqual([frame for frame in found if found[frame] != kernel.memory[frame]],
                             [], what)
            self.assertEqual(dump.existing, sorted(kernel.memory), what)
            self.assertEqual(dump.sub["dump_level"], (before | further) & 30, what)

    def test_refused(self):
        """What is not taken is called by its name."""
        split = bytearray(kdump(self.core))
        struct.pack_into("<i", split, PAGE + 12, 1)
        nothing = bytearray(kdump(self.core, version=2))
        nothing[2 * PAGE:] = bytes(len(nothing) - 2 * PAGE)
        for data, reason in ((split, "a part of a dump that is split"),
                             (b"PAGEDU64", "a crash dump of Windows"),
                             (b"LibvirtQemudSave", "virsh dump --memory-only"),
                             (b"\x28\xb5\x2f\xfd", "compressed as a whole"),
                             (b"KDUMP   " + bytes(9000), "header makes no sense"),
                             (flat([(0, b"PAGEDU64" + bytes(99))]), "a crash dump of Windows"),
                             (flat([(0, bytes(split))]), "a part of a dump that is split"),
                             (nothing, "no memory in this file"),
                             (b"makedumpfile\0", "not an ELF core file")):
            self.write(data)
            self.save("-q", self.source, self.dest, status=UNREADABLE)
            self.assertIn(reason, self.errors)
            self.assertFalse(self.dest.exists())

    def test_sizes(self):
        """Numbers that cannot be cost neither memory nor a wrong page."""
        good = kdump(self.core, SNAPPY)
        for offset, form, value in ((440, "<I", 1 << 31), (PAGE + 96, "<Q", 1 << 60),
                                    (PAGE + 96, "<Q", 8), (432, "<I", 1 << 30),
                                    (436, "<I", 1 << 30), (436, "<I", 0), (428, "<I", 8192),
                                    (PAGE + 56, "<Q", 1 << 62), (PAGE + 48, "<Q", 1 << 62),
                                    (PAGE + 40, "<Q", 1 << 62)):
            data = bytearray(good)
            struct.pack_into(form, data, offset, value)
            self.write(data)
            done = self.save_any("-q", self.source, self.dest)
            self.assertIn(done, (0, UNREADABLE))

    def save_any(self, *arguments):
        """Save; return the exit status, whatever it is."""
        for status in (0, UNREADABLE):
            try:
                self.save(*arguments, status=status)
                return status
            except AssertionError:
                if "Sanitizer" in self.errors or "runtime error" in self.errors:
                    raise
        raise AssertionError(self.errors)

    def test_cut(self):
        """A dump that ends too early: no wrong page, and it is told."""
        gone = self.some()
        for whole in (kdump(self.core, ZLIB, gone), kdump(self.core, RAW, gone)):
            for _ in range(15):
                self.write(whole[:self.random.randrange(12000, len(whole))])
                self.check_part(gone)


class FlatInput(InputTest):
    """The flattened form."""

    def test_order(self):
        """Records of any order and size; of those that overlap the later one holds."""
        self.core.write(self.source)
        for data in (self.source.read_bytes(), kdump(self.core, ZSTD)):
            for _ in range(6):
                self.write(flatten(data, self.random))
                self.save("-q", self.source, self.dest)
                self.check_memory(KdumpFile(self.dest.read_bytes()))

    def test_gaps(self):
        """What no record has is zero, as long as none is missing."""
        data = kdump(self.core, RAW)
        zeros = [at for at in range(0, len(data), PAGE) if not any(data[at:at + PAGE])]
        records = [(at, data[at:at + PAGE]) for at in range(0, len(data), PAGE) if at not in zeros]
        self.assertTrue(zeros)
        self.write(flat(records))
        self.save("-q", self.source, self.dest)
        self.check_memory(KdumpFile(self.dest.read_bytes()))
        self.write(flat(records, end=False))
        self.save("-q", self.source, self.dest, status=UNREADABLE)
        self.assertIn("its end is missing", self.errors)
        self.core.write(self.source)
        elf = self.source.read_bytes()
        self.write(flat([(0, elf[:300000]), (400000, elf[400000:])], end=False))
        self.check_part()

    def test_cut(self):
        """Cut anywhere: no wrong page."""
        gone = self.some()
        data = kdump(self.core, ZLIB, gone)
        records = [(at, data[at:at + 9000]) for at in range(0, len(data), 9000)]
        self.core.write(self.source)
        for whole, gone in ((flat(records), gone), (self.save("-q", self.source, "-"), ())):
            most = 0
            for _ in range(20):
                self.write(whole[:self.random.randrange(4096, len(whole) - 16)])
                most = max(most, self.check_part(gone))
            self.assertGreater(most, 100, self.seed)
        # All but the end: what goes into the header last is missing, and so is no page.
        self.write(whole[:-32])
        self.assertEqual(self.check_part(), len(self.frames))

    def test_standard_input(self):
        """A file that is the standard input is one like any other; a pipe is refused."""
        self.write(flatten(kdump(self.core), self.random))
        with open(self.source, "rb") as file:
            self.save("-q", "-", self.dest, stdin=file)
        self.check_memory(KdumpFile(self.dest.read_bytes()))
        self.save("-q", "-", self.dest, status=UNREADABLE, input=b"x")
        self.assertIn("one can seek", self.errors)

    def test_same_file(self):
        before = self.write(flat([(0, kdump(self.core))]))
        self.save("-q", self.source, self.source, status=USAGE)
        self.assertEqual(self.source.read_bytes(), before)


class LiveInput(InputTest):
    """/proc/kcore."""

    def write_kcore(self, core):
        """Segments, of which some are no memory."""
        core.add((1 << 64) - 1, self.pages(3), vaddr=0xffffc90000000000)
        core.write(self.source)
        core.segments.pop()

    def test_pages(self):
        """The memory that has physical addresses, without registers; that it runs is told."""
        self.write_kcore(self.core)
        for form in ("kdump", "elf"):
            self.save("-q", "-F", form, self.source, self.dest)
            self.assertIn("the kernel runs meanwhile", self.errors)
            if form == "elf":
                self.source.write_bytes(self.dest.read_bytes())
                self.save("-q", self.source, self.dest)
            dump = KdumpFile(self.dest.read_bytes())
            self.check_memory(dump)
            self.assertEqual(dump.existing, self.frames)
            self.assertEqual(dump.cpus, 0)
            self.assertTrue(dump.blob("vmcoreinfo").startswith(b"OSRELEASE="))
            self.assertNotIn(b"CORE\0", dump.blob("note"))

    def test_level(self):
        kernel = self.kernel()
        self.write_kcore(self.core)
        self.save("-q", "-d", 31, self.source, self.dest)
        self.check_kept(kernel, 31)


class Verify(InputTest):
    """--verify says whether all can be read, in one line."""

    def verify(self, data, wrong=None):
        self.write(data)
        output = self.save("--verify", self.source, status=UNREADABLE if wrong else 0).decode()
        lines = (self.errors if wrong else output).splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertEqual(output if wrong else self.errors, "")
        if wrong:
            self.assertIn(wrong, lines[0])
        else:
            self.assertRegex(lines[0], r": .*, \d+ pages, \d+ left out: all can be read$")

    def test_good(self):
        self.core.write(self.source)
        elf = self.source.read_bytes()
        for data in (elf, flatten(elf, self.random), *(kdump(self.core, method, self.some())
                                                       for method in METHODS)):
            self.verify(data)
        self.verify(flatten(kdump(self.core), self.random))
        for form in ("kdump", "flat", "elf"):
            self.write(elf)
            self.save("-q", "-F", form, self.source, self.dest)
            self.verify(self.dest.read_bytes())

    def test_bad(self):
        """Each kind of damage."""
        self.core.write(self.source)
        elf, good = self.source.read_bytes(), kdump(self.core, ZLIB, self.some())
        dump = KdumpFile(good)
        first = dump.descriptors
        self.verify(elf[:-5000], "bytes that its headers name are not in it")
        self.verify(good[:-5], ": its data are not in the file")
        self.verify(kdump(self.core, lost=self.some(2)), "2 of 373 pages cannot be read")
        self.verify(kdump(self.core, status=INCOMPLETE), "it is marked as incomplete")
        self.verify(flat([(0, good)], end=False), "its end is missing")
        self.verify(b"nothing at all", "not an ELF core file")
        number = next(at for at in range(100)
                      if struct.unpack_from("<qII", good, first + 24 * at)[1:] != (PAGE, 0))
        for offset, form, value, wrong in (
                (first + 24 * number, "<q", len(good) - 3, "its data are not in the file"),
                (first + 24 * number + 8, "<I", 3, "its zlib data are damaged"),
                (first + 24 * number + 8, "<I", PAGE + 1, "a size that cannot be"),
                (first + 24 * number + 12, "<I", SNAPPY, "its snappy data are damaged"),
                (first + 24 * number + 12, "<I", LZO, "its lzo data are damaged"),
                (first + 24 * number + 12, "<I", ZSTD, "its zstd data are damaged"),
                (first + 24 * number + 12, "<I", 64, "compressed in an unknown way"),
                (first + 24 * number + 12, "<I", RAW, "less than a page of data"),
                (PAGE + 104, "<I", 0x7fffffff, "its notes are damaged"),
                (PAGE + 32, "<q", PAGE + 110, "vmcoreinfo goes on behind its notes"),
                (PAGE + 56, "<Q", 1 << 40, "bytes of its notes are not in it")):
            data = bytearray(good)
            struct.pack_into(form, data, offset, value)
            if form == "<q" and offset == PAGE + 32:
                struct.pack_into("<Q", data, PAGE + 40, 1 << 20)
            self.verify(data, wrong)

    def test_maps(self):
        """A bit too many or too few, in either map."""
        gone = self.some()
        good = kdump(self.core, RAW, gone)
        dump = KdumpFile(good)
        size = (dump.descriptors - 2 * PAGE) // 2
        for frame, which, wrong in ((sorted(gone)[50], 1, "more pages than descriptors"),
                                    (dump.saved[100], 1, "more descriptors than pages"),
                                    (dump.saved[-1], 0, "by its first bitmap")):
            data = bytearray(good)
            data[2 * PAGE + which * size + frame // 8] ^= 1 << frame % 8
            self.verify(data, wrong)
        data = bytearray(good)
        data[2 * PAGE + self.frames[-1] // 8] |= 0x80
        self.verify(data, "above the highest one")

    def test_clean(self):
        """A name cannot write to the terminal."""
        self.source = self.folder / "\x1b[31mred\nx"
        self.verify(b"nothing", r"\x1b[31mred\x0ax: not an ELF")
        self.verify(kdump(self.core))


if __name__ == "__main__":
    unittest.main()
