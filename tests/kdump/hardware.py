# SPDX-License-Identifier: GPL-2.0
"""Is the capture kernel one for this machine? What it has is read from its configuration."""
import struct

from machine import PCI, Machine

PREPARE = """image=$HERE/boot/vmlinuz OUR_IMAGE=$HERE/our/vmlinuz kernel_release={release}
target_line=0 cmdline='{cmdline}' wanted_modules= wanted_paths=$SYS/{path}
find_capture_config
"""
END = '\necho "problems<$problems> cmdline<$cmdline> modules<$(echo $wanted_modules)>"'
INTEL = "CONFIG_INTEL_IOMMU=y\n"


def run(machine, shell, call, config="", cmdline="", release="6.12"):
    """What a call says on a machine whose capture kernel has a configuration; None: nobody knows
    it."""
    machine.file("boot/vmlinuz", "")
    if config is not None:
        machine.file("modules/config", config)
    return machine.run(shell, PREPARE.format(release=release, cmdline=cmdline, path=PCI) + call +
                       END)


# The IOMMU, how it treats the disk, interrupts; configuration and command line of the capture
# kernel; what comes of it.
IOMMUS = [
    (None, None, "", "", "", ("problems<0>",)),
    ("dmar0", "DMA-FQ", "", INTEL, "", ("problems<0>", "cmdline<>")),
    ("dmar0", "DMA-FQ", "", "", "", ("problems<1>", "driver of Intel's IOMMU (CONFIG_INTEL_IOMMU)",
                                     "0000:00:1f.2", "KDUMP_KERNELVER")),
    ("dmar0", "DMA", "", None, "", ("problems<1>", "nothing tells whether", "@/modules/config")),
    ("dmar0", "identity", "", "", "", ("problems<0>",)),
    ("dmar0", "DMA-FQ", "", INTEL, "quiet intel_iommu=off",
     ("problems<1>", "intel_iommu=off on the command line", "KDUMP_COMMANDLINE_REMOVE")),
    ("dmar0", "DMA-FQ", "", INTEL, "iommu=off x", ("problems<1>", "iommu=off")),
    ("dmar0", "DMA-FQ", "", INTEL + "CONFIG_INTEL_IOMMU_DEFAULT_OFF=y\n", "a",
     ("problems<0>", "cmdline<a intel_iommu=on>")),
    ("dmar0", "DMA-FQ", "", INTEL + "CONFIG_INTEL_IOMMU_DEFAULT_OFF=y\n", "intel_iommu=on,sm_on",
     ("problems<0>", "cmdline<intel_iommu=on,sm_on>")),
    ("ivhd0", "DMA", "", "CONFIG_AMD_IOMMU=y\n", "intel_iommu=off", ("problems<0>",)),
    ("ivhd0", "DMA", "", INTEL, "", ("problems<1>", "CONFIG_AMD_IOMMU")),
    ("ivhd0", "DMA", "", "CONFIG_AMD_IOMMU=y\n", "amd_iommu=off", ("problems<1>",)),
    ("smmu3.0x0000000009050000", "DMA", "", "", "", ("problems<1>", "CONFIG_ARM_SMMU_V3")),
    (None, None, " 24: 0 IR-PCI-MSI-0000:00:1f.2 0-edge ahci\n", INTEL, "",
     ("problems<1>", "interrupt remapping (CONFIG_IRQ_REMAP)")),
    (None, None, " 24: 0 IR-IO-APIC 1-edge\n", "CONFIG_IRQ_REMAP=y\n", "", ("problems<0>",)),
    (None, None, " 24: 0 IR-IO-APIC 1-edge\n", "CONFIG_IRQ_REMAP=y\n", "intremap=off",
     ("problems<1>", "intremap=off")),
    (None, None, " 24: 0 PCI-MSI-0000:00:1f.2 0-edge ahci\n", "", "", ("problems<0>",)),
]


def iommus(runner, shell):
    """Translation and remapping that are on need a driver in the capture kernel."""
    for unit, kind, interrupts, config, cmdline, wanted in IOMMUS:
        with Machine() as machine:
            machine.disk("sda")
            machine.file("proc/interrupts", interrupts)
            if unit:
                machine.file(f"sys/class/iommu/{unit}/x", "")
                machine.file(f"sys/{PCI}/iommu_group/type", f"{kind}\n")
            output = run(machine, shell, "failure_action=reboot; check_capture_kernel", config,
                         cmdline)
            runner.check(f"{shell} {unit} {kind} {interrupts}{config} {cmdline}", output, *wanted)


# What is there of configurations, and what is read of CONFIG_A.
CONFIGS = [({"modules/config": "CONFIG_A=y\n", "boot/config-6.12": ""}, "y"),
           ({"boot/config-6.12": "CONFIG_AB=y\n"}, "n"),
           ({"boot/config-6.12": "CONFIG_A=m\n"}, "m"),
           ({"boot/config-6.1": "CONFIG_A=y\n", "our/config": "CONFIG_A=y\n"}, "?"),
           ({"boot/config-6.12": "# CONFIG_A is not set\n"}, "n"),
           ({"boot/config-6.12": 'CONFIG_A="y"\nCONFIG_B=y\n'}, "n")]


def configurations(runner, shell):
    """The configuration that counts is that of the capture kernel."""
    for files, wanted in CONFIGS:
        with Machine() as machine:
            for name, text in files.items():
                machine.file(name, text)
            output = run(machine, shell, 'echo "<$(capture_option A)>"', None)
            runner.check(f"{shell} {files}", output, f"<{wanted}>")
    with Machine() as machine:
        machine.file("our/config", "CONFIG_A=y\n")
        output = run(machine, shell, 'image=$OUR_IMAGE; find_capture_config; '
                     'echo "<$(capture_option A)>"', "CONFIG_A=m\n")
        runner.check(f"{shell} configuration of the package's kernel", output, "<y>")


def ext4(incompat=0x2c2, ro=0x46b, interval=0, check=0):
    """A super block, and the block of multi-mount protection behind it."""
    data = bytearray(16384)
    struct.pack_into("<I", data, 1048, 2)
    struct.pack_into("<H", data, 1080, 0xef53)
    struct.pack_into("<II", data, 1120, incompat, ro)
    struct.pack_into("<HQ", data, 1382, interval, 3 if incompat & 0x100 else 0)
    struct.pack_into("<I", data, 12288, 0x4d4d50)
    struct.pack_into("<H", data, 12288 + 112, check)
    return bytes(data)


def xfs(version=0xb4a5, ro=0xd, incompat=0xb, log=1, realtime=0, quota=0):
    data = bytearray(4096)
    data[:4] = b"XFSB"
    struct.pack_into(">QQ", data, 8, 1 << 40, realtime)
    struct.pack_into(">Q", data, 48, log)
    struct.pack_into(">H", data, 100, version)
    struct.pack_into(">H", data, 176, quota)
    struct.pack_into(">II", data, 212, ro, incompat)
    return bytes(data)


def btrfs(incompat=0x361, ro=3):
    data = bytearray(70000)
    data[65600:65608] = b"_BHRfS_M"
    struct.pack_into("<QQ", data, 65716, ro, incompat)
    return bytes(data)


QUOTA = "CONFIG_QUOTA=y\n"
NEWER = "does not know"
# A disk, its file system, options of its mount, configuration and release of the capture kernel;
# what comes of it, with options<> and seconds<> for the mount there.
DISKS = [
    (ext4(), "ext4", "rw", "", "6.12", ("problems<0>", "options<>", "seconds<0>")),
    (bytes(4096), "ext4", "rw", "", "6.12", ("problems<0>",)),
    (ext4(ro=0x56b), "ext4", "rw", "", "6.12", ("problems<2>", "support of quotas (CONFIG_QUOTA)",
                                                "feature quota or project")),
    (ext4(ro=0x246b), "ext3", "rw", QUOTA, "6.12", ("problems<1>", "CONFIG_QFMT_V2")),
    (ext4(ro=0x56b), "ext4", "rw", QUOTA + "CONFIG_QFMT_V2=m\n", "6.12",
     ("problems<0>", "modules<quota_v2>")),
    (ext4(0x202c2), "ext4", "rw", "", "6.12", ("problems<1>", "CONFIG_UNICODE", "casefold")),
    (ext4(0x202c2), "ext4", "rw", None, "6.12", ("problems<1>", "nothing tells whether")),
    (ext4(0x202c2), "ext4", "rw", "CONFIG_UNICODE=y\n", "6.12", ("problems<0>", "modules<>")),
    (ext4(0x802c2), "ext4", "rw", "", "6.12", ("problems<1>", "features (0x80000)", NEWER)),
    (ext4(0x802c2), "ext4", "rw", "", "6.1.0-50-amd64", ("problems<1>", NEWER)),
    (ext4(0x802c2), "ext4", "rw", "", "6.13.1", ("problems<0>",)),
    (ext4(0x802c2), "ext4", "rw", "", "7.1", ("problems<0>",)),
    (ext4(0x802c2), "ext4", "rw", "", "$(uname -r)", ("problems<0>",)),
    (ext4(ro=0x2046b), "ext4", "rw", "", "6.12", ("problems<1>", "features (0x20000)")),
    # The mounts of such file systems took 42 s and 381 s.
    (ext4(0x3c2, interval=5), "ext4", "rw", "", "6.12", ("problems<0>", "seconds<42>")),
    (ext4(0x3c2, interval=60), "ext4", "rw", "", "6.12", ("seconds<360>",)),
    (ext4(0x3c2, interval=5, check=300), "ext4", "rw", "", "6.12", ("seconds<720>",)),
    (ext4(0x3c2), "ext4", "rw", "", "6.12", ("seconds<42>",)),
    (xfs(), "xfs", "rw,noquota", "", "6.12", ("problems<0>", "options<>")),
    (xfs(0xb4a4), "xfs", "rw", "", "6.12", ("problems<1>", "CONFIG_XFS_SUPPORT_V4", "crc=0")),
    (xfs(0xb4a4), "xfs", "rw", "CONFIG_XFS_SUPPORT_V4=y\n", "6.12", ("problems<0>",)),
    (xfs(incompat=0x10b), "xfs", "rw", "", "6.12", ("problems<1>", "features (0x100)")),
    (xfs(ro=0x1d), "xfs", "rw", "", "6.12", ("problems<1>", "features (0x10)")),
    (xfs(log=0), "xfs", "rw", "", "6.12", ("problems<1>", "logdev=")),
    (xfs(realtime=1 << 40), "xfs", "rw", "", "6.12", ("problems<1>", "rtdev=")),
    (xfs(quota=0x8 | 0x200), "xfs", "", "CONFIG_XFS_QUOTA=y\n", "6.12", ("options<pquota>",)),
    (xfs(quota=0x1 | 0x40), "xfs", "", "CONFIG_XFS_QUOTA=y\n", "6.12",
     ("options<uqnoenforce,gqnoenforce>",)),
    (xfs(), "xfs", "rw,usrquota,prjquota", "CONFIG_XFS_QUOTA=y\n", "6.12",
     ("options<uquota,pquota>",)),
    (xfs(quota=0x8 | 0x200), "xfs", "", "", "6.12",
     ("problems<0>", "options<>", "warning: ", "counted anew")),
    (btrfs(), "btrfs", "rw", "", "6.12", ("problems<0>",)),
    (btrfs(0x4361), "btrfs", "rw", "", "6.12", ("problems<1>", NEWER)),
    (btrfs(0x1361), "btrfs", "rw", "", "6.12", ("problems<1>", "CONFIG_BLK_DEV_ZONED")),
    (btrfs(ro=0x13), "btrfs", "rw", "", "6.12", ("problems<1>", "features (0x10)")),
]


def features(runner, shell):
    """What a file system asks of the kernel that mounts it, the capture kernel has, or start
    refuses; and it gets the options and the time that it needs."""
    for number, (disk, kind, options, config, release, wanted) in enumerate(DISKS):
        with Machine() as machine:
            (machine.path / "dev/sda").write_bytes(disk)
            output = run(machine, shell, f"check_features $HERE/dev/sda {kind} '{options}'; "
                         'echo "options<$feature_options> seconds<$feature_seconds>"', config,
                         release=release)
            runner.check(f"{shell} disk {number}, {kind}", output, *wanted)


def mounts(runner, shell):
    """The options reach both mounts, that of start and that of the capture kernel."""
    with Machine() as machine:
        machine.disk("sda")
        (machine.path / "dev/sda").write_bytes(xfs(quota=0x8 | 0x200))
        machine.file("modules/config", "CONFIG_XFS_QUOTA=y\n")
        machine.file("boot/vmlinuz", "")
        output = machine.run(shell, PREPARE.format(release="6.12", cmdline="", path="") + """
            mount() { echo "mount $*"; false; }
            format= collector=
            read_configuration; resolve_target; write_settings""", "xfs LABEL=sda\n")
        runner.check(f"{shell} quotas of XFS", output, "MOUNT_OPTIONS='pquota'",
                     "MOUNT_SECONDS='0'")
        runner.check(f"{shell} quotas of XFS", output, "noexec,pquota @/dev/sda")
        (machine.path / "dev/sda").write_bytes(ext4(0x3c2, interval=60))
        output = machine.run(shell, PREPARE.format(release="6.12", cmdline="", path="") + """
            check_filesystem() { :; }
            format= collector=
            read_configuration; resolve_target; write_settings""", "ext4 LABEL=sda\n")
        runner.check(f"{shell} mmp", output, "MOUNT_SECONDS='360'")


# Versions that the server speaks, what the capture kernel has, and which one is taken.
NFS = [("4.2 4.1 4.0 3", "CONFIG_NFS_V4=m\nCONFIG_NFS_V3=m\n", "versions<4.0>"),
       ("4.2 4.1", "CONFIG_NFS_V4=m\n", "speaks NFS version 4.2, but none that"),
       ("4.2 4.1", "CONFIG_NFS_V4=m\nCONFIG_NFS_V4_1=y\n", "versions<4.1>"),
       ("4.2", None, "versions<4.2>"), ("3", "CONFIG_NFS_V3=y\n", "versions<3>"),
       ("", "CONFIG_NFS_V3=y\n", "cannot be mounted (no reason given)")]


def nfs(runner, shell):
    """Of the versions of NFS those count that the capture kernel has."""
    for spoken, config, wanted in NFS:
        with Machine() as machine:
            output = run(machine, shell, f"""
                nfs_versions="4.2 4.1 4.0 3" conf_target=s:/e save_path=/p net_address=1 host=h
                try_nfs() {{ case " {spoken} " in *" $1 "*) ;; *) return 1 ;; esac; }}
                umount() {{ :; }}
                try_folder() {{ :; }}
                keep_record() {{ :; }}
                check_nfs; echo "versions<$nfs_versions>" """, config)
            runner.check(f"{shell} NFS {spoken} {config}", output, wanted)


# The command line, the configuration, and what is said of consoles; with a shell it is refused.
SERIAL = "CONFIG_SERIAL_8250_CONSOLE=y\n"
CONSOLES = [("quiet", "", None), ("console=ttyS0,115200 console=tty0", SERIAL, None),
            ("console=tty0", SERIAL, "tty0"),
            ("console=tty0", SERIAL + "CONFIG_VT_CONSOLE=y\n", None),
            ("console=hvc0", SERIAL + "CONFIG_VIRTIO_CONSOLE=y\n", None),
            ("console=hvc0 console=tty1", SERIAL, "hvc0 tty1"), ("console=tty0", None, None),
            ("console=none0 console=tty0", SERIAL, None)]


def consoles(runner, shell):
    """A capture kernel none of whose consoles exists is told of; a shell on none is refused."""
    for cmdline, config, missing in CONSOLES:
        for action in ("reboot", "shell"):
            with Machine() as machine:
                output = run(machine, shell, f"failure_action={action}; check_capture_kernel",
                             config, cmdline)
                what = f"{shell} {action}, {cmdline}: {output}"
                refused = bool(missing) and action == "shell"
                runner.equal(what, f"problems<{int(refused)}>" in output, True)
                runner.equal(what, f"({missing})" in output, bool(missing))


RUNS = "state=active timeout=30 identity=iTCO_wdt status=0x8000"
# A watchdog of the running system, modules that it has loaded, what the capture kernel has;
# what is taken along, and what is said.
WATCHDOGS = [
    (RUNS, "iTCO_wdt", "", "iTCO_wdt",
     ("<a/iTCO_wdt.ko a/lpc_ich.ko a/softdog.ko>", "iTCO_wdt runs with 30 s")),
    (RUNS, "hpwdt", "", "iTCO_wdt", ("<a/iTCO_wdt.ko a/softdog.ko>", "warning: the watchdog hpwdt "
                                     "runs", "has no driver", "30 s after the crash")),
    (RUNS.replace("active", "inactive"), "hpwdt", "", "hpwdt", ("<a/softdog.ko>",)),
    ("state=inactive status=0x8", "hpwdt", "", "hpwdt", ("a/hpwdt.ko", "hpwdt runs")),
    ("state=active identity=Software~Watchdog", None, "", "", ("<a/softdog.ko>",)),
    (None, None, "ib700wdt 20480 1 - Live 0x0\n", "ib700wdt",
     ("<a/ib700wdt.ko a/softdog.ko>", "the watchdog ib700wdt runs: ")),
    (None, None, "ib700wdt 20480 1 - Live 0x0\nloop 1 0 -\n", "",
     ("<a/softdog.ko>", "warning: the watchdog ib700wdt runs", "tells nobody")),
    (None, None, "ipmi_watchdog 20480 1 - Live 0x0\n", "ipmi_watchdog", ("a/ipmi_watchdog.ko",)),
    (None, None, "", "", ("<a/softdog.ko>", "warning: the watchdog (built in, of unknown name)")),
]


def watchdogs(runner, shell):
    """Watchdogs that run are fed by the capture kernel, or start tells of them."""
    for state, driver, loaded, has, wanted in WATCHDOGS:
        with Machine() as machine:
            machine.file("modules/modules.dep", "a/lpc_ich.ko:\na/softdog.ko:\n" +
                         "".join(f"a/{name}.ko:\n" for name in has.split()))
            machine.file("running/modules.dep", "kernel/drivers/watchdog/ib700wdt.ko:\n"
                         "kernel/drivers/block/loop.ko:\n")
            machine.file("proc/modules", loaded)
            if state is None:
                machine.file("sys/class/misc/watchdog/dev", "10:130\n")
            else:
                for word in state.split():
                    name, value = word.split("=")
                    machine.file(f"sys/class/watchdog/watchdog0/{name}",
                                 value.replace("~", " ") + "\n")
            if driver:
                device = f"devices/pci0000:00/0000:00:1f.0/{driver}.0"
                machine.driver(device, driver)
                machine.driver("devices/pci0000:00/0000:00:1f.0", "lpc_ich")
                machine.link("sys/class/watchdog/watchdog0/device", machine.path / "sys" / device)
            output = run(machine, shell, """RUNNING_MODULES=$HERE/running target=local fstype=
                root_fstype= wanted_drivers=
                resolve_watchdogs; find_modules; set -- $watchdog_files; echo "<$*>" """)
            runner.check(f"{shell} watchdog {state} {driver} {loaded}{has}", output, *wanted)


# Files of this system's, and what goes into the initramfs for a driver that asks for a/b.fw and c.
FIRMWARE = [(["a/b.fw", "d"], ["f 600 /lib/firmware/a/b.fw @/fw/a/b.fw"]), ([], []),
            (["a/b.fw.xz", "c.zst"], ["f 600 /lib/firmware/a/b.fw @/fw/a/b.fw.xz",
                                      "f 600 /lib/firmware/c @/fw/c.zst"]),
            (["updates/c", "c"], ["f 600 /lib/firmware/c @/fw/updates/c"])]


def firmware(runner, shell):
    """The firmware that a driver asks for goes with it."""
    for files, wanted in FIRMWARE:
        with Machine() as machine:
            for name in files:
                machine.file(f"fw/{name}", "")
            machine.file("card.ko", "\x7fELF\0firmware=c\0alias=x\0firmware=a/b.fw\0xfirmware=d\0"
                         "firmware=$(reboot) d\0")
            output = machine.run(shell, "FIRMWARE=$HERE/fw; plan_firmware $HERE/card.ko")
            runner.equal(f"{shell} firmware {files}", output.splitlines(), wanted)


# /proc/iomem, the bits of the controller's addresses, and what is said.
HIGH = "100000000-1ffffffff : System RAM\n  1f0000000-1fdafffff : Crash kernel\n"
LOW = "00100000-7fffffff : System RAM\n  {:08x}-7dffffff : Crash kernel\n"
SPLITS = [(LOW.format(0x7e000000 - (96 << 20)), 32, None),
          (LOW.format(0x7e000000 - (72 << 20)) + HIGH, 32, None),
          (LOW.format(0x7e000000 - (16 << 20)) + HIGH, 32, "16 MiB are reserved (crashkernel="),
          (LOW.format(0x7e000000 - (16 << 20)) + HIGH, 64, None),
          (HIGH, 32, "0 MiB are reserved for the capture kernel"), (HIGH, 64, None), ("", 32, None)]


def splits(runner, shell):
    """Of a split reservation the low part is enough for the devices that need it."""
    for iomem, bits, wanted in SPLITS:
        with Machine() as machine:
            machine.disk("sda")
            machine.driver(PCI, "ahci")
            machine.file(f"sys/{PCI}/dma_mask_bits", f"{bits}\n")
            machine.file("proc/iomem", iomem)
            output = run(machine, shell, "failure_action=reboot; check_capture_kernel")
            what = f"{shell} {iomem} {bits}: {output}"
            runner.equal(what, "below 4 GiB only" in output, bool(wanted))
            runner.equal(what, (wanted or "") in output, True)
            runner.equal(what, "problems<1>" in output, bool(wanted) and "for the" in wanted)


# The table of the firmware, the first kernel's command line, and what is handed on.
ROOTS = [(None, "a=1", "a=1"), ("ACPI20=0x7ff\nACPI=0x7fe\nSMBIOS=0x1\n", "a=1",
                                "a=1 acpi_rsdp=0x7ff"),
         ("SMBIOS=0x1\nACPI=0x7fe\n", "acpi_rsdp=0x3 a=1", "a=1 acpi_rsdp=0x7fe"),
         ("SMBIOS=0x1\n", "acpi_rsdp=0x3", "acpi_rsdp=0x3"),
         (None, "acpi_rsdp=0x3", "acpi_rsdp=0x3")]


def tables(runner, shell):
    """UEFI tells where the ACPI tables are, and kexec_file_load of some kernels hands that on to
    nobody."""
    for table, cmdline, wanted in ROOTS:
        with Machine() as machine:
            if table:
                machine.file("sys/firmware/efi/systab", table)
            output = machine.run(shell, """CMDLINE_APPEND= image=x line_KDUMP_COMMANDLINE=1
                KDUMP_COMMANDLINE='%s'
                make_cmdline; echo "<$cmdline>" """ % cmdline)
            runner.equal(f"{shell} {table} {cmdline}", output, f"<{wanted} nr_cpus=1>\n")


# Lockdown, Secure Boot, what is configured; the image that is taken, and why one is refused.
LOCKS = [("[none] integrity confidentiality", 0, "", "our", ""),
         ("none [integrity] confidentiality", 1, "", "boot", "its own image"),
         ("none [integrity] confidentiality", 0, "", "boot", "no image can be loaded here"),
         ("none integrity [confidentiality]", 1, "KDUMP_KERNEL=@/other", "other", "(mokutil)"),
         (None, 0, "", "our", "")]


def lockdown(runner, shell):
    """A kernel that is locked down loads its own image, at a cost that is told."""
    for mode, secure, config, image, reason in LOCKS:
        with Machine() as machine:
            for name in ("our/vmlinuz", "boot/vmlinuz-run", "other"):
                machine.file(name, "x" * (1 << 20))
            if mode:
                machine.file("sys/kernel/security/lockdown", mode + "\n")
            machine.file("sys/firmware/efi/efivars/"
                         "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                         f"\6\0\0\0{chr(secure)}")
            machine.file("state/initramfs.img", "")
            output = machine.run(shell, """uname() { echo run; }
                find_boot_image() { image=$HERE/boot/vmlinuz-run kernel_from=KDUMP_KERNELVER=run; }
                OUR_IMAGE=$HERE/our/vmlinuz collector=vmcore-save cmdline=
                read_configuration; find_kernel; tell_lockdown; echo "<$image>"; explain_lockdown
                """, sysconfig=config)
            what = f"{shell} {mode} {secure} {config}"
            runner.check(what, output, f"<@/{image}", reason)
            told = "is taken, not that of this package. That takes" in output
            runner.equal(f"{what}: told? {output}", told, image == "boot")


CASES = (iommus, configurations, features, mounts, nfs, consoles, watchdogs, firmware, splits,
         tables, lockdown)
