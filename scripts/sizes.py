# SPDX-License-Identifier: GPL-2.0
"""Compare our code with the stock kernel's, job by job: scripts/size-rows."""
import fnmatch
import re

import overlay

ROWS = overlay.REPO / "scripts" / "size-rows"
PRISTINE = overlay.REPO / "build" / "pristine"

# A string, or a comment.
TEXT = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|/\*.*?\*/|//[^\n]*""", re.DOTALL)


def read_rows():
    """Return the jobs, {name: {"stock": [...], "here": [...]}}, what is alone, and the limit."""
    rows, alone, limit = {}, [], 0.0
    for line in ROWS.read_text().splitlines():
        key, _, value = line.partition(": ")
        if key == "row":
            row = rows.setdefault(value, {"stock": [], "here": []})
        elif key in ("stock", "here"):
            row[key] += value.split()
        elif key == "alone":
            alone += value.partition(" | ")[0].split()
        elif key == "limit":
            limit = float(value)
    return rows, alone, limit


def code_of(path):
    """Return the lines of a file that are neither blank nor comment."""
    bare = TEXT.sub(lambda match: match[1] or "\n" * match[0].count("\n"), path.read_text())
    return [line for line in bare.splitlines() if line.strip()]


class Stock:
    """The stock kernel's files, of which functions can be counted apart."""

    def __init__(self, entries):
        self.findings, self.code, self.taken = [], {}, {}
        for entry in entries:
            name, _, functions = entry.partition(":")
            if name not in self.code:
                self.code[name] = code_of(PRISTINE / name)
                self.taken[name] = 0
            if functions:
                self.taken[name] += self.count_functions(name, functions)

    def count_functions(self, name, functions):
        """Count the lines of functions; report those that are not there."""
        code, total = self.code[name], 0
        for function in functions.split(","):
            start = [i for i, line in enumerate(code)
                     if re.match(rf"\w.*\b{function}\((?!.*;$)", line)]
            if not start:
                self.findings.append(f"{name} has no function {function}")
            for first in start:
                total += code.index("}", first) - first + 1
        return total

    def count(self, entry):
        name, _, functions = entry.partition(":")
        if functions:
            return self.count_functions(name, functions)
        return len(self.code[name]) - self.taken[name]


def compare():
    """Return a table of the sizes, and what is wrong with them, both as lines."""
    rows, alone, limit = read_rows()
    ours = sorted(str(name) for name in overlay.our_files()
                  if name.suffix in (".c", ".h", ".S") and "tests" not in name.parts)
    stock = Stock([entry for row in rows.values() for entry in row["stock"]])
    table = [f"{'lines of code':32} {'stock':>6} {'ours':>6} {'ratio':>6}"]
    findings, listed, total = stock.findings[:], set(), [0, 0]

    for job, row in rows.items():
        files = [name for name in ours
                 if any(fnmatch.fnmatchcase(name, pattern) for pattern in row["here"])]
        findings += [f"{name} is in two rows" for name in files if name in listed]
        listed |= set(files)
        sizes = [sum(map(stock.count, row["stock"])),
                 sum(len(code_of(overlay.REPO / name)) for name in files)]
        table.append(f"{job:32} {sizes[0]:6} {sizes[1]:6} {sizes[1] / sizes[0]:6.2f}")
        total = [total[0] + sizes[0], total[1] + sizes[1]]

    ratio = total[1] / total[0]
    table.append(f"{'all that stock has, too':32} {total[0]:6} {total[1]:6} {ratio:6.2f}")
    if ratio > limit:
        findings.append(f"all together are {ratio:.3f} times stock's, more than {limit}")
    patterns = alone + [pattern for row in rows.values() for pattern in row["here"]]
    findings += [f"{name} is in no row" for name in ours if name not in listed and
                 not any(fnmatch.fnmatchcase(name, pattern) for pattern in alone)]
    findings += [f"no file is {pattern}" for pattern in patterns
                 if not fnmatch.filter(ours, pattern)]
    return table, sorted(set(findings))
