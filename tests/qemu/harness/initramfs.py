# SPDX-License-Identifier: GPL-2.0
"""Initial RAM file systems, written as newc cpio archives.

The base archive holds busybox and the agent (guest/init), and serves in both
kernels. What only the first kernel needs (kexec, the image to load, the base
archive itself) is appended to it as a second archive: the kernel unpacks both.
"""
import pathlib
import re
import shutil
import stat
import subprocess

from . import paths

BUSYBOX = pathlib.Path("/bin/busybox")


class Archive:
    """A cpio archive in memory. Names are absolute; parents are made as needed."""

    def __init__(self):
        self._data = bytearray()
        self._names = set()

    def _entry(self, name, mode, content=b"", device=(0, 0)):
        name = name.strip("/")
        if name in self._names:
            return
        self._names.add(name)
        encoded = name.encode() + b"\0"
        fields = (len(self._names), mode, 0, 0, 1, 0, len(content), 0, 0,
                  *device, len(encoded), 0)
        self._data += b"070701" + b"".join(b"%08x" % field for field in fields)
        self._data += encoded
        self._pad()
        self._data += content
        self._pad()

    def _pad(self):
        self._data += bytes(-len(self._data) % 4)

    def directory(self, name):
        parent = pathlib.PurePosixPath(name).parent
        if str(parent) not in ("/", "."):
            self.directory(str(parent))
        self._entry(name, stat.S_IFDIR | 0o755)

    def file(self, name, content, mode=0o644):
        self.directory(str(pathlib.PurePosixPath(name).parent))
        self._entry(name, stat.S_IFREG | mode, content)

    def copy(self, source, name=None):
        source = pathlib.Path(source)
        self.file(name or str(source), source.read_bytes(), stat.S_IMODE(source.stat().st_mode))

    def symlink(self, name, target):
        self.directory(str(pathlib.PurePosixPath(name).parent))
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name, major, minor):
        self.directory(str(pathlib.PurePosixPath(name).parent))
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def program(self, source):
        """A dynamic program at its own place, with the libraries that it names."""
        self.copy(source)
        listing = subprocess.run(["ldd", source], capture_output=True, text=True, check=True)
        for library in re.findall(r"(/\S+) \(0x", listing.stdout):
            self.copy(library)

    def bytes(self):
        """The finished archive, padded so that another one can follow."""
        end = Archive()
        end._entry("TRAILER!!!", 0)
        data = self._data + end._data
        return bytes(data + bytes(-len(data) % 512))


def base(extra=(), busybox=BUSYBOX):
    """What both kernels run: busybox, the agent and extra files."""
    archive = Archive()
    for name in ("/proc", "/sys", "/dev", "/tmp", "/run", "/mnt"):
        archive.directory(name)
    archive.character_device("/dev/console", 5, 1)
    archive.copy(paths.HERE / "guest" / "init", "/init")
    archive.copy(paths.HERE / "guest" / "agent", "/agent")
    archive.copy(busybox, "/bin/busybox")
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
    for applet in applets.stdout.split():
        archive.symlink(f"/bin/{applet}", "busybox")
    for source, name in extra:
        archive.copy(source, name)
    return archive


def write(path, image, extra=(), first=(), pack=bytes):
    """Write the archives for a first kernel that can load image as capture kernel.

    extra is a sequence of (source path, name in the guest), for both kernels; first
    is one for the first kernel alone. pack is done to the archive that is loaded with
    image: it can compress it.
    """
    capture = base(extra).bytes()
    archive = Archive()
    archive.program(kexec())
    archive.copy(image, "/boot/image")
    archive.file("/boot/initrd", pack(capture))
    for source, name in first:
        archive.copy(source, name)
    path.write_bytes(capture + archive.bytes())
    return path


def kexec():
    """The machine's kexec, or None."""
    found = shutil.which("kexec", path="/usr/sbin:/sbin:/usr/bin:/bin")
    return found and pathlib.Path(found)
