# SPDX-License-Identifier: GPL-2.0
"""gdb-kdump on dumps that lack something: a line says what, and no traceback ends a command."""
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

import dumps

GDB = pathlib.Path(__file__).resolve().parents[2] / "tools" / "gdb"
SOURCE = pathlib.Path(__file__).resolve().parent / "data" / "kernel.c"
BUILD = """-g -O1 -fno-pic -nostdlib -static -no-pie -ffreestanding -mcmodel=kernel
           -fcf-protection=none -Wl,-Ttext=0xffffffff81000000,--build-id=sha1,-e,panic,-z,"""
MAP = 0xffffffff80000000
TEXT = 0xffffffff81000000
DATA = TEXT + 4096
PHYS_BASE = 0x1000000           # what is at MAP plus x is at this plus x
PGD, PUD, PMD, PTE = (PHYS_BASE + at for at in (0x100000, 0x101000, 0x102000, 0x103000))
PLACE = DATA - MAP + PHYS_BASE
COMMANDS = ("kdump sys", "kdump bt", "kdump bt -a", "kdump bt 0", "kdump ps", "kdump dmesg",
            "kdump mod", "kdump export {folder}/export", f"x/gx {DATA:#x}")


def table(index, value):
    return bytes(8 * index) + struct.pack("<Q", value) + bytes(4088 - 8 * index)


def tables(page):
    """Page tables that map two pages, and the first of them."""
    return {PGD: table(DATA >> 39 & 511, PUD | 3), PUD: table(DATA >> 30 & 511, PMD | 3),
            PMD: table(DATA >> 21 & 511, PTE | 3),
            PTE: table(0, PLACE - 4096 | 3)[:8] + table(0, PLACE | 3)[:8] + bytes(4080),
            PLACE - 4096: page}


@unittest.skipUnless(shutil.which("gdb") and shutil.which("gcc") and shutil.which("objcopy"),
                     "gdb, gcc and binutils are not installed")
class Session(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="with a blank ")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.vmlinux = cls.folder / "vmlinux"
        subprocess.run(["gcc", *BUILD.split()[:-1], BUILD.split()[-1] + "noseparate-code", SOURCE,
                        "-o", cls.vmlinux], check=True)
        image = cls.folder / "image"
        subprocess.run(["objcopy", "-O", "binary", "-j", ".data", "-j", ".bss",
                        "--set-section-flags", ".bss=alloc,load,contents", cls.vmlinux, image],
                       check=True)
        cls.data = image.read_bytes().ljust(4096, b"\0")
        cls.notes = dumps.prstatus(1 << 22, range(27)) + dumps.vmcoreinfo(**{
            "OSRELEASE": "6.12.1", "SYMBOL(swapper_pg_dir)": f"{MAP + PGD - PHYS_BASE:x}",
            "NUMBER(phys_base)": PHYS_BASE})

    def ask(self, content, *commands):
        """What gdb-kdump prints, and what it complains about."""
        dump = self.folder / "a dump"
        dump.write_bytes(content)
        arguments = []
        for command in commands:
            arguments += ["-ex", command.format(folder=f"'{self.folder}'")]
        done = subprocess.run([GDB / "gdb-kdump", dump, self.vmlinux, "--", "-nx", "-batch",
                               *arguments], capture_output=True, text=True, check=False,
                              timeout=600)
        self.assertNotIn("Python Exception", done.stderr + done.stdout)
        self.assertNotIn("Traceback", done.stderr + done.stdout)
        return done.stdout, done.stderr.splitlines()

    def test_whole(self):
        """The made-up kernel is good enough for the commands, so what fails is the dump's."""
        pages = tables(bytes(4096)) | {PLACE: self.data}
        output, errors = self.ask(dumps.kdump(pages, self.notes), *COMMANDS)
        self.assertIn("CPU 0, PID 0, \"swapper/0\"", output)
        self.assertEqual(output.count("PID: 0"), 3)
        self.assertTrue(errors and all("VMCOREINFO has no" in line for line in errors), errors)
        self.assertTrue((self.folder / "export").is_file())

    def check_lacking(self, content, why):
        """Each command ends, in lines of which one at least says why."""
        output, errors = self.ask(content, *COMMANDS)
        self.assertIn("MEMORY: unknown", output)
        wanted = [line for line in errors if why in line]
        self.assertGreaterEqual(len(wanted), 6, errors)
        self.assertLessEqual(len(wanted), len(COMMANDS) + 4, errors)
        for line in errors:
            self.assertRegex(line, r"^(kdump|gdb-kdump)|0x[0-9a-f]+|VMCOREINFO has no")
        for line in wanted:
            self.assertLess(len(line), 250)

    def test_left_out(self):
        pages = tables(bytes(4096))
        for content in (dumps.kdump(pages, self.notes, left_out=[PLACE]),
                        dumps.elf(pages, self.notes, left_out=[PLACE])):
            self.check_lacking(content, "was left out of the dump")

    def test_cut_off(self):
        """The page of all variables is at the end of the dump, where it was cut off."""
        pages = tables(bytes(4096))
        last = 1 << 40
        pages[PTE] = pages[PTE][:8] + struct.pack("<Q", last | 3) + bytes(4080)
        content = dumps.elf(pages | {last: self.data}, self.notes)
        self.check_lacking(content[:-4000], "is missing: the dump was cut off")
        _, errors = self.ask(content[:-4000], "kdump ps")
        self.assertRegex(errors[0], "^gdb-kdump: .*a dump: it was cut off: 4000 of 24576 bytes")

    def test_interactive(self):
        """What gdb's own commands read in vain, or in doubt, is told before the next prompt."""
        notes = self.notes + dumps.note("X", 0, bytes(4096 - len(self.notes) - 16 - 64 - 7 * 56))
        lacking = dumps.kdump(tables(bytes(4096)), notes, left_out=[PLACE])
        whole = dumps.elf(tables(bytes(4096)) | {PLACE: self.data}, notes)
        self.assertEqual(len(whole) % 4096, 0)
        for content, address, why in ((lacking, DATA, "was left out of the dump"),
                                      (whole, TEXT, "is in a hole of the dump: it was zero, or")):
            dump = self.folder / "a dump"
            with open(dump, "wb") as file:
                for at in range(0, len(content), 4096):
                    if any(content[at:at + 4096]):
                        file.seek(at)
                        file.write(content[at:at + 4096])
            done = subprocess.run([GDB / "gdb-kdump", dump, self.vmlinux, "--", "-nx"],
                                  input=f"x/gx {address:#x}\nprint 1\n", capture_output=True,
                                  text=True, check=False, timeout=600)
            self.assertEqual(done.stderr.count(f"kdump: {address:#x} {why}"), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
