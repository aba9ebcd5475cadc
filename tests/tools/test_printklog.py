# SPDX-License-Identifier: GPL-2.0
"""The log is read as the kernel's ring buffer has it, and survives a ring that is broken."""
import random
import struct
import unittest

from printklog import PrintkLog, lines

BASE = 0xffff888000000000
RING, DESCS, INFOS, TEXT = (BASE + at for at in (0x1000, 0x2000, 0x4000, 0x8000))
DESC_SIZE, INFO_SIZE = 24, 88
INFO = {"SYMBOL(prb)": f"{BASE:x}",
        "OFFSET(printk_ringbuffer.desc_ring)": 0, "OFFSET(printk_ringbuffer.text_data_ring)": 48,
        "OFFSET(prb_desc_ring.count_bits)": 0, "OFFSET(prb_desc_ring.descs)": 8,
        "OFFSET(prb_desc_ring.infos)": 16, "OFFSET(prb_desc_ring.head_id)": 24,
        "OFFSET(prb_desc_ring.tail_id)": 32, "OFFSET(prb_data_ring.size_bits)": 0,
        "OFFSET(prb_data_ring.data)": 8, "OFFSET(atomic_long_t.counter)": 0,
        "SIZE(prb_desc)": DESC_SIZE, "OFFSET(prb_desc.state_var)": 0,
        "OFFSET(prb_desc.text_blk_lpos)": 8, "OFFSET(prb_data_blk_lpos.begin)": 0,
        "OFFSET(prb_data_blk_lpos.next)": 8, "SIZE(printk_info)": INFO_SIZE,
        "OFFSET(printk_info.seq)": 0, "OFFSET(printk_info.ts_nsec)": 8,
        "OFFSET(printk_info.text_len)": 16}
INFO = {key: str(value) for key, value in INFO.items()}


class Ring:
    """A ring buffer in made-up memory, filled as the kernel fills one."""

    def __init__(self, count_bits=3, size_bits=8):
        self.memory = bytearray(0x10000)
        self.count, self.size = 1 << count_bits, 1 << size_bits
        self.first, self.head = 1 << 40, (1 << 40) - 1
        self.lpos = (1 << 62) - 3 * self.size      # near to where positions wrap
        self.store(BASE, "<Q", RING)
        self.store(RING, "<I4xQQ", count_bits, DESCS, INFOS)
        self.store(RING + 48, "<I4xQ", size_bits, TEXT)
        self.move()

    def store(self, address, form, *values):
        struct.pack_into(form, self.memory, address - BASE, *values)

    def move(self):
        tail = max(self.first, self.head - self.count + 1)
        self.store(RING + 24, "<QQ", self.head, tail)

    def add(self, text, state=2, level=6, facility=0, ns=0):
        self.head += 1
        slot = self.head % self.count
        size = 8 + len(text) + (-len(text) & 7)
        begin = self.lpos
        if begin % self.size + size > self.size:    # it does not fit before the end
            begin += self.size - begin % self.size
            at = 0
            end = begin + size
            begin = self.lpos
        else:
            at, end = begin % self.size, begin + size
        self.lpos = end
        self.store(TEXT + at, "<Q", self.head)
        self.memory[TEXT - BASE + at + 8:TEXT - BASE + at + 8 + len(text)] = text
        self.store(DESCS + slot * DESC_SIZE, "<QQQ", state << 62 | self.head, begin, end)
        self.store(INFOS + slot * INFO_SIZE, "<QQHBBI", self.head, ns, len(text), facility,
                   level << 5, 0)
        self.move()

    def read(self, address, size):
        at = address - BASE
        return bytes(self.memory[at:at + size]) if 0 <= at < len(self.memory) else b""

    def lines(self, decode=False):
        return list(lines(PrintkLog(INFO, self.read).records(), decode))


class Log(unittest.TestCase):
    def setUp(self):
        self.ring = Ring()

    def test_lines(self):
        self.ring.add(b"first", ns=1_234_567_890)
        self.ring.add(b"two\nlines", ns=99_999_000_001_000)
        self.assertEqual(self.ring.lines(), ["[    1.234567] first", "[99999.000001] two",
                                             "[99999.000001] lines"])

    def test_decoded(self):
        self.ring.add(b"a", level=0)
        self.ring.add(b"b", level=7, facility=3)
        self.ring.add(b"c", level=3, facility=99)
        self.assertEqual(self.ring.lines(decode=True), [
            "kern  :emerg : [    0.000000] a", "daemon:debug : [    0.000000] b",
            "99    :err   : [    0.000000] c"])

    def test_wrapped(self):
        """Old records make room for new ones; a block that does not fit is at the start."""
        for number in range(40):
            self.ring.add(b"x" * (number % 23) + b" %d" % number)
        found = self.ring.lines()
        self.assertEqual(found, [f"[    0.000000] {'x' * (number % 23)} {number}"
                                 for number in range(32, 40)])

    def test_unfinished(self):
        """What a CPU was writing when it died is left out, what it had committed is not."""
        self.ring.add(b"whole")
        self.ring.add(b"reserved", state=0)
        self.ring.add(b"committed", state=1)
        self.ring.add(b"reusable", state=3)
        self.assertEqual([line[15:] for line in self.ring.lines()], ["whole", "committed"])

    def test_unprintable(self):
        self.ring.add(b"\x1b[2J\xff\ttab \xc3\xa4")
        self.assertEqual(self.ring.lines(), ["[    0.000000] \\x1b[2J\\xff\ttab \xe4"])

    def test_no_text(self):
        """A record without text is an empty line."""
        self.ring.add(b"")
        self.ring.store(DESCS + (self.ring.head % self.ring.count) * DESC_SIZE + 8, "<QQ", 1, 1)
        self.assertEqual(self.ring.lines(), ["[    0.000000] "])

    def test_missing_entry(self):
        for name in INFO:
            with self.assertRaisesRegex(ValueError, "has no"):
                PrintkLog({key: value for key, value in INFO.items() if key != name},
                          self.ring.read)

    def test_damage(self):
        """Whatever is overwritten: lines or ValueError, and neither a hang nor much memory."""
        rng = random.Random(3)
        for number in range(12):
            self.ring.add(b"line %d" % number)
        whole = bytes(self.ring.memory)
        for _ in range(3000):
            self.ring.memory[:] = whole
            at = rng.choice((0, 0x1000, 0x2000, 0x4000)) + rng.randrange(96)
            self.ring.memory[at] = rng.randrange(256)
            try:
                self.assertLessEqual(len(self.ring.lines()), 8 * 300)
            except ValueError:
                pass


class Entries(unittest.TestCase):
    def test_sizes_that_make_no_sense(self):
        """Entries smaller than what is in them, or larger than any, are refused."""
        ring = Ring()
        ring.add(b"hello")
        ring.move()
        for key, value in (("SIZE(printk_info)", 19), ("SIZE(printk_info)", 0),
                           ("SIZE(prb_desc)", 8), ("SIZE(prb_desc)", 1 << 40),
                           ("OFFSET(printk_info.text_len)", 86),
                           ("OFFSET(printk_info.seq)", 1 << 70)):
            with self.assertRaises(ValueError, msg=key):
                log = PrintkLog(INFO | {key: str(value)}, ring.read)
                list(log.records())


if __name__ == "__main__":
    unittest.main()
