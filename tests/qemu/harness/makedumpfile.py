# SPDX-License-Identifier: GPL-2.0
"""The makedumpfile of Debian sid, and which pages it keeps, as it records it in a
kdump-compressed file.

The format is diskdump's: a header, a sub-header, two bitmaps with a bit for each
page frame (memory that exists; memory that is in the file), and a descriptor for
each page in the file. Pages left out for being zero are in the second bitmap all
the same; their descriptors share one page, the first of the data.
"""
import array
import struct

from . import suites
from .pageset import frames, from_frames

SIGNATURE = b"KDUMP   "
BLOCK_SIZE_AT = 428         # block size, blocks of sub-header, blocks of both bitmaps
DUMP_LEVEL_AT = 8           # in the sub-header
DESCRIPTOR_WORDS = 3        # 64-bit words of a page descriptor; its offset is the first
ZERO = 1                    # the level's bit for zero pages


def files():
    """The program and its libraries, as suites.files() has them."""
    return suites.files("sid", "bin/makedumpfile", "/usr/bin/makedumpfile")


def installed():
    """The same as (name, content, mode)."""
    return suites.content(files())


class FormatError(Exception):
    """The file is not what makedumpfile writes."""


class KdumpFile:
    """The level, and the page frames that exist and that are kept."""

    def __init__(self, path):
        with open(path, "rb") as stream:
            header = stream.read(4096)
            if header[:len(SIGNATURE)] != SIGNATURE:
                raise FormatError(f"{path} is no kdump-compressed file")
            block, sub_header, bitmaps = struct.unpack_from("<iiI", header, BLOCK_SIZE_AT)
            stream.seek(block + DUMP_LEVEL_AT)
            self.level, = struct.unpack("<i", stream.read(4))
            stream.seek(block * (1 + sub_header))
            existing, in_file = (int.from_bytes(stream.read(bitmaps // 2 * block), "little")
                                 for _ in range(2))
            self.existing, self.kept = existing, in_file
            if self.level & ZERO:
                self.kept &= ~self._zero(stream, in_file)

    @staticmethod
    def _zero(stream, in_file):
        """The pages whose descriptors share the page of zeros. The descriptors come next."""
        words = array.array("Q")
        data = stream.tell() + in_file.bit_count() * DESCRIPTOR_WORDS * words.itemsize
        words.fromfile(stream, in_file.bit_count() * DESCRIPTOR_WORDS)
        offsets = words[::DESCRIPTOR_WORDS]
        return from_frames(frame for frame, offset in zip(frames(in_file), offsets)
                           if offset == data)
