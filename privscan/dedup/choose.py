"""Pass one's second half: join the signed shards and decide which rows go.

The leader rule: rows are taken in order, and a row is dropped only if it equals, or is itself at or over the threshold
with, a row that stays. So a chain of ever smaller likeness never drags a row away, and no row goes without a witness.

Memory is what `budget` deals out; nothing grows with the text. Rows that share one band all at once cost some 60 bytes
each while it is joined.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.dedup import Summary
from privscan.dedup.budget import Budget, budget
from privscan.dedup.contain import contained_pairs
from privscan.dedup.families import BARE, EXACT, NEAR, SAME, STAYS, Fates, allow, settle, sizes
from privscan.dedup.join import Pairs, band_pairs, equal_rows
from privscan.dedup.order import Order, order_of
from privscan.dedup.store import DROP, Store, save_array
from privscan.dedup.verify import agreements, least_agreement, similarities
from privscan.errors import InputError
from privscan.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from privscan.dedup import DedupSettings, Part

__all__ = ["choose"]

_SLICE = 1 << 16  # pairs whose signatures are in memory at once
_TOGETHER = 512  # pairs checked in one go: what the first of them settle, the others need not have been checked for
_MAX_ROWS = 2**32 - 1


def choose(parts: Sequence[Part], settings: DedupSettings, work_dir: str, against: Sequence[Part] = ()) -> Summary:
    """Find the rows of `parts` to drop, and write one file of them for each part into `work_dir`.

    The order of the parts, and of rows in them, is the order rows are taken in, unless the settings have a keep policy.
    Rows of `against` come before all others. An exact copy points to the first row with its text, or, when that row
    goes too, to the row that stays for it. InputError when a signature file is missing, torn, or signed with other
    settings; UsageError when the memory budget is too small; OutputError when `work_dir` cannot be written.
    """
    if not settings.active:
        raise ValueError("nothing is chosen when deduplication is off")
    with writing(work_dir):
        os.makedirs(work_dir, exist_ok=True)
    store = Store([*against, *parts], settings)
    try:
        if store.rows > _MAX_ROWS:
            raise InputError(f"{store.rows} rows are more than deduplication can join; split the run")
        return _Choice(store, settings, len(against), work_dir).run([*against, *parts])
    finally:
        store.close()


class _Choice:
    """One choice at work. Rows go by their rank throughout, and by their number only where the store is asked."""

    def __init__(self, store: Store, settings: DedupSettings, against: int, work_dir: str) -> None:
        self.store, self.settings, self.work_dir = store, settings, work_dir
        self.against, self.references = against, int(store.bounds[against])
        longest = settings.method == "contained"
        ordered = store.has("key") or longest
        self.held: Budget = budget(settings.memory, store.rows, ordered=ordered)
        self.order: Order = order_of(store, self.references, longest=longest)
        self.fates = Fates.of(store.rows)
        self.compared = 0

    def run(self, parts: Sequence[Part]) -> Summary:
        fates, settings = self.fates, self.settings
        texts = equal_rows(self.store, "text", fates.state == STAYS, self.order, self.held)
        for ranks, first in texts if settings.method != "off" else ():
            fates.state[ranks] = EXACT
            fates.leader[ranks] = first
        if settings.shingled:
            self.same_sets()
            with Pairs(os.path.join(self.work_dir, "pairs.tmp"), self.store.rows) as pairs:
                if settings.method == "near":
                    band_pairs(self.store, settings.bands, fates.state == STAYS, self.order, self.held, pairs)
                else:
                    contained_pairs(self.store, fates.state == STAYS, self.order, self.held, pairs)
                self.lead(pairs)
        settle(fates)
        return self.write(parts)

    def same_sets(self) -> None:
        """Join rows with the very same shingles, which would crowd every band."""
        fates, store = self.fates, self.store
        for block in range(store.blocks):
            start = store.first(block)
            bare = self.order.ranks(start, start + store.size(block))[store.column(block, "sum") == 0]
            fates.state[bare[fates.state[bare] == STAYS]] = BARE
        for ranks, first in equal_rows(store, "sum", fates.state == STAYS, self.order, self.held):
            for later, earlier, similarity in self.similarities(ranks, first, 0):
                self.compared += 1
                if similarity == 1.0:
                    fates.state[later] = SAME
                    fates.leader[later] = earlier

    def lead(self, pairs: Pairs) -> None:
        """Apply the leader rule to the candidate pairs. Rows of reference sets stay, like one another or not."""
        fates, settings = self.fates, self.settings
        least = least_agreement(settings.threshold, settings.hashes) if settings.method == "near" else 0
        for window in pairs.windows():
            later, earlier = window >> np.uint64(32), window & np.uint64(0xFFFFFFFF)
            known = (fates.state[earlier] == STAYS) & (later >= self.references)
            for row, other, similarity in self.similarities(later[known], earlier[known], least):
                self.compared += 1
                if similarity >= settings.threshold:
                    fates.state[row] = NEAR
                    fates.leader[row] = other
                    fates.similarity[row] = similarity

    def similarities(self, later: NDArray[Any], earlier: NDArray[Any], least: int) -> Iterator[tuple[int, int, float]]:
        """Yield (later, earlier, similarity) of the pairs whose signatures agree `least` times.

        A pair of which a row has been dropped by the time its turn comes is passed over: this is the leader rule, as
        long as the pairs ascend by their later rank.
        """
        state = self.fates.state
        for start in range(0, later.size, _SLICE):
            pair = np.stack((later[start : start + _SLICE], earlier[start : start + _SLICE])).astype(np.int64)
            numbers = self.order.rows(pair)
            rows, place = np.unique(numbers, return_inverse=True)
            place = place.reshape(numbers.shape)
            meta = self.store.gather("meta", rows)
            alike = agreements(meta["low"], place[0], place[1]) >= least
            pair, place, counts = pair[:, alike], place[:, alike], meta["count"].astype(np.int64)
            at = 0
            while at < place.shape[1]:
                words = np.cumsum(counts[place[:, at : at + _TOGETHER]].sum(axis=0))
                stop = at + max(1, int(np.searchsorted(words, self.held.words)))
                live = at + np.flatnonzero((state[pair[:, at:stop]] == STAYS).all(axis=0))
                at = stop
                if live.size:
                    yield from self.checked(pair[:, live], place[:, live], rows, meta)

    def checked(
        self, pair: NDArray[Any], place: NDArray[Any], rows: NDArray[Any], meta: NDArray[Any]
    ) -> Iterator[tuple[int, int, float]]:
        """Yield the pairs of one go; `place` is where their rows stand in `rows` and `meta`."""
        state = self.fates.state
        mine, ends = np.unique(place, return_inverse=True)
        counts = meta["count"][mine].astype(np.int64)
        shingles = self.store.shingles(rows[mine], meta["offset"][mine], counts)
        least = self.settings.method == "contained"
        found = similarities(shingles, counts, ends.reshape(place.shape), least=least)
        for row, other, similarity in zip(pair[0].tolist(), pair[1].tolist(), found.tolist(), strict=True):
            if state[row] == STAYS and state[other] == STAYS:
                yield row, other, similarity

    def write(self, parts: Sequence[Part]) -> Summary:
        """Write the rows of each part that have a twin, and count them."""
        fates, store = self.fates, self.store
        members = np.flatnonzero(~fates.leads).astype(np.uint32)
        members = members[members >= self.references]
        stays = np.zeros(store.rows, np.bool_)
        stays[members[allow(fates, members, self.settings.keep, self.references)]] = True
        leaders, families = np.unique(fates.leader[members], return_counts=True)
        families += leaders >= self.references
        matched = np.count_nonzero(fates.leader[members] < self.references)
        files = np.array([part.file for part in parts], np.int32)
        paths = [self.write_part(files, index, stays) for index in range(self.against, len(parts))]
        gone = members[~stays[members]]
        exact = int(np.count_nonzero(fates.state[gone] == EXACT))
        return Summary(
            rows=store.rows - self.references,
            exact=exact,
            near=gone.size - exact,
            clusters=leaders.size,
            largest=int(families.max(initial=0)),
            compared=self.compared,
            drops=tuple(paths),
            capped=members.size - gone.size,
            matched=int(matched),
            sizes=sizes(families[families > 1]),
        )

    def write_part(self, files: NDArray[np.int32], index: int, stays: NDArray[np.bool_]) -> str:
        fates, store = self.fates, self.store
        start, stop = int(store.bounds[index]), int(store.bounds[index + 1])
        ranks = self.order.ranks(start, stop)
        rows = np.flatnonzero(~fates.leads[ranks])
        ranks = ranks[rows]
        kept, place = np.unique(self.order.rows(fates.leader[ranks]), return_inverse=True)
        table = np.empty(rows.size, DROP)
        table["row"] = store.gather("row", rows + start)
        table["kept_file"] = files[np.searchsorted(store.bounds, kept, side="right") - 1][place]
        table["kept_row"] = store.gather("row", kept)[place]
        table["similarity"] = fates.similarity[ranks]
        near = 2 if self.settings.method == "contained" else 1
        table["method"] = np.where(fates.state[ranks] == EXACT, 0, near)
        table["dropped"] = ~stays[ranks]
        path = os.path.join(self.work_dir, f"drops-{index - self.against:05d}.npy")
        save_array(path, table)
        return path
