# SPDX-License-Identifier: GPL-2.0
"""A small set of combinations in which every pair of values occurs."""
import itertools


def product(values, allowed):
    """Every allowed combination, in order. values maps a factor to its values."""
    for choice in itertools.product(*values.values()):
        row = dict(zip(values, choice))
        if allowed(row):
            yield row


def pairs(row):
    """The pairs of (factor, value) in a combination."""
    return set(itertools.combinations(row.items(), 2))


def all_pairs(values, allowed):
    """Combinations such that each pair that occurs in the product occurs in one of them.

    Greedy and deterministic: always the combination with the most pairs that
    are still missing, the first of equals.
    """
    candidates = [(row, pairs(row)) for row in product(values, allowed)]
    missing = set().union(*(found for _, found in candidates))
    while missing:
        row, found = max(candidates, key=lambda candidate: len(candidate[1] & missing))
        missing -= found
        yield row
