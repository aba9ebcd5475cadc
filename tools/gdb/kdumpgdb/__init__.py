# SPDX-License-Identifier: GPL-2.0
"""Commands for gdb that know the kernel: see "help kdump"."""
