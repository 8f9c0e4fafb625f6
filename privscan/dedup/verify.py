"""Are two rows alike? First what their signatures say, then exactly, over the sets of their 32-bit shingle hashes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["agreements", "least_agreement", "similarities"]

_COMPARED_AT_ONCE = 1 << 13
_DEVIATIONS = 4.0
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def similarities(
    shingles: NDArray[np.uint32], counts: NDArray[np.int64], pairs: NDArray[np.int64], *, least: bool
) -> NDArray[np.float64]:
    """Return the similarity of pairs of sets that lie end to end in `shingles`, `counts` values each, with repeats.

    `pairs` are two lines of numbers of sets. The similarity is the Jaccard index, or with `least` how much of the
    smaller set the larger one holds; 0 where both (one) are empty. Memory is some 40 bytes a value of every pair.

    >>> values, counts = np.array([1, 2, 3, 4, 2, 3, 4, 5, 6, 2], np.uint32), np.array([4, 6, 0])
    >>> similarities(values, counts, np.array([[0, 0, 2], [1, 0, 2]]), least=False).tolist()
    [0.5, 1.0, 0.0]
    >>> similarities(values, counts, np.array([[0, 0], [1, 2]]), least=True).tolist()
    [0.75, 0.0]
    """
    keys = shingles | np.repeat(np.arange(counts.size, dtype=np.uint64) << _HALF, counts)
    keys.sort()
    new = np.ones(keys.size, np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    keys = keys[new]
    sizes = np.bincount((keys >> _HALF).astype(np.int64), minlength=counts.size)
    starts = np.cumsum(sizes) - sizes
    ends = pairs.reshape(-1)
    lengths = sizes[ends]
    at = np.arange(lengths.sum()) + np.repeat(starts[ends] - (np.cumsum(lengths) - lengths), lengths)
    number = np.tile(np.arange(pairs.shape[1], dtype=np.uint64) << _HALF, 2)
    together = (keys[at] & _LOW) | np.repeat(number, lengths)
    together.sort()
    twice = together[1:][together[1:] == together[:-1]]
    shared = np.bincount((twice >> _HALF).astype(np.int64), minlength=pairs.shape[1])
    both = sizes[pairs]
    whole = both.min(axis=0) if least else both.sum(axis=0) - shared
    return np.asarray(shared / np.maximum(whole, 1))


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
