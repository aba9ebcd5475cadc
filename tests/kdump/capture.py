# SPDX-License-Identifier: GPL-2.0
"""Functions of the capture side, in a folder that stands for its machine.

Each case is a script and what it must print. It runs with the libraries that it
names and may replace what these call; $RUN and $MOUNT are in a folder of its own.
"""
import mmap
import pathlib
import tempfile

CAPTURE = pathlib.Path(__file__).resolve().parents[2] / "tools" / "kdump" / "capture"

PREPARE = """
TARGET=local TARGET_NAME=there HOST=host SAVE_PATH=/path FREE_MB=0 STEP_TIMEOUT=20
sed -e '/^\\. /d' -e "s|^RUN=.*|RUN=$FOLDER/run|" -e "s|^MOUNT=.*|MOUNT=$FOLDER/mnt|" \
    -e "s|^VMCORE=.*|VMCORE=$FOLDER/vmcore|" "$CAPTURE/common.sh" >"$FOLDER/common.sh"
. "$FOLDER/common.sh"
for library in $LIBRARIES; do
    . "$CAPTURE/$library.sh"
done
usleep() { sleep 0.1; }
say() { echo "$*"; }
setsid() { shift; exec setsid $SHELL -c '. "$FOLDER/prepare"; "$@"' part "$@"; }
"""

START = """set -u
export CAPTURE='{capture}' FOLDER='{folder}' LIBRARIES='{libraries}' SHELL='{shell}'
. "$FOLDER/prepare"
mkdir -p "$RUN/state" "$RUN/record" "$MOUNT"
[ -e "$VMCORE" ] || echo the memory >"$VMCORE"
"""

# Libraries, script, output.
CASES = [
    # The deadline of the step before is not that of a copy that shows no progress yet.
    ("step", """
     deadline 1
     copy_step copy 100 sh -c "cat '$RUN/deadline' >'$FOLDER/seen'; exit 3"
     echo $? $(($(cat "$FOLDER/seen") - now >= 100))
     """, "3 1"),
]


def run(runner, shell, folder, libraries, script):
    """What a script of the capture side prints."""
    pathlib.Path(folder, "prepare").write_text(PREPARE)
    return runner.shell(shell, START.format(capture=CAPTURE, folder=folder, libraries=libraries,
                                            shell=" ".join(shell)) + script)


def progress(runner, shell, folder):
    """A program that maps the dump makes progress when it maps another part of it."""
    vmcore = pathlib.Path(folder, "vmcore")
    vmcore.write_bytes(bytes(4 * mmap.PAGESIZE))
    seen = []
    with open(vmcore, "rb") as file:
        for part, looks in ((0, 2), (1, 1)):
            with mmap.mmap(file.fileno(), mmap.PAGESIZE, prot=mmap.PROT_READ,
                           offset=part * mmap.PAGESIZE):
                seen += [run(runner, shell, folder, "step", "progress") for _ in range(looks)]
    return [one == seen[0] for one in seen]


def check(runner, shell):
    for libraries, script, wanted in CASES:
        with tempfile.TemporaryDirectory() as folder:
            output = run(runner, shell, folder, libraries, script)
            runner.equal(f"{shell} {script}", " ".join(output.split()), wanted)
    with tempfile.TemporaryDirectory() as folder:
        runner.equal(f"{shell} progress", progress(runner, shell, folder), [True, True, False])
