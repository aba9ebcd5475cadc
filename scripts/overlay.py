# SPDX-License-Identifier: GPL-2.0
"""What this repository changes in a kernel tree, and how that is laid over one."""
import filecmp
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import PurePath

REPO = pathlib.Path(__file__).resolve().parent.parent
# The folders of this repository that are folders of the kernel tree too.
FOLDERS = ("Documentation", "arch", "drivers", "fs", "include", "kernel", "lib", "mm")
RENAMED = {"Kconfig": PurePath("kernel/Kconfig.crash_dump")}


def git(*args):
    """Return what git says of this repository, whoever owns the clone."""
    done = subprocess.run(["git", "-c", f"safe.directory={REPO}", "-C", REPO, *args],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def our_files():
    """Map each path in the kernel tree to the file of ours that belongs there."""
    files = {to: REPO / name for name, to in RENAMED.items() if (REPO / name).is_file()}
    for folder in FOLDERS:
        for path in (REPO / folder).rglob("*"):
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith("~"):
                files[path.relative_to(REPO)] = path
    return files


def removed_files():
    """Return the paths of the stock files that ours of another name replace."""
    lines = (REPO / "scripts" / "stock-removed").read_text().splitlines()
    return {PurePath(line.strip()) for line in lines if line.strip() and not line.startswith("#")}


def hooks():
    """Return the patches to stock files in the order in which they apply: patches/series."""
    lines = (REPO / "patches" / "series").read_text().splitlines()
    order = [name for line in lines if line.startswith("hook: ") for name in line.split()[1:]]
    listed = [REPO / "patches" / f"{name}.patch" for name in order]
    return listed + sorted(set((REPO / "patches").glob("*.patch")) - set(listed))


def hooked_files(patches):
    """Return the paths of the stock files that patches change."""
    lines = (line for patch in patches for line in patch.read_text().splitlines())
    return {PurePath(line[len("--- a/"):].split("\t")[0])
            for line in lines if line.startswith("--- a/")}


def apply_hooks(tree, patches):
    """Apply patches to tree, exactly: a line of context that differs is an error."""
    for patch in patches:
        done = subprocess.run(
            ["patch", "-p1", "-s", "-f", "-F0", "--no-backup-if-mismatch", "-d", tree, "-i", patch],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            sys.exit(f"{patch.name} does not apply:\n{done.stdout}")


def copy_stock(pristine, names, to):
    """Copy the named files of pristine, which may be read-only, to the folder to."""
    for name in names:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pristine / name, to / name)
        (to / name).chmod((to / name).stat().st_mode | 0o200)


def install(source, target):
    """Put a copy of source at target, unless what is there is equal.

    The copy is a new file with the present time: target may be a link to a file
    that must not change, and make has to see the change.
    """
    executable = os.access(source, os.X_OK)
    if (target.is_file() and filecmp.cmp(source, target, shallow=False)
            and os.access(target, os.X_OK) == executable):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".new")
    shutil.copyfile(source, temporary)
    temporary.chmod(0o755 if executable else 0o644)
    os.replace(temporary, target)


def start(pristine, tree):
    """Make tree a fresh copy of pristine, of hard links where pristine is ours to link."""
    if tree.exists():
        shutil.rmtree(tree)
    place = shutil.copy2 if pristine.is_symlink() else os.link
    top = pristine.resolve()
    shutil.copytree(top, tree, symlinks=True, copy_function=place,
                    ignore=lambda folder, _: [".git"] if folder == str(top) else [])


def lay_over(pristine, tree, ours, removed, patches):
    """Make tree pristine without removed, with patches applied and with ours in place.

    Called again, it touches only what differs, so that make rebuilds no more than
    that. tree/.laid-over lists the paths at which tree may differ from pristine.
    """
    for name in removed:
        if not (pristine / name).is_file():
            sys.exit(f"scripts/stock-removed names {name}, which {pristine} does not have")

    record = tree / ".laid-over"
    if not record.is_file():
        start(pristine, tree)
        before = set()
    else:
        before = {PurePath(line) for line in record.read_text().splitlines()}

    patched = hooked_files(patches)
    changed = set(ours) | removed | patched
    with tempfile.TemporaryDirectory(dir=tree.parent) as scratch:
        scratch = pathlib.Path(scratch)
        copy_stock(pristine, patched, scratch)
        apply_hooks(scratch, patches)

        record.write_text("".join(f"{name}\n" for name in sorted(before | changed)))
        for name in before - changed:
            if (pristine / name).is_file():
                install(pristine / name, tree / name)
            else:
                (tree / name).unlink(missing_ok=True)
        for name in removed - set(ours):
            (tree / name).unlink(missing_ok=True)
        for name in patched:
            install(scratch / name, tree / name)
        for name, source in ours.items():
            install(source, tree / name)
    record.write_text("".join(f"{name}\n" for name in sorted(changed)))
