# SPDX-License-Identifier: GPL-2.0
"""What is saved is what was there."""
import os
import struct
import subprocess

from case import UNREADABLE, USAGE, Case
from corefile import Core, PAGE
from kdumpreader import KdumpFile, unflatten

METHODS = ("zstd", "zlib", "lzo", "none")


class Save(Case):
    """What is saved is what was there."""

    def test_methods(self):
        """Each compression, each number of threads: all pages, once."""
        core = self.machine()
        core.write(self.source)
        sizes = {}
        for method in METHODS:
            for threads in (1, 3):
                with self.subTest(method=method, threads=threads):
                    self.save("-q", "-c", method, "-t", threads, self.source, self.dest)
                    data = self.dest.read_bytes()
                    self.same_memory(core, KdumpFile(data))
                    self.assertEqual(sizes.setdefault(method, data), data)
        self.assertGreater(len(sizes["none"]), 2 * len(sizes["zstd"]) * 0.6)
        self.assertEqual(self.dest.stat().st_mode & 0o777, 0o600)

    def test_header(self):
        """The headers say what the kernel said of itself."""
        core = self.machine()
        core.info["NUMBER(phys_base)"] = "-1048576"
        core.write(self.source)
        self.save("-q", self.source, self.dest)
        dump = KdumpFile(self.dest.read_bytes())
        self.assertEqual(dump.status, 0x20)
        self.assertEqual(dump.uts, ["Linux", "", "6.12.0-test", "", "x86_64", ""])
        self.assertEqual((dump.time, dump.cpus, dump.block), (1700000000, 2, PAGE))
        self.assertEqual(dump.sub["phys_base"], (1 << 64) - 1048576)
        self.assertEqual(dump.sub["max_mapnr_64"], max(core.memory()) + 1)
        # No reader may take the dump for one without its pages of zeros.
        self.assertEqual((dump.sub["split"], dump.sub["dump_level"]), (0, 0))
        self.assertEqual(dump.blob("note"), core.note_segment())
        self.assertIn(b"OSRELEASE=6.12.0-test\n", dump.blob("vmcoreinfo"))
        self.assertTrue(dump.blob("vmcoreinfo").startswith(b"OSRELEASE="))

    def test_zero_pages(self):
        """Pages of zeros share their data, holes of the source are such pages."""
        core = Core()
        core.add(0, [None] * 1000 + [bytes(PAGE)] * 1000)
        core.write(self.source)
        self.save("-q", self.source, self.dest)
        data = self.dest.read_bytes()
        self.same_memory(core, KdumpFile(data))
        self.assertLess(len(data), 2000 * 24 + 10 * PAGE)

    def test_equal_pages(self):
        """Equal pages share their data."""
        core = Core()
        core.add(0, [self.page("text")] * 1000 + [self.page("text"), self.page("text")] * 500)
        core.write(self.source)
        for method in METHODS[:3]:
            self.save("-q", "-c", method, self.source, self.dest)
            data = self.dest.read_bytes()
            self.same_memory(core, KdumpFile(data))
            self.assertLess(len(data), 2000 * 24 + 10 * PAGE)

    def test_equal_pages_far_apart(self):
        """So do those with thousands of pages between, the same ones with any number of threads,
        and those that differ by one bit do not."""
        pages = [self.page("noise") for _ in range(1500)]
        near = [bytes([page[0] ^ 1]) + page[1:] for page in pages[:200]]
        near += [page[:-1] + bytes([page[-1] ^ 128]) for page in pages[:200]]
        core = Core()
        core.add(0, pages + near + pages[::-1] + near)
        core.write(self.source)
        for method in ("zstd", "none"):
            found = {self.save("-q", "-c", method, "-t", threads, self.source, "-")
                     for threads in (1, 2, 5, 1)}
            self.assertEqual(len(found), 1)
            data = found.pop()
            self.same_memory(core, KdumpFile(unflatten(data)))
            # All but a few that had the place of another one.
            self.assertLess(len(data), (1900 + 150) * PAGE + 3800 * 24 + (1 << 18))

    def test_fast(self):
        """--fast takes less time for more space; what goes with another method is refused."""
        core, sizes = Core(), []
        words = [b"%d" % self.random.getrandbits(12) for _ in range(3000)]
        core.add(0, [b" ".join(self.random.choices(words, k=1200))[:PAGE] for _ in range(300)])
        core.write(self.source)
        for options in ((), ("--fast",)):
            self.save("-q", *options, self.source, self.dest)
            data = self.dest.read_bytes()
            self.same_memory(core, KdumpFile(data))
            sizes.append(len(data))
        self.assertLess(sizes[0], sizes[1])
        self.save("-c", "lzo", "--fast", self.source, self.dest, status=USAGE)
        self.save("--fast", "-F", "elf", self.source, self.dest, status=USAGE)

    def test_many_same(self):
        """Where more than a quarter of the pages are the same, zstd takes less time for more
        space; from where on does not depend on the number of threads."""
        words = [b"%d" % self.random.getrandbits(12) for _ in range(3000)]
        pages = [b" ".join(self.random.choices(words, k=1200))[:PAGE] for _ in range(600)]
        for options in ((), ("--fast",)):
            found = []
            for same in (25, 150):
                core = Core()
                core.add(0, pages[:same] * 2 + pages[same:])
                core.write(self.source)
                saved = {self.save("-q", *options, "-t", threads, self.source, "-")
                         for threads in (1, 4)}
                self.assertEqual(len(saved), 1)
                data = unflatten(saved.pop())
                self.same_memory(core, KdumpFile(data))
                found.append(len(data))
            self.assertGreater(found[1], 1.05 * found[0])

    def test_filtered(self):
        """What a filter has left out is not in the dump; the rest is read around the filter."""
        kept = [self.random.choice((None, self.page("noise"))) for _ in range(600)]
        (self.folder / "proc").mkdir()
        (self.folder / "proc" / "vmcore-kern-level").write_text("31\n")
        for other in (bytes(PAGE), b"x"):       # as whole pages, and the file of another size
            vmcore, kern = Core(), Core()
            kern.add(1 << 20, [page and b"k" * PAGE for page in kept])
            kern.add(0x9000, b"part of a page")
            vmcore.add(1 << 20, [page or other for page in kept])
            vmcore.add(0x9000, b"Part of a Page")
            vmcore.write(self.folder / "proc" / "vmcore")
            kern.write(self.folder / "proc" / "vmcore-kern")
            source = vmcore if len(other) == PAGE else kern
            self.save("-q", self.dest, cwd=self.folder)
            dump, memory = KdumpFile(self.dest.read_bytes()), source.memory()
            wanted = [9, *(256 + at for at, page in enumerate(kept) if page)]
            self.assertEqual(dump.pages(), {number: memory[number] for number in wanted})
            self.assertEqual(dump.sub["dump_level"], 30)

    def test_32_bits(self):
        """A machine of 32 bits has its own layout of headers."""
        core = Core("i386")
        core.add(0x100000, self.pages(50), vaddr=0xc0100000)
        core.write(self.source)
        self.save("-q", self.source, self.dest)
        dump = KdumpFile(self.dest.read_bytes(), bits=32)
        self.same_memory(core, dump)
        self.assertEqual(dump.blob("note"), core.note_segment())

    def test_large_pages(self):
        """A kernel with pages of 64 KiB."""
        core = Core(page=65536)
        core.add(0, self.pages(20, size=65536))
        core.add(1 << 30, self.page("noise", 65536)[:5000])
        core.write(self.source)
        for method in METHODS:
            self.save("-q", "-c", method, self.source, self.dest)
            self.same_memory(core, KdumpFile(self.dest.read_bytes()))

    def test_many_notes(self):
        """Notes larger than any buffer."""
        core = Core(cpus=3000, notes=self.random.randbytes(4))
        core.add(0, self.pages(10))
        core.write(self.source)
        self.save("-q", self.source, self.dest)
        dump = KdumpFile(self.dest.read_bytes())
        self.same_memory(core, dump)
        self.assertEqual(dump.blob("note"), core.note_segment())

    def test_elf(self):
        """The ELF form is the source, byte for byte, with holes where there are zeros."""
        core = self.machine()
        core.add(1 << 37, b"the last page is not whole")
        core.write(self.source)
        self.save("-q", "-F", "elf", self.source, self.dest)
        self.assertEqual(self.dest.read_bytes(), self.source.read_bytes())
        self.assertLess(self.dest.stat().st_blocks, self.source.stat().st_blocks)

    def test_pipe(self):
        """To a pipe: the ELF form as it is, the other one flattened."""
        core = self.machine()
        core.write(self.source)
        self.assertEqual(self.save("-q", "-F", "elf", self.source, "-"), self.source.read_bytes())
        data = self.save("-q", self.source, "-")
        self.same_memory(core, KdumpFile(unflatten(data)))
        self.save("-q", "-F", "flat", self.source, self.dest)
        self.assertEqual(unflatten(self.dest.read_bytes()), unflatten(data))

    def test_named_pipe(self):
        """A pipe with a name is one, too."""
        core = self.machine()
        core.write(self.source)
        self.same_memory(core, KdumpFile(unflatten(self.save("-q", self.source, "/dev/stdout"))))
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        # A reader that is quick has to see one writer alone.
        for _ in range(10):
            with open(self.dest, "wb") as file, subprocess.Popen(["cat", fifo], stdout=file):
                self.save("-q", self.source, fifo)
            self.same_memory(core, KdumpFile(unflatten(self.dest.read_bytes())))

    def test_shared_pages(self):
        """Ranges share a page, which is the last one that a chunk has room for."""
        for size in (0x400, 0x400 + 5 * PAGE):
            core = Core()
            core.add(0x100000, self.random.randbytes(127 * PAGE + 0x800))
            core.add(0x100000 + 127 * PAGE + 0xc00, self.random.randbytes(size))
            core.add(0x40000000, [self.page("noise") for _ in range(300)])
            core.write(self.source)
            self.save("-q", self.source, self.dest)
            self.same_memory(core, KdumpFile(self.dest.read_bytes()))

    def test_far_page(self):
        """What it costs to have a page far away does not depend on how far."""
        core = Core()
        core.add(0x100000, self.pages(50))
        core.add(1 << 50, [self.page("noise")] * 3)
        core.write(self.source)
        self.save("-q", self.source, self.dest)
        self.assertLess(self.dest.stat().st_blocks, 1000)
        for form in ("kdump", "flat", "elf"):
            with self.subTest(form=form):
                self.assertLess(len(self.save("-q", "-F", form, self.source, "-")), 1 << 19)

    def test_far_page_on_disk(self):
        """Nor does it on a disk, where what is written instead is the flattened form."""
        core = Core()
        core.add(0x100000, self.pages(50))
        core.add(1 << 40, [self.page("noise")] * 3)
        core.write(self.source)
        self.dest.write_bytes(b"x" * (2 << 20))
        self.save("-q", self.source, self.dest, env={"FAULT_BLOCK": "1"})
        data = self.dest.read_bytes()
        self.assertEqual(len(data), 2 << 20)
        dump = KdumpFile(unflatten(data, padded=True))
        self.assertEqual(dump.pages(), core.memory())
        self.assertEqual(dump.status, 0x20)

    def test_many_headers(self):
        """As many program headers as our kernel can have."""
        core = Core()
        for number in range(131071):
            core.add(number << 20, b"%08d" % number)
        core.write(self.source, compact=True)
        self.save("-q", self.source, self.dest)
        dump = KdumpFile(self.dest.read_bytes())
        self.assertEqual(dump.pages(), core.memory())

    def test_notes(self):
        """Several segments of notes; the size of one that cannot be is cut."""
        core = Core(segments=3)
        core.add(0x100000, self.pages(5))
        core.write(self.source)
        self.save("-q", self.source, self.dest)
        dump = KdumpFile(self.dest.read_bytes())
        self.assertEqual((dump.blob("note"), dump.cpus), (core.note_segment(), 2))
        self.assertTrue(dump.blob("vmcoreinfo").startswith(b"OSRELEASE="))
        data = bytearray(self.source.read_bytes())
        struct.pack_into("<Q", data, 64 + 32, 1 << 36)
        self.source.write_bytes(data)
        os.truncate(self.source, 256 << 20)
        self.save("-q", self.source, self.dest, status=UNREADABLE)
        self.assertLess(self.dest.stat().st_size, 1 << 20)

    def test_word(self):
        """The machine says how long its words are, or its addresses do."""
        for kind in ("x86_64", "i386"):
            core = Core(kind, bits=32)
            core.info["SYMBOL(swapper_pg_dir)"] = "ffffffff82a10000"
            core.add(0x100000, self.pages(5))
            core.write(self.source)
            self.save("-q", self.source, self.dest)
            self.same_memory(core, KdumpFile(self.dest.read_bytes()))

    def test_overwrite(self):
        """What was in the destination before is gone."""
        core = Core()
        core.add(0, self.pages(5))
        core.write(self.source)
        for form in ("kdump", "elf", "flat"):
            self.dest.write_bytes(b"x" * (4 << 20))
            self.save("-q", "-F", form, self.source, self.dest)
            self.assertLess(self.dest.stat().st_size, 1 << 20)
            self.assertNotIn(b"xxxxxxxx", self.dest.read_bytes())

    def test_again(self):
        """A saved ELF file can be saved again."""
        core = self.machine()
        core.write(self.source)
        self.save("-q", "-F", "elf", self.source, self.dest)
        self.save("-q", self.dest, self.folder / "second")
        self.same_memory(core, KdumpFile((self.folder / "second").read_bytes()))
