"""Findings as CSV (RFC 4180), a row a finding, for spreadsheets: the columns of the findings file, in its order.

A cell that a spreadsheet would take for a formula is led by an apostrophe, since names of files and fields are the
data's own.
"""

from __future__ import annotations

import csv
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from privscan.model import Finding
from privscan.reports import wording

if TYPE_CHECKING:
    from typing import TextIO

    from privscan.model import Report
    from privscan.reports.grouped import Listing

__all__ = ["COLUMNS", "write"]

COLUMNS = tuple(field.name for field in fields(Finding))
_LONGEST = 32_000  # characters of a cell; spreadsheets take 32,767


def write(_report: Report, listing: Listing, stream: TextIO) -> None:
    """Write a heading and the rows to a text stream."""
    table = csv.writer(stream)
    table.writerow(COLUMNS)
    table.writerows([_cell(row.get(name)) for name in COLUMNS] for row in listing.rows)


def _cell(value: Any) -> str | int | float:
    """Return what stands in a cell."""
    if value is None:
        return ""
    if isinstance(value, list):
        return _cell("; ".join(map(str, value)))
    if isinstance(value, str):
        text = wording.clip(value, _LONGEST)
        return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
    return value if isinstance(value, int | float) else str(value)
