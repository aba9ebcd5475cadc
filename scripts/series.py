# SPDX-License-Identifier: GPL-2.0
"""patches/series: which of our changes makes up which commit of the patch set."""
import dataclasses
import sys
from pathlib import PurePath

import overlay

PATH = overlay.REPO / "patches" / "series"


@dataclasses.dataclass
class Commit:
    """One commit; add and remove are paths in the kernel tree, hooks files of patches/."""
    subject: str
    add: list
    hooks: list
    remove: list
    text: str = ""


def fail(text):
    sys.exit(f"patches/series: {text}")


def read():
    """Return the commits of the series in their order."""
    commits = []
    for number, line in enumerate(PATH.read_text().splitlines(), 1):
        if not commits and (line.startswith("#") or not line):
            continue
        word, _, rest = line.partition(": ")
        if word == "commit":
            commits.append(Commit(rest, [], [], []))
        elif not commits:
            fail(f"line {number} stands before the first 'commit:'")
        elif commits[-1].text or word not in ("add", "hook", "remove"):
            commits[-1].text += line + "\n"
        elif word == "hook":
            commits[-1].hooks += [PATH.with_name(f"{name}.patch") for name in rest.split()]
        else:
            getattr(commits[-1], word).extend(PurePath(name) for name in rest.split())
    for commit in commits:
        commit.text = commit.text.strip()
        if not commit.text:
            fail(f"'{commit.subject}' has no text")
        if not commit.add + commit.hooks + commit.remove:
            fail(f"'{commit.subject}' changes nothing")
    return commits


def check(commits):
    """Each change of this repository belongs to one commit, and none is made up."""
    for what, there in (("add", set(overlay.our_files())), ("hooks", set(overlay.hooks())),
                        ("remove", overlay.removed_files())):
        listed = [name for commit in commits for name in getattr(commit, what)]
        for name in sorted(set(listed) - there):
            fail(f"{name} is listed and does not exist")
        for name in sorted(there - set(listed)):
            fail(f"no commit has {name}")
        for name in sorted(name for name in set(listed) if listed.count(name) > 1):
            fail(f"{name} is in more than one commit")
