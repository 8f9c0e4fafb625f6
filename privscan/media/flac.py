"""Tags of FLAC files: comments, pictures, data of applications, cue sheets. Source: RFC 9639."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from privscan.media import tagwords

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["stripped", "told"]

_STREAM, _PADDING, _APPLICATION, _SEEK, _COMMENT, _CUES, _PICTURE = range(7)
_KEPT: Final = (_STREAM, _SEEK)
_MOST: Final = 4096  # blocks of one file


def told(data: bytes) -> frozenset[str]:
    """Return the words for what the blocks of metadata tell."""
    found: set[str] = set()
    for kind, start, end in _blocks(data):
        if kind == _COMMENT:
            found |= tagwords.of_comments(data[start + 4 : end])[0]
        elif kind == _PICTURE:
            found.add("picture")
        elif kind in (_APPLICATION, _CUES) and data[start + 4 : end].strip(b"\0"):
            found.add("comment")
    return frozenset(found)


def stripped(data: bytes) -> bytes:
    """Return the file with the blocks a decoder needs and no others, its frames untouched."""
    begin = data.find(b"fLaC", 0, len(data))
    blocks = list(_blocks(data))
    if not blocks:
        return data
    kept = [bytearray(data[start:end]) for kind, start, end in blocks if kind in _KEPT]
    for block in kept:
        block[0] &= 0x7F
    if kept:
        kept[-1][0] |= 0x80
    return data[: begin + 4] + b"".join(kept) + data[blocks[-1][2] :]


def _blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, start, end) of the blocks of metadata, their heads included."""
    at = data.find(b"fLaC") + 4
    for _ in range(_MOST if at >= 4 else 0):
        if at + 4 > len(data):
            return
        end = at + 4 + int.from_bytes(data[at + 1 : at + 4])
        if end > len(data):
            return
        yield data[at] & 0x7F, at, end
        if data[at] & 0x80:
            return
        at = end
