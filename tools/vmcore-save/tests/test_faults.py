# SPDX-License-Identifier: GPL-2.0
"""What the user is told, and what is left when something gives way."""
import os
import select
import signal
import struct
import subprocess
import time

from case import FAILED, NO_SPACE, TIMEOUT, UNREADABLE, USAGE, Case
from corefile import Core, PAGE
from kdumpreader import FLAT_HEADER, INCOMPLETE, KdumpFile, unflatten


def records(data):
    """Begin and end of each record of the flattened form."""
    at = FLAT_HEADER
    while True:
        offset, size = struct.unpack_from(">qq", data, at)
        if offset == -1:
            return
        yield offset, offset + size
        at += 16 + size


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
        self.assertRegex(self.errors.splitlines()[-1],
                         r"^vmcore-save: saved 2\.0 MiB as [01]\.\d MiB in ")

    def test_usage(self):
        """Wrong usage is told and changes nothing."""
        for arguments in ([], ["-l", "32", "a", "b"], ["-F", "gzip", "a", "b"], ["-t", "0", "a"],
                          ["-m", "1", "a"],
                          ["-l", " 3", "a"], ["-t", "+3", "a"],
                          ["--info", "-q", "a"], ["--dmesg", "-F", "elf", "a", "b"],
                          ["-c", "bzip2", "a", "b"], ["a", "b", "c"], ["--dmesg", "a"],
                          ["--info", "a", "b"], ["-l", "x", "a"], ["--nonsense"]):
            with self.subTest(arguments=arguments):
                self.save(*arguments, status=USAGE)
                self.assertTrue(self.errors)
        self.assertIn(b"Usage:", self.save("--help"))
        self.assertRegex(self.save("--version"), rb"^vmcore-save.* \((\d{8}|unknown)\)\n$")

    def test_same_file(self):
        """Source and destination may not be the same."""
        before = self.source.read_bytes()
        self.save(self.source, self.source, status=USAGE)
        self.assertIn("same file", self.errors)
        self.assertEqual(self.source.read_bytes(), before)

    def test_kept(self):
        """What is read is never overwritten, whatever is named by mistake."""
        before = self.source.read_bytes()
        link = self.folder / "link"
        link.symlink_to(self.source)
        for arguments in (["--dmesg", self.source, self.source], ["--dmesg", self.source, link],
                          ["-s", self.source, self.source, self.dest],
                          ["-s", link, self.source, self.dest],
                          ["-s", self.dest, self.source, self.dest], [self.source, link]):
            with self.subTest(arguments=arguments):
                self.save(*arguments, status=USAGE)
                self.assertIn("same file", self.errors)
                self.assertEqual(self.source.read_bytes(), before)

    def test_mode(self):
        """A file that others could read is closed to them."""
        for arguments in (["-q"], ["-q", "-F", "elf"], ["--dmesg"]):
            self.dest.touch()
            self.dest.chmod(0o644)
            self.save(*arguments, self.source, self.dest,
                      status=UNREADABLE if "--dmesg" in arguments else 0)
            self.assertEqual(self.dest.stat().st_mode & 0o777, 0o600)

    def test_closed_streams(self):
        """Without standard streams nothing goes into the dump but the dump."""
        for closed in (">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed=closed):
                command = f'exec "$0" -F elf "$1" "$2" {closed}'
                subprocess.run(["sh", "-c", command, self.program, self.source, self.dest],
                               check=True, stderr=subprocess.DEVNULL)
                self.assertEqual(self.dest.read_bytes(), self.source.read_bytes())
        for arguments in (["-q", str(self.source), "-"], ["--info", str(self.source)], ["--help"]):
            done = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', self.program, *arguments],
                                  check=False, stderr=subprocess.DEVNULL)
            self.assertEqual(done.returncode, FAILED, arguments)

    def test_status_unwritable(self):
        """A state that cannot be kept is told, once, and the dump is saved."""
        self.save("-q", "-s", self.folder / "no" / "status", self.source, self.dest)
        self.assertEqual(self.errors.count("the state cannot be kept"), 1)
        self.assertEqual(self.dump("kdump").status, 0x20)

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
        self.assertIn("not all of it could be read", self.state()["error"])

    def test_read_error_flat(self):
        """Flattened, a lost page is not in the dump; no byte has two records."""
        at = 8192 + 100 * PAGE
        self.save("-q", "-F", "flat", self.source, self.dest, status=UNREADABLE,
                  env={"FAULT_READ": f"{at}-{at + 2 * PAGE}"})
        dump = self.dump("flat")
        self.assertEqual(self.part_of(self.core, dump), 41498)
        self.assertNotIn(100, dump.saved)
        self.assertIn(100, dump.existing)
        for name in (self.dest, "-"):
            data = self.save("-q", "-F", "flat", self.source, name) or self.dest.read_bytes()
            ranges = sorted(records(data))
            self.assertEqual([one for one, other in zip(ranges, ranges[1:]) if one[1] > other[0]],
                             [])

    def test_notes(self):
        """Notes that cannot be read: what can is there, and the loss is told."""
        for form in ("kdump", "flat", "elf"):
            with self.subTest(form=form):
                self.save("-q", "-F", form, "-s", self.status, self.source, self.dest,
                          status=UNREADABLE, env={"FAULT_READ": "4096-4100"})
                self.assertIn("notes cannot be read", self.state()["error"])
                self.assertNotEqual(self.state()["missing"], "0")
                if form == "elf":
                    self.assertTrue(self.is_marked(self.dest.read_bytes()))
                else:
                    self.assertEqual(self.part_of(self.core, self.dump(form)), 41500)

    def test_read_error_elf(self):
        """The same in the ELF form: a hole, and it is told."""
        at = 8192 + 100 * PAGE
        self.save("-q", "-F", "elf", "-s", self.status, self.source, self.dest, status=UNREADABLE,
                  env={"FAULT_READ": f"{at}-{at + PAGE}"})
        wanted = bytearray(self.source.read_bytes())
        wanted[at:at + PAGE] = bytes(PAGE)
        wanted[48] |= 1
        self.assertEqual(self.dest.read_bytes(), wanted)
        self.assertEqual(self.state()["missing"], str(PAGE))

    def test_short_source(self):
        """A source that ends before its headers say: what there is is saved."""
        size = self.source.stat().st_size - 500 * PAGE
        os.truncate(self.source, size)
        self.save("-q", "-s", self.status, self.source, self.dest, status=UNREADABLE)
        self.assertIn("its headers name are not in it", self.errors)
        self.assertEqual(self.part_of(self.core, self.dump("kdump")), 41000)
        self.assertEqual(self.state()["missing"], str(500 * PAGE))
        self.save("-q", "-F", "flat", self.source, self.dest, status=UNREADABLE)
        self.assertEqual(self.part_of(self.core, self.dump("flat")), 41000)
        self.save("-q", "-F", "elf", self.source, self.dest, status=UNREADABLE)
        self.assertTrue(self.is_marked(self.dest.read_bytes()))
        again = self.folder / "again"
        self.save("-q", self.dest, again, status=UNREADABLE)
        self.assertEqual(self.part_of(self.core, KdumpFile(again.read_bytes())), 41000)

    def test_shrinking_source(self):
        """A source that becomes shorter meanwhile: what is gone is not taken for zeros."""
        for form in ("elf", "flat"):
            with self.subTest(form=form):
                self.core.write(self.source)
                with subprocess.Popen([self.program, "-q", "-t", "1", "-F", form, self.source, "-"],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                    head = process.stdout.read(1 << 20)
                    os.truncate(self.source, 12 << 20)
                    data = head + process.stdout.read()
                    process.stderr.read()
                self.assertEqual(process.returncode, UNREADABLE)
                if form == "flat":
                    self.part_of(self.core, KdumpFile(unflatten(data)))

    def test_old_disk(self):
        """On a disk nothing of an older dump is taken for this one, whatever ends it."""
        old, new = Core(), Core()
        for base in (0, 1 << 28, 1 << 29):
            old.add(base, [self.page("noise") for _ in range(1500)])
            new.add(base, [self.page("noise") for _ in range(1500)])
        stale, right, both = set(old.memory().values()), new.memory(), {"FAULT_BLOCK": "1"}
        for form, limit, at in (("kdump", 10 << 20, 0), ("elf", 10 << 20, 0),
                                ("kdump", 1 << 30, 10 << 20), ("elf", 1 << 30, 10 << 20)):
            with self.subTest(form=form, limit=limit):
                old.write(self.source)
                self.save("-q", "-F", form, self.source, self.dest, env=both)
                new.write(self.source)
                self.save("-q", "-F", form, "-m", limit, self.source, self.dest,
                          status=UNREADABLE if at else NO_SPACE,
                          env={**both, "FAULT_READ": f"{at}-{at + PAGE}"} if at else both)
                again = self.dest
                if form == "elf":
                    # Its headers name what has been written, and nothing behind.
                    self.assertTrue(self.is_marked(self.dest.read_bytes()))
                    again = self.folder / "again"
                    self.save("-q", self.dest, again, status=UNREADABLE)
                dump = KdumpFile(again.read_bytes())
                pages = {number: page for number, page in dump.pages().items() if page}
                self.assertEqual([number for number in pages if pages[number] in stale], [])
                self.assertGreater(len(pages), 2000)
                self.assertTrue(dump.status & INCOMPLETE)
                wrong = [number for number in pages if pages[number] != right[number]]
                self.assertLessEqual(len(wrong), 1 if form == "elf" and at else 0)

    def test_killed_on_disk(self):
        """One that is killed leaves no dump of before, either."""
        for form in ("kdump", "elf"):
            self.core.write(self.source)
            self.save("-q", "-F", form, self.source, self.dest, env={"FAULT_BLOCK": "1"})
            with subprocess.Popen([self.program, "-q", "-F", form, self.source, self.dest],
                                  env={**os.environ, "FAULT_BLOCK": "1"},
                                  stderr=subprocess.PIPE) as process:
                process.stderr.readline()       # the first zeros
                process.kill()
            head = self.dest.read_bytes()[:1024]
            self.assertTrue(head[:4] == bytes(4) or KdumpFile(self.dest.read_bytes()).status
                            & INCOMPLETE)

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
        data = bytearray(self.dest.read_bytes())
        self.assertEqual(len(data), 6 << 20)
        self.assertTrue(self.is_marked(data))
        data[48] &= ~1
        self.assertTrue(self.source.read_bytes().startswith(data))

    def test_disk_full_flat(self):
        """In the flattened form, it ends with its last record all the same."""
        for limit in ((), ("-m", 6 << 20)):
            with self.subTest(limit=limit):
                self.save("-q", "-F", "flat", *limit, self.source, self.dest, status=NO_SPACE,
                          env={} if limit else {"FAULT_SPACE": str(6 << 20)})
                self.assertLessEqual(self.dest.stat().st_size, 6 << 20)
                self.assertGreater(self.part_of(self.core, self.dump("flat")), 700)

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
            head = process.stdout.read(1 << 20)
            process.send_signal(signal.SIGTERM)
            data = head + process.stdout.read()
            errors = process.stderr.read().decode()
            self.assertEqual(process.wait(TIMEOUT), FAILED, errors)
        self.assertIn("interrupted by signal 15", self.state()["error"])
        self.assertLess(len(data), self.source.stat().st_size)
        self.part_of(self.core, KdumpFile(unflatten(data)))

    def test_stalled(self):
        """A signal ends it although nobody reads, and a second one at once."""
        for second in (None, signal.SIGTERM, signal.SIGINT):
            with self.subTest(second=second):
                read, write = os.pipe()
                with subprocess.Popen([self.program, "-q", self.source, "-"], stdout=write,
                                      stderr=subprocess.PIPE) as process:
                    while not select.select([read], [], [], 1)[0]:
                        pass
                    process.terminate()
                    if second:
                        time.sleep(.1)
                        process.send_signal(second)
                    self.assertIn(process.wait(TIMEOUT), (FAILED, -int(second or 0)))
                os.close(read)
                os.close(write)
