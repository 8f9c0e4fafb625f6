"""A stretch of a file that is metadata: where it stands, and what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Piece", "without"]


class Piece(NamedTuple):
    """Bytes `start` to `end` of a file; `words` say what they tell, none where nobody is concerned."""

    start: int
    end: int
    words: frozenset[str]
    turn: int = 1


def without(data: bytes, pieces: Iterable[Piece]) -> bytes:
    """Return the file without the pieces."""
    out, at = [], 0
    for piece in sorted(pieces):
        out.append(data[at : piece.start])
        at = max(at, piece.end)
    out.append(data[at:])
    return b"".join(out)
