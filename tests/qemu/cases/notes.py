# SPDX-License-Identifier: GPL-2.0
"""The VMCOREINFO note: what other programs take from it is there, and is right."""
import re

from harness import paths
from harness.dump import Dump
from harness.suite import check, test

from .readers import gdb, saved

# These name what a variable holds, not where it is.
BY_VALUE = ("SYMBOL(vmemmap)", "SYMBOL(mem_section)", "SYMBOL(node_data)")
N_ONLINE = 1


@test
def vmcoreinfo_entries(context):
    """The note has all the entries that 6.12 has with this configuration."""
    del context
    wanted = (paths.HERE / "vmcoreinfo-6.12").read_text().split()
    with open(saved(), "rb") as stream:
        found = Dump(stream).info
    missing = [name for name in wanted if name not in found]
    check(not missing, f"missing: {' '.join(missing)}")


@test
def vmcoreinfo_symbols(context):
    """Each SYMBOL is where vmlinux has it, moved by KERNELOFFSET."""
    del context
    with open(saved(), "rb") as stream:
        dump = Dump(stream)
    for entry, value in dump.info.items():
        name = re.fullmatch(r"SYMBOL\((\w+)\)", entry)
        if name and entry not in BY_VALUE:
            address = address_of(dump, name[1])
            check(int(value, 16) == address, f"{entry} is {value}, not {address:x}")


def address_of(dump, name):
    """Look up a symbol; two of them are macros for others."""
    if name == "swapper_pg_dir":
        return dump.symbols.address("init_top_pgt")
    if name == "node_online_map":
        return dump.symbols.address("node_states") + N_ONLINE * int(dump.info["SIZE(nodemask_t)"])
    return dump.symbols.address(name)


@test
def vmcoreinfo_layout(context):
    """Each SIZE and OFFSET is what the debug information says."""
    context.require("gdb")
    with open(saved(), "rb") as stream:
        info = Dump(stream).info
    questions = {}
    for entry in info:
        if size := re.fullmatch(r"SIZE\((\w+)\)", entry):
            questions[entry] = f"sizeof({type_name(size[1])})"
        elif offset := re.fullmatch(r"OFFSET\((\w+)\.(\w+)\)", entry):
            questions[entry] = f"(long)&(({type_name(offset[1])} *)0)->{offset[2]}"
    answers = gdb(*(f'printf "{entry}=%d\\n", {question}'
                    for entry, question in questions.items())).splitlines()
    for entry in questions:
        check(f"{entry}={info[entry]}" in answers,
              f"{entry}={info[entry]}, but gdb: "
              f"{[line for line in answers if line.startswith(entry)]}")


def type_name(name):
    return name if name.endswith("_t") else f"struct {name}"
