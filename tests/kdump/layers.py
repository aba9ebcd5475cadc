# SPDX-License-Identifier: GPL-2.0
"""Layers between a target and its disks: what leads to it, and how it is set up again."""
from machine import PCI, Machine

GROUP = "abcdef1111222233334444555566gggg"
VOLUME = "ABCDEF1111222233334444555566vvvv"
OTHER = "ABCDEF1111222233334444555566oooo"
DASHED = ("abcdef-1111-2222-3333-4444-5555-66gggg", "ABCDEF-1111-2222-3333-4444-5555-66vvvv")
LVM = f"LVM-{GROUP}{VOLUME}"
LINE = f"lvm {LVM} vg-lv {DASHED[0]} {DASHED[1]}"
PARTS = ("BLK_DEV_DM", "DM_MIRROR", "DM_RAID", "DM_SNAPSHOT", "DM_THIN_PROVISIONING", "MD_RAID1")

RESOLVE = """capture_config=$modules_folder/config
check_filesystem() { :; }
bounded() { shift; "$@"; }
program_path() { word_in $1 "$PROGRAMS" && echo /sbin/$1; }
mdadm() { [ "$*" != "--detail --export $ARRAY" ] || echo MD_UUID=1:2:3:4; }
dmsetup() { cat "$HERE/tables/$2"; }
lvm() { echo "$*" >>$HERE/asked; echo " $OWNER "; }
read_configuration
resolve_target
for name in layers device target_name layer_programs wanted_modules raw_size root_layers \\
        root_device; do
    eval "echo \\"$name<\\$$name>\\""
done
echo "drivers<$(echo $wanted_drivers)>"
echo "problems<$problems>"
"""


def mapped(machine, number, name, uuid, table, *below):
    """A device of the device mapper; a line of its table for each word."""
    place = f"devices/virtual/block/dm-{number}"
    machine.disk(f"dm-{number}", below="devices/virtual/block")
    machine.file(f"sys/{place}/dm/name", f"{name}\n")
    machine.file(f"sys/{place}/dm/uuid", f"{uuid}\n")
    machine.file(f"tables/{name}", "".join(f"0 8 {word} 8:1 0\n" for word in table.split(",")))
    for lower in below:
        machine.link(f"sys/{place}/slaves/{lower}",
                     (machine.path / f"sys/class/block/{lower}").resolve())


def made(disks=1, parts=PARTS):
    """A machine with disks, whose capture kernel has these parts as modules."""
    machine = Machine()
    for number in range(disks):
        name = f"sd{'abc'[number]}"
        machine.disk(name, partitions=1, below=f"{PCI}/ata{number}/block")
        machine.driver(f"{PCI}/ata{number}", f"driver{number}")
    machine.file("modules/config", "".join(f"CONFIG_{part}=m\n" for part in parts))
    return machine


def run(machine, shell, config, prepare="", programs="lvm", owner="/"):
    return machine.run(shell, f"PROGRAMS='{programs}' OWNER='{owner}'\n{prepare}{RESOLVE}", config)


# What a volume is made of: devices with name, UUID, table and what lies below; the modules that
# this takes.
VOLUMES = [
    ([("vg-lv", LVM, "linear", "sda1", "sdb")], "dm_mod"),
    ([("vg-lv", LVM, "striped", "sda1", "sdb1")], "dm_mod"),
    ([("vg-lv_rimage_0", f"LVM-{GROUP}{OTHER}", "linear", "sda1"),
      ("vg-lv_rimage_1", f"LVM-{GROUP}{OTHER[::-1]}", "linear", "sdb1"),
      ("vg-lv", LVM, "raid raid1 3", "dm-0", "dm-1")], "dm_raid raid1"),
    ([("vg-lv_mimage_0", f"LVM-{GROUP}{OTHER}", "linear", "sda1", "sdb1"),
      ("vg-lv", LVM, "mirror", "dm-0")], "dm_mirror dm_log"),
    ([("vg-pool_tmeta", f"LVM-{GROUP}{OTHER}-tmeta", "linear", "sda1"),
      ("vg-pool_tdata", f"LVM-{GROUP}{OTHER}-tdata", "linear", "sdb1"),
      ("vg-pool-tpool", f"LVM-{GROUP}{OTHER}-tpool", "thin-pool", "dm-0", "dm-1"),
      ("vg-lv", LVM, "thin", "dm-2")], "dm_thin_pool"),
    ([("vg-lv-real", f"{LVM}-real", "linear", "sda1", "sdb1"),
      ("vg-lv", LVM, "snapshot-origin", "dm-0")], "dm_snapshot"),
]


def volumes(runner, shell):
    """Of a volume all disks are found, and nothing is activated but the volume itself."""
    for devices, modules in VOLUMES:
        with made(2) as machine:
            for number, (name, uuid, table, *below) in enumerate(devices):
                mapped(machine, number, name, uuid, table, *below)
            node = f"/dev/dm-{len(devices) - 1}"
            for config, name in ((f"ext4 {node}", f"{node} (ext4)"),
                                 (f"raw {node}", f"{node} (raw)"),
                                 (f"ext4 UUID={node[5:]}", f"UUID={node[5:]} (ext4)")):
                output = run(machine, shell, config)
                runner.check(f"{shell} {devices[-1]} {config}", output, f"layers<{LINE}>\n",
                             f"device<DM={LVM}>", f"target_name<{name}>",
                             "layer_programs< lvm>", "problems<0>")
                runner.equal(f"{shell} {config}: drivers", {"driver0|", "driver1|"} &
                             set(output.rpartition("drivers<")[2].rstrip(">").split()),
                             {"driver0|", "driver1|"})
                for module in modules.split():
                    runner.check(f"{shell} {devices[-1]}", output.replace(">", " "), f" {module} ")
                runner.equal(f"{shell} {config}: a warning?", "warning" in output, False)


# The device above a disk, and what is different on the machine; words of the refusal.
LINEAR = ("vg-lv", LVM, "linear")
REFUSED = [
    (LINEAR, {"programs": ""}, "and there is no program lvm: install lvm2"),
    (LINEAR, {"owner": "/sanlock"}, "that several machines share (sanlock)"),
    (LINEAR, {"parts": ("DM_RAID",)}, "CONFIG_BLK_DEV_DM), which /dev/dm-0 lies on"),
    (("vg-lv", LVM, "thin"), {"parts": ("BLK_DEV_DM",)}, "CONFIG_DM_THIN_PROVISIONING"),
    (("vg-lv", LVM, "raid raid5_ls 4"), {}, "CONFIG_MD_RAID456"),
    (("vg-lv", LVM, "cache"), {}, "a part of a kind (cache) that the capture kernel"),
    (("vg-lv", LVM, ""), {}, "problems<1>"),
    (("vg-pool-tpool", f"{LVM}-tpool", "thin-pool"), {}, "is an inner part of a volume"),
    (("other", "part1-other", "linear"), {}, "/dev/dm-0 lies on other, a mapped device that"),
    (("other", "", "linear"), {}, "lies on other, a mapped device that"),
]


def refused(runner, shell):
    """What cannot be set up again is refused when kdump starts, with its name."""
    for device, different, wanted in REFUSED:
        different = dict(different)
        with made(parts=different.pop("parts", PARTS)) as machine:
            mapped(machine, 0, *device, "sda1")
            if not device[2]:
                machine.file(f"tables/{device[0]}", "")
            runner.check(f"{shell} {device} {different}",
                         run(machine, shell, "ext4 /dev/dm-0", **different), wanted, "problems<1>")
    with made() as machine:
        machine.disk("loop0", below="devices/virtual/block")
        mapped(machine, 0, *LINEAR, "loop0")
        runner.check(f"{shell} on loop", run(machine, shell, "ext4 /dev/dm-0"),
                     "lies on loop0, a device in software", "problems<1>")


def owned(runner, shell):
    """A volume group that belongs to a machine by its name is that machine's later, too."""
    with made() as machine:
        mapped(machine, 0, *LINEAR, "sda1")
        runner.check(f"{shell} system id", run(machine, shell, "ext4 /dev/dm-0", owner="me/none"),
                     f"layers<{LINE} me>", "problems<0>")
        runner.check(f"{shell} asked", (machine.path / "asked").read_text(), f"vg_uuid={DASHED[0]}")


def in_use(runner, shell):
    """A volume that is mounted by the device mapper's name is in use; a file system on it that is
    mounted is tried where it is mounted."""
    for table in ("proc/mounts", "proc/swaps"):
        with made() as machine:
            mapped(machine, 0, *LINEAR, "sda1")
            machine.file(table, "/dev/mapper/vg-lv /x swap x 0 0\n")
            runner.check(f"{shell} {table}", run(machine, shell, "raw /dev/dm-0"),
                         "is in use (mounted, or swap)", "problems<1>")
    with made() as machine:
        mapped(machine, 0, *LINEAR, "sda1")
        machine.file("proc/self/mountinfo",
                     "1 0 8:1 / /data rw - xfs /dev/mapper/vg-lv rw,prjquota\n")
        runner.equal(f"{shell} mounted", machine.run(
            shell, "echo $(whole_mount_of /dev/dm-0) $(mounted_options /dev/dm-0)"),
            "/data rw,prjquota\n")


def nodes(runner, shell):
    """Without udev the node of a volume is no link to the kernel's."""
    with made() as machine:
        mapped(machine, 0, *LINEAR, "sda1")
        machine.file("dev/vg-lv", "")
        machine.link("sys/dev/block/253:16", (machine.path / "sys/class/block/dm-0").resolve())
        runner.check(f"{shell} node", run(machine, shell, "ext4 /dev/mapper/vg-lv",
                                          "stat() { echo 0xfd:0x10; }\n"),
                     f"layers<{LINE}>", "target_name</dev/mapper/vg-lv (ext4)>", "problems<0>")


def root(runner, shell):
    """dump_to_rootfs sets up what the root file system lies on, beside what the target does."""
    prepare = "real_device() { echo /dev/dm-0; }\nfailure_action=dump_to_rootfs\n"
    with made(2) as machine:
        mapped(machine, 0, *LINEAR, "sdb1")
        machine.file("proc/self/mountinfo", "1 0 253:0 / / rw - ext4 /dev/mapper/vg-lv rw\n")
        output = run(machine, shell, "raw /dev/sda1", prepare)
        runner.check(f"{shell} root", output, "layers<>\n", f"root_layers<{LINE}>",
                     f"root_device<DM={LVM}>", "problems<0>", "raw_size<1048576>")
        machine.file("sys/class/block/dm-0/dm/uuid", "x\n")
        runner.check(f"{shell} root refused", run(
            machine, shell, "raw /dev/sda1\nfailure_action dump_to_rootfs",
            prepare),
            "kdump.conf:2: the root file system lies on vg-lv", "device<@/dev/sda1>", "problems<1>")


ARRAY = "md 1:2:3:4 /dev/md0"


def array(machine, name, *members, level="raid1", metadata="1.2"):
    """An md array, with a partition."""
    place = f"devices/virtual/block/{name}"
    machine.disk(name, partitions=0, below="devices/virtual/block")
    for file, text in (("level", level), ("metadata_version", metadata)):
        machine.file(f"sys/{place}/md/{file}", f"{text}\n")
    machine.disk(f"{name}p1", below=place)
    machine.file(f"sys/{place}/{name}p1/partition", "1\n")
    for member in members:
        machine.link(f"sys/{place}/slaves/{member}",
                     (machine.path / f"sys/class/block/{member}").resolve())


def arrays(runner, shell):
    """An array is known by its UUID, a partition of it by its number, a volume on it by both."""
    for target, device in (("md0", "/dev/md0"), ("md0p1", "/dev/md0p1"), ("dm-0", f"DM={LVM}")):
        with made(2, ("BLK_DEV_MD", "MD_RAID1", "BLK_DEV_DM")) as machine:
            array(machine, "md0", "sda1", "sdb1")
            mapped(machine, 0, *LINEAR, "md0p1" if target == "dm-0" else "sda")
            layers = f"{ARRAY}\n{LINE}" if target == "dm-0" else ARRAY
            output = run(machine, shell, f"ext4 /dev/{target}", "ARRAY=/dev/md0\n", "lvm mdadm")
            runner.check(f"{shell} {target}", output, f"layers<{layers}>", f"device<{device}>",
                         " md_mod raid1", "problems<0>", "driver1|")
            runner.equal(f"{shell} {target}: a warning?", "warning" in output, False)
    with made(2, ("BLK_DEV_MD", "MD_RAID1")) as machine:
        array(machine, "md_home", "sda1", "sdb1")
        runner.check(f"{shell} named", run(machine, shell, "ext4 /dev/md_home",
                                           "ARRAY=/dev/md_home\n", "mdadm"),
                     "layers<md 1:2:3:4 /dev/md127>", "device</dev/md127>", "problems<0>")
    for different, programs, wanted in (
            ({}, "lvm", "there is no program mdadm"),
            ({"metadata": "external:imsm"}, "mdadm", "no super block of its own"),
            ({"level": "raid5"}, "mdadm", "CONFIG_MD_RAID456"),
            ({"level": "faulty"}, "mdadm", "an array of a kind (faulty)")):
        with made(2, ("BLK_DEV_MD", "MD_RAID1")) as machine:
            array(machine, "md0", "sda1", "sdb1", **different)
            runner.check(f"{shell} {different}", run(machine, shell, "ext4 /dev/md0",
                                                     "ARRAY=/dev/md0\n", programs),
                         wanted, "problems<1>")


CASES = (volumes, refused, owned, in_use, nodes, root, arrays)
