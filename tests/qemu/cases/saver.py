# SPDX-License-Identifier: GPL-2.0
"""vmcore-save: in a capture kernel, and before the programs that read dumps."""
import functools
import re
import threading

from kdumpreader import KdumpFile, unflatten

from cases import readers
from cases.gdb import gdb

from harness import artifacts, initramfs, paths
from harness.core import ElfCore
from harness.kdump import LOW_MEMORY, load
from harness.suite import Failure, Skip, check, test

FORMS = ("-F kdump", "-c zlib", "-c lzo", "-c none", "-F flat", "-F elf")
PAGE = 4096
MIB = 1 << 20
CACHE_GROWTH = 4 * MIB      # of the page cache, beside what the programs themselves are
_once = threading.Lock()


def saver():
    """The program, as it ships."""
    path = paths.ROOT / "build" / "tools" / "vmcore-save"
    if not path.is_file():
        raise Skip(f"{path} is not there: make tools builds it")
    return path


@functools.cache
def _saved(form):
    path = readers.saved().with_name("form" + form.replace(" ", ""))
    readers.run(saver(), "-q", *form.split(), readers.saved(), path)
    return path


def saved(form):
    """The dump that the readers look at, in another form."""
    readers.saved()
    with _once:
        return _saved(form)


def crash(dump):
    """What crash shows of a dump, without the name of the dump itself."""
    output = readers.run(*readers.in_trixie("crash"), "-s", paths.VMLINUX, dump,
                         input="sys\nlog\nps\nbt -a\nquit\n")
    return re.sub(r"DUMPFILE: .*", "", output)


@test
def crash_utility(context):
    """crash shows of a saved dump, also a flattened one, what it shows of the source."""
    del context
    wanted = crash(readers.saved())
    check("sysrq_handle_crash" in wanted, "no backtrace")
    for form in ("-F kdump", "-F flat"):
        check(crash(saved(form)) == wanted, f"{form}: not what crash shows of vmcore")


@test
def drgn(context):
    """So does drgn, which reads the format through libkdumpfile."""
    del context
    wanted = readers.drgn(readers.saved())
    for form in ("-F kdump", "-c lzo"):
        check(readers.drgn(saved(form)) == wanted, f"{form}: not what drgn finds in vmcore")


@test
def makedumpfile(context):
    """makedumpfile reads each form, and puts the flattened one together."""
    command = readers.in_trixie("makedumpfile")
    quiet = ("--message-level", readers.ERRORS_ONLY)
    context.workdir.mkdir(parents=True, exist_ok=True)
    wanted = context.workdir / "wanted.log"
    readers.run(*command, "--dump-dmesg", *quiet, readers.saved(), wanted)
    for form in FORMS:
        dump = saved(form)
        if form == "-F flat":
            dump = context.workdir / "put-together"
            dump.unlink(missing_ok=True)
            readers.run("sh", "-c", 'file=$1; shift; exec "$@" <"$file"', "sh", saved(form),
                        *command, "-R", *quiet, dump)
        log = context.workdir / "log"
        log.unlink(missing_ok=True)
        readers.run(*command, "--dump-dmesg", *quiet, dump, log)
        check(log.read_bytes() == wanted.read_bytes(), f"{form}: another log")
        again = context.workdir / "again"
        again.unlink(missing_ok=True)
        readers.run(*command, "-l", "-d", "0", *quiet, dump, again)


# What makedumpfile writes, and its level.
INPUTS = {"-l": 0, "-c": 1, "-p": 16, "-z": 31, "-l -F": 8}


@test
def other_forms(context):
    """Of what makedumpfile has saved, in each format, level 31 leaves what it leaves of vmcore."""
    context.workdir.mkdir(parents=True, exist_ok=True)
    other, dest = context.workdir / "other", context.workdir / "dest"
    readers.run(saver(), "-q", "-d", "31", readers.saved(), dest)
    wanted = KdumpFile(dest.read_bytes())
    for options, level in INPUTS.items():
        other.unlink(missing_ok=True)
        command = (*readers.in_trixie("makedumpfile"), "--message-level", readers.ERRORS_ONLY,
                   *options.split(), "-d", level, readers.saved())
        if "-F" in options:
            readers.run("sh", "-c", 'file=$1; shift; exec "$@" >"$file"', "sh", other, *command)
        else:
            readers.run(*command, other)
        told = readers.run(saver(), "--verify", other)
        check("all can be read" in told, f"{options}: {told}")
        # What it tells of pages that are gone already is no trouble.
        readers.run("sh", "-c", 'exec "$@" 2>/dev/null', "sh", saver(), "-q", "-d", "31",
                    other, dest)
        found = KdumpFile(dest.read_bytes())
        check(found.existing == wanted.existing and found.saved == wanted.saved,
              f"{options}: {len(found.saved)} of {len(found.existing)} pages, not "
              f"{len(wanted.saved)} of {len(wanted.existing)}")
        check(found.pages() == wanted.pages(), f"{options}: another page")


@test
def log(context):
    """--dmesg gives what makedumpfile gives, with a prefix before each line."""
    context.workdir.mkdir(parents=True, exist_ok=True)
    ours, theirs = context.workdir / "ours", context.workdir / "theirs"
    theirs.unlink(missing_ok=True)
    readers.run(saver(), "--dmesg", readers.saved(), ours)
    readers.run(*readers.in_trixie("makedumpfile"), "--dump-dmesg", "--message-level",
                readers.ERRORS_ONLY, readers.saved(), theirs)
    prefix = r"\[ *\d+\.\d{6}\] \[ *[CT]\d+\] "
    without = [re.sub(prefix, "", line) for line in ours.read_text().splitlines()]
    wanted = [re.sub(prefix, "", line).lstrip() for line in theirs.read_text().splitlines()]
    check(len(wanted) > 100 and [line.lstrip() for line in without] == wanted, "another log")
    info = readers.run(saver(), "--info", readers.saved())
    for line in (f"cpus={readers.CPUS}", f"cpu={readers.CRASHING}"):
        check(f"{line}\n" in info, f"no {line} in:\n{info}")
    check("sysrq triggered crash\n" in info, info)


def check_memory(dump, memory, what):
    """Each page of a dump above the low memory is what QEMU says is there."""
    found = dump.pages()
    check(len(found) * PAGE > 180 * MIB, f"{what}: only {len(found)} pages")
    check(sorted(found) == dump.existing, f"{what}: not all pages are there")
    for number, page in found.items():
        address = number * PAGE
        if address >= LOW_MEMORY and page != memory.physical(address, PAGE):
            raise Failure(f"{what}: differs at {address:#x}")


def save_all(guest):
    """Save in the capture kernel: to a file system, to a disk, through a pipe."""
    guest.sh("mount /dev/vda /mnt")
    cached = "awk '/^Cached:/ { print $2 * 1024 }' /proc/meminfo"
    for name, options in (("kdump", ""), ("elf", "-F elf")):
        before = int(guest.sh(cached))
        guest.sh(f"vmcore-save -q -s /tmp/status {options} /proc/vmcore /mnt/{name}", timeout=300)
        check("stage=done\n" in guest.sh("cat /tmp/status") + "\n", "the status is not 'done'")
        growth = int(guest.sh(cached)) - before
        check(growth < CACHE_GROWTH, f"{name}: the page cache grew by {growth} bytes")
    guest.sh("cmp /mnt/elf /proc/vmcore", timeout=300)
    guest.sh("umount /mnt")
    guest.sh("vmcore-save -q -c lzo /proc/vmcore /dev/vdb", timeout=300)
    guest.sh("vmcore-save -q -c zlib /proc/vmcore - | dd of=/dev/vdc bs=64k iflag=fullblock"
             " conv=fsync 2>/dev/null", timeout=300)
    guest.sh("mount /dev/vda /mnt && mount -t 9p -o trans=virtio,msize=512000 share /run"
             " && cp /mnt/kdump /run/ && umount /run /mnt", timeout=300)


@test
def capture_kernel(context):
    """In 64 MiB, to ext4, to a raw disk and through a pipe: the dump is what was in memory."""
    context.workdir.mkdir(parents=True, exist_ok=True)
    initrd = initramfs.write(context.workdir / "initrd", paths.bzimage(),
                             [(artifacts.stripped(saver()), "/bin/vmcore-save")])
    devices = []
    disks = [context.workdir / name for name in ("ext4", "raw", "pipe")]
    for disk in disks:
        disk.unlink(missing_ok=True)
        disk.touch()
        disk.open("rb+").truncate(512 * MIB)
        devices += ["-drive", f"if=none,id={disk.name},format=raw,file={disk},cache=unsafe",
                    "-device", f"virtio-blk-pci,drive={disk.name}"]
    readers.run(context.require("mkfs.ext4"), "-q", "-F", disks[0])
    memory_file = context.workdir / "guest-memory"
    with context.boot("crashkernel=64M", memory="288M", below_4g="192M", initrd=initrd,
                      devices=tuple(devices), share=context.workdir) as guest:
        load(guest)
        guest.crash("echo c >/proc/sysrq-trigger")
        save_all(guest)
        guest.monitor.execute("dump-guest-memory", paging=False, protocol=f"file:{memory_file}")
    with open(memory_file, "rb") as stream:
        memory = ElfCore(stream)
        check_memory(KdumpFile((context.workdir / "kdump").read_bytes()), memory, "ext4")
        check_memory(KdumpFile(disks[1].read_bytes()), memory, "raw disk")
        check_memory(KdumpFile(unflatten(disks[2].read_bytes(), padded=True)), memory, "pipe")
    for disk in disks:
        disk.unlink()


@test
def kernel_pages(context):
    """By default, only the kernel's pages are saved; crash shows of them what it shows of all."""
    context.workdir.mkdir(parents=True, exist_ok=True)
    initrd = initramfs.write(context.workdir / "initrd", paths.bzimage(),
                             [(artifacts.stripped(saver()), "/bin/vmcore-save")])
    with context.boot("crashkernel=64M", memory="288M", below_4g="192M", initrd=initrd,
                      share=context.workdir) as guest:
        load(guest)
        guest.sh("mount -t tmpfs none /tmp && dd if=/dev/urandom of=/tmp/cache bs=1M count=16")
        guest.crash("echo c >/proc/sysrq-trigger")
        guest.sh("mount -t 9p -o trans=virtio,msize=512000,cache=mmap share /mnt")
        guest.sh("vmcore-save -q /mnt/kernel && cp /proc/vmcore /mnt/all", timeout=300)
        level = guest.sh("cat /proc/vmcore-kern-level")
        check(level == "31", f"the level is left at {level}")
        guest.sh("umount /mnt")
    dump = KdumpFile((context.workdir / "kernel").read_bytes())
    # Pages of zeros are there: they share one.
    check(dump.sub["dump_level"] == 30, f"level {dump.sub['dump_level']} in the header")
    found = dump.pages()
    share = f"{len(found)} of {len(dump.existing)} pages"
    check(0 < len(found) < len(dump.existing) * 2 // 3, share)
    with open(context.workdir / "all", "rb") as stream:
        everything = ElfCore(stream)
        for number, page in found.items():
            check(page == everything.physical(number * PAGE, PAGE),
                  f"differs at {number * PAGE:#x}")
    wanted = crash(context.workdir / "all")
    check(crash(context.workdir / "kernel") == wanted, "not what crash shows of vmcore")


# What drgn finds in a dump without a crash: tasks by name, and a word of the log.
LIVE_DRGN = """
import sys
import drgn
from drgn.helpers.linux.pid import for_each_task
program = drgn.Program()
program.set_core_dump(sys.argv[1])
program.load_debug_info([sys.argv[2]])
print(*(task.comm.string_().decode() for task in for_each_task(program)))
print(program["init_uts_ns"].name.release.string_().decode())
"""


def check_live(dump):
    """All readers open the dump of a kernel that ran on, and find its tasks."""
    told = readers.run(saver(), "--verify", dump)
    check("all can be read" in told, told)
    info = readers.run(saver(), "--info", dump)
    check("\ncpus=0\n" in info and "crash_time" not in info, info)
    # Else crash looks into the stacks of all tasks, of which some are newer than the filter.
    output = readers.run(*readers.in_trixie("crash"), "-s", "--no_panic", paths.VMLINUX, dump,
                         input="sys\nps\nbt 1\nquit\n")
    check(re.search(r" vmcore-save$", output, re.MULTILINE), output)
    check(" do_syscall_64 at " in output, f"no stack of process 1:\n{output}")
    output = readers.run(*readers.in_trixie("python3"), "-I", "-c", LIVE_DRGN, dump, paths.VMLINUX)
    check("init kthreadd" in output and "vmcore-save" in output, output)
    output = gdb(dump, "kdump ps", "kdump bt 1")
    check(re.search(r" vmcore-save$", output, re.MULTILINE) and "do_syscall_64" in output, output)


@test
def live(context):
    """The kernel that runs, of /proc/kcore: small, and open to all readers."""
    context.workdir.mkdir(parents=True, exist_ok=True)
    initrd = initramfs.write(context.workdir / "initrd", paths.bzimage(),
                             [(artifacts.stripped(saver()), "/bin/vmcore-save")])
    with context.boot(memory="288M", below_4g="192M", initrd=initrd,
                      share=context.workdir) as guest:
        guest.sh("mount -t 9p -o trans=virtio,msize=512000,cache=mmap share /mnt")
        for form in ("kdump", "elf"):
            # As the manual says (3.2): crash cannot open one of this kernel's where CPU 0 is idle.
            guest.sh(f"taskset 1 vmcore-save -q -l 31 -F {form} /proc/kcore /mnt/live-{form}",
                     timeout=300)
        guest.sh("umount /mnt")
    for form in ("kdump", "elf"):
        check_live(context.workdir / f"live-{form}")
    dump = KdumpFile((context.workdir / "live-kdump").read_bytes())
    check(0 < len(dump.saved) < len(dump.existing) // 2 and len(dump.existing) * PAGE > 200 * MIB,
          f"{len(dump.saved)} of {len(dump.existing)} pages")
