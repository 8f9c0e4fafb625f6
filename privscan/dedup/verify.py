"""Are two rows alike? First what their signatures say, then exactly.

Similarity is exact over the sets of 32-bit shingle hashes, read back for the rows that need it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privscan.dedup.store import Store

__all__ = ["Sets", "agreements", "jaccard", "least_agreement", "overlap"]

_COMPARED_AT_ONCE = 1 << 13
_DEVIATIONS = 4.0


def overlap(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    """Return how much of the smaller set the larger one holds, given as `jaccard` takes them; 0 where one is empty.

    >>> overlap(np.array([1, 2, 3, 4], np.uint32), np.array([3, 4, 5, 6, 7, 8], np.uint32))
    0.5
    """
    least = min(one.size, other.size)
    return _shared(one, other) / least if least else 0.0


def jaccard(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    """Return the Jaccard similarity of two sets, each given as distinct values in any order; 0 for two empty ones.

    >>> jaccard(np.array([1, 2, 3, 4], np.uint32), np.array([2, 3, 4, 5], np.uint32))
    0.6
    """
    shared = _shared(one, other)
    union = one.size + other.size - shared
    return shared / union if union else 0.0


def _shared(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> int:
    together = np.concatenate((one, other))
    together.sort()
    return int(np.count_nonzero(together[1:] == together[:-1]))


def least_agreement(threshold: float, hashes: int) -> int:
    """Return how many of `hashes` MinHash values two sets at the threshold share, less four standard deviations.

    >>> least_agreement(0.8, 125)
    82
    """
    spread = _DEVIATIONS * math.sqrt(hashes * threshold * (1.0 - threshold))
    return max(0, math.floor(hashes * threshold - spread))


def agreements(low: NDArray[np.uint8], one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the equal values of the signatures `low[one[i]]` and `low[other[i]]`; `low` has a signature a row.

    Low bytes of different values agree by chance once in 256: the count is never too small.
    """
    found = np.empty(one.size, np.int64)
    for start in range(0, one.size, _COMPARED_AT_ONCE):
        part = slice(start, start + _COMPARED_AT_ONCE)
        found[part] = np.count_nonzero(low[one[part]] == low[other[part]], axis=1)
    return found


class Sets:
    """The shingle sets of rows, read from the signature files; the last `size` bytes of them are kept."""

    def __init__(self, store: Store, size: int) -> None:
        self._store, self._size = store, size
        self._sets: OrderedDict[int, NDArray[np.uint32]] = OrderedDict()
        self._bytes = 0

    def get(self, row: int, offset: int, count: int) -> NDArray[np.uint32]:
        """Return the distinct shingle hashes of a row, ascending; `offset` and `count` as in its `meta`."""
        if row in self._sets:
            self._sets.move_to_end(row)
            return self._sets[row]
        found = np.sort(self._store.shingles(row, offset, count))
        new = np.empty(found.size, np.bool_)
        new[:1] = True
        np.not_equal(found[1:], found[:-1], out=new[1:])
        found = found[new]
        self._sets[row] = found
        self._bytes += found.nbytes
        while self._bytes > self._size and len(self._sets) > 1:
            self._bytes -= self._sets.popitem(last=False)[1].nbytes
        return found
