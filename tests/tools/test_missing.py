# SPDX-License-Identifier: GPL-2.0
"""What a dump lacks is said, and what it has is read."""
import random
import re
import unittest

import dumps
from dumpfile import open_dump
from storage import NotInDump

INFO = {"OSRELEASE": "6.12.1"}
COUNT = 40
FIRST = 100
LEFT_OUT = (FIRST + COUNT) * dumps.PAGE
NOTES = dumps.prstatus(7, range(27)) + dumps.vmcoreinfo(**INFO)
MARKED = "what wrote it has marked it as incomplete"


def pages(seed=5):
    """Pages next to each other; half of them do not get smaller when compressed."""
    rng = random.Random(seed)
    return {(FIRST + index) * dumps.PAGE: rng.randbytes(4096) if index % 2 else bytes(4096)
            for index in range(COUNT)}


def forms():
    """Whole dumps by name, with one page of memory left out, and how each is cut off."""
    elf = dumps.elf(pages(), NOTES, left_out=[LEFT_OUT])
    kdump = dumps.kdump(pages(), NOTES, left_out=[LEFT_OUT])
    return {"elf": elf, "kdump": kdump, "flat elf": dumps.flat_in_order(elf),
            "flat kdump": dumps.flat_in_order(kdump)}


def reason(dump, paddr):
    try:
        dump.physical(paddr, 8)
    except NotInDump as error:
        return str(error)
    return None


class Whole(unittest.TestCase):
    def test_nothing_is_missing(self):
        for name, content in forms().items():
            with self.subTest(form=name):
                self.assertEqual(open_dump(dumps.stream(content)).problems, [])

    def test_left_out(self):
        """In each format a page that was left out is told from one that there never was."""
        for name, content in forms().items():
            with self.subTest(form=name):
                dump = open_dump(dumps.stream(content))
                self.assertRegex(reason(dump, LEFT_OUT), "was left out of the dump$")
                self.assertRegex(reason(dump, LEFT_OUT + 9 * dumps.PAGE),
                                 "in no segment of the dump|no memory that the dump knows of")
                self.assertIsNone(dump.where(FIRST * dumps.PAGE))

    def test_marks(self):
        """Marked as incomplete by what wrote it, whatever the file looks like."""
        for content in (dumps.elf(pages(), NOTES, flags=1),
                        dumps.kdump(pages(), NOTES, status=9)):
            for form in (bytes, dumps.flat):
                self.assertEqual(open_dump(dumps.stream(form(content))).problems, [MARKED])

    def test_pages_that_could_not_be_read(self):
        content = pages() | {FIRST * dumps.PAGE: None, (FIRST + 3) * dumps.PAGE: None}
        dump = open_dump(dumps.stream(dumps.kdump(content, NOTES)))
        self.assertEqual(dump.problems, ["2 of 40 pages (8192 bytes) could not be read when the "
                                         "dump was saved"])
        self.assertRegex(reason(dump, FIRST * dumps.PAGE), "could not be read when")

    def test_part(self):
        """One part of a dump that makedumpfile --split has made."""
        content = bytearray(dumps.kdump(pages(), NOTES))
        content[dumps.PAGE + 12] = 1
        dump = open_dump(dumps.stream(bytes(content)))
        self.assertRegex(dump.problems[0], "one of several parts")


class Cut(unittest.TestCase):
    def look(self, dump, wanted):
        """How many pages are there. Those that are not are missing, and none is another."""
        there = 0
        for paddr, data in wanted.items():
            why = reason(dump, paddr)
            found = dump.physical(paddr, dumps.PAGE) if not why else b""
            self.assertEqual(found, data[:len(found)])
            if why:
                self.assertRegex(why, "is missing")
                self.assertRegex(dump.where(paddr), "^is missing")
            there += len(found) == dumps.PAGE
        return there

    def test_anywhere(self):
        """Cut at any place: what is missing is said, with bytes, and the rest is read."""
        wanted = pages()
        for name, content in forms().items():
            rng, most = random.Random(6), 0
            for size in sorted(rng.sample(range(len(content) - 1), 60)):
                with self.subTest(form=name, size=size):
                    try:
                        dump = open_dump(dumps.stream(content[:size]))
                    except ValueError:
                        self.assertLess(size, 3 * dumps.PAGE)
                        continue
                    self.assertTrue(dump.problems)
                    self.assertRegex(dump.problems[0], r"\d+ bytes|\d+ of its program headers")
                    there = self.look(dump, wanted)
                    self.assertGreaterEqual(there, most)
                    most = there
            self.assertGreater(most, COUNT // 2)

    def test_bytes(self):
        """The bytes that are said to be missing are those that cannot be read."""
        wanted = pages()
        for name, content in forms().items():
            for size in (len(content) * 3 // 4, len(content) - 1000):
                with self.subTest(form=name, size=size):
                    dump = open_dump(dumps.stream(content[:size]))
                    text = next(text for text in dump.problems if "it was cut off:" in text)
                    there = self.look(dump, wanted)
                    if "elf" in name:
                        missing, total = map(int, re.search(r"(\d+) of (\d+) bytes of memory",
                                                            text).groups())
                        self.assertEqual(total, COUNT * dumps.PAGE)
                        self.assertEqual((total - missing) // dumps.PAGE, there)
                    else:
                        missing, total = map(int, re.search(r"(\d+) of (\d+) saved pages",
                                                            text).groups())
                        self.assertEqual((missing, total), (COUNT - there, COUNT))
                        self.assertIn(f"({missing * dumps.PAGE} bytes", text)

    def test_before_the_end_mark(self):
        """All is there but the end mark: more could have followed."""
        content = dumps.flat(dumps.kdump(pages(), NOTES))[:-16]
        self.assertEqual(open_dump(dumps.stream(content)).problems, [
            f"the flattened form has no end mark: it was cut off after {len(content)} bytes"])

    def test_map_that_never_came(self):
        """makedumpfile writes the map of saved pages after pages: none of it, none is known."""
        content = dumps.kdump(pages(), NOTES)
        second = dumps.descriptors_at(content) - dumps.PAGE
        pieces = [(0, content[:second]), (second + dumps.PAGE, content[second + dumps.PAGE:])]
        dump = open_dump(dumps.stream(dumps.flat_pieces(pieces, end=False)))
        self.assertIn(f"about {COUNT} pages of memory ({COUNT * 4096} bytes)", dump.problems[1])
        self.assertEqual(self.look(dump, pages()), 0)

    def test_notes(self):
        """Notes before the place of the cut count."""
        notes = NOTES + dumps.note("LINUX", 0x700, bytes(8000))
        content = dumps.elf({}, notes)
        dump = open_dump(dumps.stream(content[:-4000]))
        self.assertEqual(dump.vmcoreinfo, INFO)
        self.assertRegex(dump.problems[0], rf"^4000 of {len(notes)} bytes of the notes are missing")


class Census(unittest.TestCase):
    """What is known of each range of memory."""

    def test_whole(self):
        for name, content in forms().items():
            with self.subTest(form=name):
                dump = open_dump(dumps.stream(content))
                start, end = dump.ranges()[0][0], dump.ranges()[-1][1]
                self.assertEqual(dump.census(start, end),
                                 {"kept": COUNT * dumps.PAGE, "left-out": dumps.PAGE})
                self.assertEqual(dump.census(LEFT_OUT - dumps.PAGE, LEFT_OUT + dumps.PAGE),
                                 {"kept": dumps.PAGE, "left-out": dumps.PAGE})

    def test_parts_add_up(self):
        """However memory is divided, the parts of a dump that was cut have the same sum."""
        for name, content in forms().items():
            dump = open_dump(dumps.stream(content[:len(content) * 2 // 3]))
            start, end = FIRST * dumps.PAGE, LEFT_OUT + dumps.PAGE
            whole = dump.census(start, end)
            with self.subTest(form=name):
                self.assertEqual(sum(whole.values()), (COUNT + 1) * dumps.PAGE)
                self.assertGreater(whole["lost"], 0)
                self.assertEqual(whole["left-out"], dumps.PAGE)
                for step in (1, 3, 7):
                    parts = [dump.census(at, min(at + step * dumps.PAGE, end))
                             for at in range(start, end, step * dumps.PAGE)]
                    for key, value in whole.items():
                        self.assertEqual(sum(part.get(key, 0) for part in parts), value)


class Notes(unittest.TestCase):
    def test_qemu(self):
        """A dump by QEMU without VMCOREINFO: what to do is said."""
        for make in (dumps.elf, dumps.kdump):
            dump = open_dump(dumps.stream(make(pages(), dumps.note("QEMU", 0, bytes(432)))))
            with self.assertRaisesRegex(ValueError, "-device vmcoreinfo"):
                _ = dump.vmcoreinfo

    def test_damaged_length(self):
        """Notes before one that makes no sense count."""
        damaged = dumps.note("X", 1, b"abcd").replace(b"\4\0\0\0", b"\4\0\0\7")
        content = dumps.elf({}, NOTES + damaged)
        dump = open_dump(dumps.stream(content))
        self.assertEqual(dump.vmcoreinfo, INFO)
        self.assertRegex(dump.problems[0], f"make no sense from {len(NOTES)} bytes on")


if __name__ == "__main__":
    unittest.main()
