"""Where bytes of a kind stand in a buffer of any size, without a copy of it for every question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE: Final = 1 << 21  # bytes asked of at once: a usual block is one piece
CELL: Final = 64  # bytes counted together
ASKED: Final = 1 << 14  # offsets asked of at once

Array = np.ndarray[Any, Any]


def places(data: Array, kind: Callable[[Array], Array]) -> Array:
    """Return the places (int64, ascending) at which `kind` (uint8 array to boolean array of its length) holds.

    >>> places(np.frombuffer(b"a,b,c", dtype=np.uint8), lambda piece: piece == ord(",")).tolist()
    [1, 3]
    """
    if len(data) <= PIECE:
        return np.flatnonzero(kind(data))
    return np.concatenate(
        [np.flatnonzero(kind(data[start : start + PIECE])) + start for start in range(0, len(data), PIECE)]
    )


def counter(data: Array, kind: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return a function that tells how many places of a kind stand before each of some offsets.

    >>> counter(np.frombuffer(b"a,b,c", dtype=np.uint8), lambda piece: piece == ord(","))(np.array([0, 2, 5])).tolist()
    [0, 1, 2]
    """
    if len(data) <= PIECE:
        found = places(data, kind)
        return lambda at: np.searchsorted(found, at)
    counts = [np.zeros(1, dtype=np.int64)]
    for start in range(0, len(data), PIECE):  # a whole number of cells
        piece = kind(data[start : start + PIECE])
        counts.append(np.add.reduceat(piece, np.arange(0, len(piece), CELL), dtype=np.int64))
    before = np.cumsum(np.concatenate(counts))

    def count(at: Array) -> Array:
        at = np.minimum(at, len(data))
        return np.concatenate([np.zeros(0, dtype=np.int64), *map(some, np.array_split(at, len(at) // ASKED + 1))])

    def some(at: Array) -> Array:
        cells = at // CELL
        inside = cells[:, None] * CELL + np.arange(CELL)
        here = kind(data[np.minimum(inside, len(data) - 1)]) & (inside < at[:, None])
        told: Array = before[cells] + here.sum(axis=1)
        return told

    return count
