# SPDX-License-Identifier: GPL-2.0
"""Gathers what the files of a saved dump say into one dictionary.

Of each piece the best source counts: the dump with debug information, through gdb;
else the log, the notes of the dump, what the capture kernel wrote down. All of them
are untrusted: what is taken is bounded, and made printable.
"""
import json
import pathlib
import re
import struct
import subprocess
import tempfile

import printklog
from dumpfile import kind_of, open_dump
from paging import PageTables
from printable import printable

from . import logtext

HERE = pathlib.Path(__file__).resolve().parent.parent
DUMPS = ("vmcore", "vmcore-incomplete", "vmcore.flat")
CLASSES = "zero cache private-cache user free kernel unclassified unreadable".split()
CLASS_LINE = re.compile(rf"^\s*({'|'.join(CLASSES)}): pages (\d+) bytes (\d+)", re.MULTILINE)
STATUS_LINE = re.compile(r"^([a-z_]+)=(.*)$", re.MULTILINE)
# What comes of numbers in a damaged dump.
DAMAGE = (OSError, ValueError, ArithmeticError, LookupError, MemoryError, struct.error)
GDB_TIMEOUT = 600               # seconds
MAX_FILE = 64 << 20             # of text read
MAX_LINES = 1000
MAX_LINE = 1000
MAX_TEXT = 4096


def read_text(path, size=MAX_FILE):
    """The end of a file as text, or "" if it cannot be read."""
    try:
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


def from_dump(dump):
    """What a dump says without debug information: log, release, time."""
    with open(dump, "rb") as stream:
        core = open_dump(stream)
        info = core.vmcoreinfo
        log = printklog.PrintkLog(info, PageTables(core).read)
        lines = list(printklog.lines(log.records()))
    found = {"release": info.get("OSRELEASE"), "build_id": info.get("BUILD-ID"), "lines": lines}
    if (when := info.get("CRASHTIME", "")).isdigit() and int(when) < 1 << 33:
        found["time"] = int(when)
    return found


def from_gdb(dump, options):
    """What gdb finds; ValueError says why it finds nothing."""
    command = [str(HERE / "gdb-kdump"), str(dump), *map(str, options)]
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder, "export")
        command += ["--", "-nx", "-batch", "-iex", "set debuginfod enabled off",
                    "-ex", f"kdump export {target}"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", timeout=GDB_TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            raise ValueError(f"gdb did not finish in {GDB_TIMEOUT} s") from None
        if not target.is_file():
            raise ValueError(done.stderr.strip()[-2000:].removeprefix("gdb-kdump: ")
                             or "gdb wrote nothing")
        return json.loads(target.read_text(encoding="utf-8"))


def collect(directory, options=(), use_gdb=True):
    """All that is known of the crash whose files are in a directory."""
    directory, problems = pathlib.Path(directory), []
    known = {"directory": directory.name, **from_files(directory)}
    lines = read_text(directory / "vmcore-dmesg.txt").splitlines()
    dump = find_dump(directory)
    if not dump:
        problems.append("There is no dump, so this is what the log has.")
    else:
        known["dump"] = {"name": dump.name, "size": dump.stat().st_size}
        try:
            raw = from_dump(dump)
            lines = raw.pop("lines") or lines
            known.update(raw)
        except DAMAGE as error:
            problems.append(f"{dump.name}: {str(error) or type(error).__name__}")
    known = {**logtext.facts(lines), **known}
    if dump and use_gdb:
        try:
            exact = from_gdb(dump, options)
            if known.get("classes"):
                exact.pop("classes", None)
            elif exact.get("classes"):
                known["classes_source"] = "the kernel's own counters"
            known.update({key: value for key, value in exact.items() if value is not None})
            known["debug_information"] = True
        except (OSError, ValueError) as error:
            problems += [f"No debug information: {error}".replace("\n ", ";")]
    if "log" not in known:
        known["log"] = lines
    known["log"] = [line[:MAX_LINE] for line in known["log"][-MAX_LINES:]]
    known["problems"] = problems
    return clean(known)
