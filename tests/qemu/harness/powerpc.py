# SPDX-License-Identifier: GPL-2.0
"""A pseries guest: its settings, and its memory as a file of the host."""
import dataclasses
import pathlib

from .platforms import BUILD, Foreign, require

QEMU = BUILD / "trixie-backports" / "usr"
MIB = 1 << 20


@dataclasses.dataclass
class Pseries(Foreign):
    """What to boot; without SLOF, which takes twice the time. A reset starts the same
    kernel again: that is what firmware does after a crash."""
    model: str = "power10"
    slof: bool = False
    resets: bool = False            # after a panic without a dump, else QEMU ends
    ram_file: pathlib.Path = None

    IMAGE = "powerpc/vmlinux"
    SUITE = "sid-ppc64el"

    def kernel_options(self):
        return "console=hvc0 panic=-1 agent=hvc"

    def agent_arguments(self):
        return "-serial", "chardev:agent"

    def arguments(self):
        yield from (QEMU / "lib64" / "ld-linux-x86-64.so.2",
                    "--library-path", QEMU / "lib" / "x86_64-linux-gnu",
                    QEMU / "bin" / "qemu-system-ppc64", "-L", QEMU / "share" / "qemu",
                    "-action", f"panic={'none' if self.resets else 'shutdown'}",
                    "-object", f"memory-backend-file,id=ram,size={self.memory},share=on,"
                    f"mem-path={self.ram_file}",
                    "-machine", f"pseries,x-vof={'off' if self.slof else 'on'},"
                    "memory-backend=ram", *self.common())


def machine(workdir, cmdline="", **options):
    """The machine of a test; its memory is in the test's folder, too."""
    require(QEMU / "bin" / "qemu-system-ppc64")
    return Pseries.of(workdir, cmdline, ram_file=workdir / "ram", **options)
