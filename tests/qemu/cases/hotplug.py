# SPDX-License-Identifier: GPL-2.0
"""CPUs and memory that come and go after an image was loaded."""
import struct

from harness import paths
from harness.debugger import Debugger
from harness.kdump import check_edges, check_on_stack, load, on_cpu, open_dump, ram_ranges
from harness.suite import Failure, check, test
from harness.symbols import vmlinux_symbols

PLUGGED = 128 << 20
PUT_INTO_USE = """for state in /sys/devices/system/memory/memory*/state; do
                      grep -q online $state || echo online >$state
                  done"""
# For nothing that cannot be moved: it can be taken out of use again.
PUT_INTO_USE_FOR_NOW = PUT_INTO_USE.replace("echo online", "echo online_movable")
# Of ELF-64: where the low byte of e_phnum is, and where the program headers begin.
PHNUM, PHDRS = 56, 64
MOST_CALLS = 1000

# Where memory above 4 GiB can be plugged in, the capture kernel, too, would set
# half of its memory aside, as bounce buffers for devices that cannot reach there.
NO_BOUNCE = "swiotlb=noforce"


def plug_memory(guest, size):
    """Plug a module of memory; return the ranges of RAM before and after that."""
    before = ram_ranges(guest.sh("cat /proc/iomem"))
    # The guest may be done with it at once, so this is counted first.
    blocks = int(guest.sh("ls -d /sys/devices/system/memory/memory*/ | wc -l"))
    guest.monitor.execute("object-add", **{"qom-type": "memory-backend-ram"}, id="ram1", size=size)
    guest.monitor.execute("device_add", driver="pc-dimm", id="dimm1", memdev="ram1")
    guest.sh(f"""cd /sys/devices/system/memory
                 wanted=$(( {blocks} + {size} / 0x$(cat block_size_bytes) ))
                 until [ $(ls -d memory*/ | wc -l) = $wanted ]; do usleep 1000; done""")
    after = ram_ranges(guest.sh("cat /proc/iomem"))
    check(sum(end - start for start, end in after)
          == sum(end - start for start, end in before) + size,
          f"the memory did not come: {after}")
    return before, after


@test
def cpu_online(context):
    """A CPU that came online after kexec_file_load is in the dump."""
    with context.boot("crashkernel=64M maxcpus=2", cpus=4) as guest:
        load(guest, "kexec_file_load", append=NO_BOUNCE)
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
        load(guest, "kexec_file_load", append=NO_BOUNCE)
        guest.sh("echo 0 >/sys/devices/system/cpu/cpu1/online")
        guest.crash("taskset 8 sh -c 'echo c >/proc/sysrq-trigger'")
        dump = open_dump(guest)
        check(len(dump.threads) == 3, f"{len(dump.threads)} CPUs in the dump, not 3")
        check_on_stack(dump, dump.threads[2], 3, "sysrq_handle_crash")


@test
def memory_added(context):
    """Memory that was plugged in after kexec_file_load is in the dump."""
    with context.boot("crashkernel=64M", memory="512M,slots=2,maxmem=4G") as guest:
        load(guest, "kexec_file_load", append=NO_BOUNCE)
        _, after = plug_memory(guest, PLUGGED)
        guest.sh(PUT_INTO_USE)
        guest.crash("echo c >/proc/sysrq-trigger")
        check_edges(guest, open_dump(guest).core, after)


@test
def memory_not_used(context):
    """Memory that was plugged in, and used for some time at most, is not in the dump: it may
    be gone by then."""
    with context.boot("crashkernel=64M", memory="512M,slots=2,maxmem=4G") as guest:
        load(guest, "kexec_file_load", append=NO_BOUNCE)
        before, after = plug_memory(guest, PLUGGED)
        (start, _), = set(after) - set(before)
        guest.sh(PUT_INTO_USE_FOR_NOW)
        block = f"/sys/devices/system/memory/memory{start // PLUGGED}"
        guest.sh(f"echo offline >{block}/state")
        guest.crash("echo c >/proc/sysrq-trigger")
        core = open_dump(guest).core
        check_edges(guest, core, before)
        check(core.offset_of(start) is None, "memory that is off line is in the dump")


def stop_at(debugger, function, wanted=lambda registers: True):
    """Run to the wanted call of a function of a kernel that has not been moved. Any CPU may
    make other ones."""
    symbols = vmlinux_symbols(paths.VMLINUX)
    address = next(address for address, name in symbols if name == function)
    for _ in range(MOST_CALLS):
        debugger.break_at(address)
        debugger.run_to_breakpoint()
        debugger.clear(address)
        if wanted(debugger.registers()):
            return
        debugger.step()
    raise Failure(f"none of {MOST_CALLS} calls of {function} is the wanted one")


def stop_before_copy(debugger):
    """Run until new ELF headers are about to be made."""
    stop_at(debugger, "crash_create_headers")


# Of struct crash_update: where its first copy is, and the words of that.
FIRST_COPY, COPY = 16, "<3Q"


def stop_in_copy(debugger):
    """Run until new ELF headers are half in place: they promise more than there is so far."""
    stop_at(debugger, "crash_apply_update")
    update = debugger.registers()["rdi"]
    headers, source, size = struct.unpack(
        COPY, debugger.memory(update + FIRST_COPY, struct.calcsize(COPY)))
    old, new = debugger.memory(headers, size), debugger.memory(source, size)
    check(old[PHNUM] < new[PHNUM], "no program header is added")

    stop_at(debugger, "memcpy", lambda registers: registers["rdi"] == headers)
    while debugger.memory(headers + PHNUM, 1)[0] == old[PHNUM]:
        debugger.step()
    check(debugger.memory(headers, size)[PHDRS:] != new[PHDRS:], "the copy has come too far")


def crash_in_update(context, cpu, stop, complete):
    """Have CPU 0 panic when a CPU has come to a certain point of an update."""
    with context.boot("crashkernel=64M nokaslr unknown_nmi_panic nmi_watchdog=0",
                      memory="512M,slots=2,maxmem=4G") as guest:
        load(guest, "kexec_file_load", append=NO_BOUNCE)
        before, after = plug_memory(guest, PLUGGED)
        with Debugger(guest) as debugger:
            guest.send(on_cpu(cpu, PUT_INTO_USE))
            stop(debugger)
            guest.monitor.execute("inject-nmi")
        guest.wait_for("capture")
        core = open_dump(guest).core
        check_edges(guest, core, after if complete else before)


@test
def crash_in_copy(context):
    """A CPU that panics while it replaces the ELF headers of the image completes them."""
    crash_in_update(context, 0, stop_in_copy, complete=True)


@test
def crash_beside_copy(context):
    """A panic while another CPU replaces the ELF headers finds them complete."""
    crash_in_update(context, 1, stop_in_copy, complete=True)


@test
def crash_before_copy(context):
    """A panic while new ELF headers are being made finds the old ones."""
    crash_in_update(context, 0, stop_before_copy, complete=False)
