# SPDX-License-Identifier: GPL-2.0
"""Dumps with the help of firmware: pseries, whose firmware QEMU has."""
import contextlib
import functools
import io
import random
import re

from harness import paths, powerpc, service, suite
from harness.core import ElfCore
from harness.dump import NT_PRSTATUS, PAGE_SIZE as PAGE
from harness.guest import Guest
from harness.suite import check, full_test, test

MIB = powerpc.MIB
DISK = "/dev/vda"
RELEASE = "/sys/kernel/release_region"
FADUMP = "/sys/kernel/fadump"

# By radix tables and without SLOF, if nothing else is said.
MACHINES = {
    "slof": {"slof": True},
    "hash": {"cmdline": "fadump=on disable_radix"},
    "slof_hash": {"slof": True, "cmdline": "fadump=on disable_radix"},
    "power9": {"model": "power9"},
    "one_cpu": {"cpus": "1"},
    "four_cpus": {"cpus": "4"},
    "threads": {"cpus": "2,threads=2"},
    "plug": {"cpus": "2,maxcpus=4"},
}


class GuestDisk:
    """A disk of the guest of that many MiB, a file here, for what is saved to it; maker is as
    for service.disk()."""

    def __init__(self, workdir, size, *maker):
        self.path = service.disk(workdir / "disk", size, *maker)
        self.devices = service.drive(self.path)

    def save(self, guest):
        """Copy /proc/vmcore to it; return the dump."""
        size = int(guest.sh("stat -c %s /proc/vmcore"))
        guest.sh(f"dd if=/proc/vmcore of={DISK} bs=1M conv=fsync", timeout=300)
        with open(self.path, "rb") as file:
            return ElfCore(io.BytesIO(file.read(size)))


class StoppedMemory:
    """The guest's memory, as it is while its CPUs stand still."""

    def __init__(self, guest, path):
        self.guest, self.path = guest, path

    def read(self):
        self.guest.monitor.execute("stop")
        data = self.path.read_bytes()
        self.guest.monitor.execute("cont")
        return data


def pages(data):
    return [data[at:at + PAGE] for at in range(0, len(data), PAGE)]


def ranges(guest):
    """What release_region lists, as (kind, start, size)."""
    lines = [line.split() for line in guest.sh(f"cat {RELEASE}").splitlines()]
    return [(kind.rstrip(":"), int(start, 16), int(size, 16)) for kind, start, size in lines]


def free_memory(guest):
    """Bytes that are free."""
    return int(guest.sh("awk '/^MemFree/ { print $2 }' /proc/meminfo")) << 10


def count_same(dump, before):
    """Pages of the dump that are as they were, and all."""
    same = total = 0
    for load in dump.loads:
        old = before[load.paddr:load.paddr + load.filesz]
        alike = [a == b for a, b in zip(pages(dump.physical(load.paddr, load.filesz)), pages(old))]
        same += sum(alike)
        total += len(alike)
    return same, total


def compare(dump, before, now, area):
    """Each page of the dump is what the memory has that was kept, or the copy of it that
    firmware made; and nearly all are as they were before the crash. Returns bytes."""
    for load in dump.loads:
        where = load.paddr + (area if load.paddr + load.filesz <= area else 0)
        check(dump.physical(load.paddr, load.filesz) == now[where:where + load.filesz],
              f"0x{load.paddr:x} is not what the guest has at 0x{where:x}")
    same, total = count_same(dump, before)
    check(same >= 0.97 * total, f"only {same} of {total} pages are as before the crash")
    return total * PAGE


def find_area(guest):
    """Where firmware copies boot memory to."""
    line = guest.sh("dmesg | grep 'are set aside for a dump'")
    return int(re.search(r"at (0x[0-9a-f]+)", line)[1], 16)


def crash(guest, memory, script="echo c >/proc/sysrq-trigger"):
    """Have the kernel die, once firmware waits for that; return its memory just before."""
    check(guest.sh(f"cat {FADUMP}/registered") == "1", "nothing is registered")
    before = memory.read()
    guest.crash(script, timeout=300)
    return before


def check_refusals(guest):
    """Each range that cannot be given back costs an errno, and changes nothing."""
    listed = ranges(guest)
    _, start, size = listed[0]
    for words, what in ((f"{start + 1:#x} 0x1000", "an odd address"),
                        (f"{start:#x} 0x1001", "an odd size"), (f"{start:#x} 0", "no bytes"),
                        ("0x0 0x1000", "boot memory"), (f"{start:#x}", "one number"),
                        (f"{start - PAGE:#x} 0x2000", "half outside"),
                        (f"{start:#x} {1 << 60:#x}", "all there is"),
                        (f"{(1 << 64) - PAGE:#x} 0x2000", "beyond all addresses"),
                        (f"{start:#x} 0x1000 x", "a word too many")):
        reply = guest.run(f"echo {words} >{RELEASE}")
        check(reply.status, f"{what}: taken")
        check(ranges(guest) == listed, f"{what}: changed the list")
    check(size > MIB, "the first range is small")


def release_some(guest):
    """A part of the memory is given back: free memory grows, the dump has a hole."""
    kind, start, size = ranges(guest)[-1]
    check(kind == "DUMP" and size > 64 * MIB, f"the last range is {kind} of {size}")
    before = free_memory(guest)
    part = 64 * MIB
    guest.sh(f"echo {start:#x} {part:#x} >{RELEASE}")
    grown = free_memory(guest) - before
    check(abs(grown - part) < 2 * MIB, f"free memory grew by {grown}")
    check(("DUMP", start + part, size - part) in ranges(guest), "the rest is not listed")
    check(guest.run(f"echo {start:#x} {part:#x} >{RELEASE}").status, "given back twice")
    again = guest.bytes(f"dd if=/dev/oldmem bs=64k skip={start >> 16} count=16")
    check(not any(again[:1 << 20]), "what was given back can be read")


def check_ready(guest):
    """Nothing of the dump is left, and firmware waits for the next crash."""
    check(not ranges(guest), "something is left")
    check(guest.run("test -e /proc/vmcore").status, "/proc/vmcore is still there")
    check(guest.sh(f"cat {FADUMP}/registered") == "1", "nothing is registered again")


def release_rest(guest):
    """All other memory is given back, the last range first; then firmware is ready again."""
    for _, start, size in reversed(ranges(guest)):
        guest.sh(f"echo {start:#x} {size:#x} >{RELEASE}", timeout=120)
    check_ready(guest)


def check_dump(dump, cpus):
    """What is not memory: registers of each CPU, vmcoreinfo."""
    check("CRASHTIME" in dump.vmcoreinfo, "vmcoreinfo has no time of the crash")
    notes = [note for note in dump.notes if (note.name, note.type) == ("CORE", NT_PRSTATUS)]
    check(len(notes) == cpus, f"registers of {len(notes)} CPUs")


@contextlib.contextmanager
def pseries(context, cmdline="fadump=on", maker=(), **machine):
    """A pseries guest, its memory, its disk."""
    disk = GuestDisk(context.workdir, 800, *maker)
    machine = powerpc.machine(context.workdir, cmdline=cmdline, devices=disk.devices,
                              **{"memory": "768M", **machine})
    with Guest(machine, context.workdir, timeout=300) as guest:
        guest.wait_for("first")
        yield guest, StoppedMemory(guest, machine.ram_file), disk


@test
def dump_by_firmware(context):
    """Firmware keeps the memory of a kernel that crashes; it is in the dump as it was, and
    can be given back piece by piece. Then firmware waits for the next crash."""
    with pseries(context) as (guest, memory, disk):
        area = find_area(guest)
        before = crash(guest, memory)
        dump = disk.save(guest)
        size = compare(dump, before, memory.read(), area)
        check(size > 550 * MIB, f"only {size >> 20} MiB are in the dump")
        check_dump(dump, 2)
        check_refusals(guest)
        release_some(guest)
        release_rest(guest)


def crash_twice(context, cpus="2", **machine):
    """Each of two crashes leaves a dump."""
    with pseries(context, cpus=cpus, **machine) as (guest, memory, disk):
        area = find_area(guest)
        for _ in range(2):
            before = crash(guest, memory)
            dump = disk.save(guest)
            compare(dump, before, memory.read(), area)
            check_dump(dump, int(cpus.partition(",")[0]))
            guest.sh(f"echo 1 >{FADUMP}/release_mem", timeout=120)
            check_ready(guest)


for machine_name, options in MACHINES.items():
    suite.add(f"assisted.machine_{machine_name}", functools.partial(crash_twice, **options),
              crash_twice.__doc__, full=True)


@full_test
def crash_of_the_saver(context):
    """The kernel that saves a dump dies, too. What it had given back is not taken for memory
    of the first one; the rest of the dump is still there."""
    with pseries(context, resets=True) as (guest, memory, disk):
        before = crash(guest, memory)
        release_some(guest)
        kind, start, size = ranges(guest)[0]
        guest.sh(f"echo {start:#x} {MIB:#x} >{RELEASE}")
        left = ranges(guest)
        guest.crash("dd if=/dev/zero of=/tmp/fill bs=1M count=200; echo c >/proc/sysrq-trigger",
                    timeout=300)
        check(ranges(guest) == left, f"now the dump has {ranges(guest)}, not {left}")
        check(not any(guest.bytes(f"dd if=/dev/oldmem bs=64k skip={start >> 16} count=16")
                      [:MIB]), f"{kind} memory at {start:#x} that was given back can be read")
        dump = disk.save(guest)
        same, total = count_same(dump, before)
        check(same >= total - (64 + 1) * MIB // PAGE - 0.03 * total,
              f"only {same} of {total} pages are as before the crash")
        release_rest(guest)
        crash(guest, memory)
        check(ranges(guest), "the next crash leaves no dump")


@full_test
def release_in_any_order(context):
    """Pieces of the dump of any size are given back in any order: each frees as much, and
    reads as zeros; what is left stays as it was."""
    seed = random.randrange(1 << 32)
    choice = random.Random(seed)
    with pseries(context) as (guest, memory, _):
        crash(guest, memory)
        free = free_memory(guest)
        area = sum(size for kind, _, size in ranges(guest)[:2])
        step = 0
        while listed := ranges(guest):
            _, start, size = choice.choice(listed)
            step += 1
            if step < 40:
                first = choice.randrange(size // PAGE)
                nr = choice.randint(1, size // PAGE - first)
                start, size = start + first * PAGE, nr * PAGE
            guest.sh(f"echo {start:#x} {size:#x} >{RELEASE}", timeout=120)
            left = ranges(guest)
            check(sum(piece[2] for piece in listed) - sum(piece[2] for piece in left) == size,
                  f"seed {seed}, step {step}: {listed} has become {left}")
            if not left:
                break
            zeros = guest.bytes("dd if=/dev/oldmem bs=4k count=1 "
                                f"skip={(start + size) // PAGE - 1} 2>/dev/null")
            check(zeros == bytes(PAGE), f"seed {seed}, step {step}: 0x{start:x} is not zeros")
        grown = free_memory(guest) - free
        check(grown > 500 * MIB - area, f"free memory has grown by {grown >> 20} MiB only")
        check_ready(guest)


def manual_script():
    """What the manual says to copy range by range, with the disk mounted where it wants it."""
    lines = (paths.ROOT / "Documentation" / "kdump.txt").read_text().splitlines()
    first = lines.index("    cd /var/crash")
    last = lines.index("    done <ranges")
    return "\n".join(["mkdir -p /var/crash", f"mount -t ext4 {DISK} /var/crash || exit",
                      *lines[first:last + 1], "cd / && umount /var/crash"])


def saved_file(disk, name, workdir):
    """A file on the disk, of a file system that nobody has mounted."""
    path = workdir / "saved"
    service.run("/usr/sbin/debugfs", "-R", f"dump /{name} {path}", disk.path)
    return path.read_bytes()


@full_test
def script_of_the_manual(context):
    """The script in the manual that gives back range by range saves everything before that."""
    with pseries(context, maker=("/usr/sbin/mkfs.ext4", "-q"), memory="512M") as (
            guest, memory, disk):
        area = find_area(guest)
        crash(guest, memory)
        now, listed = memory.read(), ranges(guest)
        guest.sh(manual_script(), timeout=300)
        check_ready(guest)
    boot_end = listed[0][1]
    check(saved_file(disk, "0x0", context.workdir) == now[area:area + boot_end],
          "boot memory has not been saved as it was")
    check(saved_file(disk, "headers", context.workdir).startswith(b"\x7fELF"), "no headers")
    for kind, start, size in listed:
        if start + size > area:
            size = area - start
        if kind == "DUMP" and size > 0:
            check(saved_file(disk, f"{start:#x}", context.workdir)[:size]
                  == now[start:start + size], f"{size:#x} bytes at {start:#x} have been lost")


@full_test
def junk_parameters(context):
    """Values that make no sense keep no kernel from starting, and do what stock does."""
    for number, (words, registered) in enumerate((
            ("fadump=", None), ("fadump", None), ("fadump=ON", None), ("fadump=off", None),
            ("fadump=on fadump=off", None), ("fadump=nocma", "1"), ("fadump=only", "1"),
            ("fadump=on fadump_reserve_mem=x", "1"), ("fadump=on fadump_reserve_mem=1", None),
            ("fadump=on crashkernel=64T", "1"), ("fadump=on crashkernel=junk", "1"))):
        machine = powerpc.machine(context.workdir, cmdline=words, memory="768M")
        with Guest(machine, context.workdir / str(number), timeout=300) as guest:
            guest.wait_for("first")
            files = guest.sh(f"cat {FADUMP}/enabled {FADUMP}/registered").split()
            expected = ["1", "1"] if registered else ["0", "0"]
            check(files == expected, f"{words}: enabled, registered are {files}")


@full_test
def crash_while_registering(context):
    """A crash at any time of a registration leaves a whole dump, or none."""
    with pseries(context, resets=True) as (guest, memory, disk):
        area = find_area(guest)
        for delay in (0.1, 0.37, 0.81, 1.3):
            before = memory.read()
            kernel = guest.next_kernel(
                f"(while :; do echo 0; echo 1; done >{FADUMP}/registered) & "
                f"sleep {delay}; echo c >/proc/sysrq-trigger", timeout=300)
            if kernel == "capture":
                compare(disk.save(guest), before, memory.read(), area)
                guest.sh(f"echo 1 >{FADUMP}/release_mem", timeout=120)
            check_ready(guest)


@full_test
def parameters_of_the_next(context):
    """What is in bootargs_append is on the command line after a crash alone. With
    fadump=off there, that kernel gives the dump up, for the one after it, too."""
    with pseries(context) as (guest, memory, _):
        check(guest.run(f"echo {'x' * 2047} >{FADUMP}/bootargs_append").status, "too long: taken")
        check(guest.run(f"printf 'a\\001b' >{FADUMP}/bootargs_append").status, "control: taken")
        guest.sh(f"echo word=1 >{FADUMP}/bootargs_append")
        crash(guest, memory)
        check(guest.sh("cat /proc/cmdline").endswith(" word=1"), "it is not on the command line")
        check(guest.run(f"echo word=2 >{FADUMP}/bootargs_append").status, "taken with a dump")
        guest.sh(f"echo 1 >{FADUMP}/release_mem", timeout=120)
        guest.sh(f"echo fadump=off >{FADUMP}/bootargs_append")
        kernel = guest.next_kernel("echo c >/proc/sysrq-trigger", timeout=300)
        check(kernel == "first", "there is a dump in spite of fadump=off")
        kernel = guest.next_kernel("echo b >/proc/sysrq-trigger", timeout=300)
        check(kernel == "first", "what another kernel has used is taken for a dump")
        check_ready(guest)


@full_test
def no_header(context):
    """Without the header of the kernel that died, its memory is given back."""
    # After a crash the area is not shared, see the manual.
    with pseries(context, cmdline="fadump=nocma") as (guest, memory, _):
        region = guest.sh("mount -t debugfs none /sys/kernel/debug; "
                          "cat /sys/kernel/debug/powerpc/fadump_region")
        page_table, = re.findall(r"HPTE:.(0x[0-9a-f]+)-", region)
        free = free_memory(guest)
        with open(memory.path, "r+b") as file:
            file.seek(int(page_table, 16))
            file.write(bytes(8))
        kernel = guest.next_kernel("echo c >/proc/sysrq-trigger", timeout=300)
        check(kernel == "first", "there is a dump without a header")
        check(abs(free_memory(guest) - free) < 64 * MIB, "memory has been lost")
        check_ready(guest)


@test
def kdump_of_pseries(context):
    """A kernel that kexec has loaded saves the memory of a pseries guest as it was."""
    with pseries(context, cmdline="crashkernel=192M") as (guest, memory, disk):
        # Without -i, what is to be started is checked by code without caches.
        guest.sh("kexec -c -i -p /boot/image --initrd=/boot/initrd "
                 f"--command-line='{guest.kernel_options} nr_cpus=1'")
        before = memory.read()
        guest.crash("echo c >/proc/sysrq-trigger", timeout=300)
        dump = disk.save(guest)
        same, total = count_same(dump, before)
        check(same >= 0.97 * total, f"only {same} of {total} pages are as before the crash")
        check(total * PAGE > 500 * MIB, f"only {total * PAGE >> 20} MiB are in the dump")
        check_dump(dump, 2)
