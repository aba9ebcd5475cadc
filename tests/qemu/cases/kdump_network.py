# SPDX-License-Identifier: GPL-2.0
"""Dumps over a network, to real servers, and what becomes of them when these fail."""
import pathlib
import subprocess
import time

from harness import suites
from harness.servers import HOST, UP, Nfs, Nfs3, Server, Ssh, free_port, keygen, network, program
from harness.service import Crash, disk, drive, load_module, record, wait_end
from harness.suite import Failure, check, full_test, test

from .readers import in_trixie

MIB = 1 << 20
DROPBEAR = ("dbclient", "dropbearconvert")
OPENSSH = ("ssh", "scp", "ssh-keygen")
QUICK = "KDUMP_STALL_TIMEOUT=10\nKDUMP_STEP_TIMEOUT=30\n"
PASSWD = ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0o644)


def folder_of(dumps):
    found = list(dumps.iterdir())
    check(len(found) == 1, f"not one folder but {found}")
    return found[0]


def check_saved(dumps, magic):
    """A whole dump on the server, with everything beside it."""
    found = folder_of(dumps)
    status = record((found / "kdump-status").read_text())
    check(status["stage"] == "done" and status["result"] == "ok", f"the record says {status}")
    check(found.stat().st_mode & 0o777 == 0o700, "the folder is not for its owner alone")
    names = {path.name: path.stat() for path in found.iterdir()}
    check(set(names) == {"vmcore", "vmcore-dmesg.txt", "report.txt", "kdump-status",
                         "kexec-dmesg.log"}, f"there are {sorted(names)}")
    check(all(stat.st_mode & 0o777 == 0o600 for stat in names.values()), "modes are not 0600")
    check("sysrq triggered crash" in (found / "vmcore-dmesg.txt").read_text(), "no log")
    with open(found / "vmcore", "rb") as file:
        check(file.read(len(magic)) == magic, "the dump has another format")
    return names["vmcore"].st_size


def check_broken(dumps):
    """A dump that broke off: the log, what had arrived, and no file that looks whole."""
    found = folder_of(dumps)
    check("sysrq triggered crash" in (found / "vmcore-dmesg.txt").read_text(), "no log")
    check((found / "vmcore-incomplete").stat().st_size > MIB, "nothing of the dump")
    check(not (found / "vmcore").exists(), "a broken dump has the name of a whole one")
    status = record((found / "kdump-status").read_text())
    check(status["stage"] == "dump" and status["result"] == "failed", f"the record says {status}")


def wait_for_dump(dumps, size=2 * MIB):
    """Wait until a part of the dump has arrived."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        if any(path.stat().st_size > size for path in dumps.glob("*/vmcore-incomplete")):
            return
        time.sleep(0.05)
    raise Failure("the dump does not begin")


def ssh_crash(context, server, client, config="", known=None, devices=(), files=(), default=""):
    return Crash(context, f"ssh {server.login}\npath {server.dumps}\n{config}",
                 (*network(), *devices), default=default,
                 files=[("/root/.ssh/kdump_id_rsa", server.key, 0o600),
                        ("/etc/kdump/known_hosts", known or server.known_hosts(), 0o644),
                        PASSWD, *files],
                 programs=[program(name) for name in client])


def nfs_crash(context, server, config="", default="", devices=(), files=()):
    return Crash(context, f"nfs {server.export}\npath /\n{config}",
                 (*server.network(), *devices), default=default, files=files)


def arm_nfs(guest, module="nfsv4"):
    load_module(guest, module)
    guest.sh(f"hostname guest; {UP}; kdump start", timeout=240)


@test
def ssh_dropbear(context):
    """A crash is saved to OpenSSH's server with dropbear's client, flattened, after the older dumps
    were removed (KDUMP_KEEP_OLD_DUMPS=-1)."""
    with Ssh(context.workdir) as server:
        old = server.dumps / "guest-2001-01-01-00:00:00"
        old.mkdir()
        (old / "kdump-status").write_text("result=ok\n")
        ssh_crash(context, server, DROPBEAR,
                  default="KDUMP_KEEP_OLD_DUMPS=-1\n").arm_and_crash(UP)
        check_saved(server.dumps, b"makedumpfile")


def openssh(context, config, magic):
    with Ssh(context.workdir) as server:
        crash = ssh_crash(context, server, OPENSSH, config,
                          default="KDUMP_NETCONFIG=eth0:dhcp\n")
        crash.cmdline = "crashkernel=80M"
        crash.arm_and_crash(UP, timeout=600)
        return check_saved(server.dumps, magic)


@test
def ssh_openssh(context):
    """A crash is saved with OpenSSH's client, flattened, from an address that DHCP gives."""
    openssh(context, "", b"makedumpfile")


@full_test
def ssh_scp(context):
    """A crash is saved with scp as core_collector: the ELF file."""
    size = openssh(context, "core_collector scp\n", b"\x7fELF")
    check(size > 400 * MIB, f"the ELF file has {size} bytes only")


@test
def nfs(context):
    """A crash is saved over NFS version 4, after kdump start has tried to write there; a second
    start finds the record of the first crash."""
    with Nfs(context.workdir) as server:
        crash = nfs_crash(context, server)
        with crash.boot() as guest:
            arm_nfs(guest)
            guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
        check_saved(server.dumps, b"KDUMP   ")
        with crash.boot() as guest:
            arm_nfs(guest)
            check("last crash: ok" in guest.sh("kdump status"), "kdump status does not tell")


@test
def nfs_version_3(context):
    """A crash is saved over NFS version 3, to a server that has no other."""
    with Nfs3(context.workdir) as server:
        with nfs_crash(context, server).boot() as guest:
            arm_nfs(guest, "nfsv3")
            guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
        check_saved(server.dumps, b"KDUMP   ")


@test
def propagate(context):
    """kdump propagate makes a key, gives it to the server through a login that root has, and pins
    the server's key; then a dump works without that login."""
    copier = pathlib.Path(program("ssh-copy-id"))
    key = "/root/.ssh/kdump_id_ed25519"     # made sooner than an RSA key
    with Ssh(context.workdir) as server:
        config = f"ssh {server.login}\npath {server.dumps}\nsshkey {key}\n"
        crash = Crash(context, config, network(),
                      files=[("/root/.ssh/id_ed25519", server.key, 0o600), PASSWD,
                             ("/bin/ssh-copy-id", copier.read_bytes(), 0o755),
                             ("/bin/yes-it-is", "#!/bin/sh\necho yes\n", 0o755)],
                      programs=[program(name) for name in ("ssh", "ssh-keygen", *DROPBEAR)])
        with crash.boot() as guest:
            reply = guest.run(f"{UP}; kdump start", timeout=240)
            check(reply.status == 6 and "run kdump propagate" in reply.text, f"{reply}")
            # The question whether it is the right server, asked without a terminal.
            text = guest.sh("export HOME=/root SSH_ASKPASS=/bin/yes-it-is "
                            "SSH_ASKPASS_REQUIRE=force; kdump propagate 2>&1", timeout=240)
            check("its own key is pinned" in text, text)
            made = guest.sh(f"cat {key}.pub").split()[1]
            known = (server.folder / ".ssh" / "authorized_keys").read_text()
            check(made in known, f"the server knows {known}")
            pinned = guest.sh("cat /etc/kdump/known_hosts")
            check(server.host_key.split()[1] in pinned, f"pinned is {pinned}")
            check(guest.sh(f"stat -c %a {key}") == "600", "others can read the key")
            guest.sh("rm /root/.ssh/id_ed25519; hostname guest; kdump start", timeout=240)
            guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
        check_saved(server.dumps, b"makedumpfile")


@test
def unknown_host_key(context):
    """kdump start refuses a server whose key is not pinned, or is another one."""
    with Ssh(context.workdir) as server:
        _, other = keygen(server.folder / "other")
        crash = ssh_crash(context, server, DROPBEAR, known=server.known_hosts(other))
        with crash.boot() as guest:
            reply = guest.run(f"{UP}; kdump start", timeout=240)
            check(reply.status == 6 and "kdump.conf:1: no ssh connection" in reply.text,
                  f"another key was taken: {reply}")
            reply = guest.run("rm /etc/kdump/known_hosts; kdump start", timeout=240)
            check(reply.status == 6 and "is not known" in reply.text,
                  f"no key was good enough: {reply}")


@test
def changed_host_key(context):
    """The capture kernel gives nothing to a server that shows another key than when kdump was
    armed. The emergency hook is reached, with the log."""
    path = disk(context.workdir / "disk", 1)
    hook = ("/etc/kdump/emergency.d/keep",
            "#!/bin/sh\ndd if=/run/kdump/vmcore-dmesg.txt of=/dev/vda\n", 0o755)
    with Ssh(context.workdir) as server:
        crash = ssh_crash(context, server, DROPBEAR, devices=drive(path), files=[hook],
                          default="KDUMP_NET_TIMEOUT=30\n")
        with crash.boot() as guest:
            guest.sh(f"hostname guest; {UP}; kdump start", timeout=240)
            server.stop()
            (server.folder / "host").unlink()
            keygen(server.folder / "host")
            server.start(program("sshd"), "-D", "-e", "-f", server.folder / "config")
            guest.ends_after("echo c >/proc/sysrq-trigger", timeout=240)
        check(not list(server.dumps.iterdir()), "the other server was given something")
        check(b"sysrq triggered crash" in path.read_bytes(), "the hook did not get the log")


# What an emergency hook leaves on a disk, and an action that shows on the console.
NOTE = ("/etc/kdump/emergency.d/note",
        "#!/bin/sh\ncat /run/kdump/record/error | dd of=/dev/vda conv=notrunc\n", 0o755)
BREAKS = "core_collector dd bs=64k\nfailure_action poweroff\n"


def check_action(guest, notes, error):
    """The emergency hook was reached, with the reason, and then failure_action."""
    found = notes.read_bytes().rstrip(b"\0").decode()
    check(error in found, f"the emergency hook found: {found!r}")
    check("kdump: now: poweroff" in guest.console(), "failure_action did not follow")


@test
def ssh_server_dies(context):
    """The server ends in mid-copy: what has arrived stays, the emergency hook and failure_action
    follow."""
    notes = disk(context.workdir / "notes", 1)
    with Ssh(context.workdir) as server:
        crash = ssh_crash(context, server, DROPBEAR, BREAKS, devices=drive(notes), files=[NOTE],
                          default=QUICK)
        with crash.boot() as guest:
            guest.sh(f"hostname guest; {UP}; kdump start", timeout=240)
            guest.send("echo c >/proc/sysrq-trigger")
            wait_for_dump(server.dumps)
            server.stop()
            wait_end(guest, 120)
            check_action(guest, notes, "dd failed with status")
        check_broken(server.dumps)


@test
def network_cut(context):
    """The link goes down in mid-copy: after KDUMP_STALL_TIMEOUT without progress the emergency
    hook and failure_action follow."""
    notes = disk(context.workdir / "notes", 1)
    with Ssh(context.workdir) as server:
        crash = ssh_crash(context, server, DROPBEAR, BREAKS, devices=drive(notes), files=[NOTE],
                          default=QUICK)
        with crash.boot() as guest:
            guest.sh(f"hostname guest; {UP}; kdump start", timeout=240)
            guest.send("echo c >/proc/sysrq-trigger")
            wait_for_dump(server.dumps)
            guest.monitor.execute("set_link", name="card", up=False)
            wait_end(guest, 200)
            check_action(guest, notes, "no progress for 10 s")
        check_broken(server.dumps)


@test
def nfs_server_dies(context):
    """An NFS server ends in mid-copy, so that everything that touches the mount hangs in the
    kernel: the emergency hook and failure_action follow nevertheless."""
    notes = disk(context.workdir / "notes", 1)
    with Nfs(context.workdir) as server:
        crash = nfs_crash(context, server, BREAKS, QUICK, drive(notes), [NOTE])
        with crash.boot() as guest:
            arm_nfs(guest)
            guest.send("echo c >/proc/sysrq-trigger")
            wait_for_dump(server.dumps)
            Server.stop(server)
            wait_end(guest, 240)
            check_action(guest, notes, "no progress for 10 s")
        check_broken(server.dumps)


@test
def fence(context):
    """While a dump is saved to a disk, a node of the cluster is told so: the real receiver gets
    messages from the real sender."""
    sender = suites.content(suites.files("trixie", "libexec/fence-agents/fence_kdump_send",
                                         "/usr/libexec/fence-agents/fence_kdump_send"))
    path = disk(context.workdir / "disk", 256, "mkfs.ext4", "-q")
    port = free_port()
    crash = Crash(context, f"ext4 /dev/vda\nfence_kdump_nodes {HOST}\n"
                  f"fence_kdump_args -p {port} -i 1\n", (*network(), *drive(path)), files=sender)
    receiver = subprocess.Popen(
        [*in_trixie("fence_kdump"), "-n", "127.0.0.1", "-p", str(port),
         "-t", "300", "-v"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with receiver:
        try:
            crash.arm_and_crash(UP)
            said = receiver.communicate(timeout=10)[0]
        finally:
            receiver.kill()
    check(not receiver.returncode and "received valid message from '127.0.0.1'" in said,
          f"the node was not told: {said}")
    with crash.boot() as guest:
        guest.sh("mount -t ext4 /dev/vda /mnt")
        check(guest.sh("ls /mnt/var/crash/*/vmcore"), "no dump")
