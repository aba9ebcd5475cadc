# SPDX-License-Identifier: GPL-2.0
"""The notes of a dump: what the crashed kernel and its CPUs say of themselves."""
import collections
import functools
import struct

NOTE_HEADER = struct.Struct("<3I")
MAX_NOTES = 1 << 18                     # more than CPUs and devices have
MAX_NAME = 256
# Longer ones, such as dumps of devices, are passed over: nobody here looks into them.
MAX_DESC = 1 << 16
MAX_DESCS = 1 << 26                     # of all together
NO_INFO = ("no VMCOREINFO note: the dump does not say which kernel this was. Has QEMU made it, "
           "give the guest the device for that (-device vmcoreinfo; libvirt: <vmcoreinfo "
           "state='on'/> in <features>) and its kernel the driver, qemu_fw_cfg")

Note = collections.namedtuple("Note", "name type desc")


def read_notes(file, offset, size):
    """The notes in a part of a file, and what is wrong with them, or None."""
    notes, at, end, kept = [], offset, offset + size, 0
    while at + NOTE_HEADER.size <= end and len(notes) < MAX_NOTES:
        header = file.read(at, NOTE_HEADER.size)
        if len(header) < NOTE_HEADER.size:
            break
        namesz, descsz, kind = NOTE_HEADER.unpack(header)
        if not namesz and not descsz:
            break                       # only padding follows
        desc_at = at + NOTE_HEADER.size + (namesz + 3 & ~3)
        if namesz > MAX_NAME or desc_at + descsz > end:
            return notes, f"the notes make no sense from {at - offset} bytes on, of {size}"
        name = file.read(at + NOTE_HEADER.size, namesz).rstrip(b"\0").decode(errors="replace")
        wanted = descsz <= MAX_DESC and kept + descsz <= MAX_DESCS
        desc = file.read(desc_at, descsz) if wanted else b""
        if file.missing(desc_at, descsz):
            break
        kept += len(desc)
        notes.append(Note(name, kind, desc))
        at = desc_at + (descsz + 3 & ~3)
    if missing := file.missing(offset, size):
        return notes, f"{missing} of {size} bytes of the notes are missing"
    return notes, None


class CoreNotes:
    """What the notes of a dump say; a dump of any format has notes and problems."""

    @functools.cached_property
    def vmcoreinfo(self):
        """The lines of the VMCOREINFO note, as a dictionary."""
        text = next((note.desc for note in self.notes if note.name == "VMCOREINFO"),
                    self.info_beside_notes())
        if not text:
            raise ValueError(NO_INFO)
        lines = text.decode(errors="replace").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def info_beside_notes(self):
        """The same text from where else a format has it."""
        return b""

    @property
    def kaslr_offset(self):
        """By how much the kernel ran above the addresses that it was linked for."""
        return int(self.vmcoreinfo.get("KERNELOFFSET", "0"), 16)
