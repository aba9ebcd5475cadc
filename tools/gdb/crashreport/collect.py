# SPDX-License-Identifier: GPL-2.0
"""Gathers what the files of a saved dump say into one dictionary.

Of each piece the best source counts: the dump with debug information, through gdb;
else the log, the notes of the dump, what the capture kernel wrote down. All of them
are untrusted: what is taken is bounded, and made printable.
"""
import json
import pathlib
import re
import shlex
import struct
import subprocess
import tempfile

import printklog
from dumpfile import kind_of, open_dump
from paging import PageTables
from printable import printable

from . import logtext, memmap

HERE = pathlib.Path(__file__).resolve().parent.parent
UNFINISHED = "vmcore-incomplete"
DUMPS = ("vmcore", UNFINISHED, "vmcore.flat")
CLASSES = "zero cache private-cache user free kernel unclassified unreadable".split()
CLASS_LINE = re.compile(rf"^\s*({'|'.join(CLASSES)}): pages (\d{{1,20}}) bytes (\d{{1,20}})$",
                        re.MULTILINE)
STATUS_LINE = re.compile(r"^([a-z_]+)=(.*)$", re.MULTILINE)
# What comes of numbers in a damaged dump.
DAMAGE = (OSError, ValueError, ArithmeticError, LookupError, MemoryError, struct.error)
GDB_TIMEOUT = 600               # seconds
MAX_FILE = 64 << 20             # of text read
MAX_LINES = 1000
MAX_LINE = 1000
MAX_TEXT = 4096
MAX_PROBLEMS = 20


def read_text(path, size=MAX_FILE):
    """The end of a file as text, or "" if it cannot be read, or is a pipe or the like."""
    try:
        if not path.is_file():
            return ""
        with open(path, "rb") as stream:
            stream.seek(max(path.stat().st_size - size, 0))
            return stream.read(size).decode(errors="backslashreplace")
    except OSError:
        return ""


def clean(value):
    """The same data with all text printable and of bounded length."""
    if isinstance(value, str):
        return printable(value[:MAX_TEXT])
    if isinstance(value, dict):
        return {printable(str(key)): clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value


def find_dump(directory):
    """The dump in a directory, or None."""
    paths = [directory / name for name in DUMPS]
    paths += sorted(path for path in directory.iterdir() if path not in paths)
    for path in paths:
        try:
            if path.is_file():
                with open(path, "rb") as stream:
                    if kind_of(stream):
                        return path
        except OSError:
            continue
    return None


def from_files(directory):
    """What the capture kernel wrote down: status, classes of memory."""
    found = {"status": dict(STATUS_LINE.findall(read_text(directory / "kdump-status", 65536)))}
    for name in ("vmcore-kern-summary", "report.txt"):
        rows = CLASS_LINE.findall(read_text(directory / name, 1 << 20))
        if rows:
            found["classes"] = {name: int(size) for name, _, size in rows}
            found["classes_source"] = "each page, as the capture kernel classified it"
            break
    return found


def from_dump(path, problems):
    """What a dump says without debug information: log, release, time, where memory was.

    What it does not have is added to the problems.
    """
    found = {}

    def attempt(function):
        try:
            found.update(function())
        except DAMAGE as error:
            problems.append(f"{path.name}: {str(error) or type(error).__name__}")

    with open(path, "rb") as stream:
        core = open_dump(stream)
        problems += [f"{path.name}: {problem}" for problem in core.problems]
        attempt(lambda: {"map": memmap.memory_map(core)})
        attempt(lambda: from_info(core.vmcoreinfo))
        attempt(lambda: from_log(core))
    return found


def from_info(info):
    found = {"release": info.get("OSRELEASE"), "build_id": info.get("BUILD-ID")}
    when = info.get("CRASHTIME", "")
    if when.isdigit() and len(when) < 12 and int(when) < 1 << 33:
        found["time"] = int(when)
    return found


def from_log(core):
    records = list(printklog.PrintkLog(core.vmcoreinfo, PageTables(core).read).records())
    found = [(line, record.level) for record in records for line in printklog.lines([record])]
    return {"lines": [line for line, _ in found], "levels": [level for _, level in found]}


def from_gdb(dump, options):
    """What gdb finds; ValueError says why it finds nothing."""
    command = [str(HERE / "gdb-kdump"), str(dump), *map(str, options)]
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder, "export")
        command += ["--", "-nx", "-batch", "-iex", "set debuginfod enabled off",
                    "-ex", f"kdump export {shlex.quote(str(target))}"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", timeout=GDB_TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            raise ValueError(f"gdb did not finish in {GDB_TIMEOUT} s") from None
        if not target.is_file():
            raise ValueError(done.stderr.strip()[-2000:].replace("gdb-kdump: ", "")
                             or "gdb wrote nothing")
        exact = json.loads(target.read_text(encoding="utf-8"))
        told = re.findall(r"^kdump: (.*)$", done.stderr, re.MULTILINE)
        exact["problems"] = list(dict.fromkeys(told))[:MAX_PROBLEMS]
        return exact


def collect(directory, options=(), use_gdb=True):
    """All that is known of the crash whose files are in a directory."""
    directory, problems = pathlib.Path(directory), []
    known = {"directory": directory.name, **from_files(directory)}
    lines, levels = read_text(directory / "vmcore-dmesg.txt").splitlines(), ()
    dump = find_dump(directory)
    if not dump:
        problems.append("There is no dump, so this is what the log has.")
    else:
        known["dump"] = {"name": dump.name, "size": dump.stat().st_size}
        if dump.name == UNFINISHED:
            problems.append(f"{dump.name}: the name says that saving was not finished")
        try:
            raw = from_dump(dump, problems)
            found, found_levels = raw.pop("lines", None), raw.pop("levels", ())
            if found:
                lines, levels = found, found_levels
            known.update({key: value for key, value in raw.items() if value is not None})
        except DAMAGE as error:
            problems.append(f"{dump.name}: {str(error) or type(error).__name__}")
    try:
        known = {**logtext.facts(lines), "moments": logtext.moments(lines, levels), **known}
    except DAMAGE as error:
        problems.append(f"The log makes no sense: {str(error)[:200]}")
    if dump and use_gdb:
        try:
            exact = from_gdb(dump, options)
            if known.get("classes"):
                exact.pop("classes", None)
            elif exact.get("classes"):
                known["classes_source"] = "the kernel's own counters"
            known.update({key: value for key, value in exact.items() if value is not None})
            problems += known.pop("problems", [])
            known["debug_information"] = True
        except (OSError, ValueError) as error:
            # What gdb-kdump says of the dump first has been found here already.
            text = "\n".join(line for line in str(error).splitlines()
                             if not any(line.endswith(problem) for problem in problems))
            problems += [f"No debug information: {text}".replace("\n ", ";").replace("\n", "; ")]
    if "log" not in known:
        known["log"] = lines
    known["log"] = [line[:MAX_LINE] for line in known["log"][-MAX_LINES:]]
    known["problems"] = problems
    return clean(known)
