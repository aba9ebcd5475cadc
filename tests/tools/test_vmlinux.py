# SPDX-License-Identifier: GPL-2.0
"""The vmlinux of a dump is found by its build id, and no other file is taken."""
import gzip
import lzma
import os
import pathlib
import struct
import tempfile
import unittest
import unittest.mock

import dumps
import vmlinux

ID = "0123456789abcdef0123456789abcdef01234567"
INFO = {"BUILD-ID": ID, "OSRELEASE": "6.12.1-test"}


def elf(build_id=ID, sections=(".text", ".debug_info")):
    """An ELF file with these sections, empty, and a build id."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in (".n", ".shstrtab", *sections))
    note = dumps.note("GNU", vmlinux.NT_GNU_BUILD_ID, bytes.fromhex(build_id))
    at = 64 + len(note) + len(names)
    rows = [bytes(64), struct.pack("<IIQQQQIIQQ", 1, vmlinux.SHT_NOTE, 2, 0, 64, len(note),
                                   0, 0, 0, 0),
            struct.pack("<IIQQQQIIQQ", 4, 3, 0, 0, 64 + len(note), len(names), 0, 0, 0, 0)]
    for name in sections:
        rows.append(struct.pack("<IIQQQQIIQQ", names.index(name.encode()), 1, 2, 0, 0, 0,
                                0, 0, 0, 0))
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, at, 0, 64, 0, 0, 64, len(rows), 2)
    return header + note + names + b"".join(rows)


class Find(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        cache = unittest.mock.patch.dict(os.environ, XDG_CACHE_HOME=str(self.root / "cache"))
        cache.start()
        self.addCleanup(cache.stop)

    def put(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def find(self, **info):
        return vmlinux.find({**INFO, **info}, [self.root])

    def test_by_build_id(self):
        path = self.put(f".build-id/{ID[:2]}/{ID[2:]}.debug", elf())
        self.assertEqual(self.find(), path)

    def test_by_release(self):
        for name in ("lib/modules/6.12.1-test/vmlinux", "boot/vmlinux-6.12.1-test", "vmlinux"):
            path = self.put(name, elf())
            self.assertEqual(self.find(), path)
            path.unlink()

    def test_compressed(self):
        """It is uncompressed once, and again when it has changed."""
        for suffix, compress in ((".gz", gzip.compress), (".xz", lzma.compress)):
            path = self.put(f"vmlinux{suffix}", compress(elf()))
            found = self.find()
            self.assertEqual(found.read_bytes(), elf())
            self.assertEqual(self.find(), found)
            path.write_bytes(compress(elf() + b"more"))
            self.assertEqual(self.find().read_bytes(), elf() + b"more")
            path.unlink()

    def test_not_taken(self):
        """The message says of each file why not."""
        self.put("lib/modules/6.12.1-test/vmlinux", elf("ff" * 20))
        self.put("boot/vmlinux-6.12.1-test", elf(sections=(".text",)))
        self.put("vmlinux-6.12.1-test", b"no ELF file")
        self.put("6.12.1-test/vmlinux.xz", b"not compressed")
        self.put("vmlinux", elf()[:-10])
        with self.assertRaises(ValueError) as caught:
            self.find()
        for words in (f"no vmlinux with debug information for 6.12.1-test, build id {ID}",
                      "of another build, ffff", "has no debug information",
                      "not a 64-bit ELF file", "cannot be uncompressed",
                      "it ends within its section headers"):
            self.assertIn(words, str(caught.exception))
        self.assertFalse(any((self.root / "cache").rglob("*.*")), "a part of a file is left")

    def test_evil_release(self):
        """A release is a name, not a path."""
        for release in ("../../etc", "/etc", "..", "", "a/b"):
            with self.assertRaises(ValueError):
                self.find(OSRELEASE=release)

    def test_no_build_id(self):
        """A kernel before 5.9 does not tell its own: then the release has to do."""
        path = self.put("boot/vmlinux-6.12.1-test", elf())
        info = {"OSRELEASE": "6.12.1-test"}
        self.assertEqual(vmlinux.find(info, [self.root]), path)

    def test_every_byte(self):
        """A damaged file is one without build id, or refused."""
        content = elf()
        for at in range(len(content)):
            damaged = bytearray(content)
            damaged[at] ^= 0x81
            path = self.put("damaged", bytes(damaged))
            try:
                vmlinux.build_id(path)
                vmlinux.has_debug_info(path)
            except ValueError:
                pass


if __name__ == "__main__":
    unittest.main()
