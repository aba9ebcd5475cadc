# SPDX-License-Identifier: GPL-2.0
"""/proc/vmcore-kern: what it leaves out, and that what reads dumps reads it."""
import functools
import re
import subprocess
import threading

from harness import paths
from harness.core import ElfCore
from harness.debugger import Debugger
from harness.dump import PAGE_SIZE
from harness.kdump import load, on_cpu, spin
from harness.memmap import Memmap
from harness.plant import HOOK, Header, OldMemory, Segment
from harness.suite import Context, check, test

from .files import capture_kernel, probe_vmcore
from .readers import CHUNK, in_trixie, run

LEVELS = range(32)
FOLDER = paths.WORK / "kern"
WHOLE = FOLDER / "vmcore"
SPARSE = FOLDER / "vmcore-kern"
KERN = "/proc/vmcore-kern"
LEVEL = "/proc/vmcore-kern-level"
SUMMARY = "/proc/vmcore-kern-summary"
CRASHING = 1
LOAD = """
mkdir -p /tmp/cache && mount -t ramfs cache /tmp/cache
dd if=/dev/urandom of=/tmp/cache/file bs=1M count=20
dd if=/dev/zero of=/run/zeros bs=1M count=5
dd if=/dev/urandom of=/run/freed bs=1M count=20 && rm /run/freed
"""
_once = threading.Lock()


def set_level(guest, level):
    guest.sh(f"echo {level} >{LEVEL}")


def read_summary(text):
    """The head, and the pages of each line."""
    head, pages = {}, {}
    for line in text.splitlines():
        name, _, rest = line.partition(": ")
        counts = re.fullmatch(r"pages (\d+) bytes (\d+)", rest)
        if not counts:
            head[name] = rest
            continue
        pages[name] = int(counts[1])
        check(int(counts[2]) == pages[name] * PAGE_SIZE, f"other bytes than pages: {line}")
    return head, pages


def extents(guest):
    """Offset and length of each piece of data, as SEEK_DATA and SEEK_HOLE have them."""
    return [tuple(int(word, 16) for word in line.split())
            for line in guest.sh(f"probe extents {KERN}", timeout=300).splitlines()]


def kept_pages(core, pieces):
    """Numbers of the page frames of which there is data."""
    kept = set()
    for start, size in pieces:
        for load_segment in core.loads:
            low = max(start, load_segment.offset)
            high = min(start + size, load_segment.offset + load_segment.filesz)
            if low < high:
                at = load_segment.paddr - load_segment.offset
                kept.update(range((low + at) // PAGE_SIZE, (high + at - 1) // PAGE_SIZE + 1))
    return kept


def pages_of(bitmap):
    return {byte * 8 + bit for byte, bits in enumerate(bitmap) if bits
            for bit in range(8) if bits >> bit & 1}


@functools.cache
def _save():
    """Crash a guest with memory in all kinds of use; save its dump in both forms."""
    with Context(FOLDER.name).boot("crashkernel=64M", cpus=2, memory="384M", below_4g="192M",
                                   share=FOLDER) as guest:
        load(guest)
        guest.sh(LOAD)
        spin(guest, 0)
        guest.crash(on_cpu(CRASHING, "echo c >/proc/sysrq-trigger"))
        guest.sh("mount -t 9p -o trans=virtio,msize=512000,cache=mmap share /mnt")
        guest.sh("probe sparse /proc/vmcore /mnt/vmcore", timeout=300)
        guest.sh(f"probe sparse {KERN} /mnt/vmcore-kern", timeout=300)
        found = {}
        for level in LEVELS:
            set_level(guest, level)
            found[level] = (extents(guest), guest.sh(f"cat {SUMMARY}", timeout=300))
        guest.sh("umount /mnt")
        return found


def saved():
    """By level: extents and summary. The dump is saved, whole and sparse at level 31."""
    with _once:
        return _save()


def classes(level):
    """Pages that the filter keeps when it runs here, on the whole dump."""
    subprocess.run(["make", "-s", "-C", paths.ROOT / "tests" / "filter"], check=True)
    bitmap = FOLDER / f"level-{level}"
    subprocess.run([paths.ROOT / "build" / "filter" / "classes", WHOLE, str(level), bitmap],
                   check=True)
    return pages_of(bitmap.read_bytes())


@test
def access(context):
    """pread, mmap, readv, splice and lseek give the same bytes everywhere in vmcore-kern;
    writing, executing and accesses behind the end are refused."""
    with capture_kernel(context) as (guest, dump):
        for level in (31, 16):
            set_level(guest, level)
            guest.sh(probe_vmcore(dump, rounds=200).replace("/proc/vmcore", KERN), timeout=300)
        check(guest.sh(f"stat -c '%s %a' /proc/vmcore {KERN}").splitlines()
              == [guest.sh("stat -c '%s %a' /proc/vmcore")] * 2, "size or mode differ")


@test
def level_file(context):
    """The level is what was written last, or at boot; a file that is open keeps its own; what is
    no level is refused."""
    with context.boot("crashkernel=64M") as guest:
        load(guest, append="vmcore_level=24")
        guest.crash("echo c >/proc/sysrq-trigger")
        check(guest.sh(f"cat {LEVEL}") == "24", "not the level of the boot parameter")
        for text in ("32", "-1", "31x", "", "0x1000000000", "many"):
            reply = guest.run(f"echo {text} >{LEVEL}")
            check(reply.status and "Invalid" in reply.text, f"{text!r}: {reply.text!r}")
        check(guest.sh(f"cat {LEVEL}") == "24", "a level that was refused has been set")
        guest.sh(f"""
            echo 31 >{LEVEL}
            exec 5<{KERN}
            echo 0 >{LEVEL}
            exec 6<{KERN} 7</proc/vmcore
            sum() {{ md5sum; }}
            sparse=$(sum <&5) same=$(sum <&6) whole=$(sum <&7)
            [ "$same" = "$whole" ] || {{ echo level 0 is not the whole; exit 1; }}
            [ "$sparse" != "$whole" ] || {{ echo the open file lost its level; exit 1; }}
        """, timeout=300)


@test
def permissions(context):
    """The files are root's alone."""
    with capture_kernel(context) as (guest, _):
        modes = guest.sh(f"stat -c %a {KERN} {LEVEL} {SUMMARY}").split()
        check(modes == ["400", "600", "400"], f"modes {modes}")


@test
def pages_by_level(context):
    """At each level the holes are the pages that the filter, run on the whole dump by itself,
    leaves out, and the summary says how many that are."""
    found = saved()
    with open(WHOLE, "rb") as stream:
        core = ElfCore(stream)
        everything = kept_pages(core, [(0, WHOLE.stat().st_size)])
        for level, (pieces, text) in found.items():
            kept = kept_pages(core, pieces)
            wanted = classes(level)
            check(kept == wanted, f"level {level}: {len(kept - wanted)} pages too many, "
                                  f"{len(wanted - kept)} missing: "
                                  f"{sorted(kept ^ wanted)[:5]}")
            head, pages = read_summary(text)
            check(head["level"] == str(level) and head["filter"] == "on", f"{head}")
            check(pages["kept"] == len(kept), f"level {level}: {pages} for {len(kept)} kept")
            check(pages["kept"] + pages["left-out"] + pages["not-read"] == len(everything),
                  f"level {level}: {pages} for {len(everything)} pages")
    for name, least in (("cache", 5000), ("free", 5000), ("kernel", 3000), ("user", 10)):
        check(pages[name] >= least, f"only {pages[name]} pages are {name}")


@test
def sparse_copy(context):
    """A sparse copy has the headers, notes and kept pages of the whole, zeros elsewhere, and
    the same size; it takes a fraction of the disk."""
    saved()
    with open(WHOLE, "rb") as whole, open(SPARSE, "rb") as sparse:
        at = different = 0
        while wanted := whole.read(CHUNK):
            found = sparse.read(CHUNK)
            check(len(found) == len(wanted), "the sizes differ")
            for page in range(0, len(wanted), PAGE_SIZE):
                ours = found[page:page + PAGE_SIZE]
                if ours != wanted[page:page + PAGE_SIZE]:
                    check(not any(ours), f"other bytes at {at + page:#x}")
                    different += 1
            at += len(wanted)
        check(different > 1000, f"only {different} pages are left out")
        end = ElfCore(whole).loads[0].offset
        heads = [stream.seek(0) or stream.read(end) for stream in (whole, sparse)]
        check(heads[0] == heads[1], "headers or notes differ")
    check(SPARSE.stat().st_blocks * 512 < WHOLE.stat().st_size // 4, "it is not sparse")


@test
def makedumpfile_reads(context):
    """makedumpfile takes the sparse copy as input and finds the log in it."""
    saved()
    log = context.workdir / "log"
    log.parent.mkdir(parents=True, exist_ok=True)
    run(*in_trixie("makedumpfile"), "--dump-dmesg", "--message-level", "4", SPARSE, log)
    check("sysrq triggered crash" in log.read_text(errors="replace"), "no panic in the log")


NONSENSE = {
    "ones": b"\xff",
    "zeros and ones": b"\0\xff\xff\0",
    "text": b"overwritten by a stray memcpy() ",
    "an absurd order": bytes(40) + b"\xff" * 8 + b"\0\0\0\xf0" + bytes(12),
}


@test
def overwritten_memmap(context):
    """Struct pages that make no sense cost nothing: their pages are kept and counted, and all
    others are classified as before."""
    pages = 1024
    with capture_kernel(context) as (guest, dump):
        set_level(guest, 30)
        before = kept_pages(dump.core, extents(guest))
        _, counts = read_summary(guest.sh(f"cat {SUMMARY}"))
        memmap = Memmap(dump)
        load_segment = max(dump.core.loads, key=lambda segment: segment.filesz)
        first = (load_segment.paddr // PAGE_SIZE + 4096) // pages * pages
        hit, writes = {}, []
        for step, (what, word) in enumerate(NONSENSE.items()):
            start = first + step * pages
            size = memmap.size * pages
            hit[what] = set(range(start, start + pages))
            writes.append((memmap.paddr(start), (word * (size // len(word) + 1))[:size]))
        write_physical(guest, writes)
        after = kept_pages(dump.core, extents(guest))
        everywhere = set().union(*hit.values())
        check(not (before - after) - everywhere, "pages are lost that have nothing to do with it")
        for what, touched in hit.items():
            check(what == "zeros and ones" or touched <= after,
                  f"{what}: {len(touched - after)} pages are left out")
        _, now = read_summary(guest.sh(f"cat {SUMMARY}"))
        check(now["unclassified"] >= counts["unclassified"] + 3 * pages - pages // 2,
              f"{now} after {counts}")
        check(sum(now.values()) == sum(counts.values()), f"{now} after {counts}")


def write_physical(guest, writes):
    with Debugger(guest) as debugger:
        for paddr, data in writes:
            debugger.write_physical(paddr, data)


@test
def overwritten_page_tables(context):
    """Page tables of the crashed kernel that lead in circles, or nowhere, leave out nothing."""
    with capture_kernel(context) as (guest, dump):
        set_level(guest, 30)
        top = dump.core.image_paddr(int(dump.info["SYMBOL(swapper_pg_dir)"], 16))
        everything = kept_pages(dump.core, [(0, 1 << 62)])
        entries = (top | 0x63, 0, (1 << 64) - 1, 0x0000123456789063)
        table = b"".join(entry.to_bytes(8, "little") for entry in entries) * 128
        write_physical(guest, [(top, table)])
        kept = kept_pages(dump.core, extents(guest))
        check(kept == everything, f"{len(everything - kept)} pages are left out")
        _, pages = read_summary(guest.sh(f"cat {SUMMARY}"))
        check(pages["unclassified"] == pages["kept"] == len(everything), f"{pages}")


@test
def no_rules(context):
    """Where the note does not say how to tell pages apart, nothing is left out, and both the
    summary and the console say what is missing."""
    old = OldMemory()
    headers = old.add(Header([old.good_notes, Segment()]).encode())
    with old.boot(context.workdir, "") as guest:
        guest.sh(f"echo {headers:#x} >{HOOK}")
        head, pages = read_summary(guest.sh(f"cat {SUMMARY}"))
        check(head["filter"].startswith("off") and "OSRELEASE" in head["filter"], f"{head}")
        check(pages["kept"] == pages["unclassified"] > 0 == pages["left-out"], f"{pages}")
        check("vmcore-kern leaves out none: OSRELEASE" in guest.console(), "no message")
        guest.sh(f"cmp /proc/vmcore {KERN}")
