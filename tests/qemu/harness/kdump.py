# SPDX-License-Identifier: GPL-2.0
"""Steps that many tests share: load, plant, crash, and check what the dump shows."""
import array
import re

from .dump import PAGE_SIZE, Dump, GuestFile
from .suite import Failure, check

LOADERS = {"kexec_load": "-c", "kexec_file_load": "-s"}
LOW_MEMORY = 640 * 1024

MODULE = "/sys/module/kdump_test/parameters"
GOLDEN = 0x9e3779b97f4a7c15     # as in the module
SPIN = 0x1234567800000000


def capture_options(guest):
    """The capture kernel's command line."""
    return f"{guest.kernel_options} nr_cpus=1"


def load(guest, loader="kexec_load", options="", append=""):
    """Load the image as capture kernel."""
    guest.sh(f"kexec -p {LOADERS[loader]} /boot/image --initrd=/boot/initrd "
             f"--command-line='{capture_options(guest)} {append}' {options}")
    check(guest.sh("cat /sys/kernel/kexec_crash_loaded") == "1", "kexec -p loaded nothing")


# KiB that are less free while a file is open of which 64 places have been read.
FOOTPRINT = """
free() {{ sed -n 's/^MemFree: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo; }}
size=$(stat -c %s {file})
read_places() {{
    for part in $(seq 0 63); do
        dd bs=65536 count=1 skip=$((size / 65536 / 64 - 1)) status=none >/dev/null
    done
}}
free >/dev/null
read_places <{file}
before=$(free)
exec 9<{file}
read_places <&9
echo $((before - $(free)))
"""


def footprint(guest, file):
    """Bytes of memory that an open file with the dump takes. What else goes on in the kernel takes
    and frees memory, too: the median of three."""
    found = [int(guest.sh(FOOTPRINT.format(file=file), timeout=300)) for _ in range(3)]
    return sorted(found)[1] * 1024


def on_cpu(cpu, command):
    """A command to run on a CPU when those who started it have gone to sleep: a moment before,
    they still run in user space, on CPUs that are to be idle."""
    return f"taskset {1 << cpu:x} sh -c 'usleep 200000; {command}'"


def spin(guest, cpu):
    """Keep a CPU in user space with known registers."""
    guest.sh(f"taskset {1 << cpu:x} probe spin {SPIN + 16 * cpu} >/dev/null 2>&1 &\n"
             "until [ $(cut -d ' ' -f 14 /proc/$!/stat) -gt 0 ]; do usleep 1000; done")


def check_spinning(dump, thread, cpu):
    """Find these registers in the CPU's note, or on its stack if an interrupt saved them.

    At the edges of an interrupt they are in the note, too. A thread of the kernel may have
    come to that CPU: then its own stack is all that there is.
    """
    wanted = tuple(SPIN + 16 * cpu + step for step in (3, 2, 1, 0))
    found = tuple(thread.registers[name] for name in ("r15", "r14", "r13", "r12"))
    if thread.rip < 1 << 47:
        check(found == wanted, f"CPU {cpu}: r15-r12 are {found}, not {wanted}")
        check(thread.cs == 0x33, f"CPU {cpu}: cs {thread.cs:#x} in user space")
        return
    check_kernel_registers(dump, thread, cpu)
    stack = dump.stack(thread.rsp)
    # The last word of an interrupt stack says where the interrupted one is.
    stack += dump.stack(stack[-1]) if stack else ()
    check(found == wanted or any(stack[at:at + 4] == wanted for at in range(len(stack)))
          or "kthread" in map(dump.symbols.name, stack),
          f"CPU {cpu}, at {dump.symbols.name(thread.rip)}: no registers of the user program, and "
          "this is no thread of the kernel")


def check_kernel_registers(dump, thread, cpu):
    """The registers are such as code of the kernel can have."""
    check(dump.symbols.is_text(thread.rip) and thread.rsp >> 63 and thread.cs == 0x10,
          f"CPU {cpu}: implausible rip {thread.rip:#x}, rsp {thread.rsp:#x}, cs {thread.cs:#x}")


def check_on_stack(dump, thread, cpu, function):
    """The CPU came through a function."""
    check_kernel_registers(dump, thread, cpu)
    found = dump.functions(thread)
    check(function in found,
          f"no {function} on the stack of CPU {cpu}, but {sorted(filter(None, found))}")


def insert_module(guest):
    """Load the test module; return the part of kallsyms that belongs to it."""
    guest.sh("insmod /lib/kdump_test.ko")
    return guest.sh("grep '\\[kdump_test\\]' /proc/kallsyms")


FAIL = "/sys/module/kdump_fail/parameters"


def make_fail(guest, *lines):
    """Have code of the kernel fail: a line is "PARAMETER VALUE" of the module kdump_fail."""
    guest.sh("insmod /lib/kdump_fail.ko")
    for line in lines:
        parameter, _, value = line.partition(" ")
        guest.sh(f"echo '{value}' >{FAIL}/{parameter}")


def kernel_address(guest, name):
    """The address of a symbol of the running kernel, as kallsyms has it."""
    return guest.sh(f"sed -n 's/^\\([0-9a-f]*\\) . {name}$/\\1/p' /proc/kallsyms")


class Patterns:
    """Memory of the first kernel with known content."""

    def __init__(self, guest, seed):
        self._seed = seed
        guest.sh(f"echo {seed} >{MODULE}/plant")
        self.ranges = [tuple(int(word, 16) for word in line.split())
                       for line in guest.sh(f"cat {MODULE}/plant").splitlines()]
        self.low = guest.physical_memory(0, LOW_MEMORY)

    def _expected(self, start, size):
        words = ((start + at + self._seed) * GOLDEN & (1 << 64) - 1 for at in range(0, size, 8))
        return array.array("Q", words).tobytes()

    def check(self, core):
        """Compare every planted byte, and the whole of low memory."""
        for start, size in self.ranges:
            compare(core, start, self._expected(start, size), "the planted memory")
        for segment in core.loads:
            if segment.paddr < LOW_MEMORY:
                end = min(segment.paddr + segment.filesz, LOW_MEMORY)
                compare(core, segment.paddr, self.low[segment.paddr:end], "low memory")


def compare(core, start, wanted, what):
    """Compare physical memory in a dump; a failure names the first address that differs."""
    check(core.offset_of(start) is not None, f"{what} at {start:#x} is not in the dump")
    found = core.physical(start, len(wanted))
    if found != wanted:
        at = next((index for index, (ours, theirs) in enumerate(zip(found, wanted))
                   if ours != theirs), len(found))
        raise Failure(f"{what} differs at physical {start + at:#x}: {found[at:at + 8].hex()} "
                      f"instead of {wanted[at:at + 8].hex()} "
                      f"({len(found)} of {len(wanted)} bytes read)")


def ram_ranges(iomem):
    """Start and end of System RAM without the crash kernel's part, from /proc/iomem."""
    rows = re.findall(r"^( *)(\w+)-(\w+) : (.*)$", iomem, re.MULTILINE)
    ranges = [(int(start, 16), int(end, 16) + 1) for indent, start, end, name in rows
              if not indent and name == "System RAM"]
    for indent, start, end, name in rows:
        if name != "Crash kernel":
            continue
        start, end = int(start, 16), int(end, 16) + 1
        ranges = [piece for low, high in ranges
                  for piece in ((low, min(high, start)), (max(low, end), high))
                  if piece[0] < piece[1]]
    return ranges


def check_edges(guest, core, ranges):
    """Compare both edges of each range with what QEMU says is there.

    Above the low memory the capture kernel has changed nothing.
    """
    for start, end in ranges:
        if start < LOW_MEMORY:
            continue
        for address in (start, end - PAGE_SIZE):
            compare(core, address, guest.physical_memory(address, PAGE_SIZE), "the edge of RAM")


def open_dump(guest, kallsyms=""):
    """The dump, as the capture kernel shows it."""
    return Dump(GuestFile(guest, "/proc/vmcore"), kallsyms, guest.vmlinux)
