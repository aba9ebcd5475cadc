# SPDX-License-Identifier: GPL-2.0
"""ELF core headers made by hand, and a guest that finds them in old memory.

QEMU boots straight into a capture kernel that may use the memory below 256 MiB
only. What is planted above 4 GiB is the memory of a crashed kernel that never
ran: a pattern, good notes, and headers of all kinds.
"""
import contextlib
import dataclasses
import struct

from . import artifacts, paths
from .guest import Guest, Machine

PT_LOAD, PT_NOTE = 1, 4
PN_XNUM = 0xffff
NT_PRSTATUS = 1
PAGE_SIZE = 4096

OLD = 1 << 32                   # where old memory begins
OLD_SIZE = 256 << 20
PATTERN_SIZE = 64 << 10
NOTES = OLD + PATTERN_SIZE      # good notes, see good_notes()
FREE = NOTES + (64 << 10)
OWN = 32 << 20                  # in memory that the capture kernel has itself
NOWHERE = 3 << 30               # neither RAM nor a device
LIMIT = 1 << 40                 # of physical addresses, with this CPU
VMCOREINFO = b"OSRELEASE=planted\nPAGESIZE=4096\n"
PRSTATUS_SIZE = 336
HOOK = "/sys/kernel/debug/vmcore/elfcorehdr"


def pattern(paddr, size):
    """What is planted at a physical address of the pattern."""
    first = (paddr - OLD) // 8 * 8
    words = b"".join(struct.pack("<Q", OLD + at ^ 0x5a5a0000000000a5)
                     for at in range(first, paddr - OLD + size, 8))
    return words[paddr - OLD - first:][:size]


def note(name, kind, desc, namesz=None, descsz=None):
    """A note; the sizes in its header can be made to lie."""
    def padded(data):
        return data + bytes(-len(data) % 4)
    return struct.pack("<3I", len(name) if namesz is None else namesz,
                       len(desc) if descsz is None else descsz, kind) + padded(name) + padded(desc)


def prstatus(pid):
    return note(b"CORE\0", NT_PRSTATUS, bytes(32) + struct.pack("<i", pid) + bytes(300))


def good_notes():
    return prstatus(101) + prstatus(102) + note(b"VMCOREINFO\0", 0, VMCOREINFO)


@dataclasses.dataclass
class Segment:
    """A program header, by default of one page of the pattern."""
    type: int = PT_LOAD
    offset: int = OLD
    paddr: int = OLD
    filesz: int = PAGE_SIZE
    memsz: int = PAGE_SIZE
    vaddr: int = 0
    flags: int = 7

    def encode(self, bits):
        if bits == 32:
            words = (self.type, self.offset, self.vaddr, self.paddr, self.filesz, self.memsz,
                     self.flags, 0)
            return struct.pack("<8I", *(word & 0xffffffff for word in words))
        return struct.pack("<2I6Q", self.type, self.flags, self.offset, self.vaddr, self.paddr,
                           self.filesz, self.memsz, 0)


def notes_at(address, size):
    return Segment(PT_NOTE, offset=address, paddr=address, filesz=size, memsz=size)


@dataclasses.dataclass
class Header:
    """ELF headers. By default they are what they should be."""
    segments: list = dataclasses.field(default_factory=lambda: [Segment()])
    magic: bytes = b"\x7fELF"
    bits: int = 64
    ident_class: int = None
    data: int = 1
    ident_version: int = 1
    type: int = 4
    machine: int = 62
    version: int = 1
    phoff: int = None
    phentsize: int = None
    phnum: int = None
    shoff: int = 0
    shentsize: int = 0
    shnum: int = 0

    @property
    def sizes(self):
        """Bytes of the file header, of a program header, of a section header."""
        return (52, 32, 40) if self.bits == 32 else (64, 56, 64)

    def encode(self):
        ehsize, phentsize, _ = self.sizes
        ident_class = self.bits // 32 if self.ident_class is None else self.ident_class
        ident = self.magic + bytes((ident_class, self.data, self.ident_version)) + bytes(9)
        word = "I" if self.bits == 32 else "Q"
        header = ident + struct.pack(
            f"<HHI3{word}I6H", self.type, self.machine, self.version, 0,
            ehsize if self.phoff is None else self.phoff, self.shoff, 0, ehsize,
            phentsize if self.phentsize is None else self.phentsize,
            len(self.segments) if self.phnum is None else self.phnum,
            self.shentsize, self.shnum, 0)
        return header + b"".join(segment.encode(self.bits) for segment in self.segments)


def extended(segments, info=None, **members):
    """Headers with their number in section header 0, which comes last."""
    header = Header(segments, phnum=PN_XNUM, shnum=1, **members)
    ehsize, phentsize, shentsize = header.sizes
    header.shoff = ehsize + phentsize * len(segments)
    header.shentsize = header.shentsize or shentsize
    section = bytearray(64)
    struct.pack_into("<I", section, 44, len(segments) if info is None else info)
    return header.encode() + section


class OldMemory:
    """The image that is planted at OLD."""

    def __init__(self):
        self._image = bytearray(pattern(OLD, PATTERN_SIZE) + good_notes())
        self.good_notes = notes_at(NOTES, len(good_notes()))
        self._pad(FREE - OLD)

    def _pad(self, size):
        self._image += bytes(size - len(self._image))

    def add(self, data, align=PAGE_SIZE):
        """Plant data; return its physical address."""
        self._pad(-(-len(self._image) // align) * align)
        self._image += data
        return OLD + len(self._image) - len(data)

    @contextlib.contextmanager
    def boot(self, workdir, cmdline, devices=(), **members):
        """A capture kernel that has this as old memory, on a machine with other members."""
        workdir.mkdir(parents=True, exist_ok=True)
        image = workdir / "old-memory"
        image.write_bytes(self._image)
        machine = Machine(paths.bzimage(), artifacts.INITRD, f"mem=256M {cmdline}", cpus="1",
                          devices=("-device", f"loader,file={image},addr={OLD:#x},force-raw=on",
                                   *devices), **members)
        with Guest(machine, workdir) as guest:
            guest.wait_for("capture" if "elfcorehdr=" in cmdline else "first")
            yield guest
