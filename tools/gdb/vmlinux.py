# SPDX-License-Identifier: GPL-2.0
"""Finds the file with debug information of the kernel that crashed, by its build id."""
import bz2
import collections
import gzip
import hashlib
import lzma
import os
import pathlib
import shutil
import struct
import subprocess

NT_GNU_BUILD_ID = 3
SHT_NOTE = 7
MAX_SECTIONS = 1 << 17
Section = collections.namedtuple("Section", "name type flags offset size header")

# {release} and {id} are filled in; {debug} is each directory for debug information.
PLACES = ("{debug}/.build-id/{id2}/{id38}.debug",
          "{debug}/lib/modules/{release}/vmlinux",
          "{debug}/usr/lib/modules/{release}/vmlinux",
          "{debug}/boot/vmlinux-{release}",
          "{debug}/vmlinux-{release}",
          "{debug}/{release}/vmlinux",
          "{debug}/vmlinux",
          "/boot/vmlinux-{release}",
          "/lib/modules/{release}/vmlinux",
          "/lib/modules/{release}/build/vmlinux",
          "/usr/lib/debug/usr/src/kernels/{release}/vmlinux",
          "/usr/src/linux-{release}/vmlinux")
SUFFIXES = ("", ".debug", ".gz", ".xz", ".zst", ".bz2")
DEBUG_DIRECTORIES = ("/usr/lib/debug",)
OPENERS = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


def sections(path):
    """The sections of an ELF file, by name."""
    with open(path, "rb") as stream:
        header = stream.read(64)
        if len(header) < 64 or header[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: not a 64-bit ELF file")
        shoff, = struct.unpack_from("<Q", header, 40)
        shentsize, shnum, shstrndx = struct.unpack_from("<HHH", header, 58)
        size = os.fstat(stream.fileno()).st_size
        if shentsize != 64 or not 0 < shnum < MAX_SECTIONS or shstrndx >= shnum or shoff > size:
            raise ValueError(f"{path}: no sections")
        stream.seek(shoff)
        rows = [struct.unpack("<IIQQQQIIQQ", row) for row in
                (stream.read(64) for _ in range(shnum)) if len(row) == 64]
        if len(rows) < shnum:
            raise ValueError(f"{path}: it ends within its section headers")
        stream.seek(min(rows[shstrndx][4], size))
        names = stream.read(min(rows[shstrndx][5], size))
    found = {}
    for index, row in enumerate(rows):
        name = names[row[0]:names.find(b"\0", row[0])].decode(errors="replace")
        found[name] = Section(name, row[1], row[2], min(row[4], size), row[5], shoff + 64 * index)
    return found


def parse_build_id(data):
    """The build id in a section of notes, in hex; None if it has none."""
    at = 0
    while at + 12 <= len(data):
        namesz, descsz, kind = struct.unpack_from("<3I", data, at)
        name = data[at + 12:at + 12 + namesz].rstrip(b"\0")
        at += 12 + (namesz + 3 & ~3)
        if kind == NT_GNU_BUILD_ID and name == b"GNU":
            return data[at:at + descsz].hex()
        at += descsz + 3 & ~3
    return None


def build_id(path):
    """The build id of an ELF file, or None."""
    with open(path, "rb") as stream:
        for section in sections(path).values():
            if section.type == SHT_NOTE and section.size < 1 << 20:
                stream.seek(section.offset)
                if found := parse_build_id(stream.read(section.size)):
                    return found
    return None


def has_debug_info(path):
    return ".debug_info" in sections(path)


def _cache():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "gdb-kdump"


def uncompressed(path):
    """The path of an uncompressed copy, kept in the user's cache; or path itself."""
    path = pathlib.Path(path)
    if path.suffix not in SUFFIXES[2:]:
        return path
    status = path.stat()
    key = f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
    target = _cache() / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}-{path.stem}"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}")
    try:
        with open(partial, "wb") as out:
            if path.suffix == ".zst":
                subprocess.run(["zstd", "-dcq", "--", path], stdout=out, check=True)
            else:
                with OPENERS[path.suffix](path) as stream:
                    shutil.copyfileobj(stream, out, 1 << 20)
        partial.rename(target)
    except FileNotFoundError:
        raise ValueError(f"{path}: to uncompress it install zstd") from None
    except (subprocess.CalledProcessError, EOFError, lzma.LZMAError, OSError) as error:
        raise ValueError(f"{path} cannot be uncompressed: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
    return target


def candidates(wanted, release, directories):
    """Yield the files that may be it, those named by the build id first."""
    names = {"id2": wanted[:2], "id38": wanted[2:], "release": release}
    for place in PLACES:
        if "{id" in place and not wanted:
            continue
        for directory in directories if "{debug}" in place else ("",):
            for suffix in SUFFIXES:
                path = pathlib.Path(place.format(debug=directory, **names) + suffix)
                if path.is_file():
                    yield path


def find(info, directories=()):
    """The vmlinux for a dump's VMCOREINFO; ValueError says where it was looked for."""
    wanted, release = info.get("BUILD-ID", ""), info.get("OSRELEASE", "")
    if "/" in release or release in ("", ".", ".."):
        release = "unknown"
    directories = [*map(str, directories), *DEBUG_DIRECTORIES, os.getcwd()]
    tried = []
    for path in candidates(wanted, release, directories):
        try:
            path = uncompressed(path)
            found = build_id(path)
            if wanted and found != wanted:
                tried.append(f"{path}: is of another build, {found}")
            elif not has_debug_info(path):
                tried.append(f"{path}: has no debug information")
            else:
                return path
        except (ValueError, OSError) as error:
            tried.append(str(error))
    raise ValueError("\n  ".join([
        f"no vmlinux with debug information for {release}"
        + (f", build id {wanted}" if wanted else "")
        + f", under {', '.join(directories)}, /boot, /lib/modules", *tried]))
