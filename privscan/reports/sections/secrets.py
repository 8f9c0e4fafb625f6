"""Distinct secrets: what has to be revoked, a row a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privscan.reports.parts import Column, Section, Table

if TYPE_CHECKING:
    from privscan.model import Report

__all__ = ["section", "table_of"]

_COLUMNS = (
    Column("rule", "name"),
    Column("fingerprint", "name"),
    Column("verdict"),
    Column("count", "count"),
    Column("records", "count"),
    Column("files", "count"),
)


def section(report: Report) -> Section | None:
    """Tell of the distinct secrets of a run; None where there are none."""
    told = report.details.get("secrets", {})
    return table_of(told) if told.get("most") else None


def table_of(told: dict[str, Any]) -> Section:
    """Return what `distinct.told` found as a section."""
    rows = tuple(
        (row["rule"], row["fingerprint"][:12], _verdict(row), row["count"], row["records"], row["files"])
        for row in told["most"]
    )
    if not rows:
        return Section("secrets", "Distinct secrets", ("No secret was found.",))
    counts = f"{told['values']} different secrets stand in {told['places']} places; {told['new']} of them are new."
    words = [counts, "Each is revoked once, however often it stands. Fingerprints are keyed and give nothing away."]
    if told.get("least"):
        words.append("There are more values than could be kept: the counts are the least there are.")
    rest, beyond = "privscan report RUN --group-by secret", max(told["values"] - len(rows), 0)
    table = Table("Secrets by value", _COLUMNS, rows, rest=rest, beyond=beyond)
    return Section("secrets", "Distinct secrets", tuple(words), (table,))


def _verdict(row: dict[str, Any]) -> str:
    """Say how sure it is: proved, likely, a sample of documentation, known or excused."""
    return str({"new": row["verdict"]}.get(row["state"], row["state"]))
