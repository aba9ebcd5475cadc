# SPDX-License-Identifier: GPL-2.0
"""kdump reset-crashkernel: crashkernel= in the files of boot loaders."""
from machine import Machine

GRUB = 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=\'a=b\'\n'
# Makes a grub.cfg as GRUB's own program does: it reads the files as a shell.
UPDATE = """[ "$*" = "{arguments}" ] || exit 1
for file in $HERE/etc/default/grub $HERE/etc/default/grub.d/*.cfg; do
    [ ! -f $file ] || . $file
done
echo "\tlinux /vmlinuz ro $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT" >$HERE/{cfg}
"""
CALL = "PATH=$HERE/bin:$PATH ROOT=$HERE; (reset_crashkernel crashkernel=80M); echo status $?\n"


def program(machine, name, does):
    machine.file(f"bin/{name}", f"#!/bin/sh\n{does}\n", 0o755)


class BootMachine(Machine):
    """One without systemd-boot, whatever the machine that runs the tests has."""

    def __init__(self):
        super().__init__()
        program(self, "bootctl", "exit 1")


# Files below /etc/default, what they are afterwards, and the kernel's command line then.
OPTIONS = (
    ({"grub": GRUB},
     {"grub": GRUB + 'GRUB_CMDLINE_LINUX_DEFAULT="${GRUB_CMDLINE_LINUX_DEFAULT-} '
                     'crashkernel=80M"\n'}, "a=b quiet crashkernel=80M"),
    ({"grub": GRUB.replace("quiet", "crashkernel=1G,high quiet crashkernel=64M,low")},
     {"grub": GRUB.replace("quiet", "crashkernel=80M quiet crashkernel=80M")},
     "a=b crashkernel=80M quiet crashkernel=80M"),
    ({"grub": GRUB.replace("a=b", "crashkernel=512M-2G:64M,2G-:128M@16M") + "# crashkernel=1M\n"},
     {"grub": GRUB.replace("a=b", "crashkernel=80M") + "# crashkernel=1M\n"},
     "crashkernel=80M quiet"),
    ({"grub": GRUB, "grub.d/x.cfg": "if :; then\n\tGRUB_CMDLINE_LINUX="
      '"$GRUB_CMDLINE_LINUX crashkernel=512M-:96M"\nfi\n'},
     {"grub": GRUB, "grub.d/x.cfg": "if :; then\n\tGRUB_CMDLINE_LINUX="
      '"$GRUB_CMDLINE_LINUX crashkernel=80M"\nfi\n'}, "a=b crashkernel=80M quiet"),
)


def grub(runner, shell):
    """The option is changed where it is, or added; the file before is kept, and grub.cfg has it."""
    for before, after, cmdline in OPTIONS:
        for name, cfg in (("update-grub", "boot/grub/grub.cfg"),
                          ("grub2-mkconfig", "boot/grub2/grub.cfg")):
            with BootMachine() as machine:
                for file, text in before.items():
                    machine.file(f"etc/default/{file}", text)
                machine.file(cfg, "\n")
                program(machine, name, UPDATE.format(
                    cfg=cfg, arguments=f"-o $HERE/{cfg}" if name == "grub2-mkconfig" else ""))
                what = f"{shell} {name} {cmdline}"
                output = machine.run(shell, CALL)
                runner.check(what, output, "crashkernel=80M has been written to @/etc/default/",
                             "from the next boot on", "status 0")
                for file, text in after.items():
                    place = machine.path / "etc/default" / file
                    runner.equal(f"{what} {file}", place.read_text(), text)
                    old = place.with_name(place.name + ".old")
                    runner.equal(f"{what} {file}.old", old.exists() and old.read_text(),
                                 text != before[file] and before[file])
                runner.equal(f"{what} {cfg}", (machine.path / cfg).read_text(),
                             f"\tlinux /vmlinuz ro {cmdline}\n")
                output = machine.run(shell, CALL)
                runner.equal(f"{what} again", "written" in output, False)


def grub_fails(runner, shell):
    """What the boot loader has not got is not called done; without one there is advice."""
    for does, wanted in (("echo bad; exit 1", "    bad\nkdump: update-grub failed"),
                         (":", "without crashkernel=80M")):
        with BootMachine() as machine:
            machine.file("etc/default/grub", GRUB)
            machine.file("boot/grub/grub.cfg", "\tlinux /vmlinuz ro\n")
            program(machine, "update-grub", does)
            output = machine.run(shell, CALL)
            runner.check(f"{shell} update-grub {does}", output, wanted, "status 1")
    with BootMachine() as machine:
        output = machine.run(shell, CALL)
        runner.check(f"{shell} no boot loader", output, "neither GRUB nor systemd-boot",
                     "write crashkernel=80M", "status 1")


def other_programs(runner, shell):
    """grubby, where the distribution has it, and systemd-boot by kernel-install."""
    for told, status in (("args=crashkernel=80M", 0), ("args=quiet", 1)):
        with BootMachine() as machine:
            program(machine, "grubby", 'echo "$*" >>$HERE/calls\n'
                    f"[ $1 != --info=ALL ] || echo {told}")
            output = machine.run(shell, CALL)
            runner.check(f"{shell} grubby {told}", output, f"status {status}")
            runner.check(f"{shell} grubby {told} calls", (machine.path / "calls").read_text(),
                         "--update-kernel=ALL --args=crashkernel=80M")
    for given in (None, "root=x crashkernel=1G,high crashkernel=1M,low ro\n"):
        with BootMachine() as machine:
            program(machine, "bootctl", '[ "$*" = is-installed ]')
            program(machine, "kernel-install", 'echo "$*" >>$HERE/calls')
            machine.file("proc/cmdline", "BOOT_IMAGE=/x root=x initrd=\\y ro\n")
            for version in ("6.1", "6.12", "gone"):
                (machine.path / "lib/modules" / version).mkdir(parents=True)
            machine.file("lib/modules/6.1/vmlinuz", "")
            machine.file("boot/vmlinuz-6.12", "")
            if given:
                machine.file("etc/kernel/cmdline", given)
            output = machine.run(shell, CALL)
            runner.check(f"{shell} systemd-boot {given}", output, "status 0")
            runner.equal(f"{shell} systemd-boot {given} file",
                         (machine.path / "etc/kernel/cmdline").read_text(),
                         "root=x ro crashkernel=80M\n")
            runner.equal(f"{shell} systemd-boot {given} calls",
                         (machine.path / "calls").read_text().replace(str(machine.path), "@"),
                         "add 6.1 @/lib/modules/6.1/vmlinuz\nadd 6.12 @/boot/vmlinuz-6.12\n")


CASES = (grub, grub_fails, other_programs)
