"""Distinct secrets: one row a value, however often it stands, as one revokes keys by the key and not by the line.

Values go by their fingerprint. Where several rules found the same place, the strongest speaks for it.

Memory: some 400 bytes for each of at most 65,536 values; beyond that those seen least are forgotten, which is told.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan import jsontext
from privscan.model import Confidence, Severity, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ALL", "SHOWN", "of_files", "told"]

SHOWN = 50
ALL = 1 << 16


@dataclass(slots=True)
class _Secret:
    """A value so far: the row that told of it first and strongest, and where it stands."""

    row: dict[str, Any]
    count: int = 0
    records: int = 0
    files: int = 0
    last: tuple[str, int] = field(default=("", -1))

    def add(self, row: dict[str, Any]) -> None:
        """Count a place. Rows of a record stand together, and so do those of a file."""
        place = (row["uri"], row["record"])
        self.files += place[0] != self.last[0]
        self.records += place != self.last
        self.count += 1
        self.last = place
        if _strength(row) > _strength(self.row):
            self.row = row


def told(rows: Iterable[dict[str, Any]], shown: int = SHOWN) -> dict[str, Any]:
    """Return the distinct secrets among findings rows, gravest first: how many, how often, and the first of them.

    The rows come in the order of the findings file.
    """
    found: dict[str, _Secret] = {}
    places, forgotten = 0, False
    for row in _strongest(row for row in rows if row["rule"].startswith("secret.") and row["fingerprint"]):
        places += 1
        if row["fingerprint"] not in found:
            if len(found) >= ALL:
                found, forgotten = _kept(found), True
            found[row["fingerprint"]] = _Secret(row)
        found[row["fingerprint"]].add(row)
    order = sorted(found.values(), key=_rank)
    return {
        "values": len(found),
        "places": places,
        "new": sum(secret.row["state"] == State.NEW for secret in order),
        "least": forgotten,
        "most": [_entry(secret) for secret in order[:shown]],
    }


def of_files(paths: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the secrets among the rows of findings files, those that are there."""
    for path in paths:
        if os.path.exists(path):
            with open(path, "rb") as file:
                yield from (jsontext.parse(line) for line in file if b'"rule":"secret.' in line)


def _strongest(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one row for each stretch of text that rows of a field overlap in."""
    for _, record in itertools.groupby(rows, key=lambda row: (row["uri"], row["record"], row["field"])):
        end, best = -1, None
        for row in sorted(record, key=lambda row: (row["start"] or 0, row["end"] or 0)):
            if best is not None and (row["start"] or 0) >= end:
                yield best
                best = None
            best = row if best is None or _strength(row) > _strength(best) else best
            end = max(end, row["end"] or 0)
        if best is not None:
            yield best


def _strength(row: dict[str, Any]) -> tuple[bool, int, float, int]:
    return (
        row["state"] == State.NEW,
        Confidence.of(row["confidence"]),
        float(row.get("score") or 0),
        Severity.of(row["severity"]),
    )


def _rank(secret: _Secret) -> tuple[bool, int, int, int, int, str]:
    """Order secrets: new ones first, then by severity, confidence, and how far they have spread."""
    row = secret.row
    return (
        row["state"] != State.NEW,
        -Severity.of(row["severity"]),
        -Confidence.of(row["confidence"]),
        -secret.records,
        -secret.count,
        row["fingerprint"],
    )


def _kept(found: dict[str, _Secret]) -> dict[str, _Secret]:
    """Forget half of the values: those in the fewest records."""
    order = sorted(found.items(), key=lambda entry: -entry[1].records)
    return dict(order[: ALL // 2])


def _entry(secret: _Secret) -> dict[str, Any]:
    row = secret.row
    return {
        "fingerprint": row["fingerprint"],
        "entity": row["entity"],
        "rule": row["rule"],
        "severity": row["severity"],
        "confidence": row["confidence"],
        "verdict": _verdict(row),
        "state": row["state"],
        "count": secret.count,
        "records": secret.records,
        "files": secret.files,
        "first": row["id"],
    }


def _verdict(row: dict[str, Any]) -> str:
    """Say what is known of a value: its structure or checksum is right, is wrong, or it only looks like one."""
    said = {entry.partition(":")[0] for entry in row.get("evidence") or ()}
    if "verified" in said and row["confidence"] == "high":
        return "verified"
    return "check failed" if "failed" in said else "likely" if row["confidence"] != "low" else "unlikely"
