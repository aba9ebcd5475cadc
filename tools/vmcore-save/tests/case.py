# SPDX-License-Identifier: GPL-2.0
"""What the tests share: the program, a folder each, and dumps."""
import os
import pathlib
import random
import resource
import struct
import subprocess
import tempfile
import unittest

from corefile import Core, PAGE
from kdumpreader import INCOMPLETE, KdumpFile, unflatten

FAILED, USAGE, NO_SPACE, UNREADABLE = 1, 2, 3, 4
TIMEOUT = 120


class Case(unittest.TestCase):
    """A test with a folder of its own, and the program."""
    program = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.source, self.dest = self.folder / "source", self.folder / "dest"
        self.status = self.folder / "status"
        self.random = random.Random(self.id())

    def save(self, *arguments, status=0, limit=None, **options):
        """Run the program; return what it printed on its standard output."""
        def before():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        options["env"] = {**os.environ, **options.pop("env", {})}
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True,
                              timeout=TIMEOUT, check=False,
                              preexec_fn=before if limit else None, **options)
        self.errors = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, self.errors)
        self.assertNotIn("Sanitizer", self.errors)
        self.assertNotIn("runtime error", self.errors)
        return done.stdout

    def page(self, kind=None, size=PAGE):
        """A page: of zeros, that cannot be compressed, or that can."""
        kind = kind or self.random.choice(("zero", "noise", "text"))
        if kind == "zero":
            return bytes(size)
        if kind == "noise":
            return self.random.randbytes(size)
        return (b"%08x " % self.random.getrandbits(32) * size)[:size]

    def pages(self, count, size=PAGE):
        return [self.page(size=size) for _ in range(count)]

    def machine(self):
        """A dump with all that makes trouble."""
        core = Core()
        text = self.pages(40)
        core.add(0x200000, text, vaddr=0xffffffff81000000)      # again, inside the next one
        core.add(0x100000, self.pages(256) + text + self.pages(300), vaddr=0xffff888000100000)
        core.add(0x1000, self.page("noise")[:0xc00] + self.page("noise") * 3)   # ends in a page
        core.add(0x4c00, self.page("noise")[:0x800])            # begins in that page
        core.add(0x10000, self.page("noise") * 4, shift=0x123)  # at an odd offset
        core.add(1 << 32, [self.random.choice((None, self.page())) for _ in range(700)])
        core.add(1 << 36, self.pages(3))                        # far away
        return core

    def dump(self, form):
        """Read what has been saved."""
        data = self.dest.read_bytes()
        return KdumpFile(unflatten(data) if form == "flat" else data)

    def is_marked(self, data):
        """Whether an ELF file calls itself incomplete."""
        return bool(struct.unpack_from("<I", data, 48)[0] & 1)

    def state(self):
        return dict(line.split("=", 1) for line in self.status.read_text().splitlines())

    def same_memory(self, core, dump):
        """Check that a dump has exactly the pages of a core."""
        wanted, found = core.memory(), dump.pages()
        self.assertEqual(sorted(wanted), sorted(found))
        self.assertEqual([hex(number) for number in wanted if wanted[number] != found[number]], [])
        self.assertEqual(dump.existing, sorted(wanted))

    def part_of(self, core, dump):
        """Check that the pages of a dump are right; return how many there are."""
        wanted, found = core.memory(), dump.pages()
        wrong = [hex(number) for number in found if found[number] != wanted[number]]
        self.assertEqual(wrong, [])
        self.assertTrue(dump.status & INCOMPLETE, "not marked as incomplete")
        return len(found)
