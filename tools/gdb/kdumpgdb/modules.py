# SPDX-License-Identifier: GPL-2.0
"""Modules: which were loaded, where, and their symbols."""
import functools
import struct

from printable import c_string

from . import kernel

MAX_SIZE = 1 << 30
MAX_SYMBOLS = 1 << 20
SYMBOL = struct.Struct("<IBBHQQ")           # Elf64_Sym
# By bit of struct module's taints.
TAINTS = {0: "P", 1: "F", 10: "C", 12: "O", 13: "E", 15: "K", 16: "X", 18: "N"}
LIVE = "live coming going unformed".split()


class Module:
    def __init__(self, address):
        fields = _layout().read(address)
        self.address = address
        self.name, self.state = fields.name, LIVE[min(fields.state, 3)]
        self.taints, self.version = fields.taints or 0, fields.version
        self.regions = list(_regions(address))

    @property
    def size(self):
        return sum(size for _, size in self.regions)

    @property
    def base(self):
        return self.regions[0][0] if self.regions else 0


@functools.cache
def _layout():
    return kernel.Layout("module", name="name", state="state", taints="taints",
                         version="version", list="list")


def _regions(address):
    """(start, size) of each piece of memory of a module, code first."""
    found = kernel.locate(kernel.struct("module"), "mem")
    if found:                                       # since 6.4
        offset, kind = found
        places = [(offset + index * kind.target().sizeof, kind.target())
                  for index in range(kind.sizeof // kind.target().sizeof)]
    else:
        places = [kernel.locate(kernel.struct("module"), name)
                  for name in ("core_layout", "init_layout")]
    for offset, kind in filter(None, places):
        start = kernel.word(address + offset + kernel.locate(kind, "base")[0])
        size = int.from_bytes(kernel.read(address + offset + kernel.locate(kind, "size")[0], 4),
                              "little")
        if start and 0 < size < MAX_SIZE:
            yield start, size


@functools.cache
def everyone():
    """All modules, in the kernel's order: last loaded first."""
    head, place = kernel.address_of("modules"), kernel.offset_of("module", "list")
    if head is None:
        return []
    return [Module(entry - place) for entry in kernel.walk(head, "modules")
            if _layout().read(entry - place)]


def taint_letters(bits):
    """The letters of a module's taints, as in /proc/modules."""
    return "".join(letter for bit, letter in TAINTS.items() if bits >> bit & 1)


def name_at(pc):
    """The function of a module that an address lies in, by the module's own symbols."""
    address = module_at(pc)
    if not address:
        return None
    best = max((symbol for symbol in _symbols(address) if symbol[0] <= pc), default=None)
    name = c_string(kernel.read(best[1], 128)) if best else "?"
    return f"{name} [{_layout().read(address).name}]"


@functools.cache
def _symbols(address):
    """(address, address of the name) of the functions in a module's symbol table."""
    place = kernel.offset_of("module", "kallsyms")
    table = kernel.word(address + place) if place else 0
    if not table:
        return []
    symtab, count, names = (kernel.word(table + kernel.offset_of("mod_kallsyms", name))
                            for name in ("symtab", "num_symtab", "strtab"))
    count &= 0xffffffff
    data = kernel.read(symtab, min(count, MAX_SYMBOLS) * SYMBOL.size)
    return [(value, names + name) for name, info, _, _, value, _ in
            SYMBOL.iter_unpack(data[:len(data) // SYMBOL.size * SYMBOL.size])
            if value and name]


def module_at(pc):
    """Address of the struct module whose memory an address lies in, or None."""
    for module in everyone():
        if any(0 <= pc - start < size for start, size in module.regions):
            return module.address
    return None
