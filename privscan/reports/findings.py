"""Findings as JSON Lines, a row a finding: the findings file as the run wrote it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from privscan.model import Report
    from privscan.reports.grouped import Listing

__all__ = ["write"]


def write(_report: Report, listing: Listing, stream: TextIO) -> None:
    """Write the rows to a text stream."""
    stream.writelines(f"{json.dumps(row, separators=(',', ':'))}\n" for row in listing.rows)
