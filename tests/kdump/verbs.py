# SPDX-License-Identifier: GPL-2.0
"""What the verbs of kdump do, and the scripts of the package."""
import os
import re
import shutil
import subprocess

from machine import TOOLS, Machine


def clean(runner, shell):
    """What has been mounted on the way is never removed along with the folder."""
    mounts = """WORK=$RUN/work.1
        mkdir -p $WORK/mnt; : >$WORK/mnt/dump; echo "/dev/sda $WORK/mnt ext4" >$PROC/mounts
        umount() { echo "umount $*"; %s; }
        clean_work; ls $RUN/work.1/mnt $RUN 2>&1 || :
        """
    for what, answer, wanted, left in (
            ("mounted", ": >$PROC/mounts; rm $WORK/mnt/dump", "umount @/run/work.1/mnt\n", False),
            ("busy", '[ "$1" = -l ] && : >$PROC/mounts', "umount -l @/run/work.1/mnt\n", False),
            ("stuck", "false", "cannot be unmounted", True)):
        with Machine() as machine:
            runner.check(f"{shell} clean_work, {what}", machine.run(shell, mounts % answer), wanted)
            runner.equal(f"{shell} clean_work, {what}: is it left?",
                         (machine.path / "run/work.1/mnt/dump").exists(), left)


# What a test finds when the machine is up again: records, and the verdict.
VERDICTS = [((), "failed, no record of it was found"), (("new", "ok"), ": passed"),
            (("new", "failed"), "failed, no room"), (("new", "ok", "newer", "failed"), ": passed")]


def trial(runner, shell):
    """kdump test --force passes only with a record that is not of an earlier crash."""
    for later, wanted in VERDICTS:
        with Machine() as machine:
            def record(name, result):
                machine.file(f"dumps/h-{len(name)}001-01-01-00:00:00/kdump-status",
                             f"result={result}\nerror=no room\ndirectory={name}\n")

            record("o", "ok")
            machine.file("proc/uptime", "0.00 0.00\n")
            machine.file("sys/kernel/kexec_crash_loaded", "1\n")
            output = machine.run(shell, "FORCE=1; try_it; date +%s >$STATE/test-pending\n",
                                 "path @/dumps", "KDUMP_HOST=h")
            runner.check(f"{shell} test --force", output, "crashed\n")
            status = "read_quietly; (show_status); "
            for name, result in zip(later[::2], later[1::2]):
                record(name, result)
                output = machine.run(shell, status, "path @/dumps", "KDUMP_HOST=h")
            output = machine.run(shell, status, "path @/dumps", "KDUMP_HOST=h")
            runner.check(f"{shell} test --force, then {later}", output, wanted)


DATE = "-2024-01-02-03:04:05"
# Folders that are of the host "web", and some that are not.
OURS = ["web-2023-01-02-03:04:05", f"web{DATE}"]
OTHERS = [f"web-0001-a{DATE}", f"web-2024{DATE}", f"web-z{DATE}", "web-2024-notes"]
HOSTS = [
    ("TARGET=local MOUNT=$HERE SAVE_PATH=/d; rotate_mounted 1", [OURS[1], *OTHERS]),
    ("TARGET=nfs MOUNT=$HERE SAVE_PATH=/d; rotate_mounted 0", OTHERS),
    ("SAVE_PATH=$HERE/d; rotate_ssh 1", [OURS[1], *OTHERS]),
]


def hosts(runner, shell):
    """Of hosts whose names begin alike each has dumps of its own."""
    prepare = f""". {TOOLS}/capture/target.sh
        HOST=web host=web QUIET=1 conf_path=$HERE/d save_path=$HERE/d ssh_home=$HERE ssh_client=x
        ssh_login=x ssh_port=x ssh_known=x
        state_get() {{ echo /d/web-2025-01-01-01:01:01; }}
        state_set() {{ :; }}
        record() {{ :; }}
        ssh_run() {{ sh -c "$1"; }}
        fail() {{ echo "$*"; exit 1; }}
        host_name() {{ echo web; }}
        """
    for call, left in (*HOSTS, (
            "TARGET=local MOUNT=$HERE SAVE_PATH=/d; rotate_old 0; make_folder",
            [*OTHERS, "web-2025-01-01-01:01:01"])):
        with Machine() as machine:
            for name in (*OURS, *OTHERS):
                machine.file(f"d/{name}/kdump-status", f"result={name}\n")
                machine.file(f"d/{name}/report.txt", f"report of {name}\n")
            if call == HOSTS[0][0]:
                for look in ("keep_record $HERE /d", "check_ssh"):
                    output = machine.run(shell, f"{prepare}{look}; cat $STATE/last-record")
                    runner.equal(f"{shell} {look}", output, f"result={OURS[1]}\n")
                output = machine.run(shell, f"{prepare}LIB=/none; show_report")
                runner.equal(f"{shell} report", output, f"report of {OURS[1]}\n")
            output = machine.run(shell, prepare + call)
            runner.equal(f"{shell} {call}: {output}", machine.names("d"), sorted(left))


# Verbs, with the names that kdumpctl and kdump-config have for them, and what is called.
VERBS = [("start", "start<>"), ("load", "start<>"), ("restart", "start<>"), ("stop", "stop<>"),
         ("unload", "stop<>"), ("status", "show_status<>"), ("show", "show_status<>"),
         ("reload", "reload<>"), ("rebuild", "prepare<force>"),
         ("save", "save_last_resort<>"),
         ("reset-crashkernel", "prepare<aside>\nreset_crashkernel<crashkernel=80M>"),
         ("showmem", "Reserved 96MB memory for crash kernel"),
         ("report /x", "show_report</x>"), ("live", "save_live<>"), ("live /x", "save_live</x>"),
         ("-q -c /c -s /s start", "start<>"),
         ("savecore", "status 2"), ("start /x", "status 2"),
         ("nothing", "status 2"), ("", "status 2")]


def names(runner, shell):
    """Each verb does what it says, under all of its names."""
    stubs = "".join(f'{name}() {{ echo "{name}<$*>"; }}\n' for name in (
        "start", "stop", "show_status", "reload", "save_last_resort", "prepare", "show_report",
        "read_quietly", "reset_crashkernel", "save_live"))
    stubs += "measure_need() { recommended=80; }\n"
    with Machine() as machine:
        machine.file("sys/kernel/kexec_crash_size", f"{96 << 20}\n")
        script_lines = "".join(f'(main {words}) 2>/dev/null; echo "status $?;"\n'
                               for words, _ in VERBS)
        outputs = machine.run(shell, stubs + script_lines).split(";\n")
        for (words, wanted), output in zip(VERBS, outputs):
            runner.check(f"{shell} kdump {words}", output + "\n", wanted + "\n")


# What a configuration has vmcore-save called with.
LIVE = [("", "", "-l 31"), ("core_collector vmcore-save -l 16 -c lzo\n", "", "-l 16 -c lzo"),
        ("core_collector makedumpfile -l -d 31\n", "", "-l 31"),
        ("", "KDUMP_DUMPLEVEL=4\nKDUMP_DUMPFORMAT=ELF\n", "-l 4 -F elf")]
LIVE_SAVER = """#!/bin/sh
echo "saver $*"
for last; do :; done
[ -z "$STATUS" ] || [ "$1" = --dmesg ] || exit "$STATUS"
echo dump >"$last"
"""


def live(runner, shell):
    """A dump without a crash goes into a folder of its own, or the reason is told."""
    def run(machine, call, *files):
        machine.file("lib/vmcore-save", LIVE_SAVER, 0o755)
        return machine.run(shell, f"LIB=$HERE/lib; id() {{ echo 0; }}; {call}", *files)

    for config, sysconfig, options in LIVE:
        with Machine() as machine:
            machine.file("proc/kcore", "")
            machine.file("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
            output = run(machine, "save_live", f"path @/dumps\n{config}",
                         f"KDUMP_HOST=h\n{sysconfig}")
            runner.check(f"{shell} live {options}", output,
                         "saver --dmesg @/proc/kcore vmcore-dmesg.txt\n",
                         f"saver {options} @/proc/kcore vmcore-incomplete\n",
                         "saved to @/dumps/live-h-")
            folder, = machine.names("dumps")
            runner.equal(f"{shell} live {options}: files", machine.names(f"dumps/{folder}"),
                         ["vmcore", "vmcore-dmesg.txt"])
            runner.check(f"{shell} live again", run(machine, f"save_live $HERE/dumps/{folder}"),
                         "cannot be made")
            for status, wanted in ((3, "no space is left"), (4, "not all could be read"),
                                   (1, "status 1")):
                output = run(machine, f"export STATUS={status}; save_live $HERE/new-{status}")
                runner.check(f"{shell} live, {status}", output, wanted)
    for what, mode, kcore, call, wanted in (
            ("lockdown", "[confidentiality]", True, "save_live /x",
             "is locked down (confidentiality)"),
            ("no kcore", "[none]", False, "save_live /x", "without CONFIG_PROC_KCORE"),
            ("no saver", "[none]", True, "LIB=/none; save_live /x",
             "there is no saver /none/vmcore-save"),
            ("nobody", "[none]", True, "id() { echo 1; }; save_live /x", "only root")):
        with Machine() as machine:
            machine.file("sys/kernel/security/lockdown", f"none integrity {mode}\n")
            if kcore:
                machine.file("proc/kcore", "")
            runner.check(f"{shell} live, {what}", run(machine, call), wanted)


def rebuild(runner, shell):
    """The initramfs is made again when what goes into it has changed, or when told so."""
    with Machine() as machine:
        machine.file("input", "1\n")
        output = machine.run(shell, """plan=$WORK/plan
            make_plan() { echo "f 600 /input $HERE/input" >$plan; }
            build_initramfs() { cp $HERE/input $1; echo made; }
            QUIET=1
            for force in '' '' force ''; do update_initramfs $force; echo "<$force>"; done
            echo 2 >$HERE/input
            update_initramfs; echo changed""")
        runner.equal(f"{shell} rebuild", output,
                     "made\n<>\n<>\nmade\n<force>\n<>\nmade\nchanged\n")


SAVER = """#!/bin/sh
echo "vmcore-save $*" >>$HERE/calls
case $1 in
--info) echo release=6.12 ;;
*) for last; do :; done; echo data >$last ;;
esac
"""
RESORT = """lock() { :; }; need_root() { :; }; reboot_now() { echo rebooted; }
    host_name() { echo web; }; read_quietly() { :; }; date() { echo 2025-01-01-01:01:01; }
    conf_path=/d ROOT=$HERE LIB=$HERE/lib PATH=$HERE/bin:$PATH"""


def last_resort(runner, shell):
    """In a capture kernel that went on into the system, start saves the dump if that has not been
    done, keeps the word ok for a dump that is whole, and reboots as configured."""
    for what, saver, settings, record, wanted in (
            ("saves", SAVER, "", "", ("saved to @/d/web-2025", "rebooted", "vmcore")),
            ("saved", SAVER, "", "ok", ("has been saved: there is nothing to arm", None, None)),
            ("failed before", SAVER, "", "failed", ("saved to", "rebooted", "vmcore")),
            ("stays", SAVER, "KDUMP_IMMEDIATE_REBOOT=no", "", ("saved to", None, "vmcore")),
            ("fails", SAVER + "exit 3\n", "", "",
             ("vmcore-save failed with status 3", "rebooted", "vmcore-incomplete")),
            ("fails, and stays", SAVER + "exit 3\n", "conf_failure_action=shell", "",
             ("vmcore-save failed with status 3", None, "vmcore-incomplete"))):
        with Machine() as machine:
            machine.file("lib/vmcore-save", saver.replace("$HERE", str(machine.path)), 0o755)
            machine.file("proc/vmcore", "")
            if record:
                machine.file("run/record/result", record + "\n")
            output = machine.run(shell, f"{RESORT}\n{settings}\n(start)")
            name = f"{shell} last resort, {what}"
            runner.check(name, output, wanted[0])
            runner.equal(f"{name}: {output}", "rebooted" in output, wanted[1] is not None)
            found = machine.path / "d/web-2025-01-01-01:01:01"
            runner.equal(f"{name}: files", sorted(machine.names(found) if found.exists() else ()),
                         sorted(["kdump-status", "vmcore-dmesg.txt", wanted[2]])
                         if wanted[2] else [])
            if wanted[2]:
                result = "ok" if wanted[2] == "vmcore" else "failed"
                runner.check(f"{name}: record", (found / "kdump-status").read_text(),
                             f"\nresult={result}\nbytes=5\n", "kernel=6.12\n")
    with Machine() as machine:
        machine.file("lib/vmcore-save", SAVER.replace("$HERE", str(machine.path)), 0o755)
        machine.file("proc/vmcore", "")
        machine.run(shell, f"{RESORT}\nconf_encrypt=age1x\n(start)")
        calls = (machine.path / "calls").read_text().replace(str(machine.path), "@")
        runner.check(f"{shell} last resort, encrypted", calls,
                     "vmcore-save --encrypt --recipient age1x vmcore-dmesg.txt.age\n",
                     "vmcore-save -q -l 31 --recipient age1x vmcore.age-incomplete\n")
        runner.equal(f"{shell} last resort, encrypted",
                     sorted(machine.names(machine.path / "d/web-2025-01-01-01:01:01")),
                     ["-", "kdump-status", "vmcore-dmesg.txt.age", "vmcore.age"])
    with Machine() as machine:
        output = machine.run(shell, f"{RESORT}\n(save_last_resort)")
        runner.check(f"{shell} kdump save elsewhere", output, "this is not a capture kernel")
        machine.file("proc/vmcore", "")
        machine.file("bin/systemd-run", '#!/bin/sh\necho "systemd-run $*"\n', 0o755)
        output = machine.run(shell, f"{RESORT} INVOCATION_ID=1\n(start)")
        runner.equal(f"{shell} kdump start as a service", output, "systemd-run --no-block "
                     "--quiet --collect --unit kdump-save /usr/sbin/kdump save\n")


def script(machine, name, *arguments, programs=None):
    """Run a script of the package's in a machine; programs are what it finds there, and do."""
    return script_text(machine, (TOOLS / "debian" / name).read_text(), name, *arguments,
                       programs=programs)


def script_text(machine, text, *arguments, programs=None):
    text = re.sub(r"(?<![\w@])/(?=(var/lib|run|proc|sys|etc|boot|usr/sbin)/)", f"{machine.path}/",
                  text)
    for program, does in {**dict.fromkeys(("systemctl", "update-rc.d", "update-grub"), ""),
                          **(programs or {})}.items():
        machine.file(f"bin/{program}", f'#!/bin/sh\necho "{program} $*"\n{does}\n', 0o755)
    done = subprocess.run(["sh", "-c", text, *arguments], capture_output=True, text=True,
                          check=False, env={"PATH": f"{machine.path}/bin:{os.environ['PATH']}"})
    return (done.stdout + done.stderr + f"status {done.returncode}\n").replace(
        str(machine.path), "@")


def removal(runner):
    """The package's scripts remove its folders, and nothing that is mounted there."""
    with Machine() as machine:
        machine.file("run/kdump/work.1/mnt/dump", "")
        machine.file("var/lib/kdump/initramfs.img", "")
        machine.file("proc/mounts", f"/dev/sda {machine.path}/run/kdump/work.1/mnt ext4 rw 0 0\n")
        # As if something were mounted there still.
        output = script(machine, "postrm", "remove", programs={
            "umount": "exit 1", "rm": 'case $* in *--one-file-system*) ;; *) exec /bin/rm "$@" ;; '
                                      "esac"})
        runner.check("postrm unmounts", output, "umount @/run/kdump/work.1/mnt\n",
                     "umount -l @/run/kdump/work.1/mnt\n",
                     "rm -rf --one-file-system @/var/lib/kdump @/run/kdump", "status 0")
        runner.equal("postrm leaves what is mounted",
                     (machine.path / "run/kdump/work.1/mnt/dump").exists(), True)


def package(runner):
    """Removed, the package reserves no memory and starts nothing; purged, it leaves no host keys.
    An upgrade arms nothing that has been disabled, and disarms nothing."""
    with Machine() as machine:
        machine.file("boot/grub/grub.cfg", "")
        (machine.path / "run/systemd/system").mkdir(parents=True)
        machine.file("sys/kernel/kexec_crash_size", "1\n")
        for enabled in (True, False):
            output = script(machine, "postinst", "configure", "1", programs={
                "systemctl": f"[ $1 != is-enabled ] || exit {int(not enabled)}"})
            runner.equal(f"an upgrade of a service, enabled: {enabled}",
                         "systemctl reload-or-restart kdump.service" in output, enabled)
            runner.equal(f"an upgrade: {output}", "stop" in output or " restart" in output, False)
        runner.check("postrm remove", script(machine, "postrm", "remove"), "update-grub",
                     "status 0")
        machine.file("etc/kdump/known_hosts", "key\n")
        (machine.path / "etc/kdump/pre.d").mkdir()
        runner.check("postrm purge", script(machine, "postrm", "purge"), "update-rc.d kdump remove",
                     "status 0")
        runner.equal("postrm purge leaves", (machine.path / "etc/kdump").exists(), False)
        grub = (TOOLS / "conf/grub.cfg").read_text() + "\necho $GRUB_CMDLINE_LINUX_DEFAULT"
        init = (TOOLS / "conf/kdump.init").read_text()
        for there in (False, True):
            if there:
                machine.file("usr/sbin/kdump", "#!/bin/sh\necho \"kdump $*\"\n", 0o755)
            for lines, ours in (("", True), ("GRUB_CMDLINE_LINUX=crashkernel=512M; ", False),
                                ("GRUB_CMDLINE_LINUX='b c'; ", True)):
                text = script_text(machine, f"set -eu; GRUB_CMDLINE_LINUX_DEFAULT=a; {lines}{grub}")
                runner.equal(f"grub.d {lines}", text,
                             f"a{' crashkernel=512M-:96M' * (there and ours)}\nstatus 0\n")
            text = script_text(machine, "set -eu; GRUB_CMDLINE_LINUX_DEFAULT='a crashkernel=1G'; "
                               f"{grub}")
            runner.equal("grub.d, ours is last", text, "a crashkernel=1G\nstatus 0\n")
            text = script_text(machine, init, "init", "start")
            runner.equal("init.d", text, "kdump start\n" * there + "status 0\n")


def chroots(runner):
    """In a chroot whose kernel has something loaded, removal and upgrade leave that alone; what has
    been loaded from here is unloaded by removal."""
    for ours in (False, True):
        for name, arguments, wanted in (("prerm", ("upgrade", "2"), ""),
                                        ("prerm", ("remove",), "kdump stop\n"),
                                        ("postinst", ("configure", "1"), "kdump restart\n")):
            with Machine() as machine:
                machine.file("sys/kernel/kexec_crash_loaded", "1\n")
                machine.file("sys/kernel/kexec_crash_size", "1\n")
                if ours:
                    machine.file("run/kdump/loader", "kexec_load\n")
                output = script(machine, name, *arguments, programs={
                    "kdump": "", "deb-systemd-helper": ""})
                runner.equal(f"{name} {arguments} in a chroot, {ours}", (
                    [line for line in output.splitlines(keepends=True) if line.startswith("kdump")],
                    "status 0" in output), ([wanted] * (ours and bool(wanted)), True))


def again(runner):
    """Removed and installed again the service is enabled, unless it has been disabled before."""
    for disabled in (False, True):
        with Machine() as machine:
            (machine.path / "run/systemd/system").mkdir(parents=True)
            machine.file("sys/kernel/kexec_crash_size", "0\n")
            helper = {"deb-systemd-helper":
                      f"case $* in *was-enabled*) exit {int(disabled)} ;; esac"}
            output = script(machine, "prerm", "remove", programs=helper)
            runner.equal(f"prerm remove: {output}", "disable" in output, False)
            output = script(machine, "postinst", "configure", "1", programs=helper)
            runner.equal(f"installed again: {output}", "deb-systemd-helper enable" in output,
                         not disabled)


def install(runner):
    """make install leaves a configuration that is there as it is."""
    with Machine() as machine:
        command = ["make", "-s", "-C", TOOLS, "install", f"DESTDIR={machine.path}", "SAVER=/none"]
        for name, shipped in (("etc/kdump.conf", "kdump.conf"),
                              ("etc/default/kdump", "kdump.default")):
            subprocess.run(command, check=True)
            runner.equal(f"make install: {name}", (machine.path / name).read_text(),
                         (TOOLS / "conf" / shipped).read_text())
            machine.file(name, "mine\n")
        subprocess.run(command, check=True)
        for name in ("etc/kdump.conf", "etc/default/kdump"):
            runner.equal(f"make install: {name}", (machine.path / name).read_text(), "mine\n")
        subprocess.run([*command[:4], "uninstall", *command[5:]], check=True)
        runner.equal("make uninstall", ((machine.path / "usr/sbin/kdump").exists(),
                                        (machine.path / "etc/kdump.conf").exists()), (False, True))
        for name in ("usr/sbin/kdumpctl", "usr/sbin/kdump-config",
                     "usr/lib/systemd/system/kdump.service"):
            machine.file(name, "another's\n")
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            runner.check(f"make install over {name}", done.stderr, "is of another kdump")
            runner.equal(f"make install over {name}", (machine.path / name).read_text(),
                         "another's\n")
            (machine.path / name).unlink()


def openrc(runner):
    """OpenRC's own script is installed where OpenRC is; a restart unloads nothing."""
    command = ["make", "-s", "-C", TOOLS, "install", "SAVER=/none"]
    script_lines = (TOOLS / "conf/kdump.openrc").read_text() + """
        ebegin() { :; }; eend() { return $1; }; need() { :; }; after() { :; }; keyword() { :; }
        depend && "$@"; echo "returns $?" """
    for there, wanted in ((False, "kdump.init"), (True, "kdump.openrc")):
        with Machine() as machine:
            if there:
                machine.file("sbin/openrc-run", "", 0o755)
            subprocess.run([*command, f"DESTDIR={machine.path}"], check=True)
            runner.equal(f"make install with OpenRC: {there}",
                         (machine.path / "etc/init.d/kdump").read_text(),
                         (TOOLS / "conf" / wanted).read_text())
            machine.file("usr/sbin/kdump", '#!/bin/sh\necho "kdump $*"\nexit 5\n', 0o755)
            for verb, what in (("start", "kdump -q start"), ("stop", "kdump -q stop"),
                               ("reload", "kdump -q reload"), ("status", "kdump status")):
                output = script_text(machine, script_lines, "init", verb)
                runner.equal(f"OpenRC: {verb}", output, f"{what}\nreturns 5\nstatus 0\n")
            output = script_text(machine, "RC_CMD=restart\n" + script_lines, "init", "stop")
            runner.equal("OpenRC: restart", output, "returns 0\nstatus 0\n")


def rpm(runner):
    """The RPM package installs and removes cleanly in a root of its own, and keeps a configuration
    that has been changed through an upgrade; it reserves no memory, and says how to."""
    with Machine() as machine:
        staged, root = machine.path / "staged", machine.path / "root"
        subprocess.run(["make", "-s", "-C", TOOLS, "install", f"DESTDIR={staged}", "SAVER=/none"],
                       check=True)
        made = subprocess.run([TOOLS.parents[1] / "scripts/rpm", staged, machine.path / "made"],
                              capture_output=True, text=True, check=True).stdout.strip()
        for name, text in (("proc/mounts", ""), ("dev/null", ""),
                           ("sys/kernel/kexec_crash_size", "0\n"), ("bin/sh", "")):
            machine.file(f"root/{name}", text)
        (root / "bin/sh").unlink()
        busybox = shutil.copy(shutil.which("busybox"), root / "bin/busybox")
        for name in ("sh", "cat", "rm", "awk"):
            (root / "bin" / name).symlink_to(busybox.name)

        def run(*arguments):
            # Whoever is not root is it in there.
            alone = [] if os.geteuid() == 0 else ["unshare", "-r"]
            done = subprocess.run([*alone, "rpm", "--root", root, "--nodeps", "--force-debian",
                                   *arguments],
                                  capture_output=True, text=True, check=False)
            return f"{done.stdout}{done.stderr}status {done.returncode}\n"

        def installed():
            return sorted(str(path.relative_to(root)) for path in root.rglob("*kdump*")
                          if "lib/rpm" not in str(path))

        runner.equal("rpm: before", installed(), [])
        runner.equal("rpm -i", run("-i", made), "kdump: no memory is reserved yet: kdump "
                     "reset-crashkernel, then reboot\nstatus 0\n")
        runner.equal("rpm -V", run("-V", "kdump"), "status 0\n")
        runner.equal("rpm: files", {"etc/kdump.conf", "etc/sysconfig/kdump", "usr/sbin/kdump",
                                    "usr/lib/systemd/system/kdump.service"} - set(installed()),
                     set())
        runner.equal("rpm: init scripts", (root / "etc/init.d").exists(), False)
        (root / "etc/kdump.conf").write_text("path /mine\n")
        runner.check("rpm -U", run("-U", "--force", made), "status 0")
        runner.equal("rpm: after an upgrade", (root / "etc/kdump.conf").read_text(),
                     "path /mine\n")
        runner.check("rpm -e", run("-e", "kdump"), "status 0")
        runner.equal("rpm: after removal", installed(), ["etc/kdump.conf.rpmsave"])


def udev_rule(runner):
    """The rule loads again what is loaded, and leaves no failed unit."""
    rule = (TOOLS / "conf/98-kdump.rules").read_text()
    command = rule.split("RUN+=\"/bin/sh -c '")[1].split("'\"")[0]
    for loaded, systemd, wanted in ((0, True, ""), (0, False, ""), (
            1, True, "systemd-run --no-block --quiet --collect @/usr/sbin/kdump -q reload "
            "--events\n"), (1, False, "setsid @/usr/sbin/kdump -q reload --events\n")):
        with Machine() as machine:
            machine.file("sys/kernel/kexec_crash_loaded", f"{loaded}\n")
            if systemd:
                (machine.path / "run/systemd/system").mkdir(parents=True)
            output = script_text(machine, command, programs={"systemd-run": "", "setsid": ""})
            runner.equal(f"udev rule, {loaded}, {systemd}", output, f"{wanted}status 0\n")
            # Somebody waits for the last event already.
            folder = f"{machine.path}/run/kdump"
            output = script_text(machine, f"mkdir -p {folder}; exec 7>{folder}/event.lock; "
                                 f"flock -n 7; {command}",
                                 programs={"systemd-run": "", "setsid": ""})
            runner.equal(f"udev rule, {loaded}, {systemd}, held", (output, (
                machine.path / "run/kdump/event").exists()), ("status 0\n", bool(loaded)))


CASES = (clean, trial, hosts, names, live, rebuild, last_resort)
CASES_ONCE = (removal, package, chroots, again, install, openrc, rpm, udev_rule)
