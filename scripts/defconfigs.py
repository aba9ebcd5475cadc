# SPDX-License-Identifier: GPL-2.0
"""What the defconfigs of the kernel's architectures have of crash dumps.

No cross compiler is needed for that: where Kconfig asks what the compiler can do, the answer
is yes, for both of the trees that are compared.
"""
import os
import re
import subprocess

import overlay

SCRIPTS = overlay.REPO / "scripts"
# By architecture as the kernel's make calls it: files below arch/.
DEFCONFIGS = {
    "x86_64": ("x86/configs/x86_64_defconfig",),
    "i386": ("x86/configs/i386_defconfig",),
    "arm64": ("arm64/configs/defconfig",),
    # What ppc64le_defconfig is made of.
    "powerpc": ("powerpc/configs/ppc64_defconfig", "powerpc/configs/le.config"),
    "s390": ("s390/configs/defconfig",),
    "riscv": ("riscv/configs/defconfig",),
    "arm": ("arm/configs/multi_v7_defconfig",),
    "loongarch": ("loongarch/configs/loongson3_defconfig",),
    "mips": ("mips/configs/loongson3_defconfig",),
}
# Not every defconfig has it, and without it Kconfig offers no crash dumps.
ADDED = "CONFIG_KEXEC=y\n"
# The symbols that matter; beside these, what our Kconfig files define is new.
RELATED = re.compile(r"CONFIG_\w*(?:CRASH|VMCORE|KEXEC|FA_DUMP|KDUMP)\w*")
LINE = re.compile(r"(?:# )?(CONFIG_\w+)(?:=(.*)| is not set)")
DEFINED = re.compile(r"^config (\w+)", re.MULTILINE)


def read_related(path):
    """Return {symbol: value} of the related lines of a .config; "n" is what is not set."""
    matches = (LINE.fullmatch(line) for line in path.read_text().splitlines())
    return {match[1]: match[2] or "n" for match in matches if match and RELATED.fullmatch(match[1])}


def configure(tree, output, arch):
    """Make the defconfig of an architecture from the Kconfig files of tree; return what is
    related, or the text of an error. The tree is only read."""
    output.mkdir(parents=True, exist_ok=True)
    texts = [(tree / "arch" / name).read_text() for name in DEFCONFIGS[arch]]
    (output / ".config").write_text("".join(texts) + ADDED)
    done = subprocess.run([SCRIPTS / "kbuild", tree, output, arch, "CROSS_COMPILE=",
                           f"CC={SCRIPTS / 'cc-takes-all'}", "olddefconfig"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, env={**os.environ, "MAKEFLAGS": ""})
    return done.stdout if done.returncode else read_related(output / ".config")


def new_symbols(pristine):
    """Return the symbols that our Kconfig files define and the stock ones do not."""
    ours = {name for to, path in overlay.our_files().items() if to.name.startswith("Kconfig")
            for name in DEFINED.findall(path.read_text())}
    stock = {name for folder in ("kernel", "fs/proc")
             for path in (pristine / folder).glob("Kconfig*")
             for name in DEFINED.findall(path.read_text())}
    return {f"CONFIG_{name}" for name in ours - stock}


def compare(pristine, tree, output):
    """Return a line for each related symbol that a defconfig gives another value in tree."""
    lines, new = [], new_symbols(pristine)
    for arch in DEFCONFIGS:
        stock = configure(pristine, output / "stock", arch)
        ours = configure(tree, output / "ours", arch)
        for result in (stock, ours):
            if isinstance(result, str):
                return lines + [f"{arch}: {result}"]
        if stock.get("CONFIG_CRASH_DUMP") != "y":
            lines.append(f"{arch}: the stock kernel has no CRASH_DUMP, so nothing is compared")
        lines += [f"{arch}: {name} is {ours.get(name)}, and {stock.get(name)} in the stock kernel"
                  for name in sorted((stock.keys() | ours.keys()) - new)
                  if stock.get(name) != ours.get(name)]
    return lines
