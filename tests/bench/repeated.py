# SPDX-License-Identifier: GPL-2.0
"""Pages of a kernel with more memory, without an end, from the 40 MB that a small guest's has.

They come again and again, each time with all bytes but zero exchanged, each for another one.
So they have the matches, frequencies, zeros and equal pages of real ones, but no page is the
same as one of another time. In a machine of that size more of them are the same.
"""
import itertools
import random

from filled import PAGE, ZERO, pages_of

BLOCK = 256 * PAGE


def kernel_pages(dump):
    """Those of the pages in an ELF dump."""
    own = b"".join(page for _, page in pages_of(dump) if page != ZERO)
    for number in itertools.count(1):
        table = bytes([0, *random.Random(number).sample(range(1, 256), 255)])
        for block in range(0, len(own), BLOCK):
            content = own[block:block + BLOCK].translate(table)
            yield from (content[at:at + PAGE] for at in range(0, len(content), PAGE))
