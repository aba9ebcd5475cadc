# SPDX-License-Identifier: GPL-2.0
"""For gdb's "source" command: adds the commands of kdumpgdb."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from kdumpgdb import commands       # noqa: E402

commands.register()
