# SPDX-License-Identifier: GPL-2.0
"""The initramfs: which programs are in it, and where."""
from machine import Machine

PLAN = """read_configuration
choose_collector
target=${KDUMP_TRANSFER:+command}
resolve_command() { :; }
transfer_program=${KDUMP_TRANSFER-} transfer_program=${transfer_program%% *}
find_busybox() { busybox=$HERE/busybox; }
plan_base
plan_programs
echo "collector<$collector>"
"""


def paths(runner, shell):
    """A program that is named by its place is found there in the capture kernel, too."""
    for config, sysconfig, wanted in (
            ("core_collector @/sbin/save -x", "",
             ("f 755 /bin/save @/sbin/save", "collector<save -x>")),
            ("extra_bins @/opt/tool", "", ("f 755 /bin/tool @/opt/tool",
                                           "l @/opt/tool /bin/tool")),
            ("extra_bins @/opt/box", "", ("l @/opt/box /bin/box",)),
            ("extra_bins /bin/sh", "", ("f 755 /bin/sh /bin/sh", "l /usr/bin ../bin",
                                        "l /usr/sbin ../bin", "l /sbin bin")),
            ("", "KDUMP_TRANSFER='@/opt/tool \"$KDUMP_SOURCE\"'", ("l @/opt/tool /bin/tool",))):
        with Machine() as machine:
            for name in ("sbin/save", "opt/tool", "busybox", "kdump.conf"):
                machine.file(name, "#!/bin/sh\n", 0o755)
            machine.link("opt/box", machine.path / "busybox")
            output = machine.run(shell, PLAN, config, sysconfig)
            for word in wanted:
                runner.check(f"{shell} {config}{sysconfig}", output, word + "\n")


# The first line of a script, extra_bins, and is it refused?
INTERPRETERS = [("#!/bin/sh", "", False), ("#! /usr/bin/awk -f", "", False),
                ("#!/usr/bin/env sh", "", False), ("echo without", "", False),
                ("#!/bin/bash", "", True), ("#!/usr/bin/env python3", "", True),
                ("#!/opt/sh", "", True), ("#!/bin/bash", "/usr/bin/bash", False),
                ("#!/usr/bin/env bash", "bash", False), ("#!/opt/tool", "tool", True),
                ("#!@/opt/tool -x", "@/opt/tool", False), ("\x7fELF", "", False)]


def interpreters(runner, shell):
    """A script is refused whose interpreter would not be there."""
    for first, extra, refused in INTERPRETERS:
        with Machine() as machine:
            machine.file("busybox", "#!/bin/sh\nprintf '%s\\n' ash awk sh\n", 0o755)
            machine.file("opt/tool", "", 0o755)
            machine.file("hooks/pre.d/hook", first.replace("@", str(machine.path)) + "\nline\n",
                         0o755)
            machine.file("hooks/pre.d/text", "#!/bin/none\n")
            output = machine.run(shell, """read_configuration
                collector_program=sh transfer_program=
                find_busybox() { busybox=$HERE/busybox; }
                program_path() { case $1 in sh) ;; /*) echo $1 ;; *) echo $HERE/opt/tool ;; esac; }
                check_programs""", f"extra_bins {extra}\n" if extra else "")
            runner.equal(f"{shell} {first}, {extra}: {output}", "pre.d/hook:1: the capture kernel "
                         "has no" in output, refused)
            runner.equal(f"{shell} {first}: another problem? {output}", output.count("kdump: "),
                         int(refused))


CASES = (paths, interpreters)
