# SPDX-License-Identifier: GPL-2.0
"""Backtraces through entry code, interrupts and modules, by the kernel's ORC tables.

gdb unwinds C by its debug information. That knows nothing of assembler, of the
registers that an interrupt or system call saved, of a change to the interrupt stack,
nor of modules whose .ko is not loaded. The ORC tables, with which the kernel makes
its own backtraces, do (Documentation/arch/x86/orc-unwinder.rst).
"""
import array
import bisect
import functools

import gdb
from gdb.FrameDecorator import FrameDecorator
from gdb.unwinder import Unwinder, register_unwinder

from . import kernel

ENTRY_SIZE = 6
USER_END = 1 << 47
PREV_SP, DX, DI, BP, SP, R10, R13, BP_INDIRECT, SP_INDIRECT = range(1, 10)
REGISTERS = {DX: "rdx", DI: "rdi", BP: "rbp", SP: "rsp", R10: "r10", R13: "r13",
             BP_INDIRECT: "rbp", SP_INDIRECT: "rsp"}
CALLEE_SAVED = ("rbx", "r12", "r13", "r14", "r15")
CALL, REGS, PARTIAL, END = "call", "regs", "partial", "end"
MAX_ENTRIES = 1 << 24

# Members of struct pt_regs by gdb's names.
PT_REGS = {"r15": "r15", "r14": "r14", "r13": "r13", "r12": "r12", "bp": "rbp", "bx": "rbx",
           "r11": "r11", "r10": "r10", "r9": "r9", "r8": "r8", "ax": "rax", "cx": "rcx",
           "dx": "rdx", "si": "rsi", "di": "rdi", "ip": "rip", "sp": "rsp"}


class Table:
    """The ORC table of the kernel or of a module: for each address how to unwind there."""

    def __init__(self, ips, entries, count):
        self._ips, self._entries = ips, entries
        if not 0 < count <= MAX_ENTRIES:
            raise ValueError("no table")
        data = kernel.read(ips, 4 * count)
        self._starts = array.array("i", data[:len(data) // 4 * 4])

    def _start(self, index):
        return self._ips + 4 * index + self._starts[index]

    def find(self, pc):
        """The entry for an address, 6 bytes; None where the table does not reach."""
        index = bisect.bisect_right(range(len(self._starts)), pc, key=self._start) - 1
        if index < 0:
            return None
        data = kernel.read(self._entries + ENTRY_SIZE * index, ENTRY_SIZE)
        return data if len(data) == ENTRY_SIZE else None


@functools.cache
def _kinds():
    """How the type of an entry is encoded: it changed in 6.4, when the "end" bit went."""
    names = [field.name for field in kernel.struct("orc_entry").fields()]
    if "end" in names:
        shift = 3 if "signal" in names else 2
        return (CALL, REGS, PARTIAL, CALL), 3, 1 << 8 + shift
    return (None, END, CALL, REGS, PARTIAL), 7, 0


def decode(data):
    """(kind, sp register, sp offset, bp register, bp offset) of an ORC entry."""
    sp_offset = int.from_bytes(data[0:2], "little", signed=True)
    bp_offset = int.from_bytes(data[2:4], "little", signed=True)
    bits = int.from_bytes(data[4:6], "little")
    kinds, mask, end = _kinds()
    index = bits >> 8 & mask
    kind = END if bits & end else kinds[index] if index < len(kinds) else None
    return kind, bits & 15, sp_offset, bits >> 4 & 15, bp_offset


@functools.cache
def kernel_table():
    ips, stop = (kernel.address_of(f"__{edge}_orc_unwind_ip") for edge in ("start", "stop"))
    entries = kernel.address_of("__start_orc_unwind")
    try:
        return Table(ips, entries, (stop - ips) // 4)
    except (TypeError, ValueError):
        return None


@functools.cache
def module_table(module):
    place = {name: kernel.offset_of("module", f"arch.{name}")
             for name in ("orc_unwind_ip", "orc_unwind", "num_orcs")}
    if None in place.values():
        return None
    count = int.from_bytes(kernel.read(module + place["num_orcs"], 4), "little")
    try:
        return Table(kernel.word(module + place["orc_unwind_ip"]),
                     kernel.word(module + place["orc_unwind"]), count)
    except ValueError:
        return None


class FrameId:
    """What gdb tells frames apart by."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class OrcUnwinder(Unwinder):
    """Unwinds what gdb's debug information does not cover, and ends at user space."""

    def __init__(self, module_at):
        super().__init__("kdump-orc")
        self._module_at = module_at

    def __call__(self, frame):
        pc, sp = (int(frame.read_register(name)) % (1 << 64) for name in ("rip", "rsp"))
        if pc < USER_END:
            return self._last(frame, sp, pc)
        # After a call the return address lies below the stack pointer, and the call
        # itself before that address. What was interrupted stood at its pc.
        at = pc - 1 if kernel.word(sp - 8) == pc else pc
        known = gdb.find_pc_line(at).symtab
        is_c = known is not None and not known.filename.endswith(".S")
        entry = self._entry(at)
        if entry is None:
            return None if is_c else self._last(frame, sp, pc)
        kind, sp_reg, *_ = entry
        if is_c and kind not in (REGS, PARTIAL) and sp_reg not in (BP_INDIRECT, SP_INDIRECT):
            return None
        if kind in (None, END) or sp_reg not in REGISTERS:
            return self._last(frame, sp, pc)
        return self._unwind(frame, self._ident(sp, pc), entry)

    def _last(self, frame, sp, pc):
        """Nothing called this frame: to gdb that is a caller at address 0."""
        info = frame.create_unwind_info(self._ident(sp, pc))
        for name, value in (("rip", 0), ("rsp", sp), ("rbp", 0)):
            self._save(info, name, value)
        return info

    def _entry(self, at):
        module = self._module_at(at)
        table = module_table(module) if module else kernel_table()
        data = table and table.find(at)
        return decode(data) if data else None

    def _unwind(self, frame, ident, entry):
        kind, sp_reg, sp_offset, bp_reg, bp_offset = entry
        info = frame.create_unwind_info(ident)
        bp = int(frame.read_register("rbp")) % (1 << 64)
        base = int(frame.read_register(REGISTERS[sp_reg])) % (1 << 64)
        if sp_reg == SP_INDIRECT:
            cfa = kernel.word(base) + sp_offset
        elif sp_reg == BP_INDIRECT:
            cfa = kernel.word(base + sp_offset)
        else:
            cfa = base + sp_offset
        if kind in (REGS, PARTIAL):
            return self._saved_by_exception(info, cfa, kind)
        for name in CALLEE_SAVED:
            self._save(info, name, int(frame.read_register(name)))
        if bp_reg == PREV_SP:
            bp = kernel.word(cfa + bp_offset)
        elif bp_reg == BP:
            bp = kernel.word(bp + bp_offset)
        self._save(info, "rbp", bp)
        self._save(info, "rsp", cfa)
        self._save(info, "rip", kernel.word(cfa - 8))
        return info

    def _saved_by_exception(self, info, cfa, kind):
        """The caller is what was interrupted; its registers are in struct pt_regs."""
        pt_regs = kernel.struct("pt_regs")
        place = {field.name: field.bitpos // 8 for field in pt_regs.fields()}
        if kind == PARTIAL:             # only what the CPU itself has pushed
            cfa -= place["ip"]
            names = ("ip", "sp")
        else:
            names = [name for name in PT_REGS if name in place]
        for name in names:
            self._save(info, PT_REGS[name], kernel.word(cfa + place[name]))
        return info

    def _save(self, info, name, value):
        info.add_saved_register(name, self._number(value))

    @staticmethod
    def _number(value):
        return gdb.Value(value % (1 << 64)).cast(gdb.lookup_type("unsigned long long"))

    def _ident(self, sp, pc):
        return FrameId(self._number(sp), self._number(pc))


class UserSpace(FrameDecorator):
    """The program that called the kernel; its symbols are not known."""

    def function(self):
        return "user space"


class Nameless(FrameDecorator):
    """Code without symbols, such as that of a module whose .ko is not loaded."""

    def __init__(self, base, name):
        super().__init__(base)
        self._name = name

    def function(self):
        return self._name


class KernelFrames:
    """Frame filter: ends a backtrace at user space, or where nobody called."""
    name, priority, enabled = "kdump-kernel", 100, True

    def __init__(self, name_at):
        self._name_at = name_at
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        for decorated in frames:
            pc = decorated.inferior_frame().pc()
            if pc >= USER_END:
                known = decorated.inferior_frame().name()
                yield decorated if known else Nameless(decorated, self._name_at(pc) or "??")
                continue
            if pc:
                yield UserSpace(decorated)
            return


def register(module_at, name_at):
    """Have gdb use the tables.

    module_at(pc) is the struct module at an address, name_at(pc) the name of what is
    there in that module; both may be None.
    """
    register_unwinder(None, OrcUnwinder(module_at), replace=True)
    KernelFrames(name_at)
