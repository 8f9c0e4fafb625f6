"""Lists of numbers that are one value: an embedding under a telling name, a series of times.

In JSON Lines the numbers of such a list become one leaf, the list as it is written; an edit of it writes null. In
Parquet a list of a column becomes one leaf; an edit makes it null, or, inside a struct, its numbers.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

import numpy as np

from privscan.model import Blob, Leaf, LeafKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from privscan.formats.columns import Column, Ints

    Wanted = Callable[[str], bool]

__all__ = ["LEAST", "appended", "bounds", "gathered", "held", "of_column", "places", "without"]

LEAST: Final = 8
"""Numbers of a list that is one value."""
_OPENS: Final = re.compile(r"\[\s*\Z")
_CLOSES: Final = re.compile(r"\s*\]")


def bounds(text: str, first: int, last: int) -> tuple[int, int] | None:
    """Return where the list stands whose numbers reach from `first` to `last`, None where more stands in it."""
    opens = _OPENS.search(text, max(first - 64, 0), first)
    closes = _CLOSES.match(text, last)
    return (opens.start(), closes.end()) if opens and closes else None


def gathered(leaves: Iterable[Leaf], wanted: Wanted, line: Callable[[int], str]) -> list[Leaf]:
    """Return leaves of JSON Lines with each list of numbers under a wanted name as one; `line` is a row's text."""
    out: list[Leaf] = []
    for (row, parent), group in itertools.groupby(leaves, lambda leaf: _parent(leaf, wanted)):
        numbers = list(group)
        whole = None
        if parent is not None and len(numbers) >= LEAST:
            whole = bounds(line(row), numbers[0].place[1], numbers[-1].place[2])
        if whole is None:
            out += numbers
            continue
        text = Blob.of(line(row)[slice(*whole)].encode("utf-8", "surrogatepass"))
        out.append(numbers[0]._replace(field=str(parent), text=text, kind=LeafKind.BINARY, place=(row, *whole)))
    return out


def _parent(leaf: Leaf, wanted: Wanted) -> tuple[int, str | None]:
    """Return the row and list a number stands in, None as the list of all other leaves."""
    if leaf.kind is not LeafKind.NUMBER or not wanted(leaf.key):
        return -1, None
    parent, _, index = leaf.field.rpartition("/")
    return leaf.place[0], parent if index.isdecimal() else None


def without(text: str, lists: Sequence[tuple[str, int, int]], pointers: Iterable[str]) -> str:
    """Return a line with null for the lists at some pointers; `lists` are (pointer, start, end) of its numbers."""
    gone = set(pointers)
    out, at = [], 0
    numbers = ((pointer.rpartition("/")[0], start, end) for pointer, start, end in lists)
    for parent, group in itertools.groupby(numbers, lambda number: number[0]):
        if parent in gone:
            places = list(group)
            whole = bounds(text, places[0][1], places[-1][2])
            if whole is not None:
                out += [text[at : whole[0]], "null"]
                at = whole[1]
    return "".join([*out, text[at:]])


# ---------------------------------------------------------------- Parquet


def held(column: Column, wanted: Wanted) -> list[int]:
    """Return the rows with a list in a column of lists of numbers under a wanted name, none for other columns."""
    if not _is_vector(column, wanted):
        return []
    return [int(row) for row in np.flatnonzero(np.diff(_offsets(column)) >= LEAST)]


def appended(
    leaves: list[Leaf], columns: Sequence[Sequence[Column]], rows: Collection[int], first: int, wanted: Wanted
) -> list[Leaf]:
    """Return the leaves and one for each list of those rows; `columns`, `first` as `columns.leaves` takes them."""
    out = list(leaves)
    for top, group in enumerate(columns):
        for number, column in enumerate(group):
            found = [row for row in held(column, wanted) if row in rows]
            if found:
                out += of_column(column, found, first, top, number)
    return sorted(out, key=lambda leaf: leaf.record) if len(out) > len(leaves) else leaves


def of_column(column: Column, rows: Iterable[int], first: int, top: int, number: int) -> Iterator[Leaf]:
    """Yield one leaf for each of the rows with a list; its place is (top, -1 - number, row)."""
    import orjson

    field, offsets = column.pattern.removesuffix("/*"), _offsets(column)
    for row in rows:
        start, stop = int(offsets[row]), int(offsets[row + 1])
        if stop - start >= LEAST:
            # what is no JSON (decimals, infinities) reads as null, and then as no vector
            values = [
                value if isinstance(value, int | float) else None for value in column.array[start:stop].to_pylist()
            ]
            text = Blob.of(orjson.dumps(values))
            yield Leaf(first + row, field, column.name, text, LeafKind.BINARY, (top, -1 - number, row))


def _offsets(column: Column) -> Ints:
    """Return where each row's list begins among the values: `first` counts only the numbers that are read as such."""
    level = column.steps[-1].to
    assert not isinstance(level, str)
    return level.offsets


def places(column: Column, row: int) -> range:
    """Return the positions of a row's numbers in the column's array."""
    offsets = _offsets(column)
    return range(int(offsets[row]), int(offsets[row + 1]))


def _is_vector(column: Column, wanted: Wanted) -> bool:
    """Say whether a column is a list of numbers, in structs at most, under a wanted name."""
    names, last = column.steps[:-1], column.steps[-1].to
    if isinstance(last, str) or last.keys is not None or column.kind is not LeafKind.NUMBER:
        return False
    return all(isinstance(step.to, str) for step in names) and wanted(column.name)
