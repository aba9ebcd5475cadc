# SPDX-License-Identifier: GPL-2.0
"""Programs of other suites of Debian, which scripts/debian-programs fetches."""
import pathlib
import re
import subprocess

from . import paths
from .suite import Skip


def folder(suite):
    root = paths.ROOT / "build" / suite / "usr"
    if not root.is_dir():
        raise Skip(f"no {root}: scripts/debian-programs fetches it")
    return root


def files(suite, program, name):
    """A program and its libraries as (source, name), as a guest has them that runs that suite."""
    root = folder(suite)
    loader = root / "lib64" / "ld-linux-x86-64.so.2"
    listing = subprocess.run([loader, "--library-path", root / "lib" / "x86_64-linux-gnu",
                              "--list", root / program], capture_output=True, text=True,
                             check=True).stdout
    return [(root / program, name), (loader, "/lib64/ld-linux-x86-64.so.2"),
            *((pathlib.Path(path), f"/lib/x86_64-linux-gnu/{library}")
              for library, path in re.findall(r"^\s*(\S+) => (/\S+)", listing, re.MULTILINE)
              if "/ld-linux" not in library)]


def content(found):
    """The same as (name, content, mode)."""
    return [(name, source.read_bytes(), 0o755) for source, name in found]
