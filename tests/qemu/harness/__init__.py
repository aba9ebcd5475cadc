# SPDX-License-Identifier: GPL-2.0
"""Boots, crashes and questions QEMU guests."""
import sys

from . import paths

sys.path.append(str(paths.ROOT / "tools" / "gdb"))   # for elfcore, which ships there
sys.path.append(str(paths.ROOT / "tools" / "vmcore-save" / "tests"))     # for kdumpreader
