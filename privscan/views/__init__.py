"""Other readings of a leaf, each with an exact map back to the original.

A view is a leaf of its own for the detectors; what is found in it is reported, and redacted, in the leaf it came from,
over the smallest span that covers it. Readings are tried on what readings showed, to DEPTH. `READINGS` is the one place
a new one is named; each is a leaf file of this package (see `view.Reading`).

Promises: time and memory are linear in the length of the text; a record whose readings would take more than their
budget raises `Spent` and is not passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from privscan import jsontext
from privscan.errors import DetectorError
from privscan.model import LeafKind
from privscan.views import base64, escapes, hex, html, json, normal, percent, quoted, twins  # noqa: A004 - a reading of that name
from privscan.views.view import View

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from privscan.model import Leaf, Span
    from privscan.views.view import Reading

__all__ = ["DEPTH", "READINGS", "Budget", "Spent", "View", "fitting", "of"]

READINGS: Final[tuple[Reading, ...]] = (json, escapes, percent, html, quoted, base64, hex, normal, twins)
DEPTH: Final = 3
SHORTEST = 8  # characters: less than that is not packed in anything
# Characters of views a leaf may have: any mixture of escapes that people write, however short; twice its length where
# it is long. What a record's leaves may have together is bounded too.
FREE, TIMES, LONG = 1 << 16, 16, 1 << 20
RECORD = 1 << 26


class Spent(DetectorError):  # noqa: N818 - what became of the budget
    """The readings of a record take more than their budget."""


class Budget:
    """Characters that views may still take, of a leaf and of the record it belongs to."""

    def __init__(self) -> None:
        self._record, self._left, self._leaf = -1, 0, 0

    def open(self, leaf: Leaf) -> None:
        """Begin a leaf."""
        size = len(leaf.text)
        if leaf.record != self._record:
            self._record, self._left = leaf.record, RECORD
        self._leaf = FREE + TIMES * min(size, LONG) + 2 * size
        self._left += 2 * size  # a long record may be read twice, as a long leaf may

    def spend(self, characters: int) -> None:
        """Take a view's characters; Spent when they are not left."""
        self._leaf -= characters
        self._left -= characters
        if self._leaf < 0 or self._left < 0:
            raise Spent(f"record {self._record}: its encodings nest too much to be read; decode it before the scan")


def of(leaf: Leaf, budget: Budget | None = None, likely: Collection[str] | None = None) -> Iterator[View]:
    """Yield every other reading of a leaf, those of views behind those they were found in; Spent as told above.

    `likely` names the readings to try on the leaf itself, where that is known.
    """
    budget = budget or Budget()
    budget.open(leaf)
    level: list[View | None] = [None]
    seen: set[tuple[str, Span]] = set()
    for _ in range(DEPTH):
        fresh: list[View | None] = []
        for outer in level:
            for view in _read(leaf, outer, likely if outer is None else None):
                here = (view.leaf.text, view.origin())
                if here not in seen and view.leaf.text != leaf.text:
                    budget.spend(len(view.leaf.text))
                    seen.add(here)
                    fresh.append(view)
                    yield view
        level = fresh


def _read(leaf: Leaf, outer: View | None, likely: Collection[str] | None) -> Iterator[View]:
    """Yield the views of a leaf, or of one of its views."""
    inner = leaf if outer is None else outer.leaf
    if len(inner.text) < SHORTEST or inner.kind is LeafKind.NUMBER:
        return
    for reading in READINGS:
        if (likely is not None and reading.NAME not in likely) or not reading.likely(inner.text):
            continue
        whole = False
        for view in reading.read(inner):
            whole = reading.NAME == json.NAME
            yield view if outer is None else View(view.leaf, view.start, view.end, view.name, view.offsets, outer)
        if whole:  # what else is packed stands in its strings
            return


def fitting(inner: Sequence[View], span: Span, new: str) -> str:
    """Return a replacement as it must be written where the span lies in JSON held in a string: still JSON.

    `inner` are the leaf's views; strings in JSON in strings are escaped once for each.
    """
    deepest: View | None = None
    whole = False
    for view in inner:
        if view.name == json.NAME and not (whole and deepest is not view.outer):
            place = view.origin()
            if span.start < place.end and place.start < span.end:
                deepest = view  # inner views come behind those they are in
                whole = span.start < place.start and place.end < span.end
    if deepest is None:
        return new
    if whole:  # objects and lists that go as a whole leave a string in their place
        new, deepest = f'"{jsontext.encode(new)}"', deepest.outer
    elif deepest.leaf.kind is LeafKind.NUMBER:
        new, deepest = "null", deepest.outer
    while deepest is not None:
        if deepest.name == json.NAME:
            new = jsontext.encode(new)
        deepest = deepest.outer
    return new
