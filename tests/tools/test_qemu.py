# SPDX-License-Identifier: GPL-2.0
"""Dumps that QEMU makes of a guest, in each format that it offers, have the guest's memory."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from dumpfile import open_dump

QEMU = "qemu-system-x86_64"
MEMORY = 16 << 20
FORMATS = ("elf", "kdump-zlib", "kdump-lzo", "kdump-snappy")
PATTERN = bytes(range(256)) * 16
PLACE = 0x400000


@unittest.skipUnless(shutil.which(QEMU), f"{QEMU} is not installed")
class Guest(unittest.TestCase):
    """A machine that never runs, with a pattern in its memory."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "pattern").write_bytes(PATTERN)
        self.qemu = subprocess.Popen(
            [QEMU, "-accel", "tcg", "-S", "-m", str(MEMORY >> 20), "-display", "none",
             "-nodefaults", "-qmp", "stdio", "-device",
             f"loader,file={self.folder}/pattern,addr={PLACE:#x},force-raw=on"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.ask("qmp_capabilities")

    def end(self):
        self.qemu.stdin.close()
        self.qemu.kill()
        self.qemu.wait()
        self.qemu.stdout.close()

    def ask(self, command, **arguments):
        print(json.dumps({"execute": command, "arguments": arguments}), file=self.qemu.stdin,
              flush=True)
        for line in self.qemu.stdout:
            answer = json.loads(line)
            if "return" in answer or "error" in answer:
                return answer
        raise AssertionError("QEMU has ended")

    def test_formats(self):
        memory = self.folder / "memory"
        self.ask("pmemsave", val=0, size=MEMORY, filename=str(memory))
        memory, read = memory.read_bytes(), []
        self.assertEqual(memory[PLACE:PLACE + 4096], PATTERN)
        for name in FORMATS:
            for paging in (False, True) if name == "elf" else (False,):
                path = self.folder / name
                answer = self.ask("dump-guest-memory", paging=paging, protocol=f"file:{path}",
                                  **({} if name == "elf" else {"format": name}))
                if "error" in answer:           # this QEMU was built without it
                    continue
                with self.subTest(format=name, paging=paging), open(path, "rb") as stream:
                    dump = open_dump(stream)
                    self.assertEqual(dump.problems, [])
                    # By the guest's page tables, which it has not made, there is little.
                    for paddr in () if paging else (PLACE, *range(1 << 20, MEMORY, 1 << 16)):
                        self.assertEqual(dump.physical(paddr, 4096), memory[paddr:paddr + 4096])
                    self.assertIn("QEMU", [note.name for note in dump.notes])
                    with self.assertRaisesRegex(ValueError, "-device vmcoreinfo"):
                        _ = dump.vmcoreinfo
                    read.append(name)
        self.assertIn("elf", read)
        self.assertIn("kdump-zlib", read)


if __name__ == "__main__":
    unittest.main()
