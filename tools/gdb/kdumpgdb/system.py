# SPDX-License-Identifier: GPL-2.0
"""The machine as a whole: what ran on it, for how long, and why it panicked."""
import datetime

import printklog
from printable import c_string, printable

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
PANIC = ("Kernel panic - not syncing", "BUG: ", "Oops: ", "general protection fault",
         "Unable to handle", "kernel BUG at", "sysrq: Trigger a crash")


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
    """Letter and meaning of each taint."""
    mask = number("tainted_mask") or 0
    return [(line[0], line[2:]) for bit, line in enumerate(TAINTS) if mask >> bit & 1]


def panic_line(records):
    """What the panic said, or the first other sign of trouble that is last in the log."""
    for sign in PANIC:
        for record in reversed(records):
            if sign in record.text:
                return printable(record.text.splitlines()[0])
    return "no panic in the log"


def uptime(records):
    """Seconds since boot: of the timekeeper, or of the last line of the log."""
    seconds = number("tk_core.timekeeper.xtime_sec")
    booted = number("tk_core.timekeeper.wall_to_monotonic.tv_sec")
    if seconds and booted:
        total = seconds + (booted - (1 << 64) if booted >> 63 else booted)
        if 0 <= total < 1 << 32:
            return total
    return records[-1].ns // 10**9 if records else 0


def facts():
    """Pairs of a heading and a value, in the order in which they are shown."""
    try:
        records = log_records()
    except ValueError as error:
        records = []
        yield "LOG", str(error)
    names, everyone = utsname(), tasks.everyone()
    loads = [number(f"avenrun[{index}]") or 0 for index in range(3)]
    crashed = kernel.crashed_cpu()
    when = kernel.vmcoreinfo().get("CRASHTIME", "")
    if when.isdigit() and int(when) < 1 << 33:
        yield "DATE", f"{datetime.datetime.fromtimestamp(int(when), datetime.timezone.utc)}"
    yield "UPTIME", str(datetime.timedelta(seconds=uptime(records)))
    yield "CPUS", str(len(kernel.cpus()))
    yield "LOAD AVERAGE", ", ".join(f"{load / (1 << FSHIFT):.2f}" for load in loads)
    yield "TASKS", str(len(everyone))
    yield "NODENAME", names["nodename"]
    yield "RELEASE", names["release"]
    yield "VERSION", names["version"]
    yield "MACHINE", names["machine"]
    pages = number("_totalram_pages") or 0
    yield "MEMORY", f"{pages * 4 / 1024:.1f} MiB managed by the kernel"
    yield "MODULES", str(len(modules.everyone()))
    yield "TAINT", ", ".join(f"{letter}: {text}" for letter, text in taints()) or "none"
    yield "PANIC", panic_line(records)
    task = tasks.current().get(crashed)
    if task:
        yield "CRASHED", f"CPU {crashed}, PID {task.pid}, \"{task.comm}\""


def show():
    for heading, value in facts():
        print(f"{heading:>14}: {value}")
