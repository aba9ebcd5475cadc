# SPDX-License-Identifier: GPL-2.0
"""A printk ring buffer, laid out as vmcoreinfo of the test says."""
import struct

BASE = 0xffffffff80000000
LAYOUT = {
    "SIZE(printk_ringbuffer)": 80, "OFFSET(printk_ringbuffer.desc_ring)": 0,
    "OFFSET(printk_ringbuffer.text_data_ring)": 48, "OFFSET(prb_desc_ring.count_bits)": 0,
    "OFFSET(prb_desc_ring.descs)": 8, "OFFSET(prb_desc_ring.infos)": 16,
    "OFFSET(prb_desc_ring.head_id)": 24, "OFFSET(prb_desc_ring.tail_id)": 32,
    "SIZE(prb_desc)": 24, "OFFSET(prb_desc.state_var)": 0, "OFFSET(prb_desc.text_blk_lpos)": 8,
    "OFFSET(prb_data_blk_lpos.begin)": 0, "OFFSET(prb_data_blk_lpos.next)": 8,
    "SIZE(printk_info)": 88, "OFFSET(printk_info.ts_nsec)": 8, "OFFSET(printk_info.text_len)": 16,
    "OFFSET(printk_info.caller_id)": 20, "OFFSET(prb_data_ring.size_bits)": 0,
    "OFFSET(prb_data_ring.data)": 8,
}
RESERVED, COMMITTED, FINALIZED, REUSABLE = range(4)
DESCS, INFOS, DATA = 0x1000, 0x2000, 0x8000
FIRST = (1 << 62) - 3       # so that ids wrap


class RingBuffer:
    """The buffer, in an image of the kernel that is mapped at BASE."""

    def __init__(self, count_bits=4, size_bits=10):
        self.count_bits, self.size_bits = count_bits, size_bits
        self.id, self.tail = FIRST, FIRST
        self.position = (1 << 40) - 200     # so that text wraps
        self.image = bytearray(DATA + (1 << size_bits))

    def add(self, text, time=0, caller=1, state=FINALIZED, owner=None):
        """Add a message, as the kernel would; owner is the id in front of its text."""
        size, begin = 1 << self.size_bits, self.position
        block = -(-(8 + len(text)) // 8) * 8
        following = begin + block
        where = begin % size
        if begin // size != following // size:
            where, following = 0, following // size * size + block
        struct.pack_into("<Q", self.image, DATA + where, self.id if owner is None else owner)
        self.image[DATA + where + 8:DATA + where + 8 + len(text)] = text
        self.position = following
        self.put(begin, following, len(text), time, caller, state)

    def put(self, begin, following, length, time=0, caller=1, state=FINALIZED):
        """Add a message whose text is where the caller says."""
        index = self.id % (1 << self.count_bits)
        struct.pack_into("<QQQ", self.image, DESCS + 24 * index, state << 62 | self.id, begin,
                         following)
        struct.pack_into("<8xQHxxI", self.image, INFOS + 88 * index, time, length, caller)
        self.id = (self.id + 1) % (1 << 62)

    def write_head(self):
        head = (self.id - 1) % (1 << 62)
        struct.pack_into("<I4xQQQQ", self.image, 8, self.count_bits, BASE + DESCS, BASE + INFOS,
                         head, self.tail)
        struct.pack_into("<I4xQ", self.image, 8 + 48, self.size_bits, BASE + DATA)
        struct.pack_into("<Q", self.image, 0, BASE + 8)

    def into(self, core, paddr=0x1000000):
        """Put the image into a core file."""
        self.write_head()
        core.info.update({name: str(value) for name, value in LAYOUT.items()})
        core.info["SYMBOL(prb)"] = f"{BASE:x}"
        core.info["NUMBER(phys_base)"] = str(paddr)
        core.add(paddr, bytes(self.image))
