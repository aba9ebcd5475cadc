# SPDX-License-Identifier: GPL-2.0
"""Dumps of the kernel's pages with hardly any memory set aside."""
import functools

from harness import suite
from harness.guest import untouched_memory
from harness.kdump import footprint, load
from harness.suite import check

from .readers import in_trixie, run

MIB, GIB = 1 << 20, 1 << 30
KERN = "/proc/vmcore-kern"
# How much is set aside for a machine of that size.
RESERVATIONS = {2 * GIB: 32 * MIB, 128 * GIB: 64 * MIB}
# Says, at the end or where it fails, what memory is in use.
SAVE = f"""
trap 'cat /proc/meminfo' EXIT
mount -t 9p -o trans=virtio,msize=65536 share /mnt &&
probe sparse {KERN} /mnt/vmcore &&
umount /mnt
"""
MOST = MIB


def check_footprint(guest):
    """The file of the kernel's pages takes at most 1 MiB more than the other, whatever the size
    of the machine."""
    whole, kern = footprint(guest, "/proc/vmcore"), footprint(guest, KERN)
    check(kern - whole <= MOST, f"{KERN} takes {kern} bytes, /proc/vmcore {whole}")


def saved(context, memory, reserved):
    """Crash, save the kernel's pages, and find in them how it ended."""
    with context.boot(f"crashkernel={reserved // MIB}M", memory=str(memory // MIB),
                      below_4g="2G", devices=untouched_memory(memory),
                      share=context.workdir) as guest:
        load(guest)
        guest.crash("echo c >/proc/sysrq-trigger")
        check_footprint(guest)
        meminfo = guest.sh(SAVE, timeout=300)
        console = guest.console()
        check("Out of memory" not in console and "page allocation failure" not in console,
              f"memory ran out in the capture kernel:\n{meminfo}")
    vmcore, log = context.workdir / "vmcore", context.workdir / "log"
    check(vmcore.stat().st_size > memory - reserved - 64 * MIB,
          f"{vmcore.stat().st_size} bytes are not all of memory")
    run(*in_trixie("makedumpfile"), "--dump-dmesg", "--message-level", "4", vmcore, log)
    vmcore.unlink()
    check("sysrq triggered crash" in log.read_text(errors="replace"), "no panic in the log")


for _memory, _reserved in RESERVATIONS.items():
    suite.add(f"small.{_memory // GIB}G-{_reserved // MIB}M",
              functools.partial(saved, memory=_memory, reserved=_reserved),
              f"""Of a machine with {_memory // GIB} GiB of memory the kernel's pages are saved
                  with crashkernel={_reserved // MIB}M.""")
