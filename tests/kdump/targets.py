# SPDX-License-Identifier: GPL-2.0
"""Targets: what kdump start refuses, and what it tells the capture side."""
import struct

from machine import PCI, TOOLS, Machine

RESOLVE = """read_configuration
resolve_target
echo "problems<$problems>"
for name in device fstype save_path mount_options target_name raw_size raw_id; do
    eval "echo \\"$name<\\$$name>\\""
done
"""
BLKID = """
blkid() { [ $# -eq 0 ] || [ "$1" = -c ] || echo '/dev/x: %s'; }
command() { [ "$2" != wipefs ] && [ -n "$2" ]; }
"""


def raw(runner, shell):
    """A raw target must be empty: a dump overwrites it."""
    for what, target, prepare, wanted in (
            ("an empty partition", "sda1", "", "problems<0>"),
            ("a disk without partitions", "sdb", "", "problems<0>"),
            ("a disk with partitions", "sda", "", "/dev/sda is in use (sda1 sda2)"),
            ("a disk in use by another", "sdc", "", "/dev/sdc is in use (dm-0)"),
            ("an empty table", "sdb", BLKID % 'PTUUID="1-2" PTTYPE="gpt"',
             "/dev/sdb has something on it (gpt)"),
            ("a file system", "sda1", BLKID % 'UUID="1" TYPE="ext4" PARTUUID="2"',
             "/dev/sda1 has something on it (ext4)"),
            ("a name in the table", "sda1", BLKID % 'PARTLABEL="TYPE" PARTUUID="2"',
             "problems<0>"),
            ("no blkid", "sda1", "command() { return 1; }\n", "there is no program blkid")):
        with Machine() as machine:
            machine.disk("sda", partitions=2)
            machine.disk("sdb")
            machine.disk("sdc")
            machine.file("sys/class/block/sdc/holders/dm-0", "")
            output = machine.run(shell, prepare + RESOLVE, f"raw /dev/{target}\n")
            runner.check(f"{shell} raw on {what}", output, wanted)


def names(runner, shell):
    """The capture kernel has no udev, and may find disks in another order: a file system is
    known by its UUID, and a node is taken only if there is nothing else."""
    uuid = BLKID % 'UUID="5-6" TYPE="ext4" PARTUUID="7"'
    for target, prepare, wanted in (
            ("ext4 /dev/disk/by-id/sda1", uuid,
             ("device<UUID=5-6>", "target_name<UUID=5-6 (ext4)>")),
            ("ext4 /dev/sda1", uuid, ("device<UUID=5-6>",)),
            ("ext4 PARTUUID=sda1", uuid, ("device<UUID=5-6>",)),
            ("ext4 LABEL=sda1", uuid, ("device<LABEL=sda1>",)),
            ("minix /dev/disk/by-id/sda1", "", ("device<@/dev/sda1>", "warning: @/kdump.conf:1: ")),
            ("raw /dev/disk/by-id/sdb", "", ("device<@/dev/sdb>", "warning: @/kdump.conf:1: ",
                                             "raw_size<1048576>", "raw_id<>")),
            ("raw PARTUUID=sda1", "partition_id() { echo 1; }\n",
             ("device<@/dev/sda1>", "raw_size<1048576>", "raw_id<1>"))):
        with Machine() as machine:
            machine.disk("sda", partitions=1)
            machine.disk("sdb")
            output = machine.run(shell, prepare + "check_filesystem() { :; }\n" + RESOLVE, target)
            runner.check(f"{shell} {target}", output, "problems<0>", *wanted)
            runner.equal(f"{shell} {target}: a warning?", "warning" in output,
                         any("warning" in word for word in wanted))


def gpt(sector):
    """A GUID partition table with two entries."""
    table = bytearray(8 * sector)
    table[510:512] = b"\x55\xaa"
    struct.pack_into("<8s64xQII", table, sector, b"EFI PART", 3, 2, 256)
    table[3 * sector + 16:3 * sector + 32] = bytes(range(16))
    table[3 * sector + 272:3 * sector + 288] = bytes(range(16, 32))
    return bytes(table)


def mbr(signature):
    return bytes(440) + signature + bytes(66) + b"\x55\xaa"


# A table, the size of its sectors, and what tells each of two partitions from all others.
TABLES = [(gpt(512), 512, "0f0e0d0c0b0a09080706050403020100", "1f1e1d1c1b1a19181716151413121110"),
          (gpt(4096), 4096, "0f0e0d0c0b0a09080706050403020100", "1f1e1d1c1b1a19181716151413121110"),
          (mbr(b"\1\2\3\4"), 512, "04030201-1", "04030201-2"), (mbr(bytes(4)), 512, "", ""),
          (bytes(9000), 512, "", "")]


def partitions(runner, shell):
    """A raw partition is known by what the partition table says, wherever its disk is found."""
    for table, sector, *ids in TABLES:
        with Machine() as machine:
            machine.disk("sda", partitions=2)
            (machine.path / "dev/sda").write_bytes(table)
            machine.file("sys/class/block/sda/queue/logical_block_size", f"{sector}\n")
            output = machine.run(shell, """for node in sda1 sda2 sda; do
                    echo "$node<$(partition_id $HERE/dev/$node)>"
                done""")
            runner.equal(f"{shell} partition_id", output,
                         f"sda1<{ids[0]}>\nsda2<{ids[1]}>\nsda<>\n")


# What was sda1 when kdump was armed, and what the capture kernel finds: the size and the identity
# of each partition.
FOUND = [("sda1 same", "1:id", "/dev/sda1"), ("sda1 other sdb1 same", "1:id", "/dev/sdb1"),
         ("sda1 other", "1:id", "cannot"), ("sda1 larger", "1:id", "cannot"),
         ("sda nothing", "1:", "/dev/sda1"), ("sda1 large sdb1 nothing", "1:", "cannot")]


def swapped(runner, shell):
    """A raw partition is found after its disk has changed names; what is another one is left."""
    kinds = {"same": "1:id", "other": "1:di", "larger": "2:id", "nothing": "1:", "large": "2:"}
    for disks, armed, wanted in FOUND:
        words = disks.split()
        found = dict(zip(words[::2], words[1::2]))
        if "sda" in found:
            found = {"sda1": found["sda"]}
        with Machine() as machine:
            machine.file("proc/partitions", "major minor  #blocks  name\n\n" + "".join(
                f"   8        1       1024 {name}\n" for name in found))
            table = "".join(f"    /dev/{name}) echo {kinds[kind]} ;;\n"
                            for name, kind in found.items())
            output = machine.run(shell, f""". {TOOLS}/capture/target.sh
                kind() {{ case $1 in {table} esac; }}
                blockdev() {{ kind $2 | sed 's/:.*//'; }}
                partition_id() {{ kind $1 | sed 's/.*://'; }}
                state_get() {{ echo /dev/sda1; }}
                state_set() {{ echo "$*"; }}
                fail() {{ echo "cannot: $*"; exit 1; }}
                usleep() {{ raw_tries=99; }}
                DEVICE=/dev/sda1 RAW_SIZE={armed.split(':')[0]} RAW_ID={armed.split(':')[1]}
                RAW_TAIL=0
                open_raw""")
            runner.check(f"{shell} {disks}", output,
                         wanted if wanted == "cannot" else f"device {wanted}\n")


def drivers(runner, shell):
    """What drives the disk and its controller must be in the capture kernel."""
    missing = "has no driver mpt3sas, which leads to the target"
    listed = "kernel/b/sd_mod.ko\nkernel/b/ext4.ko\n"
    for what, files, wanted in (
            ("nowhere", {}, missing),
            ("no modules at all", {"builtin": None}, "problems<0>"),
            ("a module", {"dep": "kernel/a/mpt3sas.ko:\n"}, "a/mpt3sas.ko>"),
            ("built in", {"builtin": listed + "kernel/a/mpt3sas.ko\n"}, "problems<0>"),
            ("by another module",
             {"dep": "kernel/a/other.ko:\n", "alias": "alias pci:v1d* other\n"}, "a/other.ko>"),
            ("by another one built in", {"builtin.modinfo": "o.license=GPL\0o.alias=pci:v1d*\0"},
             "problems<0>"),
            ("by one for other devices", {"builtin.modinfo": "o.alias=pci:v2d*\0"}, missing)):
        with Machine() as machine:
            machine.disk("sda")
            machine.driver(PCI, "mpt3sas", "pci:v1d2")
            machine.driver(f"{PCI}/..", "pcieport", module=False)
            for name, text in {"builtin": listed, **files}.items():
                if text is not None:
                    machine.file(f"modules/modules.{name}", text)
            output = machine.run(shell, "check_filesystem() { :; }; read_configuration; "
                                 'resolve_target; find_modules; echo "problems<$problems>"; '
                                 'echo "<$module_files>"', "ext4 LABEL=sda\n")
            runner.check(f"{shell} driver {what}", output,
                         f"problems<{1 if wanted == missing else 0}>", wanted)


# mountinfo, the path, and where the capture kernel finds the folder.
MOUNTS = [
    ("1 0 8:1 / / rw - ext4 /dev/sda1 rw", "/data/crash", "/data/crash", ""),
    ("1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw", "/link/crash", "/data/crash", ""),
    ("2 1 8:1 / /data rw - ext4 /dev/sda1 rw", "/data/crash", "/crash", ""),
    ("2 1 8:1 /a/b /data rw shared:1 master:2 - xfs /dev/sda1 rw", "/data/crash", "/a/b/crash", ""),
    ("2 1 8:1 /a /data/crash rw - xfs /dev/sda1 rw", "/link/crash", "/a", ""),
    ("2 1 8:1 / /data rw - btrfs /dev/sda1 rw,subvolid=5,subvol=/", "/data/crash", "/crash", ""),
    ("2 1 8:1 /@ /data rw - btrfs /dev/sda1 rw,subvol=/@", "/data/crash", "/crash", "subvol=/@"),
    ("2 1 8:1 /@/a /data rw - btrfs /dev/sda1 rw,subvol=/@", "/data/crash", "/a/crash",
     "subvol=/@"),
]


def default_paths(runner, shell):
    """A path of this system is told as the capture kernel will see it: without links, and from
    the root of the file system or subvolume."""
    for line, path, wanted, options in MOUNTS:
        with Machine() as machine:
            machine.disk("sda", partitions=1)
            (machine.path / "data").mkdir()
            machine.link("link", machine.path / "data")
            root = "0 0 0:1 / / rw - rootfs rootfs rw\n"
            fields = line.split(" ")
            if fields[4] != "/":
                fields[4] = f"{machine.path}{fields[4]}"
                wanted = wanted.replace("@", "")
            else:
                wanted = f"@{wanted}"
            machine.file("proc/self/mountinfo", root + " ".join(fields) + "\n")
            output = machine.run(shell, 'real_device() { echo "$1"; }\n' + RESOLVE, f"path @{path}")
            runner.check(f"{shell} {line}", output, "problems<0>", f"save_path<{wanted}>\n",
                         f"mount_options<{options}>")


def target_paths(runner, shell):
    """A path on a target has no links in it."""
    for path, wanted in (("/crash", "save_path</crash>"), ("/inside/x", "is a link"),
                         ("/outside/x", "@/mnt/outside is a link")):
        with Machine() as machine:
            machine.disk("sda", partitions=1)
            for name in ("data", "mnt/crash", "sub"):
                (machine.path / name).mkdir(parents=True)
            machine.link("mnt/inside", "crash")
            machine.link("mnt/outside", machine.path / "data")
            machine.file("proc/self/mountinfo", "".join(
                f"1 0 8:1 {root} {point} rw - {what} rw\n" for root, point, what in (
                    ("/", "/", "ext4 /dev/sdz"),
                    ("/sub", f"{machine.path}/sub", f"ext4 {machine.path}/dev/sda1"),
                    ("/", f"{machine.path}/mnt", f"ext4 {machine.path}/dev/sda1"))))
            runner.check(f"{shell} {path}", machine.run(shell, RESOLVE,
                                                        f"ext4 LABEL=sda1\npath {path}"), wanted)


def root_subvolume(runner, shell):
    """dump_to_rootfs mounts the subvolume that is the root here."""
    with Machine() as machine:
        machine.disk("sda", partitions=1)
        machine.file("proc/self/mountinfo", "1 0 8:1 /@ / rw - btrfs /dev/sda1 rw,subvol=/@\n")
        output = machine.run(shell, """read_configuration; choose_collector
            choose_actions; resolve_target; write_settings""",
                             "failure_action dump_to_rootfs\nraw /dev/sda1")
        runner.check(f"{shell} root", output, "ROOT_MOUNT_OPTIONS='subvol=/@'")


# Where a device is in sysfs, and words of the problem.
PLACES = [("virtual/block", "loop0", "a device in software"),
          ("platform/host3/session1/target3:0:0/3:0:0:0/block", "sdb", "an iSCSI disk"),
          ("pci0000:00/0000:01:00.0/virtio1/block", "vda", "problems<0>"),
          ("virtual/nvme-subsystem/nvme-subsys1", "nvme1n1", "problems<0>"),
          ("virtual/nvme-subsystem/nvme-subsys2", "nvme2n1", "an NVMe disk behind a network")]


def software(runner, shell):
    """What has to be set up first is refused; an NVMe disk is reached by its controller."""
    for place, name, wanted in PLACES:
        with Machine() as machine:
            machine.disk(name, below=f"devices/{place}")
            for number, controller in ((1, f"{PCI}/nvme/nvme1"),
                                       (2, "devices/virtual/nvme-fabrics/ctl/nvme2")):
                machine.file(f"sys/{controller}/transport", "")
                machine.link(f"sys/devices/virtual/nvme-subsystem/nvme-subsys{number}/nvme{number}",
                             machine.path / "sys" / controller)
            machine.driver(PCI, "nvme", "pci:v1")
            output = machine.run(shell, RESOLVE + 'echo "drivers<$wanted_drivers>"\n',
                                 f"raw /dev/{name}")
            runner.check(f"{shell} {place}", output, wanted)
            if name == "nvme1n1":
                runner.check(f"{shell} {place}", output, "nvme|pci:v1")


def several(runner, shell):
    """A btrfs of several devices is refused."""
    for devices, wanted in ((("sda1",), "problems<0>"), (("sda1", "sda2"), "one of several")):
        with Machine() as machine:
            machine.disk("sda", partitions=2)
            for name in devices:
                machine.file(f"sys/fs/btrfs/5-6/devices/{name}", "")
            machine.file("sys/fs/btrfs/features/x", "")
            (machine.path / "mnt").mkdir()
            machine.file("proc/self/mountinfo", f"1 0 8:1 / {machine.path}/mnt rw - btrfs "
                                                f"{machine.path}/dev/sda1 rw,subvol=/\n")
            for config, call in (("btrfs LABEL=sda1", ""),
                                 ("path @/mnt/x", 'real_device() { echo "$1"; }\n')):
                runner.check(f"{shell} {devices} {config}",
                             machine.run(shell, call + RESOLVE, config), wanted)


IP = """ip() { case "$*" in
    "-4 route get 10.0.0.9") echo "10.0.0.9 dev eth0 src 10.0.0.3 uid 0" ;;
    "-4 route get 10.2.0.9") echo "10.2.0.9 via 10.1.0.1 dev eth0  src 10.1.0.2 uid 0" ;;
    "-4 route get 10.2.0.9 oif eth1") echo "10.2.0.9 via 172.16.0.1 dev eth1 src 172.16.0.2" ;;
    *"show dev eth0") printf '    inet 10.%s scope global\\n' 0.0.2/8 0.0.3/24 1.0.2/16 ;;
    *"show dev eth1") echo "inet 172.16.0.2/12 scope global" ;;
    esac; }
    address_of() { case $1 in node) echo 10.2.0.9 ;; none) ;; *) echo $1 ;; esac; }
    some_nfs_version() { :; }
    check_nfs() { :; }
    read_configuration; resolve_target; host=h format= collector=; write_settings
    echo "problems<$problems>"
"""
# The configuration and what comes of it.
NETWORKS = [
    ("nfs 10.0.0.9:/x", "", "NET_ADDRESS='10.0.0.3/24'\nNET_GATEWAY=''"),
    ("nfs 10.2.0.9:/x", "", "NET_ADDRESS='10.1.0.2/16'\nNET_GATEWAY='10.1.0.1'"),
    ("nfs 10.2.0.9:/x", "KDUMP_NETCONFIG=eth1:static",
     "NET_ADDRESS='172.16.0.2/12'\nNET_GATEWAY='172.16.0.1'"),
    ("raw /dev/sda\nfence_kdump_nodes node 10.0.0.9", "", "FENCE_NODES='10.2.0.9 10.0.0.9'"),
    ("raw /dev/sda\nfence_kdump_nodes node 10.0.0.9", "", "NET_ADDRESS='10.1.0.2/16'"),
    ("nfs 10.0.0.9:/x\nfence_kdump_nodes node", "", "NET_ADDRESS='10.0.0.3/24'"),
    ("raw /dev/sda\nfence_kdump_nodes node none", "",
     "kdump.conf:2: the name none has no IPv4 address"),
]


def network(runner, shell):
    """The address is the one that the server knows this host by. The nodes of a cluster are told
    by their addresses, and there is a network for that with a local target, too."""
    for config, sysconfig, wanted in NETWORKS:
        with Machine() as machine:
            machine.disk("sda")
            for name in ("eth0", "eth1"):
                machine.file(f"sys/class/net/{name}/address", "0\n")
                machine.link(f"sys/class/net/{name}/device", machine.path / "sys" / PCI)
            output = machine.run(shell, IP, config, sysconfig)
            runner.check(f"{shell} {config} {sysconfig}", output, wanted,
                         f"problems<{int('kdump.conf' in wanted)}>")


LOCAL = "ext4 LABEL=sda"
# The target, a variable, and words of what is said about it, if anything is.
UNUSED = [
    (LOCAL, "KDUMP_FREE_DISK_SIZE=1", ""), (LOCAL, "KDUMP_KEEP_OLD_DUMPS=1", ""),
    (LOCAL, "KDUMP_SSH_CLIENT=openssh", "the target is not ssh"),
    (LOCAL, "KDUMP_NETCONFIG=eth0:dhcp", "needs a network"),
    ("raw PARTUUID=sda", "KDUMP_FREE_DISK_SIZE=1", "there is no file system"),
    ("raw PARTUUID=sda", "KDUMP_KEEP_OLD_DUMPS=1", "there is one dump"),
    ("raw PARTUUID=sda\nfailure_action dump_to_rootfs", "KDUMP_KEEP_OLD_DUMPS=1", ""),
    ("nfs h:/x", "KDUMP_FREE_DISK_SIZE=1", ""),
    ("nfs h:/x", "KDUMP_KEEP_OLD_DUMPS=1", ""), ("nfs h:/x", "KDUMP_NETCONFIG=auto", ""),
    ("", "KDUMP_KEEP_OLD_DUMPS=1\nKDUMP_TRANSFER=sh", "KDUMP_TRANSFER does everything"),
    ("core_collector cp", "KDUMP_DUMPLEVEL=1\nKDUMP_TRANSFER=sh", "says it all"),
    ("", "KDUMP_DUMPFORMAT=none\nKDUMP_TRANSFER=sh", "nothing is saved"),
]


def unused(runner, shell):
    """A variable that does nothing for the target is told of."""
    for config, sysconfig, words in UNUSED:
        with Machine() as machine:
            machine.disk("sda")
            output = machine.run(shell, "check_filesystem() { :; }; resolve_root() { :; }; "
                                 "partition_id() { echo 1; }\n"
                                 "resolve_nfs() { target=nfs net_mode=static; }\n"
                                 "read_configuration; choose_collector; choose_actions; "
                                 "resolve_target", config, sysconfig)
            runner.check(f"{shell} {config} {sysconfig}", output, words)
            runner.equal(f"{shell} {config} {sysconfig}: {output}", output.count("sysconfig:1: "),
                         int(bool(words)))


CASES = (raw, names, partitions, swapped, drivers, default_paths, target_paths, root_subvolume,
         software, several, network, unused)
