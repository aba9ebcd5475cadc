# SPDX-License-Identifier: GPL-2.0
"""The capture kernel's command line: which words reach it."""
import random

from machine import Machine

# What runs, what is to go, what remains.
WITHOUT = [
    ("a=1 crashkernel=64M b", "crashkernel", "a=1 b"),
    ("a=1 crashkernel=64M,high crashkernel=1M,low", "crashkernel", "a=1"),
    ("xcrashkernel=1 quiet", "crashkernel quiet", "xcrashkernel=1"),
    ('a="b crashkernel=1" c', "crashkernel", 'a="b crashkernel=1" c'),
    ('"quiet" "mem=1G" c', "c quiet mem", ""), ("", "a", ""), ("  a   b  ", "b", "a"),
    ("log-buf-len=8M log_buf_len=1 a", "log_buf_len", "a"), ("log_buf_len=1 a", "log-buf-len", "a"),
    ("a -- b mem=1", "mem", "a"), ("-- b", "mem", ""), ('a="x -- y" b', "b", 'a="x -- y"'),
    ("ip=dhcp ip=10.0.0.1 ip", "ip=dhcp", "ip=10.0.0.1 ip"),
    ("kfence.sample_interval=1 kfencex=1 kfence.a", "kfence.*", "kfencex=1"),
    ("panic_on_oops=1 panic=1 xpanic_on_=2", "panic_on_*", "panic=1 xpanic_on_=2"),
]

# Command lines that people have, and words that are handed on of each.
LINES = [
    ("root=UUID=1 ro console=ttyS0,38400n8 elevator=noop memmap=4G!9G memmap=9G!14G mem=26624M",
     "root=UUID=1 ro console=ttyS0,38400n8 elevator=noop"),
    ("memmap=exactmap memmap=639K@0 memmap=1022M@1M memmap=128K#0x1000 memmap=16M$512M a", "a"),
    ("root=/dev/a log_buf_len=8M cryptomgr.notests", "root=/dev/a cryptomgr.notests"),
    ("swiotlb=65536 crashkernel=384M-:128M hugepagesz=1G hugepages=400 iommu=pt isolcpus=2-31 "
     "nohz_full=2-31 rcu_nocbs=2-31 a", "iommu=pt a"),
    ("slab_debug=FZPU page_owner=on debug_pagealloc=on kasan=off stack_depot_disable=off "
     "trace_event=sched:* trace_buf_size=100M memtest=4 unknown_nmi_panic nmi_watchdog=panic "
     "sysctl.kernel.hung_task_panic=1 kfence.sample_interval=100 a", "a"),
    ("a init=/bin/sh -- mem=1G b", "a"),
]
OWN = ("nr_cpus=1 reset_devices novmcoredd cgroup_disable=memory numa=off "
       "transparent_hugepage=never panic=10")


def without(runner, shell):
    for line, gone, wanted in WITHOUT:
        with Machine() as machine:
            output = machine.run(shell, f"cmdline_without '{line}' '{gone}'")
            runner.equal(f"{shell} {line!r} without {gone!r}", output.strip(), wanted)


# sysconfig, and the words that are ours and the administrator's.
SETTINGS = [
    ("", OWN), ("KDUMP_COMMANDLINE_APPEND='x -- y'", OWN + " x -- y"),
    ("KDUMP_COMMANDLINE_APPEND=nr_cpus=4", OWN.replace("nr_cpus=1 ", "") + " nr_cpus=4"),
    ("KDUMP_COMMANDLINE_APPEND=maxcpus=4", OWN.replace("nr_cpus=1 ", "") + " maxcpus=4"),
    ("KDUMP_CPUS=4", OWN.replace("=1 ", "=4 ")), ("KDUMP_CPUS=0", OWN.replace("nr_cpus=1 ", "")),
    ("KDUMP_COMMANDLINE_REMOVE='numa panic=10'", OWN.replace("numa=off ", "").replace(
        " panic=10", "")),
    ("KDUMP_COMMANDLINE_APPEND=mce=off", OWN + " mce=off"),
    ("KDUMP_COMMANDLINE='x mem=1G'", "x mem=1G " + OWN),
    ("KDUMP_COMMANDLINE='x nr_cpus=8'", "x nr_cpus=8 " + OWN.replace("nr_cpus=1 ", "")),
]


def made(runner, shell):
    """What tells of the crashed kernel's memory, or takes that of the capture kernel, is not handed
    on; what the administrator says counts, in place of ours."""
    make = """kernel_release=6.12 image=/boot/x
        read_configuration; make_cmdline; echo "<$cmdline>" """
    for line, wanted in LINES:
        with Machine() as machine:
            machine.file("proc/cmdline", line + "\n")
            runner.equal(f"{shell} {line}", machine.run(shell, make), f"<{wanted} {OWN}>\n")
    for sysconfig, wanted in SETTINGS:
        with Machine() as machine:
            machine.file("proc/cmdline", "mem=1G\n")
            output = machine.run(shell, make, sysconfig=sysconfig)
            runner.check(f"{shell} {sysconfig}", output, f"<{wanted}>\n")
            runner.equal(f"{shell} {sysconfig}: {output}", "memory of the crashed one" in output,
                         "mem=1G" in wanted)


def boot_cpu(runner, shell):
    """An older kernel with several CPUs does not start the one that the machine started on."""
    for release, cpus, wanted in (("6.1.0-9-amd64", 4, True), ("6.8", 2, True), ("", 2, True),
                                  ("5.14.0", 2, True), ("6.9.1", 2, False), ("6.12.1", 2, False),
                                  ("6.81", 2, False), ("7.3", 2, False), ("6.1", 1, False),
                                  ("6.1", 0, True)):
        with Machine() as machine:
            machine.file("proc/cmdline", "a\n")
            machine.file("proc/cpuinfo", "processor\t: 0\napicid\t\t: 6\ninitial apicid\t: 6\n\n"
                                         "processor\t: 1\napicid\t\t: 8\n")
            output = machine.run(shell, f"image=/x; read_configuration; kernel_release={release}; "
                                 "make_cmdline; echo \"<$cmdline>\"",
                                 sysconfig=f"KDUMP_CPUS={cpus}")
            runner.equal(f"{shell} {release}, {cpus}: {output}", "disable_cpu_apicid=6 " in output,
                         wanted)


def at_random(runner, shell):
    """No order of words, blanks and quotes lets one through that is to go, or loses another."""
    seed = random.randrange(1 << 32)
    draw = random.Random(seed)
    with Machine() as machine:
        lines, wanted = [], []
        for _ in range(60):
            words = draw.choices(["mem=1G", "memmap=1G@1G", "a", "b=c", 'd="e f"', "mem-map",
                                  'g=" mem=2 "', "memx=1", "xmem=1", "kfence.a=1"], k=6)
            lines.append(draw.choice([" ", "  ", " \t"]).join(words))
            wanted.append(" ".join(word for word in words if not word.startswith(
                ("mem=", "memmap=", "kfence."))))
        machine.file("lines", "\n".join(lines) + "\n")
        output = machine.run(shell, r"""while IFS= read -r line; do
                cmdline_without "$line" "mem memmap kfence.*"; echo
            done <"$HERE/lines" """)
        runner.equal(f"{shell} seed {seed}", [line.strip() for line in output.splitlines()], wanted)


CASES = (without, made, boot_cpu, at_random)
