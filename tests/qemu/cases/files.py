# SPDX-License-Identifier: GPL-2.0
"""The capture kernel's files: /proc/vmcore and /dev/oldmem."""
import contextlib
import re

from harness.dump import PAGE_SIZE, GuestFile
from harness.kdump import MODULE, load, open_dump
from harness.suite import check, test

CAP_SYS_RAWIO = 17
NT_VMCOREDD = 0x700
VMCOREDD_NAME = 44
HUGE_PAGE = 2 << 20


@contextlib.contextmanager
def capture_kernel(context, loader="kexec_load", **machine):
    """A guest after a plain crash, and its dump."""
    with context.boot("crashkernel=64M", **machine) as guest:
        load(guest, loader)
        guest.crash("echo c >/proc/sysrq-trigger")
        yield guest, open_dump(guest)


def probe_vmcore(dump, rounds):
    """The command that compares all ways to read the dump, near its boundaries most of all."""
    boundaries = sorted({edge for segment in dump.core.segments
                         for edge in (segment.offset, segment.offset + segment.filesz)})
    return f"probe vmcore /proc/vmcore 20250101 {rounds} {' '.join(map(str, boundaries))}"


@test
def vmcore_access(context):
    """pread, mmap, readv, splice and lseek give the same bytes everywhere; writing, executing
    and accesses behind the end are refused; data and holes add up to the file."""
    with capture_kernel(context) as (guest, dump):
        guest.sh(probe_vmcore(dump, rounds=300))


@test
def vmcore_access_hardware(context):
    """So they do where the processor does not say that it is emulated, and memory is copied by
    fast strings."""
    with capture_kernel(context, model="max,hypervisor=off") as (guest, dump):
        flags = guest.sh("grep -m1 ^flags /proc/cpuinfo").split()
        check("erms" in flags and "hypervisor" not in flags, f"the processor has {flags}")
        guest.sh(probe_vmcore(dump, rounds=300), timeout=300)


@test
def vmcore_mmap(context):
    """Mappings, of huge pages where those fit, show the bytes of read() at every alignment, and
    stay as they are when they are cut, moved, protected, inherited or advised about."""
    size = 24 << 20
    with capture_kernel(context) as (guest, dump):
        load = max(dump.core.loads, key=lambda load: load.filesz)
        check((load.offset - load.paddr) % HUGE_PAGE == 0,
              f"the file has {load.paddr:#x} at {load.offset:#x}")
        start = load.offset + load.filesz // 2
        tables = int(guest.sh(f"probe map /proc/vmcore {start // PAGE_SIZE * PAGE_SIZE} {size}"))
        check(tables <= 6 * PAGE_SIZE, f"{tables} bytes of page tables for {size} bytes")
        end = load.offset + load.filesz - size
        guest.sh(f"probe map /proc/vmcore {end // PAGE_SIZE * PAGE_SIZE} {size}")
        guest.sh(f"probe map /proc/vmcore {dump.core.loads[0].offset // HUGE_PAGE * HUGE_PAGE}"
                 f" {size}")


@test
def vmcore_size(context):
    """The size of /proc/vmcore ends with the last byte that its headers describe."""
    with capture_kernel(context, "kexec_file_load") as (guest, dump):
        size = int(guest.sh("stat -c %s /proc/vmcore"))
        end = max(segment.offset + segment.filesz for segment in dump.core.segments)
        check(end <= size < end + PAGE_SIZE, f"{size} bytes, but the headers describe {end}")


@test
def device_dump(context):
    """A driver's device dump is a note of /proc/vmcore, which stays complete and readable."""
    with capture_kernel(context) as (guest, before):
        size = 100000
        starts = [before.core.read(load.offset, PAGE_SIZE) for load in before.core.loads]
        guest.sh("insmod /lib/kdump_test.ko")
        guest.sh(f"echo {size} >{MODULE}/device_dump")
        dump = open_dump(guest)
        note = next(note for note in dump.notes if note.type == NT_VMCOREDD)
        check(note.name == "LINUX", f"the note's name is {note.name}")
        check(note.desc[:VMCOREDD_NAME].rstrip(b"\0") == b"kdump_test", "the dump's name")
        content = note.desc[VMCOREDD_NAME:]
        check(content[:size] == b"\xd5" * size, f"{len(content)} bytes of other content")
        check([(note.name, note.desc) for note in dump.notes if note.type != NT_VMCOREDD]
              == [(note.name, note.desc) for note in before.notes], "the other notes changed")
        check([dump.core.read(load.offset, PAGE_SIZE) for load in dump.core.loads] == starts,
              "the segments changed")
        guest.sh(probe_vmcore(dump, rounds=50))


@test
def one_edition(context):
    """While the dump is open, another open shows the same offsets and size although a device dump
    has arrived: the console says so, and it is in the files once all are closed."""
    with capture_kernel(context) as (guest, before):
        size = guest.sh("stat -c %s /proc/vmcore")
        guest.sh("insmod /lib/kdump_test.ko")
        found = guest.sh(f"""
            exec 5</proc/vmcore
            md5() {{ head -c 1000000 "$1" | md5sum; }}
            one=$(md5 /proc/vmcore) two=$(md5 /proc/vmcore-kern)
            echo 5000000 >{MODULE}/device_dump
            [ "$one" = "$(md5 /proc/vmcore)" ] && [ "$two" = "$(md5 /proc/vmcore-kern)" ] || {{
                echo the offsets have changed
                exit 1
            }}
            stat -c %s /proc/vmcore
        """)
        check(found == size, f"{found} instead of {size} bytes")
        said = guest.sh("dmesg")
        check("shown once all files are closed" in said, "nothing about the device dump")
        check("offsets have changed" in said, "nothing about the other offsets")
        check(int(guest.sh("stat -c %s /proc/vmcore-kern")) > int(size), "no device dump")
        after = open_dump(guest)
        check(any(note.type == NT_VMCOREDD for note in after.notes), "no note")
        check(len(after.notes) == len(before.notes) + 1, "other notes")


@test
def oldmem_content(context):
    """/dev/oldmem shows at each physical address what /proc/vmcore shows for it, and dd gets
    exactly the bytes that it asks for."""
    with capture_kernel(context) as (guest, dump):
        listing = guest.sh("ls -l /dev/oldmem")
        check(re.match("c.* 1, *12 ", listing), f"not a device 1:12: {listing}")
        oldmem = GuestFile(guest, "/dev/oldmem")
        for segment in dump.core.loads:
            for at in {0, segment.filesz // 2 - 1001, segment.filesz - 70001}:
                at = max(at, 0)
                size = min(70001, segment.filesz - at)
                oldmem.seek(segment.paddr + at)
                wanted = dump.core.read(segment.offset + at, size)
                check(oldmem.read(size) == wanted,
                      f"{size} bytes at {segment.paddr + at:#x} differ from /proc/vmcore")
        start = dump.core.loads[-1].paddr
        for bs, skip, count in ((1, start + 77, 19), (512, start // 512 + 3, 5), (4096, 260, 2)):
            got = guest.bytes(f"dd if=/dev/oldmem bs={bs} skip={skip} count={count} status=none")
            check(got == dump.core.physical(bs * skip, bs * count),
                  f"dd bs={bs} skip={skip} count={count} gets {len(got)} other bytes")


@test
def oldmem_holes(context):
    """Between RAM /dev/oldmem reads as zeros and seeks as a hole, and it ends after the last
    RAM."""
    with capture_kernel(context) as (guest, dump):
        ranges = merged((segment.paddr, segment.paddr + segment.filesz)
                        for segment in dump.core.loads)
        oldmem = GuestFile(guest, "/dev/oldmem")
        for (_, hole), (data, _) in zip(ranges, ranges[1:]):
            found = seek(guest, "hole", hole - 1), seek(guest, "data", hole)
            check(found[0] == hole, f"SEEK_HOLE from {hole - 1:#x} leads to {found[0]}")
            check(found[1] == data, f"SEEK_DATA from {hole:#x} leads to {found[1]}")
            for at in (hole, data - PAGE_SIZE):
                oldmem.seek(at)
                check(oldmem.read(PAGE_SIZE) == bytes(PAGE_SIZE), f"no zeros at {at:#x}")
        end = ranges[-1][1]
        check(seek(guest, "end", 0) == end, f"the end is not {end:#x}")
        check(seek(guest, "data", end) == "ENXIO", "data behind the end")
        oldmem.seek(end - 10)
        check(len(oldmem.read(100)) == 10, "no short read before the end")
        check(oldmem.read(100) == b"", "bytes behind the end")


def seek(guest, whence, offset):
    """Where lseek() leads in /dev/oldmem, or the name of the errno."""
    answer = guest.sh(f"probe seek /dev/oldmem {whence} {offset}")
    return answer if answer.startswith("E") else int(answer, 16)


def merged(ranges):
    """Sorted ranges with those joined that touch or overlap."""
    result = []
    for start, end in sorted(ranges):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


@test
def oldmem_permissions(context):
    """/dev/oldmem needs CAP_SYS_RAWIO, and cannot be written."""
    with capture_kernel(context) as (guest, _):
        read = "dd if=/dev/oldmem of=/dev/null bs=1 skip=4096 count=1"
        guest.sh(read)
        reply = guest.run(f"probe without {CAP_SYS_RAWIO} {read}")
        check(reply.status and "not permitted" in reply.text,
              f"without the capability: {reply.text}")
        reply = guest.run("echo x >/dev/oldmem")
        check(reply.status, "a write was not refused")


@test
def no_files_without_a_crash(context):
    """A kernel that no crash has started has no /proc/vmcore, and no bytes in /dev/oldmem."""
    with context.boot("crashkernel=64M") as guest:
        check(guest.run("test -e /proc/vmcore").status, "/proc/vmcore exists")
        reply = guest.run("dd if=/dev/oldmem bs=1 skip=1048576 count=1 status=none")
        check(reply.status, f"/dev/oldmem gives {reply.output!r}")
