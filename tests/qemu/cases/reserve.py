# SPDX-License-Identifier: GPL-2.0
"""crashkernel=: where the memory is taken, what is refused, how it is given back."""
import functools
import re

from harness import suite
from harness.kdump import load
from harness.suite import check, test

MIB = 1 << 20
SECTION = 128 * MIB     # the capture kernel describes memory by these
SIZE = "/sys/kernel/kexec_crash_size"


def reservations(guest):
    """The ranges that /proc/iomem calls Crash kernel, as (start, size)."""
    rows = re.findall(r"(\w+)-(\w+) : Crash kernel", guest.sh("cat /proc/iomem"))
    return [(int(start, 16), int(end, 16) + 1 - int(start, 16)) for start, end in rows]


def crash_and_return(guest):
    load(guest)
    guest.crash("echo c >/proc/sysrq-trigger")
    guest.sh("test -s /proc/vmcore")


def placed(context, option, kaslr):
    with context.boot(f"crashkernel={option} {kaslr}") as guest:
        found = reservations(guest)
        check([size for _, size in found] == [64 * MIB], f"reserved {found}")
        if "@" in option:
            check(found[0][0] == 16 * MIB, f"reserved {found}")
        elif kaslr == "nokaslr":
            check(sum(found[0]) <= SECTION, f"reserved {found}, not in the first section")
        crash_and_return(guest)


for _option in ("64M@16M", "64M"):
    for _kaslr in ("kaslr", "nokaslr"):
        suite.add(f"reserve.{_option}-{_kaslr}",
                  functools.partial(placed, option=_option, kaslr=_kaslr),
                  f"crashkernel={_option} is reserved with {_kaslr}, and a crash uses it.")


OVMF = "/usr/share/ovmf/OVMF.fd"
# Where OVMF has nothing of its own, and where the EFI stub would put the kernel.
EFI_PLACE = 32 * MIB


def placed_by_efi_stub(context, kaslr):
    with context.boot(f"crashkernel=64M@{EFI_PLACE} {kaslr}", memory="1G", below_4g="1G",
                      devices=("-bios", OVMF)) as guest:
        check(guest.sh("ls /sys/firmware/efi"), "not started through EFI")
        found = reservations(guest)
        check(found == [(EFI_PLACE, 64 * MIB)], f"reserved {found}")
        crash_and_return(guest)


for _kaslr in ("kaslr", "nokaslr"):
    suite.add(f"reserve.efi-{_kaslr}", functools.partial(placed_by_efi_stub, kaslr=_kaslr),
              f"crashkernel=64M@32M is reserved under the EFI stub with {_kaslr}, and a crash "
              "uses it.")


@test
def high_and_low(context):
    """size,high is taken above 4 GiB, with size,low below it, and a crash uses them."""
    with context.boot("crashkernel=96M,high crashkernel=32M,low") as guest:
        found = reservations(guest)
        check([size // MIB for _, size in found] == [32, 96], f"reserved {found}")
        check(found[0][0] < 1 << 32 <= found[1][0], f"reserved {found}")
        crash_and_return(guest)


@test
def by_memory_size(context):
    """Of a list of ranges the one that the machine's memory lies in counts."""
    with context.boot("crashkernel=64M-256M:16M,256M-1G:48M,1G-:128M") as guest:
        check([size for _, size in reservations(guest)] == [48 * MIB], "not 48M")


@test
def last_one_wins(context):
    """The last crashkernel= counts."""
    with context.boot("crashkernel=32M crashkernel=80M") as guest:
        check([size for _, size in reservations(guest)] == [80 * MIB], "not 80M")


@test
def automatic(context):
    """crashkernel=auto takes as much as a crash needs."""
    with context.boot("crashkernel=auto", memory="1G", below_4g="1G") as guest:
        check(reservations(guest), "nothing reserved")
        crash_and_return(guest)


# What is wrong with a value: where in the option, and the reason. A value that
# only this machine cannot satisfy has no place that is wrong.
REFUSED = {
    "unit": ("64Q", "character 15", "the end expected after the size"),
    "empty": ("", "character 13", "size expected"),
    "garbage": ("lots", "character 13", "size expected"),
    "huge": ("64G", "character 13", "size is not less than the RAM present"),
    "range": ("1G-512M:64M", "character 16", "end of the range is not above its start"),
    "colon": ("512M-:", "character 19", "size expected"),
    "unaligned": ("64M@16385K", "", "offset 0x1000400 is not a multiple"),
    "overlap": ("24M@224M", "", "overlaps the initrd"),
    "outside": ("64M@8G", "", "there is no RAM"),
}


def refused(context, value, place, reason):
    with context.boot(f"crashkernel={value}") as guest:
        check(guest.sh(f"cat {SIZE}") == "0" and not reservations(guest), "memory was reserved")
        lines = [line for line in guest.sh("dmesg").splitlines()
                 if re.match("crashkernel: .*no memory is reserved", line)]
        check(len(lines) == 1 and place in lines[0] and reason in lines[0], f"messages: {lines}")


for _name, (_value, _place, _reason) in REFUSED.items():
    suite.add(f"reserve.refused-{_name}",
              functools.partial(refused, value=_value, place=_place, reason=_reason),
              f"crashkernel={_value} reserves nothing, one line says why, and the boot goes on.")


# What the stock kernel takes, whatever is meant by it, and what is said of it.
DOUBTFUL = {
    "offset": ("64M@", "character 17", "offset expected after '@'"),
    "trailing": ("64M@16M,what", "character 20", "nothing should follow the offset"),
    "comma": ("512M-:64M,", "character 23", "start of a range expected"),
}


def doubtful(context, value, place, reason):
    with context.boot(f"crashkernel={value}", below_4g="512M") as guest:
        check([size for _, size in reservations(guest)] == [64 * MIB], "not 64M")
        lines = re.findall("crashkernel: .* is doubtful .*", guest.sh("dmesg"))
        check(len(lines) == 1 and place in lines[0] and reason in lines[0], f"messages: {lines}")


for _name, (_value, _place, _reason) in DOUBTFUL.items():
    suite.add(f"reserve.doubtful-{_name}",
              functools.partial(doubtful, value=_value, place=_place, reason=_reason),
              f"crashkernel={_value} reserves what it always did, and one line calls it doubtful.")


@test
def shrink(context):
    """kexec_crash_size gives memory back; growing it is EINVAL, and ENOENT while an image is
    loaded."""
    with context.boot("crashkernel=128M@16M", below_4g="512M") as guest:
        total = memory_total(guest)
        guest.sh(f"echo {96 * MIB} >{SIZE}")
        check(reservations(guest) == [(16 * MIB, 96 * MIB)], f"{reservations(guest)}")
        check(guest.sh(f"cat {SIZE}") == str(96 * MIB), "the size has not changed")
        gain = memory_total(guest) - total
        check(28 * MIB < gain < 34 * MIB, f"{gain} bytes were given back")
        refuse(guest, 97 * MIB, "Invalid argument")
        load(guest)
        refuse(guest, 64 * MIB, "No such file or directory")
        check(reservations(guest) == [(16 * MIB, 96 * MIB)], f"{reservations(guest)}")
        guest.crash("echo c >/proc/sysrq-trigger")


@test
def shrink_to_nothing(context):
    """0 in kexec_crash_size gives back everything, and then nothing can be loaded."""
    with context.boot("crashkernel=64M") as guest:
        guest.sh(f"echo 0 >{SIZE}")
        check(not reservations(guest), f"{reservations(guest)} is left")
        reply = guest.run("kexec -p /boot/image --initrd=/boot/initrd")
        check(reply.status, "an image was loaded into nothing")


def refuse(guest, size, error):
    reply = guest.run(f"echo {size} >{SIZE}")
    check(reply.status and error in reply.text, f"{size}: {reply.status}, {reply.text}")


def memory_total(guest):
    """Total memory of the first kernel, in bytes: what is given back belongs to it."""
    return int(re.search(r"MemTotal: *(\d+)", guest.sh("cat /proc/meminfo"))[1]) * 1024
