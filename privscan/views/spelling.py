"""Runs of bytes written out one by one, read as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.views.respell import Change

if TYPE_CHECKING:
    from collections.abc import Iterator


def utf8(start: int, raw: bytes, width: int) -> Iterator[Change]:
    """Yield the changes that read a run of bytes, each written in `width` characters from `start` on, as UTF-8.

    Bytes that are no UTF-8 stay as they are written; so do control characters.
    """
    if raw.isascii() and raw.decode("ascii").isprintable():
        yield Change(start, start + width * len(raw), raw.decode("ascii"), even=True)
        return
    at = start
    for character in raw.decode("utf-8", "surrogateescape"):
        size = width * len(character.encode("utf-8", "surrogateescape"))
        if character.isprintable() or character in "\n\r\t":
            yield Change(at, at + size, character)
        at += size
