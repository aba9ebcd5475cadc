# SPDX-License-Identifier: GPL-2.0
"""Encrypted dumps: decrypted to be read, told what is missing, and nothing of it left behind."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import sealed

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORT = ROOT / "tools" / "kdump" / "kdump-report"
GDB_KDUMP = ROOT / "tools" / "gdb" / "gdb-kdump"
CHUNK = 65536


@unittest.skipUnless(shutil.which("age"), "there is no age")
class Sealed(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.identity = self.folder / "key"
        done = subprocess.run(["age-keygen", "-o", self.identity], check=True, capture_output=True,
                              text=True)
        self.recipient = done.stderr.split()[-1]
        self.place, self.dump = self.folder / "tmp", self.folder / "dump"
        self.place.mkdir()
        self.dump.mkdir()
        change = unittest.mock.patch.dict(os.environ, {"TMPDIR": str(self.place)})
        change.start()
        self.addCleanup(change.stop)

    def seal(self, name, data, cut=None):
        done = subprocess.run(["age", "-r", self.recipient], input=data, check=True,
                              stdout=subprocess.PIPE)
        path = self.dump / name
        path.write_bytes(done.stdout[:cut])
        return path

    def test_unseal(self):
        """A file is what it was, and has no name."""
        path, missing = sealed.unseal(self.seal("a.age", b"text" * 50000), self.identity)
        self.assertEqual((path.read_bytes(), missing), (b"text" * 50000, None))
        self.assertEqual(list(self.place.iterdir()), [])
        self.assertEqual(path.stat().st_mode & 0o077, 0)

    def test_cut(self):
        """Of one that was cut there is what could be decrypted, and it is told."""
        sealed_file = self.seal("a.age", b"text" * 50000, cut=150000)
        path, missing = sealed.unseal(sealed_file, self.identity)
        self.assertEqual(path.read_bytes(), (b"text" * 50000)[:2 * CHUNK])
        self.assertIn(f"{2 * CHUNK} bytes of it could be decrypted", missing)

    def test_refused(self):
        """Without a key, with another one, or without age there is nothing but the reason."""
        path, other = self.seal("a.age", b"text"), self.folder / "other"
        subprocess.run(["age-keygen", "-o", other], check=True, capture_output=True)
        with self.assertRaisesRegex(ValueError, "--identity"):
            sealed.unseal(path, None)
        with self.assertRaisesRegex(ValueError, "cannot be decrypted: age: error: no identity"):
            sealed.unseal(path, other)
        with unittest.mock.patch.dict(os.environ, {"PATH": "/nonexistent"}):
            with self.assertRaisesRegex(ValueError, "install age"):
                sealed.unseal(path, self.identity)

    def report(self, *arguments):
        done = subprocess.run([sys.executable, REPORT, "--json", "--no-gdb", *arguments, self.dump],
                              check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def test_report(self):
        """kdump report reads log and classes, and says what it lacks."""
        self.seal("vmcore-dmesg.txt.age", b"[    1.000000] Kernel panic - not syncing: secret\n")
        self.seal("report.txt.age", b"kernel: pages 40 bytes 163840\n")
        self.seal("vmcore.age", b"no dump" * 30000, 100000)
        (self.dump / "kdump-status").write_text("stage=done\nresult=ok\n")
        known = self.report("--identity", self.identity)
        self.assertEqual(known["panic"], "Kernel panic - not syncing: secret")
        self.assertEqual((known["classes"], known["status"]["result"]), ({"kernel": 163840}, "ok"))
        self.assertEqual(known["directory"], "dump")
        self.assertIn("vmcore.age: it has been cut or damaged", known["problems"][0])
        self.assertEqual(list(self.place.iterdir()), [])
        for path in ("report.txt", "report.html"):
            self.assertEqual((self.dump / path).stat().st_mode & 0o777, 0o600)
            (self.dump / path).unlink()
        known = self.report()
        self.assertIsNone(known["panic"])
        self.assertIn("it is encrypted: --identity", known["problems"][0])

    def test_gdb_kdump(self):
        """gdb-kdump finds an encrypted dump, and says why it does not open it."""
        self.seal("vmcore.age", b"no dump" * 20000)
        (self.dump / "vmcore-dmesg.txt.age").write_bytes(b"age-encryption.org/v1\n")
        for arguments, wanted in (((), "vmcore.age: it is encrypted: --identity"),
                                  (("--identity", self.identity), "neither an ELF core file")):
            done = subprocess.run([sys.executable, GDB_KDUMP, self.dump, *arguments], check=False,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(wanted, done.stderr)


if __name__ == "__main__":
    unittest.main()
