# SPDX-License-Identifier: GPL-2.0
"""Makes small dumps for the tests: a few pages of memory, in every format."""
import io
import struct
import zlib

PAGE = 4096
NT_PRSTATUS = 1
UTSNAME = 390


def note(name, kind, desc):
    name = name.encode() + b"\0"
    return (struct.pack("<3I", len(name), len(desc), kind) + name + bytes(-len(name) % 4)
            + desc + bytes(-len(desc) % 4))


def vmcoreinfo(**entries):
    return note("VMCOREINFO", 0, "".join(f"{key}={value}\n" for key, value in
                                         entries.items()).encode())


def prstatus(pid, registers):
    """registers: 27 numbers in the order of struct user_regs_struct."""
    desc = bytearray(336)
    struct.pack_into("<i", desc, 32, pid)
    struct.pack_into("<27Q", desc, 112, *registers)
    return note("CORE", NT_PRSTATUS, bytes(desc))


def elf(pages, notes):
    """An ELF core file; pages is content by physical address."""
    count = 1 + len(pages)
    at = 64 + 56 * count
    headers = [struct.pack("<2I6Q", 4, 0, at, 0, 0, len(notes), len(notes), 0)]
    at += len(notes)
    for paddr, data in sorted(pages.items()):
        headers.append(struct.pack("<2I6Q", 1, 7, at, 0, paddr, len(data), len(data), 0))
        at += len(data)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    return header + b"".join(headers) + notes + b"".join(data for _, data in sorted(pages.items()))


def kdump(pages, notes, compress=zlib.compress, flag=1, version=6):
    """A dump in the kdump-compressed format."""
    frames = {paddr // PAGE: data for paddr, data in pages.items()}
    bitmap = bytearray(PAGE)
    for pfn in frames:
        bitmap[pfn // 8] |= 1 << pfn % 8
    head = struct.pack("<8si", b"KDUMP   ", version) + bytes(UTSNAME)
    head = head.ljust(424, b"\0") + struct.pack("<Iii3I", 1, PAGE, 1, 2, max(frames) + 1, 0)
    descriptors_at = 4 * PAGE
    at = descriptors_at + 24 * len(frames)
    descriptors, data = b"", b""
    for _, page in sorted(frames.items()):
        packed = compress(page)
        descriptors += struct.pack("<QIIQ", at + len(data), len(packed), flag, 0)
        data += packed
    notes_at = at + len(data)
    sub = struct.pack("<QiiQQQQQQQQQQQ", 0, 31, 0, 0, 0, 0, 0, notes_at, len(notes), 0, 0, 0, 0,
                      max(frames) + 1)
    return b"".join((head.ljust(PAGE, b"\0"), sub.ljust(PAGE, b"\0"), bitmap, bitmap,
                     descriptors, data, notes))


def flat(content, piece=1000):
    """The flattened form of a file, its pieces in a wild order, one of them corrected later."""
    header = b"makedumpfile".ljust(16, b"\0") + struct.pack(">qq", 1, 1)
    pieces = [(at, content[at:at + piece]) for at in range(0, len(content), piece)]
    pieces = [(0, b"\xff" * piece), *pieces[::2], *pieces[1::2]]
    body = b"".join(struct.pack(">qq", at, len(data)) + data for at, data in pieces)
    return header.ljust(4096, b"\0") + body + struct.pack(">qq", -1, -1)


def stream(content):
    return io.BytesIO(content)
