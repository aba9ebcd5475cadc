# SPDX-License-Identifier: GPL-2.0
"""The way from a panic to the crash kernel, with a fault in each of its stages."""
import functools
import threading
import time
import zlib

from harness import artifacts, paths, suite
from harness.guest import GuestError
from harness.kdump import (LOADERS, MODULE, Patterns, check_edges, check_on_stack,
                           insert_module, kernel_address, load, make_fail, on_cpu,
                           open_dump, ram_ranges)
from harness.pairwise import all_pairs, product
from harness.suite import Skip, check, full_test, test

# The function that a stage consists of.
STAGES = {
    "registers": "crash_save_cpu",
    "stop": "kdump_nmi_shootdown_cpus",
    "update": "crash_finish_update",
    "record": "crash_use_record",
    "platform": "native_machine_crash_shutdown",
    "low-memory": "crash_backup_save",
    "io-apic": "clear_IO_APIC",
    "local-apic": "lapic_shutdown",
    "irq-mode": "restore_boot_irq_mode",
    "timer": "hpet_disable",
    "vmcoreinfo": "crash_save_vmcoreinfo",
}
# All at once, but for those that silence interrupts: of these, one at a time may fail.
ALL = "all"
INTERRUPTS = ("platform", "io-apic", "local-apic", "irq-mode", "timer")
OURS = ("update", "record", "low-memory")
FACTORS = {
    "stage": (*STAGES, ALL),
    "often": ("once", "always"),
    "cpus": (1, 4),
    "trigger": ("panic", "oops", "nmi"),
    "loader": tuple(LOADERS),
}
PREPARE = {
    "panic": ":",
    "oops": "echo 1 >/proc/sys/kernel/panic_on_oops",
    "nmi": "echo 1 >/proc/sys/kernel/unknown_nmi_panic",
}
CULPRIT = {"panic": "kdump_test_panic", "oops": "kdump_test_oops", "nmi": "kdump_test_nmi"}
# How long the stock kernel may take to get to a dump, in seconds.
PATIENCE = 60
# How often an NMI is sent, ten seconds apart: one within the first thirty is ignored.
TRIES = 5


def allowed(row):
    """Whether a combination exists: kexec_load() leaves low memory to user space."""
    return row["stage"] != "low-memory" or row["loader"] == "kexec_file_load"


ROWS = list(product(FACTORS, allowed))
_made, _counting = [], threading.Lock()


def failures(row):
    """What the module kdump_fail is told."""
    often = " once" if row["often"] == "once" else ""
    stages = set(STAGES) - set(INTERRUPTS) if row["stage"] == ALL else {row["stage"]}
    return [f"fail fault {STAGES[stage]}{often}" for stage in sorted(stages)]


def crash_with_fault(guest, row, timeout=None):
    cpu = row["cpus"] - 1
    make_fail(guest, *failures(row))
    guest.sh(PREPARE[row["trigger"]])
    guest.crash(on_cpu(cpu, f"echo {row['trigger']} >{MODULE}/trigger"), timeout)
    return cpu


def fault(context, row):
    with context.boot("crashkernel=64M", cpus=row["cpus"]) as guest:
        kallsyms = insert_module(guest)
        load(guest, row["loader"])
        ram = ram_ranges(guest.sh("cat /proc/iomem"))
        patterns = Patterns(guest, zlib.crc32(repr(row).encode()))
        cpu = crash_with_fault(guest, row)

        dump = open_dump(guest, kallsyms)
        stage = row["stage"]
        if stage not in ("registers", "stop", ALL):
            check(len(dump.threads) == row["cpus"],
                  f"{len(dump.threads)} CPUs in the dump, not {row['cpus']}")
            check_on_stack(dump, dump.threads[cpu], cpu, CULPRIT[row["trigger"]])
        if stage not in ("low-memory", ALL) and (stage, row["often"]) != ("platform", "always"):
            patterns.check(dump.core)
        if stage not in ("vmcoreinfo", ALL):
            check("CRASHTIME" in dump.info, "vmcoreinfo does not say when the crash was")
        # CPUs that run on may change memory.
        if stage not in ("stop", ALL):
            check_edges(guest, dump.core, ram)


def counted_fault(context, row):
    """The same; when all rows have run, it prints how many dumps there are."""
    made = False
    try:
        fault(context, row)
        made = True
    finally:
        with _counting:
            _made.append(made)
            if len(_made) == len(ROWS):
                print(f"dumps of {len(ROWS)} crashes with a fault on the way: {sum(_made)}")


def covering():
    """Each stage once, with the other factors spread over them."""
    for at, stage in enumerate(FACTORS["stage"]):
        row = {"stage": stage}
        for step, factor in enumerate(("often", "cpus", "trigger", "loader")):
            values = FACTORS[factor]
            row[factor] = values[(at >> step if len(values) == 2 else at) % len(values)]
        yield row if allowed(row) else row | {"loader": "kexec_file_load"}


def declare():
    some = list(covering())
    for row in ROWS:
        name = "stages.{stage}-{often}-{cpus}cpu-{trigger}-{loader}".format(**row)
        suite.add(name, functools.partial(counted_fault, row=row),
                  "A fault in a stage of the panic costs what that does, not the dump.",
                  full=row not in some)


declare()


@test
def jump(context):
    """If the jump itself faults, the machine reboots as panic= says."""
    with context.boot("crashkernel=64M", cpus=2) as guest:
        insert_module(guest)
        load(guest)
        make_fail(guest, "fail fault machine_kexec")
        guest.ends_after(f"echo panic >{MODULE}/trigger")


def gets_dump(context, row, **machine):
    """Whether there is a dump of a crash with a fault on the way."""
    try:
        with context.boot("crashkernel=64M", cpus=row["cpus"], **machine) as guest:
            insert_module(guest)
            load(guest, row["loader"])
            crash_with_fault(guest, row, PATIENCE)
            open_dump(guest)
        return True
    except GuestError:
        return False


@full_test
def beside_stock(context):
    """A fault in a stage costs the stock kernel the dump, and ours nothing.

    Of all combinations those in which each two factors meet: for most of them the wait for a
    dump of the stock kernel ends without one, after a minute.
    """
    image = paths.STOCK_OBJECTS / "arch" / "x86" / "boot" / "bzImage"
    if not image.is_file():
        raise Skip("no stock kernel: make stock builds it")
    factors = FACTORS | {"stage": tuple(name for name in STAGES if name not in OURS)}
    rows = list(all_pairs(factors, allowed))
    stock = sum(gets_dump(context, row, kernel=image, initrd=artifacts.stock_initrd())
                for row in rows)
    ours = sum(gets_dump(context, row) for row in rows)
    print(f"dumps of {len(rows)} crashes with a fault on the way: ours {ours}, stock {stock}")
    check(ours == len(rows), f"only {ours} dumps of {len(rows)} crashes")


# Bytes of struct kimage that have all the addresses in it, and of the record.
IMAGE, RECORD = 1024, 4096


def crash_with_damage(context, loader, *damage):
    """Crash after memory has been overwritten that the dump depends on."""
    with context.boot("crashkernel=64M", cpus=2) as guest:
        kallsyms = insert_module(guest)
        load(guest, loader)
        patterns = Patterns(guest, seed=3)
        lines = [f"damage {kernel_address(guest, name)} {offset:x} {size:x}"
                 for name, offset, size in damage]
        make_fail(guest, *lines)
        guest.crash(on_cpu(1, f"echo panic >{MODULE}/trigger"))
        dump = open_dump(guest, kallsyms)
        check_on_stack(dump, dump.threads[1], 1, "kdump_test_panic")
        patterns.check(dump.core)
        return dump


@test
def damaged_image(context):
    """The panic does without the objects in ordinary memory that stand for the image."""
    for loader in LOADERS:
        dump = crash_with_damage(context, loader, ("kexec_crash_image", 0, IMAGE),
                                 ("vmcoreinfo_data", 64, 512))
        check("OSRELEASE" in dump.info and "CRASHTIME" in dump.info, "vmcoreinfo is damaged")


@test
def damaged_record(context):
    """With a damaged record the panic uses the image itself."""
    for loader in LOADERS:
        crash_with_damage(context, loader, ("crash_record", 0, RECORD))


@test
def protected_record(context):
    """The record cannot be written where it is used, nor through the direct map."""
    with context.boot("crashkernel=64M", cpus=1) as guest:
        insert_module(guest)
        load(guest)
        make_fail(guest)
        pointer = kernel_address(guest, "crash_record")
        for way in ("mapping", "direct"):
            text = guest.sh(f"{{ echo '{pointer} {way}'"
                            " >/sys/module/kdump_fail/parameters/write; } 2>&1 || true")
            check("Permission denied" in text, f"{way}: {text or 'written'}")


def notifiers(context, cpus, line, trigger="panic", release=None, prepare=":"):
    """Crash with something that fails between the panic and the dump."""
    with context.boot("crashkernel=64M crash_kexec_post_notifiers", cpus=cpus) as guest:
        kallsyms = insert_module(guest)
        load(guest, "kexec_file_load")
        make_fail(guest, line)
        guest.sh(prepare)
        cpu = cpus - 1
        guest.send(on_cpu(cpu, f"echo {trigger} >{MODULE}/trigger"))
        if release:
            release(guest)
        guest.wait_for("capture", 300)
        dump = open_dump(guest, kallsyms)
        if trigger == "panic":
            check_on_stack(dump, dump.threads[cpu], cpu, "kdump_test_panic")
        check(len(dump.threads) == cpus, f"{len(dump.threads)} CPUs in the dump, not {cpus}")


@test
def notifier(context):
    """With crash_kexec_post_notifiers, a notifier that faults or panics costs itself."""
    for cpus, how in ((1, "fault"), (4, "panic")):
        notifiers(context, cpus, f"notifier {how}")


@test
def dumper(context):
    """With crash_kexec_post_notifiers, a kmsg dumper that faults or panics costs itself."""
    for cpus, how in ((4, "fault"), (1, "panic")):
        notifiers(context, cpus, f"dumper {how}")


@test
def notifier_hangs(context):
    """A stopped CPU ends a notifier that hangs; also if the panicking CPU takes no NMI."""
    notifiers(context, 2, "notifier hang")
    notifiers(context, 2, "notifier hang", trigger="nmi", prepare=PREPARE["nmi"])


@test
def notifier_hangs_alone(context):
    """Where there is no other CPU, an NMI from outside ends a notifier that hangs."""
    def press(guest):
        for _ in range(TRIES):
            time.sleep(10)
            guest.monitor.execute("inject-nmi")
    notifiers(context, 1, "dumper hang", release=press)


@test
def stage_hangs(context):
    """A stage that hangs is left behind."""
    with context.boot("crashkernel=64M", cpus=2) as guest:
        insert_module(guest)
        load(guest)
        make_fail(guest, "fail hang clear_IO_APIC")
        guest.crash(on_cpu(1, f"echo panic >{MODULE}/trigger"), 300)
        check(len(open_dump(guest).threads) == 2, "not two CPUs in the dump")
