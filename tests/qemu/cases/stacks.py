# SPDX-License-Identifier: GPL-2.0
"""Stacks that are mapped by page, and what plain gdb shows of those that overflow."""
import functools
import re
import subprocess

from harness import artifacts, paths, suite
from harness.core import START_KERNEL_MAP, ElfCore
from harness.dump import PAGE_SIZE, THREAD_SIZE, Dump
from harness.kdump import MODULE, insert_module, load, make_fail, on_cpu, open_dump
from harness.suite import check, test

from .readers import CPUS, CRASHING, ERRORS_ONLY, gdb, in_trixie, run, saved

RECURSES = "kdump_test_recurse"
FRAME = 512                             # bytes, of the function that recurses
CRASHES = {
    # What is on the stack below, as far as the one stack goes.
    "stack": ("set_trigger", "param_attr_store", "vfs_write", "ksys_write", "do_syscall_64"),
    "irq-stack": ("irq_work_single", "irq_work_run"),
}


def frames_of(output):
    """The last backtrace in what gdb says, which tells the place of a thread that it turns to,
    too."""
    return re.findall(r"^#0 (?:.*\n#\d+ )*.*", output, re.MULTILINE)[-1]


def backtrace(vmcore, cpu, text):
    """Names of the functions that plain gdb shows of a CPU; text is where the module's code is."""
    command = [paths.ROOT / "tools" / "gdb" / "gdb-vmcore", paths.VMLINUX, vmcore, "-nx", "-batch",
               "-ex", "set width 0", "-ex", f"add-symbol-file {artifacts.MODULE} {text}",
               "-ex", f"thread {cpu + 1}", "-ex", "backtrace"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0, f"gdb: {done.stderr}")
    found = re.findall(r"^#\d+ +(?:0x\w+ in )?(.+?) \(", frames_of(done.stdout), re.MULTILINE)
    return found, done.stdout


def overflow(context, trigger):
    with context.boot("crashkernel=64M", cpus=2, share=context.workdir) as guest:
        insert_module(guest)
        text = guest.sh("cat /sys/module/kdump_test/sections/.text")
        load(guest, "kexec_file_load" if trigger == "stack" else "kexec_load")
        guest.crash(on_cpu(1, f"echo {trigger} >{MODULE}/trigger"))
        guest.sh("mount -t 9p -o trans=virtio,msize=512000,cache=mmap share /mnt"
                 " && probe sparse /proc/vmcore-kern /mnt/vmcore && umount /mnt", timeout=300)
    names, output = backtrace(context.workdir / "vmcore", 1, text)
    depth = names.count(RECURSES)
    check(names[:1] == [RECURSES] and depth > (THREAD_SIZE - 2 * PAGE_SIZE) // FRAME / 2,
          f"{depth} times {RECURSES}:\n{output}")
    rest = iter(names)
    for name in CRASHES[trigger]:
        check(name in rest, f"no {name} in its place:\n{output}")


for _trigger in CRASHES:
    suite.add(f"stacks.{_trigger}", functools.partial(overflow, trigger=_trigger),
              """A stack that overflows is a crash like another, and plain gdb shows how it came to
                 that.""")


@test
def overflow_in_stages(context):
    """Stages that use up the stack cost what they do, not the dump, also where the stack has been
    used up before."""
    with context.boot("crashkernel=64M", cpus=2) as guest:
        kallsyms = insert_module(guest)
        load(guest)
        make_fail(guest, "fail overflow crash_finish_update", "fail overflow clear_IO_APIC",
                  "fail overflow hpet_disable")
        guest.crash(on_cpu(1, f"echo stack >{MODULE}/trigger"))
        dump = open_dump(guest, kallsyms)
        name = dump.symbols.name(dump.threads[1].rip)
        check(name == RECURSES, f"CPU 1 is in {name}, not in {RECURSES}")


def extra_segments(core):
    """PT_LOADs whose bytes are those of a larger one, too."""
    return [load for load in core.loads
            if any(one.filesz > load.filesz
                   and one.offset <= load.offset < one.offset + one.filesz for one in core.loads)]


@test
def segments(context):
    """Of the stack of each CPU there are PT_LOADs by its virtual addresses: further names of bytes
    that the file has. The first and the last of all are of the direct mapping."""
    del context
    with open(saved(), "rb") as stream:
        dump = Dump(stream)
        extra = extra_segments(dump.core)
        direct = [load.vaddr - load.paddr for load in dump.core.loads
                  if load.vaddr < START_KERNEL_MAP]
        check(extra and direct[0] == direct[-1], f"page offsets {list(map(hex, direct))}")
        for load_segment in extra:
            check(dump.core.offset_of(load_segment.paddr) == load_segment.offset
                  and load_segment.filesz == load_segment.memsz, f"wrong: {load_segment}")
            for at in range(0, load_segment.filesz, PAGE_SIZE):
                check(dump.translate(load_segment.vaddr + at) == load_segment.paddr + at,
                      f"{load_segment.vaddr + at:#x} is elsewhere")
        for cpu, thread in enumerate(dump.threads):
            found = [one for one in dump.core.loads
                     if one.vaddr <= thread.rsp < one.vaddr + one.filesz]
            check(found or not thread.rsp >> 63, f"CPU {cpu}: nothing at {thread.rsp:#x}")


@test
def idle(context):
    """Plain gdb shows the frames of a CPU that idles down to the first."""
    context.require("gdb")
    found = [gdb(f"thread {cpu + 1}", "backtrace") for cpu in set(range(CPUS)) - {CRASHING}]
    idles = [output for output in found if "default_idle" in output]
    check(idles, "no CPU is idle:\n" + "\n".join(found))
    for output in idles:
        check(re.search(r"^#\d+ .*\b(start_secondary|start_kernel) \(", output, re.MULTILINE),
              output)


@test
def filtered_elf(context):
    """What makedumpfile and vmcore-save make of the dump as ELF files shows the same backtrace,
    and has hardly become larger."""
    context.require("gdb")
    wanted = frames_of(gdb(f"thread {CRASHING + 1}", "backtrace"))
    check("entry_SYSCALL_64" in wanted, wanted)
    with open(saved(), "rb") as stream:
        size = sum(load.filesz for load in extra_segments(ElfCore(stream)))
    check(size <= CPUS * 2 * THREAD_SIZE, f"{size} bytes of stacks")
    target = context.workdir / "vmcore"
    for command in ((*in_trixie("makedumpfile"), "-E", "-d", "31", "--message-level", ERRORS_ONLY),
                    (paths.ROOT / "build" / "tools" / "vmcore-save", "-q", "-F", "elf")):
        run(*command, saved(), target)
        # makedumpfile 1.7.6 gives each CPU two threads.
        found = gdb("thread apply all backtrace", dump=target)
        check(wanted in found, f"{command[0]}: {found}")
        target.unlink()
