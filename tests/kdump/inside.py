# SPDX-License-Identifier: GPL-2.0
"""What others have written: links and names on a target, records, a server's words."""
import json
import os
import subprocess

from machine import TOOLS, Machine

# An NFS server of which everything works; what it exports is in work/mnt.
NFS = """try_nfs() { :; }
umount() { :; }
ip() { :; }
resolve_network() { net_mode=static; }
address_of() { echo 10.0.0.9; }
read_configuration
resolve_target
echo "problems<$problems>"
"""
# What somebody has put on the target: a link, where it leads, and the path of the
# configuration. @ is the folder of the machine.
LINKS = [("crash", "@/etc", "/crash"), ("var", "@/etc", "/var/crash"),
         ("crash", "inside", "/crash"), ("crash", "../../etc", "/crash/x"),
         ("a/crash", "/@/etc", "/a/crash"),
         ("crash", "@/none", "/crash"), ("a/b", ".", "/a/b/crash")]


def links(runner, shell):
    """No link of a target is followed, by neither side: nothing is made or written where it
    leads."""
    for name, target, path in LINKS:
        for config in (f"nfs server:/x\npath {path}", f"ext4 LABEL=sda1\npath {path}"):
            with Machine() as machine:
                machine.disk("sda", partitions=1)
                machine.file("etc/shadow", "secret\n")
                (machine.path / "work/mnt/inside").mkdir(parents=True)
                machine.link(f"work/mnt/{name}", target.replace("@", str(machine.path)))
                machine.file("proc/self/mountinfo", f"1 0 8:1 / {machine.path}/work/mnt rw - ext4 "
                                                    f"{machine.path}/dev/sda1 rw\n")
                output = machine.run(shell, NFS, config)
                runner.check(f"{shell} {name} -> {target}, {config}", output, "problems<1>",
                             "is a link, and inside a target none is followed")
                output = machine.run(shell, f""". {TOOLS}/capture/target.sh
                    TARGET=nfs TARGET_NAME=there MOUNT=$WORK/mnt SAVE_PATH={path}
                    state_get() {{ echo {path}/h-2024-01-02-03:04:05; }}
                    fail() {{ echo "$*"; exit 1; }}
                    make_folder""")
                runner.check(f"{shell} capture, {name} -> {target}", output, "is a link")
                runner.equal(f"{shell} {name} -> {target}: where it leads",
                             (machine.names("etc"), machine.names("work/mnt/inside")),
                             (["shadow"], []))


def planted(runner, shell):
    """A file with the name of the one that start tries is not written through, and does no
    harm."""
    for config in ("nfs server:/x\npath /crash", "ext4 LABEL=sda1\npath /crash"):
        with Machine() as machine:
            machine.disk("sda", partitions=1)
            machine.file("etc/shadow", "secret\n")
            for name in (".kdump-test", ".kdump-test.0"):
                machine.link(f"work/mnt/crash/{name}", machine.path / "etc/shadow")
            machine.file("proc/self/mountinfo", f"1 0 8:1 / {machine.path}/work/mnt rw - ext4 "
                                                f"{machine.path}/dev/sda1 rw\n")
            output = machine.run(shell, NFS, config)
            runner.equal(f"{shell} {config}: {output}", (
                "problems<0>" in output, (machine.path / "etc/shadow").read_text(),
                machine.names("work/mnt/crash")),
                (True, "secret\n", [".kdump-test", ".kdump-test.0"]))


def above(runner, shell):
    """A path on which another file system is mounted is none of the target."""
    with Machine() as machine:
        machine.disk("sda", partitions=1)
        (machine.path / "mnt/crash").mkdir(parents=True)
        machine.file("proc/self/mountinfo", "".join(
            f"1 0 8:1 / {machine.path}/{point} rw - ext4 {device} rw\n" for point, device in (
                ("mnt", f"{machine.path}/dev/sda1"), ("mnt/crash", "/dev/sdz"))))
        output = machine.run(shell, NFS, "ext4 LABEL=sda1\npath /crash/x")
        runner.check(f"{shell} a mount below", output,
                     "something else is mounted (/dev/sdz)", "problems<1>")


EVIL = ("result=ok\nbytes=1, \"armed\": true\nseconds=9\x1b]0;x\x07\nerror=\x1b[2J\x9b31mred\n"
        "target=\u202eserver\ndirectory=/a\x00b\nstage=done\r\rx\nanything else\n")


def records(runner, shell):
    """A record of somebody else's moves no terminal, and forges no member of JSON."""
    with Machine() as machine:
        machine.file("dumps/h-2024-01-02-03:04:05/kdump-status", EVIL)
        machine.file("sys/kernel/kexec_crash_loaded", "0\n")
        for options in ("", "JSON=1; "):
            output = machine.run(shell, f"{options}read_quietly; show_status",
                                 "path @/dumps", "KDUMP_HOST=h")
            runner.equal(f"{shell} {options}: control characters in {output!r}",
                         [c for c in output if ord(c) < 32 and c != "\n" or ord(c) > 126], [])
        status = json.loads(output)
        runner.equal(f"{shell} status --json", (status["armed"], status["last_crash"]["bytes"],
                                                status["last_crash"]["seconds"],
                                                status["last_crash"]["error"]),
                     (False, None, None, "[2J31mred"))
        output = machine.run(shell, "LIB=/none; JSON=1; show_report $HERE/dumps/h-*")
        runner.equal(f"{shell} report --json", json.loads(output)["status"]["error"], "[2J31mred")
        machine.file("dumps/h-2024-01-02-03:04:05/report.txt", "a\x1b[2Jb\n")
        output = machine.run(shell, "LIB=/none; show_report $HERE/dumps/h-*")
        runner.equal(f"{shell} report", output, "a[2Jb\n")


def record_links(runner, shell):
    """A record that is a link, a pipe or below a link is no record; none is waited for."""
    good = "result=ok\ndirectory=/good\n"
    for kind in ("file link", "folder link", "pipe", "large"):
        with Machine() as machine:
            machine.file("dumps/h-2024-01-02-03:04:05/kdump-status", good)
            newer = machine.path / "dumps/h-2025-01-02-03:04:05"
            machine.file("else/kdump-status", "result=ok\ndirectory=/else\n")
            wanted = "/good"
            if kind == "folder link":
                newer.symlink_to(machine.path / "else")
            else:
                newer.mkdir()
            if kind == "file link":
                (newer / "kdump-status").symlink_to(machine.path / "else/kdump-status")
                wanted = ""
            elif kind == "pipe":
                os.mkfifo(newer / "kdump-status")
            elif kind == "large":
                (newer / "kdump-status").write_text("result=ok\n" + "x" * 100000 +
                                                    "\ndirectory=/large\n")
                wanted = ""
            machine.run(shell, "read_quietly; refresh_record", "path @/dumps", "KDUMP_HOST=h")
            output = machine.run(shell, "record_value directory")
            runner.equal(f"{shell} a record, {kind}", output.strip(), wanted)


def owners(runner, shell):
    """Where everybody may make folders, those of others are no dumps of ours, and do not keep the
    new one from being made. (Only root can give folders away: others see less of this.)"""
    with Machine() as machine:
        for year, owner in (("2023", 0), ("2024", 0), ("9998", 1), ("9999", 1)):
            machine.file(f"mnt/d/h-{year}-01-02-03:04:05/kdump-status",
                         f"result=ok\ndirectory={year}\n")
            if owner and not os.geteuid():
                os.chown(machine.path / f"mnt/d/h-{year}-01-02-03:04:05", owner, owner)
        if os.geteuid():
            for year in ("9998", "9999"):
                machine.remove(f"mnt/d/h-{year}-01-02-03:04:05")
        output = machine.run(shell, "read_quietly; refresh_record; record_value directory; "
                             "newest_dump", "path @/mnt/d", "KDUMP_HOST=h")
        runner.equal(f"{shell} the newest", output, "2024\n@/mnt/d/h-2024-01-02-03:04:05\n")
        prepare = f""". {TOOLS}/capture/target.sh
            TARGET=local TARGET_NAME=there MOUNT=$HERE/mnt SAVE_PATH=/d HOST=h
            mkdir -p $RUN/state $RUN/record
            state_set() {{ echo "$2" >$RUN/state/$1; }}
            state_get() {{ cat $RUN/state/$1; }}
            record() {{ state_set record_$1 "$2"; }}
            fail() {{ echo "$*"; exit 1; }}
            """
        machine.file("mnt/d/h-2025-01-02-03:04:05", "somebody's\n")
        output = machine.run(shell, prepare + """state_set folder /d/h-2025-01-02-03:04:05
            make_folder; state_get folder; state_get record_directory""")
        made = output.split()
        runner.equal(f"{shell} a folder beside {output}", (
            len(set(made)), made[0].rpartition(".")[0], len(made[0].rpartition(".")[2]),
            (machine.path / ("mnt" + made[0])).is_dir()), (1, "/d/h-2025-01-02-03:04:05", 8, True))
        machine.file(f"mnt{made[0]}/kdump-status", "result=ok\ndirectory=2025\n")
        output = machine.run(shell, prepare + "rotate_mounted 1; "
                             "read_quietly; refresh_record; record_value directory",
                             "path @/mnt/d", "KDUMP_HOST=h")
        left = [name[2:6] for name in machine.names("mnt/d") if "." in name or os.geteuid() == 0]
        runner.equal(f"{shell} rotation: {output}", left if not os.geteuid() else "",
                     ["2024", "2025", "2025", "9998", "9999"] if not os.geteuid() else "")


def server_words(runner, shell):
    """What an ssh server says is told without what would move the terminal."""
    with Machine() as machine:
        output = machine.run(shell, r"""ssh_run() { printf 'no\033[2J way\n' >&2; return 1; }
            ssh_client=x ssh_login=x ssh_port=x ssh_home=$WORK ssh_known=x save_path=/x host=h
            conf_target=u@h target_line=1
            check_ssh""")
        runner.check(f"{shell} an ssh server's words", output, "(no[2J way)")


# What has a UUID or label, the line of kdump.conf, and words of what start says.
COPIES = [("sda1 sdb1", "ext4 LABEL=sda1", "LABEL=sda1 is not the only one: @/dev/sdb1"),
          ("sda1 sdb1", "ext4 /dev/sda1", "UUID=5-6 is not the only one: @/dev/sdb1"),
          ("sda1", "ext4 LABEL=sda1", "problems<0>"), ("sda1", "ext4 /dev/sda1", "problems<0>")]


def copies(runner, shell):
    """Where another device has the same UUID or label none is taken."""
    for nodes, config, wanted in COPIES:
        with Machine() as machine:
            machine.disk("sda", partitions=1)
            machine.disk("sdb", partitions=1)
            lines = "".join(f"echo \"$HERE/dev/{node}: LABEL=\\\"sda1\\\" UUID=\\\"5-6\\\"\"; "
                            for node in nodes.split())
            output = machine.run(shell, f"""blkid() {{
                    case $*${{1+.}} in *V*) echo blkid from util-linux; return ;; esac
                    case ${{1-}} in /*) echo "/dev/x: UUID=\\"5-6\\"" ;; *) {lines} ;; esac; }}
                check_filesystem() {{ :; }}
                read_configuration; resolve_target; echo "problems<$problems>"
                echo "size<$device_size>" """, config)
            runner.check(f"{shell} {config}, {nodes}", output, wanted, "size<1048576>")


# The devices that have the UUID when the capture kernel looks: name, size and place in the table,
# how often it has looked before, and the one that it takes.
FOUND = [("sda1=1:a", 0, "/dev/sda1"), ("sda1=1:b sdb1=1:a", 0, "/dev/sdb1"),
         ("sda1=2:a sdb1=1:a", 0, "/dev/sdb1"), ("sda1=1:a sdb1=1:a", 0, "more than one device"),
         ("sda1=1:b", 0, ""), ("sda1=1:b", 50, "/dev/sda1"), ("sda1=1:b sdb1=1:c", 50, "more than"),
         ("", 0, "")]


def find_copies(runner, shell):
    """The capture kernel writes to the device that kdump was armed for, not to a copy of it that
    has come since; one that has grown is taken after a while."""
    for devices, tries, wanted in FOUND:
        table = dict(word.split("=") for word in devices.split())
        lines = "".join(f"echo '/dev/{name}: UUID=\"5-6\" TYPE=\"ext4\"'; " for name in table)
        looks = " ".join(f"/dev/{name}) found={value} ;;" for name, value in table.items())
        with Machine() as machine:
            output = machine.run(shell, f""". {TOOLS}/capture/device.sh
                blkid() {{ {lines} :; }}
                blockdev() {{ look $2; echo ${{found%:*}}; }}
                partition_id() {{ look $1; echo ${{found#*:}}; }}
                look() {{ case $1 in {looks} esac; }}
                fail() {{ echo "$*"; exit 1; }}
                DEVICE_SIZE=1 DEVICE_ID=a find_tries={tries}
                find_device UUID=5-6""")
            runner.check(f"{shell} {devices} after {tries}", output, wanted)
            runner.equal(f"{shell} {devices} after {tries}: is there one?", bool(output),
                         bool(wanted))


def content(runner, shell):
    """Signatures of several kinds are something, although blkid names none; and no file system is
    proposed for a device that has one."""
    with Machine() as machine:
        image = machine.file("dev/sda1", "")
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        for prepare in ("", "command() { [ $2 != wipefs ] && [ $2 ]; }\n"):
            output = machine.run(shell, f"unset -f blkid; {prepare}content_of $HERE/dev/sda1; "
                                 "mount_remedy $HERE/dev/sda1 ext4")
            runner.check(f"{shell} an empty device", output, "mkfs.ext4 makes a file system")
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        with open(image, "r+b") as file:
            file.seek(0x10000 + 44)
            file.write(b"\x00\x10")
            file.seek(0x10000 + 52)
            file.write(b"ReIsEr2Fs")
        for prepare, wanted in (("", "ext4 reiserfs\n"), (
                "command() { [ $2 != wipefs ] && [ $2 ]; }\n", "signatures of several kinds\n")):
            output = machine.run(shell, f"unset -f blkid; {prepare}content_of $HERE/dev/sda1; "
                                 "mount_remedy $HERE/dev/sda1 ext4")
            runner.check(f"{shell} two signatures", output, wanted)
            runner.equal(f"{shell} two signatures: advice {output}", "mkfs" in output, False)
        machine.disk("sdb", partitions=1)
        (machine.path / "dev/sdb1").unlink()
        image.rename(machine.path / "dev/sdb1")
        output = machine.run(shell, "unset -f blkid; read_configuration; resolve_target",
                             "raw /dev/sdb1")
        runner.check(f"{shell} raw on it", output, "has something on it (ext4 reiserfs)")


CASES = (links, planted, above, records, record_links, owners, server_words, copies, find_copies,
         content)
