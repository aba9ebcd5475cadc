# SPDX-License-Identifier: GPL-2.0
"""Loading a capture kernel: formats, repetition, the switch on panic."""
import functools
import random

from cases.hotplug import stop_at
from harness import artifacts, paths, suite
from harness.debugger import Debugger
from harness.kdump import (LOADERS, MODULE, Patterns, capture_options, check_on_stack,
                           insert_module, load, make_fail, on_cpu, open_dump)
from harness.suite import check, test

KMEMLEAK = "/sys/kernel/debug/kmemleak"


@test
def elf32_headers(context):
    """kexec takes --elf32-core-headers, which it heeds on 32-bit machines only, and the dump is
    complete."""
    with context.boot("crashkernel=64M", below_4g="1G") as guest:
        kallsyms = insert_module(guest)
        load(guest, "kexec_load", "--elf32-core-headers")
        patterns = Patterns(guest, seed=32)
        guest.crash(on_cpu(1, f"echo panic >{MODULE}/trigger"))
        dump = open_dump(guest, kallsyms)
        check_on_stack(dump, dump.threads[1], 1, "kdump_test_panic")
        patterns.check(dump.core)


@test
def vmlinux(context):
    """kexec_load takes a vmlinux as capture kernel. It runs where it was linked for: at 16M."""
    initrd = artifacts.write_initrd(context.workdir / "initrd",
                                    artifacts.stripped(paths.VMLINUX))
    with context.boot("crashkernel=64M@16M", initrd=initrd) as guest:
        kallsyms = insert_module(guest)
        load(guest, "kexec_load", options="--args-linux")
        patterns = Patterns(guest, seed=64)
        guest.crash(f"echo panic >{MODULE}/trigger")
        dump = open_dump(guest, kallsyms)
        check(len(dump.threads) == 2, "not two CPUs in the dump")
        patterns.check(dump.core)


def leaks(guest):
    """What kmemleak has found. It takes a second look for an object to count as lost."""
    guest.sh(f"echo scan >{KMEMLEAK}; sleep 5; echo scan >{KMEMLEAK}", timeout=400)
    return guest.sh(f"cat {KMEMLEAK}")


@test
def reload_100_times(context):
    """Loading and unloading 100 times, both ways, leaks nothing."""
    with context.boot("crashkernel=64M kmemleak=on") as guest:
        insert_module(guest)
        for loader in ("-c", "-s"):
            guest.sh(f"""
                for round in $(seq 50); do
                    kexec -p {loader} /boot/image --initrd=/boot/initrd \\
                        --command-line='{capture_options(guest)}' || exit
                done
                kexec -p {loader} -u""", timeout=400)
        found = leaks(guest)
        check(not found, f"kmemleak: {found}")
        # Would it have told? A stale pointer may hide one of them.
        guest.sh(f"for object in 1 2 3; do echo 4096 >{MODULE}/leak; done")
        check("kdump_test" in leaks(guest), "kmemleak does not find a leak that is there")


def crash_into(guest, word):
    """Crash, and find the word in the command line of the image that has started."""
    guest.crash("echo c >/proc/sysrq-trigger")
    check(word in guest.sh("cat /proc/cmdline"), "another image has started")


@test
def crash_after_reloads(context):
    """The image that was loaded last is the one that starts."""
    with context.boot("crashkernel=64M") as guest:
        load(guest, "kexec_load")
        load(guest, "kexec_file_load")
        load(guest, "kexec_load", append="the_last_one")
        crash_into(guest, "the_last_one")


def crash_while_loading(context, seed):
    """Crash at a random time while another image is being loaded, again and again."""
    chance = random.Random(seed)
    loader, delay = chance.choice(list(LOADERS)), chance.randrange(3_000_000)
    with context.boot("crashkernel=64M nmi_watchdog=0", cpus=2) as guest:
        insert_module(guest)
        load(guest, chance.choice(list(LOADERS)), append="loads=0")
        guest.sh(f"""cat >/tmp/loop <<'END'
            loads=1
            while kexec -p {LOADERS[loader]} /boot/image --initrd=/boot/initrd \\
                --command-line="{capture_options(guest)} loads=$loads"; do
                loads=$((loads + 1))
            done
            echo 'kexec has failed' >/dev/kmsg
END
            taskset 1 sh /tmp/loop >/dev/null 2>&1 &""")
        guest.crash(on_cpu(1, f"usleep {delay}; echo panic >{MODULE}/trigger"))
        check(len(open_dump(guest).threads) == 2, "not two CPUs in the dump")
        check("loads=" in guest.sh("cat /proc/cmdline"), "another image has started")


for number in range(100):
    suite.add(f"load.crash_while_loading-{number}",
              functools.partial(crash_while_loading, seed=number),
              "A crash while another image is being loaded makes a dump.", full=number >= 4)


def crash_in_exchange(context, loader, function):
    """Have a CPU panic when another is about to call a function as it exchanges images."""
    with context.boot("crashkernel=64M nokaslr unknown_nmi_panic nmi_watchdog=0") as guest:
        load(guest, "kexec_load", append="the_old_one")
        with Debugger(guest) as debugger:
            guest.send(on_cpu(1, f"kexec -p {LOADERS[loader]} /boot/image --initrd=/boot/initrd "
                                 f'--command-line="{capture_options(guest)} the_new_one"'))
            stop_at(debugger, "crash_apply_update")
            if function:
                stop_at(debugger, function)
            guest.monitor.execute("inject-nmi")
        guest.wait_for("capture")
        open_dump(guest)
        return guest.sh("cat /proc/cmdline")


@test
def crash_before_exchange(context):
    """A panic before an image takes the place of another starts one that is whole."""
    for loader in LOADERS:
        found = crash_in_exchange(context, loader, "")
        check("the_old_one" in found or "the_new_one" in found, f"started with {found}")


@test
def crash_in_exchange_completes(context):
    """A panic while an image is copied over another one completes the new one."""
    for loader in LOADERS:
        found = crash_in_exchange(context, loader, "memcpy")
        check("the_new_one" in found, f"started with {found}")


@test
def load_without_room(context):
    """Where memory is short, the present image makes room, with a message."""
    with context.boot("crashkernel=64M") as guest:
        load(guest, "kexec_load")
        make_fail(guest, "fail enomem crash_load_segment once")
        load(guest, "kexec_load", append="the_new_one")
        guest.sh("dmesg | grep -q 'no memory to load an image beside the present one'")
        crash_into(guest, "the_new_one")


@test
def switch(context):
    """/proc/kexec-dump is 1, takes 0 and 1 and refuses everything else with EINVAL."""
    with context.boot("crashkernel=64M") as guest:
        check(guest.sh("cat /proc/kexec-dump") == "1", "the default is not 1")
        for value in ("0", "1"):
            guest.sh(f"echo {value} >/proc/kexec-dump")
            check(guest.sh("cat /proc/kexec-dump") == value, f"{value} was not taken")
        for value in ("2", "-1", "10", "x", "1x", "0x1", ""):
            reply = guest.run(f"echo '{value}' >/proc/kexec-dump")
            check(reply.status and "Invalid argument" in reply.text,
                  f"{value!r}: status {reply.status}, {reply.text}")
            check(guest.sh("cat /proc/kexec-dump") == "1", f"{value!r} changed the switch")


@test
def switch_off(context):
    """With 0 in /proc/kexec-dump a panic does not start the loaded image."""
    with context.boot("crashkernel=64M") as guest:
        load(guest, "kexec_load")
        guest.sh("echo 0 >/proc/kexec-dump")
        guest.ends_after("echo c >/proc/sysrq-trigger")


@test
def switch_off_at_boot(context):
    """kexec_dump=0 on the command line does the same, and 1 in the file undoes it."""
    with context.boot("crashkernel=64M kexec_dump=0") as guest:
        check(guest.sh("cat /proc/kexec-dump") == "0", "kexec_dump=0 has no effect")
        load(guest, "kexec_load")
        guest.sh("echo 1 >/proc/kexec-dump")
        guest.crash("echo c >/proc/sysrq-trigger")


@test
def panic_without_image(context):
    """A panic with no image loaded just ends the kernel."""
    with context.boot("crashkernel=64M") as guest:
        guest.ends_after("echo c >/proc/sysrq-trigger")
