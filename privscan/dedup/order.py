"""In which order rows are taken: the first of a family stays, so the order is the keep policy.

Every row has a rank. Without a policy it is the row's own number. With one, each row was signed with a key, the least
first, and equal keys go by row. Rows of reference sets come before all others.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from privscan.dedup.store import Store

__all__ = ["LAST", "Order", "newest", "order_of", "source"]

LAST = 2**62
"""The key of a row that has no date, or a source nobody named."""

_MILLISECONDS = 100_000_000_000  # a number over this is no date in seconds, it would be after the year 5138


class Order:
    """Ranks of rows and rows of ranks; 8 bytes a row where they differ."""

    def __init__(self, rank: NDArray[np.uint32] | None = None, row: NDArray[np.uint32] | None = None) -> None:
        self._rank, self._row = rank, row

    def ranks(self, start: int, stop: int) -> NDArray[np.uint32]:
        """Return the ranks of the rows from `start` to `stop`."""
        return np.arange(start, stop, dtype=np.uint32) if self._rank is None else self._rank[start:stop]

    def rows(self, ranks: NDArray[Any]) -> NDArray[np.int64]:
        """Return the rows that have the ranks."""
        return (ranks if self._row is None else self._row[ranks]).astype(np.int64)


def order_of(store: Store, references: int, *, longest: bool) -> Order:
    """Return the order of a store whose first `references` rows are those of reference sets.

    `longest`: the more shingles, the earlier, whatever the rows were signed with.
    """
    if not store.has("key") and not longest:
        return Order()
    keys = np.empty(store.rows, np.int64)
    for block in range(store.blocks):
        part = slice(store.first(block), store.first(block) + store.size(block))
        keys[part] = -store.column(block, "meta")["count"].astype(np.int64) if longest else store.column(block, "key")
    keys[:references] = np.iinfo(np.int64).min
    row = np.argsort(keys, kind="stable").astype(np.uint32)
    del keys
    rank = np.empty_like(row)
    rank[row] = np.arange(row.size, dtype=np.uint32)
    return Order(rank, row)


def newest(text: str | None) -> int:
    """Return the key of a date, ISO 8601 or a Unix time in seconds or milliseconds; `LAST` for anything else.

    >>> newest("2024-05-01") > newest("2024-05-01T12:00:00+00:00") > newest("1735689600")
    True
    >>> newest("yesterday") == newest(None) == LAST
    True
    """
    if not text:
        return LAST
    try:
        number = float(text) if len(text) > 4 else float("nan")  # four digits are a year
    except ValueError:
        number = float("nan")
    if abs(number) < 1e15:
        return -int(number * (1_000 if abs(number) > _MILLISECONDS else 1_000_000))
    try:
        found = datetime.datetime.fromisoformat(f"{text}-01-01" if len(text) == 4 else text.strip())
    except ValueError:
        return LAST
    utc = datetime.UTC
    moment = found.replace(tzinfo=utc) if found.tzinfo is None else found
    return -((moment - datetime.datetime.fromtimestamp(0, utc)) // datetime.timedelta(microseconds=1))


def source(name: str | None, sources: Sequence[str]) -> int:
    """Return the place of a source among those named, best first: itself, or a folder it lies in; else `LAST`.

    >>> source("wiki/part-0.jsonl", ["books", "wiki"]), source("web", ["books", "wiki"]) == LAST
    (1, True)
    """
    for place, known in enumerate(sources):
        if name is not None and (name == known or name.startswith(f"{known.rstrip('/')}/")):
            return place
    return LAST
