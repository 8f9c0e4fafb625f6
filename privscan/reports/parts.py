"""What a section of a report is made of, whatever the format: sentences and tables, no layout.

Promise: a section holds names, words and numbers only; every format escapes and shortens them as it must.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Cell", "Chart", "Column", "Section", "Table"]

Cell = str | int | float | None
Kind = Literal["name", "text", "count", "share"]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and what stands under it: a "name" of the data's or ours, "text", a "count", a "share" (0 to 1)."""

    heading: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under `columns`, most telling first; None is a cell without anything.

    Formats show the first rows and say how many more there are, counting the `beyond` that `rows` leaves out already;
    `rest` names what has them all.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    rest: str = "report.json"
    beyond: int = 0

    def records(self) -> list[dict[str, Cell]]:
        """Return the rows by the headings of their columns."""
        return [dict(zip((column.heading for column in self.columns), row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns side by side: `bars` holds (what it is, count), in their order. Shown where a format can draw."""

    title: str
    bars: tuple[tuple[str, int], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report with a heading: `id` is its anchor (lower case, letters and dashes), `words` its sentences."""

    id: str
    title: str
    words: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
