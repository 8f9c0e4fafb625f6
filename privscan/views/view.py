"""What a view is: another reading of a stretch of text, and the way back from each of its characters."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from privscan.model import Leaf, LeafKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterator


class Offsets(Protocol):
    """An exact map from the characters of a view to those of the text it was read from."""

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return the smallest stretch of the text that holds the view's characters `start` to `end` (`start < end`)."""


@dataclass(slots=True)
class Pieces:
    """A map made of pieces: from each on, `stride` characters of the text make one of the view.

    `decoded` and `raw` are where a piece begins in the view and in the text; a stride of 0 is a piece that cannot be
    divided: all of it, up to its `ends`, stands behind any of its characters.
    """

    decoded: list[int]
    raw: list[int]
    strides: list[int]
    ends: list[int]

    def back(self, start: int, end: int) -> tuple[int, int]:
        first = bisect.bisect_right(self.decoded, start) - 1
        last = bisect.bisect_right(self.decoded, end - 1) - 1
        stride = self.strides[last]
        stop = self.raw[last] + (end - self.decoded[last]) * stride if stride else self.ends[last]
        return self.raw[first] + (start - self.decoded[first]) * self.strides[first], stop


@dataclass(frozen=True, slots=True)
class View:
    """A reading of part of a text: `leaf` is what detectors see, `start` to `end` is where it stands in that text.

    `outer` is the view whose text that is, None where it is the leaf's own. `name` is the reading's.
    """

    leaf: Leaf
    start: int
    end: int
    name: str
    offsets: Offsets
    outer: View | None = None

    def back(self, span: Span) -> Span:
        """Return the smallest span of the original leaf that covers a span of this view."""
        if self.leaf.kind is LeafKind.NUMBER:
            start, end = self.start, self.end
        else:
            start, end = self.offsets.back(*span)
        here = Span(start, end)
        return self.outer.back(here) if self.outer is not None else here

    def origin(self) -> Span:
        """Return the span of the original leaf that this view reads."""
        here = Span(self.start, self.end)
        return self.outer.back(here) if self.outer is not None else here


class Reading(Protocol):
    """A leaf file of this package: how one kind of encoding is recognised and read.

    `TRIGGERS` are Hyperscan expressions over raw bytes, JSON's escapes allowed for: a row without one of them holds
    nothing that this reading alone would show.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the file
        """The reading's name, as evidence tells it."""

    @property
    def TRIGGERS(self) -> tuple[bytes, ...]:  # noqa: N802
        """The raw-byte expressions."""

    def likely(self, text: str) -> bool:
        """Say at little cost whether a text can hold something to read; it may be wrong only in saying yes."""

    def read(self, leaf: Leaf) -> Iterator[View]:
        """Yield what there is to read, every view with the way back to `leaf.text`. Raises nothing on any text."""
