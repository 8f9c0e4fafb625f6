"""Fields that point at people together: how many share each combination of values, and how many stand alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.reports.parts import Column, Section, Table

if TYPE_CHECKING:
    from privscan.model import Report

__all__ = ["section"]

_COLUMNS = (
    Column("fields together", "name"),
    Column("records", "count"),
    Column("groups", "count"),
    Column("smallest group", "count"),
    Column("groups of 1", "count"),
    Column("of 2 to 4", "count"),
    Column("of 5 to 9", "count"),
)


def section(report: Report) -> Section | None:
    """Tell each combination of fields, those of most fields first; None where no record has two of them."""
    told = report.details.get("quasi_identifiers", [])
    if not told:
        return None
    rows = tuple(
        (entry["fields"], entry["records"], entry["groups"], entry["smallest"], *entry["groups_by_size"].values())
        for entry in told
    )
    words = [
        (
            "None of these fields names anybody; together they may. A group is the records with equal values in all of "
            "them: in a group of one, whoever knows the values knows the record."
        )
    ]
    if not all(entry["exact"] for entry in told):
        words.append("There are more groups than are counted one by one: the figures are estimates from a sample.")
    title = "Combinations that point at people"
    return Section("quasi-identifiers", title, tuple(words), (Table(title, _COLUMNS, rows),))
