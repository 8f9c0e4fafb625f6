"""Results as plain tables that survive a log file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table. Floats print with three significant digits, None as a dash."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    note: str = ""

    def text(self) -> str:
        """Return the table with its columns aligned, numbers to the right."""
        cells = [self.columns, *(tuple(shown(cell) for cell in row) for row in self.rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.columns))]
        right = [
            any(isinstance(row[place], int | float) for row in self.rows)
            and not any(isinstance(row[place], str) for row in self.rows)
            for place in range(len(self.columns))
        ]
        lines = [
            "  ".join(
                cell.rjust(width) if to_right else cell.ljust(width)
                for cell, width, to_right in zip(row, widths, right, strict=True)
            ).rstrip()
            for row in cells
        ]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([self.title, *lines[:1], rule, *lines[1:], *([self.note] if self.note else []), ""])

    def told(self) -> dict[str, Any]:
        """Return the table as JSON types."""
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "note": self.note,
        }


def shown(cell: Cell) -> str:
    """Return a cell as text.

    >>> shown(0.12345), shown(1234.5), shown(1.0), shown(None), shown(7)
    ('0.123', '1234', '1.00', '-', '7')
    """
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:#.3g}"
    return str(cell)
