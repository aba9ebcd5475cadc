# SPDX-License-Identifier: GPL-2.0
"""What the kernel's log says of a crash, where there is no debug information."""
import re

STAMP = re.compile(r"(?:\w+ *:\w+ *: )?\[ *(\d+)\.\d+\] ?(?:\[ *[TC]\d+\] ?)?")
# What tells most comes first.
PANIC = (re.compile(r"Kernel panic - not syncing"), re.compile(r"BUG: |kernel BUG at"),
         re.compile(r"general protection fault|Unable to handle"),
         re.compile(r"Oops: |sysrq: Trigger a crash"))
WHO = re.compile(r"CPU: (\d+) .*?PID: (\d+) Comm: (.{1,16}?) (?:Kdump: loaded )?"
                 r"(?:Not tainted|Tainted: ([A-Z ]+)) (\S+) (.*)")
CALL = re.compile(r"([\w.]+)\+0x[0-9a-f]+/0x[0-9a-f]+( \[[\w-]+\])?")
FAULT = re.compile(r"RIP: 0010:([\w.]+)\+0x[0-9a-f]+/0x[0-9a-f]+( \[[\w-]+\])?")
TRACE_END = re.compile(r"</TASK>|RIP: 0033:|Modules linked in|---\[|Kernel Offset")
NEAR = 30                   # lines between the registers of a fault and the call trace
MODULE = re.compile(r"([\w-]+)(?:\(([A-Z+-]+)\))?")
MAX_FRAMES = 64
MAX_MODULES = 2000


def bare(line):
    """A line without its time."""
    return STAMP.sub("", line, count=1)


def _last(lines, pattern):
    """Index and match of the last line that a pattern is found in."""
    for index in range(len(lines) - 1, -1, -1):
        if found := pattern.search(lines[index]):
            return index, found
    return None, None


def panic_line(lines):
    for pattern in PANIC:
        index, _ = _last(lines, pattern)
        if index is not None:
            return bare(lines[index])
    return None


def call_trace(lines):
    """Functions of the last call trace, without those that may be leftovers on the stack."""
    start, _ = _last(lines, re.compile(r"Call Trace:"))
    if start is None:
        return []
    _, fault = _last(lines[max(start - NEAR, 0):start], FAULT)
    found = [fault[1] + (fault[2] or "")] if fault else []
    for line in lines[start + 1:]:
        line = bare(line).strip()
        if TRACE_END.search(line) or len(found) >= MAX_FRAMES:
            break
        if (call := CALL.search(line)) and not line.startswith("?"):
            found.append(call[1] + (call[2] or ""))
    return [{"function": name} for name in found]


def modules(lines):
    index, _ = _last(lines, re.compile(r"Modules linked in:"))
    if index is None:
        return []
    text = lines[index].split("Modules linked in:", 1)[1].split("[last unloaded", 1)[0]
    return [{"name": name, "taint": re.sub(r"[^A-Z]", "", taint)}
            for name, taint in MODULE.findall(text)[:MAX_MODULES]]


def facts(lines):
    """As far as the log has it, what the dump would have told; missing names are unknown."""
    found = {"panic": panic_line(lines), "module_list": modules(lines)}
    _, version = _last(lines, re.compile(r"Linux version (\S+) .*?(#\d+ .*)"))
    if version:
        found["release"], found["version"] = version[1], version[2]
    _, hardware = _last(lines, re.compile(r"Hardware name: (.*)"))
    if hardware:
        found["hardware"] = hardware[1]
    if lines and (stamp := STAMP.match(lines[-1])):
        found["uptime"] = int(stamp[1])
    _, who = _last(lines, WHO)
    if who:
        found["crashed"] = {"cpu": int(who[1]), "pid": int(who[2]), "comm": who[3]}
        found["release"] = found.get("release", who[5])
        # G stands for: no proprietary module; P is its opposite.
        found["taint"] = [[letter, ""] for letter in (who[4] or "") if letter not in "G "]
        trace = call_trace(lines)
        if trace:
            found["backtraces"] = [{**found["crashed"], "frames": trace}]
    return found
