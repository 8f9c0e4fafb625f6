"""Which values a model would most likely learn by heart: those that stand in the most records, copies counted.

A record that was left out as a copy was not looked at; what was found in the record that stays for it is taken to
stand in it too. So an exact copy counts for sure, and a near one as likely. Values go by their fingerprint.

Memory: some 100 bytes for each of at most two million values at a time; beyond that, those seen once are forgotten
first, and a count may be too small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privscan import jsontext
from privscan.model import Severity, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from privscan.dedup.copies import Copies

__all__ = ["KIND", "SHOWN", "Spread"]

SHOWN = 50
_READ = 4 << 20
_HELD = 1 << 21

KIND = np.dtype(
    [("value", "S32"), ("what", "<u4"), ("records", "<i8"), ("exact", "<i8"), ("near", "<i8"), ("files", "<i4")]
)
"""A value so far: its fingerprint, number of (entity, rule, severity), the records it was found in, their copies."""


class Spread:
    """Counts values over the findings of a run, file by file."""

    def __init__(self, copies: Copies | None) -> None:
        self._copies = copies
        self._whats: dict[tuple[str, str, str], int] = {}
        self._found = np.zeros(0, KIND)
        self.forgotten = False

    def add(self, paths: Iterable[str], number: Callable[[str], int]) -> None:
        """Take the findings of one input file, in the order of its records; `number` gives a file's by its name."""
        last: NDArray[Any] = np.zeros(0, KIND)
        for path in paths:
            for rows in _read(path):
                last = _merged(np.concatenate((last, self._counted(rows, number))))
        last["files"] = 1
        self._found = _merged(np.concatenate((self._found, last)))
        if self._found.size > _HELD:
            self._found = self._found[self._found["records"] + self._found["exact"] + self._found["near"] > 1]
            self.forgotten = True

    def _counted(self, rows: list[dict[str, Any]], number: Callable[[str], int]) -> NDArray[Any]:
        """Return one entry for each value of each record among the rows."""
        new = State.NEW.value
        places = {
            (row["fingerprint"], row["record"]): row for row in rows if row["state"] == new and row["fingerprint"]
        }
        out = np.zeros(len(places), KIND)
        out["value"] = [value for value, _ in places]
        out["records"] = 1
        whats = ((row["entity"], row["rule"], row["severity"]) for row in places.values())
        out["what"] = [self._whats.setdefault(what, len(self._whats)) for what in whats]
        if self._copies is not None and places:
            file = number(rows[0]["uri"])
            records = np.array([record for _, record in places], np.int64)
            out["exact"], out["near"] = self._copies.of(file, records)
        return out

    def told(self) -> dict[str, Any]:
        """Return the values that stand in more than one record, the riskiest first: by records, then by severity."""
        found, whats = self._found, list(self._whats)
        total = found["records"] + found["exact"] + found["near"]
        severity = np.array([Severity.of(what[2]) for what in whats] or [0], np.int64)
        again = np.flatnonzero(total > 1)
        order = again[np.lexsort((found["value"][again], -severity[found["what"][again]], -total[again]))]
        rows = []
        for at in order[:SHOWN].tolist():
            entity, rule, level = whats[found["what"][at]]
            entry = {"entity": entity, "rule": rule, "severity": level, "fingerprint": found["value"][at].decode()}
            counts = {"records": int(total[at]), "exact_copies": int(found["exact"][at])}
            rows.append(entry | counts | {"near_copies": int(found["near"][at]), "files": int(found["files"][at])})
        return {"values": int(found.size), "repeated": int(again.size), "least": self.forgotten, "most": rows}


def _merged(entries: NDArray[Any]) -> NDArray[Any]:
    """Add up the entries of a value. What it is stays as first told, so that it does not depend on the cuts."""
    values, first, place = np.unique(entries["value"], return_index=True, return_inverse=True)
    out = np.zeros(values.size, KIND)
    out["value"], out["what"] = values, entries["what"][first]
    for name in ("records", "exact", "near", "files"):
        np.add.at(out[name], place, entries[name])
    return out


def _read(path: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a findings file, some at a time, never cutting a record in two."""
    try:
        with open(path, "rb") as file:
            held: list[dict[str, Any]] = []
            while lines := file.readlines(_READ):
                held += [jsontext.parse(line) for line in lines]
                last = held[-1]["record"]
                cut = len(held)
                while cut and held[cut - 1]["record"] == last:
                    cut -= 1
                if cut:
                    yield held[:cut]
                    held = held[cut:]
            if held:
                yield held
    except FileNotFoundError:
        return
