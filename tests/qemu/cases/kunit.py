# SPDX-License-Identifier: GPL-2.0
"""The KUnit suites in the built kernel."""
import re

from harness.suite import check, test

RESULTS = "/sys/kernel/debug/kunit"


@test
def suites(context):
    """Every KUnit suite that is built in passes."""
    with context.boot("kunit.enable=1") as guest:
        names = guest.sh(f"ls {RESULTS}").split()
        check(names, "no suite is built in")
        for name in names:
            output = guest.sh(f"cat {RESULTS}/{name}/results")
            check(re.search(rf"^ok \d+ {name}$", output, re.MULTILINE), output)
