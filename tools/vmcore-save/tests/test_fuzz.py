# SPDX-License-Identifier: GPL-2.0
"""Dumps with random damage."""
import re
import resource
import subprocess

import printk
from case import FAILED, NO_SPACE, TIMEOUT, UNREADABLE, Case
from corefile import Core


class Fuzz(Case):
    """Nothing in a dump can bring the program down."""
    ROUNDS = 120

    def spoil(self, data):
        """Change some numbers where headers and notes are, or cut the file."""
        data = bytearray(data)
        for _ in range(self.random.randint(1, 6)):
            size = self.random.choice((1, 2, 4, 8))
            at = self.random.randrange(0, 64 + 56 * 8 if self.random.random() < .5 else len(data))
            value = self.random.choice((0, 1, 0xff, 1 << 63, (1 << 64) - 1, (1 << 64) - 4096,
                                        1 << 31, self.random.getrandbits(64), len(data)))
            data[at:at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
        if self.random.random() < .2:
            del data[self.random.randrange(len(data)):]
        return data

    def attempt(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True,
                              timeout=TIMEOUT, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                    (1 << 30, 1 << 30)))
        errors = done.stderr.decode(errors="replace")
        self.assertIn(done.returncode, (0, FAILED, NO_SPACE, UNREADABLE), errors)
        self.assertIsNone(re.search("Sanitizer|runtime error", errors), errors)
        return done.returncode

    def test_corrupt(self):
        """Dumps with random damage are saved as far as they can be, or refused."""
        core = Core()
        buffer = printk.RingBuffer()
        for number in range(10):
            buffer.add(b"message %d" % number)
        buffer.into(core)
        core.add(0x100000, self.pages(20), vaddr=0xffff888000100000)
        core.add(0x1000, self.page("noise")[:0xc00])
        core.write(self.source)
        good = self.source.read_bytes()
        results = []
        for number in range(self.ROUNDS):
            with self.subTest(round=number):
                self.source.write_bytes(self.spoil(good))
                results.append(self.attempt("-q", self.source, self.dest))
                self.attempt("-q", "-F", "elf", self.source, self.dest)
                self.attempt("--dmesg", self.source, self.dest)
                self.attempt("--info", self.source)
        # Both must have been there, else this tests nothing.
        self.assertIn(0, results)
        self.assertIn(UNREADABLE, results)
