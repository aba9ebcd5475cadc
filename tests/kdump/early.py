# SPDX-License-Identifier: GPL-2.0
"""KDUMP_EARLY: the system's own initramfs arms the machine before the service does."""
import os
import re
import subprocess

from machine import TOOLS, Machine

TEXT = "cmdline=quiet nr_cpus=1\narguments=\nimage=/i\ntarget=/dev/vda\nsums=1 2 \nearly={early}\n"
FUNCTIONS = 'copy_exec() { mkdir -p "$DESTDIR/sbin"; cp "$1" "$DESTDIR$2"; }\n'
KEXEC = """#!/bin/sh
echo "kexec $*" | sed 's/ @/ /'
case $* in *"{works}"*) echo 1 >@/sys/kernel/kexec_crash_loaded ;; *) echo refused; exit 1 ;; esac
"""


def prepare(machine, early, works="-p"):
    """What a start leaves, and a kexec."""
    machine.file("state/armed/text", TEXT.format(early=early))
    machine.file("state/armed/image", "image")
    machine.file("state/armed/initramfs", "initramfs")
    machine.file("functions", FUNCTIONS)
    machine.file("bin/kexec", KEXEC.replace("{works}", works).replace("@", str(machine.path)),
                 0o755)


def run_hook(machine, shell):
    environment = {"PATH": f"{machine.path}/bin:/usr/bin:/bin", "KDUMP_LIB": str(TOOLS),
                   "KDUMP_STATE": str(machine.path / "state"),
                   "HOOK_FUNCTIONS": str(machine.path / "functions"),
                   "DESTDIR": str(machine.path / "new")}
    subprocess.run([*shell, TOOLS / "initramfs-tools/hook"], env=environment, check=True)
    return sorted(str(path.relative_to(machine.path / "new"))
                  for path in (machine.path / "new").rglob("*") if path.is_file())


def run_script(machine, shell):
    """The script in an initramfs that the hook has made, whose root is a folder."""
    text = (TOOLS / "initramfs-tools/script").read_text()
    text = re.sub(r"(?<![\w.])/(?=(usr|var|run|sys|proc)\b)", f"{machine.path}/new/", text)
    done = subprocess.run([*shell, "-c", text], capture_output=True, text=True, check=False,
                          env={"PATH": f"{machine.path}/new/sbin:/usr/bin:/bin"})
    return (done.stdout + done.stderr).replace(f"{machine.path}/new", "@")


def hook(runner, shell):
    """It puts in what is armed if KDUMP_EARLY says so, and leaves a note of that."""
    for early, files in (("no", []), ("yes", [
            "sbin/kexec", *(f"usr/lib/kdump/{name}.sh" for name in (
                "armed", "inside", "load", "messages")),
            *(f"var/lib/kdump/armed/{name}" for name in ("image", "initramfs", "text"))])):
        with Machine() as machine:
            prepare(machine, early)
            machine.file("state/early", "old\n")
            runner.equal(f"{shell} hook, early={early}", run_hook(machine, shell), files)
            note = machine.path / "state/early"
            runner.equal(f"{shell} hook, early={early}, note", note.exists() and note.read_text(),
                         "1 2 \n" if early == "yes" else False)


def script(runner, shell):
    """It loads by the call that works, and never where there is no memory, or a dump."""
    for what, works, size, dump, wanted in (
            ("loads", "-p -s", 96, False, ("kdump: armed until the service starts", "1")),
            ("falls back", "-p -c", 96, False, ("kdump: armed until the service starts", "1")),
            ("fails", "nothing", 96, False, ("not armed before the service starts", "0")),
            ("has no memory", "-p -s", 0, False, ("", "0")),
            ("captures", "-p -s", 96, True, ("", "0"))):
        with Machine() as machine:
            prepare(machine, "yes", works)
            kexec = machine.path / "bin/kexec"
            kexec.write_text(kexec.read_text().replace("/sys/", "/new/sys/"))
            run_hook(machine, shell)
            machine.file("new/sys/kernel/kexec_crash_size", f"{size << 20}\n")
            machine.file("new/sys/kernel/kexec_crash_loaded", "0\n")
            if dump:
                machine.file("new/proc/vmcore", "")
            output = run_script(machine, shell)
            name = f"{shell} early script {what}"
            runner.check(name, output, wanted[0])
            runner.equal(f"{name}: loaded", (
                machine.path / "new/sys/kernel/kexec_crash_loaded").read_text(), wanted[1] + "\n")
            runner.equal(f"{name}: says nothing", output == "", not wanted[0])
            if wanted[1] == "1":
                runner.equal(f"{name}: for status", [
                    (machine.path / "new/run/kdump" / file).read_text()
                    for file in ("armed", "loader")],
                    ["image=/i\ntarget=/dev/vda\n", "kexec_file_load\n" if works == "-p -s"
                     else "kexec_load\n"])


def start(runner, shell):
    """kdump start has the initramfs made if that lacks what is loaded, and tells if that fails."""
    update = "#!/bin/sh\necho \"update-initramfs $*\" >>@/calls\n{does}\n"
    note = "sed -n 's/^sums=//p' @/state/armed/text >@/state/early"
    for what, early, before, does, wanted in (
            ("new", "yes", None, note, ("making the system's initramfs", 1)),
            ("the same", "yes", "1 2 \n", note, ("", 0)),
            ("another", "yes", "1 3 \n", note, ("making the system's initramfs", 1)),
            ("not any more", "no", "1 2 \n", "rm @/state/early", ("making the", 1)),
            ("never", "no", None, "", ("", 0)),
            ("fails", "yes", None, "echo why; exit 1", ("    why\nkdump: warning: update-i", 1)),
            ("without the hook", "yes", None, "", ("has not called kdump's hook", 1))):
        with Machine() as machine:
            prepare(machine, early)
            machine.file("bin/update-initramfs", update.format(does=does).replace(
                "@", str(machine.path)), 0o755)
            if before:
                machine.file("state/early", before)
            output = machine.run(shell, f"PATH=$HERE/bin:$PATH; KDUMP_EARLY={early}; update_early")
            name = f"{shell} update_early, {what}"
            runner.check(name, output, wanted[0])
            calls = machine.path / "calls"
            runner.equal(f"{name}: calls", calls.read_text() if calls.exists() else "",
                         f"update-initramfs -u -k {os.uname().release}\n" * wanted[1])
    with Machine() as machine:
        runner.check(f"{shell} KDUMP_EARLY without initramfs-tools", machine.run(
            shell, "command() { return 1; }; line_KDUMP_EARLY=3 KDUMP_EARLY=yes; check_early"),
            "@/sysconfig:3: there is no update-initramfs", "install initramfs-tools")


CASES = (hook, script, start)
