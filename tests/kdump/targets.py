# SPDX-License-Identifier: GPL-2.0
"""Targets: what kdump start refuses, and what it tells the capture side."""
from machine import Machine

RESOLVE = """read_configuration
resolve_target
echo "problems<$problems>"
for name in device fstype save_path mount_options target_name; do
    eval "echo \\"$name<\\$$name>\\""
done
"""
BLKID = """
blkid() { echo '/dev/x: %s'; }
"""


def raw(runner, shell):
    """A raw target must be empty: a dump overwrites it."""
    for what, target, prepare, wanted in (
            ("an empty partition", "sda1", "", "problems<0>"),
            ("a disk without partitions", "sdb", "", "problems<0>"),
            ("a disk with partitions", "sda", "", "/dev/sda is in use (sda1 sda2)"),
            ("a disk in use by another", "sdc", "", "/dev/sdc is in use (dm-0)"),
            ("an empty table", "sdb", BLKID % 'PTUUID="1-2" PTTYPE="gpt"',
             "/dev/sdb has something on it (gpt)"),
            ("a file system", "sda1", BLKID % 'UUID="1" TYPE="ext4" PARTUUID="2"',
             "/dev/sda1 has something on it (ext4)"),
            ("a name in the table", "sda1", BLKID % 'PARTLABEL="TYPE" PARTUUID="2"',
             "problems<0>"),
            ("no blkid", "sda1", "command() { return 1; }\n", "there is no program blkid")):
        with Machine() as machine:
            machine.disk("sda", partitions=2)
            machine.disk("sdb")
            machine.disk("sdc")
            machine.file("sys/class/block/sdc/holders/dm-0", "")
            output = machine.run(shell, prepare + RESOLVE, f"raw /dev/{target}\n")
            runner.check(f"{shell} raw on {what}", output, wanted)


def run(runner, shell):
    for case in (raw,):
        case(runner, shell)
