# SPDX-License-Identifier: GPL-2.0
"""Machines other than the small one that the rest is tested on."""
from harness.guest import ROOMY
from harness.kdump import (MODULE, Patterns, check_edges, check_on_stack, insert_module, load,
                           on_cpu, open_dump, ram_ranges)
from harness.suite import check, test

MIB, GIB = 1 << 20, 1 << 30


def crash_on(context, cmdline, **machine):
    """Crash the last of two CPUs of a machine, and look at everything; return the dump."""
    with context.boot(cmdline, **machine) as guest:
        kallsyms = insert_module(guest)
        load(guest, "kexec_file_load")
        ram = ram_ranges(guest.sh("cat /proc/iomem"))
        patterns = Patterns(guest, seed=4)
        guest.crash(on_cpu(1, f"echo panic >{MODULE}/trigger"))
        dump = open_dump(guest, kallsyms)
        check_on_stack(dump, dump.threads[1], 1, "kdump_test_panic")
        patterns.check(dump.core)
        check_edges(guest, dump.core, ram)
        return ram, patterns, dump.info


@test
def more_than_4_gib(context):
    """A machine with memory below and above 4 GiB in the usual places."""
    ram, patterns, _ = crash_on(context, "crashkernel=128M", memory="6G", below_4g="2G")
    check(ram[-1][1] == 4 * GIB + 4 * GIB, f"RAM ends at {ram[-1][1]:#x}")
    check(any(start >= 4 * GIB for start, _ in patterns.ranges), "no pattern above 4 GiB")
    check(any(MIB <= start < 4 * GIB for start, _ in patterns.ranges), "no pattern below it")


@test
def five_level_paging(context):
    """A CPU with five levels of page tables."""
    _, _, info = crash_on(context, "crashkernel=96M", model="max", **ROOMY)
    check(info["NUMBER(pgtable_l5_enabled)"] == "1", "the kernel uses four levels")
