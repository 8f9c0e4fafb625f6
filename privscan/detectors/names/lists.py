"""What the bundled lists know of one word: first name, last name, place, plain word."""

from __future__ import annotations

import functools

from privscan.detectors.names import network, words

FIRST, LAST, PLACE, PLAIN = 0, 2, 4, 6  # where each list's class (0 to 3) stands in a word's flags


@functools.lru_cache(maxsize=1 << 16)
def flags(word: str) -> int:
    """Return the flags of a word, 0 for one on no list, and for what is no run of letters and digits."""
    if not word.isalnum() or max(word) > "\uffff":
        return 0
    weights = network.load()
    wanted = words.lower_hash(word) >> 32
    place = int(weights.keys.searchsorted(weights.keys.dtype.type(wanted)))
    return int(weights.flags[place]) if place < len(weights.keys) and weights.keys[place] == wanted else 0


def level(word: str, which: int) -> int:
    """Return how common a word is on one of the lists, 0 to 3."""
    return flags(word) >> which & 3
