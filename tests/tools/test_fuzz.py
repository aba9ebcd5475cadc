# SPDX-License-Identifier: GPL-2.0
"""The fuzzer of the readers: some of its inputs, and that it would find a defect."""
import random
import unittest
import unittest.mock

import fuzz_readers

RUNS, SECONDS = 2000, 25


class Fuzz(unittest.TestCase):
    def test_readers(self):
        """Damaged dumps are refused, or read, within bounds of memory and time."""
        first = random.SystemRandom().randrange(1 << 32)
        findings, tried = fuzz_readers.run(first, RUNS, SECONDS)
        self.assertEqual(findings, [], f"first seed {first}")
        self.assertGreater(tried, 0)

    def test_originals(self):
        """Without damage all of them are read to the end, so the fuzzer begins with good dumps."""
        for content in fuzz_readers.originals():
            dump = fuzz_readers.open_dump(fuzz_readers.io.BytesIO(content))
            lacking = [text for text in dump.problems if "could not be read" not in text]
            self.assertEqual(lacking, [])
            pages = fuzz_readers.PageTables(dump)
            self.assertEqual(pages.read(fuzz_readers.test_target.LARGE_VADDR, 4), b"huge")
            log = fuzz_readers.PrintkLog(dump.vmcoreinfo, pages.read)
            self.assertIn("message 11", "\n".join(fuzz_readers.lines(log.records())))

    def test_same_again(self):
        files = fuzz_readers.originals()
        self.assertEqual(fuzz_readers.make(7, files), fuzz_readers.make(7, files))
        self.assertNotEqual(fuzz_readers.make(7, files), fuzz_readers.make(8, files))

    def check_found(self, function, words):
        findings, _ = fuzz_readers.batch(range(40, 43), fuzz_readers.originals(), function)
        self.assertEqual([seed for seed, text in findings if words in text], [41], findings)

    def test_findings(self):
        """An exception, too much memory, too much time and the end of the process are found."""
        def only(function):
            return lambda content, seed: function() if seed == 41 else None

        def endless():
            while True:
                pass

        self.check_found(only(lambda: {}["x"]), "KeyError")
        self.check_found(only(lambda: bytearray(2 << 30)), "MemoryError")
        self.check_found(only(lambda: fuzz_readers.os._exit(3)), "the process ended")
        with unittest.mock.patch.object(fuzz_readers, "CPU_SECONDS", 1):
            self.check_found(only(endless), "TooLong")


if __name__ == "__main__":
    unittest.main()
