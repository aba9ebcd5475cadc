# SPDX-License-Identifier: GPL-2.0
"""Guests of other architectures than x86_64: a class with the settings of each."""
import dataclasses
import pathlib
import re
import subprocess

from . import initramfs, paths
from .guest import Machine
from .suite import Failure

BUILD = paths.ROOT / "build"
LINUX = BUILD / "linux"


@dataclasses.dataclass
class Foreign(Machine):
    """What to boot. The programs in it are Debian's for that architecture."""

    # The kernel, below build/linux; Debian's suite, below build; the least address of the
    # kernel; where the program counter is in NT_PRSTATUS, as struct.unpack_from() wants it.
    IMAGE = SUITE = ""
    KERNEL_SPACE = 0
    COUNTER = ("<Q", 0)
    LOADER = "kexec_load"

    @classmethod
    def write_initrd(cls, path, image):
        """For a kernel that loads another one, image."""
        root = BUILD / cls.SUITE
        both = initramfs.base(busybox=find(root, "bin/busybox")).bytes()
        first = initramfs.Archive()
        for source, name in with_libraries(root, "sbin/kexec"):
            first.copy(source, name)
        first.copy(LINUX / image, "/boot/image")
        first.file("/boot/initrd", both)
        path.write_bytes(both + first.bytes())
        return path

    @classmethod
    def of(cls, workdir, cmdline, image=None, **options):
        """The machine of a test, whose initrd is in the test's folder. image is what it can load
        as capture kernel, below build/linux."""
        require(LINUX / cls.IMAGE)
        initrd = cls.write_initrd(workdir / "initrd", image or cls.IMAGE)
        return cls(kernel=LINUX / cls.IMAGE, initrd=initrd, cmdline=cmdline, **options)


def require(file):
    """No guest can be without it: that is a failure, and no reason to skip the test."""
    if not file.exists():
        raise Failure(f"no {file}: make powerpc, arm64 or i386 makes or fetches it")


def find(root, name):
    """A file of a suite, of which older ones have no merged /usr."""
    for folder in (root / "usr", root):
        for path in folder.glob(name):
            return path
    raise Failure(f"no {name} below {root}: the Makefile has the line that fetches it")


def with_libraries(root, program):
    """A program and its libraries as (source, name). Its loader does not run here."""
    found, wanted = [(find(root, program), f"/{program}")], [find(root, program)]
    while wanted:
        headers = subprocess.run(["readelf", "-d", "-l", wanted.pop()], capture_output=True,
                                 text=True, check=True).stdout
        for name in re.findall(r"interpreter: (/\S+)\]", headers):
            found.append((find(root, f"lib*/**/{pathlib.PurePath(name).name}"), name))
        for library in re.findall(r"\(NEEDED\).*\[(.*)\]", headers):
            source = find(root, f"lib/*-linux-gnu*/{library}")
            entry = source, f"/lib/{source.parent.name}/{library}"
            if entry not in found:
                found.append(entry)
                wanted.append(source)
    return found


@dataclasses.dataclass
class Arm64(Foreign):
    """QEMU's virt machine, with a device tree."""
    model: str = "cortex-a57"

    IMAGE = "arm64/arch/arm64/boot/Image"
    SUITE = "sid-arm64"
    KERNEL_SPACE = 0xffff << 48
    COUNTER = ("<Q", 112 + 32 * 8)
    LOADER = "kexec_file_load"      # before kexec_load, purgatory sums up with caches off

    def kernel_options(self):
        return "console=ttyAMA0 panic=-1"

    def arguments(self):
        yield from ("qemu-system-aarch64", "-machine", "virt,gic-version=3",
                    "-no-reboot", *self.common())


@dataclasses.dataclass
class I386(Foreign):
    """A PC of the age, with PAE."""
    model: str = "pentium3"

    IMAGE = "i386/arch/x86/boot/bzImage"
    SUITE = "bookworm-i386"
    KERNEL_SPACE = 0xc0000000
    COUNTER = ("<I", 72 + 12 * 4)

    def arguments(self):
        yield from ("qemu-system-i386", "-machine", f"q35,max-ram-below-4g={self.below_4g}",
                    "-no-reboot", *self.common())
