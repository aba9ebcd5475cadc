# SPDX-License-Identifier: GPL-2.0
"""CPUs and memory that come and go after an image was loaded."""
from harness.kdump import check_edges, check_on_stack, load, open_dump, ram_ranges
from harness.suite import check, test

PLUGGED = 128 << 20


def add_memory(guest, size):
    """Plug a module of memory and put it into use."""
    guest.monitor.execute("object-add", **{"qom-type": "memory-backend-ram"}, id="ram1", size=size)
    guest.monitor.execute("device_add", driver="pc-dimm", id="dimm1", memdev="ram1")
    guest.sh(f"""cd /sys/devices/system/memory
                 before=$(ls -d memory*/ | wc -l)
                 wanted=$(( before + {size} / 0x$(cat block_size_bytes) ))
                 until [ $(ls -d memory*/ | wc -l) = $wanted ]; do usleep 1000; done
                 for state in memory*/state; do
                     grep -q online $state || echo online >$state
                 done""")


@test
def cpu_online(context):
    """A CPU that came online after kexec_file_load is in the dump."""
    with context.boot("crashkernel=64M maxcpus=2", cpus=4) as guest:
        load(guest, "kexec_file_load")
        guest.sh("echo 1 >/sys/devices/system/cpu/cpu2/online")
        guest.crash("taskset 4 sh -c 'echo c >/proc/sysrq-trigger'")
        dump = open_dump(guest)
        check(len(dump.threads) == 3, f"{len(dump.threads)} CPUs in the dump, not 3")
        check(dump.variable("panic_cpu") == 2, "another CPU crashed")
        check_on_stack(dump, dump.threads[2], 2, "sysrq_handle_crash")


@test
def cpu_offline(context):
    """A CPU that is offline at the crash has no registers; the others keep theirs."""
    with context.boot("crashkernel=64M", cpus=4) as guest:
        load(guest, "kexec_file_load")
        guest.sh("echo 0 >/sys/devices/system/cpu/cpu1/online")
        guest.crash("taskset 8 sh -c 'echo c >/proc/sysrq-trigger'")
        dump = open_dump(guest)
        check(len(dump.threads) == 3, f"{len(dump.threads)} CPUs in the dump, not 3")
        check_on_stack(dump, dump.threads[2], 3, "sysrq_handle_crash")


@test
def memory_added(context):
    """Memory that was plugged in after kexec_file_load is in the dump."""
    with context.boot("crashkernel=64M", memory="512M,slots=2,maxmem=4G") as guest:
        # Or the capture kernel would take the module for its own.
        load(guest, "kexec_file_load", append="acpi_no_memhotplug")
        before = ram_ranges(guest.sh("cat /proc/iomem"))
        add_memory(guest, PLUGGED)
        after = ram_ranges(guest.sh("cat /proc/iomem"))
        check(sum(end - start for start, end in after)
              == sum(end - start for start, end in before) + PLUGGED,
              f"the memory did not come: {after}")
        guest.crash("echo c >/proc/sysrq-trigger")
        check_edges(guest, open_dump(guest).core, after)


@test
def crash_during_update(context):
    """A panic while CPUs come and go, and the loaded headers with them, still makes a dump."""
    for delay in (20, 45, 90):
        with context.boot("crashkernel=64M", cpus=4) as guest:
            load(guest, "kexec_file_load")
            guest.sh("""cd /sys/devices/system/cpu
                        while :; do
                            for way in 0 1; do
                                echo $way >cpu1/online
                                echo $way >cpu2/online
                            done
                        done >/dev/null 2>&1 &""")
            guest.crash(f"usleep {delay}000; taskset 8 sh -c 'echo c >/proc/sysrq-trigger'")
            dump = open_dump(guest)
            check(dump.variable("panic_cpu") == 3, "another CPU crashed")
            check(any("sysrq_handle_crash" in dump.functions(thread)
                      for thread in dump.threads), "CPU 3 is not in the dump")
