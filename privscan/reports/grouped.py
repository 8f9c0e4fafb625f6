"""Findings rows put together by file and rule, for formats that have no room for each: streamed, bounded memory."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan.model import Confidence, Severity, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Bundle", "Listing", "bundles", "gravest", "line"]

_PLACES = 20  # rows kept of a bundle
_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class Listing:
    """What a format that tells of single findings is given.

    `rows` stand in the order of the files; `places` says where each file lies, from the working folder, by its name.
    """

    rows: Iterable[dict[str, Any]] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    def path(self, uri: str) -> str:
        """Return where a file lies."""
        return self.places.get(uri, uri)


@dataclass(slots=True)
class Bundle:
    """Findings of one rule in one file, in one state.

    `first` holds the first rows; `fingerprint` is the sum of all keyed fingerprints modulo 2**128, the same in any
    order and another one with any value more or less.
    """

    uri: str
    rule: str
    entity: str
    state: str
    count: int = 0
    severity: str = "low"
    confidence: str = "low"
    score: float = 0.0
    fingerprint: int = 0
    first: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> None:
        """Count a row."""
        self.count += 1
        self.severity = max(self.severity, row["severity"], key=Severity.of)
        self.confidence = max(self.confidence, row["confidence"], key=Confidence.of)
        self.score = max(self.score, float(row.get("score") or 0))
        self.fingerprint = (self.fingerprint + int(row["fingerprint"] or "0", 16)) % _MODULUS
        if len(self.first) < _PLACES:
            self.first.append(row)

    @property
    def weight(self) -> tuple[int, int, int]:
        """How grave it is: severity, confidence, count."""
        return Severity.of(self.severity), Confidence.of(self.confidence), self.count


def line(row: dict[str, Any], uri: str) -> int:
    """Return the line of a file a row points at: a record is a line of JSON Lines; Parquet has none, so the first."""
    return int(row["record"]) + 1 if not uri.endswith((".parquet", ".pq", ".tar", ".tar.gz", ".tgz")) else 1


def bundles(rows: Iterable[dict[str, Any]], states: Iterable[str] = tuple(State)) -> Iterator[Bundle]:
    """Yield the bundles of every file as its rows end. Rows of a file stand together, as runs write them."""
    wanted = set(states)
    for uri, group in itertools.groupby(rows, key=lambda row: str(row["uri"])):
        found: dict[tuple[str, str, str], Bundle] = {}
        for row in group:
            if row["state"] in wanted:
                name = (row["rule"], row["entity"], row["state"])
                if name not in found:
                    found[name] = Bundle(uri, *name)
                found[name].add(row)
        yield from sorted(found.values(), key=lambda bundle: (bundle.rule, bundle.entity, bundle.state))


def gravest(found: Iterable[Bundle], limit: int) -> tuple[list[Bundle], int]:
    """Return the gravest bundles, by file and rule, and how many others there are."""
    kept: list[tuple[tuple[int, int, int], int, Bundle]] = []
    total = 0
    for total, bundle in enumerate(found, 1):
        entry = (bundle.weight, -total, bundle)
        if len(kept) < limit:
            heapq.heappush(kept, entry)
        else:
            heapq.heappushpop(kept, entry)
    inside = sorted((entry[2] for entry in kept), key=lambda bundle: (bundle.uri, bundle.rule, bundle.state))
    return inside, total - len(inside)
