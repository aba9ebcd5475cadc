# SPDX-License-Identifier: GPL-2.0
"""The kernel's log, and what is known of a crash."""
import re
import struct

import printk
from case import UNREADABLE, Case
from corefile import Core, PAGE


class Log(Case):
    """The kernel's log."""

    def log(self, buffer, status=0):
        core = Core()
        core.add(0x100000, self.pages(5))
        buffer.into(core)
        core.write(self.source)
        self.save("--dmesg", self.source, self.dest, status=status)
        return self.dest.read_text(errors="surrogateescape").splitlines()

    def test_messages(self):
        """Times, callers, several lines, control characters, messages that wrap."""
        buffer = printk.RingBuffer()
        buffer.add(b"first", time=1500)
        buffer.add(b"two\nlines", time=12345678901234, caller=0x80000003)
        buffer.add(b"bell \x07 and \xc3\xa4\ttab", state=printk.COMMITTED)
        buffer.add(b"x" * 100)
        buffer.add(b"wrapped")
        buffer.add("csi \u009b, bidi \u202e, \u20ac".encode() + b", bytes \x9b \xe4 \xc2")
        self.assertEqual(self.log(buffer), [
            "[    0.000001] [      T1] first",
            "[12345.678901] [      C3] two",
            "[12345.678901] [      C3] lines",
            "[    0.000000] [      T1] bell \\x07 and \u00e4\ttab",
            "[    0.000000] [      T1] " + "x" * 100,
            "[    0.000000] [      T1] wrapped",
            "[    0.000000] [      T1] csi \\xc2\\x9b, bidi \\xe2\\x80\\xae, \u20ac, bytes \\x9b "
            "\udce4 \udcc2",
        ])

    def test_states(self):
        """Messages without text, and those that were being written at the crash."""
        buffer = printk.RingBuffer()
        buffer.add(b"not yet", state=printk.RESERVED)
        buffer.put(1, 1, 0)
        buffer.add(b"last")
        self.assertEqual(self.log(buffer), ["[    0.000000] [      T1] ",
                                            "[    0.000000] [      T1] last"])

    def test_corrupt_messages(self):
        """A message that cannot be right is a gap, the others are there."""
        for spoil in (lambda buffer: buffer.add(b"not mine", owner=7),
                      lambda buffer: buffer.put(100, 50, 20),
                      lambda buffer: buffer.put(0, 1 << 60, 20)):
            buffer = printk.RingBuffer()
            buffer.add(b"before")
            spoil(buffer)
            buffer.add(b"after")
            self.assertEqual(self.log(buffer, UNREADABLE),
                             ["[    0.000000] [      T1] before",
                              "<1 messages could not be read>",
                              "[    0.000000] [      T1] after"])

    def test_corrupt_head(self):
        """A head that cannot be right is told."""
        buffer = printk.RingBuffer(count_bits=4)
        buffer.add(b"x")
        buffer.count_bits = 60
        self.assertEqual(self.log(buffer, UNREADABLE), [])
        self.assertIn("head at 0xffffffff80000008 is corrupt", self.errors)

    def test_corrupt_tail(self):
        """A tail that is too far away costs nothing."""
        buffer = printk.RingBuffer(count_bits=2)
        for number in range(6):
            buffer.add(b"%d" % number)
        buffer.tail = 12345
        self.assertEqual([line[-1] for line in self.log(buffer)], list("2345"))

    def test_old_kernel(self):
        """A kernel without such a buffer."""
        core = Core()
        core.add(0, self.pages(1))
        core.write(self.source)
        self.save("--dmesg", self.source, self.dest, status=UNREADABLE)
        self.assertIn("older than 5.10", self.errors)

    def test_page_tables(self):
        """The rings may be where only the kernel's page tables know."""
        buffer = printk.RingBuffer()
        buffer.add(b"found")
        buffer.write_head()
        image, where = 0x2000000, 0xffffa00012345000
        struct.pack_into("<Q", buffer.image, 16, where)
        core = Core()
        core.info.update({name: str(value) for name, value in printk.LAYOUT.items()})
        core.info.update({"SYMBOL(prb)": f"{printk.BASE:x}", "NUMBER(phys_base)": str(image),
                          "SYMBOL(swapper_pg_dir)": f"{printk.BASE + 0x10000:x}"})
        tables = bytearray(4 * PAGE)
        for level in range(4):
            index = where >> 39 - 9 * level & 511
            target = image + (0x11000 + level * PAGE if level < 3 else printk.DESCS)
            struct.pack_into("<Q", tables, level * PAGE + 8 * index, target | 0x8000000000000003)
        core.add(image, bytes(buffer.image).ljust(0x10000, b"\0") + bytes(tables))
        core.write(self.source)
        self.save("--dmesg", self.source, self.dest)
        self.assertEqual(self.dest.read_text(), "[    0.000000] [      T1] found\n")

    def test_info(self):
        """What is known of the crash."""
        buffer = printk.RingBuffer()
        buffer.add(b"CPU: 9 PID: 9 Comm: too early")
        buffer.add(b"Kernel panic - not syncing: test", caller=70)
        buffer.add(b"CPU: 2 UID: 0 PID: 71 Comm: sh Not tainted")
        buffer.add(b"CPU: 3 PID: 72 Comm: another one")
        core = Core()
        buffer.into(core)
        core.write(self.source)
        text = self.save("--info", self.source).decode()
        for line in ("release=6.12.0-test", "crash_time=1700000000", "cpus=2",
                     "reason=Kernel panic - not syncing: test", "cpu=2", "pid=71"):
            self.assertIn(f"{line}\n", text)

    def test_reasons(self):
        """Crashes of which the kernel says neither "Oops" nor "panic"."""
        for text in ("general protection fault, probably for non-canonical address 0xdead",
                     "kernel BUG at mm/slub.c:305!", "divide error: 0000 [#1] SMP",
                     "watchdog: BUG: soft lockup - CPU#3 stuck for 22s!"):
            buffer = printk.RingBuffer()
            buffer.add(text.encode())
            buffer.add(b"CPU: 3 PID: 71 Comm: sh Not tainted")
            core = Core()
            buffer.into(core)
            core.write(self.source)
            info = self.save("--info", self.source).decode()
            self.assertIn(f"reason={text}\ncpu=3\npid=71\n", info)

    def test_cpu(self):
        """The CPU that crashed is the one with the task that said so, if there is just one."""
        buffer = printk.RingBuffer()
        buffer.add(b"Kernel panic - not syncing: test", caller=71)
        for pids, cpu in (((0, 5, 71, 0), "cpu=2\n"), ((71, 71), ""), ((0, 0), "")):
            core = Core(cpus=len(pids), pids=pids)
            buffer.into(core)
            core.write(self.source)
            text = self.save("--info", self.source).decode()
            self.assertIn("pid=71\n", text)
            self.assertEqual("".join(re.findall("^cpu=.*\n", text, re.MULTILINE)), cpu)
