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


def run(runner, shell):
    for case in (paths,):
        case(runner, shell)
