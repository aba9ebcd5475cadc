# SPDX-License-Identifier: GPL-2.0
"""Variables and structures of the crashed kernel, as its debug information has them.

Fields move and are renamed from release to release: they are looked up by all names
that they have had. Nothing that is read is believed: each walk is bounded.
"""
import functools
import re
import types
from struct import error as struct_error

import gdb

from printable import c_string

LIST_LIMIT = 1 << 23        # more tasks, modules or CPUs than any kernel has
WORD = 8
CHUNK = 1 << 16
ADDRESSES = 1 << 64
# What comes of a dump in which something is missing, or makes no sense.
DAMAGE = (gdb.error, gdb.GdbError, ValueError, ArithmeticError, LookupError, TypeError,
          AttributeError, MemoryError, struct_error)


def fail(message):
    """End the command with a message for the user."""
    raise gdb.GdbError(message)


def read(address, size):
    """Memory at an address, up to the first byte that is not in the dump."""
    inferior, data = gdb.selected_inferior(), bytearray()
    size = min(size, ADDRESSES - address) if address >= 0 else 0
    while len(data) < size:
        at = address + len(data)
        count = min(size - len(data), CHUNK)
        try:
            data += inferior.read_memory(at, count)
        except gdb.error:
            # A page of these may still be there.
            count = min(count, 4096 - at % 4096)
            try:
                data += inferior.read_memory(at, count)
            except gdb.error:
                break
    return bytes(data)


def why_not(address):
    """Why nothing can be read at an address."""
    try:
        return bytes.fromhex(send(f"qKdumpWhy:{address % ADDRESSES:x}").decode()).decode()
    except (gdb.error, gdb.GdbError, ValueError):
        return "cannot be read"


def doubt():
    """What was last read in vain, or in doubt; None if nothing was, or no dump is open."""
    try:
        text = bytes.fromhex(send("qKdumpDoubt").decode()).decode()
    except (gdb.error, gdb.GdbError, ValueError):
        return None
    return text.strip("\0") or None


def explained(error):
    """An error of gdb's as one line that says why memory is not there."""
    text = " ".join(str(error).split())
    if found := re.search(r"Cannot access memory at address (0x[0-9a-f]+)", text):
        return f"{found[1]} {why_not(int(found[1], 16))}"
    if found := re.search(r"cannot be read at (0x[0-9a-f]+)$", text):
        return f"{text}: it {why_not(int(found[1], 16))}"
    return text or type(error).__name__


def attempt(function, *arguments):
    """The value of a function; None after a line that says why there is none."""
    try:
        return function(*arguments)
    except DAMAGE as error:
        warn(explained(error))
    return None


_told = set()


def warn(text):
    """Tell the user something, but for the same command only once."""
    if text not in _told:
        gdb.write(f"kdump: {text}\n", gdb.STDERR)
    _told.add(text)


def begin_command():
    _told.clear()


def word(address):
    """The pointer at an address; 0 where it cannot be read."""
    return int.from_bytes(read(address, WORD), "little")


def send(packet):
    """Ask gdb-target something that is not part of gdb's protocol."""
    connection = gdb.selected_inferior().connection
    if not isinstance(connection, getattr(gdb, "RemoteTargetConnection", ())):
        fail("no dump is open: start with gdb-kdump")
    return bytes(connection.send_packet(packet))


@functools.cache
def vmcoreinfo():
    """The dump's VMCOREINFO, as a dictionary."""
    text = bytes.fromhex(send("qKdumpInfo").decode()).decode(errors="replace")
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def integer(name):
    """The value of a variable or an expression as a number; None where there is none."""
    try:
        return int(gdb.parse_and_eval(name))
    except gdb.error:
        return None


def address_of(name):
    """Address of a variable or of something in assembler; None where there is none."""
    try:
        return int(gdb.parse_and_eval(f"(unsigned long)&{name}"))
    except gdb.error:
        return None


@functools.cache
def struct(name):
    try:
        return gdb.lookup_type(f"struct {name}")
    except gdb.error:
        fail(f"no debug information about struct {name}: is this a vmlinux with debug "
             "information?")


def member(kind, name):
    """Bit offset and field of a member, within unnamed structures too; None if missing."""
    for field in kind.strip_typedefs().fields():
        if field.name == name:
            return field.bitpos, field
        if not field.name and (found := member(field.type, name)):
            return field.bitpos + found[0], found[1]
    return None


def locate(kind, path):
    """Offset in bytes and type of a member such as "mm.total_vm"; None if missing."""
    offset = 0
    for name in path.split("."):
        found = member(kind, name)
        if not found:
            return None
        offset += found[0] // 8
        kind = found[1].type.strip_typedefs()
    return offset, kind


@functools.cache
def offset_of(name, *paths):
    """Offset of the first of some members that the structure has, or None."""
    for path in paths:
        if found := locate(struct(name), path):
            return found[0]
    return None


@functools.cache
def has_type(name):
    try:
        gdb.lookup_type(name)
    except gdb.error:
        return False
    return True


class Layout:
    """Some members of a structure, read in one go.

        Layout("task_struct", pid="pid", state="__state state")

    reads the member pid, and __state, or state where there is no __state. What a
    kernel does not have is None.
    """

    def __init__(self, name, /, **members):
        self.size = struct(name).sizeof
        self._fields = {}
        for attribute, paths in members.items():
            places = (locate(struct(name), path) for path in paths.split())
            self._fields[attribute] = next(filter(None, places), None)
        ends = [(place[0], place[0] + place[1].sizeof)
                for place in self._fields.values() if place]
        self._start = min((start for start, _ in ends), default=0)
        self._end = max((end for _, end in ends), default=0)

    def read(self, address):
        """The members as attributes; None where the memory is not in the dump."""
        data = read(address + self._start, self._end - self._start)
        if len(data) < self._end - self._start:
            return None
        found = types.SimpleNamespace(address=address)
        for attribute, place in self._fields.items():
            value = place and decode(data, place[0] - self._start, place[1])
            setattr(found, attribute, value)
        return found


def decode(data, at, kind):
    """A member as a number, text, or bytes."""
    data = data[at:at + kind.sizeof]
    if kind.code == gdb.TYPE_CODE_ARRAY and kind.target().sizeof == 1:
        return c_string(data)
    if kind.code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return data
    signed = kind.code == gdb.TYPE_CODE_INT and kind.is_signed
    return int.from_bytes(data, "little", signed=signed)


def walk(head, what):
    """Yield the entries of a circular list; say so where it is broken."""
    seen, last, at = {head}, head, word(head)
    while at not in seen:
        if not at or len(seen) > LIST_LIMIT:
            break
        seen.add(at)
        yield at
        last, at = at, word(at)
    if at != head:
        where = f"goes to {at:#x} twice"
        if len(read(last, WORD)) < WORD:
            where = f"{last:#x} {why_not(last)}"
        elif not at:
            where = f"there is a 0 at {last:#x}"
        warn(f"the list of {what} is broken after {len(seen) - 1}: {where}")


@functools.cache
def cpus():
    """Numbers of the CPUs that were online."""
    address, size = address_of("__cpu_online_mask"), integer("sizeof(__cpu_online_mask)")
    if address is None or not size:
        fail("no __cpu_online_mask in vmlinux")
    data = read(address, size)
    if not data:
        fail(f"it is not known which CPUs there were: {address:#x} {why_not(address)}")
    return [bit for bit in range(8 * len(data)) if data[bit // 8] >> bit % 8 & 1]


@functools.cache
def _per_cpu_shift():
    """What symbol-file -o added to the addresses of per-CPU variables too.

    Up to 6.14 x86_64 links them from address 0 on, so that KASLR does not move them.
    """
    start = address_of("__per_cpu_start")
    offset = int(vmcoreinfo().get("KERNELOFFSET", "0"), 16)
    if start is None or (start - offset) % (1 << 64) < 1 << 32 or start < 1 << 32:
        return offset
    return 0


def per_cpu(name, cpu):
    """Address of a CPU's copy of a per-CPU variable, or None."""
    address, offsets = address_of(name), address_of("__per_cpu_offset")
    if address is None or offsets is None:
        return None
    return (address - _per_cpu_shift() + word(offsets + WORD * cpu)) % (1 << 64)


@functools.cache
def crashed_cpu():
    """Number of the CPU that panicked, or None."""
    for name in ("panic_cpu.counter", "crashing_cpu"):
        value = integer(name)
        if value is not None and 0 <= value < 1 << 16:
            return value
    return None
