# SPDX-License-Identifier: GPL-2.0
"""An ACPI table with a PNP0C02 device that claims memory, made without a compiler.

The encoding is that of the ACPI specification, sections "AML Grammar Definition"
and "Resource Data Types for ACPI".
"""
import struct

SCOPE, NAME, BUFFER, DEVICE = b"\x10", b"\x08", b"\x11", b"\x5b\x82"
BYTE, DWORD = b"\x0a", b"\x0c"
END_TAG = b"\x79\0"
READ_WRITE = 1


def package(contents):
    """The contents behind their length, which counts itself."""
    if len(contents) + 1 < 0x40:
        return bytes((len(contents) + 1,)) + contents
    length = len(contents) + 2
    return bytes((0x40 | length & 15, length >> 4)) + contents


def eisa_id(name):
    """Three letters and four hexadecimal digits, as a number."""
    letters = 0
    for letter in name[:3]:
        letters = letters << 5 | ord(letter) - 0x40
    return letters.to_bytes(2, "big") + bytes.fromhex(name[3:])


def memory32_fixed(start, size):
    return struct.pack("<BHBII", 0x86, 9, READ_WRITE, start, size)


def claims(ranges, device="PNP0C02"):
    """The table, for QEMU's -acpitable file=; ranges are (start, size) below 4 GiB."""
    resources = b"".join(memory32_fixed(*span) for span in ranges) + END_TAG
    buffer = BUFFER + package(BYTE + bytes((len(resources),)) + resources)
    body = (NAME + b"_HID" + DWORD + eisa_id(device)
            + NAME + b"_UID" + BYTE + b"\x77"
            + NAME + b"_CRS" + buffer)
    aml = SCOPE + package(b"\\_SB_" + DEVICE + package(b"CLMS" + body))
    header = struct.pack("<4sIBB6s8sI4sI", b"SSDT", 36 + len(aml), 2, 0, b"CLAIMS", b"MEMORY  ",
                         1, b"TEST", 1)
    table = bytearray(header + aml)
    table[9] = -sum(table) & 0xff
    return bytes(table)
