"""What the findings rows say together: where they stand, how often values come back, and examples of each rule.

Promise: one pass over at most `ROWS` rows, and memory for `VALUES` values; what was left out is said.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan.model import Severity, State
from privscan.reports.parts import Chart, Column, Section, Table
from privscan.reports.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from privscan.model import Report

__all__ = ["Census", "take"]

ROWS = 1_000_000
VALUES = 200_000
EXAMPLES = 5
_BINS = 60
_BANDS = ((1, "once"), (3, "2 to 3 times"), (10, "4 to 10 times"), (100, "11 to 100 times"))
_OFTEN = "over 100 times"


@dataclass(slots=True)
class Census:
    """New findings: first rows by rule, counts by position in the data, and of values by how often they come back."""

    rows: int = 0
    whole: bool = True
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    positions: list[int] = field(default_factory=lambda: [0] * _BINS)
    values: dict[int, list[int]] = field(default_factory=dict)
    every_value: bool = True

    def sections(self) -> tuple[Section, ...]:
        """Return what stands on a page: a chart over the position, a table of repetition against severity."""
        if not self.rows:
            return ()
        note = "" if self.whole else f"Counted in the first {number(ROWS)} findings."
        said = f"From the first record to the last, in {_BINS} parts of as many records each."
        bars = tuple((f"part {place} of {_BINS}", count) for place, count in enumerate(self.positions, 1))
        words = (
            "Models learn by heart what they see often: a grave value that comes back many times is the first to mend.",
            *([note] if note else []),
        )
        columns = (
            Column("the same value"),
            *(Column(level.label, "count") for level in sorted(Severity, reverse=True)),
        )
        few = "" if self.every_value else f"Of the first {number(VALUES)} values."
        table = Table("Distinct values by how often they come back, and severity", columns, self._repeats(), few)
        chart = Chart("New findings by position in the data", bars, said)
        return (Section("where", "Where, and how often", words, (table,), (chart,)),)

    def _repeats(self) -> tuple[tuple[str | int | None, ...], ...]:
        counts: Counter[tuple[str, int]] = Counter()
        for times, severity in self.values.values():
            counts[next((name for most, name in _BANDS if times <= most), _OFTEN), severity] += 1
        names = [*(name for _, name in reversed(_BANDS)), _OFTEN]
        order = [_OFTEN, *names[:-1]]
        levels = sorted(Severity, reverse=True)
        made = [(name, *(counts[name, level] or None for level in levels)) for name in order]
        return tuple(row for row in made if any(row[1:]))


def take(report: Report, rows: Iterable[dict[str, Any]]) -> Census:
    """Count the new findings among `rows`."""
    census = Census()
    total = sum(artifact.records for artifact in report.inputs)
    starts = dict(
        zip(
            (artifact.uri for artifact in report.inputs),
            itertools.accumulate((artifact.records for artifact in report.inputs), initial=0),
            strict=False,
        )
    )
    for row in rows:
        if census.rows >= ROWS:
            census.whole = False
            break
        if row["state"] != State.NEW:
            continue
        census.rows += 1
        known = census.examples.setdefault(row["rule"], [])
        if len(known) < EXAMPLES:
            known.append(row)
        place = starts.get(row["uri"], 0) + row["record"]
        census.positions[min(place * _BINS // max(total, 1), _BINS - 1)] += 1
        _value(census, row)
    return census


def _value(census: Census, row: dict[str, Any]) -> None:
    print_ = int(row["fingerprint"][:16] or "0", 16)
    entry = census.values.get(print_)
    if entry is not None:
        entry[0] += 1
        entry[1] = max(entry[1], Severity.of(row["severity"]))
    elif len(census.values) < VALUES:
        census.values[print_] = [1, Severity.of(row["severity"])]
    else:
        census.every_value = False
