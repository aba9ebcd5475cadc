# SPDX-License-Identifier: GPL-2.0
"""What tests with a kernel share: its dump, and a look at what has been kept of it."""
import os
import random
import re

from case import Case
from kdumpreader import KdumpFile
from kernelimage import Kernel


class KernelCase(Case):
    """A test with kernels by chance; SEED=N in the environment does it again."""

    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        self.random.seed(seed)
        self.seed = f"SEED={seed}"

    def kernel(self, age=None, **info):
        """A kernel by chance, and a dump of it."""
        kernel = Kernel(self.random, age)
        self.core = kernel.core(**info)
        self.core.write(self.source)
        return kernel

    def check_kept(self, kernel, level, said=""):
        """Compare a dump with what the level keeps; what is not known is told."""
        what = f"{self.seed} level {level} {said}"
        found, wanted = KdumpFile(self.dest.read_bytes()).pages(), kernel.kept(level)
        lost, left = set(wanted) - set(found), set(found) - set(wanted)
        self.assertFalse(lost or left, f"{what}: lost {sorted(lost)}, not left out {sorted(left)}")
        wrong = [frame for frame in wanted if found[frame] != kernel.memory[frame]]
        self.assertFalse(wrong, what)
        told = re.search(r"(\d+) KiB are kept whatever they are", self.errors)
        unknown = 4 * len(kernel.unknown) if level else 0
        self.assertEqual(int(told[1]) if told else 0, unknown, what)
