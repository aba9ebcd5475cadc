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

WORD = 8
U64_MAX = (1 << 64) - 1
RULES_BYTES = 900   # at most, so that something is left for entries to come
# What the rules are made of, as gdb reads it from the debug information.
PAGE = ("flags", "compound_head", "mapping", "private", "page_type", "_refcount")
NUMBERS = ("PG_lru", "PG_head", "PG_private", "PG_swapcache", "PG_swapbacked",
           "PGTY_slab", "PGTY_buddy", "PGTY_offline", "PGTY_hugetlb")


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


@test
def vmcoreinfo_rules(context):
    """The rules for struct pages are those of the layout that the debug information has: with all
    classes, in their order, and nothing else; and they leave room in the note."""
    context.require("gdb")
    with open(saved(), "rb") as stream:
        info = Dump(stream).info
    found = {entry: value for entry, value in info.items()
             if entry.startswith(("RULE", "FIELD("))}
    wanted = rule_lines(info)
    check(list(found.items()) == list(wanted.items()),
          f"the rules are\n{as_lines(found)}\ninstead of\n{as_lines(wanted)}")
    size = len(as_lines(found)) + 1
    check(size <= RULES_BYTES, f"the rules take {size} bytes")


def as_lines(entries):
    return "\n".join(f"{entry}={value}" for entry, value in entries.items())


def rule_lines(info):
    """The rules of Linux 6.12, without those that the kernel is not configured for."""
    number = debug_information()
    flags = {name: 1 << number[f"PG_{name}"]
             for name in ("lru", "head", "private", "swapcache", "swapbacked")}
    swap = flags["swapcache"] | flags["swapbacked"]
    max_order = int(info["LENGTH(zone.free_area)"]) - 1

    def has(member, mask, value):
        word, shift = divmod(number[member], WORD)
        return f"{word:x}:{mask << 8 * shift:x}:{value << 8 * shift:x}"

    def field(member, mask, most):
        word, shift = divmod(number[member], WORD)
        return f"{word:x}:{8 * shift:x}:{mask:x}:{most:x}"

    def flagged(bits):
        return has("flags", bits, bits)

    def typed(name):
        return has("page_type", 0xffffffff, number[f"PGTY_{name}"] << 24)

    rules = [
        f"kernel,{typed('slab')}",
        f"free,{typed('buddy')},{field('private', U64_MAX, max_order)}",
        f"unreadable,{typed('offline')}",
        f"user,{has('mapping', 1, 1)}",
        f"user,{typed('hugetlb')},{flagged(flags['head'])}",
        f"private-cache,{flagged(flags['lru'] | flags['private'])}",
        f"private-cache,{flagged(swap | flags['private'])}",
        f"cache,{flagged(flags['lru'])}",
        f"cache,{flagged(swap)}",
    ]
    return {
        "RULES(page)": f"1:{len(rules):x}",
        "FIELD(order)": field("_flags_1", 0xff, 18),
        "FIELD(refcount)": field("_refcount", 0xffffffff, 0x7fffffff),
        "FIELD(mapping)": field("mapping", U64_MAX - 3, U64_MAX),
        "RULE(tail)": has("compound_head", 1, 1),
        "RULE(head)": flagged(flags["head"]),
        "RULE(hugetlb)": typed("hugetlb"),
        "RULE(untyped)": has("page_type", 0xffffffff, 0xffffffff),
        **{f"RULE({place:x})": rule for place, rule in enumerate(rules)},
    }


def debug_information():
    """Offsets of members of struct page, and of a folio's second one; values of names."""
    questions = {member: f"(long)&((struct page *)0)->{member}" for member in PAGE}
    questions["_flags_1"] = "(long)&((struct folio *)0)->_flags_1"
    questions.update({name: f"(long){name}" for name in NUMBERS})
    output = gdb(*(f'printf "answer {name} %ld\\n", {question}'
                   for name, question in questions.items()))
    answers = dict(re.findall(r"^answer (\w+) (\d+)$", output, re.MULTILINE))
    check(list(answers) == list(questions), output)
    numbers = {name: int(value) for name, value in answers.items()}
    return numbers
