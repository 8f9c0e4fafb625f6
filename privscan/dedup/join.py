"""Which rows to compare: rows with equal keys, and rows that share a band.

Keys are spread over partitions by their hash, so that the memory of a sort does not grow with the rows. Everything
here depends on the order of the rows alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privscan.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from privscan.dedup.budget import Budget
    from privscan.dedup.order import Order
    from privscan.dedup.store import Store

__all__ = ["Pairs", "band_pairs", "bucket_pairs", "equal_rows"]

_ALL_PAIRS = 32  # members of a bucket up to which each is compared with each
_REACH = 512  # over this size a member is compared with the bucket's first and its neighbour only
_WINDOW_ROWS = 1 << 14
_WINDOWS = 512
_TOGETHER = 1 << 19  # pairs of windows read together, where one window has fewer
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def equal_rows(
    store: Store, name: str, wanted: NDArray[np.bool_], order: Order, held: Budget
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield (ranks, first): `wanted` ranks that repeat an earlier one in column `name`, and the earliest."""
    parts = held.partitions(store.rows)
    for partition in range(parts):
        keys, ranks = [], []
        for block in range(store.blocks):
            key = store.column(block, name).reshape(store.size(block), -1)
            start = store.first(block)
            rank = order.ranks(start, start + len(key))
            taken = wanted[rank]
            if parts > 1:
                taken &= _partition(key[:, 0] >> _HALF, parts) == partition
            keys.append(key[taken])
            ranks.append(rank[taken])
        if keys:
            yield _repeats(np.concatenate(keys), np.concatenate(ranks))


def _repeats(keys: NDArray[np.uint64], rows: NDArray[np.uint32]) -> tuple[NDArray[Any], NDArray[Any]]:
    heads = (keys[:, 0] & ~_LOW) | np.arange(len(keys), dtype=np.uint64)  # far quicker to sort than places by keys
    heads.sort()
    same = np.flatnonzero((heads[1:] ^ heads[:-1]) <= _LOW)
    order = (heads[np.union1d(same, same + 1)] & _LOW).astype(np.int64)  # few rows are left
    keys, rows = keys[order], rows[order]
    order = np.lexsort((rows, *keys.T))
    keys, rows = keys[order], rows[order]
    repeat = np.zeros(rows.size, np.bool_)
    repeat[1:] = (keys[1:] == keys[:-1]).all(axis=1)
    heads = np.maximum.accumulate(np.where(repeat, 0, np.arange(rows.size)))
    return rows[repeat], rows[heads[repeat]]


class Pairs:
    """Candidate pairs on disk, written in sorted runs and read back by window of the later row.

    A pair is `later << 32 | earlier`. The file is removed on close. Memory: 8 bytes a window (512 of them, or one
    each 16,384 rows) and run.
    """

    def __init__(self, path: str, rows: int) -> None:
        self._path = path
        self._size = max(_WINDOW_ROWS, -(-rows // _WINDOWS))
        edges = np.arange(0, rows + self._size, self._size, dtype=np.uint64)
        self._edges = edges << _HALF
        self._runs: list[NDArray[np.int64]] = []
        self._written = 0
        with writing(path):
            self._file = open(path, "w+b")  # noqa: SIM115 - closed by close()

    def add(self, pairs: NDArray[np.uint64]) -> None:
        """Append a sorted run of pairs. OutputError when the disk is full."""
        if not pairs.size:
            return
        self._runs.append(np.searchsorted(pairs, self._edges) + self._written)
        self._written += pairs.size
        with writing(self._path):
            self._file.write(pairs.tobytes())
            self._file.flush()

    def windows(self) -> Iterator[NDArray[np.uint64]]:
        """Yield the distinct pairs of some windows at a time, ascending."""
        if not self._runs:
            return
        totals = np.sum(self._runs, axis=0) // _TOGETHER
        cuts = np.append(np.flatnonzero(np.diff(totals)), totals.size - 1)  # windows of many pairs stand alone
        low = 0
        for high in cuts.tolist():
            if high > low:
                yield _distinct(np.concatenate([self._run(int(run[low]), int(run[high])) for run in self._runs]))
            low = high

    def close(self) -> None:
        """Close and remove the file."""
        self._file.close()
        os.unlink(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, start: int, stop: int) -> NDArray[np.uint64]:
        return np.frombuffer(os.pread(self._file.fileno(), 8 * (stop - start), 8 * start), np.uint64)


def band_pairs(store: Store, bands: int, wanted: NDArray[np.bool_], order: Order, held: Budget, pairs: Pairs) -> None:
    """Add the pairs of `wanted` ranks that share a band to `pairs`, one band and partition in memory at a time."""
    parts = held.partitions(store.rows)
    for band in range(bands):
        for partition in range(parts):
            keys = []
            for block in range(store.blocks):
                hashes = store.column(block, f"band{band}")
                start = store.first(block)
                rank = order.ranks(start, start + hashes.size)
                taken = wanted[rank]
                if parts > 1:
                    taken &= _partition(hashes, parts) == partition
                keys.append((hashes[taken].astype(np.uint64) << _HALF) | rank[taken])
            if keys:
                for found in bucket_pairs(_sorted(keys), held.run_pairs):
                    pairs.add(found)


def _sorted(keys: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    together = np.concatenate(keys)
    keys.clear()
    together.sort()
    return together


def bucket_pairs(
    keys: NDArray[np.uint64], run_pairs: int, owner: NDArray[np.bool_] | None = None
) -> Iterator[NDArray[np.uint64]]:
    """Yield sorted runs of pairs from the sorted keys `hash << 32 | row`.

    A small bucket gives all its pairs. In a large one a member is paired with its nearest earlier neighbours and
    with the first members, the fewer of them the larger the bucket, so that pairs grow no faster than rows.
    """
    same = np.flatnonzero((keys[1:] ^ keys[:-1]) <= _LOW)
    if not same.size:
        return
    opens = np.ones(same.size, np.bool_)  # a bucket: its first two members are neither of them the one before's last
    opens[1:] = np.diff(same) > 1
    at = np.insert(same + 1, np.flatnonzero(opens), same[opens])
    rows = keys[at] & _LOW
    mine = None if owner is None else owner[at]
    starts = np.flatnonzero(opens) + np.arange(np.count_nonzero(opens))
    sizes = np.diff(starts, append=rows.size)
    reach = np.where(sizes <= _ALL_PAIRS, sizes - 1, np.maximum(_REACH // np.maximum(sizes, 1), 1))
    place = np.arange(rows.size) - np.repeat(starts, sizes)
    reach, large = np.repeat(reach, sizes), np.repeat(sizes > _ALL_PAIRS, sizes)
    found: list[NDArray[np.uint64]] = []
    for step in range(1, int(reach.max(initial=0)) + 1):
        at = np.flatnonzero((place >= step) & (reach >= step))
        found.append(_paired(rows, mine, at, at - step))
        at = at[large[at] & (place[at] >= step + reach[at])]  # nearer ones are neighbours of that first member
        found.append(_paired(rows, mine, at, at - place[at] + (step - 1)))
        if sum(run.size for run in found) >= run_pairs:
            yield np.sort(np.concatenate(found))
            found = []
    if found:
        yield np.sort(np.concatenate(found))


def _distinct(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the distinct values, ascending; several times as quick as `np.unique` on sorted runs."""
    values.sort()
    new = np.ones(values.size, np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return values[new]


def _paired(
    rows: NDArray[np.uint64], owner: NDArray[np.bool_] | None, later: NDArray[np.int64], earlier: NDArray[np.int64]
) -> NDArray[np.uint64]:
    if owner is not None:
        kept = owner[later] | owner[earlier]
        later, earlier = later[kept], earlier[kept]
    return (rows[later] << _HALF) | rows[earlier]


def _partition(hashes: NDArray[Any], parts: int) -> NDArray[np.uint64]:
    """Return the partition of each 32-bit hash."""
    return (hashes.astype(np.uint64) * np.uint64(parts)) >> _HALF
