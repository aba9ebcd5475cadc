# SPDX-License-Identifier: GPL-2.0
"""vmcore-save beside makedumpfile, both on this machine: the same dumps of a real guest, to the
same disk, in turn, so that what else this machine does falls on both.

What counts is the time until the disk has all of it, and, where others use the processor, too,
the time of the processor.
"""
import os
import pathlib
import statistics
import subprocess
import time

from harness import suites
from harness.guest import GuestError

import filled
import repeated

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAVER = ROOT / "build" / "tools" / "vmcore-save"
GUEST = ROOT / "build" / "run" / "vmcore"       # what make run leaves
FILES = ("/usr/lib", "/usr/share")              # a page cache of these
ROUNDS = 3
CPUS = (1, 2)
LEVEL = 0                                       # all that is there

# The options of both for each format; ELF is a format that both can write.
FORMATS = {
    "zstd": (("-c", "zstd"), ("-z",)),
    "lzo": (("-c", "lzo"), ("-l",)),
    "zlib": (("-c", "zlib"), ("-c",)),
    "elf": (("-F", "elf"), ("-E",)),
}
# Of ours alone.
FAST = ("-c", "zstd", "--fast")
RECIPIENT = ("--recipient", "age1pyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq8r66x")


def makedumpfile():
    """Debian sid's with its own libraries."""
    root = suites.folder("sid")
    return [root / "lib64" / "ld-linux-x86-64.so.2", "--library-path",
            root / "lib" / "x86_64-linux-gnu", root / "bin" / "makedumpfile",
            "--message-level", "4"]


def run(command, output, cpus):
    """Seconds, those of the processor, and bytes on the disk of a command that writes there."""
    output.unlink(missing_ok=True)
    os.sync()
    began = time.monotonic()
    with subprocess.Popen([*map(str, command), str(output)], stdout=subprocess.DEVNULL,
                          preexec_fn=lambda: os.sched_setaffinity(0, cpus)) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise GuestError(f"{command[0]} failed with status {process.returncode}")
    subprocess.run(["sync", output], check=True)
    return (time.monotonic() - began, usage.ru_utime + usage.ru_stime,
            output.stat().st_blocks * 512)


def commands(dump):
    """Names and commands."""
    for form, (ours, theirs) in FORMATS.items():
        yield f"makedumpfile {form}", [*makedumpfile(), *theirs, "-d", LEVEL, dump]
        yield f"vmcore-save {form}", [SAVER, "-q", "-d", LEVEL, *ours, dump]
    yield "vmcore-save fast", [SAVER, "-q", "-d", LEVEL, *FAST, dump]
    yield "vmcore-save encrypted", [SAVER, "-q", "-d", LEVEL, *RECIPIENT, dump]


def medians(runs, column):
    return {name: statistics.median(run[column] for run in found) for name, found in runs.items()}


def ratios(seconds):
    """How ours and theirs compare."""
    for ours, theirs in [*((form, form) for form in FORMATS), ("fast", "zstd")]:
        yield (f"makedumpfile/ours {ours}",
               seconds[f"makedumpfile {theirs}"] / seconds[f"vmcore-save {ours}"])
    yield "encrypted/ours", seconds["vmcore-save encrypted"] / seconds["vmcore-save zstd"]


def compare(what, dump, cpus, output):
    """All in turn, a few times: the median of each."""
    runs, size = {}, dump.stat().st_blocks * 512
    for _ in range(ROUNDS):
        for name, command in commands(dump):
            runs.setdefault(name, []).append(run(command, output, set(range(cpus))))
    output.unlink()
    where, results = f"{what}, {cpus} CPU", {}
    seconds, processor = medians(runs, 0), medians(runs, 1)
    for name, found in runs.items():
        results[f"{name}, {where}, rate"] = size / seconds[name]
        results[f"{name}, {where}, processor seconds"] = processor[name]
        results[f"{name}, {where}, bytes"] = found[0][2]
    results |= {f"{name}, {where}": value for name, value in ratios(seconds)}
    results |= {f"{name}, {where}, processor": value for name, value in ratios(processor)}
    return results


def kernel_of(dump, path):
    """The pages of the kernel in a dump."""
    subprocess.run([SAVER, "-q", "-F", "elf", "-l", "31", dump, path], check=True)
    return path


def measure_all(workdir):
    """All memory of a guest that is full, of pages of a kernel or of those of files."""
    if not GUEST.is_file():
        raise GuestError(f"there is no {GUEST}: make run leaves one")
    workdir.mkdir(parents=True, exist_ok=True)
    full, results = workdir / "full", {}
    contents = {"kernel": repeated.kernel_pages(kernel_of(GUEST, workdir / "pages")),
                "files": filled.file_pages(FILES)}
    for what, pages in contents.items():
        filled.make(GUEST, full, pages)
        for cpus in CPUS:
            if cpus <= len(os.sched_getaffinity(0)):
                results |= compare(what, full, cpus, workdir / "dump")
    full.unlink()
    return results
