"""The metadata of JPEG files: application segments, comments, and what stands behind the picture.

Kept: JFIF, ICC profiles and Adobe's colour transform, without which the picture looks different. Source: ISO 10918-1
Annex B, CIPA DC-008, Adobe's XMP specification part 3, Adobe Photoshop's image resource blocks.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from privscan.media import exif, words
from privscan.media.piece import Piece, without

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pieces", "stripped"]

_EXIF, _XMP, _IRB, _MPF = b"Exif\0", b"://ns.adobe.com/x", b"Photoshop 3.0\0", b"MPF\0"
_IN_SCAN: Final = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_BYLINES: Final = frozenset({80, 85, 110, 115, 116, 118, 122})  # IPTC records on people
_PADDING: Final = 16  # bytes behind the end that are taken for nothing


def pieces(data: bytes) -> list[Piece]:
    """Return the metadata of a JPEG file, in order."""
    return list(_pieces(data))


def _pieces(data: bytes) -> Iterator[Piece]:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            yield from _behind(data, at + 2)
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        end = at + 2 + int(struct.unpack_from(">H", data, at + 2)[0])
        if marker == 0xDA:
            found = _IN_SCAN.search(data, end)
            if found is None:
                return
            at = found.end() - 2
            continue
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            yield from _segment(marker, data[at + 4 : end], at, min(end, len(data)))
        at = end
    if data[at : at + 2] == b"\xff\xd9":
        yield from _behind(data, at + 2)


def _segment(marker: int, body: bytes, start: int, end: int) -> Iterator[Piece]:
    """Yield the segment if it is metadata."""
    turn, told = 1, frozenset[str]()
    if (marker == 0xE0 and body.startswith(b"JFIF\0")) or marker == 0xEE:
        return
    if marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
        return
    if marker == 0xE0 and body.startswith(b"JFXX\0"):
        told = frozenset({"thumbnail"})
    elif marker == 0xE1 and body.startswith(_EXIF):
        told, turn = exif.words_of(body[6:]), exif.orientation(body[6:])
    elif marker == 0xE1 and _XMP in body[:64]:  # some writers begin it with other letters
        told = words.of_xmp(body)
    elif marker == 0xE2 and body.startswith(_MPF):
        told = frozenset({"trailer"})
    elif marker == 0xED:
        told = resources(body.removeprefix(_IRB))
    elif marker == 0xFE:
        told = words.of_text(body)
    elif marker not in (0xE2, 0xEC):  # FlashPix and Ducky: a program's own
        told = frozenset({"maker_note"})
    yield Piece(start, end, told, turn)


def _behind(data: bytes, at: int) -> Iterator[Piece]:
    """Yield what stands behind the picture: second pictures, videos of a motion photo, a phone's own notes."""
    rest = data[at:]
    if rest:
        told = len(rest) > _PADDING and bool(rest.strip(b"\0\r\n "))
        yield Piece(at, len(data), frozenset({"trailer"} if told else ()))


def resources(body: bytes) -> frozenset[str]:
    """Return the words for Photoshop's image resources: IPTC records, thumbnails."""
    found: set[str] = set()
    at = 0
    while body[at : at + 4] == b"8BIM" and at + 12 <= len(body):
        number = struct.unpack_from(">H", body, at + 4)[0]
        name = body[at + 6]
        size_at = at + 6 + (name + 2) // 2 * 2
        if size_at + 4 > len(body):
            break
        size = int(struct.unpack_from(">I", body, size_at)[0])
        value = body[size_at + 4 : size_at + 4 + size]
        if number == 0x0404:
            found |= iptc(value)
        elif number in (0x0409, 0x040C):
            found.add("thumbnail")
        elif number in (0x0422, 0x0423):
            found |= exif.words_of(value)
        elif number == 0x0424:
            found |= words.of_xmp(value)
        at = size_at + 4 + (size + 1) // 2 * 2
    return frozenset(found)


def iptc(body: bytes) -> frozenset[str]:
    """Return the words for IPTC-IIM records: `owner` where people are named, `iptc` for the rest."""
    at, found = 0, set[str]()
    while at + 5 <= len(body) and body[at] == 0x1C:
        record, number, size = struct.unpack_from(">BBH", body, at + 1)
        if size & 0x8000:  # a length of several bytes: no camera writes it
            found.add("iptc")
            break
        if record == 2 and number and body[at + 5 : at + 5 + size].strip(b"\0 "):
            found.add("owner" if number in _BYLINES else "iptc")
        at += 5 + size
    return frozenset(found)


def stripped(data: bytes) -> bytes:
    """Return the file without its metadata, the picture's own bytes untouched; how it is turned is kept."""
    found = pieces(data)
    turn = next((piece.turn for piece in found if piece.turn != 1), 1)
    bare = without(data, found)
    if turn == 1:
        return bare
    body = b"Exif\0\0" + exif.reduced(turn)
    at = 2
    if bare[2:4] == b"\xff\xe0":  # JFIF stands first
        at = 4 + int(struct.unpack_from(">H", bare, 4)[0])
    return bare[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + bare[at:]
