# SPDX-License-Identifier: GPL-2.0
"""The report as one HTML page without anything outside: no script, no link, no image file.

Every text comes from a crashed machine and may be made to deceive: all of it goes
through escape(), and the page's own policy forbids scripts and loading.
"""
import html
import importlib.resources
import re

from . import pictures, text

LOG_LINES = 100
FEW = 4                         # backtraces of CPUs are all open
CLASS_NAMES = {"kernel": "kernel", "user": "user", "cache": "page cache",
               "private-cache": "private page cache", "zero": "zero", "free": "free",
               "unclassified": "not classified", "unreadable": "not readable"}


def escape(value):
    return html.escape(str(value))


def section(name, *content):
    return f"<section><h2>{escape(name)}</h2>\n" + "\n".join(content) + "\n</section>"


def frames(found):
    rows = []
    for frame in found:
        place = text.source(frame)
        rows.append(f'<li><code>{escape(frame["function"])}</code>'
                    + (f' <span class="at">{escape(place)}</span>' if place else "") + "</li>")
    return '<ol class="frames" start="0">' + "\n".join(rows) + "</ol>"


def groups(entries):
    """Backtraces of CPUs, those with the same functions together, in the order of CPUs."""
    found = {}
    for entry in entries:
        idle = entry["comm"].startswith("swapper/")
        key = (idle, *(frame["function"] for frame in entry["frames"]))
        found.setdefault(key if idle else (entry["cpu"],), []).append(entry)
    return list(found.values())


def cpus(known):
    """The crashed CPU first; those that were idle, or are many, wait to be opened."""
    entries = known.get("backtraces") or ()
    parts = []
    order = sorted(groups(entries), key=lambda group: not text.is_crashed(known, group[0]))
    for group in order:
        numbers = ", ".join(str(entry["cpu"]) for entry in group)
        name = f"CPU{'s' if len(group) > 1 else ''} {numbers}"
        idle = group[0]["comm"].startswith("swapper/")
        who = "idle" if idle else f"{group[0]['comm']}, process {group[0]['pid']}"
        crashed = text.is_crashed(known, group[0])
        opened = crashed or len(order) <= FEW and not idle
        mark = ' <strong class="mark">crashed</strong>' if crashed else ""
        parts.append(f'<details{" open" if opened else ""}><summary>'
                     f'{escape(name)} <span class="who">{escape(who)}</span>{mark}</summary>\n'
                     + frames(group[0]["frames"]) + "</details>")
    return section("What each CPU did" if known.get("debug_information")
                   else "Backtrace, from the log", *parts) if parts else ""


def waiting(known):
    if not known.get("debug_information"):
        return ""
    tasks, total = known.get("waiting") or [], known.get("waiting_total") or 0
    if not tasks:
        return section("Tasks in state D", "<p>None: no task was in uninterruptible sleep.</p>")
    parts = [f'<details><summary>{escape(task["comm"])} <span class="who">process '
             f'{task["pid"]}</span> <span class="at">{escape(blocked_in(task))}</span></summary>\n'
             + frames(task["frames"]) + "</details>" for task in tasks]
    if total > len(tasks):
        parts.append(f"<p>and {total - len(tasks)} more.</p>")
    return section(f"Tasks in state D: {total}", *parts)


def blocked_in(task):
    """The first function that is not the scheduler's own."""
    for frame in task["frames"]:
        if not re.match(r"(context_switch|__schedule|schedule|io_schedule|"
                        r"_*(do_)?wait_for_com)", frame["function"]):
            return f"in {frame['function']}"
    return ""


def memory(known):
    classes = {name: number for name, number in (known.get("classes") or {}).items() if number > 0}
    total = sum(classes.values())
    if not total:
        return ""
    order = [name for name in CLASS_NAMES if name in classes]
    bar = "".join(f'<span class="c-{name}" style="flex-grow:{classes[name] / total:.6f}"></span>'
                  for name in order)
    rows = "\n".join(
        f'<tr><th scope="row"><i class="c-{name}"></i>{CLASS_NAMES[name]}</th>'
        f"<td>{text.size(classes[name])}</td><td>{100 * classes[name] / total:.1f} %</td></tr>"
        for name in order)
    return section("Memory by class",
                   f'<div class="bar" role="img" aria-label="{escape(described(classes))}">{bar}'
                   f'</div>\n<table class="classes">{rows}</table>',
                   f'<p class="at">From {escape(known["classes_source"])}.</p>')


def memory_map(known):
    picture = pictures.memory(known["map"]) if known.get("map") else ""
    return section("Memory in the dump", picture) if picture else ""


def timeline(known):
    picture = pictures.timeline(known.get("moments") or ())
    return section("The last minute of the log", picture) if picture else ""


def described(classes):
    total = sum(classes.values())
    return ", ".join(f"{CLASS_NAMES.get(name, name)} {100 * number / total:.0f} per cent"
                     for name, number in classes.items())


def modules(known):
    found = known.get("module_list") or ()
    if not found:
        return ""
    items = "\n".join(
        f'<li><code>{escape(module["name"])}</code>'
        + (f' <b class="mark">{escape(module["taint"])}</b>' if module["taint"] else "")
        + (f' <span class="at">{text.size(module["size"])}</span>' if module.get("size") else "")
        + "</li>" for module in found)
    return section(f"Modules: {len(found)}", f'<ul class="modules">{items}</ul>')


def taint(known):
    rows = "\n".join(f"<li><b class=\"mark\">{escape(letter)}</b> {escape(meaning)}</li>"
                     for letter, meaning in text.taints(known))
    return section("Taint", f'<ul class="plain">{rows}</ul>' if rows
                   else "<p>The kernel was not tainted.</p>")


def log(known):
    lines = known.get("log") or ()
    if not lines:
        return ""
    earlier, last = lines[:-LOG_LINES], lines[-LOG_LINES:]
    parts = [log_block(last)]
    if earlier:
        parts.insert(0, f"<details><summary>{len(earlier)} lines before these</summary>"
                     f"{log_block(earlier)}</details>")
    return section("The last lines of the log", *parts)


def log_block(lines):
    marked = (f'<mark>{escape(line)}</mark>' if pictures.HOT.search(line) else escape(line)
              for line in lines)
    return '<pre tabindex="0">' + "\n".join(marked) + "</pre>"


def render(known):
    """The page as text."""
    style = importlib.resources.files(__package__).joinpath("page.css").read_text("utf-8")
    facts = "\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
                      for name, value in text.facts(known))
    notes = "".join(f"<p>{escape(problem)}</p>" for problem in known["problems"])
    notes = f'<div class="notes">{notes}</div>' if notes else ""
    parts = (cpus(known), waiting(known), memory(known), memory_map(known), timeline(known),
             log(known), taint(known), modules(known))
    body = "\n".join(part for part in parts if part)
    name = escape(text.title(known))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{name}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{name}</h1>
<p class="panic">{escape(known.get("panic") or "No panic message is known")}</p>
<dl>
{facts}
</dl>
{notes}
</header>
<main>
{body}
</main>
</body>
</html>
"""
