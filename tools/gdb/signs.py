# SPDX-License-Identifier: GPL-2.0
"""How messages that say why a kernel died begin; tools/vmcore-save/text.c has the same list."""

# Those of a rank tell more than those of the next.
RANKS = (
    ("Kernel panic - not syncing: ",),
    ("BUG: ", "kernel BUG at ", "general protection fault", "divide error: ", "invalid opcode: ",
     "double fault: ", "stack segment: ", "traps: PANIC", "watchdog: BUG: ", "NMI watchdog: BUG: ",
     "watchdog: Watchdog detected hard LOCKUP", "NMI watchdog: Watchdog detected hard LOCKUP",
     "Internal error: ", "Unable to handle kernel "),
    ("Oops", "sysrq: Trigger a crash"),
)
SIGNS = tuple(sign for rank in RANKS for sign in rank)


def find_reason(texts):
    """Of the messages of a log the last one of the highest rank, or None."""
    for rank in RANKS:
        for text in reversed(texts):
            if text.startswith(rank):
                return text
    return None
