"""Tags of MP3 files: ID3 in front, ID3v1, APE and Lyrics3 behind. Sources: id3.org 2.2 to 2.4, APEv2 specification."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from privscan.media import frames, tagwords
from privscan.media.piece import Piece, without

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["stripped", "told"]

_APE: Final = b"APETAGEX"
_LYRICS: Final = re.compile(rb"(\d{6})LYRICS200\Z")
_MOST: Final = 4096  # frames read of one tag
_OLD: Final = ((3, 33, "TIT2"), (33, 63, "TPE1"), (63, 93, "TALB"), (97, 127, "COMM"))  # ID3v1: title, artist, ...


def told(data: bytes) -> frozenset[str]:
    """Return the words for what the tags of an MP3 file tell."""
    return frozenset[str]().union(*(piece.words for piece in _pieces(data)))


def stripped(data: bytes) -> bytes:
    """Return the file without its tags, the frames of sound untouched."""
    return without(data, _pieces(data))


def _pieces(data: bytes) -> Iterator[Piece]:
    start = 0
    while (size := frames.tagged(data[start : start + 10])) and start < len(data):
        end = min(start + size, len(data))
        yield Piece(start, end, _frames(data[start:end]))
        start = end
    yield from _behind(data, start)


def _behind(data: bytes, start: int) -> Iterator[Piece]:
    """Yield the tags at the end, the last first."""
    stop = len(data)
    if stop - start >= 128 and data[stop - 128 : stop - 125] == b"TAG":
        tag = data[stop - 128 :]
        found = (tagwords.of_field(name, tag[first:behind]) for first, behind, name in _OLD)
        yield Piece(stop - 128, stop, frozenset[str]().union(*found))
        stop -= 128
    if lyrics := _LYRICS.search(data[max(stop - 15, start) : stop]):
        size = min(int(lyrics[1]) + 15, stop - start)
        yield Piece(stop - size, stop, frozenset({"comment"}))
        stop -= size
    if stop - start >= 32 and data[stop - 32 : stop - 24] == _APE:
        size = int.from_bytes(data[stop - 20 : stop - 16], "little")
        size += 32 if data[stop - 9] & 0x80 else 0  # a header of its own
        size = min(max(size, 32), stop - start)
        yield Piece(stop - size, stop, _ape(data[stop - size : stop - 32]))


def _frames(tag: bytes) -> frozenset[str]:
    """Return the words for the frames of an ID3v2 tag."""
    letters, head = (3, 6) if tag[3] == 2 else (4, 10)
    found: set[str] = set()
    at = 10
    if tag[3] > 2 and tag[5] & 0x40:
        at += _size(tag[10:14], safe=tag[3] == 4) + (4 if tag[3] == 3 else 0)
    for _ in range(_MOST):
        name = tag[at : at + letters]
        if at + head > len(tag) or not name.isalnum():
            break
        size = _size(tag[at + letters : at + letters + (3 if letters == 3 else 4)], safe=tag[3] == 4)
        body = tag[at + head : at + head + min(size, 1 << 16)]
        if name in {b"TXXX", b"TXX"}:
            key, _, value = body[1:].replace(b"\xff\xfe", b"").replace(b"\0\0", b"\0").partition(b"\0")
            found |= tagwords.of_field(key.decode("latin-1").upper().replace(" ", ""), value)
            if key.strip():
                found |= tagwords.of_field("COMM", value if not key.lower().startswith(_MARKS) else b"")
        else:
            found |= tagwords.of_field(name.decode("ascii"), body)
        at += head + size
    return frozenset(found)


_MARKS: Final = (
    b"encod",
    b"major_brand",
    b"minor_version",
    b"compatible",
    b"replaygain",
    b"handler",
    b"itunes",
    b"software",
)


def _size(data: bytes, *, safe: bool) -> int:
    if not safe:
        return int.from_bytes(data)
    size = 0
    for part in data:
        size = size << 7 | part & 0x7F
    return size


def _ape(tag: bytes) -> frozenset[str]:
    """Return the words for the items of an APE tag, its footer left out."""
    found: set[str] = set()
    at = 32 if tag.startswith(_APE) else 0
    for _ in range(_MOST):
        size = int.from_bytes(tag[at : at + 4], "little")
        stop = tag.find(b"\0", at + 8)
        if at + 8 > len(tag) or stop < 0:
            break
        name = tag[at + 8 : stop].decode("latin-1").upper().replace(" ", "")
        found |= tagwords.of_field(name, tag[stop + 1 : stop + 1 + min(size, 1 << 16)])
        at = stop + 1 + size
    return frozenset(found)
