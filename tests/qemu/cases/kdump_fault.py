# SPDX-License-Identifier: GPL-2.0
"""What becomes of a dump when disks and hooks of the administrator's fail."""
import socket
import time

from harness.service import MIB, Crash, disk, drive, folder, record, wait_end
from harness.suite import Failure, check, full_test, test

RAW_TAIL = 4 * MIB      # as in tools/kdump/capture/raw.sh
QUICK = "KDUMP_STALL_TIMEOUT=10\nKDUMP_STEP_TIMEOUT=30\nKDUMP_HOOK_TIMEOUT=3\n"


def check_broken(guest, where, error):
    """The log is whole, the dump is not and says so, and the record knows why."""
    found = folder(guest, where)
    check("sysrq triggered crash" in guest.sh(f"cat {found}/vmcore-dmesg.txt"), "no log")
    check(not guest.run(f"test -s {found}/vmcore-incomplete").status, "nothing of the dump")
    check(guest.run(f"test -e {found}/vmcore").status, "a broken dump looks whole")
    status = record(guest.sh(f"cat {found}/kdump-status"))
    check(status["stage"] == "dump" and status["result"] == "failed" and error in status["error"],
          f"the record says {status}")
    return found


@test
def damaged_configuration(context):
    """A configuration that is damaged is refused with file and line, all of it at once, and what
    was armed before stays armed."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\n", drive(path))
    with crash.boot() as guest:
        guest.sh("kdump start", timeout=240)
        for damage, words in (
                ("printf 'ext4 /dev/vda\\n\\0\\0\\1\\n' >/etc/kdump.conf",
                 "kdump.conf:2: there are bytes"),
                ("echo ext4 /dev/vdz >/etc/kdump.conf", "kdump.conf:1: there is no device"),
                ("echo xfs /dev/vda >/etc/kdump.conf", "kdump.conf:1: /dev/vda cannot be mounted"),
                ("echo extra_modules none >/etc/kdump.conf", "kdump.conf:1: there is no module"),
                ("echo core_collector none >/etc/kdump.conf", "kdump.conf:1: there is no program"),
                ("echo KDUMP_KERNEL=/none >/etc/default/kdump", "default/kdump:1: there is no")):
            reply = guest.run(f"{damage}; kdump restart", timeout=240)
            check(reply.status == 6 and words in reply.text, f"{damage}: {reply}")
        check(not guest.run("kdump status").status, "not armed any more")


@test
def full_disk(context):
    """On a full disk log, report and record are saved, and the dump keeps the name of one that
    is not whole."""
    path = disk(context.workdir / "disk", 32, "mkfs.ext4", "-q", "-m", "0")
    # The kernel's pages alone would fit.
    crash = Crash(context, "ext4 /dev/vda\ncore_collector vmcore-save -l 0\n", drive(path))
    crash.arm_and_crash()
    with crash.boot() as guest:
        guest.sh("hostname guest; mount -t ext4 /dev/vda /mnt")
        found = check_broken(guest, "/mnt/var/crash", "no space")
        check("result=failed" in guest.sh(f"cat {found}/report.txt"), "no report")
        check("last crash: failed" in guest.run("umount /mnt; kdump start; kdump status").text,
              "kdump status does not tell")


def full_partition_with(context, collector):
    path = disk(context.workdir / "disk", 32)
    crash = Crash(context, f"raw /dev/vda\ncore_collector {collector}\n", drive(path))
    crash.arm_and_crash()
    data = path.read_bytes()
    dump, tail = data[:-RAW_TAIL], data[-RAW_TAIL:]
    status = record(tail[:4096].rstrip(b"\0").decode())
    check(status["stage"] == "dump" and status["result"] == "failed" and
          "no space" in status["error"] and status["log"] == "saved", f"the record says {status}")
    log = tail[4096:]
    check(b"sysrq triggered crash\n\0" in log, "the log does not end in the crash")
    check(not log[log.index(b"\0"):].strip(b"\0"), "something lies behind the log")
    with crash.boot() as guest:
        guest.sh("kdump start", timeout=240)
        check("last crash: failed" in guest.sh("kdump status"), "kdump status does not tell")
    return dump


@test
def full_partition(context):
    """A partition without a file system is too small for the dump: it ends where record and log
    lie, the record says so, and the log is whole."""
    dump = full_partition_with(context, "vmcore-save -l 0")
    check(dump.startswith(b"KDUMP   "), "no dump")
    check(any(dump[-2 * MIB:]), "the dump does not reach up to the record")


@full_test
def full_partition_pipe(context):
    """So it does if another program than the saver copies."""
    check(full_partition_with(context, "cp").startswith(b"\x7fELF"), "no dump")


@full_test
def free_disk_size(context):
    """A dump that would leave less than KDUMP_FREE_DISK_SIZE is removed, and the log stays."""
    for collector, free in (("dd bs=64k", 64), ("vmcore-save", 115)):
        path = disk(context.workdir / "disk", 128, "mkfs.ext4", "-q", "-m", "0")
        crash = Crash(context, f"ext4 /dev/vda\ncore_collector {collector}\n", drive(path),
                      default=f"KDUMP_FREE_DISK_SIZE={free}\n")
        crash.arm_and_crash()
        with crash.boot() as guest:
            guest.sh("mount -t ext4 /dev/vda /mnt")
            found = folder(guest, "/mnt/var/crash")
            check(guest.sh(f"cd {found}; ls vmcore* 2>/dev/null") == "vmcore-dmesg.txt",
                  f"{collector}: something else than the log is there")
            status = record(guest.sh(f"cat {found}/kdump-status"))
            check("KDUMP_FREE_DISK_SIZE" in status["error"], f"the record says {status}")
            check(int(status["bytes"]) > MIB, f"nothing was copied: {status}")
        path.unlink()


@test
def unplugged(context):
    """The disk is unplugged in mid-copy: the machine resets, and what was on the disk by then
    is readable. ext4 puts down how long a file is every five seconds."""
    path = disk(context.workdir / "disk", 600, "mkfs.ext4", "-q")
    devices = ("-device", "virtio-scsi-pci,id=scsi",
               "-drive", f"file={path},format=raw,if=none,id=disk-drive,"
                         "throttling.bps-write=10000000",
               "-device", "scsi-hd,drive=disk-drive,id=disk")
    crash = Crash(context, "ext4 /dev/sda\ncore_collector dd bs=64k\n", devices, default=QUICK)
    with crash.boot() as guest:
        guest.sh("hostname guest; kdump start", timeout=240)
        guest.send("echo c >/proc/sysrq-trigger")
        deadline = time.monotonic() + 200
        while written(guest) < 100 * MIB:
            if time.monotonic() > deadline:
                raise Failure("the dump does not begin")
            time.sleep(0.1)
        guest.monitor.execute("device_del", id="disk")
        wait_end(guest, 200)
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/sda /mnt")
        check_broken(guest, "/mnt/var/crash", "the capture kernel stopped in this stage")


def written(guest):
    """How much the guest has written to its disk."""
    return sum(device["stats"]["wr_bytes"] for device in guest.monitor.execute("query-blockstats"))


@test
def hooks(context):
    """Hooks run in Red Hat's order and are told the status; one that hangs is ended after
    KDUMP_HOOK_TIMEOUT; what pre.d returns does not matter, and kdump_post may change the
    status, so that emergency hooks run."""
    path = disk(context.workdir / "disk", 128, "mkfs.ext4", "-q")
    notes = disk(context.workdir / "notes", 1)
    # Each hook notes its name and argument in a block of its own.
    note = "echo \"{0} $1.\" | dd of=/dev/vdb bs=512 seek={1} conv=notrunc\n"
    hooks = (("kdump_pre", "pre", ""), ("pre.d/10-hangs", "hangs", "sleep 1000\n"),
             ("pre.d/20-fails", "fails", "exit 1\n"), ("post.d/10-post", "post.d", ""),
             ("kdump_post", "post", "exit 7\n"), ("emergency.d/10-first", "first", ""),
             ("kdump_emergency", "last", ""))
    files = [(f"/etc/kdump/{name}", "#!/bin/sh\n" + note.format(word, at) + rest, 0o755)
             for at, (name, word, rest) in enumerate(hooks)]
    config = ("ext4 /dev/vda\nkdump_pre /etc/kdump/kdump_pre\nkdump_post /etc/kdump/kdump_post\n"
              "kdump_emergency /etc/kdump/kdump_emergency\n")
    crash = Crash(context, config, (*drive(path), *drive(notes, "notes")), files=files,
                  default=QUICK)
    crash.arm_and_crash()
    data = notes.read_bytes()
    found = [data[at:at + 512].rstrip(b"\0").decode().strip() for at in range(0, 7 * 512, 512)]
    check(found == ["pre .", "hangs .", "fails .", "post.d 0.", "post 0.", "first 7.", "last 7."],
          f"the hooks noted {found}")
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        status = record(guest.sh("cat /mnt/var/crash/guest-*/kdump-status"))
        check(status["result"] == "ok", f"the record says {status}")


@full_test
def pre_says_no(context):
    """A kdump_pre that fails ends it all before anything is saved, with the final action; the
    hooks are reached although the target is not there."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    hook = "#!/bin/sh\necho reached | dd of=/dev/vdb conv=notrunc\nexit {0}\n"
    notes = disk(context.workdir / "notes", 1)
    crash = Crash(context, "ext4 /dev/vda\nkdump_pre /etc/kdump/pre\nfinal_action poweroff\n",
                  (*drive(path), *drive(notes, "notes")),
                  files=[("/etc/kdump/pre", hook.format(1), 0o755)])
    crash.arm_and_crash()
    check(notes.read_bytes().startswith(b"reached"), "kdump_pre was not reached")
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        check(not guest.sh("ls /mnt/var/crash"), "something was saved")


@test
def target_gone(context):
    """Where the target cannot be mounted the emergency hooks are reached, with the end of the
    log, and the machine resets."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    notes = disk(context.workdir / "notes", 1)
    crash = Crash(context, "ext4 /dev/vda\nkdump_emergency /etc/kdump/failed\n",
                  (*drive(path), *drive(notes, "notes")), default=QUICK,
                  files=[("/etc/kdump/failed", "#!/bin/sh\n"
                          "cat /run/kdump/record/error /run/kdump/vmcore-dmesg.txt |"
                          "dd of=/dev/vdb conv=notrunc\n", 0o755)])
    with crash.boot() as guest:
        guest.sh("kdump start; dd if=/dev/zero of=/dev/vda bs=64k count=1 conv=fsync", timeout=240)
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
    text = notes.read_bytes()
    check(text.startswith(b"cannot mount /dev/vda as ext4"), f"the error is {text[:80]}")
    check(b"sysrq triggered crash" in text, "no log")


@test
def shell(context):
    """After a failure failure_action shell leaves a shell on the console, with the reason, the log
    and the old memory at hand; when it ends, the machine resets, with what was written there."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    console = context.workdir / "console"
    devices = ("-chardev", f"socket,id=console,path={console},server=on,wait=off",
               "-device", "isa-serial,chardev=console,index=1")
    crash = Crash(context, "ext4 /dev/vda\nfailure_action shell\n", (*drive(path), *devices),
                  default=QUICK + "KDUMP_COMMANDLINE_REMOVE=console\n"
                  "KDUMP_COMMANDLINE_APPEND=console=ttyS1\n")
    with crash.boot() as guest, socket.socket(socket.AF_UNIX) as terminal:
        guest.sh("kdump start; dd if=/dev/zero of=/dev/vda bs=64k count=1 conv=fsync", timeout=240)
        terminal.connect(str(console))
        terminal.settimeout(240)
        guest.send("echo c >/proc/sysrq-trigger")
        wait_for_text(terminal, "when it ends, the machine reboots")
        wait_for_text(terminal, "# ")
        terminal.sendall(b"echo \"<$(cat /run/kdump/record/error)>\"\n"
                         b"echo \"<$(tail -n 1 /run/kdump/vmcore-dmesg.txt)>\"\n"
                         b"echo \"<$(head -c 4 /proc/vmcore | tail -c 3)>\"\n")
        for words in ("<cannot mount /dev/vda as ext4", "sysrq triggered crash>", "<ELF>"):
            wait_for_text(terminal, words)
        check(guest.process.poll() is None, "the machine did not wait for the shell to end")
        terminal.sendall(b"mke2fs /dev/vda && mount -t ext4 /dev/vda /mnt && sync\n"
                         b"echo \"<kept by $((3 - 2)) hand>\" >/mnt/note; cat /mnt/note\n")
        wait_for_text(terminal, "<kept by 1 hand>")
        terminal.sendall(b"exit\n")
        wait_end(guest, 60)
    check(b"<kept by 1 hand>" in path.read_bytes(), "what the shell had written is gone")


def wait_for_text(terminal, words):
    """Read from a terminal until these words come."""
    text = b""
    while words.encode() not in text:
        try:
            byte = terminal.recv(1)
        except TimeoutError:
            byte = b""
        check(byte, f"no '{words}' on the terminal, but {text[-2000:]}")
        text += byte


@test
def saver_hangs(context):
    """A core collector that neither ends nor goes on is ended after KDUMP_STALL_TIMEOUT."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\ncore_collector collect\n", drive(path), default=QUICK,
                  files=[("/bin/collect", "#!/bin/sh\nhead -c 100000 $1 >$2\nsleep 1000\n",
                          0o755)])
    crash.arm_and_crash()
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        check_broken(guest, "/mnt/var/crash", "no progress for 10 s")


# Stop the process that watches over the one that runs this hook, as a bug in it
# would. If it went on the dump would be saved, whatever this hook does.
STOP_MAIN = """#!/bin/sh
    read -r _ _ _ part _ </proc/$$/stat
    read -r _ _ _ main _ </proc/$part/stat
    kill -STOP $main
"""


@test
def capture_hangs(context):
    """Should the script itself hang, the process beside it resets the machine when the deadline
    has passed."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\n", drive(path), default=QUICK,
                  files=[("/etc/kdump/pre.d/stop", STOP_MAIN + "sleep 1000\n", 0o755)])
    crash.arm_and_crash(timeout=200)
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        check(not guest.sh("ls /mnt/var/crash"), "the dump was saved: nothing hung")


@test
def all_hangs(context):
    """Should the processes that feed watchdogs hang, too, the machine's own resets it, before the
    one in software."""
    path = disk(context.workdir / "disk", 64, "mkfs.ext4", "-q")
    stop = STOP_MAIN + r"""
        for process in /proc/[0-9]*; do
            case $(tr '\0' ' ' <$process/cmdline) in
            *" /lib/kdump/watchdog "*) kill -STOP ${process#/proc/} ;;
            esac
        done
        echo "stopped those who feed" /dev/watchdog[0-9] >/dev/console
        sleep 1000
        """
    crash = Crash(context, "ext4 /dev/vda\n", (*drive(path), "-device", "i6300esb"),
                  default=QUICK, files=[("/etc/kdump/pre.d/stop", stop, 0o755)])
    console = crash.arm_and_crash(timeout=200)
    check("i6300ESB timer" in console, "the machine's watchdog has no driver")
    check("stopped those who feed /dev/watchdog0 /dev/watchdog1" in console, "not two of them")
    check("softdog: Initiating" not in console, "the watchdog in software came first")
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        check(not guest.sh("ls /mnt/var/crash"), "the dump was saved: nothing hung")
