"""What the bundled lists know of one word: first name, last name, place, plain word."""

from __future__ import annotations

import functools

import numpy as np

from privscan.detectors.names import network, words

FIRST, LAST, PLACE, PLAIN = 0, 2, 4, 6  # where each list's class (0 to 3) stands in a word's flags


@functools.lru_cache(maxsize=1 << 16)
def flags(word: str) -> int:
    """Return the flags of a word, 0 for one on no list."""
    found = words.split(word)
    return int(network.flags(found, np.arange(1), network.load())[0]) if len(found.starts) == 1 else 0


def level(word: str, which: int) -> int:
    """Return how common a word is on one of the lists, 0 to 3."""
    return flags(word) >> which & 3
