"""Reads text in which some characters are spelled in another way: the view spells them out.

A reading says what changes; this file cuts the text into neighbourhoods of changes and makes the views, so that a page
with one escape in it is not read twice as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from privscan.model import LeafKind
from privscan.views.view import Pieces, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from privscan.model import Leaf

REACH = 400  # characters round a change that are read with it: as far as words count as context
WORD = 64  # and so many more, to the next blank, so that no word is read from its middle


class Change(NamedTuple):
    """`start` to `end` of the text stands for `new`. Each character of `new` has an equal share of it if `even`.

    An empty `new` is text that stands for nothing.
    """

    start: int
    end: int
    new: str
    even: bool = False


def respelled(leaf: Leaf, changes: Iterable[Change], name: str) -> Iterator[View]:
    """Yield a view of every neighbourhood of changes. They come in order and do not overlap."""
    if leaf.kind is LeafKind.NUMBER:
        return
    group: list[Change] = []
    for change in changes:
        if group and change.start - group[-1].end > 2 * (REACH + WORD):
            yield _view(leaf, group, name)
            group = []
        group.append(change)
    if group:
        yield _view(leaf, group, name)


def _view(leaf: Leaf, changes: list[Change], name: str) -> View:
    text = leaf.text
    low, high = _edge(text, changes[0].start - REACH, -1), _edge(text, changes[-1].end + REACH, 1)
    parts: list[str] = []
    pieces = Pieces([], [], [], [])
    at, size = low, 0

    def piece(raw: int, end: int, new: str, stride: int) -> None:
        nonlocal size
        if new:
            pieces.decoded.append(size)
            pieces.raw.append(raw)
            pieces.strides.append(stride)
            pieces.ends.append(end)
            parts.append(new)
            size += len(new)

    for start, end, new, even in changes:
        piece(at, start, text[at:start], 1)
        piece(start, end, new, (end - start) // len(new) if even else 0)
        at = end
    piece(at, high, text[at:high], 1)
    return View(leaf._replace(text="".join(parts)), low, high, name, pieces)


def _edge(text: str, at: int, step: int) -> int:
    """Return the next edge of a word from an offset on, outwards; the offset itself where none is near."""
    if at <= 0:
        return 0
    if at >= len(text):
        return len(text)
    for place in range(at, max(min(at + step * WORD, len(text)), 0), step):
        if text[place if step > 0 else place - 1].isspace():
            return place
    return at


def settled(changes: Iterable[Change]) -> list[Change]:
    """Put changes in order; of two that overlap the longer stays."""
    kept: list[Change] = []
    for change in sorted(changes, key=lambda entry: (entry.start, -entry.end)):
        if not kept or change.start >= kept[-1].end:
            kept.append(change)
    return kept
