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


def elf(pages, notes, flags=0, left_out=(), headers_last=False):
    """An ELF core file; pages is content by physical address.

    left_out has the addresses of pages that are in memory, but not in the file. The
    program headers are behind the ELF header, or at the end.
    """
    loads = [*pages.items(), *((paddr, b"") for paddr in left_out)]
    count = 1 + len(loads)
    size = sum(len(data) for data in pages.values())
    at = 64 if headers_last else 64 + 56 * count
    phoff = 64 + len(notes) + size if headers_last else 64
    headers = [struct.pack("<2I6Q", 4, 0, at, 0, 0, len(notes), len(notes), 0)]
    at += len(notes)
    for paddr, data in sorted(loads):
        headers.append(struct.pack("<2I6Q", 1, 7, at, 0, paddr, len(data), len(data) or PAGE, 0))
        at += len(data)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    # From PN_XNUM on, the number is in section 0, which is at the end.
    many = count >= 0xffff
    shoff = phoff + 56 * count if headers_last else at
    header = ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, phoff, many * shoff, flags, 64, 56,
                                 0xffff if many else count, 64 * many, 1 * many, 0)
    section = struct.pack("<2I4Q2I2Q", 0, 0, 0, 0, 0, 0, 0, count, 0, 0) if many else b""
    memory = notes + b"".join(data for _, data in sorted(pages.items()))
    headers = b"".join(headers)
    return header + (memory + headers if headers_last else headers + memory) + section


def bitmap(frames, size):
    data = bytearray(size)
    for pfn in frames:
        data[pfn // 8] |= 1 << pfn % 8
    return bytes(data)


def kdump(pages, notes, compress=zlib.compress, flag=1, version=6, status=1, left_out=()):
    """A dump in the kdump-compressed format.

    Of a page that is None it says that the page could not be read. left_out has the
    addresses of pages that are in memory, but not in the dump. The notes are before
    the bitmaps.
    """
    frames = {paddr // PAGE: data for paddr, data in pages.items()}
    memory = [*frames, *(paddr // PAGE for paddr in left_out)]
    size = (max(memory) // 8 // PAGE + 1) * PAGE
    blocks = 1 + (len(notes) + PAGE - 1) // PAGE
    head = struct.pack("<8si", b"KDUMP   ", version) + bytes(UTSNAME)
    head = head.ljust(424, b"\0") + struct.pack("<Iii3I", status, PAGE, blocks, 2 * size // PAGE,
                                                max(memory) + 1, 0)
    at = (1 + blocks) * PAGE + 2 * size + 24 * len(frames)
    descriptors, data = [], []
    for _, page in sorted(frames.items()):
        packed = b"" if page is None else compress(page)
        descriptors.append(struct.pack("<QIIQ", at if packed else 0, len(packed), flag, 0))
        data.append(packed)
        at += len(packed)
    sub = struct.pack("<QiiQQQQQQQQQQQ", 0, 31, 0, 0, 0, 0, 0, 2 * PAGE, len(notes), 0, 0, 0, 0,
                      max(memory) + 1)
    return b"".join((head.ljust(PAGE, b"\0"), sub.ljust(PAGE, b"\0"),
                     notes.ljust((blocks - 1) * PAGE, b"\0"), bitmap(memory, size),
                     bitmap(frames, size), *descriptors, *data))


def descriptors_at(content):
    """Where the descriptors of a kdump-compressed dump begin."""
    blocks, maps = struct.unpack_from("<iI", content, 432)
    return (1 + blocks + maps) * PAGE


def sparse_kdump(pages, notes, size):
    """The pieces of a dump whose bitmaps have that many bytes each, most of them zeros."""
    size += -size % PAGE
    frames = sorted(paddr // PAGE for paddr in pages)
    head = struct.pack("<8si", b"KDUMP   ", 6) + bytes(UTSNAME)
    head = head.ljust(424, b"\0") + struct.pack("<Iii3I", 1, PAGE, 1, 2 * size // PAGE, 0, 0)
    start, end = 2 * PAGE, 2 * PAGE + 2 * size
    notes_at = end + 24 * len(frames)
    sub = struct.pack("<QiiQQQQQQQQQQQ", 0, 31, 0, 0, 0, 0, 0, notes_at, len(notes), 0, 0, 0, 0,
                      8 * size)
    pieces = [(0, head), (PAGE, sub)]
    for copy in (start, start + size):
        for pfn in frames:
            pieces.append((copy + pfn // 8, bytes([1 << pfn % 8])))
    at = notes_at + len(notes)
    for index, pfn in enumerate(frames):
        pieces.append((end + 24 * index, struct.pack("<QIIQ", at + PAGE * index, PAGE, 0, 0)))
        pieces.append((at + PAGE * index, pages[pfn * PAGE]))
    return [*pieces, (notes_at, notes)]


def flat_pieces(pieces, end=True):
    """The flattened form of pieces, each with its offset."""
    header = b"makedumpfile".ljust(16, b"\0") + struct.pack(">qq", 1, 1)
    body = b"".join(struct.pack(">qq", at, len(data)) + data for at, data in pieces)
    return header.ljust(4096, b"\0") + body + struct.pack(">qq", -1, -1) * end


def flat(content, piece=1000):
    """The flattened form of a file, its pieces in a wild order, one of them corrected later."""
    pieces = [(at, content[at:at + piece]) for at in range(0, len(content), piece)]
    return flat_pieces([(0, b"\xff" * piece), *pieces[::2], *pieces[1::2]])


def flat_in_order(content, piece=1000):
    """The flattened form as it is written when nothing is corrected."""
    return flat_pieces((at, content[at:at + piece]) for at in range(0, len(content), piece))


def stream(content):
    return io.BytesIO(content)
