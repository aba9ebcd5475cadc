# SPDX-License-Identifier: GPL-2.0
"""Dumps through what lies between a target and its disks or cards: LVM, md arrays, bonds."""
from harness import suites
from harness.servers import Ssh, network, program
from harness.service import Crash, disk, drive, folder, load_module, record
from harness.suite import check, full_test, test

from .kdump_network import DROPBEAR, check_saved, ssh_crash

# The settings with which LVM does without udev in the capture kernel serve here, too.
LVM = "export LVM_SYSTEM_DIR=/usr/lib/kdump/capture; lvm"
MAKE = "mkfs.ext4 -q -U 5a3b9c2e-1111-4222-8333-444455556666"


def programs(*names):
    """Programs of Debian trixie for the guest."""
    found = [file for name in names
             for file in suites.files("trixie", f"sbin/{name}", f"/usr/sbin/{name}")]
    return suites.content(dict((name, (source, name)) for source, name in found).values())


def disks(context, size=160):
    """Two disks, as QEMU's arguments."""
    return [argument for name in ("one", "two")
            for argument in drive(disk(context.workdir / name, size), name)]


def layered(context, config, names, devices=None, **options):
    """A machine with two disks and programs of Debian's."""
    return Crash(context, config, disks(context) if devices is None else devices,
                 files=programs(*names), programs=[program("mkfs.ext4")],
                 **{"cmdline": "crashkernel=80M", **options})


def crash(guest, between=""):
    guest.sh("hostname guest; kdump start", timeout=400)
    guest.sh(between)
    guest.ends_after("echo c >/proc/sysrq-trigger", timeout=400)


def check_dump(guest, where="/mnt"):
    found = folder(guest, where)
    status = record(guest.sh(f"cat {found}/kdump-status"))
    check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
    check(guest.bytes(f"head -c 8 {found}/vmcore") == b"KDUMP   ", "no dump")
    check("sysrq triggered crash" in guest.sh(f"cat {found}/vmcore-dmesg.txt"), "no log")


@test
def lvm(context):
    """A crash is saved to a logical volume over two disks, named as mount tables have it, while
    others of its group stay as they are."""
    machine = layered(context, "ext4 /dev/mapper/vg-dump--s\npath /\n", ("lvm", "dmsetup"))
    with machine.boot() as guest:
        load_module(guest, "dm_mod")
        guest.sh(f"""{LVM} vgcreate vg /dev/vda /dev/vdb; lvm lvcreate -n other -l 10 vg
            lvm lvcreate -n dump-s -l 100%FREE vg; {MAKE} /dev/vg/dump-s""")
        crash(guest)
    with machine.boot() as guest:
        load_module(guest, "dm_mod")
        guest.sh(f"{LVM} lvchange -ay vg/dump-s; mount -t ext4 /dev/vg/dump-s /mnt")
        check_dump(guest)
        check("vg-other" not in guest.sh("cat /mnt/guest-*/kexec-dmesg.log"), "another was touched")


@test
def md(context):
    """A crash is saved to a RAID 1 of which a disk fails after kdump start."""
    machine = layered(context, "ext4 UUID=5a3b9c2e-1111-4222-8333-444455556666\npath /\n",
                      ("mdadm",))
    with machine.boot() as guest:
        load_module(guest, "raid1")
        guest.sh(f"""mdadm --create /dev/md0 --run --level=1 --metadata=1.2 --raid-devices=2 \\
                --assume-clean /dev/vda /dev/vdb
            {MAKE} /dev/md0""")
        crash(guest, "mdadm /dev/md0 --fail /dev/vda")
    with machine.boot() as guest:
        load_module(guest, "raid1")
        guest.sh("mdadm --assemble /dev/md0 --run /dev/vdb; mount -t ext4 /dev/md0 /mnt")
        check_dump(guest)


@full_test
def md_late(context):
    """An array of which a disk is gone since the crash is started with the other one, after half of
    KDUMP_STEP_TIMEOUT."""
    machine = layered(context, "ext4 /dev/md0\npath /\n", ("mdadm",),
                      default="KDUMP_STEP_TIMEOUT=20\n")
    with machine.boot() as guest:
        load_module(guest, "raid1")
        guest.sh(f"""mdadm --create /dev/md0 --run --level=1 --metadata=1.2 --raid-devices=2 \\
                --assume-clean /dev/vda /dev/vdb
            {MAKE} /dev/md0; hostname guest""")
        guest.sh("kdump start", timeout=400)
        # Nothing tells the array of it while nobody writes.
        guest.monitor.execute("device_del", id="one")
        guest.ends_after("echo c >/proc/sysrq-trigger", timeout=400)
    with machine.boot() as guest:
        load_module(guest, "raid1")
        guest.sh("mdadm --assemble /dev/md0 --run /dev/vdb; mount -t ext4 /dev/md0 /mnt")
        check_dump(guest)


@full_test
def lvm_raw(context):
    """A crash is saved to a logical volume without a file system, on an md array."""
    machine = layered(context, "raw /dev/vg/dumps\n", ("lvm", "dmsetup", "mdadm"),
                      disks(context, 700))
    with machine.boot() as guest:
        load_module(guest, "dm_mod")
        load_module(guest, "raid1")
        guest.sh(f"""mdadm --create /dev/md0 --run --level=1 --metadata=1.2 --raid-devices=2 \\
                --assume-clean /dev/vda /dev/vdb
            {LVM} vgcreate vg /dev/md0; lvm lvcreate -n dumps -l 100%FREE vg""")
        crash(guest)
    with machine.boot() as guest:
        load_module(guest, "dm_mod")
        load_module(guest, "raid1")
        guest.sh(f"mdadm --assemble /dev/md0 /dev/vda /dev/vdb; {LVM} lvchange -ay vg/dumps")
        check(guest.bytes("head -c 8 /dev/vg/dumps") == b"KDUMP   ", "no dump")
        status = record(guest.sh("tail -c 4194304 /dev/vg/dumps | head -c 4096 | tr -d '\\000'"))
        check(status["result"] == "ok", f"the record says {status}")


@full_test
def lvm_thin(context):
    """A crash is saved to a thin volume, without the program that looks its pool over, by the
    label of the file system."""
    machine = layered(context, "ext4 LABEL=dumps\npath /\n", ("lvm", "dmsetup"))
    with machine.boot() as guest:
        load_module(guest, "dm_thin_pool")
        guest.sh(f"""{LVM} vgcreate vg /dev/vda /dev/vdb
            lvm lvcreate --type thin -V 2G -L 240M -n dumps --thinpool pool vg
            {MAKE} -L dumps /dev/vg/dumps""", timeout=300)
        crash(guest)
    with machine.boot() as guest:
        load_module(guest, "dm_thin_pool")
        guest.sh(f"{LVM} lvchange -ay vg/dumps; mount -t ext4 /dev/vg/dumps /mnt")
        check_dump(guest)


BOND = """
    cd /sys/class/net; [ -d bond0 ] || echo +bond0 >bonding_masters
    echo active-backup >bond0/bonding/mode; echo 100 >bond0/bonding/miimon
    echo +eth0 >bond0/bonding/slaves; echo +eth1 >bond0/bonding/slaves
    ip link set bond0 up; ip addr add 10.0.2.15/24 dev bond0
    ip route add default via 10.0.2.2 dev bond0
"""


@test
def bond(context):
    """A crash is saved over a bond of two cards, of which one has no link any more."""
    with Ssh(context.workdir) as server:
        machine = ssh_crash(context, server, DROPBEAR)
        machine.devices = (*network(), "-netdev", "user,id=other", "-device",
                           "virtio-net-pci,netdev=other,id=second")
        with machine.boot() as guest:
            load_module(guest, "bonding")
            guest.sh(f"{BOND}\nhostname guest")
            guest.sh("kdump start", timeout=400)
            guest.monitor.execute("set_link", name="other", up=False)
            guest.ends_after("echo c >/proc/sysrq-trigger", timeout=400)
        check_saved(server.dumps, b"makedumpfile")
