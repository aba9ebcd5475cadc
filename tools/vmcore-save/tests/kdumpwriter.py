# SPDX-License-Identifier: GPL-2.0
"""Files in the kdump-compressed format, and flattened ones, as other programs write them."""
import ctypes
import struct
import zlib

from kdumpreader import LAYOUTS, LZO, ZLIB, ZSTD, _library

RAW, SNAPPY = 0, 4
METHODS = (RAW, ZLIB, LZO, SNAPPY, ZSTD)
SIGNATURE, FLAT_HEADER = b"KDUMP   ", 4096
UTSNAME = 6 * 65


def snappy(page):
    """Literals, and copies of what is before: as long as there is some, of 64 bytes at most."""
    out, at, size = bytearray(), 0, len(page)
    while size:
        out.append(size & 0x7f | (0x80 if size > 0x7f else 0))
        size >>= 7
    while at < len(page):
        piece = page[at:at + 60]
        before = page.rfind(piece[:8], max(0, at - 1500), at + 7)
        if before < 0 or before == at or len(piece) < 8:
            literal = page[at:at + (300 if at % 3 else 40)]
            length = len(literal) - 1
            out += bytes([length << 2]) if length < 60 else struct.pack("<BH", 61 << 2, length)
            out += literal
            at += len(literal)
            continue
        length = 8
        while length < min(64, len(page) - at) and page[before + length] == page[at + length]:
            length += 1
        offset = at - before
        if length < 12 and offset < 2048:
            out += bytes([1 | (length - 4) << 2 | offset >> 8 << 5, offset & 0xff])
        else:
            out += struct.pack("<BH" if at % 2 else "<BI", (length - 1) << 2 | (2 if at % 2 else 3),
                               offset)
        at += length
    return bytes(out)


def _lzo(page):
    library = _library("liblzo2.so.2")
    out, size = ctypes.create_string_buffer(2 * len(page)), ctypes.c_size_t(2 * len(page))
    work = ctypes.create_string_buffer(1 << 17)
    assert not library.lzo1x_1_compress(page, ctypes.c_size_t(len(page)), out, ctypes.byref(size),
                                        work)
    return out.raw[:size.value]


def _zstd(page):
    library = _library("libzstd.so.1")
    library.ZSTD_compress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(2 * len(page))
    size = library.ZSTD_compress(out, ctypes.c_size_t(len(out)), page,
                                 ctypes.c_size_t(len(page)), 1)
    return out.raw[:size]


def pack(page, method):
    """The data of a page, and how it is compressed: not at all if that would be larger."""
    data = {RAW: bytes, ZLIB: zlib.compress, LZO: _lzo, SNAPPY: snappy, ZSTD: _zstd}[method](page)
    return (data, method) if len(data) < len(page) else (page, RAW)


def _bitmap(frames, size):
    bits = bytearray(size)
    for frame in frames:
        bits[frame // 8] |= 1 << frame % 8
    return bytes(bits)


def kdump(core, method=ZLIB, left_out=(), lost=(), version=6, bits=64, machine=b"x86_64", level=31,
          erased=b"", whole_notes=True, status=0):
    """A dump of a Core. left_out and lost: page frames that are not there, or only said to be."""
    memory, block = core.memory(), core.page
    saved = [frame for frame in sorted(memory) if frame not in left_out]
    count = max(memory) + 1
    notes = core.note_segment()
    text = "".join(f"{name}={value}\n" for name, value in core.info.items()).encode()
    at = block + 104
    fields = dict.fromkeys(("info", "note", "erase"), (0, 0))
    blobs = b""
    for name, blob in (("note", notes if whole_notes else b""),
                       ("info", b"" if whole_notes else text), ("erase", erased)):
        if blob:
            fields[name] = at + len(blobs), len(blob)
            blobs += blob + bytes(-len(blob) % 4)
    if whole_notes:
        fields["info"] = fields["note"][0] + notes.index(text), len(text)
    sub_blocks = -(-(104 + len(blobs)) // block)
    map_blocks = -(-count // (8 * block))
    header = struct.pack(LAYOUTS[bits].header, SIGNATURE, version,
                         struct.pack("65s65s65s65s65s65s", b"Linux", b"host", b"6.12", b"#1",
                                     machine, b""), 1600000000, 0, method | status, block,
                         sub_blocks, 2 * map_blocks, min(count, (1 << 32) - 1), 0, 0, 0, 0, 2)
    sub = struct.pack(LAYOUTS[bits].sub_header, 0x1000000, level, 0, 0, 0, *fields["info"],
                      *fields["note"], *fields["erase"], 0, 0, count)
    head = header.ljust(block, b"\0") + sub.ljust(104, b"\0") + blobs
    head = head.ljust((1 + sub_blocks) * block, b"\0")
    maps = _bitmap(memory, map_blocks * block) + _bitmap(saved, map_blocks * block)
    at = len(head) + len(maps) + 24 * len(saved)
    descriptors, data, zero = b"", bytearray(), None
    for frame in saved:
        if frame in lost:
            descriptors += bytes(24)
            continue
        page, kind = pack(memory[frame], method)
        place = at + len(data)
        if not any(memory[frame]):
            place = zero = zero or place
        if place == at + len(data):
            data += page
        descriptors += struct.pack("<qIIQ", place, len(page), kind, 0)
    return head + maps + descriptors + bytes(data)


def flat(records, end=True):
    """The flattened form of records, which are offsets and bytes."""
    blob = struct.pack(">16sqq", b"makedumpfile", 1, 1).ljust(FLAT_HEADER, b"\0")
    blob += b"".join(struct.pack(">qq", offset, len(data)) + data for offset, data in records)
    return blob + struct.pack(">qq", -1, -1) * end


def flatten(data, random, size=20000):
    """Flatten a file, with records of any order and size, some of which later ones replace."""
    cuts = sorted({0, len(data), *(random.randrange(len(data)) for _ in range(len(data) // size))})
    records = [(begin, data[begin:end]) for begin, end in zip(cuts, cuts[1:])]
    random.shuffle(records)
    wrong = []
    for _ in range(5):
        begin = random.randrange(len(data))
        wrong.append((begin, random.randbytes(random.randrange(1, size))[:len(data) - begin]))
    return flat(wrong + records)
