# SPDX-License-Identifier: GPL-2.0
"""Questions to a dump: registers, memory by virtual address, stacks."""
import dataclasses
import io
import struct

from . import paths
from .core import START_KERNEL_MAP, ElfCore
from .symbols import Symbols

NT_PRSTATUS = 1
PRSTATUS_PID = 32
PRSTATUS_REGISTERS = 112
REGISTERS = """r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax
               rip cs eflags rsp ss fs_base gs_base ds es fs gs""".split()
THREAD_SIZE = 16384
PAGE_SIZE = 4096
PAGE_MASK = 0x000ffffffffff000


class GuestFile(io.RawIOBase):
    """A file in the guest that can be read here."""

    def __init__(self, guest, path):
        super().__init__()
        self._guest, self._path, self._at = guest, path, 0

    def seek(self, offset, whence=io.SEEK_SET):
        end = int(self._guest.sh(f"stat -c %s {self._path}")) if whence == io.SEEK_END else 0
        self._at = end + offset
        return self._at

    def read(self, size=-1):
        data = self._guest.bytes(f"dd if={self._path} status=none bs=256k skip={self._at} "
                                 f"count={size} iflag=skip_bytes,count_bytes,fullblock")
        self._at += len(data)
        return data


@dataclasses.dataclass
class Thread:
    """One NT_PRSTATUS note."""
    pid: int
    registers: dict

    def __getattr__(self, name):
        return self.registers[name]


class Dump:
    """A dump of an x86_64 kernel, open as an ELF core file."""

    def __init__(self, stream, kallsyms="", vmlinux=paths.VMLINUX):
        self.core = ElfCore(stream)
        self.notes = self.core.notes
        self.info = self.core.vmcoreinfo
        self.symbols = Symbols(vmlinux, self.core.kaslr_offset, kallsyms)
        self._tables = {}

    @property
    def threads(self):
        """The registers of each CPU, in the order of the notes."""
        found = []
        for note in self.notes:
            if (note.name, note.type) == ("CORE", NT_PRSTATUS):
                pid, = struct.unpack_from("<i", note.desc, PRSTATUS_PID)
                values = struct.unpack_from(f"<{len(REGISTERS)}Q", note.desc, PRSTATUS_REGISTERS)
                found.append(Thread(pid, dict(zip(REGISTERS, values))))
        return found

    def _entry(self, table, index):
        """An entry of the page table at a physical address."""
        if table not in self._tables:
            self._tables[table] = struct.unpack("<512Q", self.core.physical(table, PAGE_SIZE))
        return self._tables[table][index]

    def translate(self, vaddr):
        """Physical address of a virtual one, by the kernel's page tables; None if unmapped."""
        five = int(self.info.get("NUMBER(pgtable_l5_enabled)", "0"))
        table = self.core.image_paddr(int(self.info["SYMBOL(swapper_pg_dir)"], 16))
        for shift in (48, 39, 30, 21, 12)[not five:]:
            entry = self._entry(table, vaddr >> shift & 511)
            if not entry & 1:
                return None
            if shift == 12 or entry & 0x80 and shift in (30, 21):
                within = (1 << shift) - 1
                return entry & PAGE_MASK & ~within | vaddr & within
            table = entry & PAGE_MASK
        return None

    def memory(self, vaddr, size):
        """Bytes at a virtual address up to the first page that is not mapped."""
        data = bytearray()
        while len(data) < size:
            at = vaddr + len(data)
            paddr = self.translate(at)
            if paddr is None:
                break
            data += self.core.physical(paddr, min(size - len(data), -at % PAGE_SIZE or PAGE_SIZE))
        return bytes(data)

    def variable(self, name, size=4):
        """A global variable of the kernel, as an unsigned integer."""
        data = self.core.physical(self.core.image_paddr(self.symbols.address(name)), size)
        return int.from_bytes(data, "little")

    def stack(self, rsp):
        """The 64-bit words of a kernel stack from a stack pointer up."""
        if not rsp >> 63:
            return ()
        # Behind a stack nothing is mapped, but for the one in the kernel image.
        start = rsp & ~7
        image = start >= START_KERNEL_MAP
        data = self.memory(start, THREAD_SIZE - (start % THREAD_SIZE if image else 0))
        return struct.unpack(f"<{len(data) // 8}Q", data)

    def functions(self, thread):
        """Names of what a CPU was executing and of whatever its stack points to."""
        return {self.symbols.name(word) for word in (thread.rip, *self.stack(thread.rsp))}
