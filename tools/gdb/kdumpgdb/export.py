# SPDX-License-Identifier: GPL-2.0
"""What a report shows of a dump, as plain data."""
import gdb

import printklog

from . import kernel, modules, system, tasks, unwind

MAX_FRAMES = 64
MAX_WAITING = 50
MAX_LINES = 1000


def _frame(frame):
    pc = frame.pc()
    if pc < unwind.USER_END:
        return {"function": "user space", "pc": pc}
    place = frame.find_sal()
    found = {"function": unwind.name_of(frame), "pc": pc,
             "inline": frame.type() == gdb.INLINE_FRAME}
    if place.symtab and place.line:
        found["file"], found["line"] = place.symtab.filename, place.line
    return found


def frames(task):
    """The backtrace of a task, innermost first; one that cannot be made says why."""
    found = []
    try:
        tasks.thread_of(task).switch()
        frame = gdb.newest_frame()
        while frame and frame.pc() and len(found) < MAX_FRAMES:
            found.append(_frame(frame))
            if frame.pc() < unwind.USER_END:
                break
            frame = frame.older()
    except kernel.DAMAGE as error:
        found.append({"function": f"({kernel.explained(error)})", "pc": 0})
    return found


def _task(task):
    return {"pid": task.pid, "comm": task.comm, "state": task.state, "cpu": task.cpu,
            "frames": frames(task)}


def everything():
    """All that a report shows."""
    everyone = {task.address: task for task in kernel.attempt(tasks.everyone) or ()}
    running = kernel.attempt(tasks.current) or {}
    waiting = [task for task in everyone.values() if task.state == "D"]
    log = list(printklog.lines(kernel.attempt(system.log_records) or ()))[-MAX_LINES:]
    return {
        **system.facts(),
        "backtraces": [_task(everyone.get(task.address, task)) | {"cpu": cpu}
                       for cpu, task in sorted(running.items())],
        "waiting": [_task(task) for task in waiting[:MAX_WAITING]],
        "waiting_total": len(waiting),
        "classes": {name: pages * 4096 for name, pages in system.memory_classes().items()},
        "module_list": [{"name": module.name, "size": module.size, "state": module.state,
                         "taint": modules.taint_letters(module.taints)}
                        for module in kernel.attempt(modules.everyone) or ()],
        "log": log or None,
        "build_id": kernel.vmcoreinfo().get("BUILD-ID"),
    }
