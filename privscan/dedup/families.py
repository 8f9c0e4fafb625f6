"""What is decided once every row has its twin: who speaks for a family, which copies may stay, how large families are.

All arrays are by rank (`order`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BARE", "EXACT", "NEAR", "SAME", "STAYS", "Fates", "allow", "settle", "sizes"]

# What is known of a row. BARE rows have a text but no word in it: only exact copies of them are sought.
STAYS, EXACT, SAME, NEAR, BARE = range(5)


@dataclass(frozen=True, slots=True)
class Fates:
    """For every rank: its state, the rank it is like, and how much (1 unless near)."""

    state: NDArray[np.uint8]
    leader: NDArray[np.uint32]
    similarity: NDArray[np.float32]

    @classmethod
    def of(cls, rows: int) -> Fates:
        """Return the fates of rows of which nothing is known."""
        return cls(np.full(rows, STAYS, np.uint8), np.arange(rows, dtype=np.uint32), np.ones(rows, np.float32))

    @property
    def leads(self) -> NDArray[np.bool_]:
        """Whether each rank is like no earlier one."""
        return np.isin(self.state, (STAYS, BARE))


def settle(fates: Fates) -> None:
    """Let every row with a twin point to a row without: first over equal sets, then over equal texts."""
    for state in (SAME, EXACT):
        rows = np.flatnonzero(fates.state == state)
        middle = fates.leader[rows]
        gone = ~fates.leads[middle]
        rows, middle = rows[gone], middle[gone]
        fates.state[rows] = NEAR
        fates.leader[rows] = fates.leader[middle]
        fates.similarity[rows] = fates.similarity[middle]


def allow(fates: Fates, members: NDArray[Any], keep: int, references: int) -> NDArray[np.bool_]:
    """Say which of the ranks that have a twin may stay: the first of each family, until `keep` rows of it do.

    Ranks under `references` belong to reference sets: they are in no output, so nothing of their families stays. With
    `keep` 0 everything does.
    """
    if keep == 0:
        return np.ones(members.size, np.bool_)
    if keep == 1:
        return np.zeros(members.size, np.bool_)
    order = np.argsort(fates.leader[members], kind="stable")
    leaders = fates.leader[members][order]
    start = np.flatnonzero(np.diff(leaders, prepend=np.uint32(0xFFFFFFFF)))
    place = np.arange(leaders.size) - np.repeat(start, np.diff(start, append=leaders.size))
    stays = np.zeros(members.size, np.bool_)
    stays[order] = (place < keep - 1) & (leaders >= references)
    return stays


def sizes(counts: NDArray[Any]) -> tuple[tuple[int, int], ...]:
    """Return how many families there are of 2, 3, 4 to 7, 8 to 15 ... rows as (smallest size, families).

    >>> sizes(np.array([2, 2, 3, 9, 15]))
    ((2, 2), (3, 1), (8, 2))
    """
    edges = np.where(counts < 4, counts, 1 << np.log2(np.maximum(counts, 1)).astype(np.int64))
    found, families = np.unique(edges, return_counts=True)
    return tuple(zip(found.tolist(), families.tolist(), strict=True))
