# SPDX-License-Identifier: GPL-2.0
"""Names for addresses: the kernel's from vmlinux, moved by KASLR, and a module's."""
import bisect
import functools
import subprocess


@functools.cache
def vmlinux_symbols(vmlinux):
    """All symbols of a vmlinux as (address, name), sorted."""
    listing = subprocess.run(["nm", "-n", vmlinux], capture_output=True, text=True,
                             check=True).stdout
    rows = (line.split() for line in listing.splitlines())
    return [(int(row[0], 16), row[2]) for row in rows if len(row) == 3]


class Symbols:
    """Symbols as they were in one boot.

    kallsyms is the part of /proc/kallsyms that belongs to modules.
    """

    def __init__(self, vmlinux, kaslr_offset, kallsyms=""):
        module = [(int(row[0], 16), row[2]) for row in map(str.split, kallsyms.splitlines())]
        self._sorted = sorted([(address + kaslr_offset, name)
                               for address, name in vmlinux_symbols(vmlinux)]
                              + module)
        self._addresses = {name: address for address, name in self._sorted}
        self._module = {name for _, name in module}

    def address(self, name):
        return self._addresses[name]

    def name(self, address):
        """The function or object that an address lies in, or None."""
        at = bisect.bisect_right(self._sorted, (address, "\xff")) - 1
        return self._sorted[at][1] if at >= 0 and address >> 63 else None

    def is_text(self, address):
        """Whether an address lies in the code of the kernel or of the module."""
        return (self.address("_stext") <= address < self.address("_etext")
                or self.name(address) in self._module)
