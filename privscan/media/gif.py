"""The metadata of GIF files: comments, application data other than loops and colours, and what stands behind the end.

Source: GIF89a.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from privscan.media import words
from privscan.media.piece import Piece, without

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pieces", "stripped"]

_KEPT: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")


def pieces(data: bytes) -> list[Piece]:
    """Return the metadata of a GIF file, in order."""
    return list(_pieces(data))


def _pieces(data: bytes) -> Iterator[Piece]:
    if len(data) < 13:
        return
    at = 13 + _table(data[10])
    while at < len(data):
        mark = data[at]
        if mark == 0x3B:
            if data[at + 1 :].strip(b"\0\r\n "):
                yield Piece(at + 1, len(data), frozenset({"trailer"}))
            return
        if mark == 0x2C and at + 10 < len(data):
            at, _ = _blocks(data, at + 11 + _table(data[at + 9]))
        elif mark == 0x21 and at + 2 < len(data):
            end, body = _blocks(data, at + 2)
            label = data[at + 1]
            if label == 0xFE:
                yield Piece(at, end, words.of_text(body))
            elif label == 0xFF and not body.startswith(_KEPT):
                told = words.of_xmp(data[at + 14 : end]) if body.startswith(b"XMP Data") else frozenset({"maker_note"})
                yield Piece(at, end, told)
            at = end
        else:
            return


def _table(flags: int) -> int:
    """Return the bytes of a colour table by its flags."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[int, bytes]:
    """Return where a chain of sub-blocks ends, and its first few bytes."""
    start = at
    body = data[at + 1 : at + 1 + data[at]] if at < len(data) else b""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return min(max(at + 1, start + 1), len(data)), body


def stripped(data: bytes) -> bytes:
    """Return the file without its metadata, the frames untouched."""
    return without(data, pieces(data))
