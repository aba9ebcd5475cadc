# SPDX-License-Identifier: GPL-2.0
"""CPUs that are hard to stop."""
from harness.kdump import (MODULE, check_on_stack, check_spinning, insert_module, load, on_cpu,
                           open_dump, spin)
from harness.suite import check, test


@test
def deaf_cpu(context):
    """A CPU that does not answer the NMI costs its own registers, not the dump."""
    with context.boot("crashkernel=64M", cpus=4) as guest:
        kallsyms = insert_module(guest)
        load(guest, "kexec_load")
        for cpu in (1, 2):
            spin(guest, cpu)
        # The module deafens the lowest of the other CPUs: 0.
        guest.crash(on_cpu(3, f"echo deaf >{MODULE}/trigger"))
        dump = open_dump(guest, kallsyms)
        check(len(dump.threads) == 3, f"{len(dump.threads)} CPUs in the dump, not 3")
        one, two, three = dump.threads
        check_spinning(dump, one, 1)
        check_spinning(dump, two, 2)
        check_on_stack(dump, three, 3, "kdump_test_panic")


@test
def injected_nmi(context):
    """An NMI from outside crashes a machine that is stuck with interrupts off."""
    with context.boot("crashkernel=64M nmi_watchdog=0 unknown_nmi_panic", cpus=2) as guest:
        kallsyms = insert_module(guest)
        load(guest, "kexec_load")
        guest.sh("taskset -p 2 $PPID")  # the agent has to survive on CPU 1
        guest.sh(on_cpu(0, f"echo lockup >{MODULE}/trigger") + " & "
                 "until dmesg | grep -q 'lockup on CPU 0'; do usleep 1000; done\n"
                 "sleep 1")     # the CPU still has to print that, and to turn interrupts off
        guest.monitor.execute("inject-nmi")
        guest.wait_for("capture")
        dump = open_dump(guest, kallsyms)
        check_on_stack(dump, dump.threads[0], 0, "kdump_test_lockup")
