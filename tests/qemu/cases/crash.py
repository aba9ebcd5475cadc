# SPDX-License-Identifier: GPL-2.0
"""The crash matrix: every way to die, on every CPU, loaded and placed in every way."""
import functools
import zlib

from harness import suite
from harness.kdump import (MODULE, Patterns, check_edges, check_kernel_registers,
                           check_on_stack, check_spinning, insert_module, load, on_cpu, open_dump,
                           ram_ranges, spin)
from harness.pairwise import all_pairs, product
from harness.suite import check

FACTORS = {
    "trigger": ("panic", "oops", "irq", "nmi", "lockup", "sysrq", "two", "notifiers"),
    "cpus": (1, 2, 4),
    "loader": ("kexec_load", "kexec_file_load"),
    "where": ("first", "last"),
    "kaslr": ("kaslr", "nokaslr"),
}

# What has to be set for a trigger to work.
PREPARE = {
    "oops": "echo 1 >/proc/sys/kernel/panic_on_oops",
    "nmi": "echo 1 >/proc/sys/kernel/unknown_nmi_panic",
    "lockup": "echo 2 >/proc/sys/kernel/watchdog_thresh;"
              " echo 1 >/proc/sys/kernel/hardlockup_panic",
}
CMDLINE = {
    "kaslr": "", "nokaslr": "nokaslr", "notifiers": "crash_kexec_post_notifiers",
}
# The function that the crashing CPU came from.
CULPRIT = {
    "panic": "kdump_test_panic", "oops": "kdump_test_oops", "irq": "kdump_test_irq_oops",
    "nmi": "kdump_test_nmi", "lockup": "kdump_test_lockup", "sysrq": "sysrq_handle_crash",
    "two": "kdump_test_race", "notifiers": "kdump_test_panic",
}
# An exception's registers are those of the instruction, not of the panic that follows.
EXACT = ("oops", "irq", "lockup")


def allowed(row):
    """Whether a combination exists: it takes two CPUs to race or to watch each other."""
    if row["cpus"] == 1:
        return row["trigger"] not in ("two", "lockup") and row["where"] == "first"
    return True


def trigger_command(trigger, cpu):
    if trigger == "sysrq":
        return on_cpu(cpu, "echo c >/proc/sysrq-trigger")
    name = {"notifiers": "panic"}.get(trigger, trigger)
    return on_cpu(cpu, f"echo {name} >{MODULE}/trigger")


def check_culprit(dump, trigger, cpu):
    """A CPU's registers are those of the crash."""
    culprit, thread = CULPRIT[trigger], dump.threads[cpu]
    if trigger in EXACT:
        name = dump.symbols.name(thread.rip)
        check(name == culprit, f"CPU {cpu} is in {name}, not in {culprit}")
    else:
        check_on_stack(dump, thread, cpu, culprit)


def check_registers(dump, row, cpu, racer, spinning):
    """Each CPU has its own registers, and the kernel's own record of who panicked is right."""
    threads, trigger = dump.threads, row["trigger"]
    check(len(threads) == row["cpus"], f"{len(threads)} CPUs in the dump, not {row['cpus']}")
    check_culprit(dump, trigger, cpu)
    panicking = dump.variable("panic_cpu")
    if trigger == "lockup":
        check(panicking != cpu, f"CPU {cpu} cannot have found its own lockup")
        check_on_stack(dump, threads[panicking], panicking, "watchdog_timer_fn")
    elif trigger == "two":
        check(panicking in (cpu, racer), f"panic_cpu is {panicking}, not {cpu} or {racer}")
        check_culprit(dump, trigger, racer)
    else:
        check(panicking == cpu, f"panic_cpu is {panicking}, not {cpu}")
    for other in set(range(row["cpus"])) - {cpu, panicking, racer}:
        check_other = check_spinning if other in spinning else check_kernel_registers
        check_other(dump, threads[other], other)


def crash(context, row, reserved="64M", then=lambda guest: None, **machine):
    """Crash, check the dump, and do then() in the capture kernel."""
    trigger, cpus = row["trigger"], row["cpus"]
    cpu = 0 if row["where"] == "first" else cpus - 1
    racer = (1 if cpu == 0 else 0) if trigger == "two" else None
    # Of four CPUs the third stays idle.
    spinning = set(range(cpus)) - {cpu, racer, 2}
    cmdline = [f"crashkernel={reserved}", CMDLINE.get(trigger, ""), CMDLINE[row["kaslr"]]]
    with context.boot(" ".join(cmdline), cpus=cpus, **machine) as guest:
        kallsyms = insert_module(guest)
        load(guest, row["loader"])
        ram = ram_ranges(guest.sh("cat /proc/iomem"))
        patterns = Patterns(guest, zlib.crc32(repr(row).encode()))
        for other in spinning:
            spin(guest, other)
        guest.sh(PREPARE.get(trigger, ":"))
        guest.crash(trigger_command(trigger, cpu))

        dump = open_dump(guest, kallsyms)
        check_registers(dump, row, cpu, racer, spinning)
        patterns.check(dump.core)
        check_edges(guest, dump.core, ram)
        then(guest)


def declare():
    pairs = list(all_pairs(FACTORS, allowed))
    for row in product(FACTORS, allowed):
        name = "crash.{trigger}-{cpus}cpu-{where}-{loader}-{kaslr}".format(**row)
        suite.add(name, functools.partial(crash, row=row),
                  "The dump has every CPU's registers and memory as it was.",
                  full=row not in pairs)


declare()
