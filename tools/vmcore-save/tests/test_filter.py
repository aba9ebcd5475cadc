# SPDX-License-Identifier: GPL-2.0
"""What is left out of a dump that nothing has been left out of."""
import os
import struct
import unittest

from case import PAGE, UNREADABLE, USAGE
from corefile import Core, note
from kdumpreader import KdumpFile
from kernelcase import KernelCase
from kernelimage import RELEASES, Kernel

LEVELS = range(32)


class FilterTest(KernelCase):
    def test_levels(self):
        """At each level, what it says is left out, and nothing else."""
        kernel = self.kernel()
        for level in LEVELS:
            self.save("-q", "-d", level, self.source, self.dest)
            self.check_kept(kernel, level)
            self.dest.unlink()

    def test_ages(self):
        """The same for kernels of each age; more threads than spans are remembered for."""
        for age in range(len(RELEASES)):
            kernel = self.kernel(age)
            for level in self.random.sample(LEVELS, 3):
                self.save("-q", "-t", "5", "-d", level, self.source, self.dest)
                self.check_kept(kernel, level, RELEASES[age])

    def test_elf(self):
        """The same pages in a sparse ELF file, which can be filtered once more."""
        kernel = self.kernel()
        for level, further in ((31, 31), (8, 31), (18, 26)):
            sparse = self.folder / "sparse"
            self.save("-q", "-l", level, "-F", "elf", self.source, sparse)
            content, wanted = sparse.read_bytes(), self.source.read_bytes()
            self.assertEqual(len(content), len(wanted))
            kept = set(kernel.kept(level))
            for offset, (paddr, _, data, _) in zip(self.core.offsets, self.core.segments):
                at = 0
                while at < len(data):
                    end = min(at + PAGE - (paddr + at) % PAGE, len(data))
                    there = data[at:end] if (paddr + at) // PAGE in kept else bytes(end - at)
                    self.assertEqual(content[offset + at:offset + end], there,
                                     f"{self.seed} level {level} at {paddr + at:#x}")
                    at = end
            self.save("-q", "-d", further, sparse, self.dest)
            found = KdumpFile(self.dest.read_bytes()).pages()
            self.assertEqual(sorted(found), kernel.kept(further), f"{self.seed} {level} {further}")

    def test_proc(self):
        """Of /proc/vmcore all that is worth it is saved, of a file that is named everything."""
        (self.folder / "proc").mkdir()
        self.source = self.folder / "proc" / "vmcore"
        kernel = self.kernel()
        for arguments, level in (((), 31), (("-l", 1), 1), (("-l", 0), 0),
                                 (("proc/vmcore",), 0), (("-d", 31, "proc/vmcore"), 31)):
            self.save("-q", *arguments, self.dest, cwd=self.folder)
            self.check_kept(kernel, level, arguments)
        # Broken pages are in no view of our own kernel, but for that at level 0.
        level_file = self.folder / "proc" / "vmcore-kern-level"
        level_file.write_text("1\n")
        (self.folder / "proc" / "vmcore-kern").write_bytes(b"not to be read")
        self.save("-q", self.dest, cwd=self.folder)
        self.check_kept(kernel, 1)
        self.assertEqual(level_file.read_text(), "1\n")

    def keeps_all(self, reason, level=31, source=None):
        """Nothing is left out, and the reason is told."""
        self.save("-q", "-d", level, source or self.source, self.dest)
        self.assertIn("nothing but zeros can be left out", self.errors)
        self.assertIn(reason, self.errors)
        dump = KdumpFile(self.dest.read_bytes())
        self.assertEqual(dump.sub["dump_level"] & ~1, 0)
        return dump

    def test_no_rules(self):
        """Where pages cannot be told apart, all are kept."""
        for name, value in (("SIZE(page)", "60"), ("OSRELEASE", "4.19.0"),
                            ("SYMBOL(mem_section)", "senseless"), ("PAGESIZE", "65536"),
                            ("SYMBOL(swapper_pg_dir)", "1000"), ("NUMBER(PG_head_mask)", "0")):
            kernel = self.kernel(**{name: value})
            dump = self.keeps_all(name)
            self.assertEqual(len(dump.pages()), len(kernel.memory) if name != "PAGESIZE" else
                             len({frame // 16 for frame in kernel.memory}))

    def test_other_inputs(self):
        """Of what is no dump of such a kernel, nothing is left out, or it is refused."""
        for machine in ("i386", "aarch64"):
            core = Core(machine)
            # A long symbol says that it is another machine than the header does.
            core.info |= {name: value for name, value in Kernel(self.random).info().items()
                          if not name.startswith("SYMBOL")}
            core.add(0x100000, self.pages(30))
            core.write(self.source)
            self.save("-q", "-d", 31, self.source, self.dest)
            self.assertIn("machine type", self.errors)
            self.same_memory(core, KdumpFile(self.dest.read_bytes(), bits=core.bits))
        core = Core(notes=note(b"Xen", 1, bytes(40)))
        core.info |= Kernel(self.random).info()
        core.add(0x100000, self.pages(30))
        core.write(self.source)
        self.same_memory(core, self.keeps_all("Xen"))
        core = Core()
        core.note_segment = lambda: core.prstatus(1)
        core.add(0x100000, self.pages(30))
        core.write(self.source)
        self.same_memory(core, self.keeps_all("it has no vmcoreinfo"))
        for head in (b"makedumpfile\0", b"\x7fELF", b"", b"x" * 9999):
            self.source.write_bytes(head + bytes(9000) if head else b"")
            self.save("-q", "-d", 31, self.source, self.dest, status=UNREADABLE)
            self.assertIn("not an ELF core file", self.errors)
        for level in ("32", "-1", "x", ""):
            self.save("-d", level, self.source, self.dest, status=USAGE)

    def test_shared_bytes(self):
        """Segments may name the same memory twice, but not the same bytes as two pages."""
        kernel = self.kernel()
        blob, count = bytearray(self.source.read_bytes()), len(self.core.segments)
        table, entry = 64, 56
        # The last two segments: the one becomes a mapping of the other, then another page.
        first, second = (table + (1 + count - at) * entry for at in (2, 1))
        blob[second:second + entry] = blob[first:first + entry]
        struct.pack_into("<Q", blob, second + 16, 0xffffffff81000000)
        self.source.write_bytes(blob)
        gone = self.core.segments[-1]
        frames = range(gone[0] // PAGE, (gone[0] + len(gone[2]) - 1) // PAGE + 1)
        self.save("-q", "-d", 16, self.source, self.dest)
        found = KdumpFile(self.dest.read_bytes()).pages()
        wrong = set(kernel.kept(16)) - set(found) - set(frames)
        self.assertFalse(wrong, self.seed)
        self.assertNotIn("nothing but zeros", self.errors, self.seed)
        struct.pack_into("<Q", blob, second + 24, 1 << 40)
        self.source.write_bytes(blob)
        self.keeps_all("bytes of the file are of several pages")

    def test_missing(self):
        """A dump without struct pages, or one that was cut: what is there is kept."""
        kernel = Kernel(self.random)
        core = kernel.core()
        core.segments = [segment for segment in core.segments if self.random.random() < .6]
        core.write(self.source)
        for cut in (0, self.random.randrange(core.offsets[-1] - core.offsets[0])):
            os.truncate(self.source, self.source.stat().st_size - cut)
            self.save("-q", "-d", 31, self.source, self.dest, status=UNREADABLE if cut else 0)
            found = KdumpFile(self.dest.read_bytes()).pages()
            memory = core.memory()
            lost = [frame for frame, page in memory.items() if page == kernel.memory[frame] and
                    not kernel.left_out[frame] and frame not in found]
            self.assertFalse(not cut and lost, f"{self.seed} {lost}")
            for frame, page in found.items():
                # None is a page that is said to be lost.
                self.assertTrue(page in (None if cut else memory[frame], memory[frame]),
                                f"{self.seed} {frame:#x}")


if __name__ == "__main__":
    unittest.main()
