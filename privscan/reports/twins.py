"""Prints the families of copies of an earlier run, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from privscan.reports.wording import clip, number

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["families", "family"]

_NAME = 64


def families(largest: list[tuple[tuple[str, int], int]], count: int, console: Console) -> None:
    """Print the largest families: the record that stays and how many copies it has."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("record that stays")
    table.add_column("row", justify="right")
    table.add_column("copies", justify="right")
    for (uri, record), copies in largest:
        table.add_row(Text(clip(uri, _NAME)), number(record), number(copies))
    console.print(table)
    console.print(Text(f"{number(count)} families in all", style="dim"))


def family(found: Any, console: Console) -> None:
    """Print one family: what became of the record asked for, why, and the rows like the one that stays."""
    (uri, record), (kept_uri, kept) = found.asked, found.kept
    console.print(Text(f"{clip(uri, _NAME)} row {record}", style="bold"))
    if found.own is None:
        copies = f" and has {number(found.count)} copies" if found.count else ""
        less = f", without {number(found.removed)} passages that stand elsewhere" if found.removed else ""
        console.print(Text(f"stays{copies}{less}"))
    else:
        fate = "is left out" if found.own.get("dropped", True) else "stays, as --keep allows"
        where = "the reference set's " if found.against else ""
        alike = f"{found.own['similarity']:.6f}".rstrip("0").rstrip(".")
        told = f"{fate}: like {where}{clip(kept_uri, _NAME)} row {kept}, similarity {alike} ({found.own['method']})"
        console.print(Text(told))
    if found.difference:
        console.print(Text(f"from that one to it, words by shape: {found.difference}"))
    if found.passages:
        _passages(found, console)
    if not found.members:
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("copy", "row", "similarity", "method", ""):
        table.add_column(heading, justify="right" if heading in ("row", "similarity") else "left")
    for row in found.members:
        fate = "left out" if row.get("dropped", True) else "stays"
        table.add_row(
            Text(clip(row["uri"], _NAME)), number(row["record"]), f"{row['similarity']:g}", row["method"], fate
        )
    console.print(table)
    if found.count > len(found.members):
        console.print(Text(f"{number(found.count - len(found.members))} more", style="dim"))


def _passages(found: Any, console: Console) -> None:
    """Print what was removed from the record asked for, and where it stands."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("removed", "field", "characters", "words", "stands in", "row"):
        table.add_column(heading, justify="right" if heading in ("characters", "words", "row") else "left")
    for row in found.passages:
        place = (Text(clip(row["field"], _NAME)), f"{row['start']}-{row['end']}", number(row["words"]))
        table.add_row(row["method"], *place, Text(clip(row["kept_uri"], _NAME)), number(row["kept_record"]))
    console.print(table)
    if found.removed > len(found.passages):
        console.print(Text(f"{number(found.removed - len(found.passages))} more", style="dim"))
