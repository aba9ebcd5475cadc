# SPDX-License-Identifier: GPL-2.0
"""Tasks: who they were, on which CPU, and as threads of gdb."""
import functools

import gdb

from . import kernel

# By bit of task->__state | task->exit_state, as in /proc/PID/stat.
STATES = "RSDTtXZPI"
REPORTED = 0x7f
TASK_IDLE = 0x402
KTHREAD = 0x00200000            # PF_KTHREAD
# Numbers of threads: the process id, this and the CPU for idle tasks in dumps of this
# project's kernels, in others a number that tells nothing; the last are made here.
IDLE_TID, UNNAMED_TID, SLEEPING_IDLE_TID = 1 << 22, 2 << 22, 3 << 22
COUNTERS = 4                    # of mm->rss_stat


@functools.cache
def _layout():
    return kernel.Layout(
        "task_struct", pid="pid", tgid="tgid", comm="comm", flags="flags",
        state="__state state", exit_state="exit_state", cpu="thread_info.cpu cpu",
        on_cpu="on_cpu", mm="mm", stack="stack", sp="thread.sp", parent="real_parent",
        signal="signal", started="start_time")


class Task:
    """A task_struct."""

    def __init__(self, fields):
        self.fields = fields
        self.address, self.pid, self.comm = fields.address, fields.pid, fields.comm
        self.cpu, self.thread = fields.cpu, fields.pid != fields.tgid
        self.running = False

    @property
    def state(self):
        """One letter, as ps has it."""
        bits = (self.fields.state or 0) | (self.fields.exit_state or 0)
        if bits & TASK_IDLE == TASK_IDLE:
            return "I"
        return STATES[(bits & REPORTED).bit_length()]

    @property
    def name(self):
        return f"[{self.comm}]" if self.fields.flags & KTHREAD else self.comm

    @property
    def parent(self):
        data = kernel.read((self.fields.parent or 0)
                           + kernel.offset_of("task_struct", "tgid"), 4)
        return int.from_bytes(data, "little")

    def memory(self):
        """Virtual and resident memory in KiB."""
        if not self.fields.mm:
            return 0, 0
        total = kernel.offset_of("mm_struct", "total_vm")
        return kernel.word(self.fields.mm + total) * 4, _resident(self.fields.mm) * 4


def _resident(mm):
    """Resident pages, to within what each CPU has not added up yet."""
    found = kernel.locate(kernel.struct("mm_struct"), "rss_stat")
    if not found:
        return 0
    offset, kind = found
    if kind.code == gdb.TYPE_CODE_ARRAY:            # of struct percpu_counter, since 6.2
        step = kind.target().sizeof
        first = kernel.locate(kind.target(), "count")[0]
    else:
        step, first = kernel.WORD, 0
    data = kernel.read(mm + offset, step * (COUNTERS - 1) + first + kernel.WORD)
    swap = 2                                        # MM_SWAPENTS is not in memory
    counts = (int.from_bytes(data[first + step * index:][:kernel.WORD], "little", signed=True)
              for index in range(COUNTERS) if index != swap)
    return max(sum(counts), 0)


def read_task(address):
    fields = address and _layout().read(address)
    return Task(fields) if fields else None


@functools.cache
def idle():
    """The idle task of each CPU that was online."""
    place = kernel.offset_of("rq", "idle")
    queues = [kernel.per_cpu("runqueues", cpu) for cpu in kernel.cpus()]
    return [task for queue in queues if queue and (task := read_task(kernel.word(queue + place)))]


@functools.cache
def current():
    """The task that each CPU ran, by number of the CPU."""
    place, found = kernel.offset_of("rq", "curr"), {}
    for cpu in kernel.cpus():
        queue = kernel.per_cpu("runqueues", cpu)
        task = queue and read_task(kernel.word(queue + place))
        if task:
            found[cpu] = task
    return found


@functools.cache
def everyone():
    """All tasks: idle ones, then by the kernel's lists of processes and their threads."""
    found = {task.address: task for task in idle()}
    tasks = kernel.offset_of("task_struct", "tasks")
    node = kernel.offset_of("task_struct", "thread_node")
    head = kernel.offset_of("signal_struct", "thread_head")
    init = kernel.address_of("init_task")
    for entry in kernel.walk(init + tasks, "processes"):
        leader = read_task(entry - tasks)
        if not leader:
            continue
        found.setdefault(leader.address, leader)
        for thread in kernel.walk(leader.fields.signal + head, f"threads of {leader.pid}"):
            if thread - node not in found and (task := read_task(thread - node)):
                found[task.address] = task
    for cpu, task in current().items():
        if task.address in found:
            found[task.address].running, found[task.address].cpu = True, cpu
    return list(found.values())


def find(pid):
    """The task with a process id; 0 is the idle task of the first CPU."""
    for task in everyone():
        if task.pid == pid:
            return task
    kernel.fail(f"no task has process id {pid}")


@functools.cache
def cpu_threads():
    """gdb's thread of each CPU whose registers are in the dump, by number of the CPU."""
    size = kernel.integer("sizeof(init_stack)") or 16384
    threads = sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num)
    free, found = dict(current()), {}

    def take(thread, cpu):
        found[cpu] = thread
        threads.remove(thread)
        del free[cpu]

    for thread in list(threads):                    # by number
        tid = max(thread.ptid[1:])
        cpu = (tid - IDLE_TID if tid >= IDLE_TID
               else next((cpu for cpu, task in free.items() if task.pid == tid), None))
        if cpu in free:
            take(thread, cpu)
    for thread in list(threads):                    # by stack
        thread.switch()
        sp = kernel.integer("$rsp")
        if sp is None:          # of a kernel that went on running there are no registers
            threads.remove(thread)
            continue
        cpu = next((cpu for cpu, task in free.items()
                    if 0 <= sp % (1 << 64) - task.fields.stack < size), None)
        if cpu is not None:
            take(thread, cpu)
    for thread, cpu in zip(list(threads), sorted(free)):    # and the rest in order
        take(thread, cpu)
    for cpu, thread in found.items():
        name = f"CPU {cpu}: {current()[cpu].comm}".encode().hex()
        kernel.send(f"QKdumpName:{max(thread.ptid[1:]):x}:{name}")
    return found


def _thread_by_id(tid):
    for thread in gdb.selected_inferior().threads():
        if max(thread.ptid[1:]) == tid:
            return thread
    return None


def saved_registers(task):
    """Registers of a task that was switched away from, as __switch_to_asm left them."""
    layout = kernel.struct("inactive_task_frame")
    data = kernel.read(task.fields.sp, layout.sizeof)
    if len(data) < layout.sizeof:
        at = task.fields.sp + len(data)
        kernel.fail(f"the stack of process {task.pid}: {at:#x} {kernel.why_not(at)}")
    names = {"ret_addr": "rip", "bp": "rbp", "bx": "rbx"}
    found = {"rsp": task.fields.sp + layout.sizeof, "cs": 0x10}
    for field in layout.fields():
        if field.name in names or field.name in ("r12", "r13", "r14", "r15"):
            at = field.bitpos // 8
            found[names.get(field.name, field.name)] = int.from_bytes(data[at:at + 8], "little")
    return found


def thread_of(task):
    """gdb's thread for a task, made where there is none yet."""
    if task.running:
        return cpu_threads().get(task.cpu) or kernel.fail(
            f"CPU {task.cpu} was not stopped: its registers are not in the dump")
    tid = task.pid or SLEEPING_IDLE_TID + task.cpu
    if not (found := _thread_by_id(tid)):
        values = ",".join(f"{name}={value:x}" for name, value in saved_registers(task).items())
        name = f"{task.comm} {task.state}".encode().hex()
        if kernel.send(f"QKdumpThread:{tid:x}:{name}:{values}") != b"OK":
            kernel.fail("gdb-target takes no further thread")
        found = _thread_by_id(tid)
    return found or kernel.fail(f"gdb has not taken process {task.pid} as a thread")
