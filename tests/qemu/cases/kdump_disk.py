# SPDX-License-Identifier: GPL-2.0
"""Dumps to disks: armed with kdump start, crashed, looked at after the reboot."""
from harness.service import Crash, disk, drive, folder, record
from harness.suite import check, test

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
