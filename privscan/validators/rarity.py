"""How rare a string is among what people write: words and identifiers cost few bits a character, random ones many.

The table is made by `training/bigrams.py` from plain texts of many kinds.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from importlib import resources

_CLASSES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0_"
_SCALE = 4  # steps of the table in a bit
_INDEX = bytes(
    _CLASSES.index(chr(byte)) if chr(byte) in _CLASSES else 52 if 0x30 <= byte <= 0x39 else 53 for byte in range(256)
)


@functools.cache
def _table() -> tuple[tuple[int, ...], ...]:
    text = resources.files(__package__).joinpath("bigrams.txt").read_text(encoding="ascii")
    return tuple(tuple(map(int, line.split())) for line in text.splitlines())


@functools.lru_cache(maxsize=4096)
def rarity(value: str) -> float:
    """Return how many bits a pair of neighbouring characters is worth on average; 0 for fewer than two characters.

    >>> rarity("description_of_the_value") < 4.5 < rarity("x7Kq9vLm2TzPw4Rb")
    True
    """
    table = _table()
    kinds = value.encode("latin-1", "replace").translate(_INDEX)
    if len(kinds) < 2:
        return 0.0
    return sum(table[a][b] for a, b in itertools.pairwise(kinds)) / _SCALE / (len(kinds) - 1)


def entropy(value: str) -> float:
    """Return Shannon's entropy of the characters, in bits a character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0
