# SPDX-License-Identifier: GPL-2.0
"""What the kernel's log says of a crash, where there is no debug information."""
import re

from signs import find_reason

# Every repetition is bounded, and begins where a word begins: the log can be made such
# that anything else takes hours.
STAMP = re.compile(r"(?:\w{1,16} {0,16}:\w{1,16} {0,16}: )?\[ {0,16}(\d{1,10})\.(\d{1,9})\] ?"
                   r"(?:\[ {0,16}[TC]\d{1,10}\] ?)?")
WHO = re.compile(r"CPU: (\d{1,6}) .{0,64}?PID: (\d{1,10}) Comm: (.{1,16}?) (?:Kdump: loaded )?"
                 r"(?:Not tainted|Tainted: ([A-Z ]{1,64})) (\S{1,256}) ")
FUNCTION = r"(?<![\w.])([\w.]{1,512})\+0x[0-9a-f]{1,16}/0x[0-9a-f]{1,16}( \[[\w-]{1,64}\])?"
CALL = re.compile(FUNCTION)
FAULT = re.compile(f"RIP: 0010:{FUNCTION}")
VERSION = re.compile(r"Linux version (\S{1,256}) .{0,512}?(#\d{1,10} .{0,512})")
TRACE_END = re.compile(r"</TASK>|RIP: 0033:|Modules linked in|---\[|Kernel Offset")
NEAR = 30                   # lines between the registers of a fault and the call trace
MODULE = re.compile(r"([\w-]+)(?:\(([A-Z+-]+)\))?")
MAX_LINE = 2048             # what printk can print at once
MAX_LINES = 200000
FIRST_LINES = 1000          # of more lines than that, those of the boot count as well
MAX_FRAMES = 64
MAX_MODULES = 2000
MINUTE = 60                 # seconds of the log that are shown by time
MAX_MOMENTS = 10000


def bare(line):
    """A line without its time."""
    stamp = STAMP.match(line)
    return line[stamp.end():] if stamp else line


def seconds_of(line):
    """The time of a line in seconds, or None."""
    stamp = STAMP.match(line)
    return float(f"{stamp[1]}.{stamp[2]}") if stamp else None


def _last(lines, pattern):
    """Index and match of the last line that a pattern is found in."""
    for index in range(len(lines) - 1, -1, -1):
        if found := pattern.search(lines[index]):
            return index, found
    return None, None


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


def bounded(lines):
    """The lines, or of very many the first and the last ones."""
    if len(lines) <= MAX_LINES:
        return lines
    return [*lines[:FIRST_LINES], *lines[FIRST_LINES - MAX_LINES:]]


def moments(lines, levels=()):
    """Lines of the last minute: how many seconds before the last one, level or None, text."""
    found, end = [], None
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index][:MAX_LINE]
        seconds = seconds_of(line)
        end = seconds if end is None else end
        if seconds is None:
            continue
        if not 0 <= end - seconds <= MINUTE or len(found) >= MAX_MOMENTS:
            break
        level = levels[index] if index < len(levels) else None
        found.append({"before": round(end - seconds, 6), "level": level, "text": bare(line)})
    return found[::-1]


def facts(lines):
    """As far as the log has it, what the dump would have told; missing names are unknown."""
    lines = [line[:MAX_LINE] for line in bounded(lines)]
    found = {"panic": find_reason([bare(line) for line in lines]), "module_list": modules(lines)}
    _, version = _last(lines, VERSION)
    if version:
        found["release"], found["version"] = version[1], version[2]
    _, hardware = _last(lines, re.compile(r"Hardware name: (.*)"))
    if hardware:
        found["hardware"] = hardware[1]
    if lines and (seconds := seconds_of(lines[-1])) is not None:
        found["uptime"] = int(seconds)
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
