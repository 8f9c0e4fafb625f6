"""The metadata of PNG files: text, Exif and time chunks, and what stands behind the last one.

Source: W3C PNG (third edition).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from privscan.media import exif, words
from privscan.media.jpeg import iptc
from privscan.media.piece import Piece, without

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pieces", "stripped"]

_LONGEST: Final = 1 << 22  # bytes of a compressed text that are looked at
_OF_PROGRAMS: Final = ("software", "date:", "exif:", "jpeg:", "png:", "tiff:", "icc:", "dpi", "signature", "thumb::")


def pieces(data: bytes) -> list[Piece]:
    """Return the metadata of a PNG file, in order."""
    return list(_pieces(data))


def _pieces(data: bytes) -> Iterator[Piece]:
    at = 8
    while at + 12 <= len(data):
        size, name = int(struct.unpack_from(">I", data, at)[0]), data[at + 4 : at + 8]
        end = at + 12 + size
        body = data[at + 8 : min(end - 4, len(data))]
        if name in (b"tEXt", b"zTXt", b"iTXt"):
            yield Piece(at, end, _text(name, body))
        elif name == b"eXIf":
            yield Piece(at, end, exif.words_of(body), exif.orientation(body))
        elif name == b"tIME":
            yield Piece(at, end, frozenset())
        elif name not in _KNOWN and name[:1].islower() and len(body) > 16:
            yield Piece(at, end, frozenset({"maker_note"}))
        at = end
        if name == b"IEND":
            break
    if data[at:].strip(b"\0\r\n "):
        yield Piece(at, len(data), frozenset({"trailer"}))


_KNOWN: Final = frozenset(
    b"bKGD cHRM cICP gAMA hIST iCCP mDCV cLLI pHYs sBIT sPLT sRGB tRNS acTL fcTL fdAT oFFs pCAL sCAL sTER caBX vpAg "
    b"orNT iDOT".split()
) - {b"caBX"}


def _text(name: bytes, body: bytes) -> frozenset[str]:
    key, _, rest = body.partition(b"\0")
    word = key.decode("latin-1").lower()
    if name == b"zTXt":
        value = _inflated(rest[1:])
    elif name == b"iTXt":
        packed = rest[:1] == b"\1"
        value = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        value = _inflated(value) if packed else value
    else:
        value = rest
    if word == "xml:com.adobe.xmp":
        return words.of_xmp(value)
    if word.startswith("raw profile type "):
        return _profile(word, value)
    if word.startswith(_OF_PROGRAMS):
        return frozenset()
    return words.of_text(value, "owner" if word in ("author", "copyright", "artist") else "comment")


def _profile(word: str, value: bytes) -> frozenset[str]:
    """Return the words for a profile that ImageMagick wrote as hexadecimal, behind its name and length."""
    try:
        body = bytes.fromhex(b"".join(value.split()[2:]).decode("ascii", "replace"))
    except ValueError:
        return frozenset({"maker_note"})
    if word.endswith((" exif", " app1")):
        return exif.words_of(body.removeprefix(b"Exif\0\0"))
    if word.endswith(" xmp"):
        return words.of_xmp(body)
    return iptc(body) or frozenset({"iptc"} if word.endswith((" iptc", " 8bim")) else ())


def _inflated(value: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(value, _LONGEST)
    except zlib.error:
        return value


def stripped(data: bytes) -> bytes:
    """Return the file without its metadata, all other chunks untouched; how it is turned is kept."""
    found = pieces(data)
    turn = next((piece.turn for piece in found if piece.turn != 1), 1)
    bare = without(data, found)
    if turn == 1:
        return bare
    body = b"eXIf" + exif.reduced(turn)
    return bare[:33] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + bare[33:]
