"""Exif blocks and TIFF files: which of their tags concern a person, the orientation, and a block with none of them.

Sources: CIPA DC-008 (Exif 3.0) and TIFF 6.0. Bounded whatever the block claims: each directory is read once, at most
`MOST` entries of it, and no value outside of the block.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from privscan.media import words

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Tag", "blanked", "orientation", "reduced", "tags", "words_of"]

MOST: Final = 512  # entries of a directory
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_ORIENTATION: Final = 0x0112
_NESTED: Final = {0x8769: "exif", 0x8825: "gps", 0xA005: "interop", 0x014A: "sub"}
_TELLING: Final = {
    0x010E: "comment",
    0x010F: "camera",
    0x0110: "camera",
    0x0132: "time",
    0x013B: "owner",
    0x013C: "camera",
    0x02BC: "xmp",
    0x8298: "owner",
    0x83BB: "iptc",
    0x8649: "iptc",
    0x9003: "time",
    0x9004: "time",
    0x927C: "maker_note",
    0x9286: "comment",
    0x9C9B: "comment",
    0x9C9C: "comment",
    0x9C9D: "owner",
    0x9C9E: "comment",
    0x9C9F: "comment",
    0xA420: "serial",
    0xA430: "owner",
    0xA431: "serial",
    0xA433: "camera",
    0xA434: "camera",
    0xA435: "serial",
    0xA460: "comment",
    0xC62F: "serial",
    0xC65D: "serial",
}
_TEXTS: Final = frozenset(tag for tag, word in _TELLING.items() if word == "comment")
_PLACES: Final = frozenset({2, 4, 20, 22, 27, 28})  # of the GPS directory: latitude, longitude, destination, area
_THUMBNAIL: Final = (0x0201, 0x0111)  # where it stands, as JPEG or as strips


class Tag(NamedTuple):
    """An entry: its directory (`main`, `thumbnail`, `exif`, `gps`, ...), number, type, and where its value stands."""

    directory: str
    number: int
    kind: int
    start: int
    end: int


def tags(block: bytes | memoryview) -> Iterator[Tag]:
    """Yield the entries of a TIFF block, as far as it can be read."""
    data = memoryview(block)
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]), "")
    if not order or len(data) < 8:
        return
    waiting, done = [("main", struct.unpack_from(f"{order}I", data, 4)[0])], set[int]()
    while waiting:
        name, at = waiting.pop()
        if at in done or at < 8 or at + 2 > len(data) or len(done) > 16:
            continue
        done.add(at)
        count = struct.unpack_from(f"{order}H", data, at)[0]
        last = at + 2
        for entry in range(at + 2, min(at + 2 + 12 * min(count, MOST), len(data) - 11), 12):
            last = entry + 12
            number, kind, size = struct.unpack_from(f"{order}HHI", data, entry)
            length = size * _SIZES.get(kind, 1)
            start = entry + 8 if length <= 4 else struct.unpack_from(f"{order}I", data, entry + 8)[0]
            if number in _NESTED and kind in (4, 13):
                places = range(start, min(start + 4 * min(size, 8), len(data) - 3), 4)
                waiting += [(_NESTED[number], struct.unpack_from(f"{order}I", data, place)[0]) for place in places]
            yield Tag(name, number, kind, start, min(start + length, len(data)))
        if name in ("main", "thumbnail") and last + 4 <= len(data):
            waiting.append(("thumbnail", struct.unpack_from(f"{order}I", data, last)[0]))


def words_of(block: bytes | memoryview) -> frozenset[str]:
    """Return the words for what the tags with a value tell."""
    found: set[str] = set()
    for tag in tags(block):
        value = bytes(block[tag.start : tag.end])
        found |= _words(tag, value)
    return frozenset(found)


def _words(tag: Tag, value: bytes) -> frozenset[str]:
    if not value.strip(b"\0 "):
        return frozenset()
    if tag.directory == "gps":
        return frozenset({"gps"} if tag.number in _PLACES else ())
    if tag.directory == "thumbnail":
        return frozenset({"thumbnail"} if tag.number in _THUMBNAIL else ())
    word = _TELLING.get(tag.number)
    if word is None:
        return frozenset()
    if word == "xmp":
        return words.of_xmp(value)
    if tag.number in _TEXTS:
        return words.of_text(value.removeprefix(b"ASCII\0\0\0"))
    return frozenset({word})


def orientation(block: bytes | memoryview) -> int:
    """Return how the picture is to be turned, 1 to 8; 1 where the block does not say."""
    order = "<" if bytes(block[:2]) == b"II" else ">"
    for tag in tags(block):
        if tag.directory == "main" and tag.number == _ORIENTATION and tag.end - tag.start == 2:
            value: int = struct.unpack_from(f"{order}H", block, tag.start)[0]
            return value if 1 <= value <= 8 else 1
    return 1


def reduced(turn: int) -> bytes:
    """Return a block that says how to turn the picture and nothing else."""
    return b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", _ORIENTATION, 3, 1, turn, 0) + b"\0\0\0\0"


def blanked(block: bytes | memoryview) -> bytes:
    """Return the block with zeros in place of every telling value; all else stands where it stood."""
    out = bytearray(block)
    for tag in tags(block):
        if _words(tag, bytes(block[tag.start : tag.end])):
            out[tag.start : tag.end] = bytes(tag.end - tag.start)
    return bytes(out)
