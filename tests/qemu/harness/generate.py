# SPDX-License-Identifier: GPL-2.0
"""Sets of headers from seeds: the same seed always gives the same bytes.

Most begin as good headers and suffer a few mutations, of members and of single
bytes; some are random from the start.
"""
import random

from .plant import (FREE, LIMIT, NOTES, NOWHERE, OLD, OLD_SIZE, OWN, PAGE_SIZE, PATTERN_SIZE,
                    PN_XNUM, PT_LOAD, PT_NOTE, Header, Segment, extended, good_notes, notes_at)

SLOT = 16 << 10         # what one set has room for; what does not fit is cut off
U16, U32, U64 = 0xffff, 0xffffffff, (1 << 64) - 1

# Values at which sizes and addresses go wrong.
EDGES = (0, 1, 2, 3, 4, 7, 8, 11, 12, 31, 32, 51, 52, 55, 56, 57, 63, 64, 65, 255, 256,
         4095, 4096, 4097, 0x7fff, 0x8000, 0xfffe, U16, 0x10000, 0x1ffff, 0x20000, 0x20001,
         4 << 20, 16 << 20, 0x7fffffff, 0x80000000, U32 - 1, U32, OLD, OLD + 1, NOTES, FREE,
         OWN, NOWHERE, 0xa0000, 0xfec00000, 0xfee00000, 0xb0000000, OLD + OLD_SIZE - 1,
         OLD + OLD_SIZE, LIMIT - PAGE_SIZE, LIMIT - 1, LIMIT, 1 << 46, 1 << 52,
         (1 << 63) - PAGE_SIZE,
         (1 << 63) - 1, 1 << 63, U64 - PAGE_SIZE, U64 - 1, U64)


def number(rng):
    """Anything, but near the edges most of the time."""
    choice = rng.random()
    if choice < 0.6:
        return rng.choice(EDGES) + rng.choice((0, 0, 0, -1, 1)) & U64
    if choice < 0.8:
        return rng.getrandbits(rng.randint(1, 64))
    return OLD + rng.randrange(OLD_SIZE)


def good_segment(rng):
    """Part of the pattern, or of what lies behind it."""
    start = OLD + rng.randrange(PATTERN_SIZE)
    size = rng.choice((1, PAGE_SIZE, rng.randrange(1, PATTERN_SIZE), rng.randrange(1, OLD_SIZE)))
    size = min(size, OLD + OLD_SIZE - start)
    return Segment(offset=start, paddr=start, filesz=size, memsz=size)


def note_segment(rng):
    """The good notes, or something that is to pass for notes."""
    if rng.random() < 0.5:
        return notes_at(NOTES, len(good_notes()))
    return notes_at(OLD + rng.randrange(OLD_SIZE), rng.choice((12, 400, PAGE_SIZE, 1 << 20,
                                                               8 << 20)))


def damage_segment(rng, segment):
    member = rng.choice(("type", "offset", "paddr", "filesz", "memsz", "vaddr", "flags"))
    value = number(rng)
    if member in ("type", "flags"):
        value &= U32
    if member == "type" and rng.random() < 0.7:
        value = rng.choice((PT_LOAD, PT_NOTE))
    setattr(segment, member, value)


def damage_header(rng, header):
    member = rng.choice(("bits", "ident_class", "data", "ident_version", "type", "machine",
                         "version", "phoff", "phentsize", "phnum", "shoff", "shentsize", "shnum"))
    widths = {"phoff": U64 if header.bits == 64 else U32, "version": U32,
              "ident_class": 255, "data": 255, "ident_version": 255}
    if member == "bits":
        header.bits = 96 - header.bits
        return
    widths["shoff"] = widths["phoff"]
    value = number(rng) & widths.get(member, U16)
    if member == "phnum":
        value = rng.choice((value, 0, 1, len(header.segments) + 1, 300, PN_XNUM))
    setattr(header, member, value)


def damage_bytes(rng, data):
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(data))
        if rng.random() < 0.5:
            data[at] ^= 1 << rng.randrange(8)
        else:
            data[at] = rng.choice((0, 255, rng.randrange(256)))


def good(rng):
    """Headers as a loader could have made them, of either class."""
    loads = rng.choice((0, 1, 1, 2, 3, 10, 100))
    notes = rng.choice((0, 1, 1, 1, 2, 8))
    header = Header([note_segment(rng) for _ in range(notes)]
                    + [good_segment(rng) for _ in range(loads)])
    if rng.random() < 0.2:
        header.bits = 32
    return header


def mutated(rng):
    header = good(rng)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 5))):
        if header.segments and rng.random() < 0.7:
            damage_segment(rng, rng.choice(header.segments))
        else:
            damage_header(rng, header)
    # 32-bit members of the file header have no room for more.
    if header.bits == 32:
        header.phoff = header.phoff and header.phoff & U32
        header.shoff &= U32
    if header.bits == 64 and rng.random() < 0.1:
        data = bytearray(extended(header.segments, rng.choice((None, number(rng) & U32))))
    else:
        data = bytearray(header.encode())
    if rng.random() < 0.3:
        damage_bytes(rng, data)
    return data


def noise(rng):
    """Random bytes, behind a good beginning as often as not."""
    data = bytearray(rng.randbytes(rng.randrange(1, SLOT)))
    if rng.random() < 0.7:
        start = Header(phnum=rng.choice((1, 5, 200, rng.randrange(U16)))).encode()[:64]
        data[:len(start)] = start
    return data


def headers(seed):
    """The bytes for one slot."""
    rng = random.Random(seed)
    data = noise(rng) if rng.random() < 0.15 else mutated(rng)
    return bytes(data[:SLOT]).ljust(SLOT, b"\0")
