# SPDX-License-Identifier: GPL-2.0
"""vmcore-save beside makedumpfile: the same dump, to the same disk, in turn.

What counts is the time from the start of the program until the disk has all of it.
"""
import pathlib
import statistics
import subprocess

from harness import artifacts, initramfs, makedumpfile
from harness.guest import Guest, Machine, untouched_memory

import measure
from measure import GIB

ROOT = pathlib.Path(__file__).resolve().parents[2]
MEMORY = 8 * GIB
FILL = GIB                          # of page cache; the rest is free
DISK = 4 * GIB
CPUS = (1, 2)
ROUNDS = 3
OUTPUT = "/mnt/dump"

# The options of both for each format.
FORMATS = {
    "lzo": ("-c lzo", "-l"),
    "zstd": ("-c zstd", "-z"),
    "elf": ("-F elf", "-E"),
}


def commands(guest):
    """Names and commands. Only our kernel has what vmcore-save wants."""
    for form, (ours, theirs) in FORMATS.items():
        yield f"makedumpfile {form}", ("/usr/bin/makedumpfile --message-level 4"
                                       f" {theirs} -d 31 {measure.VMCORE} {OUTPUT}")
        if measure.has_kern(guest):
            yield f"vmcore-save {form}", f"vmcore-save -q -l 31 {ours} {OUTPUT}"


def save(guest, command):
    """Run one of them; return seconds, and bytes on the disk."""
    guest.sh(f"rm -f {OUTPUT} && sync && echo 3 >/proc/sys/vm/drop_caches")
    seconds = measure.probe(guest, "run", "sh", "-c", f"'{command} && sync {OUTPUT}'")[1]
    blocks, size = guest.sh(f"stat -c '%b %B' {OUTPUT}").split()
    return seconds, int(blocks) * int(size)


def compare(guest, cpus):
    """All in turn, a few times: the median of each."""
    runs = {}
    for _ in range(ROUNDS):
        for name, command in commands(guest):
            runs.setdefault(name, []).append(save(guest, command))
    seconds = {name: statistics.median(run[0] for run in found) for name, found in runs.items()}
    results = {f"{name}, {cpus} CPU seconds": value for name, value in seconds.items()}
    for form in FORMATS:
        ours, theirs = f"vmcore-save {form}", f"makedumpfile {form}"
        if ours in runs:
            results[f"makedumpfile/ours {form}, {cpus} CPU"] = seconds[theirs] / seconds[ours]
            results[f"makedumpfile/ours {form} bytes"] = runs[theirs][0][1] / runs[ours][0][1]
    return results


def machine(image, initrd, disk):
    devices = ("-drive", f"if=none,id=disk,format=raw,file={disk},cache=none",
               "-device", "virtio-blk-pci,drive=disk", *untouched_memory(MEMORY))
    return Machine(image, initrd, "crashkernel=256M", cpus="2", memory=str(MEMORY // measure.MIB),
                   below_4g="2G", devices=devices)


def measure_all(image, probe, workdir):
    """Crash a guest and save it, with each number of CPUs."""
    workdir.mkdir(parents=True, exist_ok=True)
    program = artifacts.stripped(ROOT / "build" / "tools" / "vmcore-save")
    initrd = initramfs.write(workdir / "initrd", image, [(probe, measure.PROBE),
                                                         (program, "/bin/vmcore-save"),
                                                         *makedumpfile.files()])
    disk = workdir / "disk"
    results = {}
    for cpus in CPUS:
        disk.write_bytes(b"")
        with open(disk, "rb+") as file:
            file.truncate(DISK)
        subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", disk], check=True)
        with Guest(machine(image, initrd, disk), workdir, timeout=600) as guest:
            guest.wait_for("first")
            measure.load(guest, cpus)
            measure.fill(guest, FILL)
            measure.crash(guest)
            guest.sh("mount /dev/vda /mnt")
            results |= compare(guest, cpus)
        disk.unlink()
    return results
