# SPDX-License-Identifier: GPL-2.0
"""From the results of single boots to medians, ratios and a table."""
import statistics
import subprocess
import sys


def run(*command):
    done = subprocess.run([str(word) for word in command], check=False)
    if done.returncode:
        sys.exit(f"run-bench: {command[0]} failed")


def summarise(found):
    """{kernel: [{name: number}]} to {name: {kernel: median, "ratio": ours to stock}}."""
    names = dict.fromkeys(name for runs in found.values() for run in runs for name in run)
    results = {}
    for name in names:
        row = {}
        for kernel, runs in found.items():
            values = [result[name] for result in runs if name in result]
            if values:
                row[kernel] = statistics.median(values)
        if row.get("stock") and "ours" in row:
            row["ratio"] = row["ours"] / row["stock"]
        results[name] = row
    return results


def shown(name, value):
    if value is None:
        return "-"
    if name.endswith(", rate"):
        return f"{value / 1e6:.0f} MB/s"
    if name.endswith(", bytes"):
        return f"{value / (1 << 20):.1f} MiB"
    if "filter" in name or "makedumpfile" in name or "first byte" in name:
        return f"{value:.3f}"
    if "counted" in name:
        return f"{value:.2f} B/insn"
    if "/" in name or "seconds" in name or "panic" in name:
        return f"{value:.2f}"
    if "memory" in name or "bytes" in name or "smallest" in name:
        return f"{value / (1 << 20):.1f} MiB"
    if "tables" in name:
        return f"{value / (1 << 10):.0f} KiB"
    return f"{value / 1e6:.0f} MB/s"


def text(results):
    """The table as people read it."""
    lines = [f"{'':56}{'ours':>15}{'stock':>15}{'ours/stock':>12}"]
    for name, row in results.items():
        ratio = f"{row['ratio']:.2f}" if "ratio" in row else "-"
        lines.append(f"{name:56}{shown(name, row.get('ours')):>15}"
                     f"{shown(name, row.get('stock')):>15}{ratio:>12}")
    return "\n".join(lines)
