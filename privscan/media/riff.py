"""Tags of WAV and AIFF files: chunks beside those of the sound. Sources: Microsoft's RIFF, EBU Tech 3285, AIFF 1.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from privscan.media import id3, tagwords, words
from privscan.media.piece import Piece, without

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["stripped", "told"]

_SOUND: Final = frozenset(
    {
        b"fmt ",
        b"data",
        b"fact",
        b"ds64",
        b"PEAK",
        b"smpl",
        b"inst",
        b"cue ",
        b"plst",
        b"COMM",
        b"SSND",
        b"FVER",
        b"MARK",
        b"INST",
    }
)
_EMPTY: Final = frozenset({b"JUNK", b"PAD ", b"FLLR"})
_MOST: Final = 65_536  # chunks of one file


def told(data: bytes) -> frozenset[str]:
    """Return the words for what the chunks of tags tell."""
    return frozenset[str]().union(*(piece.words for piece in _pieces(data)))


def stripped(data: bytes) -> bytes:
    """Return the file without its chunks of tags, those of the sound untouched; the size in its head is made right."""
    found = list(_pieces(data))
    if not found:
        return data
    bare = bytearray(without(data, found))
    if data[:4] != b"RF64":
        bare[4:8] = min(len(bare) - 8, 0xFFFFFFFF).to_bytes(4, "big" if data[:4] == b"FORM" else "little")
    return bytes(bare)


def _pieces(data: bytes) -> Iterator[Piece]:
    """Yield the chunks that are not of the sound, and what stands behind the last."""
    big, at = data[:4] == b"FORM", 12
    for _ in range(_MOST):
        if at + 8 > len(data):
            break
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big" if big else "little")
        end = min(at + 8 + size + size % 2, len(data))
        if name == b"data" and size == 0xFFFFFFFF:  # of a stream, or told in ds64
            end = len(data)
        if name not in _SOUND:
            yield Piece(at, end, _words(name, data[at + 8 : at + 8 + size], big=big))
        at = end


def _words(name: bytes, body: bytes, *, big: bool) -> frozenset[str]:
    if name == b"LIST":
        return _info(body) if body[:4] == b"INFO" else words.of_text(body[4:])
    if name in (b"id3 ", b"ID3 "):
        return id3.told(body)
    if name == b"bext":  # description, originator, its reference, date
        parts = zip(("COMM", "TENC", "UFID", "TDRC"), (0, 256, 288, 320), (256, 288, 320, 338), strict=True)
        return frozenset[str]().union(*(tagwords.of_field(word, body[first:behind]) for word, first, behind in parts))
    if name == b"_PMX":
        return words.of_xmp(body)
    if name in _EMPTY and not body.strip(b"\0"):
        return frozenset()
    if big:
        return tagwords.of_field(name.decode("latin-1").strip().upper(), body)
    return words.of_text(body)


def _info(body: bytes) -> frozenset[str]:
    found: set[str] = set()
    at = 4
    for _ in range(_MOST):
        if at + 8 > len(body):
            break
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        found |= tagwords.of_field(body[at : at + 4].decode("latin-1"), body[at + 8 : at + 8 + min(size, 1 << 16)])
        at += 8 + size + size % 2
    return frozenset(found)
