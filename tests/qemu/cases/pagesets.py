# SPDX-License-Identifier: GPL-2.0
"""Which pages /proc/vmcore-kern leaves out, compared with makedumpfile's choice, and
with that of vmcore-save."""
import concurrent.futures
import functools
import mmap
import subprocess

import kdumpreader

from harness import debian, paths, suite, workload
from harness.dump import Dump
from harness.kdump import load
from harness.makedumpfile import ZERO, KdumpFile
from harness.memmap import Memmap
from harness.pageset import describe, frames, from_frames, left_out
from harness.suite import Failure, Skip, check, test

LEVELS = range(32)
BITS = {1: "zero", 2: "cache", 4: "private cache", 8: "user", 16: "free"}
ENOUGH = 0.99       # of what makedumpfile leaves out
AT_A_TIME = 2
LARGEST = 1 << 18   # pages of a compound page
# What vmcore-save is to leave out of the whole dump: each kind, and all but zeros. Free pages
# are most of it.
SAVER_LEVELS = (18, 20, 24, 16, 30)

# In the capture kernel: the whole dump, and where each level has data. What writes to the
# shared folder has to try again where that asks for it, as probe copy does.
SAVE = """
set -e
mount -t 9p -o trans=virtio,msize=512000,cache=mmap share /mnt
echo 30 >/proc/vmcore-kern-level
cat /proc/vmcore-kern-summary >/run/summary
probe copy /run/summary /mnt/summary
probe copy /proc/vmcore /mnt/vmcore
for level in $(seq 0 31); do
    echo $level >/proc/vmcore-kern-level
    probe extents /proc/vmcore-kern >/run/extents
    probe copy /run/extents /mnt/extents-$level
done
umount /mnt
"""


def check_level(level, existing, theirs, ours, excused=lambda kept: 0):
    """Compare what is kept at a level: sets of page frames.

    existing are all that makedumpfile knows. excused() gets those that are kept and
    that it leaves out, and returns those with a reason.
    """
    lost = theirs & ~ours
    check(not lost, f"level {level}: makedumpfile keeps what is left out: {describe(lost)}")
    gone = existing & ~theirs
    kept = gone & ours
    kept &= ~excused(kept)
    check(kept.bit_count() <= (1 - ENOUGH) * gone.bit_count(),
          f"level {level}: of {gone.bit_count()} pages that makedumpfile leaves out, "
          f"these are kept: {describe(kept)}")


class Tails:
    """Pages of compound pages, but for the first, as Linux 7 marks them.

    Where earlier kernels have a pointer to the first page, it has a mask for the
    address of the struct page. makedumpfile 1.7.8 does not know that: it takes such
    pages for pages of their own, and those whose page.mapping is odd for user memory,
    whatever the first page is.
    """

    def __init__(self, dump):
        self._dump, self._memmap = dump, Memmap(dump)
        self._offset = dump.info.get("OFFSET(page.compound_info)")

    def _head(self, frame):
        """The first page of those that a page frame belongs to."""
        at = self._memmap.paddr(frame) + int(self._offset)
        word = int.from_bytes(self._dump.core.physical(at, 8), "little")
        return frame & -pages_of_mask(word, self._memmap.size)

    def with_head_in(self, wanted, among):
        """Those page frames among some that belong to a page in the set wanted."""
        if not self._offset:
            return 0
        return from_frames(frame for frame in frames(among)
                           if (head := self._head(frame)) != frame and wanted >> head & 1)


def pages_of_mask(word, size):
    """Of how many pages a tail page is, by its mask for struct pages of that size; or 1."""
    count = (1 << 64) - (word & ~1)
    pages = count // size
    if not word & 1 or count % size or pages.bit_count() != 1 or pages > LARGEST:
        return 1
    return pages


def makedumpfile(vmcore, level):
    """What makedumpfile makes of a dump at a level."""
    wrapper = paths.ROOT / "scripts" / "in-sid"
    target = vmcore.with_name(f"makedumpfile-{level}")
    done = subprocess.run([wrapper, "makedumpfile", "--message-level", "4", "-d", str(level),
                           vmcore, target], capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        raise Failure(f"makedumpfile -d {level}: exit status {done.returncode}\n{done.stderr}"
                      f"{done.stdout}")
    found = KdumpFile(target)
    target.unlink()
    check(found.level == level, f"makedumpfile wrote level {found.level}, not {level}")
    return found


def read_extents(path):
    """Where each run of data starts and ends; probe extents has printed starts and sizes."""
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return [(int(start, 16), int(start, 16) + int(size, 16)) for start, size in rows]


def compare_all(folder):
    """Compare every level of what SAVE saved in a folder."""
    with (open(folder / "vmcore", "rb") as stream,
          concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool):
        dump = Dump(stream)
        tails = Tails(dump)
        files = list(pool.map(functools.partial(makedumpfile, folder / "vmcore"), LEVELS))
        for level, file in zip(LEVELS, files):
            missing = left_out(dump.core.loads, read_extents(folder / f"extents-{level}"))
            strange = missing & ~file.existing
            check(not strange, f"level {level}: pages that makedumpfile does not know are left "
                               f"out: {describe(strange)}")
            # Level 0 is the whole; makedumpfile has no broken pages even then.
            theirs = file.kept if level else file.existing
            check_level(level, file.existing, theirs, file.existing & ~missing,
                        functools.partial(tails.with_head_in, files[level & ~ZERO].kept))
    for bit, name in BITS.items():
        check(files[0].kept & ~files[bit].kept, f"the dump has no {name} pages to leave out")


def saved(vmcore, level):
    """The page frames that vmcore-save saves of a dump at a level."""
    target = vmcore.with_name(f"saved-{level}")
    done = subprocess.run([paths.ROOT / "build" / "tools" / "vmcore-save", "-q", "-c", "lzo", "-d",
                           str(level), vmcore, target], capture_output=True, text=True,
                          check=False)
    check(not done.returncode and "zeros" not in done.stderr,
          f"vmcore-save -d {level}: exit status {done.returncode}\n{done.stderr}")
    with (open(target, "rb") as stream,
          mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as content):
        found = from_frames(kdumpreader.KdumpFile(content).saved)
    target.unlink()
    return found


def check_saver(folder):
    """Compare what vmcore-save leaves out of the whole dump with what was left out of
    /proc/vmcore-kern."""
    with open(folder / "vmcore", "rb") as stream:
        loads = Dump(stream).core.loads
    existing = left_out(loads, [])
    for level in SAVER_LEVELS:
        wanted = existing & ~left_out(loads, read_extents(folder / f"extents-{level}"))
        found = saved(folder / "vmcore", level)
        check(found == wanted,
              f"level {level}: vmcore-save leaves out {describe(wanted & ~found)} that are in "
              f"/proc/vmcore-kern, and keeps {describe(found & ~wanted)} that are not")


KINDS = ("Buffers", "Cached", "SwapCached", "Mlocked", "AnonPages", "Mapped", "Shmem", "Slab",
         "PageTables", "Dirty", "AnonHugePages", "HugePages_Total", "HugePages_Free")
KINDS_OF_DEBIAN = ("ShmemHugePages", "HardwareCorrupted")


def page_sets(context, boot, kinds, rules):
    """Crash a guest that has memory of every kind, and compare what can be left out of it.

    rules is what the summary says about them."""
    if not (paths.ROOT / "build" / "sid").is_dir():
        raise Skip("makedumpfile is not there: scripts/debian-programs fetches it")
    with boot(memory="768M", below_4g="384M", share=context.workdir) as guest:
        workload.check_kinds(workload.run(guest), kinds)
        load(guest)
        guest.crash("echo c >/proc/sysrq-trigger")
        guest.sh(SAVE, timeout=600)
    summary = (context.workdir / "summary").read_text(encoding="ascii")
    check(f"rules: {rules}\n" in summary, f"no rules: {rules} in\n{summary}")
    check_saver(context.workdir)
    compare_all(context.workdir)


@test
def own(context):
    """Of our own kernel, by the rules that it states, /proc/vmcore-kern leaves out at each level
    what makedumpfile does, and nothing that it keeps; vmcore-save does the same."""
    page_sets(context, functools.partial(context.boot, "crashkernel=96M"), KINDS,
              "stated, version 1")


def of_debian(name, context):
    page_sets(context, functools.partial(debian.boot, name, context.workdir),
              KINDS + KINDS_OF_DEBIAN, "inferred")


for kernel in debian.NAMES + debian.MORE_NAMES:
    suite.add(f"pagesets.debian-{kernel}", functools.partial(of_debian, kernel),
              f"""Of Debian's kernel {kernel}, /proc/vmcore-kern leaves out at each level what
                  makedumpfile does, and nothing that it keeps; vmcore-save does the same.""",
              full=kernel in debian.MORE_NAMES)
