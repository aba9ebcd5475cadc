# SPDX-License-Identifier: GPL-2.0
"""Firmware tables that claim RAM, and what is told of memory that is not read."""
import re

from harness import ssdt
from harness.kdump import MODULE, Patterns, compare, insert_module, load, open_dump
from harness.suite import check, test

MIB, GIB = 1 << 20, 1 << 30
SUMMARY = "/proc/vmcore-kern-summary"
PIECE = 1 * MIB


def with_claims(context, ranges):
    """QEMU's arguments for an ACPI table that claims the ranges."""
    path = context.workdir / "claims.aml"
    context.workdir.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ssdt.claims(ranges))
    return ("-acpitable", f"file={path}")


def pnp_claims(guest):
    """What the kernel's iomem says that PNP devices have, as (start, end)."""
    return [tuple(int(word, 16) for word in found) for found in
            re.findall(r"^ *(\w+)-(\w+) : pnp ", guest.sh("cat /proc/iomem"), re.MULTILINE)]


def counts(guest):
    """Pages by line of the summary, and its other lines by their first word."""
    summary = guest.sh(f"cat {SUMMARY}", timeout=300)
    pages = {name: int(number) for name, number in
             re.findall(r"^(\S+): pages (\d+) bytes \d+$", summary, re.MULTILINE)}
    return pages, dict(re.findall(r"^(\S+): (.*)$", summary, re.MULTILINE))


def check_claimed(context, cmdline, ranges, **machine):
    """Crash a machine whose firmware claims the ranges; compare what is in them."""
    with context.boot(cmdline, devices=with_claims(context, ranges), **machine) as guest:
        kallsyms = insert_module(guest)
        load(guest, "kexec_file_load")
        patterns = Patterns(guest, seed=8)
        guest.crash(f"echo panic >{MODULE}/trigger")
        claimed = pnp_claims(guest)
        for start, size in ranges:
            check((start, start + size - 1) in claimed,
                  f"the capture kernel does not claim {start:#x}: {claimed}")
        dump = open_dump(guest, kallsyms)
        patterns.check(dump.core)
        for start, size in ranges:
            for address in {start, start + size // 2 // PIECE * PIECE, start + size - PIECE}:
                wanted = guest.physical_memory(address, PIECE)
                compare(dump.core, address, wanted, "claimed RAM")
        found = counts(guest)[0]
        check(not found["not-read"] and found["kernel"], f"the summary says {found}")


@test
def firmware_claims_dma_zone(context):
    """A PNP0C02 device of ACPI claims 1 to 16 MiB, which is RAM: it is in the dump."""
    check_claimed(context, "crashkernel=64M", [(MIB, 15 * MIB)])


@test
def firmware_claims_low_ram(context):
    """A PNP0C02 device claims all RAM below 4 GiB, but for the end, where ACPI's tables are, and
    the capture kernel lies above: all of it, the crashed kernel included, is in the dump."""
    check_claimed(context, "nokaslr crashkernel=160M,high crashkernel=0,low",
                  [(MIB, 15 * MIB), (16 * MIB, GIB - 20 * MIB)], memory="2G", below_4g="1G")


@test
def vetoed_pages_are_told(context):
    """Pages that a driver vetoes read as zeros, and are counted as not read: on the console at the
    first open, and in the summary, not among the pages that are kept."""
    with context.boot("crashkernel=64M") as guest:
        insert_module(guest)
        load(guest)
        start, size = Patterns(guest, seed=9).ranges[2]
        guest.crash("echo c >/proc/sysrq-trigger")
        guest.sh("insmod /lib/kdump_test.ko")
        before, words = counts(guest)
        check(not before["not-read"] and words["kernel-pages"] == "found", f"{before} {words}")
        guest.sh(f"echo {start:x} {start + size:x} >{MODULE}/veto")
        core = open_dump(guest).core
        check(not any(core.physical(start, size)), "vetoed memory is read")
        lines = re.findall(r"vmcore: .*not read.*", guest.sh("dmesg"))
        check(len(lines) == 1 and f"{size} bytes" in lines[0] and "vetoed" in lines[0],
              f"the console says {lines}")
        guest.sh("dd if=/proc/vmcore of=/dev/null bs=4096 count=1")
        check(len(re.findall(r"vmcore: .*not read.*", guest.sh("dmesg"))) == 1, "told twice")
        after, _ = counts(guest)
        check(after["not-read-veto"] == after["not-read"] == size // 4096, f"{after}")
        check(after["kept"] + after["left-out"] + after["not-read"]
              == before["kept"] + before["left-out"], f"{before} {after}")


@test
def dump_without_a_kernel_is_told(context):
    """If the struct pages of the crashed kernel cannot be read, no page of it is found: the console
    warns at the first open, and the summary says so."""
    with context.boot("crashkernel=64M") as guest:
        load(guest)
        guest.crash("echo c >/proc/sysrq-trigger")
        guest.sh("insmod /lib/kdump_test.ko")
        guest.sh(f"echo 0 {1 << 40:x} >{MODULE}/veto")
        guest.sh("head -c 4096 /proc/vmcore-kern >/dev/null")
        warned = [line for line in guest.sh("dmesg").splitlines() if "no kernel page" in line]
        check(len(warned) == 1, f"the console says {warned}")
        pages, words = counts(guest)
        check(words["kernel-pages"] == "none" and not pages["kernel"] and not pages["kept"],
              f"{pages} {words}")
