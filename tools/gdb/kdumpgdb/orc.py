# SPDX-License-Identifier: GPL-2.0
"""The ORC tables of the kernel and its modules: how to unwind at each address.

The format is that of struct orc_entry, 6 bytes; how the kernel reads it is described
in its Documentation/arch/x86/orc-unwinder.rst. Two things have changed over the
releases and are not in any debug information: the numbers of the kinds of entries and
those of the registers. Both are told by what is known of the kernel.
"""
import array
import bisect
import collections
import functools

from . import kernel

ENTRY_SIZE = 6
MAX_ENTRIES = 1 << 24

# Kinds: an ordinary call, saved registers, part of these, nothing above.
CALL, REGS, PARTIAL, END = "call", "regs", "partial", "end"
# Bases: registers by gdb's name, or one of these.
SP, BP, PREV_SP, SP_INDIRECT, BP_INDIRECT = "rsp", "rbp", "previous", "at rsp", "at rbp"
# By number, until 6.x, and as 7.3 has them. At the start of a function the base is the
# stack pointer, whose number tells which of these it is.
NUMBERINGS = {5: {1: PREV_SP, 2: "rdx", 3: "rdi", 4: BP, 5: SP, 6: "r10", 7: "r13",
                  8: BP_INDIRECT, 9: SP_INDIRECT},
              3: {2: "rdx", 3: SP, 4: BP, 6: "r10", 7: "r13", 8: PREV_SP,
                  9: SP_INDIRECT, 10: BP_INDIRECT}}

Entry = collections.namedtuple("Entry", "kind sp_base sp_offset bp_base bp_offset")


class Table:
    """The table of the kernel or of a module; ValueError if there is none."""

    def __init__(self, ips, entries, count):
        if not ips or not entries or not 0 < count <= MAX_ENTRIES:
            raise ValueError("no ORC table")
        self._ips, self._entries = ips, entries
        data = kernel.read(ips, 4 * count)
        self._starts = array.array("i", data[:len(data) // 4 * 4])

    def _start(self, index):
        """Each address is stored as its distance from where that is stored."""
        return self._ips + 4 * index + self._starts[index]

    def find(self, pc):
        """The entry for an address, as bytes; None where there is none."""
        index = bisect.bisect_right(range(len(self._starts)), pc, key=self._start) - 1
        data = kernel.read(self._entries + ENTRY_SIZE * index, ENTRY_SIZE) if index >= 0 else b""
        return data if len(data) == ENTRY_SIZE else None


@functools.cache
def kernel_table():
    """The kernel's own table, or None."""
    start, stop, entries = (kernel.address_of(name) or 0 for name in (
        "__start_orc_unwind_ip", "__stop_orc_unwind_ip", "__start_orc_unwind"))
    try:
        return Table(start, entries, (stop - start) // 4)
    except ValueError:
        return None


@functools.cache
def module_table(module):
    """The table of a module by the address of its struct module, or None."""
    place = [kernel.offset_of("module", f"arch.{name}")
             for name in ("orc_unwind_ip", "orc_unwind", "num_orcs")]
    if None in place:
        return None
    ips, entries, count = (kernel.word(module + offset) for offset in place)
    try:
        return Table(ips, entries, count & 0xffffffff)
    except ValueError:
        return None


@functools.cache
def _kinds():
    """Kinds by number, mask of these, bit of the end: the latter went in 6.4."""
    names = [field.name for field in kernel.struct("orc_entry").fields()]
    if "end" in names:
        return (CALL, REGS, PARTIAL, CALL), 3, 1 << (11 if "signal" in names else 10)
    return (None, END, CALL, REGS, PARTIAL, None, None, None), 7, 0


@functools.cache
def _numbering():
    """Bases by number."""
    data = kernel_table().find(kernel.address_of("panic") or 0)
    return NUMBERINGS.get(data[4] & 15 if data else None, {})


def decode(data):
    """An entry from its bytes."""
    bits = int.from_bytes(data[4:6], "little")
    kinds, mask, end = _kinds()
    names = _numbering()
    return Entry(END if bits & end else kinds[bits >> 8 & mask],
                 names.get(bits & 15), int.from_bytes(data[0:2], "little", signed=True),
                 names.get(bits >> 4 & 15), int.from_bytes(data[2:4], "little", signed=True))
