# SPDX-License-Identifier: GPL-2.0
"""A folder that stands for a machine: its sysfs, /proc and devices, and kdump in it.

The kdump command is read without its last line, which would run a verb, and looks
into the folder. What it would ask of some programs functions answer.
"""
import pathlib
import shutil
import subprocess
import tempfile

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools" / "kdump"
PCI = "devices/pci0000:00/0000:00:1f.2"

COMMAND = """set -u
KDUMP_LIB=$TOOLS
. "$HERE/command"
SYS=$HERE/sys PROC=$HERE/proc STATE=$HERE/state RUN=$HERE/run WORK=$HERE/work
CONF_FILE=$HERE/kdump.conf SYSCONFIG_FILE=$HERE/sysconfig HOOKS_FOLDER=$HERE/hooks
LOADED=$SYS/kernel/kexec_crash_loaded INITRAMFS=$STATE/initramfs.img
is_block_device() { [ -f "$1" ]; }
device_of() { echo "$HERE/dev/${1##*[/=]}"; }
blkid() { :; }
blockdev() { echo 0; }
crash_now() { echo crashed; }
kernel_release=6.12 modules_folder=$HERE/modules final_action=reboot failure_action=reboot
"""


class Machine:
    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._folder.name).resolve()
        command = (TOOLS / "kdump").read_text().splitlines(keepends=True)
        self.file("command", "".join(command[:-1]))
        for name in ("sys/class/block", "sys/kernel", "dev", "state", "run", "work", "hooks"):
            (self.path / name).mkdir(parents=True)
        for name in ("proc/mounts", "proc/swaps", "proc/self/mountinfo"):
            self.file(name, "")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def file(self, name, text, mode=0o644):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def link(self, name, target):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def names(self, folder):
        return sorted(path.name for path in (self.path / folder).iterdir())

    def disk(self, name, partitions=0, below=PCI + "/ata1/host0/target0:0:0/0:0:0:0/block"):
        """A disk, by default one of a SATA controller, and its partitions."""
        place = f"sys/{below}/{name}"
        self._device(name, place)
        for number in range(1, partitions + 1):
            part = f"{name}{number}"
            self._device(part, f"{place}/{part}")
            self.file(f"{place}/{part}/partition", f"{number}\n")

    def _device(self, name, place):
        self.file(f"{place}/size", "2048\n")
        self.file(f"{place}/queue/logical_block_size", "512\n")
        self.link(f"sys/class/block/{name}", self.path / place)
        self.file(f"dev/{name}", "")

    def driver(self, device, name, modalias=None, module=True):
        """A driver for a device of sysfs; module: it is one, not built in without a name."""
        self.file(f"sys/module/{name}/drivers/x", "")
        if module:
            self.file(f"sys/module/{name}/initstate", "live\n")
        self.link(f"sys/{device}/driver/module", self.path / f"sys/module/{name}")
        if modalias:
            self.file(f"sys/{device}/modalias", f"{modalias}\n")

    def run(self, shell, call, config="", sysconfig=""):
        """What the call says, with these files, in which @ stands for the folder."""
        self.file("kdump.conf", config.replace("@", str(self.path)))
        self.file("sysconfig", sysconfig.replace("@", str(self.path)))
        done = subprocess.run([*shell, "-c", COMMAND + call], capture_output=True, text=True,
                              check=False, env={"PATH": "/usr/bin:/bin", "TOOLS": str(TOOLS),
                                                "HERE": str(self.path)})
        return (done.stdout + done.stderr).replace(str(self.path), "@")

    def remove(self, name):
        shutil.rmtree(self.path / name)
