# SPDX-License-Identifier: GPL-2.0
"""Text from a dump, made safe for a terminal: it may hold anything."""


def printable(text):
    """The text with control and other unprintable characters as \\xNN, a tab as it is."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\t"
                   else "".join(f"\\x{byte:02x}" for byte in letter.encode(errors="replace"))
                   for letter in text)


def c_string(data):
    """The text up to the first zero byte."""
    return printable(bytes(data).split(b"\0", 1)[0].decode(errors="backslashreplace"))
