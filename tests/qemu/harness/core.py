# SPDX-License-Identifier: GPL-2.0
"""Reads ELF core files such as /proc/vmcore: a reader of the tests alone, to compare others with.

Only the part of the file that is asked for is read. ELF32 and ELF64, little
endian.
"""
import collections
import os
import struct

PT_LOAD, PT_NOTE = 1, 4
PN_XNUM = 0xffff
ELFDATA2LSB = 1
NO_SIZE = 1 << 62                       # more than any file has
BITS = {1: 32, 2: 64}                   # by class
START_KERNEL_MAP = 0xffffffff80000000   # x86_64: where the kernel image is mapped

Segment = collections.namedtuple("Segment", "type offset vaddr paddr filesz memsz")
Note = collections.namedtuple("Note", "name type desc")


def size_of(stream):
    """The size of an open file, which the sizes in its headers may exceed by far."""
    return stream.seek(0, os.SEEK_END)


class CoreNotes:
    """What the notes of a dump say; a dump of any format has them."""

    @property
    def vmcoreinfo(self):
        """The lines of the VMCOREINFO note, as a dictionary."""
        for note in self.notes:
            if note.name == "VMCOREINFO":
                lines = note.desc.decode(errors="replace").splitlines()
                return dict(line.split("=", 1) for line in lines if "=" in line)
        raise ValueError("no VMCOREINFO note")

    @property
    def kaslr_offset(self):
        """By how much the kernel ran above the addresses that it was linked for."""
        return int(self.vmcoreinfo.get("KERNELOFFSET", "0"), 16)

    def image_paddr(self, vaddr):
        """Physical address of an address in the mapping of the kernel image."""
        return vaddr - START_KERNEL_MAP + int(self.vmcoreinfo["NUMBER(phys_base)"])


class ElfCore(CoreNotes):
    """An open ELF core file; raises ValueError for what is not one."""

    def __init__(self, stream):
        self.stream, self._size = stream, size_of(stream)
        ident = self.read(0, 16)
        if (len(ident) < 16 or ident[:4] != b"\x7fELF" or ident[4] not in BITS
                or ident[5] != ELFDATA2LSB):
            raise ValueError("not a little-endian ELF file")
        self.bits = BITS[ident[4]]
        word = "I" if self.bits == 32 else "Q"
        fields = self._unpack(f"<HHI{word}{word}{word}IHHHHHH", 16)
        self.type, self.machine = fields[0:2]
        phoff, shoff = fields[4:6]
        phentsize, phnum = fields[8:10]
        if phnum == PN_XNUM:
            # sh_info of section 0 has the number that e_phnum cannot hold.
            phnum = self._unpack("<I", shoff + (28 if self.bits == 32 else 44))[0]
        self.segments = [self._segment(phoff + index * phentsize) for index in range(phnum)]

    def read(self, offset, size):
        if max(offset, size) >= NO_SIZE:
            raise ValueError(f"a header points out of the file, to {offset:#x}")
        self.stream.seek(offset)
        return self.stream.read(max(min(size, self._size - offset), 0))

    def _unpack(self, form, offset):
        data = self.read(offset, struct.calcsize(form))
        if len(data) < struct.calcsize(form):
            raise ValueError("the file ends within its headers")
        return struct.unpack(form, data)

    def _segment(self, at):
        if self.bits == 32:
            kind, offset, vaddr, paddr, filesz, memsz = self._unpack("<6I", at)
        else:
            kind, _, offset, vaddr, paddr, filesz, memsz = self._unpack("<2I5Q", at)
        return Segment(kind, offset, vaddr, paddr, filesz, memsz)

    @property
    def loads(self):
        return [segment for segment in self.segments if segment.type == PT_LOAD]

    @property
    def notes(self):
        return [note for segment in self.segments if segment.type == PT_NOTE
                for note in parse_notes(self.read(segment.offset, segment.filesz))]

    def offset_of(self, paddr):
        """Offset in the file of the byte at a physical address, or None."""
        for segment in self.loads:
            if segment.paddr <= paddr < segment.paddr + segment.filesz:
                return segment.offset + paddr - segment.paddr
        return None

    def physical(self, paddr, size):
        """Bytes at a physical address; they must lie in one segment."""
        offset = self.offset_of(paddr)
        if offset is None:
            raise ValueError(f"no segment has physical address {paddr:#x}")
        return self.read(offset, size)


def parse_notes(data):
    """Yield each note of a PT_NOTE segment."""
    at = 0
    while at + 12 <= len(data):
        namesz, descsz, kind = struct.unpack_from("<3I", data, at)
        name_at = at + 12
        desc_at = name_at + (namesz + 3 & ~3)
        at = desc_at + (descsz + 3 & ~3)
        if desc_at + descsz > len(data):
            raise ValueError("a note runs over the end of its segment")
        name = data[name_at:name_at + namesz].rstrip(b"\0").decode(errors="replace")
        yield Note(name, kind, data[desc_at:desc_at + descsz])
