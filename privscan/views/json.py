"""JSON held in a string, as tool calls hold their arguments: its strings decoded, its field names at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from privscan import jsontext
from privscan.model import Leaf, LeafKind
from privscan.views.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "json"
TRIGGERS: Final[tuple[bytes, ...]] = ()  # every trigger allows for JSON's escapes, however deep


class Token:
    """The way back from a string as JSON means it to how it is written, at an offset of the text."""

    __slots__ = ("_offset", "_raw")

    def __init__(self, raw: str, offset: int) -> None:
        self._raw, self._offset = raw, offset

    def back(self, start: int, end: int) -> tuple[int, int]:
        first, last = jsontext.raw_offsets(self._raw, (start, end))
        return self._offset + first, self._offset + last


def likely(text: str) -> bool:
    """Say whether a text begins as an object or a list does and holds a string."""
    return text[:1] in "{[ \n\t\r" and '"' in text and text.lstrip(" \n\t\r")[:1] in ("{", "[")


def read(leaf: Leaf) -> Iterator[View]:
    """Yield every string, number and key of a text that is one JSON value."""
    text = leaf.text
    if leaf.kind is not LeafKind.STRING:
        return
    raw_text = text.encode("utf-8", "replace")  # half a character is a mark like any other
    try:
        orjson.loads(raw_text)
    except orjson.JSONDecodeError:
        if not jsontext.unusual(raw_text) or jsontext.check(raw_text):
            return
    for token in jsontext.tokens(text):
        raw = text[token.start : token.end]
        if raw:
            inner = Leaf(leaf.record, token.pointer, token.key, jsontext.decode(raw), token.kind, leaf.place)
            yield View(inner, token.start, token.end, NAME, Token(raw, token.start))
