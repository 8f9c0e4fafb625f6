"""Which rows to compare when a text may stand inside a longer one, which MinHash bands never bring together.

Every row is signed with a few of its shingles, drawn by chance (`anchors`). A row that is contained in another has most
of them in common with it, so all rows that hold an anchor of a row are its candidates: with 8 anchors, one in 390,000
rows contained at 0.8 has none in common. Only distinct shingles of the text itself are drawn, so nothing but the text
decides. Anchors are spread over partitions by their hash, and the shingles are read once for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privscan.dedup.join import bucket_pairs
from privscan.dedup.minhash import permutations, premixed, signatures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from privscan.dedup.budget import Budget
    from privscan.dedup.join import Pairs
    from privscan.dedup.order import Order
    from privscan.dedup.store import Store

__all__ = ["ANCHORS", "LEAST", "anchors", "contained_pairs"]

ANCHORS = 8
LEAST = 8
"""Shingles a text must have to be sought inside others: 12 words in a row, with word 5-grams."""

_SEED = 7
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_WORDS = 1 << 20  # shingles looked at in one go, unless one row has more
_BITS = np.uint32(8)  # a table of 2^24 places tells most shingles that are nobody's anchor


def anchors(shingles: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return `ANCHORS` shingles of each set, mixed, shape (sets, ANCHORS): the least under so many permutations."""
    return anchored(least_of(shingles, offsets))


def least_of(shingles: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the least values that `anchored` turns into anchors; of two parts of a set, the lesser count."""
    return signatures(shingles, offsets, ANCHORS, _SEED)


def anchored(least: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the anchors whose values under the permutations are these."""
    factors, terms = permutations(ANCHORS, _SEED)
    inverse = np.array([pow(factor, -1, 1 << 32) for factor in factors.tolist()], np.uint32)
    return ((least - terms[:, None]) * inverse[:, None]).T


def contained_pairs(store: Store, wanted: NDArray[np.bool_], order: Order, held: Budget, pairs: Pairs) -> None:
    """Add the pairs of `wanted` ranks of which one holds an anchor of the other to `pairs`."""
    parts = held.partitions(store.rows * ANCHORS)
    for partition in range(parts):
        owned = np.sort(np.concatenate([np.zeros(0, np.uint64), *_owned(store, wanted, order, partition, parts)]))
        sought = np.unique(owned >> _HALF).astype(np.uint32)
        if not sought.size:
            continue
        table = np.zeros(1 << 24, np.bool_)
        table[sought >> _BITS] = True
        held_by = np.concatenate([owned, *_holding(store, wanted, order, sought, table)])
        del table
        held_by = np.unique(held_by)
        place = np.searchsorted(owned, held_by)
        owner = owned[np.minimum(place, owned.size - 1)] == held_by
        for found in bucket_pairs(held_by, held.run_pairs, owner):
            pairs.add(found)


def _owned(
    store: Store, wanted: NDArray[np.bool_], order: Order, partition: int, parts: int
) -> Iterator[NDArray[np.uint64]]:
    """Yield `anchor << 32 | rank` of the anchors of one partition, block by block."""
    for block in range(store.blocks):
        found = store.column(block, "anchors")
        start = store.first(block)
        rank = order.ranks(start, start + len(found))
        sought = wanted[rank] & (store.column(block, "meta")["count"] >= LEAST)
        key = (found.astype(np.uint64) << _HALF) | rank[:, None]
        mine = sought[:, None] & ((found.astype(np.uint64) * np.uint64(parts)) >> _HALF == partition)
        yield np.unique(key[mine])


def _holding(
    store: Store, wanted: NDArray[np.bool_], order: Order, sought: NDArray[np.uint32], table: NDArray[np.bool_]
) -> Iterator[NDArray[np.uint64]]:
    """Yield `anchor << 32 | rank` of the ranks whose shingles hold one of the `sought` anchors."""
    for block in range(store.blocks):
        start = store.first(block)
        rank = order.ranks(start, start + store.size(block))
        meta = store.column(block, "meta")
        rows = np.flatnonzero(wanted[rank] & (meta["count"] >= LEAST))
        counts = meta["count"][rows].astype(np.int64)
        words = np.cumsum(counts)
        at = 0
        while at < rows.size:
            stop = max(at + 1, int(np.searchsorted(words, words[at] + _WORDS)))
            mine, each = rows[at:stop], counts[at:stop]
            mixed = premixed(store.shingles(mine + start, meta["offset"][mine], each))
            keys = (mixed.astype(np.uint64) << _HALF) | np.repeat(rank[mine], each)
            keys = keys[table[mixed >> _BITS]]
            hashes = (keys >> _HALF).astype(np.uint32)
            place = np.minimum(np.searchsorted(sought, hashes), sought.size - 1)
            yield np.unique(keys[sought[place] == hashes])
            at = stop
