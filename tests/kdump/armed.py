# SPDX-License-Identifier: GPL-2.0
"""What is armed, and what stays armed: loading, unloading, switches, servers that are down."""
import json
import subprocess

from machine import TOOLS, Machine

# A kernel that holds an image in sys/kernel/held, lets go of it before it looks at another one,
# and writes what it is asked to log. What is in refused it does not take.
KEXEC = """kexec() {
    echo "kexec $*" >>$HERE/log
    case " $* " in *" -u "*)
        case " $* " in
        *" $(cat $HERE/unloads 2>/dev/null) "*) rm -f $HERE/held; echo 0 >$LOADED ;;
        esac
        return ;;
    esac
    rm -f $HERE/held; echo 0 >$LOADED
    for word; do
        case $word in */image) image_given=$word ;; --initrd=*) initrd_given=${word#*=} ;; esac
    done
    if grep -q -x -F "$(cat $image_given)" $HERE/refused; then
        printf 'kexec_load failed: Operation not permitted\\nentry       = 0x1\\nnr_segments = 9\\n'
        printf 'segment[0].buf   = 0x1\\nsegment[0].memsz = 0x1\\n'
        return 1
    fi
    cat $image_given $initrd_given >$HERE/held; echo 1 >$LOADED
}
: >>$HERE/refused
sync() { :; }
check_fit() { :; }
reserved_bytes() { echo 1; }
need_root() { :; }
check_configuration() {
    read_configuration
    image=$HERE/vmlinuz lockdown_image=
    target_name=there save_path=/x cmdline="a=$(cat $HERE/words)"
    refuse_problems; check_sysctl; refuse_problems; }
update_initramfs() { rm -f $INITRAMFS; cp $HERE/initramfs $INITRAMFS; }
notify_creation() { :; }
"""


def machine_with(image="new", loaded=0):
    machine = Machine()
    machine.file("sys/kernel/kexec_crash_loaded", f"{loaded}\n")
    for name, text in (("vmlinuz", image + "\n"), ("initramfs", "files of " + image + "\n"),
                       ("words", "1\n"), ("proc/cmdline", ""), ("refused", "bad\n"),
                       ("unloads", "-c\n"), ("proc/sys/kernel/panic_on_oops", "0\n")):
        machine.file(name, text)
    return machine


def held(machine):
    path = machine.path / "held"
    return path.read_text() if path.exists() else ""


def refused(runner, shell):
    """What was armed is armed again after a new image has been refused by the kernel, and the
    reason is one line."""
    with machine_with("old") as machine:
        runner.check(f"{shell} start", machine.run(shell, KEXEC + "(start)"), "armed: a crash")
        machine.file("vmlinuz", "bad\n")
        output = machine.run(shell, KEXEC + "(start); echo status $?")
        runner.check(f"{shell} a refused restart", output, "status 1\n", "what is loaded stays so",
                     "kexec_file_load: kexec_load failed: Operation not permitted\n",
                     "loaded before has been loaded again")
        runner.equal(f"{shell} a refused restart: the list of segments", "segment" in output, False)
        runner.equal(f"{shell} a refused restart", held(machine), "old\nfiles of old\n")
        machine.file("kdump.conf", "")
        output = machine.run(shell, KEXEC + "(start); echo status $?", "pth /x\n")
        runner.check(f"{shell} a wrong configuration", output, "status 6")
        runner.equal(f"{shell} a wrong configuration", held(machine), "old\nfiles of old\n")


def reloaded(runner, shell):
    """A reload takes what the last good start has loaded, whatever has become of the
    configuration, the image, and the initramfs since; and nothing that is not whole."""
    with machine_with("old") as machine:
        machine.run(shell, KEXEC + "(start)")
        machine.file("vmlinuz", "newer\n")
        machine.file("words", "2\n")
        (machine.path / "state/initramfs.img").unlink()
        machine.file("state/initramfs.img", "other\n")
        (machine.path / "log").unlink()
        output = machine.run(shell, KEXEC + "(reload); echo status $?", "pth /x\n")
        runner.check(f"{shell} reload", output, "loaded again\n", "status 0")
        runner.equal(f"{shell} reload", (held(machine), "--command-line=a=1" in
                                         (machine.path / "log").read_text()),
                     ("old\nfiles of old\n", True))
        machine.file("state/armed/initramfs", "")
        output = machine.run(shell, KEXEC + "(reload); echo status $?")
        runner.check(f"{shell} reload of an empty image", output, "kdump start", "status 1")
        runner.equal(f"{shell} reload of an empty image", held(machine), "old\nfiles of old\n")


def events(runner, shell):
    """A burst of events is one reload, and none is lost."""
    with machine_with("old", loaded=1) as machine:
        output = machine.run(shell, """need_root() { :; }
            reload() { echo reload; }
            sleep() { command sleep 0.3; }
            for event in 1 2 3 4 5 6; do (EVENTS=1; reload_for_events) & done; wait
            ls $RUN/event 2>/dev/null; reload_for_events""")
        runner.equal(f"{shell} events", output, "reload\nreload\n")
        # One that comes while the reload is at work.
        output = machine.run(shell, """need_root() { :; }
            reload() { echo reload; [ -e $HERE/once ] || { : >$HERE/once; (reload_for_events); }; }
            sleep() { :; }
            reload_for_events""")
        runner.equal(f"{shell} an event during a reload", output, "reload\nreload\n")


def unloaded(runner, shell):
    """stop unloads by the call that has loaded, and by the other one."""
    for loader, works, wanted in (("kexec_file_load", "-s", ["-s"]), ("kexec_load", "-c", ["-c"]),
                                  ("kexec_file_load", "-c", ["-s", "-c"]),
                                  ("kexec", "-s", ["-c", "-s"])):
        with machine_with(loaded=1) as machine:
            machine.file("run/loader", loader + "\n")
            machine.file("unloads", works + "\n")
            output = machine.run(shell, KEXEC + "(stop)")
            runner.check(f"{shell} stop, {loader}", output, "not armed any more")
            runner.equal(f"{shell} stop, {loader}", (machine.path / "log").read_text(),
                         "".join(f"kexec -p {option} -u\n" for option in wanted))


def switches(runner, shell):
    """The kernel's own switches are named, with the remedy, before anything is tried."""
    for name, value, verb, words in (
            ("kexec_load_disabled", 1, "start", "kernel.kexec_load_disabled is 1"),
            ("kexec_load_disabled", 1, "stop", "kernel.kexec_load_disabled is 1"),
            ("kexec_load_disabled", 1, "reload", "kernel.kexec_load_disabled is 1"),
            ("kexec_load_limit_panic", 0, "start", "kernel.kexec_load_limit_panic is 0"),
            ("kexec_load_limit_panic", 0, "stop", "not armed any more"),
            ("kexec_load_limit_panic", -1, "start", "armed: a crash"),
            ("kexec_load_disabled", 0, "start", "armed: a crash")):
        with machine_with("old") as machine:
            machine.run(shell, KEXEC + "(start)")
            (machine.path / "log").unlink()
            machine.file(f"proc/sys/kernel/{name}", f"{value}\n")
            output = machine.run(shell, KEXEC + f"({verb})")
            runner.check(f"{shell} {name}={value}, {verb}", output, words)
            runner.equal(f"{shell} {name}={value}, {verb}: tried?", (machine.path / "log").exists(),
                         "kernel." not in words)


def purgatory(runner, shell):
    """Options for the code between the kernels are given to the call that knows them."""
    for arguments, wanted in (("--reset-vga", "-c"), ("--console-serial", "-c"),
                              ("--elf32-core-headers", "-c"), ("-s", ""), ("--debug", "-s")):
        with machine_with() as machine:
            machine.run(shell, KEXEC + "(start)", sysconfig=f"KEXEC_ARGS='{arguments}'")
            runner.equal(f"{shell} KEXEC_ARGS={arguments}",
                         (machine.path / "log").read_text().split(" --initrd")[0].split(),
                         ["kexec", "-p", *wanted.split(), *arguments.split()])


def oops(runner, shell):
    """An oops is a panic while kdump is armed, unless told otherwise, and what was is put back."""
    for value, armed, after in (("", "1", "0"), ("none", "0", "0"),
                                ("kernel.panic_on_oops=0", "0", "0"),
                                ("kernel.panic_on_oops=1 kernel.hung_task_panic=1", "1", "0")):
        with machine_with() as machine:
            machine.file("proc/sys/kernel/hung_task_panic", "0\n")
            knob = machine.path / "proc/sys/kernel/panic_on_oops"
            setting = f"KDUMP_SYSCTL='{value}'\n"
            for _ in range(2):
                machine.run(shell, KEXEC + "(start)", sysconfig=setting)
            runner.equal(f"{shell} {value}, armed", knob.read_text(), f"{armed}\n")
            machine.run(shell, KEXEC + "(stop)", sysconfig=setting)
            runner.equal(f"{shell} {value}, not armed", knob.read_text(), f"{after}\n")
    with machine_with() as machine:
        machine.run(shell, KEXEC + "(start)")
        machine.file("proc/sys/kernel/panic_on_oops", "2\n")
        machine.run(shell, KEXEC + "(stop)")
        runner.equal(f"{shell} somebody else's setting", knob_text(machine), "2\n")
        for value in ("panic=1", "kernel.none=1", "kernel.panic_on_oops", "kernel.panic_on_oops=x"):
            output = machine.run(shell, KEXEC + "(start); echo status $?",
                                 sysconfig=f"KDUMP_SYSCTL={value}")
            runner.check(f"{shell} {value}", output, "sysconfig:1: ", "status 6")


def knob_text(machine):
    return (machine.path / "proc/sys/kernel/panic_on_oops").read_text()


def saves_on(runner, shell):
    """status lists what the machine dumps on, and what not, with the reason."""
    for knobs, loaded, wanted in (
            ({}, 1, {"a panic": None, "an oops": "it is no panic: sysctl kernel.panic_on_oops=1",
                     "SysRq c on the console": "it is not allowed: sysctl kernel.sysrq=24"}),
            ({"panic_on_oops": 1, "sysrq": 1}, 1, {"a panic": None, "an oops": None,
                                                   "SysRq c": None}),
            ({"nmi_watchdog": 0, "hardlockup_panic": 1}, 1, {
                "a CPU that hangs with interrupts off":
                    "it is no panic: sysctl kernel.nmi_watchdog=1"}),
            ({"panic_on_oops": 1}, 0, {"a panic": "kdump is not armed",
                                       "an oops": "kdump is not armed"})):
        with Machine() as machine:
            machine.file("sys/kernel/kexec_crash_loaded", f"{loaded}\n")
            for name, value in {"sysrq": 16, "panic_on_oops": 0, **knobs}.items():
                machine.file(f"proc/sys/kernel/{name}", f"{value}\n")
            machine.file("run/limits", "no|a crash of the disk|it has \"no\" driver\n")
            machine.file("sys/module/kernel/parameters/crash_kexec_post_notifiers", "Y\n")
            status = json.loads(machine.run(shell, "JSON=1; read_quietly; show_status"))
            found = {event["event"]: event.get("why")
                     for event in status["saves_on"] + status["does_not_save_on"]}
            runner.equal(f"{shell} {knobs}, {loaded}",
                         {name: found.get(name, "missing") for name in wanted}, wanted)
            runner.equal(f"{shell} limits, {loaded}", found.get("a crash of the disk"),
                         'it has "no" driver' if loaded else None)
            runner.equal(f"{shell} in the right list",
                         [event for event in status["saves_on"] if "why" in event], [])
            output = machine.run(shell, "read_quietly; show_status")
            for name, why in wanted.items():
                if loaded:
                    words = f"does not save on: {name} ({why})" if why else f"saves on: {name}"
                    runner.check(f"{shell} {knobs}", output, words)
            if loaded:
                runner.check(f"{shell} notifiers", output, "crash_kexec_post_notifiers")


# A machine whose server answers the try of that number, if any; and what comes of start.
SERVER = """address_of() { [ $1 = server ] && tried || return 0; echo 10.0.0.9; }
tried() { echo x >>$HERE/tries; [ $(grep -c . $HERE/tries) -gt $(cat $HERE/down) ]; }
try_nfs() { :; }
umount() { :; }
ip() {
    case "$*" in
    *route*) echo "10.0.0.9 dev eth0 src 10.0.0.3" ;;
    *) echo "inet 10.0.0.3/24" ;;
    esac
}
sleep() { command sleep 0.1; }
date() {
    [ -s $HERE/clock ] || echo 100 >$HERE/clock
    clock=$(cat $HERE/clock)
    echo $((clock + 2)) | tee $HERE/clock
}
check_configuration() {
    read_configuration
    image=$HERE/vmlinuz lockdown_image= cmdline=a=1 final_action=reboot
    failure_action=reboot format=
    reach_seconds=${KDUMP_NET_TIMEOUT-60}
    resolve_target
    [ "$unreachable" -eq 0 ] || arm_last
    refuse_problems; }
"""


def servers(runner, shell):
    """A server that does not answer yet is asked again; one that does not answer at all leaves
    armed what was armed for the same configuration."""
    config = "nfs server:/x\npath /y\n"
    with machine_with("old") as machine:
        machine.file("sys/class/net/eth0/address", "0\n")
        machine.file("sys/class/net/eth0/addr_assign_type", "0\n")
        machine.file("sys/devices/vendor", "")
        machine.link("sys/class/net/eth0/device", machine.path / "sys/devices")
        for down, before, conf, loaded, status, image in (
                (99, None, config, 0, 5, ""), (3, None, config, 0, 0, "old"),
                (99, None, config, 1, 7, "old"), (99, None, config, 0, 7, "old"),
                (99, None, config + "final_action halt\n", 0, 5, ""),
                (99, None, config + "pth /x\n", 0, 6, "")):
            machine.file("down", f"{down}\n")
            for name in ("tries", "clock"):
                machine.file(name, "")
            machine.file("sys/kernel/kexec_crash_loaded", f"{loaded}\n")
            if not loaded and (machine.path / "held").exists():
                (machine.path / "held").unlink()
            output = machine.run(shell, KEXEC + SERVER + "(start); echo status $?", conf)
            what = f"{shell} {down}, {conf!r}, {loaded}"
            runner.check(what, output, f"status {status}\n")
            runner.equal(f"{what}: {output}", held(machine),
                         f"{image}\nfiles of {image}\n" if image else "")
            runner.equal(f"{what}: tries",
                         len((machine.path / "tries").read_text().split()) > 3, True)


def environment(runner, shell):
    """Nothing of the environment counts as configuration."""
    with Machine() as machine:
        output = machine.run(shell, """export KDUMP_KERNEL=/x conf_path=/y line_path=3 KEXEC_ARGS=-z
            export VMCORE_CREATION_NOTIFICATION=yes KDUMP_NETCONFIG=a other=stays
            forget_environment
            echo "<${KDUMP_KERNEL-}${conf_path-}${line_path-}${KEXEC_ARGS-}$other>"
            echo "<${KDUMP_NETCONFIG-}${VMCORE_CREATION_NOTIFICATION-}>" """)
        runner.equal(f"{shell} the environment", output, "<stays>\n<>\n")


def locks(runner, shell):
    """A lock ends with its owner, however that ends, and folders that it left go."""
    with Machine() as machine:
        machine.file("run/work.old/key", "secret\n")
        machine.file("run/lock/pid", "1\n")
        output = machine.run(shell, """( lock; command sleep 1000 ) & sleeper=$!
            command sleep 1
            (lock_tries=0; exec 9>$RUN/kdump.lock; flock -n 9 || echo held)
            kill -9 $sleeper; pkill() { :; }
            for process in /proc/[0-9]*; do
                [ "$(readlink $process/fd/9)" != $RUN/kdump.lock ] || kill -9 ${process#/proc/}
            done 2>/dev/null
            (lock; echo free; ls $RUN)""")
        runner.check(f"{shell} lock", output, "held\nfree\n")
        runner.equal(f"{shell} lock: {output}", "work.old" in output, False)
        for command in ("lock", "reload_for_events"):
            output = machine.run(shell, "mkdir() { :; }; need_root() { :; }; PATH=/none; "
                                 + command)
            runner.check(f"{shell} {command} without flock", output,
                         "no flock: install util-linux")


def initramfs(runner, shell):
    """An image that is empty or cut is not up to date; a verb that only looks leaves it alone."""
    with Machine() as machine:
        machine.file("input", "1\n")
        prepare = """plan=$WORK/plan
            make_plan() { echo "f 600 /input $HERE/input" >$plan; }
            build_initramfs() { cp $HERE/input $1; echo made; }
            QUIET=1
            """
        machine.run(shell, prepare + "update_initramfs")
        for text in ("", "x", None):
            if text is not None:
                machine.file("state/initramfs.img", text)
            output = machine.run(shell, prepare + "update_initramfs")
            runner.equal(f"{shell} an image {text!r}", output, "made\n" if text is not None else "")
        machine.file("input", "2\n")
        output = machine.run(shell, prepare + "update_initramfs aside; cat $INITRAMFS")
        runner.equal(f"{shell} aside", (output, (machine.path / "state/initramfs.img").read_text()),
                     ("made\n2\n", "1\n"))


CASES = (refused, reloaded, events, unloaded, switches, purgatory, oops, saves_on, servers,
         environment, locks, initramfs)


def stopping(runner):
    """The service does not unload when it is restarted."""
    unit = (TOOLS / "conf/kdump.service").read_text()
    command = unit.split("ExecStop=/bin/sh -c '")[1].split("'\n")[0]
    for jobs, wanted in (("12 kdump.service restart running", ""),
                         ("12 kdump.service stop running", "stop\n"), ("", "stop\n")):
        with Machine() as machine:
            machine.file("bin/systemctl", f"#!/bin/sh\necho '{jobs}'\n", 0o755)
            machine.file("usr/kdump", "#!/bin/sh\necho $*\n", 0o755)
            text = command.replace("/usr/sbin/kdump", f"{machine.path}/usr/kdump")
            done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False,
                                  env={"PATH": f"{machine.path}/bin:/usr/bin:/bin"})
            runner.equal(f"ExecStop, {jobs}", done.stdout, wanted)


CASES_ONCE = (stopping,)
