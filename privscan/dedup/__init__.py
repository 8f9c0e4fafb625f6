"""Which rows repeat an earlier one: exact copies, then near copies by MinHash, each checked exactly.

Pass one signs the rows of every shard (`sign.Signer`), on any worker and in any order; `choose.choose` then joins the
shards and decides. A row is dropped only if it is equal to, or itself at or over the threshold with, a row that stays.
The result depends on the order of the rows alone, not on workers or on where shards begin.

This module holds the nouns and imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass

from privscan.errors import ConfigError, nearest

__all__ = ["METHODS", "DedupSettings", "Duplicate", "Part", "Summary"]

METHODS = ("exact", "near", "off")


@dataclass(frozen=True, slots=True)
class DedupSettings:
    """How rows are compared. ConfigError on a value that makes no sense.

    Similarity is the Jaccard index of the sets of lower-cased word `ngram`-grams; `threshold` is in (0, 1]. Two rows
    are compared when one of `bands` groups of `rows` MinHash values agrees; `seed` picks the hash functions.
    """

    method: str = "near"
    threshold: float = 0.8
    ngram: int = 5
    bands: int = 25
    rows: int = 5
    seed: int = 1

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(f'deduplication method "{self.method}" is unknown{nearest(self.method, METHODS)}')
        if not 0.0 < self.threshold <= 1.0:
            raise ConfigError("the deduplication threshold must be over 0 and at most 1")
        for name, value, top in (("ngram", self.ngram, 1000), ("bands", self.bands, 1000), ("rows", self.rows, 1000)):
            if not 1 <= value <= top:
                raise ConfigError(f"deduplication {name} must be from 1 to {top}")
        if not 0 <= self.seed < 2**32:
            raise ConfigError("the deduplication seed must be from 0 to 4294967295")

    @property
    def hashes(self) -> int:
        """MinHash values a row."""
        return self.bands * self.rows

    @property
    def recall(self) -> float:
        """Chance that two rows exactly at the threshold are compared at all; 0.99995 with the defaults."""
        return float(1.0 - (1.0 - self.threshold**self.rows) ** self.bands)


@dataclass(frozen=True, slots=True)
class Part:
    """The signature file of one shard and the number of the input file the shard belongs to."""

    path: str
    file: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Why a row goes: the row that stays, as file number and file row, and how alike they are.

    `method` is "exact" (the same text, similarity 1) or "near" (exact Jaccard similarity, six decimals).
    """

    file: int
    row: int
    similarity: float
    method: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What `choose` did. All counts are rows but `compared`, pairs whose exact similarity was computed.

    `rows` had a text; `exact` and `near` are dropped. `clusters` rows stay and have copies, `largest` is the size of
    the biggest such group with the row that stays. `drops` names one file a part, in the order of the parts.
    """

    rows: int
    exact: int
    near: int
    clusters: int
    largest: int
    compared: int
    drops: tuple[str, ...]
