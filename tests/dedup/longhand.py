"""Texts of our own making, and the long way round: word n-grams and Jaccard similarity by the book."""

from __future__ import annotations

import functools
import random
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.dedup import Duplicate

WORD = re.compile(r"\w+")
NOUNS = (
    "river stone lamp garden winter letter harbour engine basket mirror copper valley thunder orchard ladder".split()
)
VERBS = "carries follows covers finds repairs watches opens lowers measures forgets".split()


@functools.lru_cache(2000)
def grams(text: str, ngram: int = 5) -> frozenset[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    if 0 < len(words) < ngram:
        return frozenset({tuple(words)})
    return frozenset(tuple(words[i : i + ngram]) for i in range(len(words) - ngram + 1))


def similarity(one: str, other: str, ngram: int = 5) -> float:
    mine, theirs = grams(one, ngram), grams(other, ngram)
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0


def story(seed: int, words: int) -> list[str]:
    pick = random.Random(seed)
    return [pick.choice(NOUNS if at % 2 else VERBS) + str(pick.randrange(40)) for at in range(words)]


def edited(words: Sequence[str], seed: int, changes: int) -> list[str]:
    pick = random.Random(seed)
    out = list(words)
    for _ in range(changes):
        out[pick.randrange(len(out))] = f"edit{pick.randrange(1000)}"
    return out


def places(found: dict[int, Duplicate]) -> dict[int, tuple[int, float, str]]:
    """Leave out the file number, which differs by layout."""
    return {row: (why.row, why.similarity, why.method) for row, why in found.items()}
