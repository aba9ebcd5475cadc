# SPDX-License-Identifier: GPL-2.0
"""Dumps on machines that have more than virtio: IOMMUs, UEFI, controllers, watchdogs."""
import shutil
import time

from harness import debian, paths
from harness.guest import ROOMY
from harness.kdump import load
from harness.servers import UP, Ssh, network
from harness.service import (PACKAGE, Crash, disk, drive, folder, load_module, record, run,
                             wait_end)
from harness.suite import Skip, check, full_test, test

from .kdump_network import DROPBEAR, check_saved, ssh_crash

UUID = "5a3b9c2e-1111-4222-8333-4444555566aa"
CONFIG = f"ext4 UUID={UUID}\npath /\n"
QUICK = "KDUMP_STALL_TIMEOUT=10\nKDUMP_STEP_TIMEOUT=20\nKDUMP_HOOK_TIMEOUT=20\n"
KERNEL = "/usr/lib/kdump/kernel"
OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"


def target(context, *options, size=256):
    """A disk with the file system that CONFIG names."""
    return disk(context.workdir / "disk", size, "mkfs.ext4", "-q", "-U", UUID, *options)


def attached(path, *devices):
    """QEMU's arguments for a disk on devices of which the last takes drive=."""
    arguments = ["-drive", f"file={path},format=raw,if=none,id=disk-drive,cache=unsafe"]
    for device in devices[:-1]:
        arguments += ["-device", device]
    return (*arguments, "-device", f"{devices[-1]},drive=disk-drive,id=disk")


def check_dump(crash, node, modules=()):
    """What is found after the reboot: a whole dump. Returns the capture kernel's own log."""
    with crash.boot() as guest:
        for module in modules:
            load_module(guest, module)
        guest.sh(f"for try in $(seq 100); do [ -b {node} ] && break; usleep 100000; done; "
                 f"mount -t ext4 {node} /mnt", timeout=240)
        found = folder(guest, "/mnt")
        status = record(guest.sh(f"cat {found}/kdump-status"))
        check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
        check("sysrq triggered crash" in guest.sh(f"cat {found}/vmcore-dmesg.txt"), "no log")
        check(guest.bytes(f"head -c 8 {found}/vmcore") == b"KDUMP   ", "no dump")
        return guest.sh(f"cat {found}/kexec-dmesg.log")


def behind_iommu(context, unit, symbol, node, *devices):
    """Crash a machine whose disk is behind an IOMMU that the kernel has switched on. A capture
    kernel without a driver for it is refused."""
    path = target(context)
    crash = Crash(context, CONFIG, ("-device", unit, *attached(path, *devices)))
    with crash.boot() as guest:
        kinds = guest.sh("cat /sys/kernel/iommu_groups/*/type | sort -u").split()
        check(set(kinds) & {"DMA", "DMA-FQ"}, f"the IOMMU translates nothing: {kinds}")
        reply = guest.run(f"hostname guest; cp {KERNEL}/config /tmp/config; "
                          f"sed -i /^{symbol}=/d {KERNEL}/config; kdump start", timeout=240)
        check(reply.status == 6 and symbol in reply.text, f"not refused: {reply}")
        guest.sh(f"mv /tmp/config {KERNEL}/config; kdump start", timeout=240)
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
    return check_dump(crash, node)


@test
def intel_iommu(context):
    """A crash is saved to an NVMe disk behind Intel's IOMMU, which translates and remaps interrupts
    when the kernel crashes."""
    log = behind_iommu(context, "intel-iommu,intremap=on", "CONFIG_INTEL_IOMMU", "/dev/nvme0n1",
                       "nvme,serial=dump")
    for words in ("Copied translation tables from previous kernel", "Copied IR table"):
        check(words in log, f"the capture kernel's log has no '{words}'")


@full_test
def intel_iommu_without_interrupts(context):
    """So without interrupt remapping."""
    behind_iommu(context, "intel-iommu,intremap=off", "CONFIG_INTEL_IOMMU", "/dev/nvme0n1",
                 "nvme,serial=dump")


@full_test
def intel_iommu_ahci(context):
    """So with a disk of a SATA controller."""
    behind_iommu(context, "intel-iommu,intremap=on", "CONFIG_INTEL_IOMMU", "/dev/sda",
                 "ide-hd,bus=ide.0")


@full_test
def intel_iommu_virtio(context):
    """So with a virtio disk that does as it is translated."""
    behind_iommu(context, "intel-iommu,intremap=on,device-iotlb=on", "CONFIG_INTEL_IOMMU",
                 "/dev/vda", "virtio-blk-pci,iommu_platform=on,disable-legacy=on")


@full_test
def amd_iommu(context):
    """A crash is saved to an NVMe disk behind AMD's IOMMU."""
    behind_iommu(context, "amd-iommu", "CONFIG_AMD_IOMMU", "/dev/nvme0n1", "nvme,serial=dump")


@test
def amd_iommu_ahci(context):
    """A crash is saved to a disk of a SATA controller behind AMD's IOMMU."""
    behind_iommu(context, "amd-iommu", "CONFIG_AMD_IOMMU", "/dev/sda", "ide-hd,bus=ide.0")


def with_uefi(context, arguments, loader):
    """Crash a machine that UEFI has booted; the capture kernel finds its ACPI tables."""
    path = target(context)
    shutil.copyfile(OVMF[1], context.workdir / "vars")
    crash = Crash(context, CONFIG, ("-drive", f"if=pflash,format=raw,readonly=on,file={OVMF[0]}",
                                    "-drive", f"if=pflash,format=raw,file={context.workdir}/vars",
                                    *attached(path, "nvme,serial=dump")),
                  default=f"KEXEC_ARGS={arguments}\n", machine=ROOMY)
    with crash.boot() as guest:
        root = guest.sh("sed -n s/^ACPI20=//p /sys/firmware/efi/systab")
        guest.sh("hostname guest; kdump start", timeout=240)
        check(f"loaded with: {loader}\n" in guest.sh("kdump status") + "\n",
              "loaded by another call")
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
    log = check_dump(crash, "/dev/nvme0n1")
    check(f"acpi_rsdp={root}" in log, "the root of the ACPI tables is not handed on")
    check("ACPI: RSDP 0x" in log and "A valid RSDP was not found" not in log, "no ACPI")


@test
def uefi(context):
    """A machine that UEFI has booted saves its crash, loaded with kexec_file_load."""
    with_uefi(context, "", "kexec_file_load")


@full_test
def uefi_kexec_load(context):
    """So with kexec_load."""
    with_uefi(context, "-c", "kexec")


def on_controller(context, node, modules, devices, kernel=None):
    """Crash a machine whose disk takes other drivers, with the small kernel or that of the
    package."""
    machine = dict(ROOMY)
    if kernel:
        image = paths.ROOT / "build" / "linux" / kernel / "arch" / "x86" / "boot" / "bzImage"
        if not image.is_file():
            raise Skip(f"no {image}: make package-kernel builds it")
        machine["kernel"] = image
    crash = Crash(context, CONFIG, attached(target(context), *devices), machine=machine,
                  cmdline="crashkernel=96M", **({"kernel": kernel} if kernel else {}))
    with crash.boot() as guest:
        for module in modules:
            load_module(guest, module)
        guest.sh(f"for try in $(seq 100); do [ -b {node} ] && break; usleep 100000; done; "
                 "hostname guest; kdump start", timeout=240)
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
    check_dump(crash, node, modules)


@test
def megasas(context):
    """A crash is saved to a disk of a RAID controller, whose driver is a module."""
    on_controller(context, "/dev/sda", ["megaraid_sas"], ("megasas", "scsi-hd"))


def over_card(context, card, module, files=()):
    """Crash a machine with a card whose driver is a module, and save over it."""
    with Ssh(context.workdir) as server:
        crash = ssh_crash(context, server, DROPBEAR, files=files)
        crash.devices = network(card=card)
        with crash.boot() as guest:
            load_module(guest, module)
            guest.sh(f"hostname guest; {UP}; kdump start", timeout=240)
            guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
        check_saved(server.dumps, b"makedumpfile")


@test
def e1000(context):
    """A crash is saved over ssh through a card of Intel's, whose driver is a module."""
    over_card(context, "e1000", "e1000")


# QEMU's card takes no new rings until it has been closed once, after a crash, too.
AGAIN = ("/etc/kdump/pre.d/again", "#!/bin/sh\nip link set eth0 down; ip link set eth0 up\n"
         "ip route add default via 10.0.2.2 dev eth0\n", 0o755)


@full_test
def vmxnet3(context):
    """So through one of VMware's."""
    over_card(context, "vmxnet3", "vmxnet3", [AGAIN])


# What the package's kernel drives beside: the node, modules, and QEMU's devices.
CONTROLLERS = {
    "virtio": ("/dev/vda", ["virtio_blk"], ("virtio-blk-pci",)),
    "nvme": ("/dev/nvme0n1", ["nvme"], ("nvme,serial=dump",)),
    "ahci": ("/dev/sda", ["ahci", "sd_mod"], ("ide-hd,bus=ide.0",)),
    "pvscsi": ("/dev/sda", ["vmw_pvscsi", "sd_mod"], ("pvscsi", "scsi-hd")),
    "mptsas": ("/dev/sda", ["mptsas", "sd_mod"], ("mptsas1068", "scsi-hd")),
    "lsi": ("/dev/sda", ["sym53c8xx", "sd_mod"], ("lsi53c895a", "scsi-hd")),
    "usb": ("/dev/sda", ["xhci_pci", "usb_storage", "sd_mod"], ("qemu-xhci", "usb-storage")),
    "sdhci": ("/dev/mmcblk0", ["sdhci_pci", "mmc_block"], ("sdhci-pci", "sd-card")),
}


@full_test
def controllers(context):
    """The package's kernel saves its own crash to a disk of each controller that QEMU has."""
    for name, (node, modules, devices) in CONTROLLERS.items():
        part = type(context)(f"{context.workdir.name}/{name}")
        part.workdir.mkdir()
        on_controller(part, node, modules, devices, PACKAGE)


@test
def disk_hangs(context):
    """A disk that answers nothing any more keeps neither the capture kernel from its bounds nor
    another disk of that driver from being found: the emergency hook writes to that, and the machine
    resets. The capture kernel is Debian's, whose virtio_blk is a module."""
    package = debian.FOLDER / "6.12"
    if not package.is_dir():
        raise Skip("no Debian kernel 6.12: scripts/debian-kernels fetches it")
    release = (package / "release").read_text().strip()
    modules = context.workdir / "lib" / "modules" / release
    shutil.copytree(package / "modules", modules)
    run(context.require("depmod"), "-b", context.workdir, release)
    notes = disk(context.workdir / "notes", 1)
    # Either disk may be the first one that is found.
    hook = ("#!/bin/sh\nfor size in /sys/block/vd*/size; do\n"
            "    [ $(cat $size) = 2048 ] || continue\n"
            "    node=${size%/size}\n"
            "    dd if=/run/kdump/record/error of=/dev/${node##*/} conv=notrunc\ndone\n")
    files = [*((f"/lib/modules/{release}/{path.name}", path.read_bytes(), 0o644)
               for path in modules.iterdir()),
             ("/boot/debian", (package / "vmlinuz").read_bytes(), 0o644),
             ("/etc/kdump/emergency.d/note", hook, 0o755)]
    crash = Crash(context, CONFIG, (*drive(target(context)), *drive(notes, "notes")),
                  default=QUICK + "KDUMP_KERNEL=/boot/debian\n", files=files,
                  cmdline="crashkernel=256M", machine={"memory": "1G", "below_4g": "768M"})
    with crash.boot() as guest:
        guest.sh("hostname guest; kdump start", timeout=240)
        guest.monitor.execute("human-monitor-command",
                              command_line="block_set_io_throttle dump-drive 0 1 0 0 0 0")
        # The first read is answered; it pays for the others.
        guest.sh("dd if=/dev/vda of=/dev/null bs=64k count=1 iflag=direct")
        guest.send("echo c >/proc/sysrq-trigger")
        wait_end(guest, 400)
    text = notes.read_bytes().rstrip(b"\0").decode()
    check(UUID in text, f"the emergency hook was not reached, or found: {text!r}")


@full_test
def watchdog(context):
    """A watchdog of the old kind, which has no entry in /sys/class/watchdog and 30 s, runs when the
    kernel crashes; the capture kernel feeds it while a slow disk takes the dump."""
    path = target(context)
    slow = ("-drive", f"file={path},format=raw,if=none,id=dump-drive,throttling.bps-write=200000",
            "-device", "virtio-blk-pci,drive=dump-drive", "-device", "ib700")
    crash = Crash(context, CONFIG + "core_collector vmcore-save -l 31 -c zlib\n", slow)
    with crash.boot() as guest:
        load_module(guest, "ib700wdt")
        text = guest.sh("hostname guest; while echo; do sleep 2; done >/dev/watchdog 2>/dev/null & "
                        "kdump start", timeout=240)
        check("the watchdog ib700wdt runs" in text, f"kdump start says {text}")
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=600)
    log = check_dump(crash, "/dev/vda")
    check("ib700wdt" in log, "the capture kernel has no driver for it")


@test
def file_system_features(context):
    """A crash is saved to ext4 with quotas and names in any case, which the small kernel mounts."""
    path = target(context, "-O", "quota,project,casefold")
    crash = Crash(context, CONFIG, drive(path))
    with crash.boot() as guest:
        load_module(guest, "utf8data")
        guest.sh("hostname guest; kdump start", timeout=240)
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
    check_dump(crash, "/dev/vda", ["utf8data"])


@full_test
def multi_mount_protection(context):
    """A mount that waits for longer than KDUMP_STEP_TIMEOUT, since the file system may be mounted
    elsewhere, is waited for."""
    path = target(context, "-O", "mmp", "-E", "mmp_update_interval=20")
    crash = Crash(context, CONFIG, drive(path), default=QUICK)
    with crash.boot() as guest:
        text = guest.sh("mount -t ext4 /dev/vda /mnt; hostname guest; kdump start", timeout=400)
        check("feature mmp" in text, f"kdump start says {text}")
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=600)
    # Closed as it should be, it is mounted at once.
    check_dump(crash, "/dev/vda")


@full_test
def xfs_quotas(context):
    """A crash is saved to the old format of XFS, and to XFS with project quotas, which stay
    counted."""
    for options, mounted, flags in ((("-m", "crc=0"), "", 0), ((), "-o prjquota", 0x608)):
        path = disk(context.workdir / "disk", 512, "mkfs.xfs", "-q", "-f", "-m", f"uuid={UUID}",
                    *options)
        crash = Crash(context, f"xfs UUID={UUID}\npath /\n", drive(path))
        with crash.boot() as guest:
            load_module(guest, "xfs")
            guest.sh(f"mount -t xfs {mounted} /dev/vda /mnt; hostname guest; kdump start; sync",
                     timeout=240)
            guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
        found = int(run("xfs_db", "-r", "-c", "sb 0", "-c", "p qflags", path).split("=")[1], 0)
        check(found & flags == flags, f"flags of quotas: {found:#x}")
        with crash.boot() as guest:
            load_module(guest, "xfs")
            guest.sh("mount -t xfs -o ro,norecovery /dev/vda /mnt")
            status = record(guest.sh(f"cat {folder(guest, '/mnt')}/kdump-status"))
            check(status["result"] == "ok", f"the record says {status}")


@full_test
def split_reservation(context):
    """With the reservation above 4 GiB, and little below it, a disk of a SATA controller takes
    the dump."""
    for low in ("72M", "16M"):
        path = target(context)
        crash = Crash(context, CONFIG, attached(path, "ide-hd,bus=ide.0"),
                      cmdline=f"crashkernel=219M,high crashkernel={low},low",
                      machine={"memory": "6G", "below_4g": "2G"})
        crash.arm_and_crash()
        check_dump(crash, "/dev/sda")
        path.unlink()


@full_test
def frozen_devices(context):
    """An NMI that panics while the devices are frozen, on the way to a suspension that Debian's
    kernel only tries, leads to a dump."""
    with debian.boot("6.12", context.workdir, "crashkernel=96M no_console_suspend") as guest:
        load(guest, "kexec_file_load")
        guest.sh("echo 1 >/proc/sys/kernel/unknown_nmi_panic; echo devices >/sys/power/pm_test; "
                 "echo 20 >/sys/module/suspend/parameters/pm_test_delay")
        guest.send("echo mem >/sys/power/state")
        deadline = time.monotonic() + 120
        while "suspend debug: Waiting for" not in guest.console():
            check(time.monotonic() < deadline, "the devices are not frozen")
            time.sleep(0.2)
        guest.monitor.execute("inject-nmi")
        guest.wait_for("capture", 240)
        check(guest.bytes("head -c 4 /proc/vmcore") == b"\x7fELF", "no dump")
