# SPDX-License-Identifier: GPL-2.0
"""The report: what the log tells, what a dump tells, and that nothing in it is believed."""
import html.parser
import json
import os
import pathlib
import re
import resource
import stat
import struct
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import dumps
import signs
from crashreport import collect, logtext, memmap, page, text

DATA = pathlib.Path(__file__).resolve().parent / "data"
ROOT = pathlib.Path(__file__).resolve().parents[2]
KDUMP_REPORT = ROOT / "tools" / "kdump" / "kdump-report"
STATUS = "stage=done\nresult=ok\nbytes=1234\nseconds=7\nhost=web1\ntarget=/dev/vda1\n"
SUMMARY = """release: 6.12.107
level: 31
filter: on
zero: pages 10 bytes 40960
cache: pages 20 bytes 81920
private-cache: pages 1 bytes 4096
user: pages 30 bytes 122880
free: pages 100 bytes 409600
kernel: pages 40 bytes 163840
unclassified: pages 0 bytes 0
unreadable: pages 2 bytes 8192
left-out: pages 163 bytes 667648
kept: pages 40 bytes 163840
"""
EVIL = "<script>alert(1)</script>\"'&\x1b[31m\u202e"


def lines(name):
    return (DATA / name).read_text().splitlines()


class Log(unittest.TestCase):
    def test_panic(self):
        found = logtext.facts(lines("panic-6.12.txt"))
        self.assertEqual(found["panic"], "Kernel panic - not syncing: sysrq triggered crash")
        self.assertEqual(found["crashed"], {"cpu": 0, "pid": 201, "comm": "sh"})
        self.assertEqual(found["release"], "6.12.107+deb13-amd64")
        self.assertTrue(found["hardware"].startswith("QEMU Standard PC (Q35"))
        self.assertEqual((found["uptime"], found["taint"]), (14, []))
        self.assertEqual([frame["function"] for frame in found["backtraces"][0]["frames"]], [
            "dump_stack_lvl", "panic", "sysrq_handle_crash", "__handle_sysrq.cold",
            "write_sysrq_trigger", "proc_reg_write", "vfs_write", "ksys_write", "do_syscall_64",
            "entry_SYSCALL_64_after_hwframe"])

    def test_oops_in_an_interrupt(self):
        """The trace goes on where the interrupt came, and begins where it went wrong."""
        found = logtext.facts(lines("oops-irq.txt"))
        self.assertEqual(found["panic"],
                         "BUG: kernel NULL pointer dereference, address: 0000000000000010")
        self.assertEqual(found["taint"], [["O", ""]])
        self.assertEqual(found["module_list"], [{"name": "kdump_test", "taint": "O"}])
        names = [frame["function"] for frame in found["backtraces"][0]["frames"]]
        self.assertEqual(names[:2], ["kdump_test_irq_oops [kdump_test]", "irq_work_single"])
        self.assertEqual(names[4:9], ["sysvec_irq_work", "asm_sysvec_irq_work",
                                      "arch_irq_work_raise", "irq_work_queue",
                                      "kdump_test_irq [kdump_test]"])
        self.assertEqual(names[-1], "entry_SYSCALL_64_after_hwframe")

    def test_other_forms(self):
        """Lines with facility and level, or with the caller, mean the same."""
        plain = lines("panic-6.12.txt")
        for form in (lambda line: f"kern  :info  : {line}",
                     lambda line: line.replace("] ", "] [  T201] ", 1)):
            self.assertEqual(logtext.facts(list(map(form, plain))), logtext.facts(plain))

    def test_nothing(self):
        self.assertEqual(logtext.facts([]), {"panic": None, "module_list": []})
        self.assertIsNone(logtext.facts(["[ 1.0] hello"])["panic"])

    def test_reasons(self):
        """Each sign of a crash is found, and what tells more comes before what came later."""
        for sign in signs.SIGNS:
            log = ["[    1.000000] hello", f"[    2.000000] [   T7] {sign}x", "[    3.000000] bye"]
            self.assertEqual(logtext.facts(log)["panic"], f"{sign}x")
        for words in ("kernel BUG at mm/slub.c:305!", "divide error: 0000 [#1] SMP",
                      "general protection fault, probably for non-canonical address 0xdead",
                      "watchdog: BUG: soft lockup - CPU#3 stuck for 22s!"):
            self.assertEqual(logtext.facts([f"[ 1.0] {words}", "[ 1.1] Oops: x"])["panic"], words)

    def test_same_signs_as_saver(self):
        """vmcore-save --info has the same list."""
        source = (ROOT / "tools" / "vmcore-save" / "text.c").read_text(encoding="utf-8")
        found = re.search(r"\bsigns\[\] = \{(.*?)\};", source, re.DOTALL)
        if not found:
            self.skipTest("vmcore-save has no list of signs")
        self.assertEqual(sorted(re.findall(r'"(.*?)"', found[1])), sorted(signs.SIGNS))

    def test_absurd_numbers(self):
        """No clock and no CPU has such numbers; the rest of the log counts."""
        for line in ("[99999999999999999999.000000] x", f"[{'9' * 5000}.0] x", "[1." + "9" * 5000,
                     f"[1.0] CPU: {'9' * 5000} PID: 1 Comm: x Not tainted 6.1 #1",
                     f"[1.0] CPU: 1 PID: {'9' * 5000} Comm: x Not tainted 6.1 #1"):
            found = logtext.facts(["[    1.000000] BUG: x", line])
            self.assertEqual(found["panic"], "BUG: x")
            self.assertNotIn("crashed", found)
            logtext.moments(["[    1.000000] BUG: x", line])

    def test_lines_made_to_take_long(self):
        """Time grows as the log does, whatever is in the lines."""
        program = ("import sys; sys.path.insert(0, sys.argv[1]); from crashreport import logtext\n"
                   "for piece in ('a', 'a ', 'CPU: 1 ', 'PID: 1 Comm: ', '[', '[1.0] ', 'a+0x1/',"
                   " '\u00e9', 'Linux version a ', '#1 ', 'a(', 'a.', 'kern :'):\n"
                   "    line = (piece * 64000)[:64000]\n"
                   "    log = ['[1.0] CPU: 1 PID: 7 Comm: x Not tainted 6.12 #1', 'Call Trace:']\n"
                   "    logtext.facts(log + [line] * 200)\n"
                   "    logtext.moments(log + [line] * 200)\n")
        done = subprocess.run([sys.executable, "-c", program, ROOT / "tools" / "gdb"], check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (30, 30)))
        self.assertEqual(done.returncode, 0)

    def test_last_minute(self):
        log = [f"[{second:5}.500000] message {second}" for second in range(100)] + ["no time"]
        found = logtext.moments(log, [second % 8 for second in range(100)])
        self.assertEqual((len(found), found[0]["text"], found[0]["before"]), (61, "message 39", 60))
        self.assertEqual(found[-1], {"before": 0, "level": 3, "text": "message 99"})
        self.assertEqual(logtext.moments([]), [])


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def write(self, **files):
        for name, content in files.items():
            path = self.folder / name.replace("_", "-").replace("-txt", ".txt")
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def test_log_only(self):
        self.write(vmcore_dmesg_txt=(DATA / "panic-6.12.txt").read_text(), kdump_status=STATUS,
                   report_txt=f"Memory by class:\n{SUMMARY}")
        known = collect.collect(self.folder)
        self.assertEqual(known["crashed"]["pid"], 201)
        self.assertEqual(sum(known["classes"].values()), 203 * 4096)
        self.assertEqual(known["problems"], ["There is no dump, so this is what the log has."])
        report = text.render(known)
        for words in ("Kernel crash of web1", "Saving:    ok, after 7 s", "CPU 0 crashed",
                      "kernel: pages 40 bytes 163840", "sysrq_handle_crash"):
            self.assertIn(words, report)
        # What has been found once is there when the report is made anew from the report.
        self.write(report_txt=report)
        self.assertEqual(collect.collect(self.folder)["classes"], known["classes"])

    def test_dump_without_debug_information(self):
        self.write(vmcore=dumps.elf({4096: bytes(4096)}, dumps.vmcoreinfo(
            OSRELEASE="6.12.9-none", CRASHTIME=1795369621)))
        known = collect.collect(self.folder)
        self.assertRegex(known["problems"][0], "vmcore: the dump's VMCOREINFO has no")
        self.assertRegex(known["problems"][1], "No debug information: no vmlinux .* 6.12.9-none")
        self.assertNotIn("\n", "".join(known["problems"]))

    def test_cut_dump(self):
        """What a dump lacks is among the problems, and the rest of it is read."""
        content = {at * 4096: bytes(4096) for at in range(1, 9)}
        notes = dumps.vmcoreinfo(OSRELEASE="6.12.9-none")
        for make in (dumps.elf, dumps.kdump):
            whole = dumps.flat_in_order(make(content, notes, compress=bytes)
                                        if make is dumps.kdump else make(content, notes))
            self.write(vmcore=whole[:-9000])
            known = collect.collect(self.folder, use_gdb=False)
            self.assertIn("vmcore: the flattened form has no end mark", known["problems"][0])
            self.assertRegex(known["problems"][1], r"^vmcore: it was cut off: \d+ of \d+ ")
            self.assertEqual(known["release"], "6.12.9-none")
            sums = memmap.totals(known["map"])
            self.assertGreater(sums["lost"], 0)
            self.assertEqual(sum(sums.values()), 8 * 4096)
            self.assertIn("missing, or not readable", page.render(known))
        (self.folder / "vmcore").rename(self.folder / "vmcore-incomplete")
        known = collect.collect(self.folder, use_gdb=False)
        self.assertIn("not finished", known["problems"][0])

    def test_files_of_another_kind(self):
        """A pipe where a file ought to be keeps nobody waiting; huge numbers count as none."""
        os.mkfifo(self.folder / "kdump-status")
        os.mkfifo(self.folder / "vmcore-dmesg.txt")
        self.write(report_txt=f"kernel: pages 1 bytes {'9' * 5000}\n")
        self.assertNotIn("classes", collect.collect(self.folder))

    def test_status_of_another(self):
        """Whoever wrote the status, nothing in it gets to a terminal or into the page as it is."""
        self.write(kdump_status="result=ok\x1b]0;x\x07\nseconds=\x1b[2J\nhost=\u202e<b>\nbytes=1,\n"
                                '"armed": true\nerror=\x9b31m\n')
        known = collect.collect(self.folder)
        for report in (json.dumps(known), text.render(known), page.render(known)):
            self.assertFalse({"\x1b", "\x07", "\x9b", "\u202e"} & set(report))
        self.assertNotIn("armed", known["status"])

    def test_damaged_dump(self):
        self.write(vmcore=b"KDUMP   " + bytes(range(256)) * 64, vmcore_dmesg_txt="[ 1.0] hello")
        known = collect.collect(self.folder, use_gdb=False)
        self.assertEqual(known["log"], ["[ 1.0] hello"])
        self.assertEqual(len(known["problems"]), 1)

    def test_wrong_numbers(self):
        """Whatever reading a dump ends in, there is a report of the rest."""
        self.write(vmcore=dumps.elf({}, b""), vmcore_dmesg_txt="[ 1.0] hello")
        for error in (MemoryError(), IndexError("out of range"), KeyError("x"),
                      struct.error("too few"), OverflowError("too large")):
            with unittest.mock.patch.object(collect, "from_dump", side_effect=error):
                known = collect.collect(self.folder, use_gdb=False)
            self.assertEqual(known["log"], ["[ 1.0] hello"])
            self.assertRegex(known["problems"][0], "^vmcore: .")

    def test_huge(self):
        """Neither many lines nor long ones make a large report."""
        self.write(vmcore_dmesg_txt=("[    1.000000] " + "x" * 100000 + "\n") * 500)
        known = collect.collect(self.folder)
        self.assertLess(len(page.render(known)), 1 << 21)

    def test_program(self):
        """It replaces both files at once, for nobody else to read, and prints JSON."""
        self.write(vmcore_dmesg_txt=(DATA / "oops-irq.txt").read_text(), report_txt="old")
        os.chmod(self.folder / "report.txt", 0o644)
        done = subprocess.run([KDUMP_REPORT, "--json", self.folder], capture_output=True, text=True,
                              check=True)
        self.assertEqual(json.loads(done.stdout)["crashed"]["cpu"], 2)
        for name in ("report.txt", "report.html"):
            mode = (self.folder / name).stat().st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertIn("kdump_test_irq_oops", (self.folder / "report.txt").read_text())
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["report.html", "report.txt", "vmcore-dmesg.txt"])

    def test_no_folder(self):
        done = subprocess.run([KDUMP_REPORT, self.folder / "none"], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not a folder with a dump", done.stderr)


class Elements(html.parser.HTMLParser):
    """Collects the names of elements and attributes, and all text."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


class Untrusted(unittest.TestCase):
    def test_everything_evil(self):
        """Any text of the crashed machine stays text."""
        task = {"pid": 1, "comm": EVIL, "state": "D", "cpu": 0,
                "frames": [{"function": EVIL, "file": EVIL, "line": 1}]}
        known = collect.clean({
            "panic": EVIL, "release": EVIL, "version": EVIL, "machine": EVIL, "hardware": EVIL,
            "crashed": {"cpu": 0, "pid": 1, "comm": EVIL}, "backtraces": [task],
            "waiting": [task], "waiting_total": 1, "debug_information": True,
            "module_list": [{"name": EVIL, "taint": EVIL}], "taint": [[EVIL, EVIL]],
            "log": [EVIL], "problems": [EVIL], "build_id": EVIL,
            "dump": {"name": EVIL, "size": 1}, "classes": {"free": 1, "kernel": 2},
            "classes_source": EVIL, "status": {"host": EVIL, "result": EVIL, "error": EVIL}})
        found = Elements()
        found.feed(page.render(known))
        self.assertNotIn("script", found.tags)
        self.assertIn("<script>alert(1)</script>", found.text)
        self.assertFalse({name for name in found.attributes if name.startswith("on")})
        self.assertFalse({"src", "href"} & found.attributes)
        for report in (page.render(known), text.render(known)):
            self.assertNotIn("\x1b", report)
            self.assertNotIn("\u202e", report)

    def test_clean(self):
        self.assertEqual(collect.clean({"a\n": ["\0", 1, None, ("x",)]}),
                         {"a\\x0a": ["\\x00", 1, None, ["x"]]})
        self.assertEqual(len(collect.clean("x" * 100000)), collect.MAX_TEXT)

    def test_sizes(self):
        self.assertEqual([text.size(number) for number in (0, 1023, 1024, 5 << 30, 3 << 40)],
                         ["0 bytes", "1023 bytes", "1.0 KiB", "5.0 GiB", "3.0 TiB"])

    def test_source(self):
        for given, wanted in (("../kernel/panic.c", "kernel/panic.c:7"),
                              ("/build/path/linux-6.1.176/fs/open.c", "fs/open.c:7"),
                              ("../../arch/x86/a.c", "arch/x86/a.c:7"), ("mm/a.c", "mm/a.c:7")):
            self.assertEqual(text.source({"file": given, "line": 7}), wanted)


if __name__ == "__main__":
    unittest.main()
