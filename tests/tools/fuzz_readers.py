#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Give the Python readers damaged dumps: they may refuse them, and do nothing else.

    fuzz_readers.py [--runs N] [--seconds N] [--seed N]

Each input is made from one number, its seed: a small dump in one of the formats, with
some changes. What is not allowed: any exception but ValueError, more than MEMORY bytes,
more than CPU_SECONDS for one input, the end of the process. Each finding is printed with
its seed; --seed N --runs 1 does the same again. By default the first seed is by chance,
and is printed.
"""
import argparse
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import random
import resource
import signal
import struct
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
GDB = HERE.parents[1] / "tools" / "gdb"
sys.path[:0] = [str(HERE), str(GDB)]
sys.dont_write_bytecode = True

import dumps                                    # noqa: E402
import test_printklog as ring                   # noqa: E402
import test_target                              # noqa: E402
from crashreport import logtext, memmap         # noqa: E402
from dumpfile import open_dump                  # noqa: E402
from paging import PageTables                   # noqa: E402
from printklog import PrintkLog, lines          # noqa: E402

MEMORY = 1 << 30
CPU_SECONDS = 20
BATCH = 200                     # inputs for one process
SIZES = {1: "B", 2: "H", 4: "I", 8: "Q"}
RING_AT = 0x7000000             # physical
WORDS = [*range(9), 0xff, 0x1000, 0x7fff, 0xffff, 0x10000, 1 << 20, 1 << 31, (1 << 32) - 1,
         *(1 << bit for bit in (32, 36, 44, 50, 61, 62, 63)), (1 << 62) - 1, (1 << 64) - 1]
LOG = (HERE / "data" / "oops-irq.txt").read_text(encoding="utf-8")


def pages_and_notes():
    """Page tables, a log, and notes that lead to both."""
    log = ring.Ring()
    for number in range(12):
        log.add(b"message %d" % number, level=number % 8, ns=number * 10**9)
    log.move()
    tables = {
        test_target.PGD: test_target.table(
            **{f"i{test_target.SMALL_VADDR >> 39 & 511}": test_target.PUD | 3,
               f"i{ring.BASE >> 39 & 511}": test_target.PUD + 0x5000 | 3}),
        test_target.PUD: test_target.table(i0=test_target.PMD | 3),
        test_target.PMD: test_target.table(i0=test_target.PTE | 3,
                                           i1=test_target.LARGE | 0x83),
        test_target.PTE: test_target.table(i3=test_target.DATA | 3),
        test_target.PUD + 0x5000: test_target.table(i0=test_target.PUD + 0x6000 | 3),
        test_target.PUD + 0x6000: test_target.table(i0=test_target.PUD + 0x7000 | 3),
        test_target.PUD + 0x7000: test_target.table(
            **{f"i{index}": RING_AT + index * 4096 | 3 for index in range(16)}),
        test_target.DATA: b"data" * 1024, test_target.LARGE: b"huge" * 1024}
    for at in range(0, len(log.memory), 4096):
        tables[RING_AT + at] = bytes(log.memory[at:at + 4096])
    notes = dumps.prstatus(7, test_target.REGISTERS) + dumps.vmcoreinfo(**{
        "OSRELEASE": "6.12.1", "CRASHTIME": 1795369621, "NUMBER(phys_base)": test_target.PHYS_BASE,
        "SYMBOL(swapper_pg_dir)":
            f"{test_target.MAP + test_target.PGD - test_target.PHYS_BASE:x}", **ring.INFO})
    return tables, notes


def originals():
    pages, notes = pages_and_notes()
    left_out = [max(pages) + 0x5000]
    elf = dumps.elf(pages, notes, left_out=left_out)
    kdump = dumps.kdump(pages, notes, left_out=left_out)
    plain = dumps.kdump(pages | {test_target.DATA: None}, notes, bytes, 0)
    return [elf, kdump, plain, dumps.elf(pages, notes, headers_last=True), dumps.flat(elf, 4096),
            dumps.flat_in_order(kdump, 3000)]


def change(rng, data):
    """One change of a file."""
    at = rng.randrange(len(data)) if rng.random() < 0.4 else rng.randrange(min(len(data), 12288))
    kind = rng.randrange(8)
    if kind == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif kind <= 3:
        size = rng.choice(list(SIZES))
        value = rng.choice(WORDS) + rng.choice((0, 0, -1, 1, rng.randrange(1 << 16)))
        form = rng.choice("<<<>") + SIZES[size]
        at -= at % size if rng.random() < 0.8 else 0
        if at + size <= len(data):
            struct.pack_into(form, data, at, value % (1 << 8 * size))
    elif kind == 4:
        del data[at:at + rng.choice((1, 8, 56, 4096))]
    elif kind == 5:
        data[at:at] = rng.choice((bytes(8), bytes(4096), data[:64], rng.randbytes(24)))
    elif kind == 6:
        other, size = rng.randrange(len(data)), rng.choice((8, 24, 56, 4096))
        data[at:at + size] = data[other:other + size]
    else:
        # Digits are numbers of VMCOREINFO and of the log.
        place = data.find(rng.choice((b"=", b"OFFSET(", b"SIZE(")), at)
        if place >= 0:
            data[place + 1:place + 2] = rng.choice((b"9" * 20, b"-", b"9" * 5000, b"f", b""))
    if rng.random() < 0.1:
        del data[rng.randrange(len(data) + 1):]
    return data or bytearray(1)


def make(seed, files):
    rng = random.Random(seed)
    data = bytearray(rng.choice(files))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        data = change(rng, data)
    return bytes(data)


def load_target():
    loader = importlib.machinery.SourceFileLoader("gdb_target", str(GDB / "gdb-target"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("gdb_target", loader))
    loader.exec_module(module)
    return module


gdb_target = load_target()


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except ValueError:
        return None


def look(content, seed=0):
    """What the tools do with a dump. Each part is asked for, whatever the others come to."""
    dump = attempt(open_dump, io.BytesIO(content))
    if dump is None:
        return
    _ = dump.problems, dump.notes
    attempt(memmap.memory_map, dump)
    for paddr in (0, test_target.DATA, test_target.LARGE, 1 << 40, 1 << 63, (1 << 64) - 8):
        attempt(dump.physical, paddr, 4096)
        dump.where(paddr)
        dump.in_hole(paddr)
    info = attempt(lambda: dump.vmcoreinfo)
    pages = info and attempt(PageTables, dump)
    if pages:
        for vaddr in (0, test_target.SMALL_VADDR, test_target.LARGE_VADDR, (1 << 64) - 4):
            pages.read(vaddr, 8192)
            pages.why_not(vaddr)
        attempt(lambda: list(lines(PrintkLog(info, pages.read).records())))
        target = attempt(gdb_target.Target, dump)
        for packet in ("?", "g", "qfThreadInfo", f"m{test_target.SMALL_VADDR:x},1000",
                       f"qKdumpWhy:{seed % (1 << 64):x}", "qKdumpDoubt", "qKdumpInfo"):
            attempt(target.answer, packet) if target else None


def look_at_log(seed):
    """What the report makes of a damaged log."""
    rng = random.Random(seed)
    data = bytearray(LOG.encode())
    for _ in range(rng.choice((1, 3, 20))):
        data = change(rng, data)
    found = data.decode(errors="backslashreplace").splitlines()
    logtext.facts(found)
    logtext.moments(found)


class TooLong(Exception):
    """One input took too much time."""


def too_long(*_):
    raise TooLong(f"more than {CPU_SECONDS} s of CPU")


def trial(seed, files, function=look):
    """Try one input; the finding as text, or None."""
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        function(make(seed, files), seed)
        look_at_log(seed)
    except Exception:       # whatever it is, it is the finding
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def child(seeds, pipe, files, function):
    """Try some inputs in this process; one line for each that begins, text for what is found."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGVTALRM, too_long)
    with open(pipe, "w", encoding="utf-8", buffering=1) as out:
        for seed in seeds:
            out.write(f"{seed}\n")
            if finding := trial(seed, files, function):
                out.write("".join(f"! {line}\n" for line in finding.splitlines()))


def batch(seeds, files, function=look):
    """Try some inputs in a process of their own; return the findings, and the last seed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(reader)
            child(seeds, writer, files, function)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    findings, seed = [], None
    with open(reader, encoding="utf-8") as lines_of_child:
        for line in lines_of_child:
            if line.startswith("! "):
                if not findings or findings[-1][0] != seed:
                    findings.append((seed, ""))
                findings[-1] = seed, findings[-1][1] + line[2:]
            else:
                seed = int(line)
    _, status = os.waitpid(pid, 0)
    if status:
        findings.append((seed, f"the process ended with status {status}"))
    return findings, seed


def run(first, runs, seconds, function=look):
    """Try inputs until one of the bounds is reached; the findings, and how many were tried."""
    files, findings, end, seed = originals(), [], time.monotonic() + seconds, first
    while seed < first + runs and time.monotonic() < end:
        found, last = batch(range(seed, min(seed + BATCH, first + runs)), files, function)
        findings += found
        seed = (seed if last is None else last) + 1
    return findings, seed - first


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=1 << 62)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"fuzz_readers: from seed {options.seed} on", flush=True)
    findings, tried = run(options.seed, options.runs, options.seconds)
    for seed, text in findings:
        print(f"fuzz_readers: seed {seed}: {text}")
    print(f"fuzz_readers: {tried} inputs\n"
          f"{tried - len(findings)} passed, {len(findings)} failed, 0 skipped")
    sys.exit(1 if findings or not tried else 0)


if __name__ == "__main__":
    main()
