# SPDX-License-Identifier: GPL-2.0
"""Decrypts a dump, and what is saved beside it, for as long as somebody reads it.

What comes of it has no name in any folder: it goes when the last process that has it open
ends, however that is. Nobody but this user can open it meanwhile.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

BEGINNINGS = (b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----")
PROGRAMS = ("age", "rage")
SUFFIX = ".age"

_open = []                      # what has been decrypted, for the life of this process


def is_sealed(path):
    """Whether a file is encrypted; OSError if it cannot be read."""
    with open(path, "rb") as stream:
        return stream.read(64).startswith(BEGINNINGS)


def _program():
    for name in PROGRAMS:
        if shutil.which(name):
            return name
    raise ValueError("it is encrypted, and there is no program to decrypt it: install age, or rage")


def unseal(path, identity):
    """Decrypt a file as far as it goes.

    Returns a path for this process and those that it starts or becomes, and what is missing,
    or None; ValueError says why there is nothing.
    """
    if not identity:
        raise ValueError("it is encrypted: --identity FILE names the key that decrypts it")
    command = [_program(), "-d", "-i", str(identity)]
    file = tempfile.TemporaryFile(dir=os.environ.get("TMPDIR", "/var/tmp"))
    with open(path, "rb") as source:
        done = subprocess.run(command, stdin=source, stdout=file, stderr=subprocess.PIPE,
                              check=False)
    size = os.fstat(file.fileno()).st_size
    if done.returncode and not size:
        file.close()
        raise ValueError("it cannot be decrypted: " +
                         done.stderr.decode(errors="replace").split("\n", 1)[0])
    os.set_inheritable(file.fileno(), True)
    _open.append(file)
    missing = (f"it has been cut or damaged: {size} bytes of it could be decrypted, and what"
               " follows is missing" if done.returncode else None)
    return pathlib.Path(f"/proc/{os.getpid()}/fd/{file.fileno()}"), missing


def unsealed_folder(folder, identity, links):
    """Fill a folder with links to the files of another, decrypted where they are encrypted.

    Returns what is missing of them, by lines.
    """
    problems = []
    for path in sorted(pathlib.Path(folder).iterdir()):
        if not path.is_file():
            continue
        target, name = path.resolve(), path.name
        try:
            if is_sealed(path):
                name = name.replace(SUFFIX, "", 1)
                target, missing = unseal(path, identity)
                problems += [f"{path.name}: {missing}"] if missing else []
        except (OSError, ValueError) as error:
            problems.append(f"{path.name}: {error}")
            continue
        link = pathlib.Path(links, name)
        if not link.is_symlink():
            link.symlink_to(target)
    return problems
