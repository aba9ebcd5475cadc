# SPDX-License-Identifier: GPL-2.0
"""A Debian guest with systemd and Debian's own kernel: installed, crashed, looked at."""
import json
import os
import subprocess

from harness import paths
from harness.guest import Guest, Machine
from harness.service import drive, disk, record, wait_end
from harness.suite import Skip, check, full_test

ROOT = paths.ROOT / "build" / "debian-root"
CMDLINE = "root=/dev/vda ro crashkernel=96M systemd.show_status=false"


def script(name):
    """Run one of our scripts; return the last line of what it prints."""
    done = subprocess.run([paths.ROOT / "scripts" / name], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    check(not done.returncode, f"scripts/{name}: {done.stdout}")
    return (done.stdout.splitlines() or [""])[-1]


def boot(context, *disks):
    devices = [argument for name, path in disks for argument in drive(path, name)]
    return Guest(Machine(ROOT / "vmlinuz", ROOT / "initrd", CMDLINE, below_4g="768M",
                         memory="1G,slots=1,maxmem=2G", devices=devices), context.workdir)


def check_reload(guest, what, change):
    """A change of the machine, after which udev has kdump load the capture kernel again."""
    # Nothing that came before may be taken for it.
    guest.sh("udevadm settle; while systemctl list-units --type service | grep 'kdump -q reload'; "
             "do sleep 1; done; touch /tmp/before", 200)
    change()
    reply = guest.run("for second in $(seq 100); do "
                      "    [ /run/kdump/loader -nt /tmp/before ] && exit; sleep 1; "
                      "done; journalctl -b --no-pager | tail -n 20; exit 1", 200)
    check(not reply.status, f"{what}: not loaded again: {reply.text}")


def check_hotplug(guest):
    """Headers that kexec_load has loaded follow no CPU and no memory, and have to be made anew;
    of those of kexec_file_load the kernel takes care."""
    def set_cpu(online):
        return lambda: guest.sh(f"echo {online} >/sys/devices/system/cpu/cpu1/online")

    flags = "cat /sys/devices/system/cpu/crash_hotplug /sys/devices/system/memory/crash_hotplug"
    check(guest.sh(flags) == "1\n1", "the kernel does not take care of what kexec_file_load loaded")
    guest.sh("echo KEXEC_ARGS=-c >>/etc/default/kdump; /etc/init.d/kdump restart", 400)
    check(guest.sh(flags) == "0\n0", "the kernel takes care of what kexec_load loaded")
    check_reload(guest, "a CPU gone", set_cpu(0))
    check_reload(guest, "a CPU back", set_cpu(1))
    check_reload(guest, "memory come", lambda: plug_memory(guest))
    guest.sh("sed -i '$d' /etc/default/kdump; /etc/init.d/kdump restart; /etc/init.d/kdump status",
             400)


def plug_memory(guest):
    """Put in a module of memory, and use it."""
    guest.monitor.execute("object-add", **{"qom-type": "memory-backend-ram"}, id="ram1",
                          size=128 << 20)
    guest.monitor.execute("device_add", driver="pc-dimm", id="dimm1", memdev="ram1")
    guest.sh("""cd /sys/devices/system/memory
                until [ $(cat memory*/state | wc -l) -gt 8 ]; do sleep 1; done
                grep -l offline memory*/state |
                    while read state; do echo online >$state; done""")


@full_test
def trial(context):
    """The Debian package is installed with apt, CPUs and memory come and go, kdump test --force
    crashes the machine, and after the reboot dump, log, report and verdict are there. Removed, the
    package leaves nothing but its configuration; purged, nothing."""
    if os.geteuid():
        raise Skip("only root can make a root file system")
    script("debian-root")
    package = script("deb")
    root = context.workdir / "root"
    subprocess.run(["cp", "--sparse=always", ROOT / "image", root], check=True)
    folder = context.workdir / "media"
    folder.mkdir()
    subprocess.run(["cp", package, folder / "kdump.deb"], check=True)
    media = disk(context.workdir / "media.img", 32, "mkfs.ext4", "-q", "-d", folder)

    with boot(context, ("root", root), ("media", media)) as guest:
        guest.wait_for("first", 400)
        guest.sh("mount -o ro /dev/vdb /mnt; "
                 "DEBIAN_FRONTEND=noninteractive apt-get install -y /mnt/kdump.deb", 400)
        status = json.loads(guest.sh("kdump status --json"))
        check(status["armed"], f"not armed after installation: {status}")
        check(guest.sh("systemctl is-active kdump; systemctl is-enabled kdump") ==
              "active\nenabled", "the service is not active and enabled")
        check(guest.run("dpkg --verify kdump").text == "", "files are not as packaged")
        check_hotplug(guest)
        guest.send("kdump test --force")
        wait_end(guest, 400)

    with boot(context, ("root", root)) as guest:
        guest.wait_for("first", 400)
        guest.sh("until systemctl is-active kdump; do sleep 1; done", 400)
        text = guest.sh("kdump status")
        check("kdump is armed" in text and "last crash: ok" in text and ": passed" in text, text)
        found = guest.sh("ls -d /var/crash/guest-*")
        status = record(guest.sh(f"cat {found}/kdump-status"))
        check(status["stage"] == "done" and status["kernel"] == guest.sh("uname -r"), f"{status}")
        check("sysrq triggered crash" in guest.sh(f"cat {found}/vmcore-dmesg.txt"), "no log")
        check(guest.bytes(f"head -c 8 {found}/vmcore") == b"KDUMP   ", "no dump")
        check("Kernel panic" in guest.sh("kdump report"), "the report does not tell why")
        guest.sh("apt-get remove -y kdump", 200)
        left = guest.sh("cat /sys/kernel/kexec_crash_loaded; ls -d /usr/lib/kdump "
                        "/var/lib/kdump 2>/dev/null; ls /etc/kdump.conf")
        check(left == "0\n/etc/kdump.conf", f"removal left something loaded or installed: {left}")
        guest.sh("apt-get purge -y kdump", 200)
        left = guest.sh("find /etc /usr /var/lib -name '*kdump*' ! -name 'kdump_6.12*'")
        check(not left, f"purging left {left}")
