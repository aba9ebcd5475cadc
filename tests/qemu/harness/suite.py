# SPDX-License-Identifier: GPL-2.0
"""The tests: how they are declared and run."""
import concurrent.futures
import dataclasses
import shutil
import threading
import time
import traceback

from . import artifacts, paths
from .guest import TIMEOUT, GuestError, Machine, booted

TESTS = []
RUN_AGAIN_MAX = 3


class Skip(Exception):
    """The test cannot run here; says why."""


class Failure(Exception):
    """What the test checks is not so."""


def check(condition, message):
    if not condition:
        raise Failure(message)


@dataclasses.dataclass
class Test:
    name: str
    function: object
    purpose: str
    full: bool = False      # only with --full


def add(name, function, purpose, full=False):
    TESTS.append(Test(name, function, " ".join(purpose.split()), full))


def test(function):
    """Declare a test. It is named after its module and function; its docstring says what
    it checks."""
    module = function.__module__.rpartition(".")[2]
    add(f"{module}.{function.__name__}", function, function.__doc__)
    return function


def full_test(function):
    """The same, for a test that runs only with --full."""
    test(function)
    TESTS[-1].full = True
    return function


class Context:
    """What a test gets: a folder of its own, and guests."""

    def __init__(self, name):
        self.workdir = paths.WORK / name

    def boot(self, cmdline="", timeout=TIMEOUT, **machine):
        """A guest whose first kernel, ours, is up and ready for sh(). timeout is that of its
        answers, in seconds."""
        machine.setdefault("kernel", paths.bzimage())
        machine.setdefault("initrd", artifacts.INITRD)
        return booted(Machine(cmdline=cmdline, **machine), self.workdir, timeout=timeout)

    @staticmethod
    def require(program):
        """The path of a program on the host, without which the test is skipped."""
        found = shutil.which(program)
        if not found:
            raise Skip(f"{program} is not installed")
        return found


@dataclasses.dataclass
class Result:
    test: Test
    outcome: str            # passed, failed, skipped
    detail: str = ""
    console: str = ""
    seconds: float = 0


def run_one(entry):
    """Run one test in a fresh folder, which stays when it fails."""
    context = Context(entry.name)
    shutil.rmtree(context.workdir, ignore_errors=True)
    context.workdir.mkdir(parents=True)
    try:
        entry.function(context)
    except Skip as skip:
        return Result(entry, "skipped", str(skip))
    except Exception as error:
        detail = str(error)
        if not isinstance(error, (Failure, GuestError)):
            trace = "".join(traceback.format_tb(error.__traceback__))
            detail = f"{trace}{type(error).__name__}: {error}"
        return Result(entry, "failed", detail, "\n".join(getattr(error, "__notes__", ())))
    else:
        shutil.rmtree(context.workdir)
        return Result(entry, "passed")


def run_all(entries, jobs, report):
    """Run tests, up to jobs at a time; report(result) is called for each as it ends."""
    lock = threading.Lock()

    def job(entry):
        start = time.monotonic()
        result = run_one(entry)
        result.seconds = time.monotonic() - start
        with lock:
            report(result)
        return result

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(job, entries))


def run_again(results, report):
    """Run what failed once more, with the machine to itself, if it is no more than
    RUN_AGAIN_MAX tests: with more, something is broken.

    Return the results, with those of second runs in place of first ones, and the names of the
    tests that passed then."""
    failed = [result.test for result in results if result.outcome == "failed"]
    if len(failed) > RUN_AGAIN_MAX:
        return results, []
    second = {result.test.name: result for result in run_all(failed, 1, report)}
    unstable = [name for name, result in second.items() if result.outcome == "passed"]
    return [second.get(result.test.name, result) for result in results], unstable
