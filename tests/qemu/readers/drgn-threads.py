# SPDX-License-Identifier: GPL-2.0
"""drgn-threads.py VMLINUX VMCORE: what drgn, of which this is a script, finds in a dump.

Prints JSON: the crashed thread, each CPU's thread with the registers and functions
of its stack, all tasks, and the log.
"""
import json
import sys

import drgn
from drgn.helpers.linux.cpumask import for_each_online_cpu
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_dmesg
from drgn.helpers.linux.sched import cpu_curr

program = drgn.Program()
program.set_core_dump(sys.argv[2])
program.load_debug_info([sys.argv[1]])


def describe(cpu):
    task = cpu_curr(program, cpu)
    trace = program.stack_trace(task)
    registers = trace[0].registers()
    return {"pid": task.pid.value_(), "rip": registers["rip"], "rsp": registers["rsp"],
            "functions": [frame.name for frame in trace if frame.name]}


json.dump({"crashed": program.crashed_thread().tid,
           "cpus": [describe(cpu) for cpu in for_each_online_cpu(program)],
           "tasks": [f"{task.pid.value_()} {task.comm.string_().decode()} {task.mm.value_():#x}"
                     for task in for_each_task(program)],
           "log": get_dmesg(program).decode(errors="replace").splitlines()}, sys.stdout)
