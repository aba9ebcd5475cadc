# SPDX-License-Identifier: GPL-2.0
"""Where in physical memory the pages of a dump are, and where some are not."""

CLASSES = ("kept", "hole", "left-out", "lost")
UNIT = 1 << 27              # bytes: a section of x86_64, and what a reader knows at once
MAX_ROWS = 16
CELLS = 64                  # of a row


def rows_of(ranges, size):
    """Numbers of the pieces of memory of a size that have memory in them; too many are cut."""
    found = []
    for start, end in ranges:
        first, last = start // size, (end - 1) // size
        first = max(first, found[-1] + 1) if found else first
        found += range(first, min(last, first + MAX_ROWS) + 1)
        if len(found) > MAX_ROWS:
            break
    return found


def memory_map(dump):
    """Rows of equal size, each with its first address, and for each of its cells the bytes
    of each class; no more rows than fit on a page. Rows without memory are not there."""
    ranges = [(start, end) for start, end in dump.ranges() if end > start]
    size = UNIT
    while len(rows := rows_of(ranges, size)) > MAX_ROWS:
        size *= 2
    step = size // CELLS
    return {"row": size, "rows": [
        {"start": row * size,
         "cells": [_cell(dump.census(at, at + step))
                   for at in range(row * size, (row + 1) * size, step)]} for row in rows]}


def _cell(census):
    return [census.get(name, 0) for name in CLASSES]


def totals(found):
    """Bytes of each class in the whole map."""
    cells = [cell for row in found["rows"] for cell in row["cells"]]
    return {name: sum(cell[index] for cell in cells) for index, name in enumerate(CLASSES)}
