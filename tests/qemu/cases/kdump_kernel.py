# SPDX-License-Identifier: GPL-2.0
"""Capture kernels that the administrator names, and how they are loaded."""
import json
import shutil
import subprocess

from harness import debian
from harness.service import Crash, disk, drive, folder, load_module, record
from harness.suite import Skip, check, full_test, test
from kdumpreader import KdumpFile

KERNEL = "/usr/lib/kdump/kernel"


# A kexec for which the kernel refuses kexec_file_load.
REFUSE = r"""
    mv $(which kexec) /bin/kexec-that-loads
    cat >/bin/kexec <<'EOF'
#!/bin/sh
case " $* " in
*" -s "*) echo "kexec_file_load failed: Operation not permitted" >&2; exit 1 ;;
esac
exec kexec-that-loads "$@"
EOF
    chmod +x /bin/kexec
"""


@test
def kexec_load(context):
    """Where kexec_file_load is refused, kdump start says why, loads with kexec_load, and a dump
    works. Image and modules are those that KDUMP_KERNEL and KDUMP_MODULES name."""
    path = disk(context.workdir / "disk", 512, "mkfs.xfs", "-q")
    crash = Crash(context, "xfs /dev/vda\npath /\n", drive(path),
                  default="KDUMP_KERNEL=/boot/capture\nKDUMP_MODULES=/lib/capture\n")
    with crash.boot() as guest:
        load_module(guest, "xfs")
        guest.sh(f"""hostname guest
            mkdir -p /boot; mv {KERNEL}/vmlinuz /boot/capture; mv {KERNEL}/modules /lib/capture
            mv {KERNEL}/config /lib/capture
            kdump start""", timeout=240)
        status = json.loads(guest.sh("kdump status --json"))
        check((status["loader"], status["image"]) == ("kexec_file_load", "/boot/capture"),
              f"armed: {status}")
        guest.sh(REFUSE)
        text = guest.sh("kdump restart 2>&1", timeout=240)
        check("warning: kexec_file_load: " in text and "not permitted" in text,
              f"not told: {text}")
        check(json.loads(guest.sh("kdump status --json"))["loader"] == "kexec_load",
              "kdump status does not tell")
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
    with crash.boot() as guest:
        load_module(guest, "xfs")
        guest.sh("mount -t xfs /dev/vda /mnt")
        status = record(guest.sh(f"cat {folder(guest, '/mnt')}/kdump-status"))
        check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")


@full_test
def debian_capture(context):
    """Debian's own kernel as the capture kernel, with its modules: it has no /proc/vmcore-kern,
    and vmcore-save leaves out itself what is not the kernel's."""
    package = debian.FOLDER / "6.12"
    if not package.is_dir():
        raise Skip("no Debian kernel 6.12: scripts/debian-kernels fetches it")
    release = (package / "release").read_text().strip()
    modules = context.workdir / "lib" / "modules" / release
    shutil.copytree(package / "modules", modules)
    subprocess.run([context.require("depmod"), "-b", context.workdir, release], check=True,
                   capture_output=True)
    files = [(f"/lib/modules/{release}/{path.name}", path.read_bytes(), 0o644)
             for path in modules.iterdir()]
    path = disk(context.workdir / "disk", 1200, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\npath /\n", drive(path), cmdline="crashkernel=256M",
                  default="KDUMP_KERNEL=/boot/debian\n",
                  files=[*files, ("/boot/debian", (package / "vmlinuz").read_bytes(), 0o644)],
                  machine={"memory": "1G", "below_4g": "768M"})
    crash.arm_and_crash()
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        found = folder(guest, "/mnt")
        status = record(guest.sh(f"cat {found}/kdump-status"))
        check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
        check(release in guest.sh(f"cat {found}/kexec-dmesg.log"), "another kernel saved it")
        check("sysrq triggered crash" in guest.sh(f"cat {found}/vmcore-dmesg.txt"), "no log")
        dump = KdumpFile(guest.bytes(f"head -c 1048576 {found}/vmcore"))
        share = f"{len(dump.saved)} of {len(dump.existing)} pages"
        check(dump.sub["dump_level"] & ~1 == 30, f"level {dump.sub['dump_level']}: {share}")
        check(0 < len(dump.saved) < len(dump.existing) // 2, share)


@test
def bounce_buffers(context):
    """Where memory above 4 GiB can be plugged in, the capture kernel sets no bounce buffers aside
    for it, which would take all of the reservation."""
    path = disk(context.workdir / "disk", 256, "mkfs.ext4", "-q")
    crash = Crash(context, "ext4 /dev/vda\npath /\n", drive(path),
                  machine={"memory": "512M,slots=1,maxmem=4G"})
    crash.arm_and_crash()
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        found = folder(guest, "/mnt")
        check(record(guest.sh(f"cat {found}/kdump-status"))["result"] == "ok", "no dump")
        lines = guest.sh(f"grep 'IO TLB' {found}/kexec-dmesg.log || :")
        check(not lines, f"the capture kernel says: {lines}")
