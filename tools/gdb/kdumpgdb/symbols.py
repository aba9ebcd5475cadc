# SPDX-License-Identifier: GPL-2.0
"""Symbols of modules: finds the .ko of each, and tells gdb where its sections were.

gdb can be told so in a command, but then it takes what was in .init.text for a part
of .text. It gets a copy of the file in which the addresses are in the section headers.
"""
import functools
import pathlib
import re
import shlex
import struct
import tempfile

import gdb

import vmlinux
from printable import c_string

from . import kernel, modules

LOADED = {}                 # path by address of the struct module
SHF_ALLOC = 2
SH_ADDR = 16                # offset of sh_addr in Elf64_Shdr
NOWHERE = 0xdead000000000000            # no address: not canonical
MAX_SECTIONS = 4096
SUFFIXES = (".ko.debug", ".ko", ".ko.xz", ".ko.zst", ".ko.gz")


def sections_of(module):
    """Addresses by name of the sections that a module was loaded with."""
    place = kernel.offset_of("module", "sect_attrs")
    table = kernel.word(module.address + place) if place else 0
    if not table:
        return {}
    offset, kind = kernel.locate(kernel.struct("module_sect_attrs"), "attrs")
    each = kind.target()
    name_at = (kernel.locate(each, "battr.attr.name") or kernel.locate(each, "attr.name"))[0]
    address_at = (kernel.locate(each, "address") or kernel.locate(each, "private"))[0]
    found = {}
    for index in range(_count(table)):
        at = table + offset + index * each.sizeof
        name = c_string(kernel.read(kernel.word(at + name_at), 128))
        found[name] = kernel.word(at + address_at)
    return found


def _count(table):
    """Number of sections: a member of the table until 6.13, an array's end after that."""
    place = kernel.offset_of("module_sect_attrs", "nsections")
    if place is not None:
        return min(int.from_bytes(kernel.read(table + place, 4), "little"), MAX_SECTIONS)
    entries, count = kernel.word(table + kernel.offset_of("module_sect_attrs", "grp.bin_attrs")), 0
    while entries and count < MAX_SECTIONS and kernel.word(entries + kernel.WORD * count):
        count += 1
    return count


def module_build_id(addresses):
    """The build id that is in memory, or None."""
    note = addresses.get(".note.gnu.build-id")
    return vmlinux.parse_build_id(kernel.read(note, 64)) if note else None


def default_directories():
    release = kernel.vmcoreinfo().get("OSRELEASE", "")
    if not re.fullmatch(r"[\w.+~-]+", release):
        return []
    return [f"/usr/lib/debug/lib/modules/{release}", f"/lib/modules/{release}"]


def files_below(directories):
    """Paths by name of the module, - as _."""
    found = {}
    for directory in directories:
        for path in sorted(pathlib.Path(directory).rglob("*.ko*")):
            for suffix in SUFFIXES:
                if path.name.endswith(suffix):
                    name = path.name[:-len(suffix)].replace("-", "_")
                    found.setdefault(name, []).append(path)
                    break
    return found


def load_one(module, paths):
    """Load the symbols of a module from the first of some files that is of its build."""
    addresses = sections_of(module)
    wanted, problem = module_build_id(addresses), "no .ko file"
    for path in paths:
        try:
            path = vmlinux.uncompressed(path)
            present = vmlinux.sections(path)
            if wanted and vmlinux.build_id(path) != wanted:
                problem = f"{path} is of another build"
                continue
        except (OSError, ValueError) as error:
            problem = str(error)
            continue
        copy = placed(path, present, addresses)
        gdb.execute(f"add-symbol-file {shlex.quote(str(copy))} -o 0", to_string=True)
        LOADED[module.address] = path
        return None
    return problem


@functools.cache
def _folder():
    """For the copies, until gdb ends."""
    return tempfile.TemporaryDirectory(prefix="gdb-kdump-")


def placed(path, sections, addresses):
    """A copy of a .ko whose sections say where they were."""
    data = bytearray(path.read_bytes())
    for name, section in sections.items():
        if section.flags & SHF_ALLOC:
            struct.pack_into("<Q", data, section.header + SH_ADDR, addresses.get(name, NOWHERE))
    copy = pathlib.Path(_folder().name, f"{len(LOADED)}-{path.name}")
    copy.write_bytes(data)
    return copy


def load(directories):
    """Load the symbols of all modules; say which have none."""
    found = files_below(directories or default_directories())
    for module in modules.everyone():
        if module.address not in LOADED:
            problem = load_one(module, found.get(module.name.replace("-", "_"), ()))
            if problem:
                print(f"{module.name}: {problem}")
