# SPDX-License-Identifier: GPL-2.0
"""Backtraces through entry code, interrupts and modules, by the kernel's ORC tables.

gdb unwinds C by its debug information. That knows nothing of assembler, of the
registers that an interrupt or system call saved, of a change to the interrupt stack,
nor of modules whose .ko is not loaded. The tables with which the kernel makes its own
backtraces do.
"""
import gdb
from gdb.FrameDecorator import FrameDecorator
from gdb.unwinder import Unwinder, register_unwinder

from . import kernel, modules, orc, stacks

USER_END = 1 << 47
CALLEE_SAVED = ("rbx", "r12", "r13", "r14", "r15")
# Members of struct pt_regs by gdb's names.
PT_REGS = {"r15": "r15", "r14": "r14", "r13": "r13", "r12": "r12", "bp": "rbp", "bx": "rbx",
           "r11": "r11", "r10": "r10", "r9": "r9", "r8": "r8", "ax": "rax", "cx": "rcx",
           "dx": "rdx", "si": "rsi", "di": "rdi", "ip": "rip", "sp": "rsp"}


def _register(frame, name):
    """A register as a number; 0 where it is not known."""
    try:
        return int(frame.read_register(name)) % (1 << 64)
    except gdb.error:
        return 0


def _number(value):
    return gdb.Value(value % (1 << 64)).cast(gdb.lookup_type("unsigned long long"))


class FrameId:
    """What gdb tells frames apart by."""

    def __init__(self, sp, pc):
        self.sp, self.pc = _number(sp), _number(pc)


class OrcUnwinder(Unwinder):
    """Unwinds what gdb's debug information does not cover, and ends at user space."""

    def __init__(self):
        super().__init__("kdump-orc")

    def __call__(self, frame):
        pc, sp = _register(frame, "rip"), _register(frame, "rsp")
        if pc < USER_END:
            return self._last(frame, sp, pc)
        # After a call the return address lies below the stack pointer, and the call
        # itself before that address. What was interrupted stood at its pc.
        at = pc - 1 if kernel.word(sp - 8) == pc else pc
        place = gdb.find_pc_line(at).symtab
        is_c = place is not None and not place.filename.endswith(".S")
        entry = self._entry(at)
        if is_c and not (entry and entry.sp_base and (
                entry.kind in (orc.REGS, orc.PARTIAL)
                or entry.sp_base in (orc.BP_INDIRECT, orc.SP_INDIRECT))):
            return None
        if not entry or entry.kind in (None, orc.END) or entry.sp_base in (None, orc.PREV_SP):
            return self._last(frame, sp, pc)
        return self._unwind(frame, frame.create_unwind_info(FrameId(sp, pc)), entry)

    @staticmethod
    def _entry(at):
        module = modules.module_at(at)
        table = orc.module_table(module) if module else orc.kernel_table()
        data = table and table.find(at)
        return orc.decode(data) if data else None

    @staticmethod
    def _last(frame, sp, pc):
        """Nothing called this frame: to gdb that is a caller at address 0."""
        info = frame.create_unwind_info(FrameId(sp, pc))
        for name, value in (("rip", 0), ("rsp", sp), ("rbp", 0)):
            info.add_saved_register(name, _number(value))
        return info

    @staticmethod
    def _unwind(frame, info, entry):
        bp = _register(frame, "rbp")
        if entry.sp_base == orc.SP_INDIRECT:
            cfa = kernel.word(_register(frame, "rsp")) + entry.sp_offset
        elif entry.sp_base == orc.BP_INDIRECT:
            cfa = kernel.word(bp + entry.sp_offset)
        else:
            cfa = _register(frame, entry.sp_base) + entry.sp_offset
        if entry.kind == orc.CALL:
            caller = {name: _register(frame, name) for name in CALLEE_SAVED}
            if entry.bp_base == orc.PREV_SP:
                bp = kernel.word(cfa + entry.bp_offset)
            elif entry.bp_base == orc.BP:
                bp = kernel.word(bp + entry.bp_offset)
            caller.update(rbp=bp, rsp=cfa, rip=kernel.word(cfa - 8))
        else:
            caller = interrupted(cfa, entry.kind)
        caller["rsp"] = stacks.image_of(caller["rsp"])
        for name, value in caller.items():
            info.add_saved_register(name, _number(value))
        return info


def interrupted(address, kind):
    """The registers in a struct pt_regs, or in its end, which the CPU itself pushes."""
    place = {field.name: field.bitpos // 8 for field in kernel.struct("pt_regs").fields()}
    names = ("ip", "sp")
    if kind == orc.PARTIAL:
        address -= place["ip"]
    else:
        names = [name for name in PT_REGS if name in place]
    return {PT_REGS[name]: kernel.word(address + place[name]) for name in names}


class Named(FrameDecorator):
    """A frame for which gdb has no symbol."""

    def __init__(self, base, name):
        super().__init__(base)
        self._name = name

    def function(self):
        return self._name


class KernelFrames:
    """Frame filter: ends a backtrace at user space, or where nobody called.

    Functions of modules whose .ko is not loaded get the names that the modules know.
    """
    name, priority, enabled = "kdump-kernel", 100, True

    @staticmethod
    def filter(frames):
        for decorated in frames:
            frame = decorated.inferior_frame()
            if not frame.pc():
                return
            if frame.pc() < USER_END:
                yield Named(decorated, "user space")
                return
            yield decorated if frame.name() else Named(decorated, name_of(frame))


def name_of(frame):
    """The function of a frame in the kernel."""
    return frame.name() or modules.name_at(frame.pc()) or "??"


def register():
    """Have gdb use all this."""
    register_unwinder(None, OrcUnwinder(), replace=True)
    gdb.frame_filters[KernelFrames.name] = KernelFrames()
