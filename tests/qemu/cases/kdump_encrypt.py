# SPDX-License-Identifier: GPL-2.0
"""Encrypted dumps: armed with a public key, crashed, decrypted on the host after the reboot."""
import shutil
import subprocess

from kdumpreader import KdumpFile, unflatten

from harness.service import MIB, Crash, disk, drive, record
from harness.suite import Skip, check, full_test, test

TARGET = "ext4 UUID=5a3b9c2e-1111-4222-8333-444455556666\n"
# What the saver makes of the same memory once more, as it is: to be compared with, nothing else.
PLAIN = """#!/bin/sh
vmcore-save -q -l 31 - >"$KDUMP_FOLDER/plain"
vmcore-save --dmesg /proc/vmcore "$KDUMP_FOLDER/plain.log"
"""


def keys(context):
    """A key pair: the file of the secret one, which no guest sees, and the public one."""
    if not shutil.which("age"):
        raise Skip("there is no age")
    identity = context.workdir / "identity"
    identity.unlink(missing_ok=True)
    done = subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True,
                          text=True)
    return identity, done.stderr.split()[-1]


def decrypt(identity, data):
    return subprocess.run(["age", "-d", "-i", identity], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def files_of(path, folder):
    """The files of the one crash on an ext4 disk."""
    folder.mkdir()
    subprocess.run(["debugfs", "-R", f"rdump /var/crash {folder}", path], check=True,
                   capture_output=True)
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@test
def ext4(context):
    """Dump, log and report on ext4 are encrypted to the key in kdump.conf, and are then what they
    would be without; the record can be read. A key that is none is refused."""
    identity, recipient = keys(context)
    path = disk(context.workdir / "disk", 1024, "mkfs.ext4", "-q", "-U", TARGET[10:-1])
    config = f"{TARGET}encrypt {recipient}\n"
    crash = Crash(context, config, drive(path),
                  files=[("/etc/kdump/post.d/10-plain", PLAIN, 0o755)])
    with crash.boot() as guest:
        guest.sh("hostname guest; sed 's/age1../age1qq/' /etc/kdump.conf >/tmp/wrong")
        reply = guest.run("kdump -c /tmp/wrong start")
        check(reply.status == 6 and "/tmp/wrong:2:" in reply.text and "checksum" in reply.text,
              f"a wrong key was not refused: {reply}")
        guest.sh("kdump start", timeout=240)
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=300)
    found = files_of(path, context.workdir / "files")
    status = record(found["kdump-status"].decode())
    check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
    check(sorted(found) == ["kdump-status", "kexec-dmesg.log", "plain", "plain.log",
                            "report.txt.age", "vmcore-dmesg.txt.age", "vmcore.age"],
          f"there is {sorted(found)}")
    log = decrypt(identity, found["vmcore-dmesg.txt.age"])
    check(b"sysrq triggered crash" in log and log == found["plain.log"], "another log")
    report = decrypt(identity, found["report.txt.age"])
    check(b"sysrq triggered crash" in report and b"kernel: pages" in report, "another report")
    dump = decrypt(identity, found["vmcore.age"])
    check(dump == found["plain"], "another dump")
    check(len(KdumpFile(unflatten(dump)).pages()) > 1000, "no pages")
    with crash.boot() as guest:
        guest.sh("hostname guest; mount -t ext4 /dev/vda /mnt")
        check("last crash: ok" in guest.run("kdump status").text,
              "kdump status does not tell")


@full_test
def raw(context):
    """On a partition without a file system the record says where the encrypted dump and log end."""
    identity, recipient = keys(context)
    path = disk(context.workdir / "disk", 256)
    crash = Crash(context, f"raw /dev/vda\nencrypt {recipient}\n", drive(path))
    crash.arm_and_crash()
    data = path.read_bytes()
    tail = data[-4 * MIB:]
    status = record(tail[:4096].rstrip(b"\0").decode())
    check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
    log = decrypt(identity, tail[4096:][:int(status["encrypted_log"])])
    check(b"sysrq triggered crash" in log, "another log")
    dump = decrypt(identity, data[:int(status["encrypted"])])
    check(len(KdumpFile(unflatten(dump)).pages()) > 1000, "no pages")
    check(b"sysrq triggered crash" not in data, "the log can be read")
