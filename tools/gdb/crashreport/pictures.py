# SPDX-License-Identifier: GPL-2.0
"""Pictures of the page, drawn by the browser from shapes that stand in the page itself."""
import html
import math
import re

from signs import SIGNS

from . import memmap, text

MAP_NAMES = {"kept": "in the dump", "hole": "hole of the file: zeros, or left out",
             "left-out": "left out of the dump", "lost": "missing, or not readable"}
MAP_HEIGHT, LEAST = 20, 1       # units of the drawing
SECONDS, TIME_HEIGHT = 60, 40
HOT = re.compile(r"Kernel panic|\bBUG\b|Oops|RIP: 0010:|Call Trace:|segfault|Unable to handle")
SEVERITIES = ("alarm", "warning", "other")
ERROR, WARNING = 3, 4           # levels of the kernel's messages
EVENTS = 12                     # listed


def escape(value):
    return html.escape(str(value))


def drawing(width, height, label, shapes):
    paths = "".join(f'<path class="{kind}" d="{"".join(path)}"/>'
                    for kind, path in shapes.items() if path)
    return (f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
            f'aria-label="{escape(label)}">{paths}</svg>')


def bars(columns, height):
    """A path for each part, of columns that have the heights of their parts, from below."""
    paths = [[] for _ in columns[0]]
    for at, parts in enumerate(columns):
        top = height
        for path, part in zip(paths, parts):
            if part > 0:
                top -= part
                path.append(f"M{at} {top:.2f}h1v{part:.2f}h-1z")
    return paths


def memory_row(row, size):
    """A row of the map: at each place, how much of the memory there is of each class."""
    cell = size / memmap.CELLS
    # What is missing is lowest, and nothing is too small to be seen.
    columns = [[max(min(number / cell, 1) * MAP_HEIGHT, LEAST) if number else 0
                for number in reversed(census)] for census in row["cells"]]
    shapes = {f"m-{name}": path
              for name, path in zip(reversed(memmap.CLASSES), bars(columns, MAP_HEIGHT))}
    sums = [sum(column) for column in zip(*row["cells"])]
    words = ", ".join(f"{text.size(number)} {MAP_NAMES[name]}"
                      for name, number in zip(memmap.CLASSES, sums) if number)
    start = text.size(row["start"]) if row["start"] else "0"
    return (f'<div class="row"><span title="{row["start"]:#x}">{start}</span>'
            f'{drawing(memmap.CELLS, MAP_HEIGHT, f"From {start}: {words}", shapes)}</div>')


def memory(found):
    """The map of memory: where the dump has something."""
    sums = {name: number for name, number in memmap.totals(found).items() if number}
    if not sums:
        return ""
    rows = "\n".join(memory_row(row, found["row"]) for row in found["rows"])
    legend = "\n".join(f'<li><i class="m-{name}"></i>{MAP_NAMES[name]}, {text.size(number)}</li>'
                       for name, number in sums.items())
    return (f'<div class="map">\n{rows}\n</div>\n<ul class="legend">{legend}'
            '<li><i></i>no memory</li></ul>\n'
            f'<p class="at">By physical address. Each row is {text.size(found["row"])}, '
            "and begins at the address beside it; rows without memory are not shown.</p>")


def severity(moment):
    level = moment["level"]
    if (level is not None and level <= ERROR or moment["text"].startswith(SIGNS)
            or HOT.search(moment["text"])):
        return 0
    return 1 if level == WARNING else 2


def timeline(moments):
    """How many messages there were in each second before the end, and which were alarming."""
    counts = [[0] * len(SEVERITIES) for _ in range(SECONDS)]
    events = []
    for moment in moments:
        kind = severity(moment)
        counts[SECONDS - 1 - min(int(moment["before"]), SECONDS - 1)][kind] += 1
        if kind == 0:
            events.append(moment)
    if not moments:
        return ""
    most = max(map(sum, counts))
    scale = TIME_HEIGHT / math.log2(1 + most)
    columns = [[math.log2(1 + sum(count)) * scale * part / sum(count) if part else 0
                for part in count] for count in counts]
    shapes = {f"t-{name}": path for name, path in zip(SEVERITIES, bars(columns, TIME_HEIGHT))}
    label = f"{len(moments)} messages, {len(events)} of them alarming, {most} in one second at most"
    legend = "".join(f'<li><i class="t-{name}"></i>{words}</li>' for name, words in
                     zip(SEVERITIES, ("errors and signs of a crash", "warnings", "others")))
    return (f'<div class="time">{drawing(SECONDS, TIME_HEIGHT, label, shapes)}'
            '<div class="axis"><span>60 s before</span><span>30 s</span>'
            f"<span>last message</span></div></div>\n<ul class=\"legend\">{legend}</ul>\n"
            f'<p class="at">{escape(label)}. Heights are logarithmic.</p>\n' + listed(events))


def listed(events):
    if len(events) > EVENTS:
        events = events[:EVENTS // 2] + [None] + events[-EVENTS // 2:]
    rows = "\n".join("<li>…</li>" if event is None else
                     f'<li><span class="at">{-event["before"]:.3f} s</span> '
                     f'<code>{escape(event["text"])}</code></li>' for event in events)
    return f'<ol class="moments">{rows}</ol>' if rows else ""
