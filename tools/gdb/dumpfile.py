# SPDX-License-Identifier: GPL-2.0
"""Opens a crash dump in any of the formats that dumps are saved in."""
from compressed import SIGNATURES, KdumpFile
from elfcore import ElfCore
from storage import FLAT, FlatFile, PlainFile

ET_CORE = b"\x04\0"


def _kind(file):
    start = file.read(0, 18)
    if start[:4] == b"\x7fELF" and start[16:18] == ET_CORE:
        return "elf"
    if start[:8] in SIGNATURES:
        return "kdump"
    return "flat" if start.startswith(FLAT) else None


def kind_of(stream):
    """The format of a dump by its first bytes, or None for another kind of file."""
    return _kind(PlainFile(stream))


def open_dump(stream):
    """A dump; ValueError for what is not one.

    It has notes, vmcoreinfo, physical(), where(), classes(), and problems: what is
    missing of it.
    """
    file = PlainFile(stream)
    if _kind(file) == "flat":
        file = FlatFile(file)
    kind = _kind(file)
    if kind == "elf":
        return ElfCore(file)
    if kind == "kdump":
        return KdumpFile(file)
    raise ValueError("; ".join(["neither an ELF core file nor a kdump-compressed or flattened dump",
                                *file.problems]))
