# SPDX-License-Identifier: GPL-2.0
"""What the tests need built: the probes, the module, and initramfs archives."""
import functools
import os
import pathlib
import shutil
import subprocess
import threading

from . import initramfs, paths

INITRD = paths.WORK / "initrd"
PROBE = paths.WORK / "probe"
MODULE = paths.WORK / "module" / "kdump_test.ko"
STOCK = paths.WORK / "stock"
_once, _building = threading.Lock(), threading.Lock()


class BuildError(Exception):
    """Something could not be built; has the builder's output."""


def _run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        raise BuildError(f"{command[0]} failed:\n{done.stdout}")


def build_probe():
    sources = sorted((paths.HERE / "probes").glob("*.c"))
    _run("cc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-s", "-o", PROBE, *sources)


def build_modules(folder, objects, *options):
    """Build the test modules in a folder outside the repository against a built kernel."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in (paths.HERE / "module").iterdir():
        target = folder / source.name
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)
    tree = objects.resolve().parent
    make = ["make", "-s", "-C", tree, f"O={objects.name}", f"-j{os.cpu_count()}"]
    _run(*make, f"M={folder}", *options, "modules")


@functools.cache
def _stripped(source):
    target = paths.WORK / f"{'-'.join(source.parts[-3:])}.stripped"
    _run("strip", "--strip-debug", "-o", target, source)
    return target


def stripped(source):
    """A copy without debug information, of a size that fits in a guest. It is made once:
    nobody reads it while it is written."""
    with _once:
        return _stripped(pathlib.Path(source))


def write_initrd(path, image, extra=()):
    """Write the archives for tests that crash: image is what kexec is to load."""
    return initramfs.write(path, image, [(PROBE, "/bin/probe"), *_modules(MODULE.parent),
                                         *extra])


def _modules(folder, *more):
    return [(stripped(folder / name), f"/lib/{name}")
            for name in ("kdump_test.ko", "kdump_fail.ko", *more)]


@functools.cache
def _initrd_of(folder, objects, image, *more):
    """For a kernel of which make builds no module: what a module may call is not known then."""
    build_modules(folder / "module", objects, "KBUILD_MODPOST_WARN=1")
    return initramfs.write(folder / "initrd", image,
                           [(PROBE, "/bin/probe"), *_modules(folder / "module", *more)])


def stock_initrd():
    """The same for the stock kernel as first one."""
    return _initrd_of(STOCK, paths.STOCK_OBJECTS, paths.bzimage())


def initrd_of(objects):
    """The same for another kernel of ours, which is first one and capture kernel, and with the
    module that makes mistakes. It is made once: nobody boots it while it is written."""
    with _building:
        return _initrd_of(paths.WORK / objects.name, objects, paths.bzimage(objects),
                          "kdump_wrong.ko")


def prepare():
    """Build everything that Context.boot() hands to guests by default."""
    paths.WORK.mkdir(parents=True, exist_ok=True)
    build_probe()
    build_modules(MODULE.parent, paths.OBJECTS)
    write_initrd(INITRD, paths.bzimage())
