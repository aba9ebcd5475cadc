# SPDX-License-Identifier: GPL-2.0
"""gdb with the commands of tools/gdb, on the dump of a crash in an interrupt.

What crash says of the same dump is what gdb has to say.
"""
import functools
import gzip
import json
import os
import re
import shutil
import subprocess
import threading

from harness import artifacts, paths
from harness.kdump import MODULE, insert_module, load, on_cpu, spin
from harness.suite import Context, Failure, check, test

from .readers import ERRORS_ONLY, in_trixie, run

CPUS = 4
CRASHING = 2
FOLDER = paths.WORK / "gdb-saved"
VMCORE = FOLDER / "vmcore"
TOOLS = paths.ROOT / "tools"
CRASH_COMMANDS = ("ps", "foreach bt", "log", "sys", "mod")
_once = threading.Lock()
_asked = threading.Lock()
_listed = threading.Lock()

# From the interrupt down to the system call, in this order; the first in each line
# are on the interrupt's stack.
PATH = """kdump_test_irq_oops irq_work_single irq_work_run sysvec_irq_work
          asm_sysvec_irq_work irq_work_queue kdump_test_irq set_trigger param_attr_store
          kernfs_fop_write_iter vfs_write ksys_write do_syscall_64 entry_SYSCALL_64""".split()
# Functions at the edges of an interrupt, by how their names begin.
EDGES = ("asm_", "error_return", "common_interrupt_return", "swapgs_restore_regs", "native_i")
EVERYONE = """python
import json, sys
from kdumpgdb import export, tasks
json.dump([[task.address, task.pid, task.cpu, task.state, task.memory()[0], task.name,
            task.running, export.frames(task)] for task in tasks.everyone()],
          open({target!r}, "w"))"""
# crash's names of states by their letters.
STATES = {"RU": "R", "IN": "S", "UN": "D", "ID": "I", "ST": "T", "ZO": "Z", "DE": "X"}


@functools.cache
def _save():
    """Crash a guest in an interrupt on a CPU, with others idle, in user space, waiting."""
    with Context(FOLDER.name).boot("crashkernel=64M", cpus=CPUS, memory="384M", below_4g="192M",
                                   share=FOLDER) as guest:
        insert_module(guest)
        load(guest)
        spin(guest, 1)
        guest.sh("probe vfork >/dev/null 2>&1 &\n"
                 "until grep -q '^State:.D' /proc/$!/status; do usleep 1000; done")
        guest.crash(on_cpu(CRASHING, f"echo irq >{MODULE}/trigger"))
        guest.sh("mount -t 9p -o trans=virtio,msize=512000,cache=mmap share /mnt"
                 " && probe sparse /proc/vmcore /mnt/vmcore && umount /mnt", timeout=300)


def saved():
    with _once:
        _save()
    return VMCORE


def gdb(dump, *commands, vmlinux=paths.VMLINUX, environment=None):
    """What gdb-kdump and these commands print; no trouble may be among it."""
    arguments = ["-nx", "-batch", "-ex", "set width 0", "-ex", "set pagination off"]
    for command in commands:
        arguments += ["-ex", command]
    command = [TOOLS / "gdb" / "gdb-kdump", dump, *([vmlinux] if vmlinux else ()), "--",
               *arguments]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          errors="replace", timeout=300, check=False,
                          env={**os.environ, **(environment or {})})
    trouble = [line for line in done.stderr.splitlines() if "No such file" not in line]
    check(done.returncode == 0 and not trouble, f"gdb: {trouble[-20:]}\n{done.stdout[-2000:]}")
    return done.stdout


@functools.cache
def _ask_crash():
    script = "".join(f"{name} > {FOLDER}/crash-{name.split()[0]}\n" for name in CRASH_COMMANDS)
    run(*in_trixie("crash"), "-s", paths.VMLINUX, VMCORE, input=f"{script}quit\n")


def crash(name):
    """What crash prints for one of the commands, with the dump."""
    saved()
    with _asked:
        _ask_crash()
    return (FOLDER / f"crash-{name}").read_text(errors="replace")


@functools.cache
def _everyone():
    target = FOLDER / "everyone"
    gdb(VMCORE, EVERYONE.format(target=str(target)))
    return {row[0]: row[1:] for row in json.loads(target.read_text())}


def everyone():
    """Every task as gdb has it, by address."""
    saved()
    with _listed:
        return _everyone()


@test
def processes(context):
    """kdump ps lists the tasks that crash lists: id, CPU, state, memory, name, running."""
    context.require("gdb")
    rows = re.findall(r"^(>?) *(\d+) +\d+ +(\d+) +([0-9a-f]{16}) +(\w\w) +[\d.]+ +(\d+) +\d+ +"
                      r"(.*)$", crash("ps"), re.MULTILINE)
    wanted = {int(row[3], 16): [int(row[1]), int(row[2]), STATES[row[4]], int(row[5]), row[6],
                                bool(row[0])] for row in rows}
    found = {address: task[:6] for address, task in everyone().items()}
    check(len(found) > 40 and found == wanted,
          f"gdb only: {[task for task in found.items() if task not in wanted.items()]}, "
          f"crash only: {[task for task in wanted.items() if task not in found.items()]}")
    listed = re.findall(r"^[> ] *(\d+) .* [RSDTtXZPI] +\d+ +\d+  (.*)$",
                        gdb(saved(), "kdump ps"), re.MULTILINE)
    check(sorted(listed) == sorted((str(task[0]), task[4]) for task in found.values()),
          f"kdump ps: {listed}")


def crash_backtraces():
    """Addresses of the functions on each sleeping task's stack, by address of the task."""
    found = {}
    for block in re.split(r"^PID: ", crash("foreach"), flags=re.MULTILINE)[1:]:
        task = int(re.search(r"TASK: (\w+)", block)[1], 16)
        found[task] = [int(word, 16) for word in
                       re.findall(r"^ *#\d+ \[\w+\] \S+ at (\w+)", block, re.MULTILINE)]
    return found


@test
def sleeping(context):
    """Backtraces of all tasks that no CPU ran are those of crash, frame by frame.

    Where a function calls another through its last instruction, crash now and then
    leaves out the caller; gdb leaves out nothing.
    """
    context.require("gdb")
    compared = 0
    for address, wanted in crash_backtraces().items():
        pid, *_, name, running, frames = everyone()[address]
        if running:
            continue
        found = [frame["pc"] for frame in frames if not frame.get("inline") and frame["pc"] >> 63]
        rest = iter(found)
        check(wanted and all(pc in rest for pc in wanted) and len(found) <= len(wanted) + 1,
              f"{pid} {name}: gdb {list(map(hex, found))}, crash {list(map(hex, wanted))}")
        compared += found == wanted
    check(compared > 40, f"only {compared} backtraces are the same")


def backtrace(output):
    """Names of the functions in gdb's output."""
    return re.findall(r"^#\d+ +(?:0x\w+ in )?(.+?) \(", output, re.MULTILINE)


def check_path(names):
    rest = iter(names)
    for name in PATH:
        check(any(name in found.split() for found in rest), f"no {name} in its place: {names}")
    check(names[-1] == "user space", f"it ends in {names[-1]}")


@test
def interrupt(context):
    """kdump bt goes from the interrupt through what it interrupted to the system call.

    The module's functions have names without its .ko, and lines with it.
    """
    context.require("gdb")
    check_path(backtrace(gdb(saved(), "kdump bt")))
    output = gdb(saved(), f"kdump mod -s {artifacts.MODULE.parent}", "kdump bt", "bt")
    first, second = output.split("PID: ", 1)[1].split("#0 ")[1:3]
    check_path(backtrace(f"#0 {first}"))
    check_path(backtrace(f"#0 {second}"))
    check(re.search(r"kdump_test_irq_oops \(work=0x\w+ <irq_oops>\) at .*kdump_test\.c:\d+$",
                    output, re.MULTILINE), output)
    check(re.search(r"kdump_test_irq \(\) at .*kdump_test\.c:\d+$", output, re.MULTILINE), output)


@test
def each_cpu(context):
    """kdump bt -a: the crash, idle CPUs, and one in user space; info threads names them.

    The one in user space may have been interrupted: what it ran is at the end then. Any but
    the one that crashed may have been running a thread of the kernel instead.
    """
    context.require("gdb")
    output = gdb(saved(), "kdump bt -a", "info threads")
    blocks = re.split(r"^PID: ", output, flags=re.MULTILINE)[1:]
    check([re.search(r"CPU: (\d+)", block)[1] for block in blocks] == list("0123"), output)
    *path, last = backtrace(blocks[1])
    check(last == "user space" and (not path or path[-1].startswith(EDGES)) or "kthread" in path,
          blocks[1])
    check_path(backtrace(blocks[CRASHING]))
    idle = [cpu for cpu in (0, 3) if "kthread" not in backtrace(blocks[cpu])]
    check(idle, output)
    for cpu in range(CPUS):
        name = f"swapper/{cpu})" if cpu in idle else ""
        check(f"(CPU {cpu}: {name}" in output, output)
    for cpu in idle:
        check("cpu_startup_entry" in backtrace(blocks[cpu]), blocks[cpu])


@test
def waiting(context):
    """btpid shows why a process in state D waits; a process that is not there is refused."""
    context.require("gdb")
    pid = next(task[0] for task in everyone().values() if (task[2], task[4]) == ("D", "probe"))
    names = backtrace(gdb(saved(), f"btpid {pid}"))
    check("kernel_clone" in names and names[-1] == "user space", names)
    check(backtrace(gdb(saved(), f"kdump bt {pid}")) == names, "kdump bt differs from btpid")
    try:
        gdb(saved(), "btpid 4000000")
    except Failure as failure:
        check("no task has process id 4000000" in str(failure), str(failure))
    else:
        raise Failure("a process that is not there has a backtrace")


def plain(line):
    return re.sub(r"^(\[ *\d+\.\d+\] +| {15})", "", line)


@test
def log(context):
    """dmesg is crash's log; kdump log -f adds what dmesg -x does."""
    context.require("gdb")
    wanted = crash("log").splitlines()
    lines = gdb(saved(), "dmesg").splitlines()
    start = next(at for at, line in enumerate(lines) if "Linux version" in line)
    found = lines[start:start + len(wanted)]
    # crash gives the later lines of a record no time, but as much space.
    check(len(wanted) > 200 and list(map(plain, found)) == list(map(plain, wanted)),
          str([pair for pair in zip(found, wanted) if pair[0] != pair[1]][:5]))
    decoded = gdb(saved(), "kdump log -f")
    check(re.search(r"^kern  :notice: \[    0\.000000\] Linux version", decoded, re.MULTILINE)
          and re.search(r"^kern  :alert : \[ .* BUG: kernel NULL pointer", decoded, re.MULTILINE),
          decoded[-3000:])


@test
def system(context):
    """kdump sys and kdump mod tell what crash tells."""
    context.require("gdb")
    output = gdb(saved(), "kdump mod")
    theirs = crash("sys") + crash("mod")
    for name in ("RELEASE", "VERSION", "MACHINE", "TASKS"):
        wanted = re.search(rf"^ *{name}: (\S+)", theirs, re.MULTILINE)[1]
        check(re.search(rf"^ *{name}: {re.escape(wanted)}\b", output, re.MULTILINE),
              f"{name} is not {wanted}:\n{output}")
    check("PANIC: BUG: kernel NULL pointer" in output, output)
    module = re.search(r"^([0-9a-f]+) +kdump_test +([0-9a-f]+) +(\d+)", theirs, re.MULTILINE)
    check(re.search(rf"^ +{module[1]} +{module[2]} +{module[3]} +O +no +kdump_test$", output,
                    re.MULTILINE), f"{module[0]}\n{output}")


@test
def formats(context):
    """Compressed in each way, and flattened, the dump shows the same."""
    context.require("gdb")
    commands = ("kdump bt -a", "kdump ps", "dmesg", "kdump mod")
    wanted = gdb(saved(), *commands).split("\n", 1)[1]
    for option in ("-c", "-l", "-z", "-F"):
        target = context.workdir / f"vmcore{option}"
        options = [option, "-d", "1", "--message-level", ERRORS_ONLY, saved()]
        if option == "-F":
            with open(target, "wb") as out:
                subprocess.run([str(word) for word in (*in_trixie("makedumpfile"), *options)],
                               stdout=out, check=True)
        else:
            run(*in_trixie("makedumpfile"), *options, target)
        found = gdb(target, *commands).split("\n", 1)[1]
        check(found == wanted, f"{option}: {found[:3000]}")


@test
def saver_formats(context):
    """What vmcore-save writes, in each form, shows the same."""
    context.require("gdb")
    saver = paths.ROOT / "build" / "tools" / "vmcore-save"
    check(saver.is_file(), f"{saver} is not there: make tools")
    commands = ("kdump bt -a", "kdump ps", "dmesg")
    wanted = gdb(saved(), *commands).split("\n", 1)[1]
    for form in ("-F kdump -c zstd", "-F kdump -c lzo", "-F flat", "-F elf"):
        target = context.workdir / "vmcore"
        run(saver, "-q", *form.split(), saved(), target)
        found = gdb(target, *commands).split("\n", 1)[1]
        check(found == wanted, f"{form}: {found[:3000]}")
        target.unlink()


@test
def finds_files(context):
    """gdb-kdump takes the newest dump of a directory, and a compressed vmlinux by build id."""
    context.require("gdb")
    older = context.workdir / "crash" / "host-1" / "vmcore"
    newer = context.workdir / "crash" / "host-2" / "vmcore"
    for path in (older, newer):
        path.parent.mkdir(parents=True)
    older.write_bytes(b"KDUMP   ")
    os.utime(older, (1, 1))
    os.link(saved(), newer)
    (newer.parent / "vmcore-dmesg.txt").write_text("no dump\n")
    release = re.search(r"RELEASE: (\S+)", crash("sys"))[1]
    folder = newer.parent / "lib" / "modules" / release
    folder.mkdir(parents=True)
    wrong = folder / "vmlinux"
    shutil.copyfile("/bin/true", wrong)
    environment = {"XDG_CACHE_HOME": str(context.workdir / "cache")}
    try:
        gdb(context.workdir / "crash", "kdump sys", vmlinux=None, environment=environment)
    except Failure as failure:
        check(f"{wrong}: is of another build" in str(failure), str(failure))
    else:
        raise Failure("it took a program for vmlinux")
    with open(paths.VMLINUX, "rb") as source, gzip.open(f"{wrong}.gz", "wb", 1) as target:
        shutil.copyfileobj(source, target)
    for _ in range(2):          # uncompressed, and then from the cache
        output = gdb(context.workdir / "crash", vmlinux=None, environment=environment)
        check(f"dump    {newer}" in output and "PANIC: BUG:" in output, output)
    check(len(list((context.workdir / "cache" / "gdb-kdump").iterdir())) == 1, "no cache")


@test
def report(context):
    """The installed kdump-report writes text and a page, with each CPU and what waits."""
    context.require("gdb")
    root = context.workdir / "root"
    subprocess.run(["make", "-s", "-C", TOOLS / "gdb", "install", f"DESTDIR={root}"], check=True)
    folder = context.workdir / "crash"
    folder.mkdir()
    os.link(saved(), folder / "vmcore")
    done = subprocess.run([root / "usr/lib/kdump/kdump-report", "--json", "--vmlinux",
                           paths.VMLINUX, folder], capture_output=True, text=True, check=False)
    check(done.returncode == 0 and not done.stderr, f"kdump-report: {done.stderr}")
    known = json.loads(done.stdout)
    check(not known["problems"] and known["crashed"]["cpu"] == CRASHING, known["problems"])
    names = [frame["function"] for frame in known["backtraces"][CRASHING]["frames"]]
    check_path(names)
    check([entry["cpu"] for entry in known["backtraces"]] == list(range(CPUS)), names)
    check("probe" in [task["comm"] for task in known["waiting"]], known["waiting"])
    check(sum(known["classes"].values()) == known["memory"], known["classes"])
    for name in ("report.txt", "report.html"):
        content = (folder / name).read_text()
        check("BUG: kernel NULL pointer" in content and "kernel_clone" in content
              and "kdump_test_irq_oops" in content and "Tainted" in content, content[:3000])
