"""One section by itself, for verbs that have no report: console, Markdown or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from privscan.errors import UsageError, nearest
from privscan.reports import console, markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from privscan.reports.parts import Section

__all__ = ["FORMATS", "check", "write"]

FORMATS = ("console", "json", "markdown")


def check(formats: Sequence[str]) -> None:
    """UsageError for a FORMAT[=FILE] whose format there is none of."""
    for entry in formats:
        if (name := entry.partition("=")[0]) not in FORMATS:
            raise UsageError(f'no format is called "{name}" here{nearest(name, FORMATS)}')


def write(part: Section, name: str, stream: TextIO, rows: int = 1000) -> None:
    """Write the section in one of `FORMATS` to a text stream: of its tables `rows` rows, as JSON all."""
    if name == "markdown":
        stream.write("\n".join(markdown.listing(part, rows)) + "\n")
    elif name == "json":
        tables = {table.title: table.records() for table in part.tables}
        json.dump({"schema": 1, "kind": part.id, "words": part.words, "tables": tables}, stream, indent=1)
        stream.write("\n")
    else:
        console.render_section(part, console.of(stream), rows)
