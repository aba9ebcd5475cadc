# SPDX-License-Identifier: GPL-2.0
"""What the user is told, and what is left when something gives way."""
import os
import signal
import subprocess
import time

from case import FAILED, NO_SPACE, TIMEOUT, UNREADABLE, USAGE, Case
from corefile import Core, PAGE
from kdumpreader import INCOMPLETE, KdumpFile, unflatten


class Report(Case):
    """What the user is told."""

    def setUp(self):
        super().setUp()
        self.core = Core()
        self.core.add(0x100000, self.pages(500))
        self.core.write(self.source)

    def test_status(self):
        """The status file has the end of it all; -q is silent."""
        self.save("-q", "-s", self.status, self.source, self.dest)
        state = self.state()
        self.assertEqual((state["stage"], state["error"]), ("done", ""))
        self.assertEqual((state["bytes"], state["total"]), (str(500 * PAGE),) * 2)
        self.assertEqual(state["missing"], "0")
        self.assertRegex(state["seconds"], r"^\d+\.\d$")
        self.assertEqual(self.errors, "")
        self.assertEqual(list(self.folder.glob("status.*")), [])

    def test_summary(self):
        """Without -q the last line sums up."""
        self.save(self.source, self.dest)
        self.assertRegex(self.errors, r"^vmcore-save: saved 2\.0 MiB as [01]\.\d MiB in ")

    def test_usage(self):
        """Wrong usage is told and changes nothing."""
        for arguments in ([], ["-l", "32", "a", "b"], ["-F", "gzip", "a", "b"], ["-t", "0", "a"],
                          ["-m", "1", "a"],
                          ["-c", "bzip2", "a", "b"], ["a", "b", "c"], ["--dmesg", "a"],
                          ["--info", "a", "b"], ["-l", "x", "a"], ["--nonsense"]):
            with self.subTest(arguments=arguments):
                self.save(*arguments, status=USAGE)
                self.assertTrue(self.errors)
        self.assertIn(b"Usage:", self.save("--help"))

    def test_same_file(self):
        """Source and destination may not be the same."""
        before = self.source.read_bytes()
        self.save(self.source, self.source, status=USAGE)
        self.assertIn("same file", self.errors)
        self.assertEqual(self.source.read_bytes(), before)

    def test_no_source(self):
        """A source that is not there, or no dump."""
        self.save("-s", self.status, self.folder / "nothing", self.dest, status=UNREADABLE)
        self.assertIn("nothing: No such file", self.errors)
        self.assertIn("No such file", self.state()["error"])
        (self.folder / "text").write_text("no dump\n" * 1000)
        self.save(self.folder / "text", self.dest, status=UNREADABLE)
        self.assertIn("not an ELF core file", self.errors)
        self.assertFalse(self.dest.exists())

    def test_no_dest(self):
        """A destination that cannot be made."""
        self.save(self.source, self.folder / "no" / "folder", status=FAILED)
        self.assertIn("no/folder: cannot write: No such file", self.errors)


class Holes(Case):
    """A hole that takes long is seen to go on."""
    HOLE = 48 << 20

    def setUp(self):
        super().setUp()
        core = Core()
        core.add(0, [self.page("noise"), *[None] * (self.HOLE // PAGE), self.page("noise")])
        core.write(self.source)

    def test_pipe(self):
        """The status goes on while zeros are written into a pipe."""
        with subprocess.Popen([self.program, "-q", "-F", "elf", "-s", self.status, self.source,
                               "-"], stdout=subprocess.PIPE) as process:
            taken = len(process.stdout.read(self.HOLE // 3))
            time.sleep(1.2)
            taken += len(process.stdout.read(self.HOLE // 3))
            state = self.state()
            taken += len(process.stdout.read())
        self.assertEqual(state["stage"], "copy")
        self.assertGreater(int(state["written"]), self.HOLE // 3)
        self.assertEqual((process.returncode, taken), (0, self.source.stat().st_size))

    def test_disk(self):
        """A disk is asked for zeros in pieces, so that the status can go on between them."""
        self.save("-q", "-F", "elf", "-s", self.status, self.source, self.dest,
                  env={"FAULT_BLOCK": "1"})
        pieces = [tuple(map(int, line.split()[1:])) for line in self.errors.splitlines()]
        self.assertGreater(len(pieces), 2)
        self.assertLessEqual(max(size for _, size in pieces), 16 << 20)
        self.assertGreater(sum(size for _, size in pieces), self.HOLE - PAGE)
        self.assertGreater(int(self.state()["written"]), self.HOLE)
        size = self.source.stat().st_size
        self.assertEqual(self.dest.read_bytes()[:size], self.source.read_bytes())


class Faults(Case):
    """Something gives way in the middle of it."""

    def setUp(self):
        super().setUp()
        self.core = Core()
        # More than a piece of the map, so that there are several checkpoints.
        self.core.add(0, [self.page("noise") if at < 3000 else None for at in range(40000)])
        self.core.add(1 << 30, [self.page("noise") for _ in range(1500)])
        self.core.write(self.source)

    def test_read_error(self):
        """Pages that cannot be read are lost, all others are there."""
        at = 8192 + 100 * PAGE
        self.save("-q", "-s", self.status, self.source, self.dest, status=UNREADABLE,
                  env={"FAULT_READ": f"{at}-{at + 2 * PAGE}"})
        dump = KdumpFile(self.dest.read_bytes())
        wanted, found = self.core.memory(), dump.pages()
        lost = [number for number in found if found[number] is None]
        self.assertEqual(lost, [100, 101])
        self.assertEqual([number for number in wanted if number not in lost and
                          wanted[number] != found.get(number)], [])
        self.assertTrue(dump.status & INCOMPLETE)
        self.assertEqual(self.state()["missing"], str(2 * PAGE))
        self.assertIn("not all pages could be read", self.state()["error"])

    def test_read_error_elf(self):
        """The same in the ELF form: a hole, and it is told."""
        at = 8192 + 100 * PAGE
        self.save("-q", "-F", "elf", "-s", self.status, self.source, self.dest, status=UNREADABLE,
                  env={"FAULT_READ": f"{at}-{at + PAGE}"})
        wanted = bytearray(self.source.read_bytes())
        wanted[at:at + PAGE] = bytes(PAGE)
        self.assertEqual(self.dest.read_bytes(), wanted)
        self.assertEqual(self.state()["missing"], str(PAGE))

    def test_short_source(self):
        """A source that ends before its headers say: what there is is saved."""
        size = self.source.stat().st_size - 500 * PAGE
        os.truncate(self.source, size)
        self.save("-q", "-s", self.status, self.source, self.dest, status=UNREADABLE)
        self.assertIn("too short", self.errors)
        dump = KdumpFile(self.dest.read_bytes())
        self.assertEqual(len(dump.pages()), 41000)
        self.assertEqual(self.state()["missing"], str(500 * PAGE))

    def test_disk_full(self):
        """The disk is full: the pages that got there can be read."""
        for room in (3 << 20, 8 << 20, 15 << 20):
            with self.subTest(room=room):
                self.dest.unlink(missing_ok=True)
                self.save("-q", "-s", self.status, self.source, self.dest, status=NO_SPACE,
                          env={"FAULT_SPACE": str(room)})
                self.assertIn("no space left", self.state()["error"])
                self.assertEqual(self.state()["stage"], "failed")
                count = self.part_of(self.core, KdumpFile(self.dest.read_bytes()))
                self.assertGreater(count, (room - (2 << 20)) // PAGE - 300)

    def test_write_back(self):
        """Where the page cache is used, so is an error of writing back."""
        for form in ("kdump", "elf"):
            self.save("-q", "-F", form, "-s", self.status, self.source, self.dest, status=FAILED,
                      env={"FAULT_CACHE": "1"})
            self.assertIn("cannot write: Input/output error", self.state()["error"])

    def test_file_limit(self):
        """So is it at a limit on the size of files."""
        self.save("-q", self.source, self.dest, status=NO_SPACE, limit=6 << 20)
        self.assertGreater(self.part_of(self.core, KdumpFile(self.dest.read_bytes())), 800)
        self.dest.unlink()
        self.save("-q", self.source, self.dest, status=NO_SPACE, limit=64 << 10)

    def test_limit(self):
        """So is it at the limit that -m sets; nothing comes behind that."""
        self.save("-q", "-m", (6 << 20) + 1, "-s", self.status, self.source, self.dest,
                  status=NO_SPACE)
        self.assertIn("no space left", self.state()["error"])
        self.assertEqual(self.dest.stat().st_size, 6 << 20)
        self.assertGreater(self.part_of(self.core, KdumpFile(self.dest.read_bytes())), 800)
        for form in ("flat", "elf"):
            self.save("-q", "-F", form, "-m", 6 << 20, self.source, self.dest, status=NO_SPACE)
            self.assertLessEqual(self.dest.stat().st_size, 6 << 20)
            self.assertGreater(self.dest.stat().st_size, 4 << 20)
        self.save("-q", "-m", 1 << 40, self.source, self.dest)

    def test_disk_full_elf(self):
        """In the ELF form, the beginning is there."""
        self.save("-q", "-F", "elf", self.source, self.dest, status=NO_SPACE,
                  env={"FAULT_SPACE": str(6 << 20)})
        data = self.dest.read_bytes()
        self.assertEqual(len(data), 6 << 20)
        self.assertTrue(self.source.read_bytes().startswith(data))

    def test_broken_pipe(self):
        """The program that takes the dump ends."""
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([self.program, "-q", "-s", self.status, self.source, "-"],
                              stdout=write, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        os.close(write)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("has ended", self.state()["error"])

    def test_cut_pipe(self):
        """A flattened dump that is cut can be read up to there."""
        data = self.save("-q", self.source, "-")
        dump = KdumpFile(unflatten(data[:len(data) * 9 // 10], whole=False))
        wanted, found = self.core.memory(), dump.pages()
        self.assertGreater(len(found), 30000)
        self.assertEqual([number for number in found if found[number] != wanted[number]], [])

    def test_interrupted(self):
        """A signal ends it in good order."""
        with subprocess.Popen([self.program, "-q", "-s", self.status, self.source, "-"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            head = process.stdout.read(1)
            process.send_signal(signal.SIGTERM)
            data = head + process.stdout.read()
            errors = process.stderr.read().decode()
            self.assertEqual(process.wait(TIMEOUT), FAILED, errors)
        self.assertIn("interrupted by signal 15", self.state()["error"])
        self.assertLess(len(data), self.source.stat().st_size)
