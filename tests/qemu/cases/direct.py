# SPDX-License-Identifier: GPL-2.0
"""Headers by hand, good and malformed, in a kernel booted straight into the capture role."""
import dataclasses
import io

from harness.core import ElfCore
from harness.plant import (HOOK, LIMIT, NOTES, NOWHERE, OLD, OWN, PAGE_SIZE, VMCOREINFO, Header,
                           OldMemory, Segment, extended, note, notes_at, pattern, prstatus)
from harness.suite import Failure, check, test

U64 = (1 << 64) - 1
READ_MAX = 16 << 20
MESSAGES = 12       # lines that one set of headers may cause
PAGES = 3
SKIPPED = 5 << 20       # of a file, so that what follows is old memory


@dataclasses.dataclass
class Case:
    """Headers and what is to become of them.

    Where error is set there is no dump, and the one message has reason in it.
    Else loads are the (paddr, filesz, memsz) of the dump, notes its (name, type),
    and message, if there is one, is on the console once.
    """
    name: str
    headers: bytes = b""
    error: str = None
    reason: str = ""
    loads: tuple = ((OLD, PAGE_SIZE, PAGE_SIZE),)
    notes: tuple = ()
    message: str = ""
    size: int = 0
    address: int = None


EINVAL = dict(error="Invalid argument", reason="not ELF, or of contradictory values")
ENOEXEC = dict(error="Exec format error", reason="not a core file of this byte order")
EFAULT = dict(error="Bad address", reason="not in memory that the crashed kernel can have had")
E2BIG = dict(error="Argument list too long", reason="too many program headers")
EOVERFLOW = dict(error="Value too large for", reason="at no possible address")
ENODATA = dict(error="No data available", reason="cut short")
ENXIO = dict(error="No such device or address", reason="no segment that can be used")
EMACHINE = dict(error="not supported", reason="of another architecture")

GOOD = Segment()
TWO = ((OLD, PAGE_SIZE, PAGE_SIZE), (OLD + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE))
SECOND = Segment(offset=OLD + PAGE_SIZE, paddr=OLD + PAGE_SIZE)


def one(**members):
    """Headers of a good segment and of one with other members."""
    return Header([GOOD, Segment(**members)]).encode()


def file_header_cases():
    good = Header().encode()
    yield Case("good", good)
    yield Case("good, two segments", Header([GOOD, SECOND]).encode(), loads=TWO)
    yield Case("good, size told", good, size=len(good))
    yield Case("zeros", bytes(4096), **EINVAL)
    yield Case("ones", b"\xff" * 4096, **EINVAL)
    yield Case("text", b"Linux version " * 100, **EINVAL)
    yield Case("the pattern", pattern(OLD, 4096), **EINVAL)
    yield Case("size ends in e_ident", good, size=10, **ENODATA)
    yield Case("size ends in the file header", good, size=63, **ENODATA)
    yield Case("size ends before the program headers", good, size=64, **ENXIO)
    yield Case("size ends in the second program header", Header([GOOD, SECOND]).encode(),
               size=64 + 56 + 20, message="cannot be read")
    yield Case("magic", Header(magic=b"\x7fELG").encode(), **EINVAL)
    yield Case("class 0", Header(ident_class=0).encode(), **EINVAL)
    yield Case("class 3", Header(ident_class=3).encode(), **EINVAL)
    yield Case("byte order 0", Header(data=0).encode(), **ENOEXEC)
    yield Case("big endian", Header(data=2).encode(), **ENOEXEC)
    yield Case("version 0 in e_ident", Header(ident_version=0).encode(), **ENOEXEC)
    yield Case("version 2", Header(version=2).encode(), **ENOEXEC)
    yield Case("an executable", Header(type=2).encode(), **ENOEXEC)
    yield Case("type 0xffff", Header(type=0xffff).encode(), **ENOEXEC)
    yield Case("another machine", Header(machine=183).encode(), **EMACHINE)
    yield Case("machine 0", Header(machine=0).encode(), **EMACHINE)


def table_cases():
    yield Case("phentsize 0", Header(phentsize=0).encode(), **EINVAL)
    yield Case("phentsize 55", Header(phentsize=55).encode(), **EINVAL)
    yield Case("phentsize 0xffff", Header(phentsize=0xffff).encode())
    yield Case("phentsize 0xffff times phnum 1000", Header(phentsize=0xffff, phnum=1000).encode(),
               **E2BIG)
    yield Case("phoff 0", Header(phoff=0).encode(), **EINVAL)
    yield Case("phoff in the file header", Header(phoff=63).encode(), **EINVAL)
    yield Case("phoff behind physical memory", Header(phoff=LIMIT).encode(), **ENXIO)
    yield Case("phoff wraps", Header(phoff=U64 - 8).encode(), **EOVERFLOW)
    yield Case("phoff beyond signed", Header(phoff=1 << 63).encode(), **ENXIO)
    yield Case("phoff odd", Header(phoff=65).encode()[:64] + b"\0" + GOOD.encode(64))
    yield Case("phnum 0", Header([], phnum=0).encode(), **ENXIO)
    yield Case("phnum more than there are", Header(phnum=3).encode() + bytes(200))
    yield Case("phnum 0xfffe of zeros", Header(phnum=0xfffe).encode() + bytes(0xfffe * 56))
    yield Case("PN_XNUM without section header", Header(phnum=0xffff).encode(), **EINVAL)
    yield Case("PN_XNUM, shoff in the file header", Header(phnum=0xffff, shoff=8,
                                                           shentsize=64).encode(), **EINVAL)
    yield Case("PN_XNUM, shoff wraps", Header(phnum=0xffff, shoff=U64 - 8, shentsize=64).encode(),
               **EOVERFLOW)
    yield Case("PN_XNUM, shentsize 1", extended([GOOD], info=0x10000, shentsize=1), **EINVAL)
    yield Case("PN_XNUM for one segment", extended([GOOD]), **EINVAL)
    yield Case("PN_XNUM, 4 G segments", extended([GOOD], info=0xffffffff), **E2BIG)
    many = [Segment(filesz=0, offset=0, paddr=OLD + index * PAGE_SIZE) for index in range(65536)]
    many[0] = GOOD
    yield Case("65536 segments", extended(many),
               loads=((OLD, PAGE_SIZE, PAGE_SIZE),
                      *((OLD + index * PAGE_SIZE, 0, PAGE_SIZE) for index in range(1, 65536))))


def segment_cases():
    page = (OLD, PAGE_SIZE, PAGE_SIZE)
    yield Case("the same segment twice", Header([GOOD, GOOD]).encode(), loads=(page, page))
    yield Case("overlapping segments", one(filesz=PAGES * PAGE_SIZE, memsz=PAGES * PAGE_SIZE),
               loads=(page, (OLD, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE)))
    yield Case("p_offset not in memory", one(offset=LIMIT), message="no physical address")
    yield Case("p_offset wraps", one(offset=U64 - 100), message="no physical address")
    yield Case("p_paddr beyond the limit", one(paddr=LIMIT), message="no physical address")
    yield Case("p_paddr wraps", one(paddr=U64), message="no physical address")
    yield Case("p_memsz wraps", one(memsz=U64), message="leave the physical addresses",
               loads=(page, (OLD, PAGE_SIZE, LIMIT - OLD)))
    yield Case("p_filesz larger than p_memsz", one(filesz=PAGES * PAGE_SIZE),
               message="bytes saved of", loads=(page, page))
    yield Case("p_filesz wraps", one(filesz=U64), message="bytes saved of", loads=(page, page))
    yield Case("all sizes are zero", one(filesz=0, memsz=0))
    yield Case("p_filesz is zero", one(filesz=0), loads=(page, (OLD, 0, PAGE_SIZE)))
    yield Case("p_filesz is zero, p_offset absurd", one(filesz=0, offset=U64),
               loads=(page, (OLD, 0, PAGE_SIZE)))
    yield Case("in our own memory", one(offset=OWN, paddr=OWN), message="not the crashed kernel's")
    yield Case("only in our own memory", Header([Segment(offset=OWN, paddr=OWN)]).encode(),
               error=ENXIO["error"], reason=ENXIO["reason"], message="not the crashed kernel's")
    yield Case("unaligned", one(offset=OLD + 123, paddr=OLD + 123, filesz=1001, memsz=1001),
               loads=(page, (OLD + 123, 1001, 1001)))
    yield Case("one byte", one(offset=OLD + 4095, paddr=OLD + 4095, filesz=1, memsz=1),
               loads=(page, (OLD + 4095, 1, 1)))
    yield Case("unknown types", Header([Segment(type=kind) for kind in
                                        (0, 2, 3, 5, 6, 7, 0x6474e551, 0xffffffff)]
                                       + [GOOD]).encode())
    yield Case("20 bad segments", Header([GOOD] + [Segment(paddr=U64)] * 20).encode(),
               message="12 more defects")


def note_cases(old):
    size = old.good_notes.filesz
    wanted = (("CORE", 1), ("CORE", 1), ("VMCOREINFO", 0))

    def case(name, *contents, notes=(), message="", **more):
        segments = [notes_at(old.add(data), len(data)) for data in contents]
        return Case(name, Header([*segments, GOOD], **more).encode(), notes=notes, message=message)

    damaged = "damaged"
    yield Case("good notes", Header([old.good_notes, GOOD]).encode(), notes=wanted)
    yield Case("notes alone", Header([old.good_notes]).encode(), notes=wanted, loads=())
    yield Case("notes of no size", Header([notes_at(NOTES, 0), GOOD]).encode(),
               message="left no notes")
    yield Case("notes in our own memory", Header([notes_at(OWN, size), GOOD]).encode(),
               message="not the crashed kernel's")
    yield Case("notes beyond the limit", Header([notes_at(LIMIT, size), GOOD]).encode(),
               message="no physical address")
    yield case("notes of zeros", bytes(512), message="left no notes")
    yield case("notes of ones", b"\xff" * 512, message=damaged)
    yield case("a note without contents", note(b"CORE\0", 7, b"") + prstatus(5),
               notes=(("CORE", 7), ("CORE", 1)))
    yield case("a truncated note", prstatus(5) + prstatus(6)[:100], notes=wanted[:1],
               message=damaged)
    yield case("n_namesz huge", prstatus(5) + note(b"CORE\0", 1, bytes(4), namesz=0xffffffff),
               notes=wanted[:1], message=damaged)
    yield case("n_descsz huge", prstatus(5) + note(b"CORE\0", 1, bytes(4), descsz=0xfffffffe),
               notes=wanted[:1], message=damaged)
    yield case("registers of odd size", note(b"CORE\0", 1, bytes(35)), notes=wanted[:1])
    yield case("registers of no size", note(b"CORE\0", 1, b""), notes=wanted[:1])
    yield case("VMCOREINFO without a terminator", note(b"VMCOREINFO", 0, VMCOREINFO[:-1]),
               notes=wanted[2:])
    yield Case("2000 PT_NOTEs", Header([old.good_notes] * 2000 + [GOOD]).encode(),
               notes=wanted * 2000)
    start = old.add(prstatus(5) + prstatus(6) + b"\xff" * 64)
    yield Case("p_filesz of notes wraps", Header([notes_at(start, U64), GOOD]).encode(),
               notes=wanted[:2], message="leave the physical addresses")


def elf32_cases():
    low = Segment(offset=NOWHERE, paddr=NOWHERE)
    elf32 = dict(bits=32)
    yield Case("ELF32", Header([low], **elf32).encode(), loads=((NOWHERE, PAGE_SIZE, PAGE_SIZE),))
    yield Case("ELF32, wraps at 4 GiB", Header([Segment(offset=0xfffff000, paddr=0xfffff000,
                                                        filesz=0x2000, memsz=0x2000)],
                                               **elf32).encode(),
               loads=((0xfffff000, 0x2000, 0x2000),))
    yield Case("ELF32, phentsize 31", Header([low], phentsize=31, **elf32).encode(), **EINVAL)
    yield Case("ELF32, phoff at the end", Header([low], phoff=0xffffffff, **elf32).encode(),
               **ENXIO)
    yield Case("ELF32, another machine", Header([low], machine=3, **elf32).encode(), **EMACHINE)
    yield Case("ELF32, called 64", Header([low], ident_class=2, **elf32).encode(), error="")


def place_cases():
    for name, address, size, why in (
            ("at 0", 0, 0, EFAULT), ("in our own memory", OWN, 0, EFAULT),
            ("at no RAM", NOWHERE, 0, EINVAL),
            ("beyond the limit", LIMIT, 0, EFAULT), ("at the last byte", U64, 0, EFAULT),
            ("across the limit", LIMIT - 16, 0, EFAULT)):
        yield Case(f"headers {name}", address=address, size=size, **why)


def all_cases(old):
    return [*file_header_cases(), *table_cases(), *segment_cases(), *note_cases(old),
            *elf32_cases(), *place_cases()]


def check_messages(case, lines):
    """One line says why there is no dump, and defects in it have a line each."""
    check(len(lines) <= MESSAGES, f"{len(lines)} messages")
    verdicts = [line for line in lines if "crash_source: ELF headers at" in line]
    if case.error is not None:
        check(len(verdicts) == 1 and case.reason in verdicts[0], f"the verdict is {verdicts}")
    else:
        check(not verdicts, f"the verdict is {verdicts}")
    if case.message:
        check(sum(case.message in line for line in lines) == 1,
              f"not one '{case.message}' in {lines}")


def check_dump(case, core):
    """The dump has what can be trusted, and what is in the pattern reads as that."""
    loads = tuple((load.paddr, load.filesz, load.memsz) for load in core.loads)
    check(loads == case.loads, f"segments {loads[:5]}, not {case.loads[:5]}")
    notes = tuple((found.name, found.type) for found in core.notes)
    check(notes == case.notes, f"notes {notes[:5]}, not {case.notes[:5]}")
    for load in core.loads:
        if load.filesz and load.paddr >> 32:
            check(core.read(load.offset, load.filesz) == pattern(load.paddr, load.filesz),
                  f"other bytes at {load.paddr:#x}")


def try_case(guest, case, address):
    """Have the headers loaded and check what comes of it."""
    where = f"{case.size:#x}@{address:#x}" if case.size else f"{address:#x}"
    reply = guest.run(f"dmesg -c >/dev/null; echo {where} >{HOOK}")
    lines = [line for line in guest.sh("dmesg").splitlines() if "crash_source:" in line
             or "vmcore:" in line]
    exists = not guest.run("test -e /proc/vmcore").status
    check_messages(case, lines)
    if case.error is not None:
        check(reply.status and case.error in reply.text, f"the hook says {reply.text!r}")
        check(not exists, "there is a dump")
        return
    check(not reply.status and exists, f"no dump: {reply.text}")
    check_dump(case, ElfCore(io.BytesIO(guest.bytes(f"head -c {READ_MAX} /proc/vmcore"))))


@test
def malformed(context):
    """Headers with one defect each, more than 80 of them: one message says what is wrong, and what
    can be trusted is in the dump."""
    old = OldMemory()
    cases = [(case, old.add(case.headers) if case.address is None else case.address)
             for case in all_cases(old)]
    wrong = []
    with old.boot(context.workdir, "panic_on_warn=1 oops=panic softlockup_panic=1") as guest:
        for case, address in cases:
            try:
                try_case(guest, case, address)
            except Failure as failure:
                wrong.append(f"{case.name}: {failure}")
    check(not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong))


def boot_state(guest):
    """Whether there is a dump, and what the console says of the headers."""
    lines = [line for line in guest.sh("dmesg").splitlines()
             if any(name in line for name in ("crash_source:", "elfcorehdr:", "vmcore: "))]
    return not guest.run("test -e /proc/vmcore").status, lines


@test
def good_at_boot(context):
    """elfcorehdr= with good headers: the dump is there, complete, and stands all ways to read it;
    /dev/oldmem has the same bytes."""
    old = OldMemory()
    headers = Header([old.good_notes, GOOD, SECOND]).encode()
    address = old.add(headers)
    case = Case("good", loads=TWO, notes=(("CORE", 1), ("CORE", 1), ("VMCOREINFO", 0)))
    with old.boot(context.workdir, f"elfcorehdr={len(headers):#x}@{address:#x}") as guest:
        exists, lines = boot_state(guest)
        check(exists, f"no dump: {lines}")
        check(sum("2 segments, notes in 1" in line for line in lines) == 1, f"messages: {lines}")
        check_dump(case, ElfCore(io.BytesIO(guest.bytes("cat /proc/vmcore"))))
        guest.sh("probe vmcore /proc/vmcore 7 50")
        found = guest.bytes("dd if=/dev/oldmem status=none bs=4096 count=2 "
                            f"skip={OLD // PAGE_SIZE}")
        check(found == pattern(OLD, 2 * PAGE_SIZE), "/dev/oldmem has other bytes")


@test
def mapped_when_replaced(context):
    """What is mapped of a dump stays, and can be touched for the first time, when headers that
    are loaded replace the dump."""
    old = OldMemory()
    size = 12 << 20
    large = Segment(filesz=2 * size, memsz=2 * size)
    first, second = (old.add(Header(segments).encode()) for segments in ([large], [GOOD]))
    with old.boot(context.workdir, "panic_on_warn=1 oops=panic") as guest:
        guest.sh(f"echo {first:#x} >{HOOK}")
        guest.sh(f"probe map-over /proc/vmcore {SKIPPED} {size} {HOOK} {second:#x}")
        core = ElfCore(io.BytesIO(guest.bytes(f"head -c {READ_MAX} /proc/vmcore")))
        check([load.filesz for load in core.loads] == [GOOD.filesz], "the dump was not replaced")


@test
def malformed_at_boot(context):
    """elfcorehdr= with malformed headers: no /proc/vmcore, one message, and the kernel runs."""
    old = OldMemory()
    address = old.add(Header(phnum=0).encode())
    with old.boot(context.workdir, f"elfcorehdr={address:#x} panic_on_warn=1") as guest:
        exists, lines = boot_state(guest)
        check(not exists, "there is a dump")
        check(len(lines) == 1 and ENXIO["reason"] in lines[0], f"messages: {lines}")
        check(guest.run("cat /dev/oldmem >/dev/null").status, "/dev/oldmem is readable")


@test
def own_memory_at_boot(context):
    """elfcorehdr= inside this kernel's own memory: no /proc/vmcore, one message."""
    with OldMemory().boot(context.workdir, f"elfcorehdr={OWN:#x} panic_on_warn=1") as guest:
        exists, lines = boot_state(guest)
        check(not exists, "there is a dump")
        check(len(lines) == 1 and EFAULT["reason"] in lines[0], f"messages: {lines}")


@test
def malformed_option(context):
    """elfcorehdr= with malformed text: the message names the place, and there is no dump."""
    with OldMemory().boot(context.workdir, "elfcorehdr=4K@here panic_on_warn=1") as guest:
        exists, lines = boot_state(guest)
        check(not exists, "there is a dump")
        check(len(lines) == 1 and "elfcorehdr=4K@here" in lines[0] and 'at "here"' in lines[0],
              f"messages: {lines}")
