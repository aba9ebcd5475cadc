# SPDX-License-Identifier: GPL-2.0
"""The struct pages of a dump, found as VMCOREINFO says."""
from .dump import PAGE_SIZE


class Memmap:
    """Physical addresses of the struct pages of a kernel with SPARSEMEM_EXTREME."""

    def __init__(self, dump):
        self._dump = dump
        self._shift = int(dump.info["NUMBER(SECTION_SIZE_BITS)"]) - (PAGE_SIZE - 1).bit_length()
        self._roots = int(dump.info["SYMBOL(mem_section)"], 16)
        self._section_size = int(dump.info["SIZE(mem_section)"])
        self._map_offset = int(dump.info["OFFSET(mem_section.section_mem_map)"])
        self.size = int(dump.info["SIZE(page)"])

    def _pointer(self, vaddr):
        return int.from_bytes(self._dump.memory(vaddr, 8), "little")

    def paddr(self, frame):
        """Where the struct page of a page frame is."""
        root, index = divmod(frame >> self._shift, PAGE_SIZE // self._section_size)
        section = self._pointer(self._roots + 8 * root) + index * self._section_size
        # Flags are in the bits below the address of the section's map.
        start = self._pointer(section + self._map_offset) & -PAGE_SIZE
        return self._dump.translate(start + frame * self.size)
