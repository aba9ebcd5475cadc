# SPDX-License-Identifier: GPL-2.0
"""The kdump command in a guest, as make install puts it there, and disks for it.

The root file system is the initramfs of the other tests with these files on top.
What a crash leaves is on disks, which the host makes and a second boot looks at.
"""
import contextlib
import functools
import shutil
import subprocess
import threading

from . import initramfs, paths, servers
from .artifacts import PROBE
from .suite import Failure, check

STAGED = paths.WORK / "kdump-root"
SMALL, PACKAGE = "x86_64", "package"       # kernels, as scripts/install-kdump calls them
MIB = 1 << 20
_lock = threading.Lock()


@functools.cache
def _install(kernel):
    staged = STAGED / kernel
    subprocess.run([paths.ROOT / "scripts" / "install-kdump", staged, kernel], check=True)
    return staged


def run(*command):
    """Run a program of the host, which must succeed."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    check(not done.returncode, f"{command[0]} failed: {done.stdout}")
    return done.stdout


def archives(files=(), programs=(), kernel=SMALL):
    """What a guest with kdump is made of: files are (name, content, mode)."""
    with _lock:
        staged = _install(kernel)
    archive = initramfs.Archive()
    # The first of a name counts, and libraries of another system are newer.
    for name, content, mode in files:
        archive.file(name, content.encode() if isinstance(content, str) else content, mode)
    archive.program(initramfs.kexec())
    archive.program(servers.program("flock"))   # which Debian's busybox lacks
    for program in programs:
        archive.program(program)
    for source in sorted(staged.rglob("*")):
        name = "/" + str(source.relative_to(staged))
        if source.is_symlink():
            archive.symlink(name, str(source.readlink()))
        elif source.is_file():
            archive.copy(source, name)
        else:
            archive.directory(name)
    return initramfs.base([(PROBE, "/bin/probe")]).bytes(), archive.bytes()


def root_disk(path, parts, size=600):
    """Make a disk with these archives as its root file system."""
    folder = path.with_suffix(".root")
    folder.mkdir()
    for part in parts:
        # Who is not root cannot make /dev/console; the kernel can.
        subprocess.run(["cpio", "-idmu", "--quiet"], cwd=folder, input=part, check=False,
                       stderr=subprocess.DEVNULL)
    disk(path, size, "mkfs.ext4", "-q", "-d", folder)
    shutil.rmtree(folder)
    return path


def disk(path, size, *maker):
    """Make a disk of that many MiB; maker is the program for a file system, with options."""
    with open(path, "wb") as file:
        file.truncate(size * MIB)
    if maker:
        run(*maker, path)
    return path


def drive(path, name="dump", bus=""):
    """QEMU's arguments for a virtio disk; its serial is its name."""
    return ("-drive", f"file={path},format=raw,if=none,id={name}-drive,cache=unsafe",
            "-device", f"virtio-blk-pci,drive={name}-drive,id={name},serial={name}{bus}")


# The modules of the small kernel for QEMU's devices, which udev would load.
DRIVERS = {"ide-hd": "ahci", "nvme": "nvme"}


class Crash:
    """A machine with kdump: armed, crashed, and looked at after the reboot."""

    def __init__(self, context, config, devices=(), default="", files=(), programs=(),
                 cmdline="crashkernel=64M", on_disk=False, machine=None, kernel=SMALL):
        if config.startswith("raw "):
            programs = [*programs, servers.program("blkid")]
        files = [*files, ("/etc/kdump.conf", config, 0o644), ("/etc/default/kdump", default, 0o644)]
        self.context = context
        self.devices = tuple(devices)
        self.cmdline = cmdline
        self.machine = machine or {}
        self.initrd = context.workdir / "initrd"
        parts = archives(files, programs, kernel)
        if on_disk:
            root = root_disk(context.workdir / "root", parts)
            self.devices = (*drive(root, "root"), *self.devices)
            self.cmdline += " root=/dev/vda rw init=/init"
            parts = [initramfs.Archive().bytes()]
        self.initrd.write_bytes(b"".join(parts))

    @contextlib.contextmanager
    def boot(self):
        with self.context.boot(self.cmdline, initrd=self.initrd, devices=self.devices,
                               **self.machine) as guest:
            for name, module in DRIVERS.items():
                if any(str(device).startswith(name) for device in self.devices):
                    load_module(guest, module)
            yield guest

    def arm_and_crash(self, prepare="", trigger="echo c >/proc/sysrq-trigger", timeout=240):
        """kdump start, a crash, and the reset that ends it; returns what was on the console."""
        with self.boot() as guest:
            guest.sh("hostname guest")
            if prepare:
                guest.sh(prepare)
            guest.sh("kdump start", timeout=240)
            guest.ends_after(trigger, timeout=timeout)
            return guest.console()


def record(text):
    """The fields of a status record."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def folder(guest, below):
    """The one folder of a crash below a path in the guest."""
    found = guest.sh(f"ls -d {below}/guest-*").split()
    check(len(found) == 1, f"not one folder but {found}")
    return found[0]


def wait_end(guest, timeout):
    """Wait until the machine has reset itself."""
    try:
        guest.process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise Failure(f"the machine did not reset in {timeout} s") from None


def load_module(guest, name):
    """Load a module of the capture kernel's, which this kernel is one like."""
    folder = "/usr/lib/kdump/kernel/modules"
    pattern = name.replace("_", "[_-]")
    path, needs = guest.sh(f"grep '/{pattern}.ko:' {folder}/modules.dep").split(":")
    for module in [*reversed(needs.split()), path]:
        guest.sh(f"grep -q '^{module_name(module)} ' /proc/modules || insmod {folder}/{module}")


def module_name(path):
    """What the kernel calls the module in a file."""
    return path.rpartition("/")[2].removesuffix(".ko").replace("-", "_")
