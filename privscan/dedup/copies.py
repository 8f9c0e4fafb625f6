"""How many copies the rows of a run have, for its report: families, their sizes, and examples. Reads lists of drops.

Memory: some 30 bytes a row that has a twin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from privscan.dedup.families import sizes
from privscan.dedup.store import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["Copies", "Pair", "copies"]

_ROW_BITS = 40
_PAIRS = 3  # examples of a part that are remembered at a time, as many as a report shows


class Pair(NamedTuple):
    """Two rows that are alike, each as (file, row), and how much."""

    row: tuple[int, int]
    kept: tuple[int, int]
    similarity: float


class Copies:
    """The families of a run, by the row that stays for them: how many exact and other copies it has."""

    def __init__(self, keys: NDArray[np.int64], exact: NDArray[np.int64], near: NDArray[np.int64]) -> None:
        self._keys, self.exact, self.near = keys, exact, near

    def __len__(self) -> int:
        return self._keys.size

    def of(self, file: int, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many exact and how many other copies rows of a file have."""
        if not self._keys.size:
            return np.zeros(rows.size, np.int64), np.zeros(rows.size, np.int64)
        keys = _keys(np.full(rows.size, file), rows)
        at = np.minimum(np.searchsorted(self._keys, keys), self._keys.size - 1)
        there = self._keys[at] == keys
        return np.where(there, self.exact[at], 0), np.where(there, self.near[at], 0)

    def largest(self, count: int) -> list[tuple[int, int, int, int]]:
        """Return (file, row, exact, near) of the largest families, the largest first, then by place."""
        order = np.lexsort((self._keys, -(self.exact + self.near)))[:count]
        places = self._keys[order]
        rows = places & ((1 << _ROW_BITS) - 1)
        return list(
            zip(
                (places >> _ROW_BITS).tolist(),
                rows.tolist(),
                self.exact[order].tolist(),
                self.near[order].tolist(),
                strict=True,
            )
        )

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """How many families there are of 2, 3, 4 to 7, 8 to 15 ... rows; those of a reference row count without it."""
        whole = self.exact + self.near + (self._keys >= 0)
        return sizes(whole[whole > 1])


def copies(parts: Iterable[tuple[int, str]]) -> tuple[Copies, list[Pair]]:
    """Return the families told by lists of drops, given as (file number, path), and the least alike pairs of them.

    The pairs are of different families, and do not depend on where parts begin. InputError as for `drops`.
    """
    keys: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    methods: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)]
    pairs: list[Pair] = []
    for file, path in parts:
        rows = table(path)
        keys.append(_keys(rows["kept_file"], rows["kept_row"]))
        methods.append(rows["method"] > 0)
        pairs = _least(pairs, file, rows)
    every = np.concatenate(keys)
    found, place = np.unique(every, return_inverse=True)
    other = np.bincount(place, np.concatenate(methods), found.size).astype(np.int64)
    return Copies(found, np.bincount(place, minlength=found.size) - other, other), pairs


def _keys(files: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.int64]:
    return (files.astype(np.int64) << _ROW_BITS) | rows.astype(np.int64)


def _least(pairs: Sequence[Pair], file: int, rows: NDArray[Any]) -> list[Pair]:
    """Return the least alike of the pairs so far and those of one more part, one a family."""
    other = rows[rows["method"] > 0]
    order = np.lexsort((other["row"], other["similarity"]))[: 16 * _PAIRS]
    fresh = [
        Pair((file, row), (kept_file, kept_row), round(similarity, 6))
        for row, kept_file, kept_row, similarity, *_ in other[order].tolist()
        if kept_file >= 0
    ]
    best: dict[tuple[int, int], Pair] = {}
    for pair in sorted([*pairs, *fresh], key=lambda entry: (entry.similarity, entry.row)):
        best.setdefault(pair.kept, pair)
    return list(best.values())[:_PAIRS]
