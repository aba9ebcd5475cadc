# SPDX-License-Identifier: GPL-2.0
"""patches/series: which of our changes makes up which commit of the patch set."""
import dataclasses
import sys
from pathlib import PurePath

import overlay

PATH = overlay.REPO / "patches" / "series"
INTERIM = PATH.with_name("interim")
# What the names after each word of a commit stand for.
PLACES = {
    "add": PurePath,
    "remove": PurePath,
    "hook": lambda name: PATH.with_name(f"{name}.patch"),
    "interim": lambda name: INTERIM / f"{name}.patch",
}


@dataclasses.dataclass
class Commit:
    """One commit: paths in the kernel tree to add and to remove, and patches to apply."""
    subject: str
    add: list = dataclasses.field(default_factory=list)
    remove: list = dataclasses.field(default_factory=list)
    hook: list = dataclasses.field(default_factory=list)
    interim: list = dataclasses.field(default_factory=list)
    text: str = ""

    def patches(self):
        return self.interim + self.hook


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
            commits.append(Commit(rest))
        elif not commits:
            fail(f"line {number} stands before the first 'commit:'")
        elif commits[-1].text or word not in PLACES:
            commits[-1].text += line + "\n"
        else:
            getattr(commits[-1], word).extend(PLACES[word](name) for name in rest.split())
    for commit in commits:
        commit.text = commit.text.strip()
        if not commit.text:
            fail(f"'{commit.subject}' has no text")
        if not commit.add + commit.remove + commit.patches():
            fail(f"'{commit.subject}' changes nothing")
    return commits


def check(commits):
    """Each change of this repository belongs to one commit, and none is made up."""
    for what, there in (("add", set(overlay.our_files())), ("remove", overlay.removed_files()),
                        ("hook", set(overlay.hooks())), ("interim", set(INTERIM.glob("*.patch")))):
        listed = [name for commit in commits for name in getattr(commit, what)]
        for name in sorted(set(listed) - there):
            fail(f"{name} is listed and does not exist")
        for name in sorted(there - set(listed)):
            fail(f"no commit has {name}")
        for name in sorted(name for name in set(listed) if listed.count(name) > 1):
            fail(f"{name} is in more than one commit")
