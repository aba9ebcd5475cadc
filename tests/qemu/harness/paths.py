# SPDX-License-Identifier: GPL-2.0
"""Where things are in the repository and in build/."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "tests" / "qemu"
OBJECTS = ROOT / "build" / "x86_64"
VMLINUX = OBJECTS / "vmlinux"
STOCK_OBJECTS = ROOT / "build" / "linux-stock" / "x86_64"
DEMO = ROOT / "build" / "run"
WORK = ROOT / "build" / "test" / "qemu"


def bzimage(objects=OBJECTS):
    """The image to boot: where make puts it, or where the kernel's own build does."""
    for path in (objects / "bzImage", objects / "arch" / "x86" / "boot" / "bzImage"):
        if path.is_file():
            return path
    raise SystemExit(f"no bzImage under {objects}: run make kernel")
