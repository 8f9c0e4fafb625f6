"""The difference of two runs as a section, and in the formats a section has: console, Markdown, JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from privscan.gate import failed
from privscan.reports import alone
from privscan.reports.parts import Column, Section, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

__all__ = ["section", "write"]


def section(
    counts: Sequence[Mapping[str, int]], places: Sequence[Mapping[str, Any]], verdict: dict[str, Any]
) -> Section:
    """Return the section of a difference: `counts` holds new, unchanged and gone findings by entity."""
    new, same, gone = counts
    names = sorted({*new, *same, *gone}, key=lambda name: (-new.get(name, 0), name))
    columns = (Column("entity", "name"), Column("new", "count"), Column("unchanged", "count"), Column("gone", "count"))
    rows = tuple((name, new.get(name, 0), same.get(name, 0), gone.get(name, 0)) for name in names)
    where = tuple(
        (f"{row['uri']}, record {row['record']}, {row['field']}", row["entity"], row["severity"], row["id"])
        for row in places
    )
    total = sum(new.values())
    tables = [Table("By entity", columns, rows, rest="-f json")] if rows else []
    if where:
        heads = (Column("place", "name"), Column("entity", "name"), Column("severity"), Column("finding", "name"))
        rest = "the findings file of the later run"
        tables.append(Table("New findings", heads, where, rest=rest, beyond=total - len(where)))
    level = verdict["fail_on"]
    said = (
        f"{total:,} findings of values that the earlier run does not have; " if total else "No finding of a new value; "
    )
    ends = (
        f"{verdict['failing']:,} of {level} severity or above: the gate fails."
        if failed(verdict)
        else "the gate passes."
    )
    return Section("difference", "Difference of two runs", (said + ends,), tuple(tables))


def write(part: Section, verdict: dict[str, Any], name: str, stream: TextIO) -> None:
    """Write the section in the format called `name`, one of `alone.FORMATS`; as JSON with the verdict."""
    if name != "json":
        alone.write(part, name, stream, rows=25)
        return
    tables = {table.title: table.records() for table in part.tables}
    told = {"gate": verdict, "entities": tables.get("By entity", []), "new": tables.get("New findings", [])}
    json.dump({"schema": 1} | told, stream, indent=1)
    stream.write("\n")
