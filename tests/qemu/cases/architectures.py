# SPDX-License-Identifier: GPL-2.0
"""A crash on each architecture beside x86_64: all of memory, and registers."""
import functools
import random
import struct

from cases.readers import run

from harness import platforms, suite
from harness.core import ElfCore
from harness.dump import NT_PRSTATUS, GuestFile
from harness.guest import booted
from harness.kdump import LOW_MEMORY, check_edges, compare, load, ram_ranges
from harness.suite import check, full_test

# Random places of a dump that are compared, and how many bytes of each.
PLACES, PLACE = 60, 32 << 10


def check_content(guest, core):
    """What QEMU says is in memory is in the dump, at random places. Low memory aside, the
    capture kernel has changed nothing."""
    seed = random.randrange(1 << 32)
    choice = random.Random(seed)
    loads = [segment for segment in core.loads if segment.filesz > LOW_MEMORY]
    for _ in range(PLACES):
        segment, = choice.choices(loads, [segment.filesz for segment in loads])
        address = segment.paddr + choice.randrange(segment.filesz - PLACE)
        compare(core, address, guest.physical_memory(address, PLACE), f"memory of seed {seed}")
    return sum(segment.filesz for segment in loads)


def check_registers(core, machine):
    form, offset = machine.COUNTER
    counters = [struct.unpack_from(form, note.desc, offset)[0]
                for note in core.notes if note.type == NT_PRSTATUS]
    check(len(counters) == 2 and min(counters) >= machine.KERNEL_SPACE,
          f"program counters: {list(map(hex, counters))}")


def dumped(context, platform):
    machine = platform.of(context.workdir, "crashkernel=96M", memory="640M", below_4g="512M")
    with booted(machine, context.workdir) as guest:
        ram = ram_ranges(guest.sh("cat /proc/iomem"))
        load(guest, machine.LOADER)
        guest.crash("echo c >/proc/sysrq-trigger", timeout=300)
        core = ElfCore(GuestFile(guest, "/proc/vmcore"))
        check_edges(guest, core, ram)
        size = check_content(guest, core)
        check(size >= 400 << 20, f"only {size} bytes of memory are in the dump")
        check_registers(core, machine)
        check("CRASHTIME" in core.vmcoreinfo, "the crash left no time in vmcoreinfo")


for _platform in (platforms.Arm64, platforms.I386):
    _name = _platform.__name__.lower()
    suite.add(f"architectures.{_name}", functools.partial(dumped, platform=_platform),
              f"""A crash on {_name} gives a dump with all of memory, as it was, and the registers
                  of both CPUs.""", full=True)


# What the first kdump document tells to type, with an initramfs as its root.
LOAD_VMLINUX = """kexec -p /boot/image --args-linux --initrd=/boot/initrd --append='{options}
    maxcpus=1 irqpoll memmap=exactmap memmap=640k@0 memmap=64M@16M'"""
BANNER = "Linux version 6.12"


@full_test
def first_document(context):
    """What the first kdump document shows works on i386: a vmlinux at 16M with memmap=, dd of
    /dev/oldmem, cp of /proc/vmcore, gdb with registers and memory."""
    machine = platforms.I386.of(context.workdir, "crashkernel=64M@16M", image="i386/vmlinux",
                                memory="192M")
    with booted(machine, context.workdir) as guest:
        guest.sh(LOAD_VMLINUX.format(options=guest.kernel_options).replace("\n", ""))
        banner = guest.sh("sed -n 's/ [^ ]* linux_banner$//p' /proc/kallsyms")
        guest.crash("echo c >/proc/sysrq-trigger", timeout=300)
        guest.sh("cat /proc/kexec-dump && rm -f /dev/oldmem && mknod /dev/oldmem c 1 12")
        vmcore = context.workdir / "vmcore"
        vmcore.write_bytes(guest.bytes("cat /proc/vmcore", timeout=300))
        with open(vmcore, "rb") as stream:
            core = ElfCore(stream)
            check_registers(core, machine)
            block = guest.bytes("dd if=/dev/oldmem bs=4096 count=2 skip=25000 2>/dev/null")
            check(block == core.physical(25000 * 4096, 8192), "/dev/oldmem and /proc/vmcore differ")
        output = run("gdb", "-nx", "-batch", "-ex", "info registers eip", "-ex",
                     f"x/s 0x{banner}", platforms.LINUX / "i386" / "vmlinux", vmcore)
        check("eip " in output and BANNER in output, output)
