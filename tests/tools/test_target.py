# SPDX-License-Identifier: GPL-2.0
"""gdb-target: addresses through page tables, registers, threads, gdb's protocol."""
import importlib.machinery
import importlib.util
import os
import pathlib
import struct
import tempfile
import threading
import unittest

import dumps
from dumpfile import open_dump
from paging import PageTables

GDB = pathlib.Path(__file__).resolve().parents[2] / "tools" / "gdb"
MAP = 0xffffffff80000000
PHYS_BASE = 0x2000000
PGD, PUD, PMD, PTE = (PHYS_BASE + at for at in (0x1000, 0x2000, 0x3000, 0x4000))
DATA, LARGE = 0x5000000, 0x6000000
SMALL_VADDR = 0xffffc90000003000          # maps DATA by 4 KiB
LARGE_VADDR = 0xffffc90000200000          # maps LARGE by 2 MiB
REGISTERS = [0x1000 + number for number in range(27)]


def load(name):
    path = str(GDB / name)
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), path)
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


gdb_target = load("gdb-target")


def table(**entries):
    data = bytearray(dumps.PAGE)
    for index, value in entries.items():
        struct.pack_into("<Q", data, 8 * int(index[1:]), value)
    return bytes(data)


def make_dump(notes=None, **changed):
    index = SMALL_VADDR >> 39 & 511
    tables = {PGD: table(**{f"i{index}": PUD | 3}), PUD: table(i0=PMD | 3),
              PMD: table(i0=PTE | 3, i1=LARGE | 0x83),
              PTE: table(i3=DATA | 1 << 63 | 3, i4=0xfffffff000 | 3)}
    tables |= {DATA: b"data" * 1024, LARGE: b"huge" * 1024, LARGE + 4096: b"more" * 1024}
    tables |= changed.get("pages", {})
    notes = notes if notes is not None else (
        dumps.prstatus(7, REGISTERS) + dumps.prstatus(0, REGISTERS) + dumps.prstatus(0, REGISTERS))
    return dumps.stream(dumps.elf(tables, notes + dumps.vmcoreinfo(**{
        "SYMBOL(swapper_pg_dir)": f"{MAP + PGD - PHYS_BASE:x}", "NUMBER(phys_base)": PHYS_BASE,
        **changed.get("info", {})})))


class Paging(unittest.TestCase):
    def setUp(self):
        self.pages = PageTables(open_dump(make_dump()))

    def test_translate(self):
        self.assertEqual(self.pages.translate(SMALL_VADDR + 5), DATA + 5)
        self.assertEqual(self.pages.translate(LARGE_VADDR + 0x1234), LARGE + 0x1234)
        for vaddr in (0, SMALL_VADDR + 0x2000, MAP, (1 << 64) - 1):
            self.assertIsNone(self.pages.translate(vaddr))

    def test_read(self):
        self.assertEqual(self.pages.read(SMALL_VADDR + 2, 6), b"tadata")
        self.assertEqual(self.pages.read(LARGE_VADDR + 4092, 8), b"hugemore")

    def test_end_of_what_is_there(self):
        """Up to the last page that is in the dump; nothing where none is."""
        self.assertEqual(self.pages.read(LARGE_VADDR + 8188, 100), b"more")
        self.assertEqual(self.pages.read(SMALL_VADDR + 4092, 100), b"data")
        self.assertEqual(self.pages.read(SMALL_VADDR + 4096, 100), b"")

    def test_encrypted(self):
        dump = open_dump(make_dump(
            info={"NUMBER(sme_mask)": str(1 << 47)},
            pages={PTE: table(i3=DATA | 1 << 47 | 3)}))
        self.assertEqual(PageTables(dump).translate(SMALL_VADDR), DATA)

    def test_tables_that_lead_round(self):
        """Tables that are each other's entries end like all others."""
        dump = open_dump(make_dump(pages={PUD: table(i0=PGD | 3), PGD: table(
            **{f"i{n}": PGD | 3 for n in range(512)})}))
        PageTables(dump).translate(SMALL_VADDR)

    def test_no_tables(self):
        with self.assertRaisesRegex(ValueError, "swapper_pg_dir"):
            PageTables(open_dump(dumps.stream(dumps.elf({}, dumps.vmcoreinfo(A=1)))))


class Target(unittest.TestCase):
    def setUp(self):
        self.target = gdb_target.Target(open_dump(make_dump()))

    def test_threads(self):
        """One for each CPU; idle ones, which are all process 0, get numbers of their own."""
        answer = self.target.answer("qfThreadInfo")
        self.assertEqual(answer, f"m7,{(2 << 22) + 1:x},{(2 << 22) + 2:x}")
        self.assertEqual(self.target.answer("T7"), "OK")
        self.assertEqual(self.target.answer("T8"), "E01")
        self.assertEqual(bytes.fromhex(self.target.answer("qThreadExtraInfo,7")), b"CPU 0")

    def test_no_registers(self):
        """A dump without a crash has none: gdb gets a thread all the same, at address 0."""
        target = gdb_target.Target(open_dump(make_dump(b"")))
        self.assertEqual(target.answer("qfThreadInfo"), f"m{2 << 22:x}")
        self.assertEqual(target.answer("g")[256:272], "0" * 16)
        self.assertEqual(set(target.answer("g")[:256]), {"x"})

    def test_registers(self):
        names = dict(zip(gdb_target.SAVED, REGISTERS))
        data = bytes.fromhex(self.target.answer("g"))
        found = struct.unpack_from("<17Q7I", data)
        self.assertEqual(list(found), [names[name] for name in
                                       gdb_target.WIDE + gdb_target.NARROW])

    def test_added_thread(self):
        self.assertEqual(self.target.answer(f"QKdumpThread:9:{b'sh S'.hex()}:rip=12ab,rsp=ff"),
                         "OK")
        self.assertEqual(self.target.answer("Hg9"), "OK")
        data = self.target.answer("g")
        self.assertTrue(data.startswith("xx" * 8))
        self.assertEqual(data[16 * 16:17 * 16], "ab12000000000000")
        self.assertEqual(bytes.fromhex(self.target.answer("qThreadExtraInfo,9")), b"sh S")

    def test_memory(self):
        self.assertEqual(self.target.answer(f"m{SMALL_VADDR:x},4"), b"data".hex())
        self.assertEqual(self.target.answer(f"m{SMALL_VADDR + 4096:x},4"), "E14")

    def test_why(self):
        """Why there is nothing at an address, and what was read in doubt."""
        def ask(packet):
            return bytes.fromhex(self.target.answer(packet)).decode()

        self.assertEqual(ask(f"qKdumpWhy:{SMALL_VADDR:x}"), "is in the dump")
        self.assertEqual(ask("qKdumpWhy:0"), "is not mapped")
        self.assertEqual(ask(f"qKdumpWhy:{SMALL_VADDR + 4096:x}"), "is in no segment of the dump")
        self.assertEqual(ask("qKdumpDoubt"), "\0")
        self.target.answer("m0,8")
        self.assertEqual(ask("qKdumpDoubt"), "\0")
        self.target.answer(f"m{SMALL_VADDR + 4096:x},8")
        self.assertEqual(ask("qKdumpDoubt"),
                         f"{SMALL_VADDR + 4096:#x} is in no segment of the dump")
        self.assertEqual(ask("qKdumpDoubt"), "\0")
        dump = open_dump(make_dump(pages={PUD: table(i0=0x123456000 | 3)}))
        self.assertRegex(gdb_target.PageTables(dump).why_not(SMALL_VADDR),
                         "cannot be found: a page table for it is in no segment")

    def test_nonsense(self):
        """What is not known is answered with nothing, what is wrong with an error."""
        for packet in ("", "vMustReplyEmpty", "Z0,1,1", "X", "qSymbol::", "c"):
            self.assertEqual(self.target.answer(packet), "")
        for packet in ("m", "mzz,4", "m1", "Hgfff", "T", "QKdumpThread:9", "QKdumpAlias:1",
                       "qThreadExtraInfo,ffff", "QKdumpThread:9::rip", "T-", "qKdumpWhy:"):
            self.assertEqual(self.target.answer(packet), "E01", packet)

    def test_short_note(self):
        """A CPU whose note is too short is left out, and a dump without any still opens."""
        notes = dumps.note("CORE", 1, bytes(40))
        target = gdb_target.Target(open_dump(make_dump(notes)))
        self.assertTrue(target.answer("g").startswith("xxxx"))

    def test_protocol(self):
        """Frames, check sums, acknowledgements until gdb asks for none, split packets."""
        to_server, from_client = os.pipe()
        to_client, from_server = os.pipe()
        server = threading.Thread(target=gdb_target.serve,
                                  args=(self.target, to_server, from_server))
        server.start()
        for piece in (b"+$qC#b4", b"$QStart", b"NoAckMode#b", b"0", b"$?#3f$qC#b4$D#44"):
            os.write(from_client, piece)
        server.join(10)
        self.assertFalse(server.is_alive())
        # Sums of bytes modulo 256, by hand.
        self.assertEqual(os.read(to_client, 4096),
                         b"+$QC7#cb+$OK#9a$T05thread:7;#dd$QC7#cb$OK#9a")


class Alone(unittest.TestCase):
    """gdb's command line for gdb-vmcore."""

    def test_names_with_blanks(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "a dump")
            path.write_bytes(make_dump().getvalue()[:-100])
            command, problems = load("gdb-vmcore").gdb_command("/my boot/vmlinux", str(path))
        self.assertIn("symbol-file -o 0x0 '/my boot/vmlinux'", command)
        self.assertEqual(command[-1], str(path))
        self.assertRegex(problems[0], "^it was cut off: 100 of ")

    def test_other_formats(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "dump")
            for content in (dumps.kdump({4096: bytes(4096)}, b""),
                            dumps.flat(make_dump().getvalue())):
                path.write_bytes(content)
                with self.assertRaisesRegex(ValueError, "use gdb-kdump"):
                    load("gdb-vmcore").gdb_command("vmlinux", str(path))


if __name__ == "__main__":
    unittest.main()
