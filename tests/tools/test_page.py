# SPDX-License-Identifier: GPL-2.0
"""The page in a browser: headless Chromium, at the width of a phone and of a desktop."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

from crashreport import collect, memmap, page

DATA = pathlib.Path(__file__).resolve().parent / "data"
CHROME = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
START_TIMEOUT = 60
SIZES = {"phone": (360, 740), "tablet": (768, 1024), "desktop": (1280, 900)}
# Elements whose right edge is out of the window, but for those inside of one that scrolls.
OVERFLOW = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll("body *")].filter(element =>
    !element.closest("pre") && element.getBoundingClientRect().right > wide + 1
).map(element => element.outerHTML.slice(0, 80));
"""
WIDTHS = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth];"
# The contrast of text with what is behind it, by WCAG 2, where it is below 4.5.
CONTRAST = """
const linear = value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const channel = value => linear(value / 255);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parts = text => text.match(/[\\d.]+/g).map(Number);
const ground = element => {
    for (; element; element = element.parentElement) {
        const found = parts(getComputedStyle(element).backgroundColor);
        if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
};
return [...document.querySelectorAll("body *")].filter(element =>
    [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
).map(element => {
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.outerHTML.slice(0, 80)];
}).filter(([ratio]) => ratio < 4.5);
"""


def example():
    """A report with all its parts, and with names that are long."""
    name = "an_extremely_long_function_name_that_goes_on_and_on_without_any_place_to_break"
    known = collect.collect(DATA)
    log = (DATA / "oops-irq.txt").read_text().splitlines()
    frames = [{"function": f"{name}.constprop.0.isra.0" if index == 3 else f"function_{index}",
               "file": f"../drivers/net/ethernet/vendor/driver/{name}.c", "line": index,
               "pc": 1 << 63} for index in range(12)]
    tasks = [{"pid": 1000 + cpu, "comm": "swapper/0" if cpu % 2 else "a" * 15, "state": "D",
              "cpu": cpu, "frames": frames} for cpu in range(8)]
    ends = [0, 1 << 20, 3 << 20, 640 << 20, 3 << 30]
    cells = [[[index << 14, 0, 1 << 20, (index % 9 == 8) << 16] for index in range(memmap.CELLS)]
             for _ in ends]
    known.update(
        map={"row": 1 << 27, "rows": [{"start": start, "cells": row}
                                      for start, row in zip(ends, cells)]},
        moments=[{"before": 60 - index / 10, "level": index % 8, "text": f"message {index} {name}"}
                 for index in range(600)],
        panic="Kernel panic - not syncing: " + "x" * 120, log=log * 4, backtraces=tasks,
        crashed={"cpu": 2, "pid": 1002, "comm": "a" * 15}, waiting=tasks, waiting_total=60,
        debug_information=True, time=1795369621, build_id="01a9d22c3e138ccaedbc87" * 2,
        release="6.12.107+deb13-amd64", version="#1 SMP PREEMPT_DYNAMIC Debian 6.12.107-1",
        hardware="QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014",
        classes={"kernel": 3 << 28, "user": 1 << 31, "cache": 1 << 30, "private-cache": 1 << 24,
                 "zero": 1 << 27, "free": 1 << 32, "unclassified": 4096},
        classes_source="each page", taint=[["O", "externally-built module was loaded"]],
        module_list=[{"name": f"module_{number}", "size": 4096 * number, "taint": "OE"[:number % 3]}
                     for number in range(80)])
    return known


class Browser:
    """Chromium through its driver, which speaks WebDriver (a W3C recommendation) in JSON."""

    def __init__(self):
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        port = next(line.rsplit(" ", 1)[1].strip(".\n") for line in self._driver.stdout
                    if "started successfully on port" in line)
        self._url = f"http://127.0.0.1:{port}/session"
        self._session = None

    def close(self):
        self.end()
        self._driver.terminate()
        self._driver.wait()
        self._driver.stdout.close()

    def _ask(self, path, body=None, method="POST"):
        request = urllib.request.Request(
            self._url + path, method=method, headers={"Content-Type": "application/json"},
            data=json.dumps(body or {}).encode() if method == "POST" else None)
        with urllib.request.urlopen(request, timeout=START_TIMEOUT) as answer:
            return json.load(answer)["value"]

    def start(self, size, dark=False):
        """A browser whose window has exactly that size."""
        self.end()
        options = {"args": CHROME, "mobileEmulation": {"deviceMetrics": {
            "width": size[0], "height": size[1], "pixelRatio": 1, "touch": size[0] < 500}}}
        answer = self._ask("", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self._session = answer["sessionId"]
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def end(self):
        if self._session:
            self._ask(f"/{self._session}", method="DELETE")
            self._session = None

    def command(self, name, **parameters):
        """One of the browser's own commands (Chrome DevTools Protocol)."""
        return self._ask(f"/{self._session}/goog/cdp/execute", {"cmd": name, "params": parameters})

    def open(self, path):
        self._ask(f"/{self._session}/url", {"url": path.as_uri()})

    def run(self, script):
        return self._ask(f"/{self._session}/execute/sync", {"script": script, "args": []})

    def log(self):
        return self._ask(f"/{self._session}/se/log", {"type": "browser"})


@unittest.skipUnless(shutil.which("chromedriver") and shutil.which("chromium"),
                     "chromium and chromium-driver are not installed")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.path = pathlib.Path(temporary.name, "report.html")
        cls.path.write_text(page.render(example()), encoding="utf-8")

    def show(self, size, **options):
        self.browser.start(SIZES[size], **options)
        self.browser.open(self.path)
        self.browser.run("document.querySelectorAll('details').forEach(d => d.open = true);")

    def test_no_overflow(self):
        """Nothing is wider than the window, with everything opened."""
        for size in SIZES:
            with self.subTest(size=size):
                self.show(size)
                wide, window = self.browser.run(WIDTHS)
                self.assertEqual(window, SIZES[size][0])
                self.assertLessEqual(wide, window)
                self.assertEqual(self.browser.run(OVERFLOW), [])

    def test_overflow_would_show(self):
        """The check above notices an element that is too wide."""
        self.show("phone")
        self.browser.run("document.querySelector('h2').style.width = '500px';")
        self.assertGreater(self.browser.run(WIDTHS)[0], SIZES["phone"][0])
        self.assertTrue(self.browser.run(OVERFLOW))

    def test_contrast(self):
        """Text can be read, in light and in dark."""
        for dark in (False, True):
            with self.subTest(dark=dark):
                self.show("desktop", dark=dark)
                self.assertEqual(self.browser.run(CONTRAST), [])

    def test_quiet(self):
        """The browser has nothing to complain about, and loads nothing else."""
        self.show("desktop")
        self.assertEqual(self.browser.log(), [])
        loaded = self.browser.run("return performance.getEntriesByType('resource').length;")
        self.assertEqual(loaded, 0)

    def test_pictures(self):
        """Each class of memory and each kind of message has a shape, and none is invisible."""
        self.show("phone")
        for kind in ("m-kept", "m-left-out", "m-lost", "t-alarm", "t-warning", "t-other"):
            size = self.browser.run(f"const box = document.querySelector('svg .{kind}')"
                                    ".getBoundingClientRect(); return [box.width, box.height];")
            self.assertGreaterEqual(min(size), 1, kind)

    def test_first_screen(self):
        """On a phone the first screen shows what happened."""
        self.show("phone")
        top = self.browser.run("return document.querySelector('.panic')"
                               ".getBoundingClientRect().bottom;")
        self.assertLess(top, SIZES["phone"][1] / 2)

    def test_print(self):
        """Printed on A4 it takes several pages, with what was closed."""
        self.browser.start(SIZES["desktop"])
        self.browser.open(self.path)
        self.browser.command("Emulation.setEmulatedMedia", media="print")
        hidden = self.browser.run("return [...document.querySelectorAll('details ol, details pre')]"
                                  ".filter(e => !e.checkVisibility()).length;")
        self.assertEqual(hidden, 0)


if __name__ == "__main__":
    unittest.main()
