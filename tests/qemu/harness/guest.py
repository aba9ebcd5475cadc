# SPDX-License-Identifier: GPL-2.0
"""A QEMU guest: its process, the agent in it, and QMP.

    with Guest(Machine(kernel, initrd), workdir) as guest:
        guest.wait_for("first")
        guest.sh("kexec -p ...")
        guest.crash("echo c >/proc/sysrq-trigger")
        print(guest.sh("cat /proc/cmdline"))

Nothing is read from the console but to add it to the exception that leaves
the block, as a note. Each
wait has a deadline, and a guest that panics ends at once: every kernel gets
panic=-1, which resets, and QEMU runs with -no-reboot.
"""
import contextlib
import dataclasses
import pathlib
import socket
import subprocess

from . import paths
from .channel import Channel, ChannelClosed, ChannelTimeout
from .qmp import Monitor

QEMU = "qemu-system-x86_64"
# The clocks of a guest whose host is busy cannot pass the kernel's tests of them.
BUSY_HOST = "no_timer_check tsc=reliable"
# A machine in which 96 MiB are free in one piece, wherever KASLR puts the kernel.
ROOMY = {"memory": "640M", "below_4g": "384M"}
CONSOLE = f"console=ttyS0 panic=-1 {BUSY_HOST}"
BOOTS = 3
TIMEOUT = 120                   # of an answer, in seconds


def untouched_memory(size):
    """QEMU's devices for memory of which only what is touched takes any of the host's, in bytes."""
    return ("-object", f"memory-backend-ram,id=ram,size={size},reserve=off",
            "-machine", "memory-backend=ram")


class GuestError(Exception):
    """The guest did not do what was asked of it."""


@dataclasses.dataclass
class Machine:
    """What to boot. memory beyond below_4g lies above 4 GiB."""
    kernel: pathlib.Path
    initrd: pathlib.Path
    cmdline: str = ""
    cpus: str = "2"
    memory: str = "512M"
    below_4g: str = "256M"
    model: str = "qemu64"
    devices: tuple = ()
    share: pathlib.Path = None
    agent: str = "virtio"           # or "serial", for a kernel without virtio-serial
    counted: bool = False           # time is instructions: each takes a nanosecond
    vmlinux: pathlib.Path = paths.VMLINUX

    def kernel_options(self):
        """What each kernel that runs in it has to be told."""
        return CONSOLE + (" agent=serial" if self.agent == "serial" else "")

    def agent_arguments(self):
        """How the agent talks to the character device "agent"."""
        if self.agent == "serial":
            return "-serial", "chardev:agent"
        return "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent,nr=1"

    def arguments(self):
        """The command that runs QEMU."""
        yield from (QEMU, "-machine", f"q35,max-ram-below-4g={self.below_4g}", "-no-reboot",
                    *self.common())

    def common(self):
        """Its part that is the same on all architectures."""
        yield from ("-nodefaults", "-no-user-config", "-display", "none",
                    "-accel", f"tcg,thread={'single' if self.counted else 'multi'}",
                    *(("-icount", "shift=0,sleep=off") if self.counted else ()),
                    "-cpu", self.model,
                    "-m", self.memory, "-smp", str(self.cpus),
                    "-kernel", str(self.kernel), "-initrd", str(self.initrd),
                    "-append", f"{self.kernel_options()} {self.cmdline}")
        if self.share:
            yield from ("-virtfs", f"local,path={self.share},mount_tag=share,security_model=none")
        yield from self.devices


@dataclasses.dataclass
class Reply:
    status: int
    output: bytes

    @property
    def text(self):
        return self.output.decode(errors="replace").strip()


class Guest:
    """A running guest. Each method raises GuestError where the guest fails."""

    def __init__(self, machine, workdir, timeout=TIMEOUT):
        self.workdir = pathlib.Path(workdir)
        self.workdir.mkdir(parents=True, exist_ok=True)
        self.console_path = self.workdir / "console.log"
        if self.console_path.exists():      # of an earlier boot of the test
            earlier = len(list(self.workdir.glob("console-*.log"))) + 1
            self.console_path.rename(self.workdir / f"console-{earlier}.log")
        self.timeout = timeout
        self.kernel_options, self.vmlinux = machine.kernel_options(), machine.vmlinux
        agent, agent_end = socket.socketpair()
        monitor, monitor_end = socket.socketpair()
        with agent_end, monitor_end, open(self.workdir / "qemu.log", "wb") as log:
            self.process = subprocess.Popen(
                [*machine.arguments(),
                 "-serial", f"file:{self.console_path}",
                 "-chardev", f"socket,id=monitor,fd={monitor_end.fileno()}",
                 "-mon", "chardev=monitor,mode=control",
                 "-chardev", f"socket,id=agent,fd={agent_end.fileno()}",
                 *machine.agent_arguments()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=(agent_end.fileno(), monitor_end.fileno()))
        self.agent = Channel(agent)
        self.monitor = Monitor(Channel(monitor))

    def __enter__(self):
        return self

    def __exit__(self, _, error, traceback):
        if error:
            error.add_note(self.console_tail())
        self.process.kill()
        self.process.wait()
        self.agent.close()
        self.monitor.close()

    def console(self):
        """What both kernels printed, for people to read."""
        return self.console_path.read_text(errors="replace").replace("\r", "")

    def console_tail(self, lines=40):
        """Its end."""
        return "\n".join(self.console().splitlines()[-lines:])

    def _failed(self, what, why):
        log = (self.workdir / "qemu.log").read_text(errors="replace").strip()
        return GuestError(f"{what}: {why}" + (f"\nqemu: {log}" if log else ""))

    def _answer(self, what, timeout):
        """The next line from the agent, as words."""
        try:
            return self.agent.line(timeout or self.timeout).split()
        except ChannelTimeout:
            raise self._failed(what, f"no answer in {timeout or self.timeout} s") from None
        except ChannelClosed:
            raise self._failed(what, "the guest has ended") from None

    def wait_for(self, kernel, timeout=None):
        """Wait until the agent reports from the "first" or the "capture" kernel."""
        words = self._answer(f"wait for the {kernel} kernel", timeout)
        if words != ["hello", kernel]:
            raise self._failed(f"wait for the {kernel} kernel", f"got {words}")

    def send(self, script):
        """Start a shell script in the guest, whose answer is not waited for."""
        data = script.encode() + b"\n"
        self.agent.send(b"%d\n%s" % (len(data), data))

    def run(self, script, timeout=None):
        """Run a shell script in the guest and return its Reply."""
        self.send(script)
        words = self._answer(script, timeout)
        if len(words) != 3 or words[0] != "done":
            raise self._failed(script, f"got {words}")
        return Reply(int(words[1]), self.agent.exactly(int(words[2]), timeout or self.timeout))

    def sh(self, script, timeout=None):
        """Run a shell script that must succeed; return its output as text."""
        reply = self.run(script, timeout)
        if reply.status:
            raise self._failed(script, f"exit status {reply.status}\n{reply.text}")
        return reply.text

    def bytes(self, script, timeout=None):
        """The same, with the output as it is."""
        reply = self.run(script, timeout)
        if reply.status:
            raise self._failed(script, f"exit status {reply.status}\n{reply.text[-500:]}")
        return reply.output

    def next_kernel(self, script, timeout=None):
        """Run a script that ends this kernel; return which one follows, "first" or "capture"."""
        self.send(script)
        words = self._answer(script, timeout)
        if words[0] != "hello":
            rest = self.agent.exactly(int(words[2]), 10) if words[0] == "done" else b""
            raise self._failed(script, f"no crash: {words} {rest!r}")
        return words[1]

    def crash(self, script, timeout=None):
        """Run a script that ends this kernel; wait for the capture kernel."""
        kernel = self.next_kernel(script, timeout)
        if kernel != "capture":
            raise self._failed(script, f"the {kernel} kernel follows")

    def ends_after(self, script, timeout=None):
        """Run a script that ends this kernel with no other one following."""
        self.send(script)
        try:
            line = self.agent.line(timeout or self.timeout)
        except ChannelClosed:
            return
        except ChannelTimeout:
            raise self._failed(script, "the guest does not end") from None
        raise self._failed(script, f"the guest goes on: {line}")

    def physical_memory(self, address, size):
        """What QEMU says is at a physical address now."""
        path = self.workdir / "pmemsave"
        self.monitor.execute("pmemsave", val=address, size=size, filename=str(path))
        return path.read_bytes()


@contextlib.contextmanager
def booted(machine, workdir, **options):
    """A guest whose first kernel is up and ready for sh().

    On a host that is too busy the kernel may find that its timer does not
    work. Then another try is due, since tests wait for what timers do.
    """
    for attempt in range(BOOTS):
        with Guest(machine, workdir, **options) as guest:
            guest.wait_for("first")
            lame = not guest.run("dmesg | grep -q 'APIC timer disabled'").status
            if lame and attempt + 1 < BOOTS:
                continue
            yield guest
            return
