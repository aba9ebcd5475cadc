# SPDX-License-Identifier: GPL-2.0
"""Work for the first kernel, which leaves it with pages of every class."""
import re

from . import paths
from .suite import check

SCRIPT = paths.HERE / "guest" / "workload"


def run(guest, mib=8):
    """Do the work, about mib MiB of each kind; return /proc/meminfo as {name: KiB}."""
    meminfo = guest.sh(f"set -- {mib}\n{SCRIPT.read_text()}", timeout=600)
    return {name: int(value)
            for name, value in re.findall(r"^(\S+): +(\d+)", meminfo, re.MULTILINE)}


def check_kinds(meminfo, names):
    """The work has left memory of each kind that /proc/meminfo names."""
    missing = [name for name in names if not meminfo.get(name)]
    check(not missing, f"no memory counted as {', '.join(missing)}: {meminfo}")
