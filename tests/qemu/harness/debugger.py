"""A guest under QEMU's GDB stub: stop it in the middle of what the kernel is doing.

    with Debugger(guest) as debugger:       # the guest stands still
        debugger.break_at(address)
        guest.send("...")
        debugger.run_to_breakpoint()
        ...                                 # and goes on at the end

The protocol is that of GDB's manual, appendix "Remote Serial Protocol".
"""
import re
import socket
import struct
import tempfile

from .channel import Channel
from .guest import GuestError

REGISTERS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
CHUNK = 1024                # bytes per packet; QEMU takes 4096 characters


class Debugger:
    def __init__(self, guest, timeout=300):
        self._timeout = timeout
        self._channel = Channel(self._connect(guest.monitor))
        self._cpu = None
        self._packet()                          # it says that it has stopped
        self._ask("qSupported:multiprocess+")
        self._ask("?")

    @staticmethod
    def _connect(monitor):
        # The path of the workdir may be too long for a socket.
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/gdb"
            monitor.execute("human-monitor-command",
                            command_line=f"gdbserver unix:{path},server=on,wait=off")
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(path)
            return sock

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._send("D;1")                       # detaches, which lets the guest go on
        self._channel.close()

    def _send(self, text):
        data = text.encode()
        self._channel.send(b"$%s#%02x" % (data, sum(data) % 256))

    def _packet(self):
        while self._channel.exactly(1, self._timeout) != b"$":
            pass                                # "+": it got our packet
        data = bytearray()
        while (byte := self._channel.exactly(1, self._timeout)) != b"#":
            data += byte
        self._channel.exactly(2, self._timeout)
        self._channel.send(b"+")
        return data.decode()

    def _ask(self, text):
        self._send(text)
        return self._packet()

    def _command(self, text):
        answer = self._ask(text)
        if answer != "OK":
            raise GuestError(f"debugger: {text}: {answer or 'not supported'}")

    def break_at(self, address):
        self._command(f"Z0,{address:x},1")

    def clear(self, address):
        self._command(f"z0,{address:x},1")

    def _stopped(self, answer):
        """Note which CPU has stopped; registers() and step() are about that."""
        found = re.search(r"thread:([^;]+);", answer)
        if not found:
            raise GuestError(f"debugger: the guest has not stopped: {answer}")
        self._cpu = found[1]
        self._command(f"Hg{self._cpu}")

    def run_to_breakpoint(self):
        """Let all CPUs run until one comes to a breakpoint."""
        self._stopped(self._ask("vCont;c"))

    def step(self):
        """One instruction on the CPU that stopped; the others stand still."""
        self._stopped(self._ask(f"vCont;s:{self._cpu}"))

    def registers(self):
        data = bytes.fromhex(self._ask("g"))
        return dict(zip(REGISTERS, struct.unpack_from(f"<{len(REGISTERS)}Q", data)))

    def memory(self, vaddr, size):
        """Bytes at a virtual address, as the CPU that stopped sees them."""
        data = bytearray()
        while len(data) < size:
            count = min(size - len(data), CHUNK)
            data += bytes.fromhex(self._ask(f"m{vaddr + len(data):x},{count:x}"))
        return bytes(data)

    def write_physical(self, paddr, data):
        """Overwrite memory at a physical address, behind the back of the guest."""
        self._command("Qqemu.PhyMemMode:1")
        for at in range(0, len(data), CHUNK):
            part = data[at:at + CHUNK]
            self._command(f"M{paddr + at:x},{len(part):x}:{part.hex()}")
        self._command("Qqemu.PhyMemMode:0")
