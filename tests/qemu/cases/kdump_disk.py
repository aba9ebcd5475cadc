# SPDX-License-Identifier: GPL-2.0
"""Dumps to disks: armed with kdump start, crashed, looked at after the reboot."""
import json
import re
import time

from harness import servers
from harness.guest import ROOMY
from harness.kdump import on_cpu
from harness.makedumpfile import installed
from harness.service import MIB, Crash, disk, drive, folder, load_module, record
from harness.suite import Failure, check, full_test, test

MOUNTED = "/mnt/var/crash"


def check_saved(guest, where):
    """A whole dump with everything beside it, for root alone."""
    found = folder(guest, where)
    status = record(guest.sh(f"cat {found}/kdump-status"))
    check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
    check(guest.sh(f"stat -c %a {found}") == "700", "the folder is not for root alone")
    modes = guest.sh(f"cd {found} && stat -c '%a %n' *")
    names = {line.split()[1] for line in modes.splitlines()}
    check(all(line.startswith("600 ") for line in modes.splitlines()), f"modes: {modes}")
    check({"vmcore", "vmcore-dmesg.txt", "report.txt", "kexec-dmesg.log"} <= names,
          f"only {sorted(names)} are there")
    check("vmcore-incomplete" not in names and "kdump-reserve" not in names,
          f"{sorted(names)}: something was left")
    return found, status


@test
def ext4(context):
    """A crash is saved to ext4 on a virtio disk that is named by its UUID, and kdump status
    tells of it after the reboot."""
    path = disk(context.workdir / "disk", 1024, "mkfs.ext4", "-q", "-U",
                "5a3b9c2e-1111-4222-8333-444455556666")
    crash = Crash(context, "ext4 UUID=5a3b9c2e-1111-4222-8333-444455556666\ncore_collector cp\n",
                  drive(path))
    crash.arm_and_crash()
    with crash.boot() as guest:
        guest.sh("hostname guest; mount -t ext4 /dev/vda /mnt")
        check_saved(guest, MOUNTED)
        check("last crash: ok" in guest.run("kdump status").text, "kdump status does not tell")


@test
def xfs(context):
    """A crash is saved to xfs, a module, on a disk that is named by its label, and the oldest
    dumps go (KDUMP_KEEP_OLD_DUMPS)."""
    path = disk(context.workdir / "disk", 512, "mkfs.xfs", "-q", "-L", "dumps")
    crash = Crash(context, "xfs LABEL=dumps\npath /dumps\n", drive(path),
                  default='KDUMP_KEEP_OLD_DUMPS="1"\n')
    with crash.boot() as guest:
        load_module(guest, "xfs")
        guest.sh("""hostname guest; mount -t xfs /dev/vda /mnt
            for year in 2001 2002; do
                mkdir -p /mnt/dumps/guest-$year-01-01-00:00:00
                echo result=ok >/mnt/dumps/guest-$year-01-01-00:00:00/kdump-status
            done
            mkdir /mnt/dumps/other-2001-01-01-00:00:00
            umount /mnt
            kdump start""", timeout=240)
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
    with crash.boot() as guest:
        load_module(guest, "xfs")
        guest.sh("mount -t xfs /dev/vda /mnt; rm -r /mnt/dumps/other-*")
        check(guest.sh("ls -d /mnt/dumps/*2001* /mnt/dumps/*2002* 2>/dev/null || :") ==
              "/mnt/dumps/guest-2002-01-01-00:00:00", "rotation kept something else")
        guest.sh("rm -r /mnt/dumps/guest-2002-*")
        found, _ = check_saved(guest, "/mnt/dumps")
        check("sysrq triggered crash" in guest.sh(f"cat {found}/vmcore-dmesg.txt"),
              "the log does not end in the crash")
        check(guest.bytes(f"head -c 8 {found}/vmcore") == b"KDUMP   ", "no compressed dump")


@full_test
def ext3(context):
    """A crash is saved to ext3, which the capture kernel has only as a part of ext4."""
    path = disk(context.workdir / "disk", 256, "mkfs.ext3", "-q")
    crash = Crash(context, "ext3 /dev/vda\n", drive(path))
    crash.arm_and_crash()
    with crash.boot() as guest:
        guest.sh("mount -t ext3 /dev/vda /mnt")
        check_saved(guest, MOUNTED)


@full_test
def halt(context):
    """final_action halt leaves the machine standing after a dump, with nothing that resets it."""
    path = disk(context.workdir / "disk", 128, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\nfinal_action halt\n", drive(path))
    with crash.boot() as guest:
        guest.sh("hostname guest; kdump start", timeout=240)
        guest.send("echo c >/proc/sysrq-trigger")
        deadline = time.monotonic() + 240
        while "reboot: System halted" not in guest.console():
            if time.monotonic() > deadline:
                raise Failure("the machine does not halt")
            time.sleep(0.5)
        time.sleep(10)
        check(guest.process.poll() is None, "the machine reset itself")
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        check_saved(guest, MOUNTED)


@full_test
def btrfs(context):
    """A crash is saved to btrfs on a disk of a SATA controller."""
    path = disk(context.workdir / "disk", 512, "mkfs.btrfs", "-q")
    devices = ("-drive", f"file={path},format=raw,if=none,id=disk-drive,cache=unsafe",
               "-device", "ide-hd,drive=disk-drive,bus=ide.0")
    crash = Crash(context, "btrfs /dev/sda\n", devices)
    with crash.boot() as guest:
        load_module(guest, "btrfs")
        guest.sh("hostname guest; kdump start", timeout=240)
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
    with crash.boot() as guest:
        load_module(guest, "btrfs")
        guest.sh("mount -t btrfs /dev/sda /mnt")
        check_saved(guest, MOUNTED)


@test
def nvme(context):
    """A crash is saved to an NVMe disk that is named by its UUID, by two CPUs, though it was not
    the boot CPU that crashed."""
    path = disk(context.workdir / "disk", 256, "mkfs.ext4", "-q", "-U",
                "5a3b9c2e-1111-4222-8333-444455556667")
    devices = ("-drive", f"file={path},format=raw,if=none,id=disk-drive,cache=unsafe",
               "-device", "nvme,drive=disk-drive,serial=dump")
    crash = Crash(context, "ext4 UUID=5a3b9c2e-1111-4222-8333-444455556667\n", devices,
                  programs=[servers.program("blkid")], machine={"cpus": "3"})
    console = crash.arm_and_crash(trigger=on_cpu(1, "echo c >/proc/sysrq-trigger"))
    check(re.findall("Brought up 1 node, (.) CPUs", console) == ["3", "2"], "other CPUs came up")
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/nvme0n1 /mnt")
        check_saved(guest, MOUNTED)


@test
def raw(context):
    """A crash is saved to a partition without a file system: the dump at its start, the record
    and the log at its end; kdump start finds the record, and refuses a partition in use."""
    path = disk(context.workdir / "disk", 256)
    crash = Crash(context, "raw /dev/vda\n", drive(path))
    crash.arm_and_crash()
    data = path.read_bytes()
    tail = data[-4 * MIB:]
    status = record(tail[:4096].rstrip(b"\0").decode())
    check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
    check(data.startswith(b"KDUMP   "), "no dump at the start")
    check(b"sysrq triggered crash\n\0" in tail[4096:], "no log at the end")
    with crash.boot() as guest:
        guest.sh("kdump start", timeout=240)
        check("last crash: ok" in guest.sh("kdump status"), "kdump status does not tell")
        reply = guest.run("mke2fs -q /dev/vda 2>&1; mount -t ext4 /dev/vda /mnt; kdump start")
        check(reply.status == 6 and "/etc/kdump.conf:1:" in reply.text and "in use" in reply.text,
              f"a mounted partition was not refused: {reply}")


@test
def to_root(context):
    """failure_action dump_to_rootfs saves to the disk of the root file system when the target
    cannot be mounted."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vdb\nfailure_action dump_to_rootfs\n", drive(path),
                  on_disk=True)
    crash.arm_and_crash(trigger="dd if=/dev/zero of=/dev/vdb bs=64k count=1 conv=fsync;"
                                "echo c >/proc/sysrq-trigger")
    with crash.boot() as guest:
        check_saved(guest, "/var/crash")


@full_test
def default_target(context):
    """Without a target the dump goes to the disk that path lies on. With KDUMP_IMMEDIATE_REBOOT=no
    and a run level the capture kernel goes on into the root file system."""
    crash = Crash(context, "path /dumps\n", on_disk=True, cmdline="crashkernel=192M", machine=ROOMY,
                  default="KDUMP_IMMEDIATE_REBOOT=no\nKDUMP_RUNLEVEL=1\n",
                  files=[("/sbin/init", "#!/bin/sh\nmount -t proc proc /proc; mkdir -p /run\n"
                          "echo $1 >/level; kdump start >/start 2>&1; sync; reboot -f\n", 0o755)])
    crash.arm_and_crash()
    with crash.boot() as guest:
        check_saved(guest, "/dumps")
        check(guest.sh("cat /level") == "1", "the run level was not reached")
        check("the dump has been saved" in guest.sh("cat /start"), "kdump start does not know")


@test
def last_resort(context):
    """A capture kernel that somebody has loaded without our initramfs runs the system itself:
    there kdump start saves the dump, and reboots."""
    crash = Crash(context, "", on_disk=True, cmdline="crashkernel=96M", machine=ROOMY)
    with crash.boot() as guest:
        guest.sh("hostname guest; kexec -p -c /usr/lib/kdump/kernel/vmlinuz "
                 f"--command-line='{guest.kernel_options} nr_cpus=1 root=/dev/vda rw init=/init'")
        guest.crash("echo c >/proc/sysrq-trigger")
        guest.sh("hostname guest")
        guest.ends_after("kdump start", timeout=240)
    with crash.boot() as guest:
        found = folder(guest, "/var/crash")
        check(record(guest.sh(f"cat {found}/kdump-status"))["result"] == "ok", "not saved")
        check("sysrq triggered crash" in guest.sh(f"cat {found}/vmcore-dmesg.txt"), "no log")
        check(guest.bytes(f"head -c 8 {found}/vmcore") == b"KDUMP   ", "no dump")
        check("last crash: ok" in guest.run("hostname guest; kdump status").text,
              "kdump status does not tell")


@test
def transfer(context):
    """KDUMP_TRANSFER is given the dump and the log, and saves them its own way."""
    path = disk(context.workdir / "disk", 600)
    crash = Crash(context, "", drive(path), default="KDUMP_TRANSFER=/bin/transfer\n",
                  files=[("/bin/transfer", "#!/bin/sh\ndd if=$KDUMP_SOURCE of=/dev/vda bs=64k\n"
                          "dd if=$KDUMP_LOG of=/dev/vda bs=1M seek=580\n", 0o755)])
    crash.arm_and_crash()
    data = path.read_bytes()
    check(data.startswith(b"\x7fELF"), "no dump")
    check(b"sysrq triggered crash" in data[580 * MIB:], "no log")


@test
def makedumpfile(context):
    """makedumpfile as core_collector, with the libraries that it needs."""
    path = disk(context.workdir / "disk", 256, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\ncore_collector makedumpfile -l -d 31\n", drive(path),
                  files=installed(), cmdline="crashkernel=80M")
    crash.arm_and_crash()
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        found, _ = check_saved(guest, MOUNTED)
        guest.sh(f"/usr/bin/makedumpfile --dump-dmesg {found}/vmcore /tmp/log")
        check("sysrq triggered crash" in guest.sh("cat /tmp/log"), "no log in the dump")


@full_test
def makedumpfile_raw(context):
    """So does makedumpfile -F to a raw partition, which maps the dump instead of reading it: that
    it goes on is seen, also where all takes longer than KDUMP_STALL_TIMEOUT."""
    path = disk(context.workdir / "disk", 600)
    crash = Crash(context, "raw /dev/vda\ncore_collector makedumpfile -F -c -d 1\n", drive(path),
                  files=installed(), cmdline="crashkernel=80M", default="KDUMP_STALL_TIMEOUT=6\n")
    crash.arm_and_crash()
    data = path.read_bytes()
    status = record(data[-4 * MIB:][:4096].rstrip(b"\0").decode())
    check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
    check(data.startswith(b"makedumpfile"), "no flattened dump at the start")


@test
def too_small(context):
    """kdump start refuses to arm where image, initramfs and run-time need exceed the
    reservation, and says by how much."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\n", drive(path), cmdline="crashkernel=32M")
    with crash.boot() as guest:
        reply = guest.run("kdump start", timeout=240)
        check(reply.status == 1 and re.search(r"32 MiB is \d+ MiB too small", reply.text),
              f"not refused: {reply}")
        check(guest.sh("cat /sys/kernel/kexec_crash_loaded") == "0", "something was loaded")
        check(guest.run("kdump status").status == 3, "kdump status does not say so")
        need = json.loads(guest.sh("kdump estimate --json"))
        check(need["needed"] > need["reserved"] == 32 * MIB and not need["fits"], f"{need}")


@full_test
def as_estimated(context):
    """What kdump estimate recommends is enough to save a dump."""
    path = disk(context.workdir / "disk", 128, "mkfs.ext4", "-q")
    small = Crash(context, "ext4 /dev/vda\n", drive(path), cmdline="crashkernel=64M")
    with small.boot() as guest:
        size = json.loads(guest.sh("kdump estimate --json", timeout=240))["crashkernel"]
    check(int(size.removesuffix("M")) < 64, f"{size}: not less than the 64M of the other tests")
    crash = Crash(context, "ext4 /dev/vda\n", drive(path), cmdline=f"crashkernel={size}")
    crash.arm_and_crash()
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        check_saved(guest, MOUNTED)


@test
def rebuild(context):
    """The initramfs is made again only when something that goes into it has changed."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\n", drive(path))
    image = "/var/lib/kdump/initramfs.img"
    with crash.boot() as guest:
        check(guest.run("kdump reload").status == 1, "reload armed what nobody had armed")
        guest.sh("kdump start", timeout=240)
        check(guest.sh(f"stat -c %a {image}") == "600", "the initramfs is not for root alone")
        first = guest.sh(f"stat -c %Y.%i {image}")
        guest.sh("kdump restart; kdump reload", timeout=240)
        check(guest.sh(f"stat -c %Y.%i {image}") == first, "made again without need")
        for change in ("echo path /else >>/etc/kdump.conf",
                       "echo '#!/bin/sh' >/etc/kdump/pre.d/hook; chmod +x /etc/kdump/pre.d/hook",
                       "echo : >>/etc/kdump/pre.d/hook",
                       "echo KDUMP_DUMPLEVEL=1 >>/etc/default/kdump",
                       "echo force_rebuild 1 >>/etc/kdump.conf"):
            guest.sh(f"{change}; kdump restart", timeout=240)
            last, first = first, guest.sh(f"stat -c %Y.%i {image}")
            check(last != first, f"not made again after: {change}")
