# SPDX-License-Identifier: GPL-2.0
"""Ways to panic that are hard on the panic: each makes a dump."""
import functools

from harness import artifacts, paths, suite
from harness.kdump import (MODULE, check_on_stack, insert_module, load, on_cpu, open_dump)
from harness.suite import Skip, check


class Case:
    """A way to panic.

    command is what to run, or the name of a trigger of the module; culprit a function
    on the stack of the crashing CPU, of which only the number may not be known; extra are
    further modules that it takes; slow, that it is not for every run.
    """

    def __init__(self, command, culprit="", cpus=2, prepare=":", extra=(), slow=False):
        self.command, self.culprit, self.cpus = command, culprit, cpus
        self.prepare, self.extra, self.slow = prepare, extra, slow


EAT_MEMORY = "tail /dev/zero"
GO_ON_AND_OFF = """while :; do
    echo 0 >/sys/devices/system/cpu/cpu1/online
    echo 1 >/sys/devices/system/cpu/cpu1/online
done >/dev/null 2>&1 &
sleep 1"""
SOFTDOG = tuple(f"drivers/watchdog/{name}.ko" for name in ("watchdog", "softdog"))
# Whoever has opened the watchdog falls asleep.
START_SOFTDOG = """insmod /lib/watchdog.ko
insmod /lib/softdog.ko soft_panic=1 soft_margin=2"""
LET_SOFTDOG_BARK = "exec 9>/dev/watchdog; sleep 60"

CASES = {
    "irqs-off": Case("irqs-off", "kdump_test_panic"),
    "ipi": Case("ipi"),
    "two-at-once": Case("two"),
    "hrtimer": Case("hrtimer", "kdump_test_timer"),
    "stop-machine": Case("stop-machine"),
    "console-lock": Case("console", "kdump_test_panic"),
    "no-idt": Case("idt", "kdump_test_panic"),
    "jump-to-nowhere": Case("nowhere", prepare="echo 1 >/proc/sys/kernel/panic_on_oops"),
    "double-fault": Case("rsp"),
    "hotplug-lock": Case("hotplug", "kdump_test_panic"),
    "oom-1": Case(EAT_MEMORY, "out_of_memory", prepare="echo 1 >/proc/sys/vm/panic_on_oom"),
    "oom-2": Case(EAT_MEMORY, "out_of_memory", prepare="echo 2 >/proc/sys/vm/panic_on_oom"),
    "hard-lockup": Case("lockup", prepare="echo 2 >/proc/sys/kernel/watchdog_thresh;"
                                          " echo 1 >/proc/sys/kernel/hardlockup_panic"),
    "deaf-cpu": Case("deaf", "kdump_test_panic"),
    "cpu-on-and-off": Case("panic", prepare=GO_ON_AND_OFF),
    "stack": Case("stack", "kdump_test_recurse"),
    "irq-stack": Case("irq-stack", "kdump_test_recurse", cpus=1),
    "init-killed": Case("init", "arch_do_signal_or_restart"),
    "softdog": Case(LET_SOFTDOG_BARK, "softdog_fire", 2, START_SOFTDOG, SOFTDOG, slow=True),
    "softdog-1cpu": Case(LET_SOFTDOG_BARK, "softdog_fire", 1, START_SOFTDOG, SOFTDOG, slow=True),
}
TRIGGERS = ("irqs-off", "ipi", "two", "hrtimer", "stop-machine", "console", "idt", "nowhere", "rsp",
            "stack", "irq-stack", "hotplug", "init", "lockup", "deaf", "panic")


def panics(context, case):
    machine = {}
    if case.extra:
        modules = [paths.OBJECTS / name for name in case.extra]
        if not all(path.is_file() for path in modules):
            raise Skip("the module is not built")
        machine["initrd"] = artifacts.write_initrd(
            context.workdir / "initrd", paths.bzimage(),
            [(artifacts.stripped(path), f"/lib/{path.name}") for path in modules])
    with context.boot("crashkernel=64M", cpus=case.cpus, **machine) as guest:
        kallsyms = insert_module(guest)
        load(guest, "kexec_file_load")
        guest.sh(case.prepare)
        if case.extra:
            kallsyms += "\n" + guest.sh("grep '\\[softdog\\]' /proc/kallsyms")
        command = case.command
        if command in TRIGGERS:
            command = f"echo {command} >{MODULE}/trigger"
        guest.crash(on_cpu(0, command))
        dump = open_dump(guest, kallsyms)
        cpu = dump.variable("panic_cpu")
        check(cpu < case.cpus, f"panic_cpu is {cpu}")
        if case.culprit:
            check_on_stack(dump, dump.threads[cpu], cpu, case.culprit)


for name, one in CASES.items():
    suite.add(f"panics.{name}", functools.partial(panics, case=one), "A panic of this kind makes "
              "a dump, with the registers of the CPU that panicked.", full=one.slow)
