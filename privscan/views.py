"""Other readings of a leaf, each with an offset map back to the original.

A view is a leaf of its own for the detectors; what is found in it is reported, and redacted, in the leaf it came from,
over the smallest span that covers it. `VIEWS` is the one place a new reading is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from privscan import jsontext
from privscan.model import Leaf, LeafKind, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class View:
    """A reading of part of a leaf. `leaf` is what detectors see; `raw` stands in the origin at `offset`."""

    leaf: Leaf
    raw: str
    offset: int
    name: str

    def back(self, span: Span) -> Span:
        """Return the span of the original leaf that covers a span of this view."""
        if self.leaf.kind is LeafKind.NUMBER:
            return Span(self.offset, self.offset + len(self.raw))
        start, end = jsontext.raw_offsets(self.raw, (span.start, span.end))
        return Span(self.offset + start, self.offset + end)


def of(leaf: Leaf) -> Iterator[View]:
    """Yield every other reading of a leaf."""
    for read in VIEWS:
        yield from read(leaf)


def fitting(inner: Sequence[View], span: Span, new: str) -> str:
    """Return a replacement as it must be written where the span lies in JSON held in a string: still JSON."""
    for view in inner:
        end = view.offset + len(view.raw)
        if span.start < end and view.offset < span.end:
            return "null" if view.leaf.kind is LeafKind.NUMBER else jsontext.encode(new)
    return new


def json_string(leaf: Leaf) -> Iterator[View]:
    """Read JSON held in a string, as tool calls hold their arguments: its strings decoded, its field names at hand."""
    text = leaf.text
    if leaf.kind is not LeafKind.STRING or text[:1] not in "{[ \n\t\r" or '"' not in text:
        return
    if text.lstrip(" \n\t\r")[:1] not in ("{", "["):
        return
    try:
        orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return
    for token in jsontext.tokens(text):
        raw = text[token.start : token.end]
        if raw:
            inner = Leaf(leaf.record, token.pointer, token.key, jsontext.decode(raw), token.kind, leaf.place)
            yield View(inner, raw, token.start, "json")


VIEWS: tuple[Callable[[Leaf], Iterator[View]], ...] = (json_string,)
