# SPDX-License-Identifier: GPL-2.0
"""The machine as a whole: what ran on it, for how long, and why it panicked."""
import datetime

import printklog
from printable import c_string, printable
from signs import find_reason

from . import kernel, modules, tasks

NEW_UTS_LEN = 65
UTSNAME = ("sysname", "nodename", "release", "version", "machine", "domainname")
FSHIFT = 11                     # fraction bits of load averages
# By bit of tainted_mask: Documentation/admin-guide/tainted-kernels.rst.
TAINTS = """
P proprietary module was loaded
F module was force loaded
S kernel running on an out of specification system
R module was force unloaded
M processor reported a Machine Check Exception
B bad page referenced or some unexpected page flags
U taint requested by userspace application
D kernel died recently, i.e. there was an OOPS or BUG
A an ACPI table was overridden by user
W kernel issued warning
C staging driver was loaded
I workaround for bug in platform firmware applied
O externally-built module was loaded
E unsigned module was loaded
L soft lockup occurred
K kernel has been live patched
X auxiliary taint, defined for and used by distros
T kernel was built with the struct randomization plugin
N an in-kernel test has been run
J userspace used a mutating debug operation in fwctl""".strip().splitlines()


def number(name, size=8):
    """A variable as an unsigned number, or None."""
    address = kernel.address_of(name)
    data = kernel.read(address, size) if address is not None else b""
    return int.from_bytes(data, "little") if len(data) == size else None


def utsname():
    address = kernel.address_of("init_uts_ns.name")
    data = kernel.read(address, NEW_UTS_LEN * len(UTSNAME)) if address else b""
    return {name: c_string(data[index * NEW_UTS_LEN:][:NEW_UTS_LEN])
            for index, name in enumerate(UTSNAME)}


def log_records():
    return list(printklog.PrintkLog(kernel.vmcoreinfo(), kernel.read).records())


def taints():
    """Letter and meaning of each taint; None if they are not known."""
    mask = number("tainted_mask")
    if mask is None:
        return None
    return [(line[0], line[2:]) for bit, line in enumerate(TAINTS) if mask >> bit & 1]


def panic_line(records):
    """What the panic said, or the first other sign of trouble that is last in the log."""
    reason = find_reason([record.text for record in records])
    return printable(reason.splitlines()[0]) if reason else "no panic in the log"


def uptime(records):
    """Seconds since boot: of the timekeeper, or of the last line of the log, or None."""
    seconds = number("tk_core.timekeeper.xtime_sec")
    booted = number("tk_core.timekeeper.wall_to_monotonic.tv_sec")
    if seconds and booted:
        total = seconds + (booted - (1 << 64) if booted >> 63 else booted)
        if 0 <= total < 1 << 32:
            return total
    return records[-1].ns // 10**9 if records else None


def memory_classes():
    """Pages by class, of the kernel's own counters: less exact than a look at each page."""
    counts = {}
    for name, counter in (("free", "vm_zone_stat[NR_FREE_PAGES]"),
                          ("cache", "vm_node_stat[NR_FILE_PAGES]"),
                          ("user", "vm_node_stat[NR_ANON_MAPPED]")):
        value = kernel.integer(f"{counter}.counter")
        if value is None:
            return {}
        counts[name] = max(value, 0)
    rest = (number("_totalram_pages") or 0) - sum(counts.values())
    return {**counts, "kernel": max(rest, 0)}


def crash_time():
    """Seconds since 1970, or None."""
    text = kernel.vmcoreinfo().get("CRASHTIME", "")
    return int(text) if text.isdigit() and int(text) < 1 << 33 else None


def facts():
    """What is known of the machine, by name."""
    records = kernel.attempt(log_records) or []
    running = kernel.attempt(tasks.current) or {}
    names, task = utsname(), running.get(kernel.crashed_cpu())
    everyone = kernel.attempt(tasks.everyone) or []
    loaded = kernel.attempt(modules.everyone)
    loads = [number(f"avenrun[{index}]") for index in range(3)]
    pages = number("_totalram_pages")
    return {
        "panic": panic_line(records) if records else None,
        "crashed": task and {"cpu": kernel.crashed_cpu(), "pid": task.pid, "comm": task.comm},
        "time": crash_time(),
        "uptime": uptime(records),
        "host": names.get("nodename"), "release": names.get("release"),
        "version": names.get("version"), "machine": names.get("machine"),
        "cpus": len(running) or None,
        "load": None if None in loads else [round(load / (1 << FSHIFT), 2) for load in loads],
        "tasks": len(everyone) or None,
        "memory": pages and pages * 4096,
        "modules": loaded and len(loaded),
        "taint": taints(),
    }


def show():
    """Print them."""
    found = facts()
    when = found["time"] and datetime.datetime.fromtimestamp(found["time"], datetime.timezone.utc)
    who, taint = found["crashed"], found["taint"]
    for heading, value in (
            ("PANIC", found["panic"]),
            ("CRASHED", who and f"CPU {who['cpu']}, PID {who['pid']}, \"{who['comm']}\""),
            ("DATE", when and f"{when:%Y-%m-%d %H:%M:%S} UTC"),
            ("UPTIME", found["uptime"] and datetime.timedelta(seconds=found["uptime"])),
            ("NODENAME", found["host"]), ("RELEASE", found["release"]),
            ("VERSION", found["version"]), ("MACHINE", found["machine"]),
            ("CPUS", found["cpus"]),
            ("LOAD AVERAGE", found["load"] and ", ".join(f"{load:.2f}" for load in found["load"])),
            ("TASKS", found["tasks"]), ("MODULES", found["modules"]),
            ("MEMORY", found["memory"] and f"{found['memory'] / 2**20:.1f} MiB"),
            ("TAINT", taint and ", ".join(f"{letter}: {text}" for letter, text in taint))):
        if value == [] and heading == "TAINT":
            value = "none"
        print(f"{heading:>14}: {'unknown' if value in (None, '') else value}")
