"""Pass one's second half: join the signed shards and decide which rows go.

The leader rule: rows are taken in order, and a row is dropped only if it equals, or is itself at or over the threshold
with, a row that stays. So a chain of ever smaller likeness never drags a row away, and no row goes without a witness.

Memory: 9 bytes a row, and some 260 MB at most for a partition of the join (two million rows) and the cached shingle
sets; nothing grows with the text. Rows that share one band all at once cost some 60 bytes each while it is joined.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.dedup import Summary
from privscan.dedup.join import Pairs, band_pairs, equal_rows
from privscan.dedup.store import DROP, Store, save_drops
from privscan.dedup.verify import Sets, agreements, jaccard, least_agreement
from privscan.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from privscan.dedup import DedupSettings, Part

__all__ = ["choose"]

# What is known of a row. BARE rows have a text but no word in it: only exact copies of them are sought.
_STAYS, _EXACT, _SAME, _NEAR, _BARE = range(5)

_SLICE = 1 << 16  # pairs whose signatures are in memory at once
_MAX_ROWS = 2**32 - 1


@dataclass(frozen=True, slots=True)
class _Fates:
    """For every row: its state, the row it is like, and how much (1 unless near)."""

    state: NDArray[np.uint8]
    leader: NDArray[np.uint32]
    similarity: NDArray[np.float32]


def choose(parts: Sequence[Part], settings: DedupSettings, work_dir: str) -> Summary:
    """Find the rows of `parts` to drop, and write one file of them for each part into `work_dir`.

    The order of the parts, and of rows in them, is the order rows are taken in. An exact copy points to the first row
    with its text, or, when that row goes too, to the row that stays for it. InputError when a signature file is
    missing, torn, or signed with other settings; OutputError when `work_dir` cannot be written.
    """
    if settings.method == "off":
        raise ValueError("nothing is chosen when deduplication is off")
    try:
        os.makedirs(work_dir, exist_ok=True)
    except OSError as error:
        raise OutputError(f"work folder {work_dir} cannot be made: {error.strerror}") from None
    store = Store(parts, settings)
    try:
        if store.rows > _MAX_ROWS:
            raise InputError(f"{store.rows} rows are more than deduplication can join; split the run")
        fates = _Fates(
            np.full(store.rows, _STAYS, np.uint8),
            np.arange(store.rows, dtype=np.uint32),
            np.ones(store.rows, np.float32),
        )
        for rows, first in equal_rows(store, "text", fates.state == _STAYS):
            fates.state[rows] = _EXACT
            fates.leader[rows] = first
        compared = 0
        if settings.method == "near":
            sets = Sets(store)
            compared = _same_sets(store, sets, fates)
            with Pairs(os.path.join(work_dir, "pairs.tmp"), store.rows) as pairs:
                band_pairs(store, settings.bands, fates.state == _STAYS, pairs)
                compared += _lead(store, sets, settings, fates, pairs)
        _settle(fates)
        return _write(store, parts, fates, work_dir, compared)
    finally:
        store.close()


def _same_sets(store: Store, sets: Sets, fates: _Fates) -> int:
    """Join rows with the very same shingles, which would crowd every band; return how many pairs were compared."""
    for block in range(store.blocks):
        bare = np.flatnonzero(store.column(block, "sum") == 0) + store.first(block)
        fates.state[bare[fates.state[bare] == _STAYS]] = _BARE
    compared = 0
    for rows, first in equal_rows(store, "sum", fates.state == _STAYS):
        for later, earlier, similarity in _similarities(store, sets, fates, rows, first, 0):
            compared += 1
            if similarity == 1.0:
                fates.state[later] = _SAME
                fates.leader[later] = earlier
    return compared


def _lead(store: Store, sets: Sets, settings: DedupSettings, fates: _Fates, pairs: Pairs) -> int:
    """Apply the leader rule to the candidate pairs; return how many were compared."""
    least = least_agreement(settings.threshold, settings.hashes)
    compared = 0
    for window in pairs.windows():
        later, earlier = window >> np.uint64(32), window & np.uint64(0xFFFFFFFF)
        known = fates.state[earlier] == _STAYS
        for row, other, similarity in _similarities(store, sets, fates, later[known], earlier[known], least):
            compared += 1
            if similarity >= settings.threshold:
                fates.state[row] = _NEAR
                fates.leader[row] = other
                fates.similarity[row] = similarity
    return compared


def _similarities(
    store: Store, sets: Sets, fates: _Fates, later: NDArray[Any], earlier: NDArray[Any], least: int
) -> Iterator[tuple[int, int, float]]:
    """Yield (later, earlier, similarity) of the pairs whose signatures agree `least` times.

    A pair of which a row has been dropped by the time its turn comes is passed over: this is the leader rule, as long
    as the pairs ascend by their later row.
    """
    for start in range(0, later.size, _SLICE):
        pair = np.stack((later[start : start + _SLICE], earlier[start : start + _SLICE])).astype(np.int64)
        rows = np.unique(pair)
        meta = store.gather("meta", rows)
        place = np.searchsorted(rows, pair)
        alike = agreements(meta["low"], place[0], place[1]) >= least
        offsets, counts = meta["offset"].tolist(), meta["count"].tolist()
        for row, other, one, two in np.concatenate((pair, place))[:, alike].T.tolist():
            if fates.state[row] == _STAYS and fates.state[other] == _STAYS:
                mine = sets.get(row, offsets[one], counts[one])
                yield row, other, jaccard(mine, sets.get(other, offsets[two], counts[two]))


def _settle(fates: _Fates) -> None:
    """Let every dropped row point to a row that stays: first over equal sets, then over equal texts."""
    for state in (_SAME, _EXACT):
        rows = np.flatnonzero(fates.state == state)
        middle = fates.leader[rows]
        gone = ~_stay(fates.state[middle])
        rows, middle = rows[gone], middle[gone]
        fates.state[rows] = _NEAR
        fates.leader[rows] = fates.leader[middle]
        fates.similarity[rows] = fates.similarity[middle]


def _stay(state: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.isin(state, (_STAYS, _BARE))


def _write(store: Store, parts: Sequence[Part], fates: _Fates, work_dir: str, compared: int) -> Summary:
    """Write the drops of each part and count them."""
    gone = ~_stay(fates.state)
    kept, sizes = np.unique(fates.leader[gone], return_counts=True)
    kept_rows = store.gather("row", kept.astype(np.int64))
    files = np.array([part.file for part in parts], np.int32)
    paths = []
    for index in range(len(parts)):
        start, stop = int(store.bounds[index]), int(store.bounds[index + 1])
        rows = np.flatnonzero(gone[start:stop]) + start
        leaders = fates.leader[rows]
        table = np.empty(rows.size, DROP)
        table["row"] = store.gather("row", rows)
        table["kept_file"] = files[np.searchsorted(store.bounds, leaders, side="right") - 1] if rows.size else 0
        table["kept_row"] = kept_rows[np.searchsorted(kept, leaders)]
        table["similarity"] = fates.similarity[rows]
        table["method"] = fates.state[rows] != _EXACT
        paths.append(os.path.join(work_dir, f"drops-{index:05d}.npy"))
        save_drops(paths[-1], table)
    exact = int(np.count_nonzero(fates.state == _EXACT))
    return Summary(
        rows=store.rows,
        exact=exact,
        near=int(np.count_nonzero(gone)) - exact,
        clusters=kept.size,
        largest=int(sizes.max(initial=0)) + 1 if kept.size else 0,
        compared=compared,
        drops=tuple(paths),
    )
