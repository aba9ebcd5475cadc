# SPDX-License-Identifier: GPL-2.0
"""Our reader and libkdumpfile find the same pages in a dump, with the same content.

gdb-target does not read by libkdumpfile: of ELF files it shows pages that were left out as
zeros, version 0.5.1 does not know the flattened form, and it is no faster where pages are
read more than once.
"""
import random
import sys
import tempfile
import unittest

import dumps
from dumpfile import open_dump
from test_dumpfile import zstd

try:
    sys.path.append("/usr/lib/python3/dist-packages")       # for another python3 than Debian's
    import kdumpfile
except ImportError:
    kdumpfile = None
finally:
    sys.path.pop()


@unittest.skipUnless(kdumpfile, "python3-libkdumpfile is not installed, or is for another python3")
class SamePages(unittest.TestCase):
    def theirs(self, dump, paddr):
        try:
            return bytes(dump.read(kdumpfile.KDUMP_MACHPHYSADDR, paddr, dumps.PAGE))
        except kdumpfile.exceptions.KDumpBaseException:
            return None

    def ours(self, dump, paddr):
        try:
            return dump.physical(paddr, dumps.PAGE)
        except ValueError:
            return None

    def check(self, rng, content, seed):
        # The library takes the machine from the header, which QEMU leaves empty.
        content = bytearray(content)
        content[12:17], content[12 + 4 * 65:18 + 4 * 65] = b"Linux", b"x86_64"
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            own, library = open_dump(file), kdumpfile.kdumpfile(file.name)
            pages = [*range(0, 400), *(rng.randrange(1 << 16) for _ in range(50))]
            found = 0
            for pfn in pages:
                data = self.ours(own, pfn * dumps.PAGE)
                self.assertEqual(data, self.theirs(library, pfn * dumps.PAGE),
                                 f"seed {seed}, page {pfn}")
                found += data is not None
            self.assertGreater(found, 0)

    def test_kdump(self):
        """Dumps by chance, of each compression that Python has, whole and with pages lost."""
        first = random.SystemRandom().randrange(1 << 32)
        notes = dumps.prstatus(7, range(27)) + dumps.vmcoreinfo(OSRELEASE="6.12.1", PAGESIZE=4096)
        for seed in range(first, first + 12):
            rng = random.Random(seed)
            pages = {rng.randrange(1, 400) * dumps.PAGE: rng.randbytes(64) * 64 for _ in range(150)}
            if seed % 3 == 0:
                pages[sorted(pages)[3]] = None
            left_out = {pfn * dumps.PAGE for pfn in range(1, 410)} - pages.keys()
            options = ((), (bytes, 0), (zstd, 0x20))[seed % 3]
            self.check(rng, dumps.kdump(pages, notes, *options, left_out=left_out), seed)


if __name__ == "__main__":
    unittest.main()
