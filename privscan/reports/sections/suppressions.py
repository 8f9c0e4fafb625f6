"""What was excused in writing, why and until when, and which excuses are expired or excuse nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.reports.parts import Column, Section, Table

if TYPE_CHECKING:
    from privscan.model import Report

__all__ = ["section"]

_COLUMNS = (
    Column("what", "name"), Column("reason"), Column("until"), Column("state"), Column("findings", "count"),
)  # fmt: skip
_ORDER = ("expired", "unused", "used")


def section(report: Report) -> Section | None:
    """List the suppressions of the policy, those that need a look first; None where there are none."""
    told = report.details.get("suppressions", [])
    if not told:
        return None
    ordered = sorted(told, key=lambda entry: _ORDER.index(entry["state"]) if entry["state"] in _ORDER else 0)
    rows = []
    for entry in ordered:
        names = [f"{key} {entry[key]}" for key in ("rule", "location", "field", "fingerprint") if entry.get(key)]
        rows.append((", ".join(names), entry["reason"], entry.get("expires"), entry["state"], entry["findings"]))
    left = [entry for entry in told if entry["state"] != "used"]
    words = ["Suppressed findings are left as they are and fail no gate."]
    if left:
        words.append(f"{len(left):,} of {len(told):,} are expired or excuse nothing: take them out of the policy.")
    return Section("suppressions", "Suppressions", tuple(words), (Table("Suppressions", _COLUMNS, tuple(rows)),))
