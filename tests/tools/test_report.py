# SPDX-License-Identifier: GPL-2.0
"""The report: what the log tells, what a dump tells, and that nothing in it is believed."""
import html.parser
import json
import os
import pathlib
import stat
import struct
import subprocess
import tempfile
import unittest
import unittest.mock

import dumps
from crashreport import collect, logtext, page, text

DATA = pathlib.Path(__file__).resolve().parent / "data"
KDUMP_REPORT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "kdump" / "kdump-report"
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
