# SPDX-License-Identifier: GPL-2.0
"""Machines as people have them: cards, images, mounts, modules."""
import os

from machine import TOOLS, Machine


def cards(runner, shell):
    """The capture kernel is told the address that is burnt into the card."""
    for own, link, wanted in (("", "", "2:0"), ("a:1", "", "a:1"),
                              ("", "link/ether 2:0 brd ff:ff permaddr b:2 addrgenmode x", "b:2")):
        with Machine() as machine:
            machine.file("sys/class/net/eth0/address", "2:0\n")
            if own:
                machine.file("sys/class/net/eth0/bonding_slave/perm_hwaddr", f"{own}\n")
            output = machine.run(shell, f"ip() {{ echo ' {link}'; }}; card_address eth0")
            runner.equal(f"{shell} {own} {link}", output, f"{wanted}\n")


def images(runner, shell):
    """Each of the words about the image's name turns to /boot, but for Red Hat's defaults."""
    for sysconfig, wanted in (("", "no"), ("KDUMP_IMG=vmlinuz\nKDUMP_BOOTDIR=/boot\n", "no"),
                              ("KDUMP_IMG_EXT=.gz", "yes"), ("KDUMP_BOOTDIR=/efi", "yes"),
                              ("KDUMP_IMG=bzImage", "yes"), ("KDUMP_KERNELVER=6", "yes")):
        with Machine() as machine:
            output = machine.run(shell, "read_configuration; "
                                 "names_boot_image && echo yes || echo no",
                                 sysconfig=sysconfig)
            runner.equal(f"{shell} {sysconfig!r}", output, f"{wanted}\n")


def blanks(runner, shell):
    """A mount point with a blank in its name is that folder, and no other one."""
    with Machine() as machine:
        machine.disk("sda", partitions=1)
        (machine.path / "My Disk/crash").mkdir(parents=True)
        escaped = f"{machine.path}/My\\040Disk"
        machine.file("proc/self/mountinfo", f"0 0 8:2 / / rw - ext4 /dev/sdz rw\n"
                     f"1 0 8:1 / {escaped} rw - ext4 {machine.path}/dev/sda1 rw\n")
        machine.file("proc/mounts", f"{machine.path}/dev/sda1 {escaped} ext4 rw 0 0\n")
        machine.file("My Disk/crash/h-2024-01-02-03:04:05/kdump-status", "result=ok\nstage=x\n")
        output = machine.run(shell, "check_features() { feature_options= feature_seconds=0; }; "
                             "read_configuration; resolve_target; "
                             'echo "problems<$problems>"; refresh_record; record_value stage',
                             "ext4 LABEL=sda1\npath /crash", "KDUMP_HOST=h")
        runner.equal(f"{shell} a blank", output.splitlines()[-2:], ["problems<0>", "x"])
        runner.equal(f"{shell} a blank: folders", [name for name in machine.names(".")
                                                   if name.startswith("My")], ["My Disk"])


def read_only(runner, shell):
    """A target that is mounted read-only is made writable as long as the check takes, and put back;
    one that the kernel has made so after an error is refused."""
    for answer, wanted in ((0, "problems<0>"), (1, "cannot be used")):
        with Machine() as machine:
            machine.disk("sda", partitions=1)
            (machine.path / "mnt").mkdir()
            machine.file("proc/self/mountinfo",
                         f"1 0 8:1 / {machine.path}/mnt ro - ext4 {machine.path}/dev/sda1 ro\n")
            machine.file("proc/mounts", f"/dev/sda1 {machine.path}/mnt ext4 ro,noatime 0 0\n")
            output = machine.run(shell, f"""mount() {{ echo "mount $*" >>$HERE/log
                    case $2 in remount,rw) : >$HERE/writable; return {answer} ;; esac; }}
                mkdir() {{ [ -e $HERE/writable ] && command mkdir "$@"; }}
                read_configuration; resolve_target; echo "problems<$problems>" """,
                                 "ext4 LABEL=sda1\npath /crash")
            runner.check(f"{shell} read-only, {answer}", output, wanted)
            runner.equal(f"{shell} read-only, {answer}: {output}",
                         (machine.path / "log").read_text().split("mount -o ")[1:],
                         [f"remount,{mode} {machine.path}/mnt\n" for mode in ("rw", "ro")])


def parameters(runner, shell):
    """Modules are told what modprobe's files, the command line and options say."""
    with Machine() as machine:
        machine.file("mod/kernel/my-card.ko", "")
        output = machine.run(shell, """modprobe() {
                printf '%s\\n' 'options my_card a=1' 'options x b=1' 'alias y z'; }
            cmdline='my-card.c=2 root=/dev/a other.d=3 "my_card.e=5 6"'
            read_configuration
            for name in my_card my-card other none; do echo "<$(module_parameters $name)>"; done
            modules_folder=$HERE/mod module_files=kernel/my-card.ko watchdog_files=
            case $(type plan_modules; sed -n '/^plan_modules()/,/^}/p' $TOOLS/lib/initramfs.sh) in
            *module_list*) plan_modules $WORK/modules $module_files ;;
            *) plan_modules ;;
            esac >/dev/null; cat $WORK/modules""", "options my_card f=4")
        runner.equal(f"{shell} parameters", output, "<a=1 c=2 f=4>\n<a=1 c=2 f=4>\n<d=3>\n<>\n"
                     "/lib/modules/my-card.ko a=1 c=2 f=4\n")
        machine.file("list", "/a.ko\n/b.ko x=1 y=2\n")
        output = machine.run(shell, f"""insmod() {{ echo "$#:$*"; }}; say() {{ :; }}
            sed 's|/etc/kdump/modules|$HERE/list|' {TOOLS}/capture/device.sh >$HERE/device.sh
            . $HERE/device.sh; load_modules $HERE/list""")
        runner.equal(f"{shell} load_modules", output, "1:/a.ko\n3:/b.ko x=1 y=2\n")


def needs(runner, shell):
    """More CPUs, larger programs and cards need more memory."""
    for prepare, wanted in (("", 0), ("KDUMP_CPUS=4", 2), ("KDUMP_CPUS=0", 6),
                            ("KDUMP_CPUS=900", 6),
                            ("cmdline='a nr_cpus=5'", 3), ("collector='makedumpfile -l'", 16),
                            ("final_action=boot", 128),
                            ("module_files='kernel/x/mlx5_core.ko.xz kernel/igb.ko'", 72)):
        with Machine() as machine:
            output = machine.run(shell, f"""nproc() {{ echo 8; }}
                collector=vmcore-save image=/x
                {prepare}
                echo $(($(need_more) / MIB))""")
            runner.equal(f"{shell} {prepare}", output, f"{wanted}\n")


def folders(runner, shell):
    """A folder is no program; a stranger may look."""
    with Machine() as machine:
        (machine.path / "folder").mkdir()
        output = machine.run(shell, "program_path $HERE/folder; echo $?")
        runner.equal(f"{shell} a folder as a program", output, "1\n")
        machine.file("sys/kernel/kexec_crash_loaded", "1\n")
        for name in ("state", "run"):
            os.rmdir(machine.path / name)
            machine.file(name, "no folder: as if it could not be written\n")
        machine.file("dumps/h-2024-01-02-03:04:05/kdump-status", "result=ok\n")
        output = machine.run(shell, "read_quietly; (show_status); echo $?", "path @/dumps",
                             "KDUMP_HOST=h")
        runner.equal(f"{shell} status of a stranger: {output}",
                     [line for line in output.splitlines()
                      if not line.startswith(("kdump is", "saves on", "does not save"))], ["0"])


CASES = (cards, images, blanks, read_only, parameters, needs, folders)
