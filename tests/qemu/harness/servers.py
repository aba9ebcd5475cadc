# SPDX-License-Identifier: GPL-2.0
"""Real servers on the host's loopback, and how a guest reaches them.

QEMU's user network shows the host's loopback to the guest as 10.0.2.2. A server that
must have a port of its own in the guest gets an address of its own there.
"""
import pathlib
import pwd
import os
import shutil
import socket
import subprocess
import time

from .suite import Failure, Skip

HOST = "10.0.2.2"
SERVER = "10.0.2.100"
UP = ("ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; "
      "ip route add default via 10.0.2.2 dev eth0")


def program(name):
    """A server program of the host, without which the test is skipped."""
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not found:
        raise Skip(f"{name} is not installed")
    return found


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def network(*forwards, within="", card="virtio-net-pci"):
    """QEMU's arguments for a network card; forwards are (port in the guest, port here).

    within is a command that runs another one where that port is.
    """
    rules = "".join(f",guestfwd=tcp:{SERVER}:{guest}-cmd:{within} busybox nc 127.0.0.1 {here}"
                    for guest, here in forwards)
    return ("-netdev", f"user,id=net{rules}", "-device", f"{card},netdev=net,id=card")


class Server:
    """A server process, in a folder of its own, that listens on a port."""

    def __init__(self, workdir, name):
        self.folder = pathlib.Path(workdir) / name
        self.folder.mkdir()
        self.port = free_port()
        self.log = self.folder / "log"
        self.process = None

    def start(self, *command):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.listens():
                return
            time.sleep(0.1)
        text = self.log.read_text(errors="replace")
        self.stop()
        raise Failure(f"{command[0]} does not listen: {text[-2000:]}")

    def listens(self):
        with socket.socket() as sock:
            return not sock.connect_ex(("127.0.0.1", self.port))

    def stop(self):
        """End the server, and what it has started, at once."""
        if self.process and self.process.poll() is None:
            self.kill()
            self.process.wait()

    def kill(self):
        os.killpg(self.process.pid, 9)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def keygen(path, kind="ed25519"):
    subprocess.run([program("ssh-keygen"), "-q", "-t", kind, "-N", "", "-f", str(path)],
                   check=True)
    return path.read_text(), path.with_name(path.name + ".pub").read_text()


class Ssh(Server):
    """OpenSSH's server, for the user who runs the tests and one key."""

    def __init__(self, workdir):
        super().__init__(workdir, "sshd")
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.key, public = keygen(self.folder / "user")
        _, self.host_key = keygen(self.folder / "host")
        (self.folder / "authorized_keys").write_text(public)
        self.dumps = self.folder / "dumps"
        self.dumps.mkdir()
        (self.folder / "config").write_text(f"""
            ListenAddress 127.0.0.1:{self.port}
            HostKey {self.folder / "host"}
            AuthorizedKeysFile {self.folder / "authorized_keys"} {self.folder}/.ssh/authorized_keys
            SetEnv HOME={self.folder}
            PidFile none
            StrictModes no
            UsePAM no
            PermitRootLogin yes
            PasswordAuthentication no
            Subsystem sftp internal-sftp
            """)
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        self.start(program("sshd"), "-D", "-e", "-f", self.folder / "config")

    def kill(self):
        # A session is a group of its own.
        listing = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True,
                                 check=True).stdout
        parents = dict(map(int, line.split()) for line in listing.splitlines())
        doomed = {self.process.pid}
        while more := {pid for pid, parent in parents.items()
                       if parent in doomed and pid not in doomed}:
            doomed |= more
        for pid in doomed:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass

    def known_hosts(self, key=None):
        """The line that pins the server's key, or another one."""
        kind, text = (key or self.host_key).split()[:2]
        return f"[{HOST}]:{self.port} {kind} {text}\n"

    @property
    def login(self):
        return f"{self.user}@{HOST}:{self.port}"


class Nfs(Server):
    """A user-space NFS server, version 4, that exports one folder as /export."""
    version = 4
    fixed_port = None
    options = "Bind_addr = 127.0.0.1;"

    def __init__(self, workdir):
        super().__init__(workdir, "nfs")
        self.dumps = self.folder / "dumps"
        self.dumps.mkdir()
        (self.folder / "config").write_text(f"""
            NFS_CORE_PARAM {{
                Protocols = {self.version};
                {self.options}
                Enable_UDP = false;
                Enable_RQUOTA = false;
                Enable_NLM = false;
                NFS_Port = {self.fixed_port or self.port};
                Plugins_Dir = /usr/lib/x86_64-linux-gnu/ganesha;
            }}
            NFSV4 {{
                Graceless = true;
                RecoveryBackend = fs;
                Only_Numeric_Owners = true;
                RecoveryRoot = {self.folder};
            }}
            EXPORT {{
                Export_Id = 1;
                Path = {self.dumps};
                Pseudo = /export;
                Access_Type = RW;
                Squash = No_Root_Squash;
                SecType = sys;
                FSAL {{ Name = VFS; }}
            }}
            """)
        self.start(*self.before(), program("ganesha.nfsd"), "-F", "-f", self.folder / "config",
                   "-L", self.folder / "messages", "-p", self.folder / "pid")

    def before(self):
        """What runs the server."""
        return ()

    def network(self):
        return network((2049, self.port))

    @property
    def export(self):
        return f"{SERVER}:/export"


class Nfs3(Nfs):
    """The same, version 3. Clients ask rpcbind for its ports, which has one that is given: so both
    are in a network of their own."""
    version = 3
    MOUNT_PORT = 20048
    fixed_port = 2049
    options = f"MNT_Port = {MOUNT_PORT}; mount_path_pseudo = true;"

    def before(self):
        if os.geteuid():
            raise Skip("only root can make a network for rpcbind")
        return (program("unshare"), "--net", "--mount", "--pid", "--fork",
                "--kill-child", "sh", "-ec",
                "busybox ip link set lo up; mount -t tmpfs tmpfs /run; rpcbind -f &"
                "until [ -S /run/rpcbind.sock ]; do sleep 0.1; done; exec \"$@\"", "sh")

    def inside(self):
        return f"{program('nsenter')} --net --target {self.process.pid}"

    def listens(self):
        return not subprocess.run([*self.inside().split(), program("rpcinfo"), "-t", "127.0.0.1",
                                   "mount", "3"], capture_output=True, check=False).returncode

    def network(self):
        return network((111, 111), (2049, 2049), (self.MOUNT_PORT, self.MOUNT_PORT),
                       within=self.inside())
