# SPDX-License-Identifier: GPL-2.0
"""The commands of gdb: kdump, btpid, dmesg."""
import json
import os
import pathlib
import shlex

import gdb

import dumpfile
import printklog
from printable import printable

from . import export, kernel, modules, stacks, symbols, system, tasks, unwind

OPEN_TIMEOUT = 600              # seconds
TARGET = pathlib.Path(__file__).resolve().parent.parent / "gdb-target"


def backtrace(task):
    """Print a heading and the backtrace of a task, and leave gdb in it."""
    thread = tasks.thread_of(task)
    thread.switch()
    where = f"  CPU: {task.cpu}" + (" (running)" if task.running else "")
    print(f"PID: {task.pid}  TASK: {task.address:#x}{where}  STATE: {task.state}"
          f"  COMMAND: \"{task.comm}\"")
    gdb.execute("backtrace")


def why_none():
    """Why no CPU is known to have crashed."""
    address = kernel.address_of("panic_cpu")
    if address is not None and not kernel.read(address, 4):
        return f"which CPU has crashed is not known: {address:#x} {kernel.why_not(address)}"
    return "no CPU has crashed"


def tell_doubt():
    """Before the prompt: whether what gdb read for the last command was in the dump."""
    kernel.begin_command()
    if text := kernel.doubt():
        kernel.warn(text)


class Kdump(gdb.Command):
    """Look at a crash dump of Linux.

kdump bt [PID|-a]   backtrace of the crashed CPU, of a process, or of every CPU
kdump ps            processes and threads
kdump dmesg         the kernel's log
kdump log [-f]      the same; -f with facility and level of each line
kdump mod [-s DIR]  modules; -s loads their symbols from .ko files below DIR
kdump sys           the machine and the panic"""

    def __init__(self):
        super().__init__("kdump", gdb.COMMAND_DATA, prefix=True)


class Subcommand(gdb.Command):
    """A command that ends with one line where the dump does not have what it needs."""

    def __init__(self, name):
        super().__init__(name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        kernel.begin_command()
        try:
            self.run(gdb.string_to_argv(argument))
        except gdb.GdbError:
            raise
        except kernel.DAMAGE as error:
            kernel.fail(f"kdump: {kernel.explained(error)}")
        finally:
            kernel.doubt()          # it has been told


class Open(Subcommand):
    """kdump open [DUMP VMLINUX]: open a dump; gdb-kdump does this."""

    def run(self, arguments):
        dump, vmlinux = arguments or (os.environ["KDUMP_DUMP"], os.environ["KDUMP_VMLINUX"])
        with open(dump, "rb") as stream:
            core = dumpfile.open_dump(stream)
            offset = core.kaslr_offset
            for problem in core.problems if arguments else ():  # gdb-kdump has told them
                kernel.warn(printable(f"{dump}: {problem}"))
        print(printable(f"dump    {dump}") + "\n" + printable(f"vmlinux {vmlinux}"))
        gdb.execute(f"symbol-file -o {offset:#x} {shlex.quote(vmlinux)}")
        gdb.execute("set print thread-events off")
        # gdb wants to know of a program when it connects, but shall not read that
        # one's memory, at addresses without the offset, afterwards.
        gdb.execute(f"exec-file {shlex.quote(vmlinux)}")
        command = shlex.join([str(TARGET), "--quiet", dump])
        gdb.execute("set suppress-cli-notifications on")
        # gdb asks again after 2 seconds, and then takes the first answer for another one;
        # a dump of many segments, or a busy machine, takes longer than that.
        gdb.execute(f"set remotetimeout {OPEN_TIMEOUT}")
        try:
            gdb.execute(f"target remote | {command}", to_string=True)
        except gdb.error as error:
            kernel.fail(f"{dump} cannot be opened: {error}")
        gdb.execute("set suppress-cli-notifications off")
        gdb.execute("exec-file", to_string=True)
        kernel.attempt(stacks.show_images)
        if (thread := (kernel.attempt(tasks.cpu_threads) or {}).get(kernel.crashed_cpu())):
            thread.switch()
        system.show()


class Modules(Subcommand):
    """kdump mod [-s DIRECTORY]: modules; -s loads their symbols.

The symbols come from the .ko, .ko.debug, or compressed .ko files in the directory and
below it, /lib/modules of the release by default; one of another build is not taken."""

    def run(self, arguments):
        if arguments[:1] == ["-s"]:
            symbols.load(arguments[1:])
        print("  ADDRESS           CODE                  SIZE  TAINT  SYMBOLS  NAME")
        for module in modules.everyone():
            loaded = "yes" if module.address in symbols.LOADED else "no"
            print(f"  {module.address:x}  {module.base:16x}  {module.size:8}"
                  f"  {modules.taint_letters(module.taints):5}  {loaded:7}  {module.name}"
                  + (f" ({module.state})" if module.state != "live" else ""))


class System(Subcommand):
    """kdump sys: the machine and the panic."""

    def run(self, arguments):
        system.show()


class Export(Subcommand):
    """kdump export FILE: what a report needs, as JSON; for kdump-report."""

    def run(self, arguments):
        if len(arguments) != 1:
            kernel.fail("kdump export wants the name of a file")
        with open(arguments[0], "w", encoding="utf-8") as out:
            json.dump(export.everything(), out)


class Backtrace(Subcommand):
    """kdump bt [PID|-a]: backtrace of the crashed CPU, of a process, or of every CPU (-a)."""

    def run(self, arguments):
        everyone = {task.address: task for task in tasks.everyone()}
        if arguments == ["-a"]:
            for task in tasks.current().values():
                backtrace(everyone.get(task.address, task))
                print()
        elif not arguments:
            task = tasks.current().get(kernel.crashed_cpu())
            if not task:
                kernel.fail(f"{why_none()}: name a process, or -a")
            backtrace(everyone.get(task.address, task))
        else:
            for word in arguments:
                if not word.isdigit():
                    kernel.fail(f"{word} is not a process id")
                backtrace(tasks.find(int(word)))


class ProcessBacktrace(Backtrace):
    """btpid PID: backtrace of a process."""


class Processes(Subcommand):
    """kdump ps: processes and threads; > marks those that a CPU ran."""

    def run(self, arguments):
        print("    PID    PPID  CPU  TASK              S      VSZ      RSS  COMMAND")
        for task in tasks.everyone():
            size, resident = task.memory()
            print(f"{'>' if task.running else ' '}{task.pid:6}  {task.parent:6}  {task.cpu:3}"
                  f"  {task.address:x}  {task.state} {size:8} {resident:8}  {task.name}")


class Log(Subcommand):
    """kdump log [-f]: the kernel's log; -f puts facility and level before each line."""

    def run(self, arguments):
        for line in printklog.lines(system.log_records(), "-f" in arguments):
            print(line)


def register():
    Kdump()
    Open("kdump open")
    Modules("kdump mod")
    System("kdump sys")
    Export("kdump export")
    for name in ("kdump bt",):
        Backtrace(name)
    ProcessBacktrace("btpid")
    Processes("kdump ps")
    for name in ("kdump log", "kdump dmesg", "dmesg"):
        Log(name)
    unwind.register()
    gdb.events.before_prompt.connect(tell_doubt)
