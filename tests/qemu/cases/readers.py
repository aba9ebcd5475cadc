# SPDX-License-Identifier: GPL-2.0
"""Programs that read a saved dump: all look at the same one.

It is saved twice: whole, and from /proc/vmcore-kern.
"""
import functools
import json
import os
import re
import subprocess
import threading

from harness import paths
from harness.core import ElfCore
from harness.dump import Dump
from harness.kdump import LOW_MEMORY, load, on_cpu, spin
from harness.service import disk, drive
from harness.suite import Context, Failure, Skip, check, test

CPUS = 6                                # two spin, one crashes, of the others one idles
CRASHING = 2
FOLDER = paths.WORK / "saved"
VMCORE = FOLDER / "vmcore"
FILTERED = FOLDER / "vmcore-kern"
READERS = paths.HERE / "readers"
GUEST_MEMORY = FOLDER / "guest-memory"
CHUNK = 1 << 20
ERRORS_ONLY = "4"     # of makedumpfile: neither progress nor hints
_once = threading.Lock()


@functools.cache
def _save():
    """Crash a guest and save its dump, and QEMU's own dump of the same memory.

    cp copies it to a disk: it would not try again where a shared folder asks for that.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    disk(VMCORE, 512)
    with Context(FOLDER.name).boot("crashkernel=64M", cpus=CPUS, memory="384M", below_4g="192M",
                                   share=FOLDER, devices=drive(VMCORE)) as guest:
        load(guest)
        for cpu in (0, 1):
            spin(guest, cpu)
        guest.crash(on_cpu(CRASHING, "echo c >/proc/sysrq-trigger"))
        guest.sh("cp /proc/vmcore /dev/vda && sync", timeout=300)
        guest.sh("mount -t 9p -o trans=virtio,msize=512000,cache=mmap share /mnt"
                 " && probe sparse /proc/vmcore-kern /mnt/vmcore-kern && umount /mnt", timeout=300)
        guest.monitor.execute("dump-guest-memory", paging=False, protocol=f"file:{GUEST_MEMORY}")
        size = int(guest.sh("stat -c %s /proc/vmcore"))
    os.truncate(VMCORE, size)


def saved(path=VMCORE):
    """The saved dump, made when the first test asks for it."""
    with _once:
        _save()
    return path


def run(*command, timeout=300, **options):
    """Run a reader; return its output, in which nothing may look like trouble."""
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, errors="replace", timeout=timeout, check=False,
                          **options)
    if done.returncode or done.stderr.strip():
        raise Failure(f"{command[0]}: exit status {done.returncode}\n{done.stderr[-2000:]}"
                      f"{done.stdout[-2000:]}")
    return done.stdout


def gdb(*commands, dump=VMCORE):
    """gdb with the dump, by the way that users are told to go."""
    arguments = ["-nx", "-batch", "-ex", "set width 0", "-ex", "set pagination off"]
    for command in commands:
        arguments += ["-ex", command]
    done = subprocess.run([paths.ROOT / "tools" / "gdb" / "gdb-vmcore", paths.VMLINUX, saved(dump),
                           *arguments], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"gdb: {done.stderr}")
    return done.stdout


@test
def gdb_threads(context):
    """gdb lists one thread for each CPU, in their order, each with its own registers."""
    context.require("gdb")
    listing = gdb("info threads")
    numbers = re.findall(r"^[* ] (\d+) ", listing, re.MULTILINE)
    check(numbers == [str(cpu + 1) for cpu in range(CPUS)], f"threads {numbers}:\n{listing}")
    with open(saved(), "rb") as stream:
        threads = Dump(stream).threads
    output = gdb(*(f"thread apply {cpu + 1} printf \"%lx %lx %lx\\n\", $rip, $rsp, $r15"
                   for cpu in range(CPUS)))
    found = re.findall(r"^([0-9a-f]+ [0-9a-f]+ [0-9a-f]+)$", output, re.MULTILINE)
    wanted = [f"{thread.rip:x} {thread.rsp:x} {thread.r15:x}" for thread in threads]
    check(found == wanted, f"{found} instead of {wanted}")


@test
def gdb_backtrace(context):
    """gdb shows how the crashed CPU got there, by names and lines."""
    context.require("gdb")
    output = gdb('eval "thread %d", panic_cpu.counter + 1', "backtrace")
    at = 0
    for name in ("panic", "sysrq_handle_crash", "__handle_sysrq", "write_sysrq_trigger",
                 "vfs_write", "do_syscall_64", "entry_SYSCALL_64"):
        found = re.compile(rf"^#\d+ .*\b{name} \(.* at .*:\d+$", re.MULTILINE).search(output, at)
        check(found, f"no {name} in its place:\n{output}")
        at = found.end()


@test
def gdb_variables(context):
    """gdb finds the kernel's variables where KASLR had put them."""
    context.require("gdb")
    output = gdb("printf \"%s\\n\", init_uts_ns.name.release", "print panic_cpu.counter",
                 "print init_task.comm")
    with open(saved(), "rb") as stream:
        release = ElfCore(stream).vmcoreinfo["OSRELEASE"]
    check(release in output.splitlines(), f"no {release} in:\n{output}")
    check(f"$1 = {CRASHING}" in output and '"swapper/0' in output, output)


@test
def readelf(context):
    """readelf has nothing to complain about."""
    output = run(context.require("readelf"), "-a", "-W", saved())
    check(output.count("NT_PRSTATUS") == CPUS, "not as many NT_PRSTATUS as CPUs")
    check("VMCOREINFO" in output, "no VMCOREINFO")


@test
def eu_readelf(context):
    """eu-readelf decodes the registers of each CPU."""
    output = run(context.require("eu-readelf"), "-n", saved())
    check(output.count("PRSTATUS") == CPUS, "not as many PRSTATUS as CPUs")
    with open(saved(), "rb") as stream:
        for thread in Dump(stream).threads:
            check(re.search(rf"\brip: +0x0*{thread.rip:x}\b", output)
                  or re.search(rf"\brsp: +0x0*{thread.rsp:x}\b", output),
                  f"no CPU with rip {thread.rip:#x}")


@test
def whole_content(context):
    """Every byte above the low memory equals QEMU's own dump-guest-memory."""
    with open(saved(), "rb") as ours, open(GUEST_MEMORY, "rb") as theirs:
        dump, memory = ElfCore(ours), ElfCore(theirs)
        compared = 0
        for segment in dump.loads:
            at = max(segment.paddr, LOW_MEMORY)
            end = segment.paddr + segment.filesz
            while at < end:
                size = min(CHUNK, end - at)
                found = dump.read(segment.offset + at - segment.paddr, size)
                check(found == memory.physical(at, size),
                      f"differs between {at:#x} and {at + size:#x}")
                at += size
                compared += size
        check(compared > 300 << 20, f"only {compared} bytes to compare")


def in_trixie(program):
    """The command that runs a program of Debian trixie."""
    wrapper = paths.ROOT / "scripts" / "in-trixie"
    if not (paths.ROOT / "build" / "trixie").is_dir():
        raise Skip(f"{program} is not there: scripts/debian-programs fetches it")
    return wrapper, program


@functools.cache
def crash(dump):
    """What crash shows of a dump."""
    script = "\n".join(("sys", "log", "ps", "bt -a", "foreach bt", "runq", "mount", "files 1",
                        "quit\n"))
    output = run(*in_trixie("crash"), "-s", paths.VMLINUX, saved(dump), input=script)
    return output.replace(str(dump), "DUMP")


@test
def crash_utility(context):
    """crash opens the dump and shows log, tasks and the registers of each CPU."""
    del context
    output = crash(VMCORE)
    check("sysrq triggered crash" in output, "no panic message")
    check(f"CPUS: {CPUS}" in output, "not all CPUs")
    for cpu in range(CPUS):
        check(re.search(rf"CPU: {cpu}\b", output), f"no backtrace of CPU {cpu}")
    check("sysrq_handle_crash" in output, "no backtrace of the crash")


@test
def makedumpfile(context):
    """makedumpfile filters the dump and gets the log out of it."""
    command = in_trixie("makedumpfile")
    small = context.workdir / "small"
    run(*command, "-c", "-d", "31", "--message-level", ERRORS_ONLY, saved(), small)
    check(0 < small.stat().st_size < saved().stat().st_size // 4, "nothing was left out")
    log = context.workdir / "log"
    run(*command, "--dump-dmesg", "--message-level", ERRORS_ONLY, saved(), log)
    check("sysrq triggered crash" in log.read_text(errors="replace"), "no panic in the log")


def drgn(dump=VMCORE):
    """What drgn finds in the dump."""
    return json.loads(run(*in_trixie("python3"), "-I", READERS / "drgn-threads.py",
                          paths.VMLINUX, saved(dump)))


@test
def drgn_threads(context):
    """drgn finds the crashed thread, the registers of each CPU, and how it got there."""
    del context
    found = drgn()
    with open(saved(), "rb") as stream:
        threads = Dump(stream).threads
    check([(cpu["pid"], cpu["rip"], cpu["rsp"]) for cpu in found["cpus"]]
          == [(thread.pid, thread.rip, thread.rsp) for thread in threads],
          f"{found['cpus']} instead of {threads}")
    check(found["crashed"] == threads[CRASHING].pid, f"thread {found['crashed']} has crashed")
    functions = iter(found["cpus"][CRASHING]["functions"])
    for name in ("panic", "sysrq_handle_crash", "vfs_write", "do_syscall_64"):
        check(name in functions, f"no {name} in its place: {found['cpus'][CRASHING]}")
    check(any(task.startswith("1 init ") for task in found["tasks"]),
          f"no init among {found['tasks']}")
    check("sysrq triggered crash" in found["log"][-1], f"the log ends {found['log'][-1]}")


def check_equal(whole, filtered):
    """Compare what a reader printed, by lines."""
    for number, (wanted, found) in enumerate(zip(whole.splitlines(), filtered.splitlines()), 1):
        check(found == wanted, f"line {number} is {found!r}, not {wanted!r}")
    check(whole == filtered, f"{len(filtered)} characters instead of {len(whole)}")


@test
def filtered_crash(context):
    """crash shows the same log, processes and backtraces of both dumps."""
    del context
    check(crash(VMCORE).count("COMMAND: ") > 20, f"hardly a backtrace: {crash(VMCORE)}")
    check_equal(crash(VMCORE), crash(FILTERED))


@test
def filtered_gdb(context):
    """gdb shows the same backtraces, registers, processes and bytes of the log.

    Not the variables of each function: some point to what has been freed, which one of the
    dumps does not have.
    """
    context.require("gdb")
    commands = ("set print frame-arguments all", "thread apply all backtrace",
                "thread apply all info registers",
                f"source {READERS / 'processes.gdb'}")
    whole = gdb(*commands)
    check(re.search(r"^1 init ", whole, re.MULTILINE), f"no list of processes: {whole[:2000]}")
    check(whole.count(" 0x") > 1 << 14, f"hardly a log: {whole[-2000:]}")
    check_equal(whole, gdb(*commands, dump=FILTERED))


@test
def filtered_stacks(context):
    """The stack of each CPU that was in the kernel is the same in both dumps."""
    del context
    with open(saved(), "rb") as whole, open(saved(FILTERED), "rb") as filtered:
        ours, theirs = Dump(whole), Dump(filtered)
        for cpu, thread in enumerate(ours.threads):
            stack = ours.stack(thread.rsp)
            check(theirs.stack(thread.rsp) == stack, f"CPU {cpu}: another stack")
            check(cpu != CRASHING or any(stack), "nothing is on the stack of the crash")


@test
def filtered_drgn(context):
    """drgn finds the same threads, tasks and log."""
    del context
    check_equal(json.dumps(drgn(), indent=1), json.dumps(drgn(FILTERED), indent=1))
