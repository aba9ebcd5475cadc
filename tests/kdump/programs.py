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


def levels(runner, shell):
    """Under whichever kernel, vmcore-save leaves out what the level says; it finds the dump itself,
    and whether it has to be filtered."""
    other = "KDUMP_KERNELVER=6.1.0-9-amd64"
    for config, sysconfig, wanted in (
            ("", "", "vmcore-save -l 31"), ("", other, "vmcore-save -l 31"),
            ("", f"{other}\nKDUMP_DUMPLEVEL=17", "vmcore-save -l 17"),
            ("", f"{other}\nKDUMP_DUMPFORMAT=lzo", "vmcore-save -l 31 -c lzo"),
            ("", f"{other}\nKDUMP_DUMPFORMAT=raw", "vmcore-save -l 0 -F elf"),
            ("core_collector vmcore-save -d 25 -F elf", other, "vmcore-save -d 25 -F elf")):
        with Machine() as machine:
            output = machine.run(shell, """read_configuration
                choose_collector
                echo "collector<$collector>"
                """, config, sysconfig)
            runner.check(f"{shell} {config} {sysconfig}", output, f"collector<{wanted}>\n")
            runner.equal(f"{shell} {config} {sysconfig}: {output}", output.count("warning"), 0)


def paths(runner, shell):
    """A program that is named by its place is found there in the capture kernel, too."""
    for config, sysconfig, wanted in (
            ("core_collector @/sbin/save -x", "",
             ("f 755 @/sbin/save @/sbin/save", "l /bin/save @/sbin/save",
              "collector<save -x>")),
            ("extra_bins @/opt/tool", "", ("f 755 @/opt/tool @/opt/tool",
                                           "l /bin/tool @/opt/tool")),
            ("extra_bins @/opt/box", "", ("l @/opt/box /bin/box",)),
            ("extra_bins @/opt/link", "", ("f 755 @/opt/tool @/opt/link",
                                           "l /bin/link @/opt/tool", "l @/opt/link @/opt/tool")),
            ("extra_bins /bin/sh", "", ("f 755 /bin/sh /bin/sh", "l /usr/bin ../bin",
                                        "l /usr/sbin ../bin", "l /sbin bin")),
            ("", "KDUMP_TRANSFER='@/opt/tool \"$KDUMP_SOURCE\"'", ("l /bin/tool @/opt/tool",))):
        with Machine() as machine:
            for name in ("sbin/save", "opt/tool", "busybox", "kdump.conf"):
                machine.file(name, "#!/bin/sh\n", 0o755)
            machine.link("opt/box", machine.path / "busybox")
            machine.link("opt/link", machine.path / "opt/tool")
            output = machine.run(shell, PLAN, config, sysconfig)
            for word in wanted:
                runner.check(f"{shell} {config}{sysconfig}", output, word + "\n")


def recipients(runner, shell):
    """A recipient to whom nothing can be encrypted is refused before the crash, with the reason."""
    saver = "#!/bin/sh\n[ $2 = age1good ] || { echo 'vmcore-save: weak' >&2; exit 2; }\n"
    for config, sysconfig, wanted in (
            ("encrypt age1good", "", "problems<0>\nRECIPIENT='age1good'\n"),
            ("", "", "problems<0>\nRECIPIENT=''\n"),
            ("path /x\nencrypt age1bad", "", "@/kdump.conf:2: weak"),
            ("encrypt age1good", "KDUMP_TRANSFER=/bin/cp", "KDUMP_TRANSFER reads")):
        with Machine() as machine:
            machine.file("vmcore-save", saver, 0o755)
            output = machine.run(shell, """read_configuration
                LIB=$HERE
                check_recipient
                echo "problems<$problems>"
                setting RECIPIENT "${conf_encrypt-}"
                """, config, sysconfig)
            runner.check(f"{shell} {config} {sysconfig}", output, wanted)


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


def unpackers(runner, shell):
    """Modules that nothing here can unpack are told of before anything is made."""
    for name, there, wanted in (("a.ko.zst", "", "there is no program zstd"),
                                ("a.ko.xz", "zstd", "there is no program xz"),
                                ("a.ko.zst", "zstd", "problems<0>"), ("a.ko", "", "problems<0>")):
        with Machine() as machine:
            output = machine.run(shell, f"""program_path() {{ [ $1 = "{there}" ]; }}
                module_files=" kernel/b.ko kernel/{name}"
                check_unpackers; echo "problems<$problems>" """)
            runner.check(f"{shell} {name} with {there}", output, wanted)


def libraries(runner, shell):
    """Libraries outside of the usual folders are found in the capture kernel, through a cache."""
    with Machine() as machine:
        output = machine.run(shell, """plan=$WORK/plan; mkdir -p $WORK/root/etc
            printf 'f 755 %s x\n' /lib/x86_64-linux-gnu/libc.so.6 /usr/lib64/a.so /bin/b \\
                >$plan; lay_out_cache $WORK/root; ls $WORK/root/etc
            printf 'f 755 %s x\n' /opt/v/lib/libv.so.1 /usr/lib/v/libw.so /usr/lib/libx.so >>$plan
            program_path() { [ $1 = ldconfig ] && echo made; }
            made() { echo "made $*" | sed "s|$WORK|WORK|" >>$HERE/log; }
            lay_out_cache $WORK/root; cat $WORK/root/etc/ld.so.conf $HERE/log""")
        runner.equal(f"{shell} libraries", output,
                     "/opt/v/lib\n/usr/lib/v\nmade -X -r WORK/root\n")


CASES = (levels, paths, recipients, interpreters, unpackers, libraries)
