"""Reads a stretch of raw bytes as the leaves it will be: what a pattern is going to be shown of it.

Where a string of JSON ends its text ends, as a pattern sees it; its escapes are undone. A text that may itself be JSON
is read both ways, as the views will.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH = 3  # JSON in strings in strings, as the views read it
SEPARATOR = b"\x1e"  # between the values of a column
_PIECE = re.compile(rb'((?:[^"\\]++|\\.)*+)(?:"|\\?\Z)', re.DOTALL)
_NUMBERS = re.compile(rb"[\s,:\[\]{}0-9.eE+\x2dtruefalsn]*+")
_NUMBER = re.compile(rb"[0-9.eE+\x2d]++")
_CUT = re.compile(r"\\(?:u[0-9A-Fa-f]{0,3})?\Z")


# Where in the stretch, the text, and whether the stretch ends before the text does.
Read = tuple[int, str | None, bool]


def texts(raw: bytes, last: int, *, quoted: bool) -> Iterator[Read]:
    """Yield (offset in the stretch, text, cut off) of what begins up to `last` and may be shown to a pattern.

    The text is None for what cannot be read, `cut off` says that the stretch ends before the text may.
    `quoted`: the bytes are JSON; else they are values of a column. The stretch may begin and end anywhere. A text is
    no longer than its bytes.
    """
    if quoted:
        yield from _pieces(raw, 0, last, DEPTH, cut=True)
        return
    at = 0
    for value in raw.split(SEPARATOR):
        if at > last:
            return
        cut = at + len(value) == len(raw)
        yield at, value.decode("utf-8", "replace"), cut
        if b'"' in value:
            yield from _pieces(value, at, last, DEPTH, cut=cut)
        at += len(value) + 1


def _pieces(raw: bytes, at: int, last: int, depth: int, *, cut: bool) -> Iterator[Read]:
    """Cut JSON at the quotes round its strings, whichever side of them is inside."""
    for found in _PIECE.finditer(raw):
        piece, begin = found[1], at + found.start()
        if begin > last:
            return
        if not piece:
            continue
        text = _read(piece)
        open_ = cut and found.end() == len(raw) and not found[0].endswith(b'"')
        yield begin, text, open_
        if text is not None and depth > 1 and '"' in text:
            yield from _pieces(text.encode("utf-8", "surrogatepass"), begin, last, depth - 1, cut=open_)
        if _NUMBERS.fullmatch(piece):
            for number in _NUMBER.finditer(piece):
                yield begin + number.start(), number[0].decode(), open_ and number.end() == len(piece)


def _read(piece: bytes) -> str | None:
    """Return what the content of a string stands for, one that is cut off at an end of the stretch included."""
    if b"\\" not in piece:
        return piece.decode("utf-8", "replace")
    try:
        return orjson.loads(b'"%b"' % piece)  # type: ignore[no-any-return]
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(f'"{_CUT.sub("", piece.decode("utf-8", "replace"))}"', strict=False)  # type: ignore[no-any-return]
    except ValueError:
        return None
