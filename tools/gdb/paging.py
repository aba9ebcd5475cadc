# SPDX-License-Identifier: GPL-2.0
"""Translates x86_64 kernel addresses by the page tables in a dump.

The format is that of the Intel SDM, volume 3, "Paging": four or five levels of
512 entries. Tables are untrusted: an entry that leads out of the dump means that
the address is not mapped.
"""
import struct

START_KERNEL_MAP = 0xffffffff80000000
PAGE_SIZE = 4096
PRESENT, HUGE = 1 << 0, 1 << 7
ADDRESS = 0x000ffffffffff000
CACHED_TABLES = 4096
NO_TABLE = (0,) * 512               # for one that is not in the dump


class PageTables:
    """The kernel's page tables; dump has vmcoreinfo and physical()."""

    def __init__(self, dump):
        self._dump = dump
        info = dump.vmcoreinfo
        try:
            self._root = (int(info["SYMBOL(swapper_pg_dir)"], 16) - START_KERNEL_MAP
                          + int(info["NUMBER(phys_base)"]))
        except KeyError as error:
            raise ValueError(f"the dump's VMCOREINFO has no {error}") from None
        five_levels = int(info.get("NUMBER(pgtable_l5_enabled)", "0"))
        self._shifts = (48, 39, 30, 21, 12)[not five_levels:]
        self._address = ADDRESS & ~int(info.get("NUMBER(sme_mask)", "0"))
        self._tables = {}

    def _table(self, paddr):
        table = self._tables.get(paddr)
        if table is None:
            if len(self._tables) >= CACHED_TABLES:
                self._tables.clear()
            try:
                table = struct.unpack("<512Q", self._dump.physical(paddr, PAGE_SIZE))
            except (ValueError, struct.error):
                table = NO_TABLE
            self._tables[paddr] = table
        return table

    def translate(self, vaddr):
        """Physical address of a virtual one, or None where nothing is mapped."""
        at = self._root
        for shift in self._shifts:
            entry = self._table(at)[vaddr >> shift & 511]
            if not entry & PRESENT:
                return None
            at = entry & self._address
            if shift == 12 or entry & HUGE and shift in (21, 30):
                within = (1 << shift) - 1
                return at & ~within | vaddr & within
        return None

    def why_not(self, vaddr):
        """Why there is nothing at a virtual address; None if there is something."""
        at = self._root
        for shift in self._shifts:
            if self._table(at) is NO_TABLE:
                why = self._dump.where(at) or "makes no sense"
                return f"cannot be found: a page table for it {why}"
            entry = self._table(at)[vaddr >> shift & 511]
            if not entry & PRESENT:
                return "is not mapped"
            at = entry & self._address
            if shift == 12 or entry & HUGE and shift in (21, 30):
                break
        return self._dump.where(self.translate(vaddr))

    def read(self, vaddr, size):
        """Bytes at a virtual address, up to the first that is not in the dump."""
        data = bytearray()
        while len(data) < size:
            at = vaddr + len(data)
            paddr = self.translate(at)
            if paddr is None:
                break
            count = min(size - len(data), PAGE_SIZE - at % PAGE_SIZE)
            try:
                piece = self._dump.physical(paddr, count)
            except ValueError:
                break
            data += piece
            if len(piece) < count:
                break
        return bytes(data)
