# SPDX-License-Identifier: GPL-2.0
"""Debian's own kernels, crashed with ours as the capture kernel.

scripts/debian-kernels has fetched them. Little is built into them, so the agent
talks through a serial port, and the file system that gives them page cache is in
a file in memory.
"""
from . import artifacts, initramfs, paths
from .guest import Machine, booted
from .suite import Skip

FOLDER = paths.ROOT / "build" / "debian"
NAMES = ("6.1", "6.12", "newest")
# These are fetched with --full only.
MORE_NAMES = ("5.10", "backports")


def boot(name, workdir, cmdline="crashkernel=96M", **machine):
    """A guest that runs a Debian kernel, and has our image to load."""
    folder = FOLDER / name
    if not folder.is_dir():
        raise Skip(f"no Debian kernel {name}: scripts/debian-kernels --full fetches it")
    initrd = initramfs.write(workdir / "initrd", paths.bzimage(), [(artifacts.PROBE, "/bin/probe")],
                             [(module, f"/lib/{module.name}")
                              for module in sorted((folder / "modules").iterdir())])
    machine = Machine(kernel=folder / "vmlinuz", initrd=initrd, cmdline=cmdline, agent="serial",
                      **machine)
    return booted(machine, workdir, timeout=300)
