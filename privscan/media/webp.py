"""The metadata of WebP files: EXIF and XMP chunks, and what stands behind the file. Source: RFC 9649."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from privscan.media import exif, words
from privscan.media.piece import Piece, without

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pieces", "stripped"]

_KNOWN: Final = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP")
_FLAGS: Final = 0x08 | 0x04  # of VP8X: has EXIF, has XMP


def pieces(data: bytes) -> list[Piece]:
    """Return the metadata of a WebP file, in order."""
    return list(_pieces(data))


def _pieces(data: bytes) -> Iterator[Piece]:
    stop = min(8 + int(struct.unpack_from("<I", data, 4)[0]), len(data)) if len(data) >= 12 else len(data)
    at = 12
    while at + 8 <= stop:
        name, size = data[at : at + 4], int(struct.unpack_from("<I", data, at + 4)[0])
        end = min(at + 8 + size + size % 2, stop)
        body = data[at + 8 : at + 8 + size]
        if name == b"EXIF":
            block = body.removeprefix(b"Exif\0\0")
            yield Piece(at, end, exif.words_of(block), exif.orientation(block))
        elif name == b"XMP ":
            yield Piece(at, end, words.of_xmp(body))
        elif name not in _KNOWN:
            yield Piece(at, end, frozenset({"maker_note"}))
        at = end
    if data[stop:].strip(b"\0\r\n "):
        yield Piece(stop, len(data), frozenset({"trailer"}))


def stripped(data: bytes) -> bytes:
    """Return the file without its metadata, the picture's chunks untouched; how it is turned is kept."""
    found = pieces(data)
    turn = next((piece.turn for piece in found if piece.turn != 1), 1)
    bare = bytearray(without(data, found))
    if bare[12:16] == b"VP8X" and len(bare) > 20:
        bare[20] &= ~_FLAGS & 0xFF
        if turn != 1:
            bare[20] |= 0x08
            body = exif.reduced(turn)
            bare += b"EXIF" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    if len(bare) >= 8:
        struct.pack_into("<I", bare, 4, len(bare) - 8)
    return bytes(bare)
