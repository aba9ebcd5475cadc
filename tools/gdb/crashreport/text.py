# SPDX-License-Identifier: GPL-2.0
"""The report as text, and the words that the page shows too."""
import datetime
import re

from . import memmap

LOG_LINES = 60
WIDTH = 78
# What a letter stands for, where the dump does not say: from the kernel's
# Documentation/admin-guide/tainted-kernels.rst, in short.
TAINTS = {"P": "proprietary module", "F": "module loaded by force", "O": "module from elsewhere",
          "E": "unsigned module", "W": "there was a warning", "D": "there was an oops",
          "M": "machine check", "B": "bad page", "L": "soft lockup", "C": "staging driver",
          "K": "live patched", "I": "firmware workaround", "U": "user space asked for it"}


def size(number):
    """Bytes in a unit that people read."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024:
            break
        number /= 1024
    else:
        unit = "TiB"
    return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"


def when(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def source(frame):
    """File and line of a frame as in the kernel's tree, or ""."""
    if not frame.get("file"):
        return ""
    return f"{re.sub(r'^(?:.*/linux-[^/]*/|(?:[.][.]/)+)', '', frame['file'])}:{frame['line']}"


def taints(known):
    """Letter and meaning of each taint."""
    return [(letter, meaning or TAINTS.get(letter, "")) for letter, meaning in
            known.get("taint", ())]


def title(known):
    host = known.get("status", {}).get("host") or known.get("host")
    return f"Kernel crash of {host}" if host and host != "(none)" else "Kernel crash"


def facts(known):
    """Pairs of a name and a value, the important ones first; what is not known is left out."""
    who, status, dump = known.get("crashed"), known.get("status", {}), known.get("dump")
    if who:
        yield "Crashed", f"CPU {who['cpu']}, process {who['pid']} ({who['comm']})"
    if known.get("time"):
        yield "Time", when(known["time"])
    if known.get("uptime") is not None:
        yield "Up for", str(datetime.timedelta(seconds=known["uptime"]))
    yield "Kernel", " ".join(filter(None, (known.get("release"), known.get("version"))))
    machine = " ".join(filter(None, (known.get("machine"), known.get("hardware"))))
    if machine:
        yield "Machine", machine
    if known.get("cpus"):
        load = ", ".join(f"{load:.2f}" for load in known.get("load") or ())
        yield "CPUs", f"{known['cpus']}, load {load}" if load else known["cpus"]
    if known.get("memory"):
        yield "Memory", size(known["memory"])
    if known.get("tasks"):
        yield "Tasks", f"{known['tasks']}, {known.get('waiting_total', 0)} in state D"
    yield "Tainted", ", ".join(f"{letter} ({meaning})" if meaning else letter
                               for letter, meaning in taints(known)) or "no"
    if dump:
        yield "Dump", f"{dump['name']}, {size(dump['size'])}"
    if status.get("result"):
        yield "Saving", saving(status)
    if known.get("build_id"):
        yield "Build id", known["build_id"]


def saving(status):
    """How saving the dump went, in one line."""
    parts = [status["result"]]
    if status.get("stage") and status["stage"] != "done":
        parts.append(f"in stage {status['stage']}")
    if status.get("seconds"):
        parts.append(f"after {status['seconds']} s")
    if status.get("error"):
        parts.append(status["error"])
    return ", ".join(parts)


def frame_lines(frames):
    for index, frame in enumerate(frames):
        yield f"  #{index:<3} {frame['function']:<40} {source(frame)}".rstrip()


def heading(words):
    return ["", words, "-" * min(len(words), WIDTH)]


def render(known):
    """The report as text."""
    lines = [title(known), "=" * len(title(known)), "", known.get("panic") or "No panic message",
             ""]
    lines += [f"{name + ':':<10} {value}" for name, value in facts(known)]
    lines += [f"Note:      {problem}" for problem in known["problems"]]
    for entry in known.get("backtraces", ()):
        mark = " crashed" if is_crashed(known, entry) else ""
        lines += heading(f"CPU {entry['cpu']}{mark}: process {entry['pid']} ({entry['comm']})")
        lines += frame_lines(entry["frames"])
    if known.get("waiting"):
        lines += heading(f"Tasks in state D: {known['waiting_total']}")
        for task in known["waiting"]:
            lines += [f"process {task['pid']} ({task['comm']}), CPU {task['cpu']}",
                      *frame_lines(task["frames"])]
    if known.get("classes"):
        lines += heading(f"Memory by class ({known['classes_source']})")
        lines += [f"{name}: pages {number // 4096} bytes {number}"
                  for name, number in known["classes"].items()]
    if known.get("map"):
        lines += heading("Memory in the dump")
        lines += [f"{name}: {size(number)}"
                  for name, number in memmap.totals(known["map"]).items() if number]
    if known.get("module_list"):
        lines += heading(f"Modules: {len(known['module_list'])}")
        lines.append(" ".join(module["name"] + (f"({module['taint']})" if module["taint"] else "")
                              for module in known["module_list"]))
    lines += heading(f"The last lines of the log, of {len(known['log'])}")
    lines += known["log"][-LOG_LINES:]
    return "\n".join(lines) + "\n"


def is_crashed(known, entry):
    return (known.get("crashed") or {}).get("cpu") == entry["cpu"]
