# SPDX-License-Identifier: GPL-2.0
"""A dump of a guest with all of its memory in use: other pages are where it has zeros.

An idle guest has so little in it that nothing can be measured by that.
"""
import os
import pathlib
import struct

PAGE = 4096
PIECE = 256 * PAGE
ZERO = bytes(PAGE)
LOAD = 1
ENTRY = 56


def file_pages(roots):
    """Pages of the regular files below some folders, as a page cache has them, in an order that
    does not change."""
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = pathlib.Path(folder, name)
                if path.is_symlink() or not path.is_file():
                    continue
                try:
                    content = path.read_bytes()
                except OSError:
                    continue
                for at in range(0, len(content), PAGE):
                    yield content[at:at + PAGE].ljust(PAGE, b"\0")


def pages_of(dump):
    """Offset and content of each page of memory in an ELF core file."""
    with open(dump, "rb") as source:
        header = struct.unpack("<16sHHIQQQIHHHHHH", source.read(64))
        source.seek(header[5])
        for entry in list(struct.iter_unpack("<IIQQQQQQ", source.read(header[10] * ENTRY))):
            if entry[0] != LOAD:
                continue
            source.seek(entry[2])
            for at in range(entry[2], entry[2] + entry[5] - PAGE + 1, PAGE):
                yield at, source.read(PAGE)


def make(dump, path, pages):
    """Write the dump that is full."""
    with open(dump, "rb") as source, open(path, "wb") as out:
        while piece := source.read(PIECE):
            out.write(piece)
        for at, page in pages_of(dump):
            if page == ZERO:
                out.seek(at)
                out.write(next(pages, ZERO))
