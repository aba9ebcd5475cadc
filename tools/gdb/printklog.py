# SPDX-License-Identifier: GPL-2.0
"""The kernel's log in a dump, found through VMCOREINFO alone (kernels 5.10 and later).

Layout: struct printk_ringbuffer in kernel/printk/printk_ringbuffer.h. Each record
has a descriptor, an info (time, level, length) and a block in a ring of text.
What is inconsistent is left out, since a CPU may have died while it wrote.
"""
import collections

from printable import printable

FACILITIES = """kern user mail daemon auth syslog lpr news uucp cron authpriv ftp
                res0 res1 res2 res3 local0 local1 local2 local3 local4 local5 local6
                local7""".split()
LEVELS = "emerg alert crit err warn notice info debug".split()

# The two uppermost bits of a descriptor's state: 1 and 2 are records with text.
STATE_SHIFT, ID_MASK = 62, (1 << 62) - 1
COMMITTED, FINALIZED = 1, 2
NO_TEXT = 1                     # bit of a position: the record has no block of text
# Logarithms of the most records and bytes; without log_buf_len= it is 20 and 25.
MAX_COUNT_BITS, MAX_TEXT_BITS = 22, 27
MAX_ENTRY = 4096                # bytes of a descriptor or an info
MAX_RING = 1 << 28              # bytes of all descriptors or infos
AFTER_LENGTH = 4                # bytes from text_len to the end of the level

Record = collections.namedtuple("Record", "seq ns facility level text")


def number(data, at, size=8):
    return int.from_bytes(data[at:at + size], "little")


class PrintkLog:
    """The log of a dump.

    info is VMCOREINFO as a dictionary, read(address, size) returns the memory at
    a virtual address, or less of it.
    """

    def __init__(self, info, read):
        self._info, self._read = info, read
        try:
            self._find_rings()
        except KeyError as error:
            raise ValueError("the kernel's log cannot be found: VMCOREINFO has no "
                             f"{error.args[0]}") from None

    def _offset(self, name):
        return int(self._info[f"OFFSET({name})"])

    def _size(self, name):
        return int(self._info[f"SIZE({name})"])

    def _whole(self, address, size):
        if size > MAX_RING:
            raise ValueError(f"a ring of the kernel's log has {size} bytes")
        data = self._read(address, size)
        if len(data) < size:
            raise ValueError(f"the kernel's log cannot be read at {address + len(data):#x}")
        return data

    def _pointer(self, address):
        return number(self._whole(address, 8), 0)

    def _bits(self, address, most):
        bits = number(self._whole(address, 4), 0, 4)
        if bits > most:
            raise ValueError(f"a ring of the kernel's log has 2^{bits} entries")
        return bits

    def _find_rings(self):
        ring = self._pointer(int(self._info["SYMBOL(prb)"], 16))
        descs = ring + self._offset("printk_ringbuffer.desc_ring")
        text = ring + self._offset("printk_ringbuffer.text_data_ring")
        counter = self._offset("atomic_long_t.counter")
        count_bits = descs + self._offset("prb_desc_ring.count_bits")
        self._count = 1 << self._bits(count_bits, MAX_COUNT_BITS)
        self._descs = self._pointer(descs + self._offset("prb_desc_ring.descs"))
        self._infos = self._pointer(descs + self._offset("prb_desc_ring.infos"))
        self._head = self._pointer(descs + self._offset("prb_desc_ring.head_id") + counter)
        self._tail = self._pointer(descs + self._offset("prb_desc_ring.tail_id") + counter)
        size_bits = text + self._offset("prb_data_ring.size_bits")
        self._text_size = 1 << self._bits(size_bits, MAX_TEXT_BITS)
        self._text = self._pointer(text + self._offset("prb_data_ring.data"))

        self._desc_size = self._size("prb_desc")
        self._state = self._offset("prb_desc.state_var") + counter
        block = self._offset("prb_desc.text_blk_lpos")
        self._begin = block + self._offset("prb_data_blk_lpos.begin")
        self._next = block + self._offset("prb_data_blk_lpos.next")
        self._info_size = self._size("printk_info")
        self._seq = self._offset("printk_info.seq")
        self._ns = self._offset("printk_info.ts_nsec")
        self._length = self._offset("printk_info.text_len")
        ends = ((self._desc_size, max(self._state, self._begin, self._next) + 8),
                (self._info_size, max(self._seq + 8, self._ns + 8, self._length + AFTER_LENGTH)))
        if any(not 0 < end <= size <= MAX_ENTRY for size, end in ends):
            raise ValueError("VMCOREINFO makes no sense of the entries of the kernel's log")

    def records(self):
        """Yield the records, oldest first."""
        descs = self._whole(self._descs, self._count * self._desc_size)
        infos = self._whole(self._infos, self._count * self._info_size)
        text = self._whole(self._text, self._text_size)
        span = (self._head - self._tail & ID_MASK) + 1
        for step in range(min(span, self._count)):
            ident = self._tail + step & ID_MASK
            slot = ident % self._count
            desc = descs[slot * self._desc_size:][:self._desc_size]
            state = number(desc, self._state)
            if state & ID_MASK == ident and state >> STATE_SHIFT in (COMMITTED, FINALIZED):
                info = infos[slot * self._info_size:][:self._info_size]
                yield self._record(info, self._block(desc, text))

    def _block(self, desc, text):
        """The block of a descriptor, without the id that it begins with."""
        begin, end = number(desc, self._begin), number(desc, self._next)
        if begin & NO_TEXT or end & NO_TEXT:
            return b""
        if begin // self._text_size != (end - 1) // self._text_size:
            begin = 0           # it did not fit before the end, so it is at the start
        begin, end = begin % self._text_size, (end - 1) % self._text_size + 1
        return text[begin + 8:end]

    def _record(self, info, block):
        length = number(info, self._length, 2)
        # After text_len: u8 facility, then five bits of flags and three of level.
        facility, level = info[self._length + 2], info[self._length + 3] >> 5
        return Record(number(info, self._seq), number(info, self._ns), facility, level,
                      block[:length].decode(errors="backslashreplace"))


def prefix(record, decode=False):
    """What stands before each line: the time, and the facility and level if asked for."""
    stamp = f"[{record.ns // 10**9:5}.{record.ns // 1000 % 10**6:06}] "
    if not decode:
        return stamp
    facility = dict(enumerate(FACILITIES)).get(record.facility, record.facility)
    return f"{facility:<6}:{LEVELS[record.level]:<6}: {stamp}"


def lines(records, decode=False):
    """Yield the lines of the log, as dmesg prints them."""
    for record in records:
        before = prefix(record, decode)
        for line in record.text.split("\n"):
            yield before + printable(line)
